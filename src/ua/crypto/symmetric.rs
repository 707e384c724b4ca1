//! AES-CBC and HMAC of one direction of a channel (Part 6, 6.7.6 and 6.8.1).

use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use crate::config::SecurityPolicy;
use crate::ua::crypto::derive::KeyLengths;
use crate::ua::crypto::{BLOCK_BYTES, CryptoError};

/// Encrypts and decrypts whole blocks under one key and one initialization vector.
pub(super) struct Cipher {
    encrypting: EncryptingKey,
    decrypting: DecryptingKey,
    vector: [u8; BLOCK_BYTES],
}

impl Cipher {
    /// AES with a key of 16 or 32 bytes.
    pub(super) fn new(key: &[u8], vector: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
        let key = || UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError);
        Ok(Self {
            encrypting: EncryptingKey::cbc(key()?).map_err(|_| CryptoError)?,
            decrypting: DecryptingKey::cbc(key()?).map_err(|_| CryptoError)?,
            vector: vector.try_into().map_err(|_| CryptoError)?,
        })
    }

    /// Encrypts whole blocks in place.
    pub(super) fn encrypt(&self, data: &mut [u8]) -> Result<(), CryptoError> {
        let context = EncryptionContext::Iv128(FixedLength::from(self.vector));
        self.encrypting.less_safe_encrypt(data, context).map_err(|_| CryptoError)?;
        Ok(())
    }

    /// Decrypts whole blocks in place.
    pub(super) fn decrypt(&self, data: &mut [u8]) -> Result<(), CryptoError> {
        let context = DecryptionContext::Iv128(FixedLength::from(self.vector));
        self.decrypting.decrypt(data, context).map_err(|_| CryptoError)?;
        Ok(())
    }
}

/// Keys of one direction.
pub struct DirectionKeys {
    signing: hmac::Key,
    cipher: Cipher,
}

impl std::fmt::Debug for DirectionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectionKeys(***)")
    }
}

impl DirectionKeys {
    /// From key material of just the length that the policy needs: for signatures, for the cipher, its vector.
    pub(super) fn new(policy: SecurityPolicy, material: &[u8]) -> Result<Self, CryptoError> {
        let lengths = KeyLengths::of(policy)?;
        let (signing, rest) = material.split_at_checked(lengths.signing).ok_or(CryptoError)?;
        let (cipher, vector) = rest.split_at_checked(lengths.encrypting).ok_or(CryptoError)?;
        let signing = hmac::Key::new(lengths.hash.hmac(), signing);
        Ok(Self { signing, cipher: Cipher::new(cipher, vector)? })
    }

    /// Signature over `data`.
    pub fn sign(&self, data: &[u8]) -> impl AsRef<[u8]> + use<> {
        hmac::sign(&self.signing, data)
    }

    /// Whether `signature` is over `data`, in constant time.
    pub fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.signing, data, signature).is_ok()
    }

    /// Encrypts whole blocks in place.
    pub fn encrypt(&self, data: &mut [u8]) -> Result<(), CryptoError> {
        self.cipher.encrypt(data)
    }

    /// Decrypts whole blocks in place.
    pub fn decrypt(&self, data: &mut [u8]) -> Result<(), CryptoError> {
        self.cipher.decrypt(data)
    }
}
