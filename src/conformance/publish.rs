//! 4.11, third part: Publish requests, acknowledgements and Republish (Part 4, 5.14.5 and 5.14.6).

use std::time::Duration;

use opcua_types::{
    DeleteSubscriptionsRequest, PublishResponse, RepublishRequest, RepublishResponse, StatusCode,
};

use crate::conformance::expect::{code, codes, equal, good, refused, some, that};
use crate::conformance::item::FINE;
use crate::conformance::link::{Answer, Link};
use crate::conformance::subscription::{
    NO_SUBSCRIPTION, data, publish, publish_request, subscribe, ticking, try_publish,
};
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of Publish requests.
pub(super) const CASES: &[Case] = &[
    case("SUB-10", "Publish without a subscription", sub_10),
    case("SUB-11", "the last subscription goes while a Publish waits", sub_11),
    case("SUB-12", "too many Publish requests", sub_12),
    case("SUB-13", "acknowledgements, good, unknown, twice, foreign", sub_13),
    case("SUB-14", "Republish of what is there and what is not", sub_14),
    case("SUB-15", "the list of available numbers", sub_15),
];

fn sub_10(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    refused(
        &try_publish(&mut link, &[])?,
        &[StatusCode::BadNoSubscription],
        "Publish without a subscription",
    )
}

/// The answers of a waiting Publish and of a request sent behind it, whichever comes first.
fn both(link: &mut Link, publish: u32) -> Result<StatusCode, Stop> {
    let mut status = None;
    for _ in 0..2 {
        let (request, kind, body) = link.message()?;
        if request == publish {
            status = Some(match link.decode::<PublishResponse>(kind, &body)? {
                Ok(response) => response.response_header.service_result,
                Err(status) => status,
            });
        }
    }
    some(status, "the answer of the waiting Publish")
}

fn sub_11(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = subscribe(&mut link, 60_000.0)?;
    let request = publish_request(&link, &[]);
    let waiting = link.ask(&request);
    let request = DeleteSubscriptionsRequest {
        request_header: link.header(),
        subscription_ids: Some(vec![id]),
    };
    link.ask(&request);
    let status = both(&mut link, waiting)?;
    code(status, &[StatusCode::BadNoSubscription], "the Publish that waited")
}

fn sub_12(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    subscribe(&mut link, 60_000.0)?;
    let first = link.request + 1;
    for _ in 0..1200 {
        let request = publish_request(&link, &[]);
        link.ask(&request);
    }
    link.set_patience(Duration::from_secs(2));
    let (request, kind, body) =
        link.message().map_err(|_| Stop::skipped("the server holds 1200 Publish requests"))?;
    match link.decode::<PublishResponse>(kind, &body)? {
        Ok(_) => Err(Stop::failed("a Publish is answered though nothing has happened")),
        Err(status) => {
            code(status, &[StatusCode::BadTooManyPublishRequests], "one Publish too many")?;
            equal(request, first, "the request that is refused is the oldest")
        }
    }
}

fn sub_13(bench: &Bench) -> Check {
    let (mut link, mut other) = (bench.session()?, bench.session()?);
    let foreign = subscribe(&mut other, 1000.0)?;
    let id = ticking(&mut link)?;
    let number = data(&mut link)?.notification_message.sequence_number;
    let response =
        publish(&mut link, &[(id, number), (id, number), (id, 4_000_000), (foreign, 1)])?;
    let unknown: &[StatusCode] = &[StatusCode::BadSequenceNumberUnknown];
    codes(
        &response.results.unwrap_or_default(),
        &[FINE, unknown, unknown, NO_SUBSCRIPTION],
        "acknowledgements",
    )
}

pub(super) fn republish(
    link: &mut Link,
    id: u32,
    number: u32,
) -> Result<Answer<RepublishResponse>, Stop> {
    let request = RepublishRequest {
        request_header: link.header(),
        subscription_id: id,
        retransmit_sequence_number: number,
    };
    link.call(&request)
}

fn sub_14(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = ticking(&mut link)?;
    let message = data(&mut link)?.notification_message;
    let number = message.sequence_number;
    let again = good(republish(&mut link, id, number)?, "Republish")?;
    equal(again.notification_message, message, "the message sent again")?;
    publish(&mut link, &[(id, number)])?;
    let gone = [StatusCode::BadMessageNotAvailable];
    refused(&republish(&mut link, id, number)?, &gone, "Republish of an acknowledged message")?;
    refused(&republish(&mut link, id, 4_000_000)?, &gone, "Republish of an unknown message")?;
    refused(&republish(&mut link, u32::MAX, 1)?, NO_SUBSCRIPTION, "Republish of no subscription")
}

fn sub_15(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let id = ticking(&mut link)?;
    let mut open = Vec::new();
    for _ in 0..3 {
        let response = data(&mut link)?;
        open.push(response.notification_message.sequence_number);
        let mut available = response.available_sequence_numbers.unwrap_or_default();
        available.sort_unstable();
        equal(available, open.clone(), "available sequence numbers")?;
    }
    let response = publish(&mut link, &[(id, open[0])])?;
    let available = response.available_sequence_numbers.unwrap_or_default();
    that(!available.contains(&open[0]), "an acknowledged number is still available")
}
