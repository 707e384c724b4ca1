//! Alarms of the plant itself: what a fault brings, in which order, and what stays silent.

use std::sync::Arc;

use cellhouse::alarm::{AlarmIndex, AlarmOrder};
use cellhouse::config::default_plant;
use cellhouse::control::{Command, Method, Order, Scalar, Target};
use cellhouse::engine::Engine;

use crate::alarm::rig::actor;
use crate::support::{Size, engine, engineer, plant};

fn alarm(engine: &Engine, path: &str) -> AlarmIndex {
    engine.alarms().table().by_path(engine.table(), path).expect("an alarm")
}

fn inject(engine: &mut Engine, kind: &str, device: &str, seconds: f64) {
    let arguments =
        vec![Scalar::Text(kind.into()), Scalar::Text(device.into()), Scalar::Number(seconds)];
    let order = Order::Call { method: Method::InjectFault, arguments };
    engine.command(&Command { actor: engineer(), target: Target::Plant, order }).unwrap();
}

/// Names of the alarms of one electrolyzer and its feeder in the order in which they became active first.
fn sequence(engine: &mut Engine, scans: u32) -> Vec<&'static str> {
    let mut names = Vec::new();
    for _ in 0..scans {
        let snapshot = Arc::clone(engine.scan());
        for notice in snapshot.notices.iter().filter(|it| it.state.active.on) {
            let name = engine.alarms().table().row(engine.table(), notice.alarm).name;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

#[test]
fn a_jammed_feeder_brings_its_alarm_the_warning_the_anode_effect_and_the_interlock() {
    let mut engine = engine(plant(Size::Ka10, 1));
    sequence(&mut engine, 60);
    inject(&mut engine, "FeederJam", "Line1.EL101.Feeder", 4.0 * 3600.0);
    let names = sequence(&mut engine, 3600);
    let at = |name: &str| names.iter().position(|it| *it == name);
    let order =
        ["FeederJam", "FeedDeviation", "AnodeEffectWarning", "AnodeEffect", "InterlockActive"];
    let places: Vec<_> = order.iter().map(|it| at(it)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{names:?}");
}

// An electrolyzer that is off does not alarm on its temperature, nor on anything else that it lacks.
#[test]
fn a_cold_plant_is_silent() {
    let mut config = plant(Size::Ka10, 2);
    config.control.start_running = false;
    let mut engine = engine(config);
    let names = sequence(&mut engine, 3600);
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn an_undisturbed_plant_is_silent_at_its_start() {
    let mut engine = engine(plant(Size::Ka10, 2));
    let names = sequence(&mut engine, 1800);
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn a_tripped_rectifier_is_one_alarm_and_not_one_for_each_cell() {
    let mut config = plant(Size::Ka10, 1);
    config.instruments.hazards = false;
    let mut engine = engine(config);
    sequence(&mut engine, 60);
    inject(&mut engine, "RectifierTrip", "Line1.RF101", 600.0);
    let names = sequence(&mut engine, 600);
    assert_eq!(names.first(), Some(&"RectifierTrip"), "{names:?}");
    for name in ["BathTemperature", "CellVoltage", "CurrentDeviation", "AnodeCurrentImbalance"] {
        assert!(!names.contains(&name), "{names:?}");
    }
}

// ISA-18.2: fewer than six an hour for each operator; the default plant has four of them. This is the first hours
// of the hazards of 73 electrolyzers.
#[test]
fn the_default_plant_asks_no_more_than_its_operators_can_answer() {
    let config = default_plant();
    let start = config.start;
    let mut engine = Engine::new(config, start);
    let hours = 2;
    for _ in 0..hours * 3600 {
        engine.scan();
    }
    let figures = engine.alarms().figures()[0];
    assert!(figures.count <= 4 * 6 * hours, "{figures:?}");
    assert!(!figures.is_flood, "{figures:?}");
}

// 15,000 t/y, 240 electrolyzers: about as many alarms as domain B6 expects.
#[test]
fn every_row_of_the_catalogue_finds_its_tags_on_the_whole_site() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/plant-15000.toml");
    let config = cellhouse::config::load_plant(&path).unwrap();
    let start = config.start;
    let engine = Engine::new(config, start);
    assert!(engine.alarms().table().len() > 8000);
}

#[test]
fn an_anode_effect_that_does_not_end_is_held_and_the_operator_is_asked() {
    let mut engine = engine(plant(Size::Ka10, 1));
    sequence(&mut engine, 60);
    // Without dose, current and voltage that calm down it burns on.
    inject(&mut engine, "FeederJam", "Line1.EL101.Feeder", 36_000.0);
    let dialog = alarm(&engine, "Line1.EL101.Alarms.RestartAfterAnodeEffect");
    for _ in 0..40 {
        inject(&mut engine, "AnodeEffect", "Line1.EL101", 600.0);
        sequence(&mut engine, 60);
        if engine.alarms().state(dialog).active.on {
            break;
        }
    }
    assert!(engine.alarms().state(dialog).active.on, "nobody is asked");
    let command = cellhouse::alarm::AlarmCommand {
        actor: actor(cellhouse::access::Role::Operator),
        alarm: dialog,
        order: AlarmOrder::Respond(0),
        remark: cellhouse::alarm::Remark::default(),
    };
    engine.alarm_command(&command).unwrap();
    engine.scan();
    assert!(!engine.alarms().state(dialog).active.on);
}

#[test]
fn the_configuration_knows_every_alarm_and_its_limits() {
    let config = default_plant();
    let start = config.start;
    let engine = Engine::new(config, start);
    let (alarms, tags) = (engine.alarms().table(), engine.table());
    let rows: std::collections::BTreeMap<String, String> = alarms
        .all()
        .map(|it| {
            let row = alarms.row(tags, it);
            let has = match &row.cause {
                cellhouse::alarm::row::Cause::Limits { limits, .. } => {
                    limits.map(|it| it.is_some())
                }
                _ => [false; 4],
            };
            let letters = ["H", "h", "l", "L"].into_iter().zip(has);
            let letters = letters.map(|(it, has)| if has { it } else { "." });
            (row.name.to_owned(), letters.collect())
        })
        .collect();
    let known: std::collections::BTreeMap<String, String> = cellhouse::config::ALARMS
        .iter()
        .map(|(name, has)| ((*name).to_owned(), (*has).to_owned()))
        .collect();
    assert_eq!(known, rows);
}

#[test]
fn a_limit_of_the_configuration_counts_where_it_says() {
    let mut config = plant(Size::Ka10, 2);
    config.alarms = vec![cellhouse::config::AlarmConfig {
        name: "ShellTemperature".to_owned(),
        electrolyzer: Some(1),
        limits: [None, Some(0.0), None, None],
        on_delay_s: Some(0.0),
        ..cellhouse::config::AlarmConfig::default()
    }];
    let mut engine = engine(config);
    sequence(&mut engine, 30);
    let is_active = |path: &str| engine.alarms().state(alarm(&engine, path)).active.on;
    assert!(is_active("Line1.EL102.Alarms.ShellTemperature"));
    assert!(!is_active("Line1.EL101.Alarms.ShellTemperature"));
}
