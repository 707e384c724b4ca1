//! Session service set (Part 4, 5.7): ActivateSession, CloseSession. CreateSession has a file of its own.

use std::rc::Rc;

use opcua_types::{
    ActivateSessionResponse, ByteString, CloseSessionResponse, ExtensionObject, LocaleId,
    SignatureData, SignedSoftwareCertificate, StatusCode,
};
use tracing::{debug, info, warn};

use crate::config::{EndpointConfig, SecurityPolicy};
use crate::time;
use crate::ua::audit::{self, Origin};
use crate::ua::crypto;
use crate::ua::envelope::fault;
use crate::ua::pki;
use crate::ua::server::Server;
use crate::ua::service::{Answer, Outcome, Request, encode, ephemeral, issued};
use crate::ua::session::{Identity, IdentityProblem, Login, Proof, read_login};
use crate::ua::subscription::SessionKey;

/// Locales kept of a client's list.
const LOCALES: usize = 16;

/// What ActivateSession says.
struct Activate {
    signature: SignatureData,
    locales: Option<Vec<LocaleId>>,
    token: ExtensionObject,
    user_signature: SignatureData,
}

/// ActivateSession. A password is checked off this thread, so the answer may come later.
pub(super) fn activate(mut request: Request<'_>) -> Outcome {
    let asked = Activate {
        signature: request.typed()?,
        locales: {
            let _certificates: Option<Vec<SignedSoftwareCertificate>> = request.typed()?;
            request.typed()?
        },
        token: request.typed()?,
        user_signature: request.typed()?,
    };
    let token = request.header.authentication_token.clone();
    let key = request.server.sessions.borrow_mut().by_token(&token).map(|it| it.key);
    let origin = request.server.origin(request.connection, &request.header, key);
    let mut audited = audit::Activation::new(origin, &asked.token);
    let outcome = try_activate(&request, asked, &mut audited);
    match &outcome {
        // Audited by whoever answers.
        Ok(Answer::Later) => {}
        Ok(Answer::Now(_)) => request.server.audit_activation(&audited, StatusCode::Good),
        Err(status) => request.server.audit_activation(&audited, *status),
    }
    outcome
}

fn try_activate(
    request: &Request<'_>,
    asked: Activate,
    audited: &mut audit::Activation,
) -> Outcome {
    let (key, login) = check_activation(request, &asked)?;
    let locales = asked.locales.unwrap_or_default();
    let locales = locales.iter().take(LOCALES).map(|it| it.as_ref().to_owned()).collect();
    let now = |identity: Identity, locales: Vec<String>| {
        let activation = Activation::of(request, key, locales)?;
        Ok(Answer::Now(finish(request.server, &activation, identity)?))
    };
    match login {
        Login::Anonymous => {
            let identity = Identity {
                user: "anonymous".to_owned(),
                is_anonymous: true,
                ..Identity::default()
            };
            now(identity, locales)
        }
        Login::Certificate { der, is_signed } => {
            now(owner_of(request.server, &der, is_signed, &audited.origin)?, locales)
        }
        Login::Issued { issuer, token } => {
            let identity = issued::identify(request, issuer, token.as_deref())?;
            audited.act_for(&identity.user);
            now(identity, locales)
        }
        Login::User { name, password } => {
            let activation = Activation::of(request, key, locales)?;
            check_password(request, activation, (name, password), audited.clone())
        }
    }
}

