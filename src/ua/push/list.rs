//! The trust list by its methods (Part 12, 7.8.2): what is read of it, and what is written into it.

use opcua_types::{BinaryDecodable, BinaryEncodable, ByteString, TrustListDataType};
use tracing::info;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::time::{self, Timestamp};
use crate::ua::audit::Origin;
use crate::ua::pki::{self, LISTS, TrustLists};
use crate::ua::push::{Mode, PushProblem, TRUST_LIST_BYTES};
use crate::ua::server::Server;
use crate::ua::subscription::SessionKey;

/// Bits of TrustListMasks: each of [`LISTS`] in turn.
const ALL: u32 = 0b1111;
/// File modes (Part 20, 4.2.2): to read, and to write anew. Trust lists have no others.
const READ: u8 = 1;
const WRITE_ANEW: u8 = 2 | 4;

/// What the trust list shows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListState {
    /// LastUpdateTime; `None` if there has never been a list.
    pub updated: Option<Timestamp>,
    /// Bytes of all of it as a file.
    pub bytes: u64,
}

impl Server {
    /// Opens the trust list in a mode of Part 20.
    pub fn open_trust_list(&self, session: SessionKey, mode: u8) -> Result<u32, PushProblem> {
        match mode {
            READ => self.read_trust_list(session, ALL),
            WRITE_ANEW => {
                self.push.check_free(session)?;
                self.push.files.borrow_mut().open(session, Mode::Write, time::monotonic())
            }
            0 | 16.. => Err(PushProblem::Argument),
            _ => Err(PushProblem::Unsupported),
        }
    }

    /// Opens those parts of the trust list to read them.
    pub fn read_trust_list(&self, session: SessionKey, masks: u32) -> Result<u32, PushProblem> {
        if masks & !ALL != 0 {
            return Err(PushProblem::Argument);
        }
        self.push.files.borrow().check_open(false)?;
        let bytes = self.encode_trust_list(masks);
        if bytes.len() > TRUST_LIST_BYTES {
            return Err(PushProblem::TooLong);
        }
        self.push.files.borrow_mut().open(session, Mode::Read(bytes), time::monotonic())
    }

    fn encode_trust_list(&self, masks: u32) -> Vec<u8> {
        let mut bit = 0;
        let parts = self.channels.trust.contents().map(|all| {
            bit += 1;
            let is_asked = masks & 1 << (bit - 1) != 0;
            let all = if is_asked { all } else { Vec::new() };
            Some(all.into_iter().map(ByteString::from).collect::<Vec<_>>())
        });
        let [trusted_certificates, trusted_crls, issuer_certificates, issuer_crls] = parts;
        let list = TrustListDataType {
            specified_lists: masks,
            trusted_certificates,
            trusted_crls,
            issuer_certificates,
            issuer_crls,
        };
        list.encode_to_vec(&self.context())
    }

    /// Closes what was written and makes it part of the transaction; what was written is gone if it is no trust list.
    pub fn close_and_update(&self, session: SessionKey, handle: u32) -> Result<(), PushProblem> {
        let written = {
            let mut files = self.push.files.borrow_mut();
            files.writes(session, handle, time::monotonic())?;
            files.close(session, handle)?.unwrap_or_default()
        };
        let lists = self.decode_trust_list(&written)?;
        self.check_size(&lists)?;
        self.push.with_transaction(session, |transaction| {
            let places = transaction.update.lists.iter_mut().zip(lists);
            for (place, list) in places.filter(|(_, list)| list.is_some()) {
                *place = list;
            }
        })
    }

    /// With what stays as it is, the list must be one that can be read again.
    fn check_size(&self, lists: &TrustLists) -> Result<(), PushProblem> {
        let before = self.channels.trust.contents();
        let after = lists.iter().zip(&before).map(|(new, old)| new.as_ref().unwrap_or(old));
        // Each with its length in front, and what TrustListDataType has beside them.
        let bytes: usize = after.flatten().map(|it| it.len() + 4).sum();
        if bytes + 20 > TRUST_LIST_BYTES { Err(PushProblem::TooLong) } else { Ok(()) }
    }

