//! Registration with a local discovery server (Part 4, 5.5.5 and 5.5.6), again and again as long as we run.
//!
//! ```text
//! unknown ─► registered ◄─► failing: each change is one line in the log
//! ```
//! A discovery server that is down, silent or wrong costs a connection now and then, and nobody waits for it.

use std::rc::Rc;
use std::time::Duration;

use opcua_types::{
    ApplicationType, EndpointDescription, ExtensionObject, GetEndpointsRequest,
    GetEndpointsResponse, MdnsDiscoveryConfiguration, MessageSecurityMode, RegisterServer2Request,
    RegisterServer2Response, RegisterServerRequest, RegisterServerResponse, RegisteredServer,
    RequestHeader, StatusCode, UAString,
};
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::config::{EndpointConfig, SecurityPolicy, TargetUrl};
use crate::time;
use crate::ua::client::{ClientError, Destination, Link};
use crate::ua::crypto;
use crate::ua::endpoint::{self, TRANSPORT_PROFILE};
use crate::ua::pki::{self, CertificateProblem};
use crate::ua::server::Server;

/// One registration, from connecting to the answer, takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The last word, that we are going, takes no longer.
const FAREWELL: Duration = Duration::from_secs(2);
/// Pause after the first failure; it doubles up to the usual time between two registrations.
const FIRST_RETRY: Duration = Duration::from_secs(2);
/// What we can do, for those who look for servers (Part 12, Annex D): data access.
pub const CAPABILITIES: &[&str] = &["DA"];

