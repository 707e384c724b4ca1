//! Our own certificates by the methods of ServerConfiguration (Part 12, 7.10.4 to 7.10.8).

use opcua_types::NodeId;
use tracing::info;

use crate::config::KeyType;
use crate::time;
use crate::ua::pki::{self, Offered, Wish};
use crate::ua::push::{GROUP, KEY_FORMAT, NONCE_BYTES, PushProblem};
use crate::ua::server::Server;
use crate::ua::subscription::SessionKey;

/// Issuers taken along with a certificate.
const ISSUERS: usize = 10;

/// What CreateSigningRequest asks for.
#[derive(Debug)]
pub struct SigningWish {
    /// Group; null is the only one.
    pub group: NodeId,
    /// Type; null is that of the RSA key.
    pub kind: NodeId,
    /// Subject; empty is the one we have.
    pub subject: String,
    /// For a new key.
    pub new_key: bool,
    /// Randomness of the client's, for a new key.
    pub nonce: Vec<u8>,
}

/// What UpdateCertificate brings.
#[derive(Debug)]
pub struct NewCertificate {
    /// Group; null is the only one.
    pub group: NodeId,
    /// Type; null is that of the RSA key.
    pub kind: NodeId,
    /// DER.
    pub certificate: Vec<u8>,
    /// Those above it, in DER.
    pub issuers: Vec<Vec<u8>>,
    /// Format of the key; empty without one.
    pub format: String,
    /// The key; empty is the one we have, or that of the signing request.
    pub key: Vec<u8>,
}

impl Server {
    /// The type of key that a group and a type of certificate stand for.
    fn key_type(&self, group: &NodeId, kind: &NodeId) -> Result<KeyType, PushProblem> {
        if !group.is_null() && *group != (0, GROUP) {
            return Err(PushProblem::Argument);
        }
        let identities = self.channels.identities();
        let mut keys = identities.iter().map(|it| it.key.key_type());
        let fits = |it: &KeyType| {
            if kind.is_null() { *it == KeyType::Rsa } else { Self::certificate_type(*it) == *kind }
        };
        keys.find(fits).ok_or(PushProblem::Argument)
    }

    /// CreateSigningRequest: a request for a certificate in DER (PKCS #10).
    pub async fn create_signing_request(&self, asked: SigningWish) -> Result<Vec<u8>, PushProblem> {
        let key = self.key_type(&asked.group, &asked.kind)?;
        if asked.new_key && asked.nonce.len() < NONCE_BYTES {
            return Err(PushProblem::Argument);
        }
        let wish = Wish {
            key,
            subject: asked.subject,
            uri: self.endpoints.application_uri.clone(),
            hosts: self.endpoints.hosts.clone(),
        };
        info!(key = key.name(), new = asked.new_key, "signing request made");
        // A new RSA key takes a while to find.
        let data = self.config.data.clone();
        let made = move || pki::signing_request(&data, &wish, asked.new_key);
        let made = tokio::task::spawn_blocking(made).await;
        Ok(made.map_err(|_| PushProblem::Broken)??.der)
    }

    /// UpdateCertificate: checks everything and makes it part of the transaction.
    pub async fn update_certificate(
        &self,
        session: SessionKey,
        new: NewCertificate,
    ) -> Result<(), PushProblem> {
        self.push.check_free(session)?;
        let key_type = self.key_type(&new.group, &new.kind)?;
        if new.issuers.len() > ISSUERS {
            return Err(PushProblem::Argument);
        }
        let key = match (new.format.as_str(), new.key.as_slice()) {
            ("", []) => None,
            (KEY_FORMAT, pem) => Some(String::from_utf8_lossy(pem).into_owned()),
            _ => return Err(PushProblem::Unsupported),
        };
        let (data, store) = (self.config.data.clone(), self.channels.trust.clone());
        let uri = self.endpoints.application_uri.clone();
        let issuers = new.issuers.clone();
        let checked = move || {
            let offered = Offered {
                certificate: &new.certificate,
                issuers: &new.issuers,
                key: key.as_deref(),
                key_type,
                uri: &uri,
            };
            pki::accept(&data, &store, &offered, time::now())
        };
        let checked = tokio::task::spawn_blocking(checked).await;
        let (files, identity) = checked.map_err(|_| PushProblem::Broken)??;
        self.push.with_transaction(session, |transaction| {
            transaction.update.own.retain(|it| it.name != files.name);
            transaction.update.own.push(files);
            transaction.identities.retain(|it| it.key.key_type() != key_type);
            transaction.identities.push(identity);
            transaction.issuers.extend(issuers);
        })
    }

    /// GetCertificates: types and certificates of a group.
    pub fn own_certificates(
        &self,
        group: &NodeId,
    ) -> Result<(Vec<NodeId>, Vec<Vec<u8>>), PushProblem> {
        if !group.is_null() && *group != (0, GROUP) {
            return Err(PushProblem::Argument);
        }
        let identities = self.channels.identities();
        let own = identities.iter();
        Ok(own
            .map(|it| (Self::certificate_type(it.key.key_type()), it.certificate.clone()))
            .unzip())
    }
}
