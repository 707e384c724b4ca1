//! What the tests of key figures share.

use std::sync::Arc;

use cellhouse::config::{self, PlantConfig};
use cellhouse::field::Quality;
use cellhouse::history::{History, HistoryConfig, Sample};
use cellhouse::kpi::{Depth, KpiReader, Period, Scope, Sums};
use cellhouse::tag::{TagTable, Value};
use cellhouse::time::Timestamp;

/// Four electrolyzers of 6 kA on two rectifiers, without random failures.
pub(crate) fn plant() -> PlantConfig {
    let mut plant =
        config::parse_plant("small-plant.toml", include_str!("../config/small-plant.toml"))
            .expect("a plant");
    plant.instruments.hazards = false;
    plant
}

/// So many seconds after the plant's start.
pub(crate) fn at(seconds: f64) -> Timestamp {
    plant().start.plus_s(seconds)
}

/// From and to, s after the plant's start.
pub(crate) fn period(from_s: f64, to_s: f64) -> Period {
    Period { from: at(from_s), to: at(to_s) }
}

/// A history that is written by hand, in a folder that goes with it.
pub(crate) struct Records {
    history: History,
    _folder: tempfile::TempDir,
}

impl Records {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (history, _) = History::open(folder.path(), HistoryConfig::default()).unwrap();
        Self { history, _folder: folder }
    }

    pub(crate) fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// Puts a value of a tag of EL101.
    pub(crate) fn put(&mut self, tag: &str, seconds: f64, value: impl Into<Figure>) {
        let series = self.history.series(&format!("Line1.EL101.{tag}"));
        let sample = Sample { time: at(seconds), value: value.into().0, quality: Quality::Good };
        self.history.append(series, sample).unwrap();
    }

    /// Nothing of any tag of EL101 from here on.
    pub(crate) fn interrupt(&mut self, seconds: f64) {
        for path in self.history.reader().paths() {
            let series = self.history.series(&path);
            let quality = Quality::NoCommunication;
            let sample = Sample { time: at(seconds), value: Value::Null, quality };
            self.history.append(series, sample).unwrap();
        }
    }

    /// A value a minute of EL101 from one second to another, both included: 6 kA at 10 V, 8 kg/h.
    pub(crate) fn run(&mut self, from_s: f64, to_s: f64, begun_s: f64) {
        let mut now_s = from_s;
        while now_s <= to_s {
            let hours = (now_s - begun_s) / 3600.0;
            self.put("Counters.ChargeTotal", now_s, 6.0 * hours);
            self.put("Counters.EnergyTotal", now_s, 60.0 * hours);
            self.put("Counters.OxideFedTotal", now_s, 10.0 * hours);
            self.put("Counters.GraphiteUsedTotal", now_s, hours);
            self.put("Counters.FluorideUsedTotal", now_s, 0.5 * hours);
            // A tap of 16 kg at every even hour: what is in the cell goes from 20 up to 36 kg.
            let taps = (hours / 2.0).floor();
            self.put("Counters.MetalTappedTotal", now_s, 16.0 * taps);
            self.put("Bath.MetalMassEstimate", now_s, 20.0 + 8.0 * hours - 16.0 * taps);
            now_s += 60.0;
        }
    }

    /// Someone who reads what was put so far.
    pub(crate) fn reader(&mut self) -> KpiReader {
        self.history.commit().unwrap();
        let plant = plant();
        let table = TagTable::new(&plant);
        KpiReader::new(self.history.reader(), Arc::new(plant), &table)
    }
}

/// Sums of EL101.
pub(crate) fn first(reader: &KpiReader, from_s: f64, to_s: f64) -> Sums {
    reader.sums(Scope::Electrolyzer(0), period(from_s, to_s), Depth::Seconds).unwrap()
}

/// Whether two numbers are the same but for so much of the larger.
pub(crate) fn is_close(one: f64, other: f64, share: f64) -> bool {
    (one - other).abs() <= share * one.abs().max(other.abs()).max(1e-9)
}

/// A value of a tag; numbers need no more words.
pub(crate) struct Figure(Value);

impl From<f64> for Figure {
    fn from(number: f64) -> Self {
        Self(Value::F64(number))
    }
}

impl From<Value> for Figure {
    fn from(value: Value) -> Self {
        Self(value)
    }
}
