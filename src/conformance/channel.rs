//! 4.1, third part: messages on an open channel, and how many channels there are (Part 6, 6.7).

use opcua_types::{CloseSessionRequest, StatusCode};

use crate::conformance::bench::{read, standard, value};
use crate::conformance::channel_open::CHECKS;
use crate::conformance::expect::{good, that};
use crate::conformance::link::Link;
use crate::conformance::secure::{Offer, flip};
use crate::conformance::transport::hung_up;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};

/// Cases of messages and of many channels.
pub(super) const CASES: &[Case] = &[
    case("SC-12", "an expired token is refused", sc_12),
    case("SC-13", "another connection's channel is refused", sc_13),
    case("SC-14", "a repeated sequence number is refused", sc_14),
    case("SC-15", "a gap in the sequence numbers is refused", sc_15),
    case("SC-16", "legacy sequence numbers wrap", sc_16),
    case("SC-18", "a message with a bit turned over is refused and not executed", sc_18),
    case("SC-19", "an unsigned message on a secured channel is refused and not executed", sc_19),
    case("SC-22", "closing a closed channel does no harm", sc_22),
    alone("SC-23", "channels without a session make room for a good client", sc_23),
    alone("SC-24", "channels with a session survive the crowd", sc_24),
];

const SEQUENCE: &[StatusCode] =
    &[StatusCode::BadSecurityChecksFailed, StatusCode::BadSequenceNumberInvalid];
/// Channels opened at most to find the server's bound.
const CROWD: usize = 300;

fn alive(link: &mut Link) -> Check {
    read(link, vec![value(standard(2259))]).map(|_| ())
}

fn sc_12(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let old = link.token;
    link.open_channel(1, 60_000)?;
    // The first message under the new token ends the old one.
    alive(&mut link)?;
    link.token = old;
    link.post("MSGF", &[0; 40]);
    hung_up(
        &mut link,
        &[StatusCode::BadSecureChannelTokenUnknown, StatusCode::BadSecurityChecksFailed],
        "a token that has been replaced",
    )
}

fn sc_13(bench: &Bench) -> Check {
    let other = bench.open()?;
    let mut link = bench.open()?;
    link.channel = other.channel;
    link.post("MSGF", &[0; 40]);
    hung_up(
        &mut link,
        &[StatusCode::BadSecureChannelIdInvalid, StatusCode::BadTcpSecureChannelUnknown],
        "the channel id of another connection",
    )
}

/// The server refuses a message whose number is so far from the right one, with and without security.
fn step(bench: &Bench, step: i64, of: &str) -> Check {
    let mut links = vec![bench.session()?];
    match bench.secured_session() {
        Ok(link) => links.push(link),
        Err(Stop::Skipped(_)) => {}
        Err(failed) => return Err(failed),
    }
    for mut link in links {
        alive(&mut link)?;
        link.sequence = (i64::from(link.sequence) + step) as u32;
        link.post("MSGF", &[0; 40]);
        hung_up(&mut link, SEQUENCE, of)?;
    }
    Ok(())
}

fn sc_14(bench: &Bench) -> Check {
    step(bench, -1, "a sequence number for the second time")
}

fn sc_15(bench: &Bench) -> Check {
    step(bench, 1000, "a gap of 1000 sequence numbers")
}

fn sc_16(bench: &Bench) -> Check {
    let mut link = bench.connect()?;
    link.hello()?;
    // The number before the first may be any; from here a client may start anew below 1024.
    link.sequence = u32::MAX - 1000;
    link.open_channel(0, 60_000)?;
    good(link.create_session(60_000.0)?, "CreateSession near the end of the numbers")?;
    link.sequence = 4;
    good(link.activate()?, "ActivateSession behind the wrap")?;
    alive(&mut link)
}

/// A CloseSession on a secured channel, changed by `how` before it is sent, is refused and has closed nothing.
fn unharmed(bench: &Bench, offer: &Offer, how: impl Fn(&mut Link, &[u8]) -> Vec<u8>) -> Check {
    let (url, who) = (&bench.options.url, bench.runner()?);
    let mut link = Link::open_secured(url, offer, &who)?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    good(link.activate()?, "ActivateSession")?;
    let request = CloseSessionRequest { request_header: link.header(), delete_subscriptions: true };
    let message = link.encode(&request);
    let chunk = how(&mut link, &message);
    link.send(&chunk);
    hung_up(&mut link, CHECKS, &offer.name())?;
    let mut again = Link::open_secured(url, offer, &who)?;
    again.session = link.session.clone();
    again.server_nonce.clone_from(&link.server_nonce);
    good(again.activate()?, "the session that the refused message should have closed")?;
    alive(&mut again)
}

fn sc_18(bench: &Bench) -> Check {
    for offer in bench.offers()? {
        unharmed(bench, offer, |link, message| {
            let mut chunk = link.sealed("MSGF", message);
            // In the clear the last byte of the body; else a bit that spoils the signature's last block only.
            let signature = link.secured.as_ref().map_or(0, |it| it.signature_bytes());
            let back = if offer.encrypts() { 1 } else { signature + 1 };
            let at = chunk.len() - back;
            flip(&mut chunk, at);
            chunk
        })?;
    }
    Ok(())
}

fn sc_19(bench: &Bench) -> Check {
    for offer in bench.offers()? {
        unharmed(bench, offer, |link, message| {
            let keys = link.secured.take();
            let chunk = link.sealed("MSGF", message);
            link.secured = keys;
            chunk
        })?;
    }
    Ok(())
}

fn sc_22(bench: &Bench) -> Check {
    let mut link = bench.open()?;
    link.post("CLOF", &[]);
    link.post("CLOF", &[]);
    link.refusal()?;
    alive(&mut bench.session()?)
}

/// Opens channels without a session until the first of them is closed.
fn crowd(bench: &Bench) -> Result<Vec<Link>, Stop> {
    let mut all = Vec::new();
    for _ in 0..CROWD {
        match bench.open() {
            Ok(link) => all.push(link),
            Err(Stop::Failed(why)) => {
                return Err(Stop::failed(format!("channel {}: {why}", all.len() + 1)));
            }
            Err(skipped) => return Err(skipped),
        }
    }
    Ok(all)
}

fn sc_23(bench: &Bench) -> Check {
    let mut all = crowd(bench)?;
    alive(&mut bench.session()?)?;
    let Some(oldest) = all.first_mut() else { return Ok(()) };
    match oldest.hangs_up(std::time::Duration::from_secs(2)) {
        Ok(_) => Ok(()),
        Err(_) => {
            Err(Stop::skipped(format!("the server holds more than {CROWD} channels at a time")))
        }
    }
}

fn sc_24(bench: &Bench) -> Check {
    let mut kept = bench.session()?;
    let all = crowd(bench)?;
    alive(&mut bench.session()?)?;
    that(!all.is_empty(), "no channel was opened")?;
    alive(&mut kept)
}
