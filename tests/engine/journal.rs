//! The journal: what is written comes back, and what is wrong is named with its line.

use std::io::Cursor;

use cellhouse::control::{Command, Method, Order, Scalar, Setpoint, Target};
use cellhouse::engine::{EntryKind, Header, Journal, Replay, ReplayError};

use crate::support::{Shared, Size, base_feed, engine, engineer, plant};

const HEADER: &str = "cellhouse-journal\t1\nversion\t0\nseed\t1\nconfig\t0\nstart\t5\n";

fn read(entries: &str) -> Result<Replay, ReplayError> {
    Replay::new(Box::new(Cursor::new(format!("{HEADER}{entries}"))))
}

fn wrong(entries: &str) -> String {
    let mut replay = match read(entries) {
        Ok(replay) => replay,
        Err(error) => return error.to_string(),
    };
    loop {
        match replay.due(u64::MAX) {
            Ok(Some(_)) => {}
            Ok(None) => return String::new(),
            Err(error) => return error.to_string(),
        }
    }
}

/// What an engine writes into its journal when it accepts `command`.
fn journal_of(command: &Command) -> String {
    let config = plant(Size::Ka6, 1);
    let header = Header::new(&config, config.start);
    let mut engine = engine(config);
    let sink = Shared::default();
    engine.set_journal(Journal::new(Box::new(sink.clone()), &header).unwrap());
    engine.scan();
    engine.command(command).unwrap();
    engine.publish_commands();
    sink.text()
}

#[test]
fn an_accepted_command_comes_back_as_it_was() {
    let command = base_feed(163.7);
    let mut replay = Replay::new(Box::new(Cursor::new(journal_of(&command)))).unwrap();
    assert_eq!(replay.due(1).unwrap(), Some(EntryKind::Command(command)));
}

#[test]
fn a_command_is_not_due_before_its_scan() {
    let mut replay = Replay::new(Box::new(Cursor::new(journal_of(&base_feed(163.7))))).unwrap();
    assert_eq!(replay.due(0).unwrap(), None);
}

#[test]
fn a_refused_command_is_not_written() {
    let config = plant(Size::Ka6, 1);
    let header = Header::new(&config, config.start);
    let mut engine = engine(config);
    let sink = Shared::default();
    engine.set_journal(Journal::new(Box::new(sink.clone()), &header).unwrap());
    engine.scan();
    engine.command(&base_feed(1e9)).unwrap_err();
    engine.flush_journal();
    assert_eq!(sink.text().lines().count(), 5);
}

// An actor's name comes from a client; it must not be able to forge a line.
#[test]
fn a_name_with_a_line_break_stays_one_field() {
    let mut command = base_feed(163.7);
    command.actor.name = "eve\n9\tcommand\\".into();
    let mut replay = Replay::new(Box::new(Cursor::new(journal_of(&command)))).unwrap();
    assert_eq!(replay.due(1).unwrap(), Some(EntryKind::Command(command)));
}

#[test]
fn arguments_of_a_call_come_back_as_they_were() {
    let arguments = "text:a\\tb\tnumber:0.1\tticks:-7";
    let line = format!(
        "3\tcommand\ttest\tOperator,Supervisor,Engineer\tanode 4 2\tcall\tRefill\t{arguments}\n"
    );
    let expected = Command {
        actor: engineer(),
        target: Target::Anode { electrolyzer: 4, position: 2 },
        order: Order::Call {
            method: Method::Refill,
            arguments: vec![Scalar::Text("a\tb".into()), Scalar::Number(0.1), Scalar::Ticks(-7)],
        },
    };
    assert_eq!(read(&line).unwrap().due(3).unwrap(), Some(EntryKind::Command(expected)));
}

#[test]
fn parameters_written_together_come_back_as_they_were() {
    let values = vec![(Setpoint::BaseFeedRate, 163.7), (Setpoint::OverfeedFactor, 1.25)];
    let order = Order::WriteAll { values };
    let command = Command { actor: engineer(), target: Target::Electrolyzer(0), order };
    let mut replay = Replay::new(Box::new(Cursor::new(journal_of(&command)))).unwrap();
    assert_eq!(replay.due(1).unwrap(), Some(EntryKind::Command(command)));
    let entries = "2\tcommand\ta\t\telectrolyzer 1\twrite-all\tBaseFeedRate\n";
    assert_eq!(wrong(entries), "line 6: `setpoint:value` expected, found \"BaseFeedRate\"");
}

#[test]
fn a_mistake_is_named_with_its_line() {
    let entries = "1\ttime\t5\n2\tcommand\ta\t\tfeeder x\twrite\tCurrent\t1\n";
    assert_eq!(wrong(entries), "line 7: device index \"x\" is not a number");
}

#[test]
fn an_unknown_setpoint_is_named() {
    let entries = "2\tcommand\ta\t\tfeeder 1\twrite\tVolume\t1\n";
    assert_eq!(wrong(entries), "line 6: no setpoint \"Volume\"");
}

// A run that was cut off leaves half a line; "16" may have been "163.7".
#[test]
fn a_last_line_without_end_is_ignored() {
    let entries = "1\ttime\t5\n2\tcommand\ta\t\tfeeder 1\twrite\tCurrent\t16";
    let mut replay = read(entries).unwrap();
    replay.due(9).unwrap();
    assert_eq!((replay.due(9).unwrap(), replay.truncated()), (None, Some(7)));
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let endless = "1\tcommand\t".to_owned() + &"a".repeat(100_000);
    assert_eq!(wrong(&endless), "line 6: longer than 65536 bytes");
}

#[test]
fn a_journal_of_another_seed_is_refused() {
    let config = plant(Size::Ka6, 1);
    let other = cellhouse::config::PlantConfig { seed: 2, ..config.clone() };
    let sink = Shared::default();
    Journal::new(Box::new(sink.clone()), &Header::new(&other, other.start)).unwrap();
    let replay = Replay::new(Box::new(Cursor::new(sink.text()))).unwrap();
    let error = replay.check(&Header::new(&config, config.start)).unwrap_err();
    assert_eq!(error.to_string(), "the journal has seed 2, this run has 1");
}

#[test]
fn a_journal_of_another_plant_is_refused() {
    let config = plant(Size::Ka6, 1);
    let sink = Shared::default();
    Journal::new(Box::new(sink.clone()), &Header::new(&config, config.start)).unwrap();
    let replay = Replay::new(Box::new(Cursor::new(sink.text()))).unwrap();
    let other = plant(Size::Ka6, 2);
    replay.check(&Header::new(&other, other.start)).unwrap_err();
}
