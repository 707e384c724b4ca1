//! What a simulation made: metal, energy, anode effects, ranges, and whether the balances close.

use std::fmt;

use crate::app::simulate::input::InputOutcome;
use crate::control::{Phase, Refusal};
use crate::engine::Engine;
use crate::units::FARADAY_C_MOL;

/// Lowest and highest of a quantity; empty before the first value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

impl Span {
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    fn add(&mut self, value: f64) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }

    fn join(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }
}

/// What a line, or the plant, made.
#[derive(Clone, Debug, PartialEq)]
pub struct LineSummary {
    /// Name of the line; `plant` for all.
    pub name: String,
    /// Electrolyzers.
    pub electrolyzers: usize,
    /// True metal made: tapped, and more of it in the cells than at the start, kg.
    pub metal_kg: f64,
    /// Metal tapped, kg.
    pub tapped_kg: f64,
    /// Oxide fed by the totalizers, kg.
    pub oxide_kg: f64,
    /// Charge, C.
    pub charge_c: f64,
    /// Metal that the charge would give at 100 %, kg.
    pub theory_kg: f64,
    /// DC energy, J.
    pub energy_j: f64,
    /// Anode effects.
    pub anode_effects: u64,
    /// Time in anode effects, all electrolyzers, s.
    pub anode_effect_s: f64,
    /// True dissolved oxide while running, wt%.
    pub oxide_pct: Span,
    /// True bath temperature while running, °C.
    pub bath_temp_c: Span,
    /// Largest error of an electrolyzer's rare-earth balance, fraction of the oxide fed.
    pub mass_error_frac: f64,
    /// Largest error of an electrolyzer's energy balance, fraction of its energy.
    pub energy_error_frac: f64,
}

impl LineSummary {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            electrolyzers: 0,
            metal_kg: 0.0,
            tapped_kg: 0.0,
            oxide_kg: 0.0,
            charge_c: 0.0,
            theory_kg: 0.0,
            energy_j: 0.0,
            anode_effects: 0,
            anode_effect_s: 0.0,
            oxide_pct: Span::EMPTY,
            bath_temp_c: Span::EMPTY,
            mass_error_frac: 0.0,
            energy_error_frac: 0.0,
        }
    }

    /// Current efficiency, %; NaN without charge.
    pub fn efficiency_pct(&self) -> f64 {
        100.0 * self.metal_kg / self.theory_kg
    }

    /// DC energy per metal, kWh/kg; not a number without metal.
    pub fn specific_energy_kwh_kg(&self) -> f64 {
        self.energy_j / 3.6e6 / self.metal_kg
    }

    fn join(&mut self, other: &Self) {
        self.electrolyzers += other.electrolyzers;
        self.metal_kg += other.metal_kg;
        self.tapped_kg += other.tapped_kg;
        self.oxide_kg += other.oxide_kg;
        self.charge_c += other.charge_c;
        self.theory_kg += other.theory_kg;
        self.energy_j += other.energy_j;
        self.anode_effects += other.anode_effects;
        self.anode_effect_s += other.anode_effect_s;
        self.oxide_pct.join(other.oxide_pct);
        self.bath_temp_c.join(other.bath_temp_c);
        self.mass_error_frac = self.mass_error_frac.max(other.mass_error_frac);
        self.energy_error_frac = self.energy_error_frac.max(other.energy_error_frac);
    }
}

/// A scenario step that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Line of the scenario file.
    pub line: usize,
    /// When, s after the start.
    pub at_s: f64,
    /// Why.
    pub refusal: Refusal,
}

/// What a simulation made.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Plant time, s.
    pub simulated_s: f64,
    /// Scans.
    pub scans: u64,
    /// Line by line.
    pub lines: Vec<LineSummary>,
    /// All lines together.
    pub plant: LineSummary,
    /// Commands of the scenario that were refused.
    pub refusals: u64,
    /// The first of them.
    pub refused: Vec<Refused>,
    /// What else a person should know.
    pub warnings: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:.2} h of plant time in {} scans", self.simulated_s / 3600.0, self.scans)?;
        writeln!(
            f,
            "{:<10} {:>5} {:>11} {:>11} {:>6} {:>8} {:>6} {:>8} {:>13} {:>15} {:>9} {:>9}",
            "line",
            "cells",
            "metal kg",
            "tapped kg",
            "CE %",
            "kWh/kg",
            "AE",
            "AE min",
            "oxide wt%",
            "bath °C",
            "mass err",
            "heat err"
        )?;
        for line in self.lines.iter().chain([&self.plant]) {
            writeln!(f, "{line}")?;
        }
        for refused in &self.refused {
            let Refused { line, at_s, refusal } = refused;
            writeln!(f, "scenario line {line} refused at {at_s} s: {refusal}")?;
        }
        if self.refusals > self.refused.len() as u64 {
            writeln!(f, "{} scenario commands were refused in all", self.refusals)?;
        }
        self.warnings.iter().try_for_each(|it| writeln!(f, "warning: {it}"))
    }
}

