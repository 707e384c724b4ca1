//! The plant's commands of one request: handed to the engine together, so that it is woken once and its queue has room
//! for them all.

use opcua_types::StatusCode;
use tokio::sync::oneshot;
use tracing::{debug, info};

use crate::control::{Command, Outcome, Refusal};
use crate::engine::{EnginePort, Request};
use crate::ua::server::ENGINE_GONE;
use crate::ua::status;

/// Commands that are handed over together at the most.
const COMMANDS: usize = 500;

/// Where the outcomes of commands that were handed over will come; none if the engine had no room for them.
type Waiting = Option<oneshot::Receiver<Vec<Outcome>>>;

/// A command's place: which hand-over, and which of its commands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize, usize);

/// Commands on their way to the engine.
#[derive(Debug)]
pub(super) struct Batches<'a> {
    port: &'a EnginePort,
    collected: Vec<Command>,
    waiting: Vec<Waiting>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(port: &'a EnginePort) -> Self {
        Self { port, collected: Vec::new(), waiting: Vec::new() }
    }

    /// Takes a command, to be handed over behind those before.
    pub(super) fn add(&mut self, command: Command) -> Place {
        debug!(actor = %command.actor, target = ?command.target, order = ?command.order, "write");
        if self.collected.len() >= COMMANDS {
            self.hand_over();
        }
        self.collected.push(command);
        Place(self.waiting.len(), self.collected.len() - 1)
    }

    /// Hands over what is collected.
    pub(super) fn hand_over(&mut self) {
        if self.collected.is_empty() {
            return;
        }
        let (reply, outcomes) = oneshot::channel();
        let request = Request::PlantAll(std::mem::take(&mut self.collected), reply);
        self.waiting.push(self.port.commands.try_send(request).ok().map(|()| outcomes));
    }

    /// Hands over the rest: what is waited for now.
    pub(super) fn send(mut self) -> Sent {
        self.hand_over();
        Sent(self.waiting)
    }
}

/// Commands that were handed over.
#[derive(Debug)]
pub(super) struct Sent(Vec<Waiting>);

impl Sent {
    /// Waits for all.
    pub(super) async fn outcomes(self) -> Outcomes {
        let mut all = Vec::with_capacity(self.0.len());
        for waiting in self.0 {
            all.push(match waiting {
                None => Came::Busy,
                Some(waiting) => waiting.await.map_or(Came::Gone, Came::Outcomes),
            });
        }
        Outcomes(all)
    }
}

/// What came of one hand-over.
#[derive(Debug)]
enum Came {
    Outcomes(Vec<Outcome>),
    /// The engine's queue was full.
    Busy,
    /// The engine has ended.
    Gone,
}

/// What came of all commands.
#[derive(Debug)]
pub(super) struct Outcomes(Vec<Came>);

impl Outcomes {
    /// What came of one.
    pub(super) fn status(&self, Place(batch, index): Place) -> StatusCode {
        match self.0.get(batch) {
            Some(Came::Busy) => status::of_refusal(&Refusal::Busy),
            Some(Came::Outcomes(all)) => match all.get(index) {
                Some(Ok(_)) => StatusCode::Good,
                Some(Err(refusal)) => {
                    info!(%refusal, "write refused");
                    status::of_refusal(refusal)
                }
                None => ENGINE_GONE,
            },
            Some(Came::Gone) | None => ENGINE_GONE,
        }
    }
}
