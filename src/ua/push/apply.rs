//! ApplyChanges and CancelChanges (Part 12, 7.10.9 and 7.10.10).

use std::rc::Rc;

use opcua_types::{NodeId, ObjectTypeId, StatusCode};
use tracing::{info, warn};

use crate::config::KeyType;
use crate::engine::Request;
use crate::time;
use crate::ua::audit::{Deed, Origin};
use crate::ua::pki::{self, LISTS};
use crate::ua::push::{CONFIGURATION, Due, GROUP, PushProblem, TRUST_LIST, Transaction};
use crate::ua::server::Server;
use crate::ua::subscription::SessionKey;

impl Server {
    /// ApplyChanges: all of the transaction counts from now on. Channels that it concerns end by
    /// [`Server::settle_changes`].
    pub async fn apply_changes(
        self: &Rc<Self>,
        session: SessionKey,
        origin: &Origin,
    ) -> Result<(), PushProblem> {
        if self.push.files.borrow().is_written() {
            return Err(PushProblem::Open);
        }
        let transaction = self.take_transaction(session)?;
        if transaction.update.is_empty() {
            self.push.tell_last(|it| it.end(StatusCode::Good));
            return Ok(());
        }
        // A task of its own: it ends what it has begun even if nobody waits for it any more.
        let (server, origin) = (Rc::clone(self), origin.clone());
        let applied = tokio::task::spawn_local(async move {
            if let Err(problem) = server.write_changes(&transaction).await {
                warn!(%problem, "changes of certificates cannot be written");
                server.push.tell_last(|it| it.fail(&problem));
                // They can be applied again.
                server.push.transaction.borrow_mut().get_or_insert(transaction);
                return Err(problem);
            }
            server.push.tell_last(|it| it.end(StatusCode::Good));
            server.take_over(transaction, &origin);
            Ok(())
        });
        applied.await.map_err(|_| PushProblem::Broken)?
    }

    /// CancelChanges: nothing of the transaction counts.
    pub fn cancel_changes(&self, session: SessionKey) -> Result<(), PushProblem> {
        if self.push.files.borrow().is_written() {
            return Err(PushProblem::Open);
        }
        self.take_transaction(session)?;
        self.push.tell_last(|it| it.end(StatusCode::BadRequestCancelledByClient));
        Ok(())
    }

    fn take_transaction(&self, session: SessionKey) -> Result<Transaction, PushProblem> {
        self.push.check_free(session)?;
        self.push.transaction.borrow_mut().take().ok_or(PushProblem::NothingToDo)
    }

    /// Decides for the changes on disk and carries them out there.
    async fn write_changes(&self, transaction: &Transaction) -> Result<(), PushProblem> {
        let (data, store) = (self.config.data.clone(), self.channels.trust.clone());
        let mut update = transaction.update.clone();
        let issuers = transaction.issuers.clone();
        if let Some(list) = &mut update.lists[2] {
            list.extend(issuers.iter().cloned());
        }
        let decided = tokio::task::spawn_blocking(move || {
            if update.lists[2].is_none() {
                issuers.iter().try_for_each(|it| store.add(LISTS[2], it))?;
            }
            update.decide(&data)
        });
        decided.await.map_err(|_| PushProblem::Broken)??;
        // A few renames, on this thread: nobody looks at the trust list between two of them.
        if let Err(error) = pki::carry_out(&self.config.data) {
            warn!(%error, "changes of certificates are decided, but wait for the next start");
        }
        Ok(())
    }

    /// What is on disk counts here too.
    fn take_over(&self, transaction: Transaction, origin: &Origin) {
        let keys: Vec<KeyType> =
            transaction.identities.iter().map(|it| it.key.key_type()).collect();
        let channels = self.channels_with(&keys);
        for identity in transaction.identities {
            let (key, certificate) =
                (identity.key.key_type(), pki::thumbprint_hex(&identity.certificate));
            info!(key = key.name(), certificate, "our certificate has been replaced");
            self.channels.replace(identity);
            self.audit_certificate_updated(origin, key);
        }
        if !keys.is_empty() {
            self.show_expiry();
        }
        if transaction.update.lists.iter().any(Option::is_some) {
            info!("the trust list has been replaced");
            self.audit_trust_list_updated(origin);
        }
        self.due_for(origin, channels);
    }

    /// These channels, and those that are no longer trusted, end once the answer has been sent.
    pub(super) fn due_for(&self, origin: &Origin, channels: Vec<u32>) {
        let due = Due { since: time::monotonic(), asker: origin.channel, channels };
        self.push.due.borrow_mut().push(due);
    }

    /// The first end of our certificates is what the alarm goes by (CRT-28).
    fn show_expiry(&self) {
        let identities = self.channels.identities();
        let ends = identities.iter().filter_map(|it| Some((pki::expires(&it.certificate)?, it)));
        let Some((expires, first)) = ends.min_by_key(|(expires, _)| *expires) else { return };
        self.space.set_certificate(expires, first.certificate.clone());
        if self.port.commands.try_send(Request::CertificateEnds(expires)).is_err() {
            warn!(
                "the alarm of our certificate's end goes by the old certificate until the next start"
            );
        }
    }

    fn audit_certificate_updated(&self, origin: &Origin, key: KeyType) {
        let message = format!("our certificate with a key of type {} was replaced", key.name());
        let kind = ObjectTypeId::CertificateUpdatedAuditEventType;
        let deed = deed(kind, CONFIGURATION, "Method/ApplyChanges", message)
            .with("CertificateGroup", NodeId::new(0, GROUP))
            .with("CertificateType", Self::certificate_type(key));
        self.audit(origin, deed);
    }

    /// The trust list has another content.
    pub(super) fn audit_trust_list_updated(&self, origin: &Origin) {
        let message = "the trust list was changed".to_owned();
        let kind = ObjectTypeId::TrustListUpdatedAuditEventType;
        let deed = deed(kind, TRUST_LIST, "Method/TrustListUpdated", message)
            .with("TrustListId", NodeId::new(0, TRUST_LIST));
        self.audit(origin, deed);
    }
}

fn deed(kind: ObjectTypeId, source: u32, name: &'static str, message: String) -> Deed {
    Deed::new(kind, NodeId::new(0, source), name, message, StatusCode::Good)
}
