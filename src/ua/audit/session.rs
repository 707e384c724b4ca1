//! Sessions as deeds (Part 5, 6.4.7 to 6.4.11): created, activated, ended, a request cancelled, subscriptions moved.

use std::borrow::Cow;

use opcua_types::{
    AnonymousIdentityToken, ByteString, ExtensionObject, IssuedIdentityToken, NodeId, ObjectTypeId,
    StatusCode, UserNameIdentityToken, Variant, X509IdentityToken,
};

use crate::time;
use crate::ua::audit::{Deed, Origin, Who};
use crate::ua::endpoint::host_of;
use crate::ua::pki;
use crate::ua::server::Server;
use crate::ua::session::Session;

/// An activation as it is audited, secrets left out.
#[derive(Clone, Debug)]
pub struct Activation {
    /// On whose behalf; the user as the token says.
    pub origin: Origin,
    /// UserIdentityToken without password and signature.
    token: ExtensionObject,
}

impl Activation {
    /// Of what a client sends.
    pub fn new(origin: Origin, token: &ExtensionObject) -> Self {
        let (who, token) = masked(token);
        Self { origin: origin.acting(who), token }
    }

    /// The user has become known by what the token says.
    pub fn act_for(&mut self, user: &str) {
        self.origin = self.origin.clone().acting(Who::User(user.to_owned()));
    }
}

/// Who a token says to be, and the token without its secret (AUD-05).
fn masked(token: &ExtensionObject) -> (Who, ExtensionObject) {
    if let Some(named) = token.inner_as::<UserNameIdentityToken>() {
        let name = named.user_name.as_ref().to_owned();
        let masked = UserNameIdentityToken { password: ByteString::null(), ..named.clone() };
        return (Who::User(name), ExtensionObject::from_message(masked));
    }
    if let Some(certified) = token.inner_as::<X509IdentityToken>() {
        let der = certified.certificate_data.value.as_deref().unwrap_or_default();
        let name = pki::subject(der).unwrap_or_else(|| "(unreadable certificate)".to_owned());
        return (Who::User(name), token.clone());
    }
    if let Some(issued) = token.inner_as::<IssuedIdentityToken>() {
        let masked = IssuedIdentityToken { token_data: ByteString::null(), ..issued.clone() };
        return (Who::Unknown("ActivateSession"), ExtensionObject::from_message(masked));
    }
    if token.is_null() || token.inner_as::<AnonymousIdentityToken>().is_some() {
        return (Who::Anonymous, token.clone());
    }
    // Nobody knows what is in it.
    (Who::Unknown("ActivateSession"), ExtensionObject::null())
}

/// Anything about one session.
fn deed(
    server: &Server,
    kind: ObjectTypeId,
    source_name: &'static str,
    of: (&NodeId, &'static str),
    status: StatusCode,
) -> Deed {
    let (session, message) = of;
    let message: Cow<'static, str> =
        if status.is_bad() { format!("{message}: {status}").into() } else { message.into() };
    let deed = Deed::new(kind, server.own_id(), source_name, message, status);
    deed.with("SessionId", session.clone())
}

/// What a client's certificate is told by.
fn certificate(deed: Deed, der: &[u8]) -> Deed {
    if der.is_empty() {
        return deed
            .with("ClientCertificate", ByteString::null())
            .with("ClientCertificateThumbprint", Variant::Empty);
    }
    deed.with("ClientCertificate", ByteString::from(der))
        .with("ClientCertificateThumbprint", pki::thumbprint_hex(pki::leaf(der)).as_str())
}

impl Server {
    /// Audits CreateSession, done or refused.
    pub fn audit_create_session(
        &self,
        origin: &Origin,
        der: &[u8],
        created: Result<(NodeId, f64), StatusCode>,
    ) {
        let origin = &origin.clone().acting(Who::Unknown("CreateSession"));
        let status = created.as_ref().err().copied().unwrap_or(StatusCode::Good);
        let (session, timeout_ms) = created.unwrap_or((NodeId::null(), 0.0));
        let origin = &Origin { session: session.clone(), ..origin.clone() };
        let kind = ObjectTypeId::AuditCreateSessionEventType;
        let of = (&session, "session created");
        let created = deed(self, kind, "Session/CreateSession", of, status)
            .with("SecureChannelId", origin.channel.to_string().as_str())
            .with("RevisedSessionTimeout", timeout_ms);
        self.audit(origin, certificate(created, der));
    }

    /// Audits that a client has come by a URL whose host is not one of ours (Part 4, 5.7.2.1; SES-08).
    pub fn audit_url(&self, origin: &Origin, der: &[u8], url: &str) {
        if host_of(url).is_some_and(|it| self.endpoints.is_ours(it)) {
            return;
        }
        let origin = &origin.clone().acting(Who::Unknown("CreateSession"));
        let message = "a client has come by the name of a host that is not ours";
        let kind = ObjectTypeId::AuditUrlMismatchEventType;
        let of = (&origin.session, message);
        let mismatch = deed(self, kind, "Session/CreateSession", of, StatusCode::Good)
            .with("SecureChannelId", origin.channel.to_string().as_str())
            .with("EndpointUrl", url);
        self.audit(origin, certificate(mismatch, der));
    }

    /// Audits ActivateSession, done or refused.
    pub fn audit_activation(&self, activation: &Activation, status: StatusCode) {
        let origin = &activation.origin;
        let kind = ObjectTypeId::AuditActivateSessionEventType;
        let of = (&origin.session, "session activated");
        let deed = deed(self, kind, "Session/ActivateSession", of, status)
            .with("ClientSoftwareCertificates", Variant::from(Vec::<ExtensionObject>::new()))
            .with("UserIdentityToken", activation.token.clone())
            .with("SecureChannelId", origin.channel.to_string().as_str());
        self.audit(origin, deed);
    }

    /// Audits Cancel.
    pub fn audit_cancel(&self, origin: &Origin, handle: u32, status: StatusCode) {
        let kind = ObjectTypeId::AuditCancelEventType;
        let of = (&origin.session, "requests cancelled");
        let deed = deed(self, kind, "Session/Cancel", of, status).with("RequestHandle", handle);
        self.audit(origin, deed);
    }

    /// Audits what concerns a session as a whole: CloseSession, TransferSubscriptions.
    pub fn audit_session(
        &self,
        origin: &Origin,
        source_name: &'static str,
        message: &'static str,
        status: StatusCode,
    ) {
        let kind = ObjectTypeId::AuditSessionEventType;
        let of = (&origin.session, message);
        let deed = deed(self, kind, source_name, of, status);
        self.audit(origin, deed);
    }

    /// Audits the end of a session that nobody asked for: `Session/Timeout`, else `Session/Terminated`.
    pub fn audit_end(&self, session: &Session, source_name: &'static str) {
        let who = match &session.identity {
            None => Who::Unknown("Session"),
            Some(it) if it.is_anonymous => Who::Anonymous,
            Some(it) => Who::User(it.user.clone()),
        };
        let connections = self.connections.borrow();
        let address = connections.get(&session.channel).map(|it| it.peer);
        drop(connections);
        let (channel, id, time) = (session.channel, session.id.clone(), time::now());
        let entry = opcua_types::UAString::null();
        let origin = Origin { who, address, channel, session: id, entry, time };
        self.audit_session(&origin, source_name, "session ended by the server", StatusCode::Good);
    }
}