impl fmt::Display for LineSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = |span: Span, decimals: usize| {
            if span.low <= span.high {
                format!("{:.decimals$}-{:.decimals$}", span.low, span.high)
            } else {
                "-".to_owned()
            }
        };
        write!(
            f,
            "{:<10} {:>5} {:>11.2} {:>11.2} {:>6.2} {:>8.3} {:>6} {:>8.2} {:>13} {:>15} {:>9.1e} {:>9.1e}",
            self.name,
            self.electrolyzers,
            self.metal_kg,
            self.tapped_kg,
            self.efficiency_pct(),
            self.specific_energy_kwh_kg(),
            self.anode_effects,
            self.anode_effect_s / 60.0,
            span(self.oxide_pct, 3),
            span(self.bath_temp_c, 1),
            self.mass_error_frac,
            self.energy_error_frac
        )
    }
}

/// Gathers what the summary needs while the simulation runs.
pub(super) struct Ranges {
    metal_start_kg: Vec<f64>,
    oxide_pct: Vec<Span>,
    bath_temp_c: Vec<Span>,
}

impl Ranges {
    pub(super) fn new(engine: &Engine) -> Self {
        let count = engine.config().electrolyzers.len();
        Self {
            metal_start_kg: (0..count).map(|it| engine.plant().metal_kg(it)).collect(),
            oxide_pct: vec![Span::EMPTY; count],
            bath_temp_c: vec![Span::EMPTY; count],
        }
    }

    /// Looks at the true state of every electrolyzer that makes metal.
    pub(super) fn look(&mut self, engine: &Engine) {
        let seen = engine.observed();
        for (index, status) in seen.status.electrolyzers.iter().enumerate() {
            let makes_metal = matches!(
                status.phase,
                Phase::Running | Phase::Tapping | Phase::ChangingAnode | Phase::AnodeEffect
            );
            if makes_metal {
                self.oxide_pct[index].add(engine.plant().oxide_pct(index));
                self.bath_temp_c[index].add(engine.plant().bath_temp_c(index));
            }
        }
    }

    pub(super) fn finish(self, engine: &Engine, outcome: InputOutcome) -> Summary {
        let config = engine.config();
        let named = config.lines.iter().map(|it| LineSummary::new(&it.name));
        let mut lines: Vec<LineSummary> = named.collect();
        for (index, electrolyzer) in config.electrolyzers.iter().enumerate() {
            lines[electrolyzer.line].join(&self.electrolyzer(engine, index));
        }
        let mut plant = LineSummary::new("plant");
        for line in &lines {
            plant.join(line);
        }
        Summary {
            simulated_s: engine.scans() as f64 * f64::from(config.scan_ms) / 1000.0,
            scans: engine.scans(),
            lines,
            plant,
            refusals: outcome.refusals,
            refused: outcome.refused,
            warnings: outcome.warnings,
        }
    }

    fn electrolyzer(&self, engine: &Engine, index: usize) -> LineSummary {
        let config = engine.config();
        let totals = &engine.totals().electrolyzers[index];
        let status = &engine.observed().status.electrolyzers[index];
        let product = &config.products[config.lines[config.electrolyzers[index].line].product];
        // Faraday: M/(3F), and the iron of an alloy comes on top.
        let alloy = 1.0 - product.iron_per_alloy;
        let theory_kg_c = product.molar_mass_kg_mol / (3.0 * FARADAY_C_MOL) / alloy;
        let plant = engine.plant();
        LineSummary {
            electrolyzers: 1,
            metal_kg: plant.metal_tapped_kg(index) + plant.metal_kg(index)
                - self.metal_start_kg[index],
            tapped_kg: totals.metal_tapped_kg,
            oxide_kg: totals.oxide_fed_kg,
            charge_c: totals.charge_c,
            theory_kg: totals.charge_c * theory_kg_c,
            energy_j: totals.energy_j,
            anode_effects: u64::from(status.anode_effects),
            anode_effect_s: status.anode_effect_s,
            oxide_pct: self.oxide_pct[index],
            bath_temp_c: self.bath_temp_c[index],
            mass_error_frac: plant.mass_error_frac(index),
            energy_error_frac: plant.energy_error_frac(index),
            ..LineSummary::new("")
        }
    }
}
