//! Endpoints: what is offered to whom, and under which address.

use std::cell::RefCell;
use std::rc::Rc;

use opcua_types::{
    ApplicationDescription, ApplicationType, BinaryEncodable, Context, EndpointDescription, Error,
    LocalizedText, MessageSecurityMode, UAString, UserTokenPolicy, UserTokenType,
};

use crate::config::{EndpointConfig, IssuerConfig, SecurityPolicy, ServerConfig};
use crate::ua::channel::ChannelShared;
use crate::ua::crypto;

/// The only transport profile we speak (Part 7).
pub const TRANSPORT_PROFILE: &str =
    "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary";

/// IssuedTokenType of JSON Web Tokens (Part 6, 6.5.2.2).
const JSON_WEB_TOKEN: &str = "http://opcfoundation.org/UA/UserToken#JWT";

/// Kinds of user token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Nobody is named.
    Anonymous,
    /// User name and password.
    UserName,
    /// A user's certificate.
    Certificate,
    /// A JSON Web Token of the issuer with this place in the configuration.
    Issued(usize),
}

/// A user token that an endpoint takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    /// Unique over all endpoints and stable over restarts.
    pub id: String,
    /// Kind.
    pub kind: TokenKind,
    /// Policy that encrypts the password or token, `None` in clear text; or that the user signs with.
    pub policy: SecurityPolicy,
}

/// Who we are and what we offer.
#[derive(Debug)]
pub struct Endpoints {
    /// ApplicationUri.
    pub application_uri: String,
    product_uri: String,
    name: String,
    /// What is offered, in the order of the configuration.
    pub offered: Vec<EndpointConfig>,
    anonymous: bool,
    clear_text: bool,
    issuers: Vec<String>,
    /// Host names and addresses that are ours, the default first.
    pub hosts: Vec<String>,
    port: u16,
    channels: Rc<ChannelShared>,
    /// As they were described last: nearly every client uses the same URL.
    described: RefCell<Option<Described>>,
}

/// Every endpoint for clients that use one URL, encoded.
#[derive(Debug)]
struct Described {
    url: String,
    /// Which certificates are in it: [`ChannelShared::changes`].
    changes: u64,
    bytes: Rc<[u8]>,
}

impl Endpoints {
    /// From the configuration, with the names that are ours, the port in use, and what channels share: our certificates.
    pub fn new(
        config: &ServerConfig,
        application_uri: String,
        hosts: Vec<String>,
        port: u16,
        channels: Rc<ChannelShared>,
    ) -> Self {
        let issuers = config.issuers.iter().map(|it| issuer_url(it, &application_uri)).collect();
        Self {
            issuers,
            application_uri,
            product_uri: config.product_uri.clone(),
            name: config.application_name.clone(),
            offered: config.endpoints.clone(),
            anonymous: config.anonymous,
            clear_text: config.clear_text_passwords,
            hosts,
            port,
            channels,
            described: RefCell::default(),
        }
    }

    /// The URL to answer with: the host that the client used where it is ours, else our default.
    pub fn url(&self, asked: &str) -> String {
        let host = host_of(asked).filter(|host| self.is_ours(host));
        let host = host.or(self.hosts.first().map(String::as_str)).unwrap_or("localhost");
        let bracketed = host.contains(':') && !host.starts_with('[');
        let port = self.port;
        if bracketed {
            format!("opc.tcp://[{host}]:{port}")
        } else {
            format!("opc.tcp://{host}:{port}")
        }
    }

    /// TCP port that we listen on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A URL for each of our hosts, the default first.
    pub fn urls(&self) -> Vec<String> {
        self.hosts
            .iter()
            .map(|host| {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                self.url(&format!("opc.tcp://{host}"))
            })
            .collect()
    }

    /// Whether a host name or address is one of ours.
    pub fn is_ours(&self, host: &str) -> bool {
        self.hosts.iter().any(|it| it.eq_ignore_ascii_case(host))
    }

