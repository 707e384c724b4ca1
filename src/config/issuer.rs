//! Issuers of tokens: who may say who a user is (Part 6, 6.5.3: JSON Web Tokens).

use std::path::PathBuf;

use crate::access::Role;

/// An issuer whose tokens log users in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerConfig {
    /// What it calls itself: the claim `iss`, and the URL that clients are told.
    pub name: String,
    /// Whom its tokens are meant for: the claim `aud`; our ApplicationUri when absent.
    pub audience: Option<String>,
    /// Where clients ask for a token, relative to the name; they are told nothing when absent.
    pub token_endpoint: Option<String>,
    /// The claim that names the user.
    pub user_claim: String,
    /// The claim that names the user's roles.
    pub roles_claim: String,
    /// What stands in that claim, and which role it gives.
    pub roles: Vec<(String, Role)>,
    /// Its public keys.
    pub keys: Vec<IssuerKey>,
    /// How far its clock and ours may differ, s.
    pub leeway_s: u64,
}

/// A public key of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    /// PEM file.
    pub file: PathBuf,
    /// The one algorithm that the key is good for.
    pub algorithm: TokenAlgorithm,
    /// The key's id, `kid`, by which tokens name it.
    pub id: Option<String>,
}

/// How an issuer signs (RFC 7518, RFC 8037). Nothing that shares a secret, and nothing that signs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// ECDSA on P-256, SHA-256.
    Es256,
    /// ECDSA on P-384, SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl TokenAlgorithm {
    /// Every algorithm, in order.
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::EdDsa];

    /// Name in tokens and in `server.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}
