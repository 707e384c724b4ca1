//! The engine's two openings, as an edge holds them.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::access::Actor;
use crate::alarm::{AlarmCommand, AlarmRefusal};
use crate::control::{Command, Outcome, Refusal};
use crate::engine::Snapshot;
use crate::tag::{KpiBoard, RecordingFigures};
use crate::time::Timestamp;

/// Where the outcome of a plant's command goes: answered once the effect is in a published snapshot.
pub type PlantReply = oneshot::Sender<Outcome>;
/// Where the outcome of an alarm's command goes: answered once the effect is in a published snapshot and on disk.
pub type AlarmReply = oneshot::Sender<Result<(), AlarmRefusal>>;

/// Something that is asked of the engine, and where its outcome goes.
#[derive(Debug)]
pub enum Request {
    /// Of the plant.
    Plant(Command, PlantReply),
    /// Of an alarm.
    Alarm(AlarmCommand, AlarmReply),
    /// Whether it would be accepted at the moment. Nothing changes.
    Check(Command, PlantReply),
    /// Whether it would be accepted at the moment, as far as that can be told. Nothing changes.
    CheckAlarm(AlarmCommand, AlarmReply),
    /// Count the figures of the alarm system anew: of the plant (0) or a line (from 1).
    ResetAlarmFigures(usize, Actor, AlarmReply),
    /// Show these key figures. Nobody waits for it.
    ShowKpis(Arc<KpiBoard>),
    /// Show that recording goes like this. Nobody waits for it.
    ShowRecording(RecordingFigures),
    /// The server has another certificate, which ends then. Nobody waits for it.
    CertificateEnds(Timestamp),
}

/// An outcome on its way.
#[derive(Debug)]
pub(super) enum Reply {
    Plant(PlantReply, Outcome),
    Alarm(AlarmReply, Result<(), AlarmRefusal>),
}

impl Reply {
    /// Gives it to whoever asked.
    pub(super) fn give(self) {
        // The asker may have gone.
        match self {
            Self::Plant(reply, outcome) => drop(reply.send(outcome)),
            Self::Alarm(reply, outcome) => drop(reply.send(outcome)),
        }
    }
}

/// What an edge holds of the engine.
#[derive(Debug)]
pub struct EnginePort {
    /// The newest snapshot, for reads.
    pub latest: watch::Receiver<Arc<Snapshot>>,
    /// Every snapshot in order, for sampling; bounded, a receiver that lags is told so.
    pub every: broadcast::Sender<Arc<Snapshot>>,
    /// Commands; bounded.
    pub commands: mpsc::Sender<Request>,
    /// Time between scans, ms of wall time.
    pub scan_ms: f64,
}

impl EnginePort {
    /// Sends a command and waits for its outcome. A full or closed queue is [`Refusal::Busy`].
    pub async fn ask(&self, command: Command) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        let request = Request::Plant(command, reply);
        self.commands.try_send(request).map_err(|_| Refusal::Busy)?;
        outcome.await.unwrap_or(Err(Refusal::Busy))
    }

    /// Asks something of an alarm: where the outcome will come. A full or closed queue is
    /// [`AlarmRefusal::Busy`].
    pub fn ask_alarm(
        &self,
        command: AlarmCommand,
    ) -> Result<oneshot::Receiver<Result<(), AlarmRefusal>>, AlarmRefusal> {
        let (reply, outcome) = oneshot::channel();
        self.commands.try_send(Request::Alarm(command, reply)).map_err(|_| AlarmRefusal::Busy)?;
        Ok(outcome)
    }
}
