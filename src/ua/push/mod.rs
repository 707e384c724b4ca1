//! Certificates managed from outside (Part 12, 7.10): what ServerConfiguration and the trust list's file do.
//!
//! ```text
//!        UpdateCertificate, CloseAndUpdate                 ApplyChanges
//! none ────────────────────────────────────► transaction ─────────────► applied ─answer sent─► channels closed
//!   ▲                                             │
//!   └── CancelChanges, end of the session ────────┘
//! ```
//! One session at a time changes something. Nothing counts before ApplyChanges, and then all of it does at once.
//! Sessions and subscriptions outlive the channels that are closed: clients come back to them over new ones.

mod apply;
mod certificate;
mod diagnostics;
mod file;
mod list;
mod live;

pub use certificate::{NewCertificate, SigningWish};
pub use diagnostics::LastTransaction;
pub use file::{Files, IDLE, Mode};
pub use list::ListState;

use std::cell::RefCell;
use std::io;
use std::time::{Duration, Instant};

use opcua_types::{NodeId, StatusCode};
use tokio::sync::Mutex;

use crate::access::Role;
use crate::config::{KeyType, SecurityPolicy};
use crate::ua::connection::Connection;
use crate::ua::pki::{CertificateProblem, Identity, InstallProblem, Update};
use crate::ua::server::Server;
use crate::ua::subscription::SessionKey;

/// Bytes of a trust list's file: MaxTrustListSize.
pub const TRUST_LIST_BYTES: usize = 1 << 20;
/// Shortest nonce for a new key, bytes (Part 12, 7.10.8).
pub const NONCE_BYTES: usize = 32;
/// Format of private keys that we take: PKCS #8 (Part 12, 7.10.4).
pub const KEY_FORMAT: &str = "PEM";
/// ServerConfiguration.
pub const CONFIGURATION: u32 = 12_637;
/// Its group of application certificates.
pub const GROUP: u32 = 14_156;
/// The group's trust list.
pub const TRUST_LIST: u32 = 12_642;
/// Channels that are to be closed wait so long for an answer that has not been sent yet.
const LONGEST_ANSWER: Duration = Duration::from_secs(1);

