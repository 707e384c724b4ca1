//! Keys from what both sides of OpenSecureChannel contribute: P_SHA256 with RSA (Part 6, 6.7.6), HKDF with
//! elliptic curves (Part 6, 6.8.1).

use aws_lc_rs::{hkdf, hmac};

use crate::config::SecurityPolicy;
use crate::ua::crypto::{
    BLOCK_BYTES, CryptoError, DirectionKeys, EphemeralKey, fill_random, nonce_bytes,
};

/// Hash that a policy derives keys and signs messages with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    pub(super) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        }
    }
}

/// Lengths of the keys of one direction, bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyLengths {
    pub(super) hash: Hash,
    /// DerivedSignatureKeyLength.
    pub(super) signing: usize,
    /// EncryptionKeyLength.
    pub(super) encrypting: usize,
}

impl KeyLengths {
    /// As Part 7, 6.6 has them.
    pub(super) fn of(policy: SecurityPolicy) -> Result<Self, CryptoError> {
        let (hash, signing, encrypting) = match policy {
            SecurityPolicy::None => return Err(CryptoError),
            SecurityPolicy::Aes128Sha256RsaOaep | SecurityPolicy::EccNistP256 => {
                (Hash::Sha256, 32, 16)
            }
            SecurityPolicy::Basic256Sha256 | SecurityPolicy::Aes256Sha256RsaPss => {
                (Hash::Sha256, 32, 32)
            }
            SecurityPolicy::EccNistP384 => (Hash::Sha384, 48, 32),
        };
        Ok(Self { hash, signing, encrypting })
    }

    fn all(self) -> usize {
        self.signing + self.encrypting + BLOCK_BYTES
    }
}

/// Keys of both directions.
#[derive(Debug)]
pub struct ChannelKeys {
    /// What the client sends with.
    pub client: DirectionKeys,
    /// What the server sends with.
    pub server: DirectionKeys,
}

/// What one side of OpenSecureChannel contributes to the keys.
#[derive(Debug)]
pub struct Contribution {
    policy: SecurityPolicy,
    nonce: Vec<u8>,
    ephemeral: Option<EphemeralKey>,
}

impl Contribution {
    /// A new one: random bytes, or an ephemeral key where the policy is elliptic; nothing on security None.
    pub fn new(policy: SecurityPolicy) -> Result<Self, CryptoError> {
        if policy.is_elliptic() {
            let ephemeral = EphemeralKey::generate(policy)?;
            let nonce = ephemeral.public().to_vec();
            return Ok(Self { policy, nonce, ephemeral: Some(ephemeral) });
        }
        let mut nonce = vec![0; nonce_bytes(policy)];
        fill_random(&mut nonce)?;
        Ok(Self { policy, nonce, ephemeral: None })
    }

    /// ClientNonce or ServerNonce.
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// The keys, if this side is the client. Fails if the server's nonce cannot be one of the policy's.
    pub fn as_client(&self, server_nonce: &[u8]) -> Result<ChannelKeys, CryptoError> {
        self.keys(server_nonce, (&self.nonce, server_nonce))
    }

    /// The keys, if this side is the server. Fails if the client's nonce cannot be one of the policy's.
    pub fn as_server(&self, client_nonce: &[u8]) -> Result<ChannelKeys, CryptoError> {
        self.keys(client_nonce, (client_nonce, &self.nonce))
    }

    fn keys(
        &self,
        peer: &[u8],
        (client, server): (&[u8], &[u8]),
    ) -> Result<ChannelKeys, CryptoError> {
        let lengths = KeyLengths::of(self.policy)?;
        if peer.len() != self.nonce.len() {
            return Err(CryptoError);
        }
        let (client, server) = match &self.ephemeral {
            None => {
                (stretch(server, client, lengths.all()), stretch(client, server, lengths.all()))
            }
            Some(own) => {
                let secret = own.agree(peer)?;
                let count = lengths.all();
                let of = |label: &str, first: &[u8], second: &[u8]| {
                    let salt = salt(count, label, first, second);
                    expand(lengths.hash, &salt, &secret, &salt, count)
                };
                (of("opcua-client", client, server)?, of("opcua-server", server, client)?)
            }
        };
        Ok(ChannelKeys {
            client: DirectionKeys::new(self.policy, &client)?,
            server: DirectionKeys::new(self.policy, &server)?,
        })
    }
}

/// Salt and Info of a derivation of `count` bytes (Part 6, 6.8.1, step 1). The length is that of all keys of a
/// direction in either mode, as other stacks take it.
pub(super) fn salt(count: usize, label: &str, first: &[u8], second: &[u8]) -> Vec<u8> {
    [&(count as u16).to_le_bytes(), label.as_bytes(), first, second].concat()
}

struct Bytes(usize);

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF of RFC 5869.
pub(super) fn expand(
    hash: Hash,
    salt: &[u8],
    secret: &[u8],
    info: &[u8],
    count: usize,
) -> Result<Vec<u8>, CryptoError> {
    let algorithm = match hash {
        Hash::Sha256 => hkdf::HKDF_SHA256,
        Hash::Sha384 => hkdf::HKDF_SHA384,
    };
    let key = hkdf::Salt::new(algorithm, salt).extract(secret);
    let mut out = vec![0; count];
    let info = [info];
    let made = key.expand(&info, Bytes(count)).map_err(|_| CryptoError)?;
    made.fill(&mut out).map_err(|_| CryptoError)?;
    Ok(out)
}

/// P_SHA256 of RFC 5246, 5: `A(i) = HMAC(secret, A(i-1))`, output `HMAC(secret, A(i) + seed)`.
pub(super) fn stretch(secret: &[u8], seed: &[u8], count: usize) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut out = Vec::with_capacity(count + 32);
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
