//! Security policies, and what an endpoint combines (Part 7, 6.6; Part 4, 7.14).

/// What a certificate's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyType {
    /// RSA from 2048 to 4096 bits.
    Rsa,
    /// An elliptic key on the curve NIST P-256.
    NistP256,
    /// An elliptic key on the curve NIST P-384.
    NistP384,
}

impl KeyType {
    /// Every type, in order.
    pub const ALL: [Self; 3] = [Self::Rsa, Self::NistP256, Self::NistP384];

    /// Name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::NistP256 => "NIST P-256",
            Self::NistP384 => "NIST P-384",
        }
    }
}

/// A security policy we speak (Part 7, 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityPolicy {
    /// No security.
    None,
    /// RSA-OAEP-SHA1, AES-128-CBC, SHA-256.
    Aes128Sha256RsaOaep,
    /// RSA-OAEP-SHA1, AES-256-CBC, SHA-256.
    Basic256Sha256,
    /// RSA-OAEP-SHA256, RSA-PSS, AES-256-CBC, SHA-256.
    Aes256Sha256RsaPss,
    /// ECDSA and ECDH on P-256, HKDF and HMAC with SHA-256, AES-128-CBC.
    EccNistP256,
    /// ECDSA and ECDH on P-384, HKDF and HMAC with SHA-384, AES-256-CBC.
    EccNistP384,
}

impl SecurityPolicy {
    /// Every policy, in order.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Aes128Sha256RsaOaep,
        Self::Basic256Sha256,
        Self::Aes256Sha256RsaPss,
        Self::EccNistP256,
        Self::EccNistP384,
    ];

    /// Last part of the policy's URI (Part 7, 6.6), and its name in `server.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Aes128Sha256RsaOaep => "Aes128_Sha256_RsaOaep",
            Self::Basic256Sha256 => "Basic256Sha256",
            Self::Aes256Sha256RsaPss => "Aes256_Sha256_RsaPss",
            Self::EccNistP256 => "ECC_nistP256",
            Self::EccNistP384 => "ECC_nistP384",
        }
    }

    /// The key that both applications need for it; nothing on security None.
    pub const fn key(self) -> Option<KeyType> {
        match self {
            Self::None => None,
            Self::Aes128Sha256RsaOaep | Self::Basic256Sha256 | Self::Aes256Sha256RsaPss => {
                Some(KeyType::Rsa)
            }
            Self::EccNistP256 => Some(KeyType::NistP256),
            Self::EccNistP384 => Some(KeyType::NistP384),
        }
    }

    /// Whether it agrees on keys by ECDH instead of encrypting with the receiver's key (Part 6, 6.8).
    pub const fn is_elliptic(self) -> bool {
        matches!(self, Self::EccNistP256 | Self::EccNistP384)
    }
}

/// Policies that somebody may ask for and that we do not speak, and why.
pub(super) const NOT_OFFERED: [(&str, &str); 2] = [
    (
        "Basic128Rsa15",
        "is not offered: it signs with SHA-1, and PKCS #1 v1.5 lets a listener find out passwords and keys",
    ),
    ("Basic256", "is not offered: it signs with SHA-1, which can be forged"),
];

/// One combination of policy and mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointConfig {
    /// Security policy.
    pub policy: SecurityPolicy,
    /// Messages are signed.
    pub sign: bool,
    /// Messages are encrypted; implies `sign`.
    pub encrypt: bool,
}

impl EndpointConfig {
    /// Everything we can offer: no security, and each policy with Sign and SignAndEncrypt.
    pub fn all() -> Vec<Self> {
        let plain = Self { policy: SecurityPolicy::None, sign: false, encrypt: false };
        let secured = SecurityPolicy::ALL.into_iter().filter(|it| *it != SecurityPolicy::None);
        let modes = |policy| [false, true].map(|encrypt| Self { policy, sign: true, encrypt });
        std::iter::once(plain).chain(secured.flat_map(modes)).collect()
    }

    /// Keys that are needed to offer all of `endpoints`, in order. Without security an application is known by RSA.
    pub fn keys(endpoints: &[Self]) -> Vec<KeyType> {
        let of = |it: &Self| it.policy.key().unwrap_or(KeyType::Rsa);
        let needs = |key: &KeyType| endpoints.iter().any(|it| of(it) == *key);
        KeyType::ALL.into_iter().filter(needs).collect()
    }
}
