//! Tokens that somebody else issued: JSON Web Tokens (Part 6, 6.5.3), of issuers that the configuration names.
//!
//! The issuer's keys are those of the configuration, each good for one algorithm. Nothing that a token says of keys
//! is followed; its `kid` only chooses among ours.

use std::fs;
use std::path::PathBuf;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use crate::access::Role;
use crate::config::{IssuerConfig, IssuerKey, TokenAlgorithm};
use crate::time::Timestamp;
use crate::ua::session::Identity;

/// Longest name of a user, characters.
const NAME_CHARACTERS: usize = 100;
/// Largest key file, bytes.
const KEY_BYTES: u64 = 64 * 1024;

/// Why an issuer's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The file cannot be read.
    #[error("key of issuer {issuer}: {path}: {source}", path = .path.display())]
    File {
        /// Whose.
        issuer: String,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds no key, or one of another kind.
    #[error("key of issuer {issuer}: {path} is no public key for {algorithm}, in PEM", path = .path.display())]
    Key {
        /// Whose.
        issuer: String,
        /// Which.
        path: PathBuf,
        /// What it must be good for.
        algorithm: &'static str,
    },
}

/// Why a token logs nobody in. For the log only: the client is told that it is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// Not encrypted as it must be, or with another nonce.
    #[error("token cannot be decrypted")]
    Sealed,
    /// Not a JSON Web Token, or with an algorithm that there is no other name for.
    #[error("token cannot be read: {0}")]
    Unreadable(String),
    /// It demands what we do not know.
    #[error("token has critical headers")]
    Critical,
    /// None of the issuer's keys has its algorithm and its id.
    #[error("issuer has no such key")]
    NoKey,
    /// Signature, issuer, audience or a missing claim.
    #[error("token is refused: {0}")]
    Refused(String),
    /// It is over, or not yet valid.
    #[error("token is not valid at this time")]
    Time,
    /// It names no user, or none that can be shown.
    #[error("token names no user")]
    NoUser,
    /// It gives none of our roles.
    #[error("token gives no role")]
    NoRole,
}

impl TokenProblem {
    /// Whether somebody may have made the token up. One that the issuer has signed and that is over is no attack.
    pub fn is_suspicious(&self) -> bool {
        *self != Self::Time
    }
}

struct Key {
    algorithm: Algorithm,
    id: Option<String>,
    public: DecodingKey,
}

struct Issuer {
    name: String,
    audience: String,
    user_claim: String,
    roles_claim: String,
    roles: Vec<(String, Role)>,
    keys: Vec<Key>,
    leeway_s: f64,
}

/// Every issuer of the configuration, in its order.
#[derive(Default)]
pub struct Issuers(Vec<Issuer>);

impl std::fmt::Debug for Issuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|it| &it.name)).finish()
    }
}

impl Issuers {
    /// Reads the keys. Tokens are meant for `application_uri` unless the configuration says otherwise.
    pub fn open(config: &[IssuerConfig], application_uri: &str) -> Result<Self, IssuerError> {
        config
            .iter()
            .map(|it| Issuer::open(it, application_uri))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Who the bearer of a token is, at this moment.
    pub fn identify(
        &self,
        issuer: usize,
        token: &[u8],
        utc: Timestamp,
    ) -> Result<Identity, TokenProblem> {
        let issuer = self.0.get(issuer).ok_or(TokenProblem::NoKey)?;
        let claims = issuer.claims(token)?;
        issuer.check_time(&claims, utc)?;
        issuer.identity(&claims)
    }
}

impl Issuer {
    fn open(config: &IssuerConfig, application_uri: &str) -> Result<Self, IssuerError> {
        let keys = config.keys.iter().map(|it| read_key(&config.name, it));
        Ok(Self {
            name: config.name.clone(),
            audience: config.audience.clone().unwrap_or_else(|| application_uri.to_owned()),
            user_claim: config.user_claim.clone(),
            roles_claim: config.roles_claim.clone(),
            roles: config.roles.clone(),
            keys: keys.collect::<Result<_, _>>()?,
            leeway_s: config.leeway_s as f64,
        })
    }

