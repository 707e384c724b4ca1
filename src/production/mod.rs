//! Counters and figures that the plant's controls do not need: energy, material, KPIs.
//!
//! [`Production`] adds up what instruments and controls show at each scan; [`Totals`] is what it knows.
//! Counters only rise. Figures over a time look back over a bounded number of marks.

mod electrolyzer;
mod line;
mod totals;
mod window;

use crate::config::PlantConfig;
use crate::control::Status;
use crate::field::Inputs;
use crate::time::Timestamp;
use electrolyzer::ElectrolyzerBook;
use line::{Calendar, LineBook, Turn};
pub use totals::{ElectrolyzerTotals, LineTotals, RectifierTotals, Totals};

/// Seconds between two marks of the windows over 24 h.
const DAY_MARK_S: f64 = 900.0;
/// Seconds between two marks of the windows over 15 min and 1 h.
const HOUR_MARK_S: f64 = 60.0;

/// What the totals are made from, at one scan.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The plant.
    pub config: &'a PlantConfig,
    /// Instruments.
    pub inputs: &'a Inputs,
    /// Controls.
    pub status: &'a Status,
    /// Plant time of the scan.
    pub time: Timestamp,
}

/// What one electrolyzer added in one scan.
#[derive(Clone, Copy, Debug, Default)]
struct Added {
    /// Metal by coulomb count, kg.
    made_kg: f64,
    /// Metal weighed at taps, kg.
    tapped_kg: f64,
    /// Oxide, kg.
    fed_kg: f64,
    /// CF4, kg.
    cf4_kg: f64,
    /// DC power, W.
    power_w: f64,
    /// Anode effects that began.
    anode_effects: u32,
}

impl Added {
    fn add(&mut self, other: Self) {
        self.made_kg += other.made_kg;
        self.tapped_kg += other.tapped_kg;
        self.fed_kg += other.fed_kg;
        self.cf4_kg += other.cf4_kg;
        self.power_w += other.power_w;
        self.anode_effects += other.anode_effects;
    }
}

/// Adds up the plant's totals.
#[derive(Debug)]
pub struct Production {
    totals: Totals,
    electrolyzers: Vec<ElectrolyzerBook>,
    lines: Vec<LineBook>,
    plant: LineBook,
    added: Vec<Added>,
    calendar: Option<Calendar>,
    since_hour_mark_s: f64,
    since_day_mark_s: f64,
}

impl Production {
    /// All counters at zero.
    pub fn new(config: &PlantConfig) -> Self {
        let per_line = |index| config.electrolyzers.iter().filter(|it| it.line == index).count();
        let cells = config.electrolyzers.len();
        let fresh = ElectrolyzerTotals {
            efficiency_24h_pct: f64::NAN,
            specific_energy_24h_kwh_kg: f64::NAN,
            ..ElectrolyzerTotals::default()
        };
        Self {
            totals: Totals {
                electrolyzers: vec![fresh; cells],
                rectifiers: vec![RectifierTotals::default(); config.rectifiers.len()],
                lines: vec![LineTotals::default(); config.lines.len()],
                plant: LineTotals::default(),
            },
            electrolyzers: (0..cells).map(|it| ElectrolyzerBook::new(config, it)).collect(),
            lines: (0..config.lines.len()).map(|it| LineBook::new(per_line(it))).collect(),
            plant: LineBook::new(cells),
            added: vec![Added::default(); config.lines.len()],
            calendar: None,
            since_hour_mark_s: HOUR_MARK_S,
            since_day_mark_s: DAY_MARK_S,
        }
    }

    /// What is known.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Adds the `dt_s` seconds that end with this scan.
    pub fn update(&mut self, observed: &Observed<'_>, dt_s: f64) {
        let turn = Calendar::turn(&mut self.calendar, observed.time);
        self.since_hour_mark_s += dt_s;
        self.since_day_mark_s += dt_s;
        let day_mark = self.since_day_mark_s >= DAY_MARK_S;
        self.added.fill(Added::default());
        for (index, book) in self.electrolyzers.iter_mut().enumerate() {
            let totals = &mut self.totals.electrolyzers[index];
            let added = book.update(totals, observed, dt_s);
            if day_mark {
                book.mark(totals);
            }
            self.added[book.line].add(added);
        }
        self.update_lines(observed, turn, dt_s);
        if self.since_hour_mark_s >= HOUR_MARK_S {
            self.since_hour_mark_s = 0.0;
            for (book, totals) in self.lines.iter_mut().zip(&mut self.totals.lines) {
                book.mark_hour(totals);
            }
            self.plant.mark_hour(&mut self.totals.plant);
        }
        if day_mark {
            self.since_day_mark_s = 0.0;
            for (book, totals) in self.lines.iter_mut().zip(&mut self.totals.lines) {
                book.mark_day(totals);
            }
            self.plant.mark_day(&mut self.totals.plant);
        }
    }

    fn update_lines(&mut self, observed: &Observed<'_>, turn: Turn, dt_s: f64) {
        for totals in &mut self.totals.lines {
            totals.ac_power_w = 0.0;
        }
        let rectifiers = observed.config.rectifiers.iter().zip(&observed.inputs.rectifiers);
        for (totals, (config, inputs)) in self.totals.rectifiers.iter_mut().zip(rectifiers) {
            let ac_w = inputs.ac_power_w.usable().unwrap_or(0.0).max(0.0);
            let dc_a = inputs.dc_current_a.usable().unwrap_or(0.0);
            let dc_w = dc_a * inputs.dc_voltage_v.usable().unwrap_or(0.0);
            totals.ac_energy_j += ac_w * dt_s;
            totals.dc_energy_j += dc_w.max(0.0) * dt_s;
            self.totals.lines[config.line].ac_power_w += ac_w;
        }
        let mut plant = Added::default();
        self.totals.plant.ac_power_w = 0.0;
        let mut shift_changed = false;
        for (index, book) in self.lines.iter_mut().enumerate() {
            let totals = &mut self.totals.lines[index];
            let shift = &observed.status.lines[index].shift;
            let turn = book.turn_with_shift(turn, shift);
            shift_changed |= turn.shift;
            book.update(totals, self.added[index], turn, dt_s);
            plant.add(self.added[index]);
            self.totals.plant.ac_power_w += totals.ac_power_w;
        }
        // The plant's shift turns with the first line that changes it.
        let turn = Turn { shift: shift_changed && self.plant.may_turn_shift(dt_s), ..turn };
        self.plant.update(&mut self.totals.plant, plant, turn, dt_s);
    }
}
