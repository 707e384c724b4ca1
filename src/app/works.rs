//! The plant as it is served: the engine with its journal, what was kept of alarms, and the history.

use std::fs;
use std::path::Path;

use crate::app::Failure;
use crate::app::record::{self, Opened};
use crate::app::recording::Recording;
use crate::chronicle::Chronicler;
use crate::cli::RunArgs;
use crate::config::{PlantConfig, ServerConfig};
use crate::engine::{self, Engine, Header, Journal};
use crate::forward;
use crate::store::Store;
use crate::tag::TagTable;
use crate::time::{self, Pace, Timestamp};
use crate::ua::event::EventIds;
use crate::ua::recording::EventHistory;
use crate::ua::space::Space;

/// Everything that goes on behind the server.
pub(super) struct Works {
    pub(super) engine: Engine,
    /// What survives a restart.
    pub(super) store: Store,
    /// What EventIds of conditions begin with.
    pub(super) alarm_epoch: u64,
    /// Who keeps what the plant shows.
    pub(super) recording: Recording,
    /// Hours that are made up before the first start.
    past_h: f64,
}

/// Opens what is in the data folder. [`Works::begin`] has to follow.
pub(super) fn open(
    plant: PlantConfig,
    config: &ServerConfig,
    args: &RunArgs,
) -> Result<Works, Failure> {
    let settings = &config.history;
    let history = if settings.enabled {
        Some(record::open(&config.data, settings, config.postgres.as_ref())?)
    } else {
        None
    };
    let newest = history.as_ref().and_then(Opened::newest);
    let is_first = history.is_some() && newest.is_none() && args.speed == Pace::Real;
    let past_h = if is_first { args.backfill.unwrap_or(settings.backfill_h) } else { 0.0 };
    let start = start_time(&plant, args.speed, past_h, newest);
    let mut engine = with_journal(plant, &config.data, start)?;
    let (store, alarm_epoch) = open_store(&config.data, &mut engine)?;
    let forwarder = forward(config, history.as_ref(), engine.table())?;
    let historian = match history {
        Some(history) => Some(history.record(engine.table(), settings)?),
        None => None,
    };
    let chronicler =
        if settings.enabled { Some(record::open_events(&config.data, settings)?) } else { None };
    let recording = Recording::new(historian, chronicler, forwarder);
    Ok(Works { engine, store, alarm_epoch, recording, past_h })
}

/// Starts to forward samples, if a database is configured.
fn forward(
    config: &ServerConfig,
    history: Option<&Opened>,
    table: &TagTable,
) -> Result<Option<forward::Handle>, Failure> {
    let Some(postgres) = config.postgres.clone() else { return Ok(None) };
    let outbox = history.and_then(Opened::outbox);
    let outbox = outbox.ok_or("[postgres] needs a history: set enabled = true in [history]")?;
    Ok(Some(forward::start(postgres, outbox, forward::notes(table))?))
}

impl Works {
    /// Makes up the past, the first time, with what happened in it; the way of events into their history.
    pub(super) fn begin(&mut self, space: &Space) -> Option<EventHistory> {
        let port = self.recording.chronicler.as_ref().map(Chronicler::port);
        let events = port.map(|it| EventHistory::new(space, it));
        if let Some(historian) = self.recording.historian.as_ref().filter(|_| self.past_h > 0.0) {
            println!(
                "The history is new: the last {} h of the plant are simulated for it, a value every {} s \
                 (--backfill 0 goes without).",
                self.past_h,
                record::PAST_STEP_S
            );
            let (ids, epoch) = (EventIds::new(time::now()), self.alarm_epoch);
            record::make_past(&mut self.engine, historian, |snapshot| {
                if let Some(events) = &events {
                    events.take_past(space, snapshot, &ids, epoch);
                }
            });
        }
        events
    }
}

/// When the plant begins: now, or so many hours ago; at another pace as configured, but behind what is recorded.
fn start_time(
    plant: &PlantConfig,
    pace: Pace,
    past_h: f64,
    newest: Option<Timestamp>,
) -> Timestamp {
    if pace == Pace::Real {
        return time::now().plus_s(-past_h * 3600.0);
    }
    let behind = newest.map(|it| it.plus_s(f64::from(plant.scan_ms) / 1000.0));
    behind.map_or(plant.start, |it| it.max(plant.start))
}

/// The engine with a journal of this run; that of the run before is kept beside it.
fn with_journal(plant: PlantConfig, data: &Path, start: Timestamp) -> Result<Engine, Failure> {
    fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let path = data.join("journal.txt");
    if path.exists() {
        fs::rename(&path, data.join("journal-previous.txt"))?;
    }
    let header = Header::new(&plant, start);
    let mut engine = Engine::new(plant, start);
    let file = fs::File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    engine.set_journal(Journal::new(Box::new(std::io::BufWriter::new(file)), &header)?);
    Ok(engine)
}

/// The store of what survives a restart; alarms take over what was kept of them. Also what EventIds of
/// conditions begin with: made with the store, so that an EventId from before a restart is still known.
fn open_store(data: &Path, engine: &mut Engine) -> Result<(Store, u64), Failure> {
    let store = Store::open(&data.join("state.redb"))?;
    let kept = engine::kept_alarms(&store)?;
    let count = kept.len();
    for (alarm, problem) in engine.alarms_mut().restore(kept) {
        tracing::warn!(alarm, problem, "what was kept of an alarm cannot be taken over");
    }
    tracing::info!(alarms = count, "states of alarms taken over");
    let known = store.all("server")?.into_iter().find(|(key, _)| key == "epoch");
    if let Some(epoch) = known.and_then(|(_, text)| text.parse().ok()) {
        return Ok((store, epoch));
    }
    let epoch = time::now().ticks().unsigned_abs();
    store.keep("server", &[("epoch".to_owned(), epoch.to_string())])?;
    Ok((store, epoch))
}