    fn decode_trust_list(&self, written: &[u8]) -> Result<TrustLists, PushProblem> {
        let context = self.decoding(written);
        let mut rest = written;
        let list = TrustListDataType::decode(&mut rest, &context);
        let list = list.ok().filter(|_| rest.is_empty()).ok_or(PushProblem::Unreadable)?;
        if list.specified_lists & !ALL != 0 {
            return Err(PushProblem::Unreadable);
        }
        let parts = [
            list.trusted_certificates,
            list.trusted_crls,
            list.issuer_certificates,
            list.issuer_crls,
        ];
        let before = self.channels.trust.contents();
        let mut lists = TrustLists::default();
        for (bit, part) in parts.into_iter().enumerate() {
            if list.specified_lists & 1 << bit == 0 {
                continue;
            }
            let part = part.unwrap_or_default().into_iter();
            let part: Vec<Vec<u8>> = part.map(|it| it.value.unwrap_or_default()).collect();
            // What somebody has trusted before may have ended since: it is no reason to refuse the rest.
            let mut newcomers = part.iter().filter(|it| !before[bit].contains(it));
            newcomers.try_for_each(|it| check(LISTS[bit], it))?;
            lists[bit] = Some(part);
        }
        Ok(lists)
    }

    /// Adds one certificate, and those above it to the issuers; it counts at once.
    pub async fn add_to_trust_list(
        &self,
        origin: &Origin,
        chain: &[u8],
        trusted: bool,
    ) -> Result<(), PushProblem> {
        self.check_list_free()?;
        let own = pki::leaf(chain).to_vec();
        let mut above = Vec::new();
        let mut rest = &chain[own.len()..];
        while !rest.is_empty() {
            let next = pki::leaf(rest);
            above.push(next.to_vec());
            rest = &rest[next.len()..];
        }
        for der in std::iter::once(&own).chain(&above) {
            check(LISTS[0], der)?;
        }
        let before = self.push.list.borrow().bytes as usize;
        if before + chain.len() + 4 * (above.len() + 1) > TRUST_LIST_BYTES {
            return Err(PushProblem::TooLong);
        }
        let place = if trusted { LISTS[0] } else { LISTS[2] };
        let store = self.channels.trust.clone();
        info!(
            certificate = pki::thumbprint_hex(&own),
            place, "certificate added to the trust list"
        );
        let added = tokio::task::spawn_blocking(move || {
            above.iter().try_for_each(|it| store.add(LISTS[2], it))?;
            store.add(place, &own)
        });
        added.await.map_err(|_| PushProblem::Broken)??;
        self.audit_trust_list_updated(origin);
        self.due_for(origin, Vec::new());
        Ok(())
    }

    /// Takes a certificate out; it counts at once.
    pub async fn remove_from_trust_list(
        &self,
        origin: &Origin,
        thumbprint: &str,
        trusted: bool,
    ) -> Result<(), PushProblem> {
        self.check_list_free()?;
        let place = if trusted { LISTS[0] } else { LISTS[2] };
        let (store, name) = (self.channels.trust.clone(), thumbprint.to_owned());
        let taken = tokio::task::spawn_blocking(move || store.take(place, &name));
        let taken = taken.await.map_err(|_| PushProblem::Broken)??;
        taken.ok_or(PushProblem::Argument)?;
        info!(certificate = thumbprint, place, "certificate taken out of the trust list");
        self.audit_trust_list_updated(origin);
        self.due_for(origin, Vec::new());
        Ok(())
    }

    /// Single certificates come and go only while nobody has the file open and no transaction has begun (GDS-07).
    fn check_list_free(&self) -> Result<(), PushProblem> {
        if self.push.files.borrow().count() > 0 {
            return Err(PushProblem::Open);
        }
        if self.push.transaction.borrow().is_some() {
            return Err(PushProblem::Pending);
        }
        Ok(())
    }

    /// Looks at the trust list for what it shows of itself.
    pub fn look_at_trust_list(&self) {
        let bytes = self.encode_trust_list(ALL).len() as u64;
        let updated = self.channels.trust.last_update();
        *self.push.list.borrow_mut() = ListState { updated, bytes };
    }
}

/// One certificate or one revocation list, whole.
fn check(place: &str, der: &[u8]) -> Result<(), PushProblem> {
    if place.ends_with("crl") {
        let parsed = CertificateRevocationList::from_der(der);
        let is_whole = parsed.is_ok_and(|(rest, _)| rest.is_empty());
        return is_whole.then_some(()).ok_or(pki::CertificateProblem::Invalid.into());
    }
    Ok(pki::check_listed(der, time::now())?)
}
