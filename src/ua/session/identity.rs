//! User identity tokens (Part 4, 7.41): anonymous, user name with password, certificate, issued token.

use opcua_types::{
    AnonymousIdentityToken, ExtensionObject, IssuedIdentityToken, SignatureData, StatusCode,
    UserNameIdentityToken, X509IdentityToken,
};

use crate::access::Roles;
use crate::config::SecurityPolicy;
use crate::ua::channel::ChannelShared;
use crate::ua::crypto::{self, EccSecret, EphemeralKey};
use crate::ua::endpoint::{TokenKind, TokenPolicy};
use crate::ua::pki;

/// Longest password taken, encrypted or not, bytes.
const PASSWORD_BYTES: usize = 4096;
/// Longest issued token taken, encrypted or not, bytes. RSA decrypts it block by block, a millisecond each.
const TOKEN_BYTES: usize = 8192;
/// What a secret of an elliptic policy may have around it, bytes: the sender's certificates and signature.
const ENVELOPE_BYTES: usize = 32 * 1024;
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
    /// Whoever an issuer says.
    Issued {
        /// Its place in the configuration.
        issuer: usize,
        /// JSON Web Token; `None` if it could not be decrypted.
        token: Option<Vec<u8>>,
    },
}

/// What a token is checked against.
pub struct Proof<'a> {
    /// Our keys, for secrets.
    pub channels: &'a ChannelShared,
    /// Our certificate in DER, which users sign.
    pub certificate: &'a [u8],
    /// The client's certificate in DER, its first only; empty on security None.
    pub client_certificate: &'a [u8],
    /// The key that the client was given for its next secret, and the policy that it is of.
    pub ephemeral: Option<&'a (SecurityPolicy, EphemeralKey)>,
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
    if let Some(token) = token.inner_as::<IssuedIdentityToken>() {
        return issued(token, policies, proof);
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
    let sealed = token.password.value.as_deref().unwrap_or_default();
    let algorithm = token.encryption_algorithm.as_ref();
    let password = secret(sealed, algorithm, policy.policy, PASSWORD_BYTES, proof)?;
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
    let fits = crypto::is_signature_of(policy, algorithm);
    let is_signed = fits && crypto::verify(policy, der, &data, signature);
    Ok(Login::Certificate { der: der.to_vec(), is_signed })
}

/// A token that somebody else issued, encrypted as a password is (Part 4, 7.41.6).
fn issued(
    token: &IssuedIdentityToken,
    policies: &[TokenPolicy],
    proof: &Proof<'_>,
) -> Result<Login, IdentityProblem> {
    let policy = policies.iter().find(|it| it.id == token.policy_id.as_ref());
    let Some(TokenPolicy { kind: TokenKind::Issued(issuer), policy, .. }) = policy else {
        return Err(IdentityProblem::Invalid);
    };
    let sealed = token.token_data.value.as_deref().unwrap_or_default();
    let algorithm = token.encryption_algorithm.as_ref();
    let token = secret(sealed, algorithm, *policy, TOKEN_BYTES, proof)?;
    Ok(Login::Issued { issuer: *issuer, token })
}

/// A secret in the clear; `None` if it cannot be decrypted. That is no error yet: the client must not learn, not
/// even from the time it takes, whether padding, nonce or password was wrong (USR-10).
fn secret(
    sealed: &[u8],
    algorithm: &str,
    policy: SecurityPolicy,
    most: usize,
    proof: &Proof<'_>,
) -> Result<Option<Vec<u8>>, IdentityProblem> {
    let most = if policy.is_elliptic() { most + ENVELOPE_BYTES } else { most };
    // Part 4, 7.40.2: an algorithm is named where the policy has one to name.
    if sealed.len() > most || crypto::encryption_uri(policy).unwrap_or_default() != algorithm {
        return Err(IdentityProblem::Invalid);
    }
    if policy == SecurityPolicy::None {
        return Ok(Some(sealed.to_vec()));
    }
    if policy.is_elliptic() {
        let Some((_, key)) = proof.ephemeral.filter(|(of, _)| *of == policy) else {
            return Ok(None);
        };
        let (certificate, server_nonce) = (proof.client_certificate, proof.server_nonce);
        return Ok(EccSecret { policy, certificate, server_nonce }.open(key, sealed).ok());
    }
    let own = proof.channels.identity(policy).ok_or(IdentityProblem::Invalid)?;
    Ok(crypto::decrypt_secret(policy, &own.key, sealed, proof.server_nonce).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::ua::crypto::PrivateKey;
    use crate::ua::pki::TrustStore;

    /// A user with a key of this kind: certificate and key.
    fn user(algorithm: &'static rcgen::SignatureAlgorithm) -> (Vec<u8>, PrivateKey) {
        let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        (certificate.der().to_vec(), PrivateKey::from_pkcs8(pair.serialized_der()).unwrap())
    }

    #[test]
    fn usr_13_and_15_a_user_signs_with_the_key_that_the_elliptic_policy_wants() {
        let folder = tempfile::tempdir().unwrap();
        let trust = TrustStore::new(folder.path(), false);
        let channels = ChannelShared::new(Vec::new(), Vec::new(), &Limits::default(), trust);
        let (p256, p384) =
            (user(&rcgen::PKCS_ECDSA_P256_SHA256), user(&rcgen::PKCS_ECDSA_P384_SHA384));
        let is_signed = |policy, (der, key): &(Vec<u8>, PrivateKey), over: &[u8]| {
            let (id, kind) = ("certificate".to_owned(), TokenKind::Certificate);
            let policies = [TokenPolicy { id, kind, policy }];
            let own = [SecurityPolicy::EccNistP256, SecurityPolicy::EccNistP384];
            let own = own.into_iter().find(|it| it.key() == Some(key.key_type())).unwrap();
            let signature = crypto::sign(own, key, over).unwrap();
            let token = X509IdentityToken {
                policy_id: "certificate".into(),
                certificate_data: der.as_slice().into(),
            };
            let signature = SignatureData {
                algorithm: opcua_types::UAString::null(),
                signature: signature.into(),
            };
            let proof = Proof {
                channels: &channels,
                certificate: b"server",
                client_certificate: &[],
                ephemeral: None,
                server_nonce: b"nonce",
                signature: &signature,
            };
            match read_login(&ExtensionObject::from_message(token), &policies, &proof) {
                Ok(Login::Certificate { is_signed, .. }) => is_signed,
                _ => panic!("no certificate"),
            }
        };
        assert!(is_signed(SecurityPolicy::EccNistP256, &p256, b"servernonce"));
        assert!(is_signed(SecurityPolicy::EccNistP384, &p384, b"servernonce"));
        assert!(!is_signed(SecurityPolicy::EccNistP256, &p256, b"servernonc"));
        assert!(!is_signed(SecurityPolicy::EccNistP256, &p384, b"servernonce"));
        assert!(!is_signed(SecurityPolicy::EccNistP384, &p256, b"servernonce"));
        assert!(!is_signed(SecurityPolicy::Basic256Sha256, &p256, b"servernonce"));
    }
}