    /// Our own description.
    pub fn application(&self, asked: &str) -> ApplicationDescription {
        ApplicationDescription {
            application_uri: self.application_uri.as_str().into(),
            product_uri: self.product_uri.as_str().into(),
            application_name: LocalizedText::new("en", &self.name),
            application_type: ApplicationType::Server,
            gateway_server_uri: UAString::null(),
            discovery_profile_uri: UAString::null(),
            discovery_urls: Some(vec![self.url(asked).into()]),
        }
    }

    /// Every endpoint as an encoded EndpointDescription[], for a client that used the URL `asked`. Clients ask for it
    /// twice before they are in: it is made once for a URL and our certificates.
    pub fn encoded(&self, asked: &str, context: &Context<'_>) -> Result<Rc<[u8]>, Error> {
        let (url, changes) = (self.url(asked), self.channels.changes());
        let mut described = self.described.borrow_mut();
        let known = described.as_ref().filter(|it| it.url == url && it.changes == changes);
        if let Some(known) = known {
            return Ok(Rc::clone(&known.bytes));
        }
        let mut bytes = Vec::new();
        Some(self.describe(asked)).encode(&mut bytes, context)?;
        let bytes: Rc<[u8]> = bytes.into();
        *described = Some(Described { url, changes, bytes: Rc::clone(&bytes) });
        Ok(bytes)
    }

    fn describe(&self, asked: &str) -> Vec<EndpointDescription> {
        self.offered
            .iter()
            .map(|it| EndpointDescription {
                endpoint_url: self.url(asked).into(),
                server: self.application(asked),
                server_certificate: self.channels.certificate(it.policy).into(),
                security_mode: mode_of(*it),
                security_policy_uri: crypto::policy_uri(it.policy).into(),
                user_identity_tokens: Some(
                    self.tokens(*it).iter().map(|token| self.describe_token(token)).collect(),
                ),
                transport_profile_uri: TRANSPORT_PROFILE.into(),
                security_level: level(*it),
            })
            .collect()
    }

    /// User tokens of one endpoint.
    pub fn tokens(&self, endpoint: EndpointConfig) -> Vec<TokenPolicy> {
        let suffix = suffix(endpoint);
        let mut tokens = Vec::new();
        if self.anonymous {
            tokens.push(TokenPolicy {
                id: format!("anonymous_{suffix}"),
                kind: TokenKind::Anonymous,
                policy: SecurityPolicy::None,
            });
        }
        // Part 4, 7.42: a password on an unencrypted channel is encrypted by the token's own policy. By RSA: an
        // elliptic policy needs the client's certificate, which there is none of (Part 6, 6.8.2).
        let secured = |it: &SecurityPolicy| *it != SecurityPolicy::None && !it.is_elliptic();
        let encrypting = self.offered.iter().map(|it| it.policy).find(secured);
        let policy = match (endpoint.policy, encrypting) {
            (SecurityPolicy::None, None) if !self.clear_text => return tokens,
            (SecurityPolicy::None, _) if self.clear_text => SecurityPolicy::None,
            (SecurityPolicy::None, other) => other.unwrap_or(SecurityPolicy::None),
            (own, _) => own,
        };
        tokens.push(TokenPolicy {
            id: format!("username_{suffix}"),
            kind: TokenKind::UserName,
            policy,
        });
        tokens.extend((0..self.issuers.len()).map(|issuer| TokenPolicy {
            id: format!("issued_{}_{suffix}", issuer + 1),
            kind: TokenKind::Issued(issuer),
            policy,
        }));
        // Never without a signature (USR-17): on an unsecured channel by a policy of its own.
        let signing = match endpoint.policy {
            SecurityPolicy::None => encrypting,
            own => Some(own),
        };
        tokens.extend(signing.map(|policy| TokenPolicy {
            id: format!("certificate_{suffix}"),
            kind: TokenKind::Certificate,
            policy,
        }));
        tokens
    }
}

