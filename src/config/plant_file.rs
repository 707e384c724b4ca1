//! Reads `plant.toml`.

use crate::config::alarm;
use crate::config::line_file;
use crate::config::model_file;
use crate::config::plant::{
    ControlConfig, FeedRecipe, FumeConfig, InstrumentConfig, PlantConfig, Product, UtilityConfig,
};
use crate::config::section::{Section, shown};
use crate::time::Timestamp;

/// Most electrolyzers in a plant; the reference site of 15,000 t/y has 240.
const ELECTROLYZERS_MAX: usize = 2000;

/// What names may consist of, since they become parts of NodeIds.
pub(super) const NAME: &str =
    "a letter, then letters, digits and underscores, 32 characters at most";

/// Whether `name` can be a part of a NodeId.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.chars().all(fits)
        && name.len() <= 32
}

/// Whether `text` can be shown to people: something, but no control characters.
pub(super) fn is_title(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control)
}

/// Whether `text` has the form of a URI: a scheme, a colon, and no white space.
pub(super) fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.len() > scheme.len() + 1
        && text.len() <= 255
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

/// The whole file.
pub(super) fn plant(file: &Section<'_>) -> PlantConfig {
    let (name, namespace_uri, run) = file.required_table("plant", |s| {
        let name = s.text("name", "a text of 1 to 100 characters", None, is_title);
        let uri = "a URI such as urn:example:plant, not one of the OPC Foundation";
        let own = |text: &str| is_uri(text) && !text.contains("opcfoundation.org");
        (name, s.text("namespace_uri", uri, None, own), run(s))
    });
    let products = products(file);
    let cell_models = model_file::models(file);
    let site = line_file::site(file, &products, &cell_models);
    if site.electrolyzers.len() > ELECTROLYZERS_MAX {
        let what = format!("{} electrolyzers are too many", site.electrolyzers.len());
        file.mistake("line", what, format!("up to {ELECTROLYZERS_MAX} in all lines"));
    }
    let alarms = alarm::alarms(file, &products, &site.electrolyzers);
    PlantConfig {
        name,
        namespace_uri,
        seed: run.seed,
        start: run.start,
        scan_ms: run.scan_ms,
        ambient_temp_c: run.ambient_temp_c,
        cell_models,
        products,
        lines: site.lines,
        rectifiers: site.rectifiers,
        electrolyzers: site.electrolyzers,
        control: file.table("control", control),
        instruments: file.table("instruments", instruments),
        fume: file.table("fume", fume),
        utilities: file.table("utilities", utilities),
        alarms,
        alarm_fixture: false,
    }
}

#[derive(Debug)]
struct Run {
    seed: u64,
    start: Timestamp,
    scan_ms: u32,
    ambient_temp_c: f64,
}

fn run(s: &Section<'_>) -> Run {
    Run {
        seed: s.count("seed", 0..=i64::MAX as u64, Some(1)),
        start: s.time("start"),
        scan_ms: s.count("scan_ms", 50..=1000, Some(1000)) as u32,
        ambient_temp_c: s.number("ambient_temp_c", -40.0..=60.0, Some(30.0)),
    }
}

fn products(file: &Section<'_>) -> Vec<Product> {
    let mut products: Vec<Product> = Vec::new();
    file.tables("product", 1, |s| {
        let product = product(s);
        if !product.code.is_empty() && products.iter().any(|it| it.code == product.code) {
            s.mistake("code", format!("\"{}\" is there already", product.code), "each code once");
        }
        products.push(product);
    });
    products
}

