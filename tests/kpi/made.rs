//! Histories written by hand: every figure can be worked out on paper.

use cellhouse::kpi::Sums;
use cellhouse::rng::Stream;
use cellhouse::tag::Value;

use crate::support::{Records, first, is_close};

/// Kilograms of PrNd for 1 kA·h: 0.14339 / (3 · 96485.33) · 3.6e6.
const KG_KAH: f64 = 1.783_36;

const DAY_S: f64 = 86_400.0;

/// A day that runs evenly from one second to another.
fn even(from_s: f64, to_s: f64) -> Records {
    let mut records = Records::new();
    records.put("State.Phase", from_s, Value::U32(6));
    records.put("AnodeEffect.Active", from_s, Value::Bool(false));
    records.put("Feeder.TargetFlowRate", from_s, Value::F64(1000.0 * 9.9 / 60.0));
    records.run(from_s, to_s, from_s);
    records
}

// Domain B10, row 1: 8 kg/h at 6 kA are 74.8 % of what Faraday allows; 10 V give 7.5 kWh/kg.
#[test]
fn an_even_day_has_the_figures_of_paper() {
    let reader = even(0.0, DAY_S + 600.0).reader();
    let figures = first(&reader, 3600.0, 3600.0 + 20.0 * 3600.0).figures();
    assert!(is_close(figures.metal_kg, 160.0, 1e-3), "{figures:?}");
    assert!(is_close(figures.efficiency_pct, 800.0 / (6.0 * KG_KAH), 1e-3), "{figures:?}");
    assert!(is_close(figures.dc_kwh_kg, 7.5, 1e-3), "{figures:?}");
    assert!(is_close(figures.oxide_kg_kg, 1.25, 1e-3), "{figures:?}");
    assert!(is_close(figures.oxide_yield_pct, 100.0 * 1.1769 / 1.25, 1e-3), "{figures:?}");
    assert!(is_close(figures.graphite_kg_kg, 0.125, 1e-3), "{figures:?}");
    assert!(is_close(figures.fluoride_kg_kg, 0.0625, 1e-3), "{figures:?}");
    assert!(is_close(figures.feed_deviation_pct, 100.0 / 99.0, 1e-3), "{figures:?}");
    assert!(is_close(figures.coverage_pct, 100.0, 1e-9), "{figures:?}");
    assert!(is_close(figures.availability_pct, 100.0, 1e-9), "{figures:?}");
}

#[test]
fn without_a_tap_nothing_is_divided_by_metal() {
    let reader = even(0.0, DAY_S).reader();
    let figures = first(&reader, 600.0, 6000.0).figures();
    assert!(figures.efficiency_pct.is_nan() && figures.dc_kwh_kg.is_nan(), "{figures:?}");
    assert!(figures.metal_kg > 0.0 && figures.availability_pct > 0.0, "{figures:?}");
}

#[test]
fn without_records_there_is_no_figure_but_the_coverage() {
    let reader = even(0.0, DAY_S).reader();
    let figures = first(&reader, 3.0 * DAY_S, 4.0 * DAY_S).figures();
    assert!(figures.metal_kg.is_nan() && figures.availability_pct.is_nan(), "{figures:?}");
    assert!(figures.coverage_pct == 0.0, "{figures:?}");
}

// A server that starts anew counts from zero: the rise is what was counted on both sides.
#[test]
fn a_counter_that_restarts_is_added_up() {
    let mut records = even(0.0, 6.0 * 3600.0);
    records.interrupt(6.0 * 3600.0 + 1.0);
    records.run(8.0 * 3600.0, 14.0 * 3600.0, 8.0 * 3600.0);
    let sums = first(&records.reader(), 0.0, 14.0 * 3600.0);
    assert!(is_close(sums.dc_energy_kwh, 60.0 * 12.0, 1e-9), "{sums:?}");
    assert!(is_close(sums.metal_kg(), 8.0 * 12.0, 1e-9), "{sums:?}");
}

// The metal in the cell is another after a restart; that nobody has made.
#[test]
fn a_restart_makes_no_metal() {
    let mut records = even(0.0, 7.0 * 3600.0);
    records.interrupt(7.0 * 3600.0 + 1.0);
    records.run(8.0 * 3600.0, 9.0 * 3600.0, 8.0 * 3600.0);
    let sums = first(&records.reader(), 0.0, 9.0 * 3600.0);
    assert!(is_close(sums.metal_kg(), 8.0 * 8.0, 1e-9), "{sums:?}");
}

// A counter of a controller that went on counting while nobody recorded is believed; time is not made up.
#[test]
fn over_a_gap_a_counter_goes_on_and_time_does_not() {
    let mut records = even(0.0, 6.0 * 3600.0);
    records.interrupt(6.0 * 3600.0 + 1.0);
    records.put("State.Phase", 8.0 * 3600.0, Value::U32(6));
    records.put("AnodeEffect.Active", 8.0 * 3600.0, Value::Bool(false));
    records.run(8.0 * 3600.0, 14.0 * 3600.0, 0.0);
    let reader = records.reader();
    let sums = first(&reader, 0.0, 14.0 * 3600.0);
    assert!(is_close(sums.dc_energy_kwh, 60.0 * 14.0, 1e-9), "{sums:?}");
    assert!(is_close(sums.recorded_s, 12.0 * 3600.0, 1e-9), "{sums:?}");
    assert!(is_close(sums.producing_s, 12.0 * 3600.0, 1e-9), "{sums:?}");
    assert!(is_close(sums.figures().coverage_pct, 100.0 * 12.0 / 14.0, 1e-9));
}

