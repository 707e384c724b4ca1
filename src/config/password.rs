//! Passwords: what makes a good one, and argon2id hashes of them.

use std::cell::RefCell;
use std::hint::black_box;
use std::io;

use argon2::password_hash::{Output, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use rand::TryRngCore;
use rand::rngs::OsRng;

/// Shortest password, characters (NIST SP 800-63B asks for 8 at least; a plant is worth more).
pub const CHARS_MIN: usize = 12;
/// Longest password, bytes: hashing must not become work for an attacker to hand out.
pub const BYTES_MAX: usize = 256;
/// Fewest different characters.
const DIFFERENT_MIN: usize = 5;
/// What a password must be, for people.
pub const RULE: &str = "At least 12 characters, at most 256 bytes, at least 5 different characters, no control \
                        characters, and not the user name in it.";
/// Memory of one hash, KiB; with two passes and one lane what OWASP recommends for argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Most memory that a hash in the file may ask for, KiB.
const MEMORY_MAX_KIB: u32 = 262_144;
const SALT_BYTES: usize = 16;

/// What a hash in the file must look like.
pub(super) const HASH: &str = "an argon2id hash as `cellhouse user` writes it";

/// Why a password is not taken. Never says what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("the password is too short; at least {CHARS_MIN} characters are needed")]
    Short,
    /// Too long.
    #[error("the password is too long; at most {BYTES_MAX} bytes are allowed")]
    Long,
    /// Too uniform.
    #[error("the password needs at least {DIFFERENT_MIN} different characters")]
    Uniform,
    /// Contains the user's name.
    #[error("the password must not contain the user name")]
    Name,
    /// Cannot be typed everywhere.
    #[error("the password must not contain control characters")]
    Control,
}

/// Whether `password` is good enough for the user `name`.
pub(super) fn check(name: &str, password: &str) -> Result<(), WeakPassword> {
    let mut letters: Vec<char> = password.chars().collect();
    let count = letters.len();
    letters.sort_unstable();
    letters.dedup();
    if count < CHARS_MIN {
        Err(WeakPassword::Short)
    } else if password.len() > BYTES_MAX {
        Err(WeakPassword::Long)
    } else if password.contains(char::is_control) {
        Err(WeakPassword::Control)
    } else if letters.len() < DIFFERENT_MIN {
        Err(WeakPassword::Uniform)
    } else if name.chars().count() > 2 && password.to_lowercase().contains(&name.to_lowercase()) {
        Err(WeakPassword::Name)
    } else {
        Ok(())
    }
}

/// The hash of `password` with a fresh salt, in PHC form.
pub(super) fn hash(password: &str) -> io::Result<String> {
    let mut salt = [0; SALT_BYTES];
    OsRng.try_fill_bytes(&mut salt).map_err(io::Error::other)?;
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
    let hash = argon2id().hash_password(password.as_bytes(), &salt);
    let hash = hash.expect("password and salt within argon2's bounds");
    Ok(hash.to_string())
}

/// Whether `password` has the hash `hash`.
pub(super) fn verify(hash: &str, password: &[u8]) -> bool {
    let found = PasswordHash::new(hash).ok().and_then(|it| {
        let params = Params::try_from(&it).ok()?;
        let version = it.version.and_then(|it| Version::try_from(it).ok()).unwrap_or_default();
        let mut salt = [0; Salt::MAX_LENGTH];
        let salt = it.salt?.decode_b64(&mut salt).ok()?;
        let mut out = [0; Output::MAX_LENGTH];
        let out = out.get_mut(..it.hash?.len())?;
        fill(&Argon2::new(Algorithm::Argon2id, version, params), clipped(password), salt, out)?;
        // Compared in a time that does not depend on where they differ.
        Some(Output::new(out).ok()? == it.hash?)
    });
    found == Some(true) && password.len() <= BYTES_MAX
}

/// Takes as long as [`verify`]: who asks must not learn whether the user exists.
pub(super) fn verify_nobody(password: &[u8]) {
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    let done = fill(&argon2id(), clipped(password), &[0; SALT_BYTES], &mut out);
    black_box((done, out));
}

/// The hash itself, in memory that this thread keeps: given back and taken anew it would be scattered, and grow.
fn fill(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], out: &mut [u8]) -> Option<()> {
    thread_local! {
        static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
    }
    MEMORY.with_borrow_mut(|memory| {
        memory.resize(argon2.params().block_count(), Block::default());
        argon2.hash_password_into_with_memory(password, salt, out, memory).ok()
    })
}

/// Whether `text` is a hash that [`verify`] can check in a bearable time.
pub(super) fn is_hash(text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(text) else { return false };
    let Ok(params) = Params::try_from(&hash) else { return false };
    hash.algorithm == Algorithm::Argon2id.ident()
        && hash.salt.is_some()
        && hash.hash.is_some()
        && params.m_cost() <= MEMORY_MAX_KIB
        && params.t_cost() <= 10
        && params.p_cost() <= 8
}

fn clipped(password: &[u8]) -> &[u8] {
    &password[..password.len().min(BYTES_MAX)]
}

fn argon2id() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).expect("constants within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_are_told_of_passwords_is_what_is_checked() {
        for number in [CHARS_MIN, BYTES_MAX, DIFFERENT_MIN] {
            assert!(RULE.contains(&format!(" {number} ")), "{number}");
        }
    }
}
