//! User identity tokens (Part 4, 7.41): anonymous, user name with password, certificate.

use opcua_types::{
    AnonymousIdentityToken, ExtensionObject, SignatureData, StatusCode, UserNameIdentityToken,
    X509IdentityToken,
};

use crate::access::Roles;
use crate::config::SecurityPolicy;
use crate::ua::crypto::{self, PrivateKey};
use crate::ua::endpoint::{TokenKind, TokenPolicy};
use crate::ua::pki;

/// Longest password taken, bytes.
const PASSWORD_BYTES: usize = 4096;
/// Longest user certificate taken, bytes.
const CERTIFICATE_BYTES: usize = 32 * 1024;

/// Who a session acts for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// User name; `anonymous` for nobody.
    pub user: String,
    /// No user was named.
    pub is_anonymous: bool,
    /// Roles that go with the proof; rules about roles may add to them.
    pub roles: Roles,
    /// A local user, whose roles are those of the list of users at the moment.
    pub is_local: bool,
    /// The user has to change the password before anything else.
    pub must_change_password: bool,
    /// The user's certificate: thumbprint in hexadecimal, and names and values of its subject.
    pub certificate: Option<(String, Vec<(String, String)>)>,
    /// Groups in the user's access token.
    pub groups: Vec<String>,
    /// Names of roles in the user's access token.
    pub token_roles: Vec<String>,
}

/// What a client wants to be, its secret already in the clear.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// Nobody in particular.
    Anonymous,
    /// A local user.
    User {
        /// Name.
        name: String,
        /// Password as UTF-8 bytes; `None` if it could not be decrypted, which must take as long to refuse.
        password: Option<Vec<u8>>,
    },
    /// Whoever has this certificate.
    Certificate {
        /// In DER.
        der: Vec<u8>,
        /// The owner of its key signed for this session, now.
        is_signed: bool,
    },
}

/// What a token is checked against.
pub struct Proof<'a> {
    /// Our key, for passwords.
    pub key: Option<&'a PrivateKey>,
    /// Our certificate in DER, which users sign.
    pub certificate: &'a [u8],
    /// The nonce of this activation.
    pub server_nonce: &'a [u8],
    /// UserTokenSignature.
    pub signature: &'a SignatureData,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityProblem {
    /// The token or its policy is not one of this endpoint.
    #[error("the identity token does not fit the endpoint")]
    Invalid,
    /// The kind of token is switched off.
    #[error("this kind of identity is not allowed here")]
    Rejected,
    /// A user's certificate without the signature of its owner.
    #[error("the user's signature is wrong")]
    Signature,
    /// Wrong user or password, or locked out: never said which.
    #[error("user or password is wrong, or too many attempts")]
    Denied,
    /// Too many others are logging in at the moment.
    #[error("too many logins at a time, try again")]
    Busy,
}

impl IdentityProblem {
    /// The status code on the wire.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BadIdentityTokenInvalid,
            Self::Rejected => StatusCode::BadIdentityTokenRejected,
            Self::Signature => StatusCode::BadUserSignatureInvalid,
            Self::Denied => StatusCode::BadUserAccessDenied,
            Self::Busy => StatusCode::BadResourceUnavailable,
        }
    }
}

/// Reads a token against the endpoint's `policies`. The password is decrypted, the signature checked;
/// whether they are a user's is not known yet.
pub fn read_login(
    token: &ExtensionObject,
    policies: &[TokenPolicy],
    proof: &Proof<'_>,
) -> Result<Login, IdentityProblem> {
    if token.is_null() {
        return anonymous(policies, None);
    }
    if let Some(token) = token.inner_as::<AnonymousIdentityToken>() {
        return anonymous(policies, Some(token.policy_id.as_ref()));
    }
    if let Some(token) = token.inner_as::<X509IdentityToken>() {
        return certificate(token, policies, proof);
    }
    let Some(token) = token.inner_as::<UserNameIdentityToken>() else {
        return Err(IdentityProblem::Invalid);
    };
    let policy = policies
        .iter()
        .find(|it| it.id == token.policy_id.as_ref())
        .ok_or(IdentityProblem::Invalid)?;
    if policy.kind != TokenKind::UserName || token.user_name.is_empty() {
        return Err(IdentityProblem::Invalid);
    }
    let password = password(token, policy.policy, proof.key, proof.server_nonce)?;
    Ok(Login::User { name: token.user_name.as_ref().to_owned(), password })
}

/// An anonymous token; some clients send none, or an empty policy id.
fn anonymous(policies: &[TokenPolicy], id: Option<&str>) -> Result<Login, IdentityProblem> {
    let offered = policies.iter().find(|it| it.kind == TokenKind::Anonymous);
    let named = id.filter(|it| !it.is_empty());
    match (offered, named) {
        (None, _) => Err(IdentityProblem::Rejected),
        (Some(policy), Some(id)) if policy.id != id => Err(IdentityProblem::Invalid),
        (Some(_), _) => Ok(Login::Anonymous),
    }
}

/// A user's certificate; the signature is over our certificate and nonce (Part 4, 7.41.5).
fn certificate(
    token: &X509IdentityToken,
    policies: &[TokenPolicy],
    proof: &Proof<'_>,
) -> Result<Login, IdentityProblem> {
    let policy = policies.iter().find(|it| it.id == token.policy_id.as_ref());
    let policy = policy.filter(|it| it.kind == TokenKind::Certificate);
    let policy = policy.ok_or(IdentityProblem::Invalid)?.policy;
    let chain = token.certificate_data.value.as_deref().unwrap_or_default();
    if chain.is_empty() || chain.len() > CERTIFICATE_BYTES {
        return Err(IdentityProblem::Invalid);
    }
    let der = pki::leaf(chain);
    let data = [proof.certificate, proof.server_nonce].concat();
    let signature = proof.signature.signature.value.as_deref().unwrap_or_default();
    let algorithm = proof.signature.algorithm.as_ref();
    let fits = algorithm.is_empty() || crypto::signature_uri(policy) == Some(algorithm);
    let is_signed = fits && crypto::verify(policy, der, &data, signature);
    Ok(Login::Certificate { der: der.to_vec(), is_signed })
}

/// The password in the clear; `None` if it cannot be decrypted. That is no error yet: the client must not
/// learn, not even from the time it takes, whether padding, nonce or password was wrong (USR-10).
fn password(
    token: &UserNameIdentityToken,
    policy: SecurityPolicy,
    key: Option<&PrivateKey>,
    server_nonce: &[u8],
) -> Result<Option<Vec<u8>>, IdentityProblem> {
    let secret = token.password.value.as_deref().unwrap_or_default();
    let algorithm = token.encryption_algorithm.as_ref();
    if secret.len() > PASSWORD_BYTES {
        return Err(IdentityProblem::Invalid);
    }
    if policy == SecurityPolicy::None {
        let in_clear = algorithm.is_empty();
        return if in_clear { Ok(Some(secret.to_vec())) } else { Err(IdentityProblem::Invalid) };
    }
    let key = key.ok_or(IdentityProblem::Invalid)?;
    if crypto::encryption_uri(policy) != Some(algorithm) {
        return Err(IdentityProblem::Invalid);
    }
    Ok(crypto::decrypt_password(policy, key, secret, server_nonce).ok())
}