/// Session, signature, token: everything that can be checked at once.
fn check_activation(
    request: &Request<'_>,
    asked: &Activate,
) -> Result<(SessionKey, Login), StatusCode> {
    let server = request.server;
    let (policy, certificate) = security_of(request)?;
    let mut sessions = server.sessions.borrow_mut();
    let session = sessions
        .by_token(&request.header.authentication_token)
        .ok_or(StatusCode::BadSessionIdInvalid)?;
    if session.channel != request.connection.id {
        if session.identity.is_none() {
            // Part 4, 5.7.3.1: the first activation must come over the channel that created the session.
            return Err(StatusCode::BadSecureChannelIdInvalid);
        }
        if session.client.client_certificate != certificate {
            return Err(StatusCode::BadSecurityChecksFailed);
        }
    }
    if policy != SecurityPolicy::None {
        let own = server.channels.certificate(policy);
        let data = [own.as_slice(), session.server_nonce.as_slice()].concat();
        let signature = asked.signature.signature.value.as_deref().unwrap_or_default();
        let algorithm = asked.signature.algorithm.as_ref();
        let fits = crypto::is_signature_of(policy, algorithm);
        if !fits || !crypto::verify(policy, pki::leaf(&certificate), &data, signature) {
            return Err(StatusCode::BadApplicationSignatureInvalid);
        }
    }
    let tokens = server.endpoints.tokens(endpoint_of(request)?);
    let proof = Proof {
        channels: &server.channels,
        certificate: &server.channels.certificate(policy),
        client_certificate: pki::leaf(&certificate),
        ephemeral: session.ephemeral.as_ref(),
        server_nonce: &session.server_nonce,
        signature: &asked.user_signature,
    };
    let login = read_login(&asked.token, &tokens, &proof);
    session.last_used = time::monotonic();
    match login {
        Ok(login) => Ok((session.key, login)),
        Err(problem) => {
            server.counters.security_rejected_sessions.bump();
            Err(problem.status())
        }
    }
}

/// Policy of the channel and the client's certificate on it.
pub(super) fn security_of(request: &Request<'_>) -> Result<(SecurityPolicy, Vec<u8>), StatusCode> {
    let channel = request.connection.channel.borrow();
    let channel = channel.as_ref().ok_or(StatusCode::BadSecureChannelIdInvalid)?;
    let certificate = channel.client_certificate().unwrap_or_default().to_vec();
    Ok((channel.policy(), certificate))
}

pub(super) fn endpoint_of(request: &Request<'_>) -> Result<EndpointConfig, StatusCode> {
    let channel = request.connection.channel.borrow();
    let channel = channel.as_ref().ok_or(StatusCode::BadSecureChannelIdInvalid)?;
    Ok(channel.endpoint())
}

/// The user whose certificate this is. The reason of a refusal is for the log only.
fn owner_of(
    server: &Server,
    der: &[u8],
    is_signed: bool,
    origin: &Origin,
) -> Result<Identity, StatusCode> {
    let refused = |problem: IdentityProblem| {
        server.counters.security_rejected_sessions.bump();
        problem.status()
    };
    let owner = server.channels.trust.user_of(der, time::now()).map_err(|reason| {
        server.audit_certificate(origin, der, &reason);
        refused(IdentityProblem::Rejected)
    })?;
    if !is_signed {
        warn!(user = owner, "user certificate without its owner's signature");
        return Err(refused(IdentityProblem::Signature));
    }
    let users = server.users.borrow_mut().current();
    let Some(roles) = users.roles(&owner) else {
        warn!(user = owner, "user certificate of nobody in the list of users");
        return Err(refused(IdentityProblem::Rejected));
    };
    let subject = pki::subject_names(der);
    Ok(Identity {
        user: owner,
        roles,
        is_local: true,
        certificate: Some((pki::thumbprint_hex(der), subject)),
        ..Identity::default()
    })
}

/// An activation that may finish later.
struct Activation {
    session: SessionKey,
    channel: u32,
    endpoint: EndpointConfig,
    locales: Vec<String>,
    header: opcua_types::RequestHeader,
}

impl Activation {
    fn of(
        request: &Request<'_>,
        session: SessionKey,
        locales: Vec<String>,
    ) -> Result<Self, StatusCode> {
        let (header, endpoint) = (request.header.clone(), endpoint_of(request)?);
        Ok(Self { session, channel: request.connection.id, endpoint, locales, header })
    }
}

