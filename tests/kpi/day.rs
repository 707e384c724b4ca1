//! A simulated day, recorded as the server records its past, against the plant's own totals.

use std::sync::Arc;

use cellhouse::config::HistorySettings;
use cellhouse::engine::Engine;
use cellhouse::historian::Recorder;
use cellhouse::kpi::{Depth, KpiReader, Scope};
use cellhouse::production::{ElectrolyzerTotals, RectifierTotals, Totals};

use crate::support::{Records, is_close, period, plant};

const HOUR_S: f64 = 3600.0;
/// Snapshots that are recorded, s.
const STEP_S: u64 = 10;

/// The plant's own totals 1 h and 25 h after its start, and the history of the time.
struct Day {
    start: Totals,
    end: Totals,
    records: Records,
}

impl Day {
    fn new() -> Self {
        let plant = plant();
        let begin = plant.start;
        let mut engine = Engine::new(plant, begin);
        let mut records = Records::new();
        let settings = HistorySettings::default();
        let table = Arc::clone(engine.table());
        let mut recorder = Recorder::new(&table, &settings, records.history());
        let scan_ms = u64::from(engine.config().scan_ms);
        let per_hour = 3_600_000 / scan_ms;
        let step = STEP_S * 1000 / scan_ms;
        let mut start = Totals::default();
        let mut end = Totals::default();
        for scan in 0..=26 * per_hour {
            if scan.is_multiple_of(step) {
                let snapshot = Arc::clone(engine.scan());
                recorder.record(&snapshot, records.history());
            } else {
                engine.advance();
            }
            if scan.is_multiple_of(per_hour) {
                records.history().commit().unwrap();
            }
            if scan == per_hour {
                start = engine.totals().clone();
            } else if scan == 25 * per_hour {
                end = engine.totals().clone();
            }
        }
        recorder.finish(records.history());
        Self { start, end, records }
    }

    /// Rise of a total of an electrolyzer in these 24 h.
    fn rise(&self, index: usize, of: fn(&ElectrolyzerTotals) -> f64) -> f64 {
        of(&self.end.electrolyzers[index]) - of(&self.start.electrolyzers[index])
    }

    fn ac_kwh(&self) -> f64 {
        let sum = |all: &[RectifierTotals]| all.iter().map(|it| it.ac_energy_j).sum::<f64>();
        (sum(&self.end.rectifiers) - sum(&self.start.rectifiers)) / 3.6e6
    }
}

// The history holds a value a minute: what it misses is less than 0.1 % of a day.
#[test]
fn figures_from_the_history_are_the_plants_own_totals() {
    let mut day = Day::new();
    let reader = day.records.reader();
    let period = period(HOUR_S, 25.0 * HOUR_S);
    let mut energy_kwh = 0.0;
    for index in 0..4 {
        let scope = Scope::Electrolyzer(index);
        let sums = reader.sums(scope, period, Depth::Seconds).unwrap();
        let figures = sums.figures();
        let own = &plant().products[0];
        energy_kwh += sums.dc_energy_kwh;
        let pairs = [
            (sums.theory_kg, day.rise(index, |it| it.charge_c) * own.metal_kg_c()),
            (sums.dc_energy_kwh, day.rise(index, |it| it.energy_j) / 3.6e6),
            (sums.oxide_kg, day.rise(index, |it| it.oxide_fed_kg)),
            (sums.tapped_kg, day.rise(index, |it| it.metal_tapped_kg)),
            (sums.graphite_kg, day.rise(index, |it| it.graphite_kg)),
            (sums.fluoride_kg, day.rise(index, |it| it.fluoride_kg)),
        ];
        for (at, (one, other)) in pairs.into_iter().enumerate() {
            assert!(is_close(one, other, 1e-3), "{index}, {at}: {one} and {other}");
        }
        // The totals' own window begins at a mark, up to a quarter of an hour off.
        let shown = day.end.electrolyzers[index].efficiency_24h_pct;
        assert!((figures.efficiency_pct - shown).abs() < 0.5, "{shown}, {figures:?}");
        let shown = day.end.electrolyzers[index].specific_energy_24h_kwh_kg;
        assert!(is_close(figures.dc_kwh_kg, shown, 0.01), "{shown}, {figures:?}");
        // Within a day of its own: 95 to 100 % of the oxide, and the time of taps and anode changes.
        assert!((80.0..105.0).contains(&figures.oxide_yield_pct), "{figures:?}");
        assert!((95.0..=100.0).contains(&figures.availability_pct), "{figures:?}");
        assert!(figures.feed_deviation_pct.abs() < 5.0, "{figures:?}");
        assert!(figures.coverage_pct > 99.9, "{figures:?}");
    }
    check_line(&reader, &day, energy_kwh);
}

fn check_line(reader: &KpiReader, day: &Day, energy_kwh: f64) {
    let period = period(HOUR_S, 25.0 * HOUR_S);
    let line = reader.sums(Scope::Line(0), period, Depth::Minutes).unwrap();
    assert!(is_close(line.dc_energy_kwh, energy_kwh, 1e-9), "{line:?}");
    assert!(is_close(line.ac_energy_kwh, day.ac_kwh(), 1e-3), "{line:?}");
    let plant = reader.sums(Scope::Plant, period, Depth::Minutes).unwrap();
    assert_eq!(line, plant);
    let board = reader.board(period.to).unwrap();
    assert!(is_close(board.day[0].ac_kwh_kg, plant.figures().ac_kwh_kg, 1e-9));
    assert_eq!(board.day.len(), 1 + 1 + 4);
}