// ISO 22400-2: planned busy time is without what was not planned to run.
#[test]
fn out_of_service_is_not_planned_and_held_is_not_produced() {
    let mut records = even(0.0, 10.0 * 3600.0);
    records.put("State.Phase", 2.0 * 3600.0, Value::U32(11));
    records.put("State.Phase", 4.0 * 3600.0, Value::U32(1));
    let sums = first(&records.reader(), 0.0, 10.0 * 3600.0);
    assert!(is_close(sums.figures().availability_pct, 50.0, 1e-9), "{sums:?}");
}

#[test]
fn anode_effects_are_counted_with_their_minutes() {
    let mut records = even(0.0, DAY_S);
    for hour in [1.0, 5.0, 9.0] {
        records.put("AnodeEffect.Active", hour * 3600.0, Value::Bool(true));
        records.put("AnodeEffect.Active", hour * 3600.0 + 120.0, Value::Bool(false));
    }
    let figures = first(&records.reader(), 3.0 * 3600.0, 15.0 * 3600.0).figures();
    assert!(is_close(figures.anode_effects, 2.0, 1e-9), "{figures:?}");
    assert!(is_close(figures.anode_effect_min, 4.0, 1e-9), "{figures:?}");
    assert!(is_close(figures.anode_effects_per_day, 4.0, 1e-9), "{figures:?}");
}

#[test]
fn the_bath_is_compared_with_the_setpoint_of_its_time() {
    let mut records = even(0.0, 4.0 * 3600.0);
    records.put("Control.TemperatureSetpoint", 0.0, Value::F64(1050.0));
    records.put("Bath.Temperature", 0.0, Value::F64(1052.0));
    records.put("Control.TemperatureSetpoint", 3600.0, Value::F64(1060.0));
    let figures = first(&records.reader(), 0.0, 4.0 * 3600.0).figures();
    assert!(is_close(figures.bath_near_pct, 25.0, 1e-9), "{figures:?}");
}

/// A day with gaps, restarts, anode effects and phases at random.
fn random(random: &mut Stream) -> Records {
    let mut records = Records::new();
    let (mut now_s, mut begun_s) = (0.0, 0.0);
    while now_s < DAY_S {
        let next_s = now_s + 600.0 + 10_000.0 * random.uniform();
        records.put("State.Phase", now_s, Value::U32(1 + (random.uniform() * 14.0) as u32));
        records.put("AnodeEffect.Active", now_s, Value::Bool(random.uniform() < 0.3));
        records.put("Feeder.TargetFlowRate", now_s, Value::F64(200.0 * random.uniform()));
        records.put("Control.TemperatureSetpoint", now_s, Value::F64(1050.0));
        records.put("Bath.Temperature", now_s, Value::F64(1042.0 + 16.0 * random.uniform()));
        records.run(now_s, next_s, begun_s);
        now_s = next_s + 60.0;
        if random.uniform() < 0.5 {
            records.interrupt(next_s + 1.0);
            now_s = next_s + 4000.0 * random.uniform() + 2.0;
        }
        if random.uniform() < 0.3 {
            begun_s = now_s - 60.0;
        }
    }
    records
}

fn fields(sums: &Sums) -> [(&'static str, f64); 16] {
    [
        ("period_s", sums.period_s),
        ("recorded_s", sums.recorded_s),
        ("planned_s", sums.planned_s),
        ("producing_s", sums.producing_s),
        ("tapped_kg", sums.tapped_kg),
        ("inventory_kg", sums.inventory_kg),
        ("theory_kg", sums.theory_kg),
        ("oxide_needed_kg", sums.oxide_needed_kg),
        ("dc_energy_kwh", sums.dc_energy_kwh),
        ("oxide_kg", sums.oxide_kg),
        ("oxide_target_kg", sums.oxide_target_kg),
        ("graphite_kg", sums.graphite_kg),
        ("anode_effects", sums.anode_effects),
        ("anode_effect_s", sums.anode_effect_s),
        ("bath_s", sums.bath_s),
        ("bath_near_s", sums.bath_near_s),
    ]
}

// Whoever asks for two shifts gets the day.
#[test]
fn periods_side_by_side_add_up() {
    for seed in 0..12 {
        let mut stream = Stream::new(seed, "kpi");
        let reader = random(&mut stream).reader();
        for _ in 0..8 {
            let mut cuts = [0; 3].map(|_| (stream.uniform() * DAY_S).round());
            cuts.sort_by(f64::total_cmp);
            let [from, between, to] = cuts;
            let mut both = first(&reader, from, between);
            both.add(&first(&reader, between, to));
            let whole = first(&reader, from, to);
            for ((name, one), (_, other)) in fields(&both).into_iter().zip(fields(&whole)) {
                // Nothing was recorded in one of the two.
                let is_unknown = one.is_nan();
                assert!(
                    is_unknown || (one - other).abs() < 1e-6 * other.abs().max(1.0),
                    "seed {seed}, {cuts:?}, {name}: {one} and {other}"
                );
            }
        }
    }
}
