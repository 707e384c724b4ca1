//! Secrets of user tokens: a password or an issued token on its way to the server (Part 4, 7.40.2).

use crate::config::SecurityPolicy;
use crate::ua::crypto::derive::{self, KeyLengths};
use crate::ua::crypto::symmetric::Cipher;
use crate::ua::crypto::{
    BLOCK_BYTES, CryptoError, EphemeralKey, PrivateKey, PublicKey, equal, policy_uri, sign,
};

/// NodeId of the DataType EccEncryptedSecret, i=17546, and the mask of a binary body, as they are encoded.
const ECC_HEAD: [u8; 5] = [1, 0, 0x8a, 0x44, 1];

/// The secret of a token that is encrypted with our RSA key (Part 4, 7.40.2.2): length, secret, server nonce.
/// A replayed token has another nonce and fails like a wrong key.
pub fn decrypt_secret(
    policy: SecurityPolicy,
    key: &PrivateKey,
    cipher: &[u8],
    server_nonce: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let plain = key.decrypt(policy, cipher)?;
    let (length, rest) = plain.split_first_chunk::<4>().ok_or(CryptoError)?;
    let rest = rest.get(..u32::from_le_bytes(*length) as usize).ok_or(CryptoError)?;
    let at = rest.len().checked_sub(server_nonce.len()).ok_or(CryptoError)?;
    let (secret, nonce) = rest.split_at(at);
    if equal(nonce, server_nonce) { Ok(secret.to_vec()) } else { Err(CryptoError) }
}

/// What an EccEncryptedSecret (Part 4, 7.40.2.5) has to fit to.
#[derive(Clone, Copy, Debug)]
pub struct EccSecret<'a> {
    /// Policy of the token.
    pub policy: SecurityPolicy,
    /// The sender's certificate in DER, its first only: who signs.
    pub certificate: &'a [u8],
    /// The nonce that the server gave last.
    pub server_nonce: &'a [u8],
}

impl EccSecret<'_> {
    /// The secret, encrypted for the owner of `key`. The signature is checked before anything is decrypted; one
    /// made for another key or with another nonce fails like one that is broken. SigningTime is not looked at: the
    /// nonce says it better, and a plant's clocks may differ.
    pub fn open(&self, key: &EphemeralKey, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signer = PublicKey::of_certificate(self.certificate)?;
        let at = sealed.len().checked_sub(signer.bytes()).ok_or(CryptoError)?;
        let (signed, signature) = sealed.split_at(at);
        if !signer.verify(self.policy, signed, signature) {
            return Err(CryptoError);
        }
        let mut fields = Fields(signed);
        let head = fields.take(ECC_HEAD.len())?;
        let length = fields.number()?;
        if head != ECC_HEAD || length != fields.0.len() + signature.len() {
            return Err(CryptoError);
        }
        let policy = fields.bytes()?;
        let certificate = fields.bytes()?;
        fields.take(8)?;
        fields.take(2)?;
        let sender = fields.bytes()?;
        let receiver = fields.bytes()?;
        let is_from_signer = certificate.is_empty() || certificate.starts_with(self.certificate);
        if policy != policy_uri(self.policy).as_bytes()
            || !is_from_signer
            || receiver != key.public()
        {
            return Err(CryptoError);
        }
        let cipher = cipher(self.policy, key, sender, (sender, receiver))?;
        let mut payload = fields.0.to_vec();
        cipher.decrypt(&mut payload)?;
        let mut fields = Fields(&payload);
        let nonce = fields.bytes()?;
        let secret = fields.bytes()?;
        is_padding(fields.0)?;
        if equal(nonce, self.server_nonce) { Ok(secret.to_vec()) } else { Err(CryptoError) }
    }

    /// Encrypts a secret for the owner of the public key `receiver`, signed with the sender's key: the client's side.
    pub fn seal(
        &self,
        signer: &PrivateKey,
        receiver: &[u8],
        secret: &[u8],
        ticks: i64,
    ) -> Result<Vec<u8>, CryptoError> {
        let own = EphemeralKey::generate(self.policy)?;
        let mut payload = Vec::new();
        field(&mut payload, self.server_nonce);
        field(&mut payload, secret);
        let over = (payload.len() + 2) % BLOCK_BYTES;
        let mut padding = if over == 0 { 0 } else { BLOCK_BYTES - over };
        if padding + secret.len() < BLOCK_BYTES {
            // Part 6, 6.8.3: a short secret does not show its length.
            padding += BLOCK_BYTES;
        }
        payload.extend(std::iter::repeat_n(padding as u8, padding));
        payload.extend_from_slice(&(padding as u16).to_le_bytes());
        cipher(self.policy, &own, receiver, (own.public(), receiver))?.encrypt(&mut payload)?;
        let mut body = Vec::new();
        field(&mut body, policy_uri(self.policy).as_bytes());
        field(&mut body, self.certificate);
        body.extend_from_slice(&ticks.to_le_bytes());
        let keys = 4 + own.public().len() + 4 + receiver.len();
        body.extend_from_slice(&(keys as u16).to_le_bytes());
        field(&mut body, own.public());
        field(&mut body, receiver);
        body.extend_from_slice(&payload);
        let length = (body.len() + signer.bytes()) as u32;
        let mut sealed = [&ECC_HEAD[..], &length.to_le_bytes(), &body].concat();
        let signature = sign(self.policy, signer, &sealed)?;
        sealed.extend_from_slice(&signature);
        Ok(sealed)
    }
}

/// The cipher between two ephemeral keys (Part 6, 6.8.3): `own`, and `peer`; `sender` and `receiver` are their public
/// keys in the order of the message.
fn cipher(
    policy: SecurityPolicy,
    own: &EphemeralKey,
    peer: &[u8],
    (sender, receiver): (&[u8], &[u8]),
) -> Result<Cipher, CryptoError> {
    let lengths = KeyLengths::of(policy)?;
    let count = lengths.encrypting + BLOCK_BYTES;
    let salt = derive::salt(count, "opcua-secret", sender, receiver);
    let keys = derive::expand(lengths.hash, &salt, &own.agree(peer)?, &salt, count)?;
    let (key, vector) = keys.split_at(lengths.encrypting);
    Cipher::new(key, vector)
}

/// What follows the secret: padding of one value, and its length.
fn is_padding(tail: &[u8]) -> Result<(), CryptoError> {
    let (padding, length) = tail.split_last_chunk::<2>().ok_or(CryptoError)?;
    let fits = usize::from(u16::from_le_bytes(*length)) == padding.len()
        && padding.iter().all(|it| *it == length[0]);
    if fits { Ok(()) } else { Err(CryptoError) }
}

fn field(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Reads one field after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], CryptoError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CryptoError)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<usize, CryptoError> {
        let bytes: [u8; 4] = self.take(4)?.try_into().map_err(|_| CryptoError)?;
        Ok(u32::from_le_bytes(bytes) as usize)
    }

    /// A ByteString or String; null is empty.
    fn bytes(&mut self) -> Result<&'a [u8], CryptoError> {
        match self.number()? {
            0xffff_ffff => Ok(&[]),
            length => self.take(length),
        }
    }
}
