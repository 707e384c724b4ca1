//! Security policies (Part 7, 6.6): names and lengths here, every primitive from `aws-lc-rs`.

mod asymmetric;
mod derive;
mod elliptic;
mod rsa;
mod secret;
mod symmetric;
#[cfg(test)]
mod vectors;

pub use asymmetric::{PrivateKey, PublicKey, sign, verify};
pub use derive::{ChannelKeys, Contribution};
pub use elliptic::EphemeralKey;
pub use secret::{EccSecret, decrypt_secret};
pub use symmetric::DirectionKeys;

use ::rand::TryRngCore;
use ::rand::rngs::OsRng;
use aws_lc_rs::{constant_time, digest, hmac, rand};

use crate::config::SecurityPolicy;

/// A cryptographic operation failed. Never says which: that would help an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("security checks failed")]
pub struct CryptoError;

/// AES block.
pub const BLOCK_BYTES: usize = 16;

/// URI of a policy.
pub const fn policy_uri(policy: SecurityPolicy) -> &'static str {
    match policy {
        SecurityPolicy::None => "http://opcfoundation.org/UA/SecurityPolicy#None",
        SecurityPolicy::Aes128Sha256RsaOaep => {
            "http://opcfoundation.org/UA/SecurityPolicy#Aes128_Sha256_RsaOaep"
        }
        SecurityPolicy::Basic256Sha256 => {
            "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"
        }
        SecurityPolicy::Aes256Sha256RsaPss => {
            "http://opcfoundation.org/UA/SecurityPolicy#Aes256_Sha256_RsaPss"
        }
        SecurityPolicy::EccNistP256 => "http://opcfoundation.org/UA/SecurityPolicy#ECC_nistP256",
        SecurityPolicy::EccNistP384 => "http://opcfoundation.org/UA/SecurityPolicy#ECC_nistP384",
    }
}

/// The policy with this URI.
pub fn policy_of(uri: &str) -> Option<SecurityPolicy> {
    SecurityPolicy::ALL.into_iter().find(|it| policy_uri(*it) == uri)
}

/// Bytes of a nonce of OpenSecureChannel (SecureChannelNonceLength): random, or an ephemeral public key.
pub const fn nonce_bytes(policy: SecurityPolicy) -> usize {
    match policy {
        SecurityPolicy::None => 0,
        SecurityPolicy::Aes128Sha256RsaOaep
        | SecurityPolicy::Basic256Sha256
        | SecurityPolicy::Aes256Sha256RsaPss => 32,
        SecurityPolicy::EccNistP256 => 64,
        SecurityPolicy::EccNistP384 => 96,
    }
}

/// Bytes of a symmetric signature: an HMAC.
pub const fn signature_bytes(policy: SecurityPolicy) -> usize {
    match policy {
        SecurityPolicy::None => 0,
        SecurityPolicy::Aes128Sha256RsaOaep
        | SecurityPolicy::Basic256Sha256
        | SecurityPolicy::Aes256Sha256RsaPss
        | SecurityPolicy::EccNistP256 => 32,
        SecurityPolicy::EccNistP384 => 48,
    }
}

/// URI of the asymmetric signature of a policy; elliptic policies have one signature and no name for it.
pub const fn signature_uri(policy: SecurityPolicy) -> Option<&'static str> {
    match policy {
        SecurityPolicy::None | SecurityPolicy::EccNistP256 | SecurityPolicy::EccNistP384 => None,
        SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => {
            Some("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
        }
        SecurityPolicy::Aes256Sha256RsaPss => {
            Some("http://opcfoundation.org/UA/security/rsa-pss-sha2-256")
        }
    }
}

/// Whether a SignatureData with this algorithm can be one of the policy's. It may say nothing.
pub fn is_signature_of(policy: SecurityPolicy, algorithm: &str) -> bool {
    algorithm.is_empty() || policy.is_elliptic() || signature_uri(policy) == Some(algorithm)
}

/// URI of the asymmetric encryption of a policy; elliptic policies have none.
pub const fn encryption_uri(policy: SecurityPolicy) -> Option<&'static str> {
    match policy {
        SecurityPolicy::None | SecurityPolicy::EccNistP256 | SecurityPolicy::EccNistP384 => None,
        SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => {
            Some("http://www.w3.org/2001/04/xmlenc#rsa-oaep")
        }
        SecurityPolicy::Aes256Sha256RsaPss => {
            Some("http://opcfoundation.org/UA/security/rsa-oaep-sha2-256")
        }
    }
}

/// Fills `bytes` with randomness from the system.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), CryptoError> {
    OsRng.try_fill_bytes(bytes).map_err(|_| CryptoError)
}

/// Gathers what the randomness of keys and signatures begins with: the first to ask for some waits a tenth of a second,
/// which is better not the first client.
pub fn gather_randomness() {
    // Whoever needs some hears of a failure.
    let _ = rand::fill(&mut [0; 32]);
}

/// HMAC-SHA256 under a key of any length: what the runner passes off as a signature (USR-19).
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data).as_ref().to_vec()
}

/// SHA-256 in hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let hash = digest::digest(&digest::SHA256, bytes);
    let halves = hash.as_ref().iter().flat_map(|it| [it >> 4, it & 15]);
    halves.map(|it| DIGITS[usize::from(it)]).collect()
}

/// Whether two byte strings are equal, in a time that does not depend on where they differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}
