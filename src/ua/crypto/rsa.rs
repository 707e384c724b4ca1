//! RSA: signatures, and encryption for whoever has the key.

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
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::config::SecurityPolicy;
use crate::ua::crypto::CryptoError;

/// Key lengths that our policies allow, bits (Part 7).
const KEY_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A private key.
pub(super) struct PrivateKey {
    signing: KeyPair,
    decrypting: OaepPrivateDecryptingKey,
}

impl PrivateKey {
    /// From PKCS#8 in DER.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, CryptoError> {
        let signing = KeyPair::from_pkcs8(der).map_err(|_| CryptoError)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| CryptoError)?;
        let decrypting = OaepPrivateDecryptingKey::new(decrypting).map_err(|_| CryptoError)?;
        Ok(Self { signing, decrypting })
    }

    /// A new RSA-2048 key, as PKCS#8 in DER.
    pub(super) fn generate() -> Result<Vec<u8>, CryptoError> {
        let key = KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).map_err(|_| CryptoError)?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().map_err(|_| CryptoError)?;
        Ok(der.as_ref().to_vec())
    }

    /// Bytes of a signature and of an encrypted block.
    pub(super) fn bytes(&self) -> usize {
        self.signing.public_modulus_len()
    }

    /// Signs `data`.
    pub(super) fn sign(&self, policy: SecurityPolicy, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut signature = vec![0; self.bytes()];
        let random = SystemRandom::new();
        match policy {
            SecurityPolicy::None | SecurityPolicy::EccNistP256 | SecurityPolicy::EccNistP384 => {
                return Err(CryptoError);
            }
            SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => {
                self.signing.sign(&RSA_PKCS1_SHA256, &random, data, &mut signature)
            }
            SecurityPolicy::Aes256Sha256RsaPss => {
                self.signing.sign(&RSA_PSS_SHA256, &random, data, &mut signature)
            }
        }
        .map_err(|_| CryptoError)?;
        Ok(signature)
    }

    /// Decrypts whole blocks. Every failure looks alike.
    pub(super) fn decrypt(
        &self,
        policy: SecurityPolicy,
        cipher: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
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

/// The public key of a certificate.
pub(super) struct PublicKey {
    modulus_and_exponent: Vec<u8>,
    encrypting: OaepPublicEncryptingKey,
}

impl PublicKey {
    /// From what a certificate says; only 2048 to 4096 bits.
    pub(super) fn new(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, CryptoError> {
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
    pub(super) fn bytes(&self) -> usize {
        self.encrypting.key_size_bytes()
    }

    /// Plain bytes that fit into one encrypted block.
    pub(super) fn plain_bytes(&self, policy: SecurityPolicy) -> Result<usize, CryptoError> {
        Ok(self.encrypting.max_plaintext_size(padding(policy)?))
    }

    /// Encrypts whole blocks.
    pub(super) fn encrypt(
        &self,
        policy: SecurityPolicy,
        plain: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
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
    pub(super) fn verify(&self, policy: SecurityPolicy, data: &[u8], signature: &[u8]) -> bool {
        let algorithm = match policy {
            SecurityPolicy::None | SecurityPolicy::EccNistP256 | SecurityPolicy::EccNistP384 => {
                return false;
            }
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
        SecurityPolicy::None | SecurityPolicy::EccNistP256 | SecurityPolicy::EccNistP384 => {
            Err(CryptoError)
        }
        SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::Basic256Sha256 => {
            Ok(&OAEP_SHA1_MGF1SHA1)
        }
        SecurityPolicy::Aes256Sha256RsaPss => Ok(&OAEP_SHA256_MGF1SHA256),
    }
}
