//! The engine on its thread: stepped, free-running, real; its queue; its end.

use std::sync::Arc;
use std::time::Duration;

use cellhouse::control::{Refusal, Setpoint};
use cellhouse::engine::{
    COMMANDS_MAX, EngineFailure, EnginePort, Handle, Header, Journal, Request, spawn,
};
use cellhouse::tag::Value;
use cellhouse::time::{Clock, Pace};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::support::{Size, base_feed, engine, plant, tag};

const LIMIT: Duration = Duration::from_secs(20);

fn start(pace: Pace) -> (EnginePort, Handle) {
    let config = plant(Size::Ka6, 2);
    let clock = Clock::new(pace, config.scan_ms);
    spawn(engine(config), clock).unwrap()
}

#[tokio::test]
async fn the_first_snapshot_is_there_from_the_start() {
    let (port, _handle) = start(Pace::Stepped);
    assert!(!port.latest.borrow().chunks.is_empty());
}

#[tokio::test]
async fn a_stepped_engine_makes_as_many_scans_as_asked() {
    let (port, handle) = start(Pace::Stepped);
    assert!(handle.advance(10).await);
    assert_eq!(port.latest.borrow().scan, 10);
}

#[tokio::test]
async fn a_stepped_engine_keeps_plant_time_in_whole_scans() {
    let (port, handle) = start(Pace::Stepped);
    let before = port.latest.borrow().time;
    handle.advance(90).await;
    assert_eq!(port.latest.borrow().time, before.plus_s(90.0));
}

#[tokio::test]
async fn every_snapshot_arrives_in_order() {
    let (port, handle) = start(Pace::Stepped);
    let mut every = port.every.subscribe();
    handle.advance(5).await;
    let mut scans = Vec::new();
    while let Ok(snapshot) = every.try_recv() {
        scans.push(snapshot.scan);
    }
    assert_eq!(scans, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_command_is_answered_between_steps_with_its_effect_published() {
    let (port, _handle) = start(Pace::Stepped);
    timeout(LIMIT, port.ask(base_feed(150.0))).await.unwrap().unwrap();
    let engine = engine(plant(Size::Ka6, 2));
    let tag = tag(&engine, "Line1.EL101", Setpoint::BaseFeedRate);
    let latest = Arc::clone(&port.latest.borrow());
    assert_eq!(*latest.sample(tag).value, Value::F64(150.0));
}

#[tokio::test]
async fn a_refusal_reaches_the_asker() {
    let (port, _handle) = start(Pace::Stepped);
    let outcome = timeout(LIMIT, port.ask(base_feed(1e9))).await.unwrap();
    assert!(matches!(outcome, Err(Refusal::OutOfRange { .. })), "{outcome:?}");
}

// While the engine works off a long order, the queue fills; what does not fit is refused at once.
#[tokio::test]
async fn a_full_queue_refuses_as_busy() {
    let (commands, _requests) = tokio::sync::mpsc::channel(COMMANDS_MAX);
    let (port, _handle) = start(Pace::Stepped);
    let EnginePort { latest, every, scan_ms, .. } = port;
    let port = EnginePort { latest, every, commands, scan_ms };
    for _ in 0..COMMANDS_MAX {
        let (reply, _) = oneshot::channel();
        port.commands.try_send(Request::Plant(base_feed(150.0), reply)).unwrap();
    }
    assert_eq!(port.ask(base_feed(150.0)).await, Err(Refusal::Busy));
}

#[tokio::test]
async fn a_free_running_engine_serves_commands() {
    let (port, _handle) = start(Pace::FreeRunning);
    timeout(LIMIT, port.ask(base_feed(150.0))).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_scaled_engine_scans_by_itself() {
    let (mut port, _handle) = start(Pace::Scaled(200.0));
    timeout(LIMIT, port.latest.wait_for(|it| it.scan >= 20)).await.unwrap().unwrap();
}

#[tokio::test]
async fn plant_time_is_utc_at_real_pace() {
    let (port, _handle) = start(Pace::Real);
    let off_s = cellhouse::time::now().seconds_since(port.latest.borrow().time);
    assert!(off_s.abs() < 1.0, "{off_s}");
}

#[tokio::test]
async fn the_engine_stops_when_told_and_closes_its_port() {
    let (port, handle) = start(Pace::Real);
    timeout(LIMIT, handle.stop()).await.unwrap().unwrap();
    assert_eq!(port.ask(base_feed(150.0)).await, Err(Refusal::Busy));
}

#[tokio::test]
async fn an_engine_that_is_stopped_has_made_what_it_was_asked() {
    let (_port, handle) = start(Pace::Stepped);
    handle.advance(7).await;
    let engine = timeout(LIMIT, handle.stop()).await.unwrap().unwrap();
    assert_eq!(engine.scans(), 8);
}

struct Broken;

impl std::io::Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // The header is written by the test, the first command by the engine.
        assert!(!bytes.windows(7).any(|it| it == b"command"), "the disk is on fire");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// A dead engine behind a live server would show clients a plant that stands still.
#[tokio::test]
async fn a_panic_of_the_engine_closes_the_port_and_is_told() {
    let config = plant(Size::Ka6, 1);
    let clock = Clock::new(Pace::Real, config.scan_ms);
    let header = Header::new(&config, config.start);
    let mut engine = engine(config);
    engine.set_journal(Journal::new(Box::new(Broken), &header).unwrap());
    let (port, handle) = spawn(engine, clock).unwrap();
    let outcome = timeout(LIMIT, port.ask(base_feed(150.0))).await.unwrap();
    timeout(LIMIT, handle.ended()).await.unwrap();
    let message = "the disk is on fire".to_owned();
    let ended = handle.stop().await.map(|_| ());
    assert_eq!((outcome, ended), (Err(Refusal::Busy), Err(EngineFailure::Panicked { message })));
}

// The app ends with an error when the engine is gone; it must learn of it without asking.
#[tokio::test]
async fn the_end_of_the_engine_is_noticed() {
    let (port, handle) = start(Pace::Stepped);
    let mut latest = port.latest.clone();
    latest.mark_unchanged();
    let stopped = handle.stop();
    let (changed, _) = tokio::join!(latest.changed(), stopped);
    assert!(changed.is_err());
}
