//! Traces as golden files: what a known story looks like, to four digits.

use std::fmt::Write as _;
use std::path::Path;

use cellhouse::config::{InstrumentConfig, PlantConfig};
use cellhouse::engine::{Engine, Scenario};

use crate::support::{Size, engine, plant};

/// Four significant digits, so that the last bits of `exp` and `ln` do not matter.
fn four(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let decimals = (3.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

fn row(trace: &mut String, engine: &Engine) {
    let seen = engine.observed();
    let (inputs, status) = (&seen.inputs.electrolyzers[0], &seen.status.electrolyzers[0]);
    let minutes = seen.time.seconds_since(seen.config.start) / 60.0;
    let numbers = [
        inputs.cell_current_a.value / 1000.0,
        inputs.cell_voltage_v.value,
        inputs.bath_temp_c.value,
        engine.plant().oxide_pct(0),
        status.oxide_estimate_pct,
        seen.status.feeders[0].flow_g_min,
        status.anode_effect_risk,
    ];
    let numbers = numbers.map(|it| format!("{:>9}", four(it))).concat();
    let phase = format!("{:?}/{:?}", status.phase, status.feed_phase);
    writeln!(trace, "{minutes:>6.1} {phase:<20}{numbers} {:>3}", status.anode_effects).unwrap();
}

#[test]
fn a_feed_stop_leads_to_an_anode_effect_and_is_quenched() {
    let config = PlantConfig {
        instruments: InstrumentConfig { noise: false, hazards: false, anode_wear: false },
        ..plant(Size::Ka6, 1)
    };
    let mut engine = engine(config);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/feed-stop.toml");
    let scenario =
        Scenario::parse(&std::fs::read_to_string(path).unwrap(), engine.table()).unwrap();
    let mut steps = scenario.steps.iter().peekable();
    let mut trace = String::from(
        "   min phase/feed                kA        V       °C  oxide %  estim.%    g/min     risk  AE\n",
    );
    let mut effects = 0;
    for second in 0..=6 * 3600 {
        while let Some(step) = steps.next_if(|it| it.at_s <= f64::from(second)) {
            engine.command(&step.command).unwrap();
        }
        engine.advance();
        let count = engine.observed().status.electrolyzers[0].anode_effects;
        // Every quarter of an hour, and at each anode effect.
        if second % 900 == 0 || count > effects {
            row(&mut trace, &engine);
        }
        effects = count;
    }
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("feed_stop_6_ka", trace);
    });
}
