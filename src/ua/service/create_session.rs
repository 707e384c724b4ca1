//! CreateSession (Part 4, 5.7.2).

use std::time::Duration;

use opcua_types::{
    ApplicationDescription, BinaryEncodable, ByteString, CreateSessionResponse, Error, MessageInfo,
    SignatureData, StatusCode, UAString,
};
use tracing::{info, warn};

use crate::config::SecurityPolicy;
use crate::time;
use crate::ua::audit::Origin;
use crate::ua::crypto;
use crate::ua::envelope::type_id;
use crate::ua::pki;
use crate::ua::server::Server;
use crate::ua::service::session::{endpoint_of, security_of};
use crate::ua::service::{Answer, Outcome, Request, ephemeral};
use crate::ua::session::NewSession;

/// Shortest nonce of a client on a secured channel, bytes (Part 4, 5.7.2.2).
const NONCE_BYTES: usize = 32;
/// Session names are cut to so many characters.
const NAME_CHARACTERS: usize = 256;

/// What CreateSession says.
struct Create {
    client: ApplicationDescription,
    endpoint_url: UAString,
    name: UAString,
    nonce: ByteString,
    certificate: ByteString,
    timeout_ms: f64,
    max_response_bytes: u32,
}

/// CreateSession, audited.
pub(super) fn create(mut request: Request<'_>) -> Outcome {
    let server = request.server;
    let origin = server.origin(request.connection, &request.header, None);
    let (policy, der) = security_of(&request)?;
    let asked = read_create(&mut request);
    let url = asked.as_ref().map_or(UAString::null(), |it| it.endpoint_url.clone());
    let created =
        asked.and_then(|it| create_session(&request, &it, (policy, der.clone()), &origin));
    let told = created.as_ref().map(|it| (it.session_id.clone(), it.revised_session_timeout));
    server.audit_create_session(&origin, &der, told.map_err(|it| *it));
    let response = created?;
    let origin = Origin { session: response.session_id.clone(), ..origin };
    server.audit_url(&origin, &der, url.as_ref());
    let encoded = encode_created(server, &response, url.as_ref());
    Ok(Answer::Now(encoded.map_err(|_| StatusCode::BadEncodingError)?))
}

/// The response, with the endpoints as they are known already in the place of its own.
fn encode_created(
    server: &Server,
    response: &CreateSessionResponse,
    url: &str,
) -> Result<Vec<u8>, Error> {
    let context = &server.context();
    let endpoints = server.endpoints.encoded(url, context)?;
    let mut body = Vec::with_capacity(response.byte_len(context) + endpoints.len() + 4);
    type_id(&mut body, response.type_id());
    response.response_header.encode(&mut body, context)?;
    response.session_id.encode(&mut body, context)?;
    response.authentication_token.encode(&mut body, context)?;
    response.revised_session_timeout.encode(&mut body, context)?;
    response.server_nonce.encode(&mut body, context)?;
    response.server_certificate.encode(&mut body, context)?;
    body.extend_from_slice(&endpoints);
    response.server_software_certificates.encode(&mut body, context)?;
    response.server_signature.encode(&mut body, context)?;
    response.max_request_message_size.encode(&mut body, context)?;
    Ok(body)
}