/// Why nothing has been done.
#[derive(Debug, thiserror::Error)]
pub enum PushProblem {
    /// Not an administrator of security.
    #[error("only a SecurityAdmin manages certificates")]
    Denied,
    /// Anybody on the network could read along.
    #[error("certificates are managed over encrypted channels only")]
    NotEncrypted,
    /// Another session changes something, or this one does what cannot be part of a transaction.
    #[error("a transaction has begun and is neither applied nor cancelled")]
    Pending,
    /// Nothing waits to be applied or cancelled.
    #[error("nothing waits to be applied")]
    NothingToDo,
    /// The trust list is open.
    #[error("the trust list is open")]
    Open,
    /// Not open for what is asked.
    #[error("the trust list is not open for this")]
    Mode,
    /// No such group, type, handle, length or list.
    #[error("argument out of what there is")]
    Argument,
    /// A mode of opening that trust lists do not have.
    #[error("not supported")]
    Unsupported,
    /// Longer than [`TRUST_LIST_BYTES`].
    #[error("the trust list is too long")]
    TooLong,
    /// Too many handles.
    #[error("too many handles")]
    TooMany,
    /// No trust list in what has been written.
    #[error("not a TrustListDataType")]
    Unreadable,
    /// A certificate that does not become ours.
    #[error(transparent)]
    Install(#[from] InstallProblem),
    /// A certificate that nobody can be trusted by.
    #[error(transparent)]
    Listed(#[from] CertificateProblem),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// A thread of ours has ended.
    #[error("the work was broken off")]
    Broken,
}

/// What one session is about to change.
#[derive(Debug)]
struct Transaction {
    session: SessionKey,
    update: Update,
    identities: Vec<Identity>,
    /// Issuers of our new certificates, for the list of issuers.
    issuers: Vec<Vec<u8>>,
}

/// Channels that end once the answer has been sent.
#[derive(Debug)]
struct Due {
    since: Instant,
    /// Channel that the answer goes over.
    asker: u32,
    channels: Vec<u32>,
}

/// State of push management.
#[derive(Debug, Default)]
pub struct Push {
    transaction: RefCell<Option<Transaction>>,
    /// Handles of the trust list's file.
    pub files: RefCell<Files>,
    /// What the trust list shows of itself.
    pub list: RefCell<ListState>,
    due: RefCell<Vec<Due>>,
    /// What came of the last transaction.
    last: RefCell<Option<LastTransaction>>,
    /// Held by one method at a time, so that those of one Call are done in their order.
    pub turn: Mutex<()>,
}

impl Push {
    /// A session has ended: its handles and what it had not applied are gone.
    pub fn session_closed(&self, session: SessionKey) {
        self.files.borrow_mut().close_session(session);
        let mut transaction = self.transaction.borrow_mut();
        if transaction.as_ref().is_some_and(|it| it.session == session) {
            *transaction = None;
            self.tell_last(|it| it.end(StatusCode::BadSessionClosed));
        }
    }

    fn tell_last(&self, tell: impl FnOnce(&mut LastTransaction)) {
        if let Some(last) = self.last.borrow_mut().as_mut() {
            tell(last);
        }
    }

    /// Nobody else may be in a transaction.
    fn check_free(&self, session: SessionKey) -> Result<(), PushProblem> {
        match self.transaction.borrow().as_ref() {
            Some(it) if it.session != session => Err(PushProblem::Pending),
            _ => Ok(()),
        }
    }

    /// Adds to the session's transaction, which begins if there is none.
    fn with_transaction(
        &self,
        session: SessionKey,
        change: impl FnOnce(&mut Transaction),
    ) -> Result<(), PushProblem> {
        self.check_free(session)?;
        let begin = || Transaction {
            session,
            update: Update::default(),
            identities: Vec::new(),
            issuers: Vec::new(),
        };
        let mut transaction = self.transaction.borrow_mut();
        if transaction.is_none() {
            *self.last.borrow_mut() = Some(LastTransaction::begin());
        }
        let transaction = transaction.get_or_insert_with(begin);
        change(transaction);
        let update = &transaction.update;
        let changes_list = update.lists.iter().any(Option::is_some);
        self.tell_last(|it| it.changes(changes_list, !update.own.is_empty()));
        Ok(())
    }
}

impl Server {
    /// Whether a session may manage certificates over this connection (Part 12, 7.2 and 7.10.3; GDS-02).
    pub fn may_manage_certificates(
        &self,
        session: SessionKey,
        connection: &Connection,
    ) -> Result<(), PushProblem> {
        let sessions = self.sessions.borrow();
        if !sessions.get(session).is_some_and(|it| it.roles().has(Role::SecurityAdmin)) {
            return Err(PushProblem::Denied);
        }
        let channel = connection.channel.borrow();
        if !channel.as_ref().is_some_and(|it| it.endpoint().encrypt) {
            return Err(PushProblem::NotEncrypted);
        }
        Ok(())
    }

    /// Type of certificate of a key.
    pub fn certificate_type(key: KeyType) -> NodeId {
        use opcua_types::ObjectTypeId as T;
        match key {
            KeyType::Rsa => T::RsaSha256ApplicationCertificateType,
            KeyType::NistP256 => T::EccNistP256ApplicationCertificateType,
            KeyType::NistP384 => T::EccNistP384ApplicationCertificateType,
        }
        .into()
    }

    /// Ends channels that a change concerns, once its answer has been sent over `asker`.
    pub fn settle_changes(&self, asker: u32) {
        self.settle(|it| it.asker == asker);
    }

    fn settle(&self, is_due: impl Fn(&Due) -> bool) {
        let due: Vec<Due> = self.push.due.borrow_mut().extract_if(.., |it| is_due(it)).collect();
        if due.is_empty() {
            return;
        }
        let ending: Vec<_> = {
            let connections = self.connections.borrow();
            let channels = due.iter().flat_map(|it| &it.channels);
            channels.filter_map(|it| connections.get(it).cloned()).collect()
        };
        for connection in ending {
            tracing::info!(channel = connection.id, "channel closed: our certificate has changed");
            connection.close();
        }
        self.close_untrusted();
        self.look_at_trust_list();
    }

    /// Whether a change waits for its answer to be sent. One that waits too long, because whoever asked has gone, is
    /// settled.
    pub fn changes_wait(&self, now: Instant) -> bool {
        self.settle(|it| now >= it.since + LONGEST_ANSWER);
        !self.push.due.borrow().is_empty()
    }

    /// Channels that work with our certificates of these types.
    fn channels_with(&self, keys: &[KeyType]) -> Vec<u32> {
        let is_concerned =
            |policy: SecurityPolicy| policy.key().is_some_and(|it| keys.contains(&it));
        let connections = self.connections.borrow();
        let concerned = connections
            .values()
            .filter(|it| it.channel.borrow().as_ref().is_some_and(|it| is_concerned(it.policy())));
        concerned.map(|it| it.id).collect()
    }
}