fn product(s: &Section<'_>) -> Product {
    let product = Product {
        code: s.text("code", NAME, None, is_name),
        molar_mass_kg_mol: s.number("molar_mass_kg_mol", 0.04..=0.2, None),
        oxide_per_metal: s.number("oxide_per_metal", 1.05..=1.6, None),
        iron_per_alloy: s.number("iron_per_alloy", 0.0..=0.5, Some(0.0)),
        fluoride_molar_mass_kg_mol: s.number("fluoride_molar_mass_kg_mol", 0.1..=0.3, None),
        bath_temp_c: s.number("bath_temp_c", 800.0..=1200.0, None),
        bath_temp_setpoint_c: s.pair("bath_temp_setpoint_c", &(800.0..=1200.0), None),
        feed_temp_min_c: s.number("feed_temp_min_c", 700.0..=1200.0, None),
        bath_temp_max_c: s.number("bath_temp_max_c", 800.0..=1300.0, None),
    };
    let (low, high) = product.bath_temp_setpoint_c;
    let setpoint = product.bath_temp_c;
    if setpoint < low || setpoint > high {
        let what = format!("{} lies outside bath_temp_setpoint_c", shown(setpoint));
        s.mistake("bath_temp_c", what, format!("{} to {}", shown(low), shown(high)));
    }
    if product.feed_temp_min_c > low {
        let what = format!(
            "{} would stop the feed at an allowed setpoint",
            shown(product.feed_temp_min_c)
        );
        s.mistake("feed_temp_min_c", what, format!("up to the lowest setpoint, {}", shown(low)));
    }
    if product.bath_temp_max_c <= high {
        let what = format!(
            "{} would cut the current at an allowed setpoint",
            shown(product.bath_temp_max_c)
        );
        s.mistake(
            "bath_temp_max_c",
            what,
            format!("more than the highest setpoint, {}", shown(high)),
        );
    }
    product
}

fn control(s: &Section<'_>) -> ControlConfig {
    let usual = ControlConfig::default();
    let recipes = ["compensated", "uncompensated"];
    let recipe = if s.has("feed_recipe") { s.one_of("feed_recipe", &recipes) } else { Some(0) };
    let control = ControlConfig {
        feed_recipe: match recipe {
            Some(1) => FeedRecipe::Uncompensated,
            _ => FeedRecipe::Compensated,
        },
        ..feed_and_loops(s, &usual)
    };
    if control.slope_window_s >= control.underfeed_max_s {
        let what =
            format!("{} s is not shorter than underfeed_max_s", shown(control.slope_window_s));
        s.mistake("slope_window_s", what, format!("less than {}", shown(control.underfeed_max_s)));
    }
    if control.temp_period_s > control.temp_integral_s {
        let what = format!("{} s is longer than temp_integral_s", shown(control.temp_period_s));
        s.mistake("temp_period_s", what, format!("up to {}", shown(control.temp_integral_s)));
    }
    control
}

fn feed_and_loops(s: &Section<'_>, usual: &ControlConfig) -> ControlConfig {
    let number = |key, bounds, usual| s.number(key, bounds, Some(usual));
    ControlConfig {
        feed_recipe: usual.feed_recipe,
        back_voltage_v: number("back_voltage_v", 1.0..=4.0, usual.back_voltage_v),
        underfeed_frac: number("underfeed_frac", 0.3..=0.99, usual.underfeed_frac),
        overfeed_frac: number("overfeed_frac", 1.01..=2.0, usual.overfeed_frac),
        overfeed_s: number("overfeed_s", 60.0..=14_400.0, usual.overfeed_s),
        underfeed_max_s: number("underfeed_max_s", 300.0..=28_800.0, usual.underfeed_max_s),
        slope_window_s: number("slope_window_s", 60.0..=3600.0, usual.slope_window_s),
        temp_gain_frac_k: number("temp_gain_frac_k", 0.0..=0.01, usual.temp_gain_frac_k),
        temp_integral_s: number("temp_integral_s", 60.0..=86_400.0, usual.temp_integral_s),
        temp_period_s: number("temp_period_s", 1.0..=3600.0, usual.temp_period_s),
        temp_trim_frac: trim(s, usual.temp_trim_frac),
        current_ramp_frac_s: number("current_ramp_frac_s", 1e-4..=0.1, usual.current_ramp_frac_s),
        anode_effect_rise_v: number("anode_effect_rise_v", 1.0..=10.0, usual.anode_effect_rise_v),
        anode_effect_dose_frac: number(
            "anode_effect_dose_frac",
            0.0..=0.03,
            usual.anode_effect_dose_frac,
        ),
        anode_effect_current_frac: number(
            "anode_effect_current_frac",
            0.1..=1.0,
            usual.anode_effect_current_frac,
        ),
        tap_period_s: number("tap_period_s", 600.0..=86_400.0, usual.tap_period_s),
        crew: s.flag("crew", Some(usual.crew)),
        start_running: s.flag("start_running", Some(usual.start_running)),
    }
}

