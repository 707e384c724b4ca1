//! Reads the cell models of `plant.toml`.

use crate::config::plant::CellModel;
use crate::config::plant_file::is_title;
use crate::config::section::{Section, shown};

/// Every `[[cell_model]]`. One that says `based_on` takes what it leaves out from a model above it.
pub(super) fn models(file: &Section<'_>) -> Vec<CellModel> {
    let mut models: Vec<CellModel> = Vec::new();
    file.tables("cell_model", 1, |s| {
        let base = base(s, &models);
        let name = s.text("name", "a text of 1 to 100 characters", None, is_title);
        if !name.is_empty() && models.iter().any(|it| it.name == name) {
            s.mistake("name", format!("\"{name}\" is there already"), "each name once");
        }
        let model = model(s, name, base);
        contradictions(s, &model);
        models.push(model);
    });
    models
}

/// Where missing keys come from: another model, or nowhere.
fn base<'m>(s: &Section<'_>, models: &'m [CellModel]) -> Base<'m> {
    if !s.has("based_on") {
        return Base::Nothing;
    }
    let names: Vec<&str> = models.iter().map(|it| it.name.as_str()).collect();
    s.reference("based_on", &names).map_or(Base::Unknown, |index| Base::Model(&models[index]))
}

#[derive(Clone, Copy, Debug)]
enum Base<'m> {
    Nothing,
    Model(&'m CellModel),
    /// Named, but not to be found: what is missing cannot be told.
    Unknown,
}

impl Base<'_> {
    fn number(self, of: impl FnOnce(&CellModel) -> f64) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::Model(model) => Some(of(model)),
            Self::Unknown => Some(f64::NAN),
        }
    }

    fn count(self, of: impl FnOnce(&CellModel) -> usize) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Model(model) => Some(of(model) as u64),
            Self::Unknown => Some(1),
        }
    }
}

/// A key with the name of its field, within bounds, from the base if it is missing.
macro_rules! number {
    ($section:ident, $base:ident, $field:ident, $bounds:expr) => {
        $section.number(stringify!($field), $bounds, $base.number(|it| it.$field))
    };
}

fn model(s: &Section<'_>, name: String, base: Base<'_>) -> CellModel {
    CellModel {
        name,
        nominal_a: number!(s, base, nominal_a, 500.0..=100_000.0),
        voltage_max_v: number!(s, base, voltage_max_v, 6.0..=40.0),
        cathodes: s.count("cathodes", 1..=20, base.count(|it| it.cathodes)) as usize,
        cathode_radius_cm: number!(s, base, cathode_radius_cm, 1.0..=20.0),
        anode_radius_cm: number!(s, base, anode_radius_cm, 5.0..=60.0),
        immersion_cm: number!(s, base, immersion_cm, 10.0..=120.0),
        shape_factor: number!(s, base, shape_factor, 0.1..=2.0),
        external_ohm: number!(s, base, external_ohm, 1e-6..=1e-2),
        bath_kg: number!(s, base, bath_kg, 50.0..=10_000.0),
        metal_kg: number!(s, base, metal_kg, 1.0..=2000.0),
        area_m2: number!(s, base, area_m2, 0.05..=10.0),
        efficiency_frac: number!(s, base, efficiency_frac, 0.5..=0.95),
        inner_heat_j_k: number!(s, base, inner_heat_j_k, 1e4..=1e7),
        lining_heat_j_k: number!(s, base, lining_heat_j_k, 1e5..=1e8),
        air_burn_kg_s: number!(s, base, air_burn_kg_s, 0.0..=0.01),
        anodes: s.count("anodes", 1..=60, base.count(|it| it.anodes)) as usize,
        anode_wear_mm: number!(s, base, anode_wear_mm, 5.0..=300.0),
        feeder_g_rev: number!(s, base, feeder_g_rev, 0.5..=200.0),
        hopper_kg: number!(s, base, hopper_kg, 5.0..=2000.0),
        metal_ohm_kg: number!(s, base, metal_ohm_kg, 0.0..=1e-4),
        temp_ohm_k: number!(s, base, temp_ohm_k, 0.0..=1e-4),
        slope_ohm_s: number!(s, base, slope_ohm_s, 1e-12..=1e-6),
        anode_change_j: number!(s, base, anode_change_j, 0.0..=1e9),
    }
}

/// Numbers that are fine alone, but not together.
fn contradictions(s: &Section<'_>, model: &CellModel) {
    if model.cathode_radius_cm >= model.anode_radius_cm {
        let what =
            format!("{} leaves no bath between cathode and anode", shown(model.cathode_radius_cm));
        let allowed = format!("less than anode_radius_cm, {}", shown(model.anode_radius_cm));
        s.mistake("cathode_radius_cm", what, allowed);
    }
    if model.metal_kg >= model.bath_kg {
        let what = format!("{} is more metal than bath", shown(model.metal_kg));
        s.mistake("metal_kg", what, format!("less than bath_kg, {}", shown(model.bath_kg)));
    }
}
