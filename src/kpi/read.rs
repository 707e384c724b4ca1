//! Sums of electrolyzers, lines and the plant, read from the history.

use std::sync::Arc;

use crate::config::PlantConfig;
use crate::history::{HistoryError, Reader};
use crate::kpi::counter::{change, rise};
use crate::kpi::period::{Stretch, seconds};
use crate::kpi::points;
use crate::kpi::state::{closings, durations};
use crate::kpi::{Period, Sums};
use crate::tag::{DeviceKind, KpiBoard, KpiFigures, TagTable};
use crate::time::Timestamp;
use crate::units::{DAY_S, kg_s_from_g_min};

/// The bath is near its setpoint within so many K (domain B10, row Control).
const BATH_NEAR_K: f64 = 5.0;
/// kA·h in A·s.
const KAH_C: f64 = 3.6e6;
/// Number of the state OutOfService of `State.Phase`.
const OUT_OF_SERVICE: f64 = 1.0;
/// Numbers of the states that make metal: Running, Tapping, ChangingAnode, AnodeEffect (domain B8: Executing).
const PRODUCING: std::ops::RangeInclusive<f64> = 6.0..=9.0;

/// Whose figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The plant's.
    Plant,
    /// Of a line, by its number.
    Line(usize),
    /// Of an electrolyzer, by its number.
    Electrolyzer(usize),
}

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Values of every minute.
    Minutes,
    /// Also every bath temperature, of which there is one a second.
    Seconds,
}

/// Reads key figures. Waits for a disk; cheap to clone.
#[derive(Clone, Debug)]
pub struct KpiReader {
    reader: Reader,
    config: Arc<PlantConfig>,
    /// Paths by number.
    electrolyzers: Arc<[String]>,
    rectifiers: Arc<[String]>,
}

impl KpiReader {
    /// Of the plant that `reader`'s history is about.
    pub fn new(reader: Reader, config: Arc<PlantConfig>, table: &TagTable) -> Self {
        let paths = |kind, count: usize| {
            let mut paths = vec![String::new(); count];
            for device in table.devices().iter().filter(|it| it.kind == kind) {
                paths[device.index].clone_from(&device.path);
            }
            paths.into()
        };
        Self {
            reader,
            electrolyzers: paths(DeviceKind::Electrolyzer, config.electrolyzers.len()),
            rectifiers: paths(DeviceKind::Rectifier, config.rectifiers.len()),
            config,
        }
    }

    /// The sums of `scope` over `period`.
    pub fn sums(&self, scope: Scope, period: Period, depth: Depth) -> Result<Sums, HistoryError> {
        let has = |line: usize| match scope {
            Scope::Plant => true,
            Scope::Line(own) => line == own,
            Scope::Electrolyzer(_) => false,
        };
        if let Scope::Electrolyzer(index) = scope {
            return self.electrolyzer(index, period, depth);
        }
        let mut sums = Sums::default();
        for (index, electrolyzer) in self.config.electrolyzers.iter().enumerate() {
            if has(electrolyzer.line) {
                sums.add(&self.electrolyzer(index, period, depth)?);
            }
        }
        sums.ac_energy_kwh = 0.0;
        for (path, rectifier) in self.rectifiers.iter().zip(&self.config.rectifiers) {
            if has(rectifier.line) {
                sums.ac_energy_kwh += self.rise_of(path, "AcEnergy", period)?;
            }
        }
        Ok(sums)
    }

    /// What tags show at `now`: the figures of the last day and week.
    pub fn board(&self, now: Timestamp) -> Result<KpiBoard, HistoryError> {
        let day = self.all(Period::before(now, DAY_S))?;
        let week = self.all(Period::before(now, 7.0 * DAY_S))?;
        Ok(KpiBoard { day, week })
    }

    /// Figures of the plant, of each line, of each electrolyzer.
    fn all(&self, period: Period) -> Result<Vec<KpiFigures>, HistoryError> {
        let lines = self.config.lines.len();
        let mut sums = vec![Sums::default(); 1 + lines];
        for (index, electrolyzer) in self.config.electrolyzers.iter().enumerate() {
            let own = self.electrolyzer(index, period, Depth::Minutes)?;
            sums[0].add(&own);
            sums[1 + electrolyzer.line].add(&own);
            sums.push(own);
        }
        for all in &mut sums[..=lines] {
            all.ac_energy_kwh = 0.0;
        }
        for (path, rectifier) in self.rectifiers.iter().zip(&self.config.rectifiers) {
            let rise_kwh = self.rise_of(path, "AcEnergy", period)?;
            sums[0].ac_energy_kwh += rise_kwh;
            sums[1 + rectifier.line].ac_energy_kwh += rise_kwh;
        }
        Ok(sums.iter().map(Sums::figures).collect())
    }