/// Why we are not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// Talking to the discovery server.
    #[error("{0}")]
    Client(#[from] ClientError),
    /// It does not answer.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// It offers no endpoint that signs, with a policy we speak.
    #[error("it offers no secured endpoint that we can use")]
    NoEndpoint,
    /// Its certificate.
    #[error("its {0}")]
    Certificate(#[from] CertificateProblem),
    /// The certificate is another application's.
    #[error("its certificate is not of {0}")]
    OtherApplication(String),
    /// It answers with a bad status.
    #[error("it answers {0}")]
    Status(StatusCode),
}

/// Keeps us registered with `lds` until `end` is told, and says then that we are going.
pub async fn keep(server: Rc<Server>, lds: TargetUrl, end: Rc<Notify>) {
    let usual = Duration::from_secs(server.config.discovery.register_every_s.into());
    let mut registered: Option<bool> = None;
    let mut retry = FIRST_RETRY;
    loop {
        let result = tokio::select! {
            result = attempt(&server, &lds, true, PATIENCE) => result,
            () = end.notified() => break,
        };
        let is_registered = result.is_ok();
        let has_changed = registered.replace(is_registered) != Some(is_registered);
        match result {
            Ok(()) if has_changed => info!(lds = lds.url(), "registered with the discovery server"),
            Err(error) if has_changed => {
                warn!(lds = lds.url(), %error, "not registered with the discovery server; it is tried again");
            }
            Ok(()) | Err(_) => {}
        }
        let pause = if is_registered { usual } else { retry.min(usual) };
        retry = if is_registered { FIRST_RETRY } else { (retry * 2).min(usual) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = end.notified() => break,
        }
    }
    // While it last failed nobody is there who would have to forget us.
    if registered == Some(true) {
        match attempt(&server, &lds, false, FAREWELL).await {
            Ok(()) => info!(lds = lds.url(), "the discovery server knows that we are going"),
            Err(error) => {
                warn!(lds = lds.url(), %error, "the discovery server could not be told that we are going");
            }
        }
    }
}

/// One registration, or the news that we are going, within `limit`.
async fn attempt(
    server: &Server,
    lds: &TargetUrl,
    is_online: bool,
    limit: Duration,
) -> Result<(), RegistrationError> {
    let work = Box::pin(register(server, lds, is_online));
    tokio::time::timeout(limit, work).await.unwrap_or(Err(RegistrationError::Timeout(limit)))
}

/// One registration over a channel of its own.
async fn register(
    server: &Server,
    lds: &TargetUrl,
    is_online: bool,
) -> Result<(), RegistrationError> {
    let to = choose(server, lds).await?;
    let mut link = Link::open(&server.channels, server.transport_limits(), to).await?;
    let entry = entry(server, is_online);
    let mdns = MdnsDiscoveryConfiguration {
        mdns_server_name: server.endpoints.application("").application_name.text,
        server_capabilities: Some(CAPABILITIES.iter().map(|it| UAString::from(*it)).collect()),
    };
    let request = |request_header: RequestHeader| RegisterServer2Request {
        request_header,
        server: entry.clone(),
        discovery_configuration: Some(vec![ExtensionObject::from_message(mdns)]),
    };
    let status = match link.call::<_, RegisterServer2Response>(request).await {
        Ok(response) => response.response_header.service_result,
        // Part 4, 5.5.6: an older discovery server has only the older service.
        Err(ClientError::Fault(StatusCode::BadServiceUnsupported)) => {
            let request = |request_header: RequestHeader| RegisterServerRequest {
                request_header,
                server: entry,
            };
            let response: RegisterServerResponse = link.call(request).await?;
            response.response_header.service_result
        }
        Err(error) => return Err(error.into()),
    };
    if status.is_bad() { Err(RegistrationError::Status(status)) } else { Ok(()) }
}

/// What the discovery server is to know of us.
fn entry(server: &Server, is_online: bool) -> RegisteredServer {
    let own = server.endpoints.application("");
    RegisteredServer {
        server_uri: own.application_uri,
        product_uri: own.product_uri,
        server_names: Some(vec![own.application_name]),
        server_type: ApplicationType::Server,
        gateway_server_uri: UAString::null(),
        discovery_urls: Some(server.endpoints.urls().into_iter().map(UAString::from).collect()),
        semaphore_file_path: UAString::null(),
        is_online,
    }
}

/// The discovery server's best endpoint that signs, if its certificate is trusted and its own.
async fn choose(server: &Server, lds: &TargetUrl) -> Result<Destination, RegistrationError> {
    let plain = EndpointConfig { policy: SecurityPolicy::None, sign: false, encrypt: false };
    let to = Destination {
        place: lds.clone(),
        url: lds.url().to_owned(),
        endpoint: plain,
        certificate: Vec::new(),
    };
    let mut link = Link::open(&server.channels, server.transport_limits(), to).await?;
    let response: GetEndpointsResponse = link
        .call(|request_header| GetEndpointsRequest {
            request_header,
            endpoint_url: lds.url().into(),
            locale_ids: None,
            profile_uris: Some(vec![TRANSPORT_PROFILE.into()]),
        })
        .await?;
    let offered = response.endpoints.unwrap_or_default();
    let has_key = |it: &EndpointConfig| server.channels.identity(it.policy).is_some();
    let usable = offered.iter().filter_map(|it| Some((usable(it).filter(has_key)?, it)));
    let best = usable.max_by_key(|(endpoint, _)| endpoint::level(*endpoint));
    let (endpoint, description) = best.ok_or(RegistrationError::NoEndpoint)?;
    let certificate = description.server_certificate.value.clone().unwrap_or_default();
    server.channels.check_server(&certificate, time::now())?;
    let uri = description.server.application_uri.as_ref();
    if pki::application_uri(&certificate).as_deref() != Some(uri) {
        return Err(RegistrationError::OtherApplication(uri.to_owned()));
    }
    // The host by which we know it: the one that it says may mean something to itself only.
    let url = description.endpoint_url.as_ref();
    let port = TargetUrl::parse(url).map_or(lds.port(), |it| it.port());
    Ok(Destination { place: lds.with_port(port), url: url.to_owned(), endpoint, certificate })
}

/// Policy and mode of an endpoint over our transport that signs; `None` if we cannot use it.
fn usable(endpoint: &EndpointDescription) -> Option<EndpointConfig> {
    let encrypt = match endpoint.security_mode {
        MessageSecurityMode::Sign => false,
        MessageSecurityMode::SignAndEncrypt => true,
        MessageSecurityMode::None | MessageSecurityMode::Invalid => return None,
    };
    let policy = crypto::policy_of(endpoint.security_policy_uri.as_ref())?;
    let fits = policy != SecurityPolicy::None
        && endpoint.transport_profile_uri.as_ref() == TRANSPORT_PROFILE;
    fits.then_some(EndpointConfig { policy, sign: true, encrypt })
}
