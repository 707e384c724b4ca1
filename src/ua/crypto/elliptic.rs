//! Elliptic curves: ECDSA signatures, and ECDH between ephemeral keys (Part 6, 6.8; Part 7, 6.6).
//!
//! Keys and signatures travel as two coordinates, big-endian and of full length, with nothing in front.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, UnparsedPublicKey,
};
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::config::{KeyType, SecurityPolicy};
use crate::ua::crypto::CryptoError;

/// What stands in front of an uncompressed point outside OPC UA (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Bytes of a signature, and of a public key.
pub(super) const fn signature_bytes(key: KeyType) -> usize {
    match key {
        KeyType::Rsa => 0,
        KeyType::NistP256 => 64,
        KeyType::NistP384 => 96,
    }
}

fn signing(key: KeyType) -> Result<&'static EcdsaSigningAlgorithm, CryptoError> {
    match key {
        KeyType::Rsa => Err(CryptoError),
        KeyType::NistP256 => Ok(&ECDSA_P256_SHA256_FIXED_SIGNING),
        KeyType::NistP384 => Ok(&ECDSA_P384_SHA384_FIXED_SIGNING),
    }
}

/// A private key for signatures.
pub(super) struct PrivateKey {
    key: KeyType,
    pair: EcdsaKeyPair,
}

impl PrivateKey {
    /// From PKCS#8 in DER.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, CryptoError> {
        let of = |key| {
            let pair = EcdsaKeyPair::from_pkcs8(signing(key)?, der).map_err(|_| CryptoError)?;
            Ok(Self { key, pair })
        };
        of(KeyType::NistP256).or_else(|_: CryptoError| of(KeyType::NistP384))
    }

    /// A new key, as PKCS#8 in DER.
    pub(super) fn generate(key: KeyType) -> Result<Vec<u8>, CryptoError> {
        let pair = EcdsaKeyPair::generate(signing(key)?).map_err(|_| CryptoError)?;
        let der = pair.to_pkcs8v1().map_err(|_| CryptoError)?;
        Ok(der.as_ref().to_vec())
    }

    pub(super) fn key_type(&self) -> KeyType {
        self.key
    }

    pub(super) fn sign(&self, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = self.pair.sign(&SystemRandom::new(), data).map_err(|_| CryptoError)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// The public key of a certificate.
pub(super) struct PublicKey {
    key: KeyType,
    point: Vec<u8>,
}

impl PublicKey {
    /// From what a certificate says; only a named curve that we know, and its whole point.
    pub(super) fn new(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, CryptoError> {
        let curve = info.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
        let curve = curve.ok_or(CryptoError)?;
        let key = if curve == OID_EC_P256 {
            KeyType::NistP256
        } else if curve == OID_NIST_EC_P384 {
            KeyType::NistP384
        } else {
            return Err(CryptoError);
        };
        Self::of_point(key, &info.subject_public_key.data)
    }

    pub(super) fn of_point(key: KeyType, point: &[u8]) -> Result<Self, CryptoError> {
        let is_whole =
            point.len() == 1 + signature_bytes(key) && point.first() == Some(&UNCOMPRESSED);
        if is_whole { Ok(Self { key, point: point.to_vec() }) } else { Err(CryptoError) }
    }

    pub(super) fn key_type(&self) -> KeyType {
        self.key
    }

    pub(super) fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        let algorithm = match self.key {
            KeyType::Rsa => return false,
            KeyType::NistP256 => &ECDSA_P256_SHA256_FIXED,
            KeyType::NistP384 => &ECDSA_P384_SHA384_FIXED,
        };
        UnparsedPublicKey::new(algorithm, &self.point).verify(data, signature).is_ok()
    }
}

/// A key pair that is made for one agreement (EphemeralKey, Part 6, 6.8.1).
pub struct EphemeralKey {
    private: agreement::PrivateKey,
    public: Vec<u8>,
}

impl std::fmt::Debug for EphemeralKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EphemeralKey(***)")
    }
}

impl EphemeralKey {
    /// A new one on the policy's curve. Fails if the policy has none.
    pub fn generate(policy: SecurityPolicy) -> Result<Self, CryptoError> {
        let private = agreement::PrivateKey::generate(curve(policy)?).map_err(|_| CryptoError)?;
        Self::new(private)
    }

    pub(super) fn new(private: agreement::PrivateKey) -> Result<Self, CryptoError> {
        let point = private.compute_public_key().map_err(|_| CryptoError)?;
        let public = point.as_ref().get(1..).ok_or(CryptoError)?.to_vec();
        Ok(Self { private, public })
    }

    /// The public key as it travels: x and y.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The secret shared with the owner of `peer`: the x coordinate. Fails if `peer` is no point of the curve.
    pub(super) fn agree(&self, peer: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if peer.len() != self.public.len() {
            return Err(CryptoError);
        }
        let point = [&[UNCOMPRESSED], peer].concat();
        let point = agreement::UnparsedPublicKey::new(self.private.algorithm(), point);
        agreement::agree(&self.private, &point, CryptoError, |secret| Ok(secret.to_vec()))
    }
}

fn curve(policy: SecurityPolicy) -> Result<&'static agreement::Algorithm, CryptoError> {
    match policy.key() {
        None | Some(KeyType::Rsa) => Err(CryptoError),
        Some(KeyType::NistP256) => Ok(&ECDH_P256),
        Some(KeyType::NistP384) => Ok(&ECDH_P384),
    }
}
