//! RSA: signatures and encryption of OpenSecureChannel, session signatures, passwords.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
    UnparsedPublicKey,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::SecurityPolicy;
use crate::ua::crypto::{CryptoError, equal};

/// Key lengths that our policies allow, bits (Part 7).
const KEY_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Our private key.
pub struct PrivateKey {
    signing: KeyPair,
    decrypting: OaepPrivateDecryptingKey,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}

impl PrivateKey {
    /// From PKCS#8 in DER.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, CryptoError> {
        let signing = KeyPair::from_pkcs8(der).map_err(|_| CryptoError)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| CryptoError)?;
        let decrypting = OaepPrivateDecryptingKey::new(decrypting).map_err(|_| CryptoError)?;
        Ok(Self { signing, decrypting })
    }

    /// A new RSA-2048 key, as PKCS#8 in DER.
    pub fn generate() -> Result<Vec<u8>, CryptoError> {
        let key = KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).map_err(|_| CryptoError)?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().map_err(|_| CryptoError)?;
        Ok(der.as_ref().to_vec())
    }

    /// Bytes of a signature and of an encrypted block.
    pub fn bytes(&self) -> usize {
        self.signing.public_modulus_len()
    }

    /// Decrypts whole blocks. Every failure looks alike.
    pub fn decrypt(&self, policy: SecurityPolicy, cipher: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let block = self.bytes();
        if cipher.is_empty() || !cipher.len().is_multiple_of(block) {
            return Err(CryptoError);
        }
        let mut plain = Vec::with_capacity(cipher.len());
        let mut buffer = vec![0; block];
        for part in cipher.chunks(block) {
            let opened = self
                .decrypting
                .decrypt(padding(policy)?, part, &mut buffer, None)
                .map_err(|_| CryptoError)?;
            plain.extend_from_slice(opened);
        }
        Ok(plain)
    }
}

/// The public key of a peer's certificate.
pub struct PublicKey {
    modulus_and_exponent: Vec<u8>,
    encrypting: OaepPublicEncryptingKey,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({} bytes)", self.bytes())
    }
}

impl PublicKey {
    /// Of a certificate in DER; only RSA from 2048 to 4096 bits.
    pub fn of_certificate(der: &[u8]) -> Result<Self, CryptoError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| CryptoError)?;
        let info = &certificate.tbs_certificate.subject_pki;
        let key = PublicEncryptingKey::from_der(info.raw).map_err(|_| CryptoError)?;
        if !KEY_BITS.contains(&key.key_size_bits()) {
            return Err(CryptoError);
        }
        Ok(Self {
            modulus_and_exponent: info.subject_public_key.data.to_vec(),
            encrypting: OaepPublicEncryptingKey::new(key).map_err(|_| CryptoError)?,
        })
    }

    /// Bytes of a signature and of an encrypted block.
    pub fn bytes(&self) -> usize {
        self.encrypting.key_size_bytes()
    }

    /// Plain bytes that fit into one encrypted block.
    pub fn plain_bytes(&self, policy: SecurityPolicy) -> Result<usize, CryptoError> {
        Ok(self.encrypting.max_plaintext_size(padding(policy)?))
    }

    /// Encrypts whole blocks.
    pub fn encrypt(&self, policy: SecurityPolicy, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let size = self.plain_bytes(policy)?;
        let mut cipher = Vec::with_capacity(plain.len().div_ceil(size) * self.bytes());
        let mut buffer = vec![0; self.bytes()];
        for part in plain.chunks(size) {
            let sealed = self
                .encrypting
                .encrypt(padding(policy)?, part, &mut buffer, None)
                .map_err(|_| CryptoError)?;
            cipher.extend_from_slice(sealed);
        }
        Ok(cipher)
    }

    /// Whether `signature` over `data` was made with this key.
    pub fn verify(&self, policy: SecurityPolicy, data: &[u8], signature: &[u8]) -> bool {
        let algorithm = match policy {
            SecurityPolicy::None => return false,
            SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => {
                &RSA_PKCS1_2048_8192_SHA256
            }
            SecurityPolicy::Aes256Sha256RsaPss => &RSA_PSS_2048_8192_SHA256,
        };
        let key = UnparsedPublicKey::new(algorithm, &self.modulus_and_exponent);
        key.verify(data, signature).is_ok()
    }
}

fn padding(policy: SecurityPolicy) -> Result<&'static OaepAlgorithm, CryptoError> {
    match policy {
        SecurityPolicy::None => Err(CryptoError),
        SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => {
            Ok(&OAEP_SHA1_MGF1SHA1)
        }
        SecurityPolicy::Aes256Sha256RsaPss => Ok(&OAEP_SHA256_MGF1SHA256),
    }
}

/// Signs `data`.
pub fn sign(policy: SecurityPolicy, key: &PrivateKey, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut signature = vec![0; key.bytes()];
    let random = SystemRandom::new();
    match policy {
        SecurityPolicy::None => return Err(CryptoError),
        SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => {
            key.signing.sign(&RSA_PKCS1_SHA256, &random, data, &mut signature)
        }
        SecurityPolicy::Aes256Sha256RsaPss => {
            key.signing.sign(&RSA_PSS_SHA256, &random, data, &mut signature)
        }
    }
    .map_err(|_| CryptoError)?;
    Ok(signature)
}

/// Whether the owner of `certificate` (DER) signed `data`.
pub fn verify(policy: SecurityPolicy, certificate: &[u8], data: &[u8], signature: &[u8]) -> bool {
    PublicKey::of_certificate(certificate).is_ok_and(|key| key.verify(policy, data, signature))
}

/// The password of a UserNameIdentityToken (Part 4, 7.40.2.2): length, password, server nonce.
/// A replayed token has another nonce and fails like a wrong key.
pub fn decrypt_password(
    policy: SecurityPolicy,
    key: &PrivateKey,
    secret: &[u8],
    server_nonce: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let plain = key.decrypt(policy, secret)?;
    let (length, rest) = plain.split_first_chunk::<4>().ok_or(CryptoError)?;
    let rest = rest.get(..u32::from_le_bytes(*length) as usize).ok_or(CryptoError)?;
    let at = rest.len().checked_sub(server_nonce.len()).ok_or(CryptoError)?;
    let (password, nonce) = rest.split_at(at);
    if equal(nonce, server_nonce) { Ok(password.to_vec()) } else { Err(CryptoError) }
}