    fn electrolyzer(
        &self,
        index: usize,
        period: Period,
        depth: Depth,
    ) -> Result<Sums, HistoryError> {
        let (path, reader) = (&self.electrolyzers[index], &self.reader);
        let line = self.config.electrolyzers[index].line;
        let product = &self.config.products[self.config.lines[line].product];
        let nothing =
            Sums { period_s: period.seconds(), ac_energy_kwh: f64::NAN, ..Sums::default() };
        let charge = rise(reader, &format!("{path}.Counters.ChargeTotal"), period)?;
        if charge.recorded.is_empty() {
            return Ok(nothing);
        }
        let of = |counter| self.rise_of(path, counter, period);
        let tapped_kg = of("Counters.MetalTappedTotal")?;
        let level = format!("{path}.Bath.MetalMassEstimate");
        let inventory_kg = change(reader, &level, period, &charge.restarts)?;
        let rare_earth = 1.0 - product.iron_per_alloy;
        let mut sums = Sums {
            recorded_s: charge.recorded.iter().map(|it| seconds(*it)).sum(),
            tapped_kg,
            inventory_kg,
            theory_kg: charge.amount * KAH_C * product.metal_kg_c(),
            oxide_needed_kg: (tapped_kg + inventory_kg) * rare_earth * product.oxide_per_metal,
            dc_energy_kwh: of("Counters.EnergyTotal")?,
            oxide_kg: of("Counters.OxideFedTotal")?,
            graphite_kg: of("Counters.GraphiteUsedTotal")?,
            fluoride_kg: of("Counters.FluorideUsedTotal")?,
            anode_effects: closings(reader, &format!("{path}.AnodeEffect.Active"), period)?,
            ..nothing
        };
        let within = (period, charge.recorded.as_slice());
        durations(reader, &format!("{path}.State.Phase"), within, |phase, stood_s| {
            sums.planned_s += if phase == OUT_OF_SERVICE { 0.0 } else { stood_s };
            sums.producing_s += if PRODUCING.contains(&phase) { stood_s } else { 0.0 };
        })?;
        durations(reader, &format!("{path}.AnodeEffect.Active"), within, |active, stood_s| {
            sums.anode_effect_s += active * stood_s;
        })?;
        durations(reader, &format!("{path}.Feeder.TargetFlowRate"), within, |g_min, stood_s| {
            sums.oxide_target_kg += kg_s_from_g_min(g_min) * stood_s;
        })?;
        if depth == Depth::Seconds {
            self.add_bath(path, within, &mut sums)?;
        }
        Ok(sums)
    }

    fn add_bath(
        &self,
        path: &str,
        (period, recorded): (Period, &[Stretch]),
        sums: &mut Sums,
    ) -> Result<(), HistoryError> {
        // The setpoint rarely moves: each value is a period of its own for the temperature.
        let mut setpoints: Vec<(i64, f64)> = Vec::new();
        let setpoint = format!("{path}.Control.TemperatureSetpoint");
        points::each((&self.reader, &setpoint), period, 0.0, |it| {
            setpoints.push((it.ticks, it.value));
        })?;
        let temperature = format!("{path}.Bath.Temperature");
        for (at, &(from, setpoint_c)) in setpoints.iter().enumerate() {
            let to = setpoints.get(at + 1).map_or(period.to.ticks(), |it| it.0);
            let (from, to) = period.cut((from, to));
            if from >= to || setpoint_c.is_nan() {
                continue;
            }
            let part = Period { from: Timestamp::from_ticks(from), to: Timestamp::from_ticks(to) };
            let own = recorded.iter().map(|it| part.cut(*it));
            let own: Vec<Stretch> = own.filter(|it| it.0 < it.1).collect();
            durations(&self.reader, &temperature, (part, &own), |temp_c, stood_s| {
                sums.bath_s += stood_s;
                let is_near = (temp_c - setpoint_c).abs() <= BATH_NEAR_K;
                sums.bath_near_s += if is_near { stood_s } else { 0.0 };
            })?;
        }
        Ok(())
    }

    fn rise_of(&self, device: &str, counter: &str, period: Period) -> Result<f64, HistoryError> {
        rise(&self.reader, &format!("{device}.{counter}"), period).map(|it| it.amount)
    }
}