    /// What the token says, if the issuer signed it for us. Its times are checked by [`Issuer::check_time`].
    fn claims(&self, token: &[u8]) -> Result<Map<String, Value>, TokenProblem> {
        let header = jsonwebtoken::decode_header(token)
            .map_err(|it| TokenProblem::Unreadable(it.to_string()))?;
        if header.crit.is_some() {
            return Err(TokenProblem::Critical);
        }
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.audience]);
        validation.set_issuer(&[&self.name]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // The library would ask the system for the time.
        validation.validate_exp = false;
        let is_named = |key: &Key| match (&header.kid, &key.id) {
            (Some(asked), Some(id)) => asked == id,
            _ => true,
        };
        let mut last = TokenProblem::NoKey;
        for key in self.keys.iter().filter(|it| it.algorithm == header.alg && is_named(it)) {
            match jsonwebtoken::decode::<Map<String, Value>>(token, &key.public, &validation) {
                Ok(found) => return Ok(found.claims),
                Err(error) => last = TokenProblem::Refused(error.to_string()),
            }
        }
        Err(last)
    }

    /// `exp`, which must be there, and `nbf` (RFC 7519, 4.1.4 and 4.1.5).
    fn check_time(&self, claims: &Map<String, Value>, utc: Timestamp) -> Result<(), TokenProblem> {
        let now_s = utc.unix_us() as f64 / 1e6;
        let end = claims.get("exp").and_then(Value::as_f64).ok_or(TokenProblem::Time)?;
        let begin = match claims.get("nbf") {
            None => now_s,
            Some(begin) => begin.as_f64().ok_or(TokenProblem::Time)?,
        };
        let is_valid = now_s < end + self.leeway_s && begin <= now_s + self.leeway_s;
        if is_valid { Ok(()) } else { Err(TokenProblem::Time) }
    }

    fn identity(&self, claims: &Map<String, Value>) -> Result<Identity, TokenProblem> {
        let user = claims.get(&self.user_claim).and_then(Value::as_str).unwrap_or_default();
        let length = user.chars().count();
        if !(1..=NAME_CHARACTERS).contains(&length) || user.chars().any(char::is_control) {
            return Err(TokenProblem::NoUser);
        }
        let said = texts(claims.get(&self.roles_claim));
        let given = self.roles.iter().filter(|(claim, _)| said.contains(&claim.as_str()));
        let given: Vec<Role> = given.map(|(_, role)| *role).collect();
        if given.is_empty() {
            return Err(TokenProblem::NoRole);
        }
        Ok(Identity {
            // No local user has such a name: neither can be taken for the other.
            user: format!("{user} ({})", self.name),
            is_anonymous: false,
            // Part 18, 4.2: AuthenticatedUser is everyone whose identity was proven.
            roles: given.into_iter().chain([Role::AuthenticatedUser]).collect(),
            groups: owned(&texts(claims.get("groups"))),
            token_roles: owned(&said),
            ..Identity::default()
        })
    }
}

/// The texts of a claim that has one or several.
fn texts(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn owned(all: &[&str]) -> Vec<String> {
    all.iter().map(|it| (*it).to_owned()).collect()
}

fn algorithm(of: TokenAlgorithm) -> Algorithm {
    match of {
        TokenAlgorithm::Rs256 => Algorithm::RS256,
        TokenAlgorithm::Ps256 => Algorithm::PS256,
        TokenAlgorithm::Es256 => Algorithm::ES256,
        TokenAlgorithm::Es384 => Algorithm::ES384,
        TokenAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

fn read_key(issuer: &str, config: &IssuerKey) -> Result<Key, IssuerError> {
    let path = config.file.clone();
    let read = || {
        let size = fs::metadata(&path)?.len();
        if size > KEY_BYTES {
            return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
        }
        fs::read(&path)
    };
    let text = read();
    let text = text.map_err(|source| IssuerError::File {
        issuer: issuer.to_owned(),
        path: path.clone(),
        source,
    })?;
    let is_private = text.windows(11).any(|it| it == b"PRIVATE KEY");
    let point_bytes = |key: &DecodingKey| key.try_get_as_bytes().map_or(0, <[u8]>::len);
    let key = match config.algorithm {
        TokenAlgorithm::Rs256 | TokenAlgorithm::Ps256 => DecodingKey::from_rsa_pem(&text).ok(),
        TokenAlgorithm::Es256 => {
            DecodingKey::from_ec_pem(&text).ok().filter(|it| point_bytes(it) == 65)
        }
        TokenAlgorithm::Es384 => {
            DecodingKey::from_ec_pem(&text).ok().filter(|it| point_bytes(it) == 97)
        }
        TokenAlgorithm::EdDsa => DecodingKey::from_ed_pem(&text).ok(),
    };
    let key = key.filter(|_| !is_private).ok_or_else(|| IssuerError::Key {
        issuer: issuer.to_owned(),
        path,
        algorithm: config.algorithm.name(),
    })?;
    Ok(Key { algorithm: algorithm(config.algorithm), id: config.id.clone(), public: key })
}
