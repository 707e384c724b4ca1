//! The engine's two openings, as an edge holds them.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::control::{Command, Outcome, Refusal};
use crate::engine::Snapshot;

/// A command and where its outcome goes.
#[derive(Debug)]
pub struct Request {
    /// What is asked.
    pub command: Command,
    /// Answered once the effect is in a published snapshot, or with the refusal.
    pub reply: oneshot::Sender<Outcome>,
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
        let request = Request { command, reply };
        self.commands.try_send(request).map_err(|_| Refusal::Busy)?;
        outcome.await.unwrap_or(Err(Refusal::Busy))
    }
}