impl Endpoints {
    fn describe_token(&self, token: &TokenPolicy) -> UserTokenPolicy {
        let policy_uri = || UAString::from(crypto::policy_uri(token.policy));
        let (kind, policy_uri) = match token.kind {
            TokenKind::Anonymous => (UserTokenType::Anonymous, UAString::null()),
            TokenKind::UserName => (UserTokenType::UserName, policy_uri()),
            TokenKind::Certificate => (UserTokenType::Certificate, policy_uri()),
            TokenKind::Issued(_) => (UserTokenType::IssuedToken, policy_uri()),
        };
        let (issued_token_type, issuer_endpoint_url) = match token.kind {
            TokenKind::Issued(issuer) => {
                let url = self.issuers.get(issuer).map(String::as_str);
                (JSON_WEB_TOKEN.into(), url.unwrap_or_default().into())
            }
            TokenKind::Anonymous | TokenKind::UserName | TokenKind::Certificate => {
                (UAString::null(), UAString::null())
            }
        };
        UserTokenPolicy {
            policy_id: token.id.as_str().into(),
            token_type: kind,
            issued_token_type,
            issuer_endpoint_url,
            security_policy_uri: policy_uri,
        }
    }
}

/// Mode as the standard's enumeration.
pub fn mode_of(endpoint: EndpointConfig) -> MessageSecurityMode {
    match (endpoint.sign, endpoint.encrypt) {
        (_, true) => MessageSecurityMode::SignAndEncrypt,
        (true, false) => MessageSecurityMode::Sign,
        (false, false) => MessageSecurityMode::None,
    }
}

fn suffix(endpoint: EndpointConfig) -> String {
    let policy = match endpoint.policy {
        SecurityPolicy::None => return "None".to_owned(),
        SecurityPolicy::Aes128Sha256RsaOaep => "Aes128Sha256RsaOaep",
        SecurityPolicy::Basic256Sha256 => "Basic256Sha256",
        SecurityPolicy::Aes256Sha256RsaPss => "Aes256Sha256RsaPss",
        SecurityPolicy::EccNistP256 => "EccNistP256",
        SecurityPolicy::EccNistP384 => "EccNistP384",
    };
    format!("{policy}_{}", if endpoint.encrypt { "SignAndEncrypt" } else { "Sign" })
}

/// Encryption above signing above nothing; the newer policy above the older (DIS-09).
pub fn level(endpoint: EndpointConfig) -> u8 {
    let policy = match endpoint.policy {
        SecurityPolicy::None => return 0,
        SecurityPolicy::Basic256Sha256 => 10,
        SecurityPolicy::Aes128Sha256RsaOaep => 20,
        SecurityPolicy::Aes256Sha256RsaPss => 30,
        SecurityPolicy::EccNistP256 => 40,
        SecurityPolicy::EccNistP384 => 50,
    };
    if endpoint.encrypt { policy + 100 } else { policy }
}

/// What a client needs to know to ask an issuer for a token (Part 6, 6.5.2.2).
fn issuer_url(issuer: &IssuerConfig, application_uri: &str) -> String {
    let mut url = serde_json::json!({
        "ua:resourceId": issuer.audience.as_deref().unwrap_or(application_uri),
        "ua:authorityUrl": issuer.name,
        "ua:authorityProfileUri": "http://opcfoundation.org/UA/Authorization#OAuth2",
    });
    if let Some(endpoint) = &issuer.token_endpoint {
        url["ua:tokenEndpoint"] = endpoint.as_str().into();
    }
    url.to_string()
}

/// The host of an `opc.tcp` URL; brackets of an IPv6 address are taken off.
pub fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("opc.tcp://")?;
    let authority = rest.split(['/', '?']).next()?;
    if let Some(v6) = authority.strip_prefix('[') {
        return v6.split(']').next().filter(|it| !it.is_empty());
    }
    authority.split(':').next().filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_found_in_every_form_of_url() {
        assert_eq!(host_of("opc.tcp://plant:4840/x"), Some("plant"));
        assert_eq!(host_of("opc.tcp://[::1]:4840"), Some("::1"));
        assert_eq!(host_of("opc.tcp://10.0.0.1"), Some("10.0.0.1"));
        assert_eq!(host_of("http://plant"), None);
        assert_eq!(host_of(""), None);
    }
}
