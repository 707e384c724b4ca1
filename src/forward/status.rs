//! What the forwarder says of itself, for any thread.

use tokio::sync::watch;

use crate::history::Waiting;
use crate::time::Timestamp;

/// How forwarding goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForwardStatus {
    /// The database is there and takes samples.
    pub connected: bool,
    /// What is committed here and not there.
    pub waiting: Waiting,
    /// Samples forwarded since the start.
    pub forwarded: u64,
    /// Samples given up since the start, for want of room.
    pub given_up: u64,
    /// When samples were last forwarded.
    pub last_success: Option<Timestamp>,
    /// What went wrong last; stays when it is over.
    pub last_error: Option<String>,
}

/// Reads the status, on any thread. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Monitor(pub(super) watch::Receiver<ForwardStatus>);

impl Monitor {
    /// As of about a second ago at most.
    pub fn status(&self) -> ForwardStatus {
        self.0.borrow().clone()
    }
}