/// Checks the password on a thread of its own: argon2 takes tens of milliseconds by design.
fn check_password(
    request: &Request<'_>,
    activation: Activation,
    login: (String, Option<Vec<u8>>),
    audited: audit::Activation,
) -> Outcome {
    let (name, password) = login;
    let server = Rc::clone(request.server);
    let connection = Rc::clone(request.connection);
    let address = connection.peer.ip();
    if !server.guard.borrow().may_try(&name, address, time::monotonic()) {
        server.counters.security_rejected_sessions.bump();
        debug!(user = name, %address, "login refused: too many failures");
        return Err(IdentityProblem::Denied.status());
    }
    if !server.logins.enter() {
        debug!(user = name, %address, "login refused: too many at a time");
        return Err(IdentityProblem::Busy.status());
    }
    let users = server.users.borrow_mut().current();
    let request_id = request.id;
    tokio::task::spawn_local(async move {
        let user = name.clone();
        let check = move || match password {
            Some(password) => users.verify(&user, &password),
            // Nobody has the empty name: refused, after the same work.
            None => users.verify("", b""),
        };
        let turn = server.logins.turn().await;
        // Others may have failed while this one waited.
        let may_try = server.guard.borrow().may_try(&name, address, time::monotonic());
        let roles = match turn {
            Some(turn) if may_try => turn.check(check).await,
            _ => None,
        };
        let handle = activation.header.request_handle;
        let body = if let Some(roles) = roles.flatten() {
            server.guard.borrow_mut().succeeded(&name);
            let identity = Identity { user: name, roles, is_local: true, ..Identity::default() };
            finish(&server, &activation, identity)
        } else {
            server.guard.borrow_mut().failed(&name, address, time::monotonic());
            server.counters.security_rejected_sessions.bump();
            debug!(user = name, %address, "login failed");
            Err(IdentityProblem::Denied.status())
        };
        let status = body.as_ref().err().copied().unwrap_or(StatusCode::Good);
        server.audit_activation(&audited, status);
        let body = body.unwrap_or_else(|status| fault(handle, status, time::now()));
        connection.send(request_id, handle, &body);
    });
    Ok(Answer::Later)
}

/// Binds the session to its user and channel in one step, so that rights always match the user shown.
fn finish(
    server: &Rc<Server>,
    activation: &Activation,
    identity: Identity,
) -> Result<Vec<u8>, StatusCode> {
    let mut sessions = server.sessions.borrow_mut();
    let session = sessions.get_mut(activation.session).ok_or(StatusCode::BadSessionClosed)?;
    if session.channel != activation.channel
        && session.identity.as_ref().is_some_and(|it| it.user != identity.user)
    {
        // Part 4, 5.7.3.1: on another channel only the same user goes on.
        return Err(StatusCode::BadUserAccessDenied);
    }
    session.renew_nonce()?;
    info!(session = %session.id, user = identity.user, channel = activation.channel, "session activated");
    session.identify(identity);
    session.channel = activation.channel;
    session.locales.clone_from(&activation.locales);
    session.last_used = time::monotonic();
    let nonce = ByteString::from(session.server_nonce.as_slice());
    let mut response_header =
        ephemeral::header(server, session, &activation.header, activation.endpoint);
    drop(sessions);
    server.renew_rights(activation.session);
    server.end_approvals_of_former_user(activation.session);
    if let Some(connection) = server.connections.borrow().get(&activation.channel) {
        connection.has_session.set(true);
        connection.is_known.set(true);
    }
    let must_change = server
        .sessions
        .borrow()
        .get(activation.session)
        .is_some_and(|it| it.identity.as_ref().is_some_and(|it| it.must_change_password));
    if must_change {
        // Part 18, 5.2.8: until then the session may do nothing else.
        response_header.service_result = StatusCode::GoodPasswordChangeRequired;
    }
    let response = ActivateSessionResponse {
        response_header,
        server_nonce: nonce,
        results: None,
        diagnostic_infos: None,
    };
    encode(&response, &server.context())
}

/// CloseSession. Also of a session that was never activated.
pub(super) fn close(mut request: Request<'_>) -> Outcome {
    let delete_subscriptions: bool = request.typed()?;
    let server = request.server;
    let key = {
        let mut sessions = request.server.sessions.borrow_mut();
        let session = sessions
            .by_token(&request.header.authentication_token)
            .ok_or(StatusCode::BadSessionIdInvalid)?;
        if session.channel != request.connection.id {
            return Err(StatusCode::BadSecureChannelIdInvalid);
        }
        session.key
    };
    let origin = server.origin(request.connection, &request.header, Some(key));
    server.end_session(key, delete_subscriptions);
    server.audit_session(&origin, "Session/CloseSession", "session closed", StatusCode::Good);
    request.answer(&CloseSessionResponse { response_header: request.good() })
}
