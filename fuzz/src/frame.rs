//! `frame`: what a client may send, byte for byte, on a connection of the real server: Hello, chunks, channels and,
//! without security, sessions. The input is all that it sends; then it hangs up.
//!
//! An input cannot know our keys: [`OURS`] in it stands for the thumbprint of our certificate with an RSA key.

use std::time::Duration;

use cellhouse::config::SecurityPolicy;
use cellhouse::ua::pki;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::served::{Served, served};

/// Stands for the thumbprint of our certificate.
const OURS: &[u8; 20] = b"-our-own-thumbprint-";
/// A server that has not hung up so long after its client is stuck.
const PATIENCE: Duration = Duration::from_secs(10);
/// Frames that a server may send.
const KINDS: [&[u8]; 4] = [b"ACKF", b"OPNF", b"MSG", b"ERRF"];

/// Sends the input.
///
/// # Panics
/// If the server panics, does not end the connection, or sends what is no frame.
pub fn run(input: &[u8]) {
    let served = served();
    let input = signed(&served, input);
    let answers = served.block_on(async {
        let (client, serving) = served.connect();
        let (mut reading, mut writing) = client.into_split();
        let talk = async {
            let mut answers = Vec::new();
            let send = async {
                // A server that has hung up already is no matter here.
                let _ = writing.write_all(&input).await;
                drop(writing);
            };
            // A server that hangs up before it has read everything resets the connection.
            let ((), _, ended) = tokio::join!(send, reading.read_to_end(&mut answers), serving);
            ended.expect("the connection ends without a panic");
            answers
        };
        tokio::time::timeout(PATIENCE, talk).await.expect("the connection ends")
    });
    served.reset();
    check(&answers);
}

/// The input with our thumbprint where it stands for it.
fn signed(served: &Served, input: &[u8]) -> Vec<u8> {
    let mut input = input.to_vec();
    if let Some(at) = input.windows(OURS.len()).position(|it| it == OURS) {
        let own = served.server.channels.certificate(SecurityPolicy::Basic256Sha256);
        input[at..at + OURS.len()].copy_from_slice(&pki::thumbprint(&own));
    }
    input
}

/// Frames, one behind the other.
fn check(answers: &[u8]) {
    let mut rest = answers;
    while !rest.is_empty() {
        let header = rest.first_chunk::<8>().expect("a header");
        assert!(KINDS.iter().any(|it| header.starts_with(it)), "{header:?} is no frame");
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        rest = rest.get(length..).filter(|_| length > 8).expect("a whole frame");
    }
}
