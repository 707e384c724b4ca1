//! Keys of applications and users: what they sign, and what is encrypted for them where they are RSA keys.

use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::{KeyType, SecurityPolicy};
use crate::ua::crypto::{CryptoError, elliptic, rsa};

enum Private {
    Rsa(Box<rsa::PrivateKey>),
    Elliptic(elliptic::PrivateKey),
}

/// Our private key.
pub struct PrivateKey(Private);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}

impl PrivateKey {
    /// From PKCS#8 in DER: RSA, or elliptic on a curve that one of our policies names.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, CryptoError> {
        if let Ok(key) = rsa::PrivateKey::from_pkcs8(der) {
            return Ok(Self(Private::Rsa(Box::new(key))));
        }
        elliptic::PrivateKey::from_pkcs8(der).map(Private::Elliptic).map(Self)
    }

    /// A new RSA-2048 key, as PKCS#8 in DER.
    pub fn generate() -> Result<Vec<u8>, CryptoError> {
        rsa::PrivateKey::generate()
    }

    /// A new key of this type, as PKCS#8 in DER; an RSA one has 2048 bits.
    pub fn generate_of(key: KeyType) -> Result<Vec<u8>, CryptoError> {
        match key {
            KeyType::Rsa => rsa::PrivateKey::generate(),
            KeyType::NistP256 | KeyType::NistP384 => elliptic::PrivateKey::generate(key),
        }
    }

    /// What it is.
    pub fn key_type(&self) -> KeyType {
        match &self.0 {
            Private::Rsa(_) => KeyType::Rsa,
            Private::Elliptic(key) => key.key_type(),
        }
    }

    /// Bytes of a signature; with RSA also of an encrypted block.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Private::Rsa(key) => key.bytes(),
            Private::Elliptic(key) => elliptic::signature_bytes(key.key_type()),
        }
    }

    /// Decrypts whole blocks. Every failure looks alike; an elliptic key decrypts nothing.
    pub fn decrypt(&self, policy: SecurityPolicy, cipher: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.0 {
            Private::Rsa(key) => key.decrypt(policy, cipher),
            Private::Elliptic(_) => Err(CryptoError),
        }
    }
}

enum Public {
    Rsa(Box<rsa::PublicKey>),
    Elliptic(elliptic::PublicKey),
}

/// The public key of a peer's certificate.
pub struct PublicKey(Public);

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({}, {} bytes)", self.key_type().name(), self.bytes())
    }
}

impl PublicKey {
    /// Of a certificate in DER: RSA from 2048 to 4096 bits, or on a curve that one of our policies names.
    pub fn of_certificate(der: &[u8]) -> Result<Self, CryptoError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| CryptoError)?;
        let info = &certificate.tbs_certificate.subject_pki;
        let algorithm = &info.algorithm.algorithm;
        if *algorithm == OID_PKCS1_RSAENCRYPTION {
            Ok(Self(Public::Rsa(Box::new(rsa::PublicKey::new(info)?))))
        } else if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
            Ok(Self(Public::Elliptic(elliptic::PublicKey::new(info)?)))
        } else {
            Err(CryptoError)
        }
    }

    /// What it is.
    pub fn key_type(&self) -> KeyType {
        match &self.0 {
            Public::Rsa(_) => KeyType::Rsa,
            Public::Elliptic(key) => key.key_type(),
        }
    }

    /// Bytes of a signature; with RSA also of an encrypted block.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Public::Rsa(key) => key.bytes(),
            Public::Elliptic(key) => elliptic::signature_bytes(key.key_type()),
        }
    }

    /// Plain bytes that fit into one encrypted block; nothing can be encrypted for an elliptic key.
    pub fn plain_bytes(&self, policy: SecurityPolicy) -> Result<usize, CryptoError> {
        match &self.0 {
            Public::Rsa(key) => key.plain_bytes(policy),
            Public::Elliptic(_) => Err(CryptoError),
        }
    }

    /// Encrypts whole blocks.
    pub fn encrypt(&self, policy: SecurityPolicy, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.0 {
            Public::Rsa(key) => key.encrypt(policy, plain),
            Public::Elliptic(_) => Err(CryptoError),
        }
    }

    /// Whether `signature` over `data` was made with this key, as the policy wants it.
    pub fn verify(&self, policy: SecurityPolicy, data: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Public::Rsa(key) => key.verify(policy, data, signature),
            Public::Elliptic(key) => {
                policy.key() == Some(key.key_type()) && key.verify(data, signature)
            }
        }
    }
}

/// Signs `data`. Fails if the policy wants another type of key.
pub fn sign(policy: SecurityPolicy, key: &PrivateKey, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
    match &key.0 {
        Private::Rsa(key) => key.sign(policy, data),
        Private::Elliptic(key) if policy.key() == Some(key.key_type()) => key.sign(data),
        Private::Elliptic(_) => Err(CryptoError),
    }
}

/// Whether the owner of `certificate` (DER) signed `data`.
pub fn verify(policy: SecurityPolicy, certificate: &[u8], data: &[u8], signature: &[u8]) -> bool {
    PublicKey::of_certificate(certificate).is_ok_and(|key| key.verify(policy, data, signature))
}
