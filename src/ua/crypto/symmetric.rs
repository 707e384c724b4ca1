//! AES-CBC and HMAC-SHA256 of one direction of a channel (Part 6, 6.7.5).

use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use crate::config::SecurityPolicy;
use crate::ua::crypto::{BLOCK_BYTES, CryptoError, SIGNATURE_BYTES};

/// Keys of one direction.
pub struct DirectionKeys {
    signing: hmac::Key,
    encrypting: EncryptingKey,
    decrypting: DecryptingKey,
    vector: [u8; BLOCK_BYTES],
}

impl std::fmt::Debug for DirectionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectionKeys(***)")
    }
}

/// Keys of the direction whose sender contributed `seed`; `secret` is the other side's nonce.
pub fn derive(
    policy: SecurityPolicy,
    secret: &[u8],
    seed: &[u8],
) -> Result<DirectionKeys, CryptoError> {
    let (algorithm, key_bytes) = match policy {
        SecurityPolicy::None => return Err(CryptoError),
        SecurityPolicy::Aes128Sha256RsaOaep => (&AES_128, 16),
        SecurityPolicy::Basic256Sha256 | SecurityPolicy::Aes256Sha256RsaPss => (&AES_256, 32),
    };
    let material = stretch(secret, seed, SIGNATURE_BYTES + key_bytes + BLOCK_BYTES);
    let (signing, rest) = material.split_at(SIGNATURE_BYTES);
    let (cipher, vector) = rest.split_at(key_bytes);
    let cipher_key = || UnboundCipherKey::new(algorithm, cipher).map_err(|_| CryptoError);
    Ok(DirectionKeys {
        signing: hmac::Key::new(hmac::HMAC_SHA256, signing),
        encrypting: EncryptingKey::cbc(cipher_key()?).map_err(|_| CryptoError)?,
        decrypting: DecryptingKey::cbc(cipher_key()?).map_err(|_| CryptoError)?,
        vector: vector.try_into().map_err(|_| CryptoError)?,
    })
}

/// P_SHA256 of RFC 5246, 5: `A(i) = HMAC(secret, A(i-1))`, output `HMAC(secret, A(i) + seed)`.
fn stretch(secret: &[u8], seed: &[u8], count: usize) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut out = Vec::with_capacity(count + SIGNATURE_BYTES);
    let mut a = hmac::sign(&key, seed);
    while out.len() < count {
        let mut part = hmac::Context::with_key(&key);
        part.update(a.as_ref());
        part.update(seed);
        out.extend_from_slice(part.sign().as_ref());
        a = hmac::sign(&key, a.as_ref());
    }
    out.truncate(count);
    out
}

impl DirectionKeys {
    /// Signature over `data`.
    pub fn sign(&self, data: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let tag = hmac::sign(&self.signing, data);
        let mut out = [0; SIGNATURE_BYTES];
        out.copy_from_slice(tag.as_ref());
        out
    }

    /// Whether `signature` is over `data`, in constant time.
    pub fn verify(&self, data: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.signing, data, signature).is_ok()
    }

    /// Encrypts whole blocks in place.
    pub fn encrypt(&self, data: &mut [u8]) -> Result<(), CryptoError> {
        let context = EncryptionContext::Iv128(FixedLength::from(self.vector));
        self.encrypting.less_safe_encrypt(data, context).map_err(|_| CryptoError)?;
        Ok(())
    }

    /// Decrypts whole blocks in place.
    pub fn decrypt(&self, data: &mut [u8]) -> Result<(), CryptoError> {
        let context = DecryptionContext::Iv128(FixedLength::from(self.vector));
        self.decrypting.decrypt(data, context).map_err(|_| CryptoError)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_stretching_agrees_with_the_published_vector_of_p_sha256() {
        // Vector posted to the IETF TLS list for P_SHA256 (secret, "test label" + seed).
        let secret = [
            0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71,
            0xdb, 0x35,
        ];
        let seed = [
            b"test label".as_slice(),
            &[
                0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5,
                0x19, 0x8c,
            ],
        ]
        .concat();
        let expected = [
            0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b, 0xe1, 0x7b, 0x8d, 0x12, 0x26, 0x20, 0x55, 0x7c,
            0xd4, 0x53,
        ];
        assert_eq!(stretch(&secret, &seed, 16), expected);
    }

    #[test]
    fn what_is_encrypted_comes_back() {
        let keys = derive(SecurityPolicy::Basic256Sha256, &[1; 32], &[2; 32]).unwrap();
        let mut data = [7; 48];
        keys.encrypt(&mut data).unwrap();
        assert_ne!(data, [7; 48]);
        keys.decrypt(&mut data).unwrap();
        assert_eq!(data, [7; 48]);
        assert!(keys.verify(&data, &keys.sign(&data)));
        assert!(!keys.verify(&data[1..], &keys.sign(&data)));
    }
}