fn trim(s: &Section<'_>, usual: (f64, f64)) -> (f64, f64) {
    let (low, high) = s.pair("temp_trim_frac", &(-0.5..=0.5), Some(usual));
    if low > 0.0 || high < 0.0 {
        let what = format!("[{}, {}] does not let the current alone", shown(low), shown(high));
        s.mistake("temp_trim_frac", what, "[low, high] with 0 between them");
    }
    (low, high)
}

fn instruments(s: &Section<'_>) -> InstrumentConfig {
    let usual = InstrumentConfig::default();
    InstrumentConfig {
        noise: s.flag("noise", Some(usual.noise)),
        hazards: s.flag("hazards", Some(usual.hazards)),
        anode_wear: s.flag("anode_wear", Some(usual.anode_wear)),
    }
}

fn fume(s: &Section<'_>) -> FumeConfig {
    let usual = FumeConfig::default();
    let number = |key, bounds, usual| s.number(key, bounds, Some(usual));
    let fume = FumeConfig {
        flow_per_electrolyzer_nm3_h: number(
            "flow_per_electrolyzer_nm3_h",
            100.0..=20_000.0,
            usual.flow_per_electrolyzer_nm3_h,
        ),
        fan_speed_pct: number("fan_speed_pct", 20.0..=100.0, usual.fan_speed_pct),
        duct_pressure_pa: number("duct_pressure_pa", -10_000.0..=-50.0, usual.duct_pressure_pa),
        duct_pressure_max_pa: number(
            "duct_pressure_max_pa",
            -5000.0..=-10.0,
            usual.duct_pressure_max_pa,
        ),
        feed_stop_s: number("feed_stop_s", 1.0..=600.0, usual.feed_stop_s),
        hold_s: number("hold_s", 10.0..=3600.0, usual.hold_s),
    };
    // Suction grows with the square of the fan speed.
    let normal_pa = fume.duct_pressure_pa * (fume.fan_speed_pct / 100.0).powi(2);
    if fume.duct_pressure_max_pa <= normal_pa {
        let what = format!(
            "{} is stronger suction than in normal operation",
            shown(fume.duct_pressure_max_pa)
        );
        let allowed = format!("more than {normal_pa:.0}, the pressure at fan_speed_pct");
        s.mistake("duct_pressure_max_pa", what, allowed);
    }
    if fume.hold_s <= fume.feed_stop_s {
        let what = format!("{} s is not longer than feed_stop_s", shown(fume.hold_s));
        s.mistake("hold_s", what, format!("more than {}", shown(fume.feed_stop_s)));
    }
    fume
}

fn utilities(s: &Section<'_>) -> UtilityConfig {
    let usual = UtilityConfig::default();
    let number = |key, bounds, usual| s.number(key, bounds, Some(usual));
    UtilityConfig {
        water_pressure_bar: number("water_pressure_bar", 1.0..=16.0, usual.water_pressure_bar),
        water_supply_temp_c: number("water_supply_temp_c", 2.0..=45.0, usual.water_supply_temp_c),
        air_pressure_bar: number("air_pressure_bar", 3.0..=16.0, usual.air_pressure_bar),
        argon_pressure_bar: number("argon_pressure_bar", 1.0..=16.0, usual.argon_pressure_bar),
        grid_voltage_v: number("grid_voltage_v", 100.0..=40_000.0, usual.grid_voltage_v),
        grid_frequency_hz: number("grid_frequency_hz", 45.0..=65.0, usual.grid_frequency_hz),
    }
}
