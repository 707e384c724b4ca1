//! Keys for the secrets of elliptic policies, given in the additional headers of CreateSession and ActivateSession
//! (Part 6, 6.8.2): the client asks by ECDHPolicyUri, the server answers by ECDHKey.

use opcua_types::{
    AdditionalParametersType, EphemeralKeyType, ExtensionObject, KeyValuePair, QualifiedName,
    RequestHeader, ResponseHeader, StatusCode, UAString, Variant,
};

use crate::config::{EndpointConfig, SecurityPolicy};
use crate::ua::crypto::{self, EphemeralKey};
use crate::ua::server::Server;
use crate::ua::session::Session;

/// The client asks with it.
const POLICY: &str = "ECDHPolicyUri";
/// The server answers with it.
const KEY: &str = "ECDHKey";
/// Parameters of a header that are looked at.
const PARAMETERS: usize = 16;

/// The header of a good answer. It gives the session a new key in place of the one before, and says so to the client:
/// when it asks, and again after each activation. Nothing is said to a client that never asked.
pub(super) fn header(
    server: &Server,
    session: &mut Session,
    request: &RequestHeader,
    endpoint: EndpointConfig,
) -> ResponseHeader {
    let mut header = ResponseHeader::new_good(request);
    let before = session.ephemeral.take().map(|(policy, _)| policy);
    let policy = match asked(request) {
        None if before.is_none() => return header,
        None => before,
        Some(uri) => crypto::policy_of(uri.as_ref()),
    };
    let tokens = server.endpoints.tokens(endpoint);
    let is_of_endpoint = |it: &SecurityPolicy| tokens.iter().any(|token| token.policy == *it);
    let policy = policy.filter(|it| it.is_elliptic() && is_of_endpoint(it));
    let made = policy.ok_or(StatusCode::BadSecurityPolicyRejected).and_then(|policy| {
        let (key, told) = make(server, policy).ok_or(StatusCode::BadInternalError)?;
        session.ephemeral = Some((policy, key));
        Ok(ExtensionObject::from_message(told))
    });
    let value = made.map_or_else(Variant::StatusCode, Variant::from);
    let parameters = Some(vec![KeyValuePair { key: QualifiedName::new(0, KEY), value }]);
    header.additional_header =
        ExtensionObject::from_message(AdditionalParametersType { parameters });
    header
}

/// The policy that a client wants a key for; an empty one if it says something else.
fn asked(header: &RequestHeader) -> Option<UAString> {
    let all = header.additional_header.inner_as::<AdditionalParametersType>()?;
    let all = all.parameters.as_deref().unwrap_or_default().iter().take(PARAMETERS);
    let mut found = all.filter(|it| it.key.name.as_ref() == POLICY);
    match &found.next()?.value {
        Variant::String(uri) => Some(uri.clone()),
        _ => Some(UAString::null()),
    }
}

/// A key, and its public half under our signature (Part 4, 7.15).
fn make(server: &Server, policy: SecurityPolicy) -> Option<(EphemeralKey, EphemeralKeyType)> {
    let own = server.channels.identity(policy)?;
    let key = EphemeralKey::generate(policy).ok()?;
    let signature = crypto::sign(policy, &own.key, key.public()).ok()?;
    let told = EphemeralKeyType { public_key: key.public().into(), signature: signature.into() };
    Some((key, told))
}