fn create_session(
    request: &Request<'_>,
    asked: &Create,
    security: (SecurityPolicy, Vec<u8>),
    origin: &Origin,
) -> Result<CreateSessionResponse, StatusCode> {
    let server = request.server;
    let (policy, channel_certificate) = security;
    if policy != SecurityPolicy::None {
        check_client(asked, &channel_certificate).inspect_err(|status| {
            if *status == StatusCode::BadCertificateUriInvalid {
                let said = asked.client.application_uri.as_ref();
                server.audit_certificate_uri(origin, &channel_certificate, said);
            }
        })?;
    }
    // In a statement of its own: the borrow must end before the session does.
    let address = request.connection.peer.ip();
    let is_connected = |channel: u32| server.connections.borrow().contains_key(&channel);
    let idle = server.sessions.borrow().make_room(address, is_connected)?;
    if let Some(idle) = idle {
        warn!(session = idle.0, "session that nobody uses closed to make room");
        server.counters.rejected_sessions.bump();
        server.break_session(idle, true, "Session/Terminated");
    }
    let (shortest, longest) = server.config.limits.session_timeout_ms;
    let timeout_ms = revise(asked.timeout_ms, shortest, longest);
    let client = NewSession {
        name: name_of(asked, request.connection.id),
        description: asked.client.clone(),
        endpoint_url: asked.endpoint_url.as_ref().chars().take(NAME_CHARACTERS).collect(),
        created: time::now(),
        address,
        channel: request.connection.id,
        client_certificate: channel_certificate.clone(),
        timeout: Duration::from_secs_f64(timeout_ms / 1000.0),
        max_response_bytes: asked.max_response_bytes,
    };
    let mut sessions = server.sessions.borrow_mut();
    let session = sessions.create(client, time::monotonic())?;
    info!(session = %session.id, name = session.client.name, channel = session.channel, "session created");
    request.connection.has_session.set(true);
    server.counters.sessions.bump();
    let endpoint = endpoint_of(request)?;
    let response = CreateSessionResponse {
        response_header: ephemeral::header(server, session, &request.header, endpoint),
        session_id: session.id.clone(),
        authentication_token: session.token(),
        revised_session_timeout: timeout_ms,
        server_nonce: ByteString::from(session.server_nonce.as_slice()),
        server_certificate: server.channels.certificate(policy).into(),
        server_endpoints: None,
        server_software_certificates: None,
        server_signature: sign(server, policy, &channel_certificate, &asked.nonce)?,
        max_request_message_size: server.config.limits.message_bytes as u32,
    };
    drop(sessions);
    server.show_sessions();
    Ok(response)
}

fn read_create(request: &mut Request<'_>) -> Result<Create, StatusCode> {
    let client = request.typed()?;
    let _server_uri: UAString = request.typed()?;
    Ok(Create {
        client,
        endpoint_url: request.typed()?,
        name: request.typed()?,
        nonce: request.typed()?,
        certificate: request.typed()?,
        timeout_ms: request.typed()?,
        max_response_bytes: request.typed()?,
    })
}

/// Nonce, certificate and ApplicationUri of a client on a secured channel (SES-05, SES-06, CRT-15).
fn check_client(asked: &Create, channel_certificate: &[u8]) -> Result<(), StatusCode> {
    if asked.nonce.len() < NONCE_BYTES {
        return Err(StatusCode::BadNonceInvalid);
    }
    let said = asked.certificate.value.as_deref().unwrap_or_default();
    if !said.is_empty() && pki::leaf(said) != pki::leaf(channel_certificate) {
        return Err(StatusCode::BadSecurityChecksFailed);
    }
    let uri = asked.client.application_uri.as_ref();
    if pki::application_uri(channel_certificate).as_deref() != Some(uri) {
        return Err(StatusCode::BadCertificateUriInvalid);
    }
    Ok(())
}

fn name_of(asked: &Create, channel: u32) -> String {
    let name: String = asked.name.as_ref().chars().take(NAME_CHARACTERS).collect();
    if name.is_empty() { format!("Session on channel {channel}") } else { name }
}

/// A wish put between its bounds; zero, negative and NaN become the longest or shortest that makes sense.
fn revise(wish: f64, shortest: f64, longest: f64) -> f64 {
    if wish.is_nan() || wish <= 0.0 { longest } else { wish.clamp(shortest, longest) }
}

/// Our signature over the client's certificate and nonce; empty on security None.
fn sign(
    server: &Server,
    policy: SecurityPolicy,
    certificate: &[u8],
    nonce: &ByteString,
) -> Result<SignatureData, StatusCode> {
    if policy == SecurityPolicy::None {
        return Ok(SignatureData { algorithm: UAString::null(), signature: ByteString::null() });
    }
    let nonce = nonce.value.as_deref().unwrap_or_default();
    let data = [pki::leaf(certificate), nonce].concat();
    let own = server.channels.identity(policy).ok_or(StatusCode::BadInternalError)?;
    let signature = crypto::sign(policy, &own.key, &data);
    let signature = signature.map_err(|_| StatusCode::BadInternalError)?;
    Ok(SignatureData {
        algorithm: crypto::signature_uri(policy).map_or_else(UAString::null, UAString::from),
        signature: ByteString::from(signature),
    })
}
