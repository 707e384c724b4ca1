//! Subscription service set (Part 4, 5.14).

use opcua_types::{ObjectId, StatusCode};
use tracing::info;

use crate::time;
use crate::ua::envelope::array_length;
use crate::ua::service::{Answer, Outcome, Request};
use crate::ua::subscription::{Asked, Owner, PublishRequest, SessionKey};

/// Encoded acknowledgement: subscription and sequence number.
const ACKNOWLEDGEMENT: usize = 8;

/// What Create- and ModifySubscription ask for; the priority stands elsewhere in each.
fn asked(request: &mut Request<'_>) -> Result<Asked, StatusCode> {
    Ok(Asked {
        interval_ms: request.body.f64()?,
        lifetime: request.body.u32()?,
        keep_alive: request.body.u32()?,
        notifications: request.body.u32()?,
        is_publishing: true,
        priority: 0,
    })
}

/// CreateSubscription.
pub(super) fn create(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let mut asked = asked(&mut request)?;
    asked.is_publishing = request.body.flag()?;
    asked.priority = request.body.u8()?;
    let owner = owner(&request, session);
    let server = request.server;
    let mut subscriptions = server.subscriptions.borrow_mut();
    let (id, revised) = subscriptions.create(session, owner, &asked, server.now_ms())?;
    info!(
        subscription = id,
        session = session.0,
        interval_ms = revised.interval_ms,
        "subscription created"
    );
    subscriptions.set_rights(session, &request.rights(session), time::now());
    server.replan.notify_one();
    let mut out = request.head(ObjectId::CreateSubscriptionResponse_Encoding_DefaultBinary);
    out.extend_from_slice(&id.to_le_bytes());
    out.extend_from_slice(&revised.interval_ms.to_le_bytes());
    out.extend_from_slice(&revised.lifetime.to_le_bytes());
    out.extend_from_slice(&revised.keep_alive.to_le_bytes());
    Ok(Answer::Now(out))
}

/// ModifySubscription.
pub(super) fn modify(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let id = request.body.u32()?;
    let mut asked = asked(&mut request)?;
    asked.priority = request.body.u8()?;
    let server = request.server;
    let revised = server.subscriptions.borrow_mut().modify(session, id, &asked, server.now_ms())?;
    server.replan.notify_one();
    let mut out = request.head(ObjectId::ModifySubscriptionResponse_Encoding_DefaultBinary);
    out.extend_from_slice(&revised.interval_ms.to_le_bytes());
    out.extend_from_slice(&revised.lifetime.to_le_bytes());
    out.extend_from_slice(&revised.keep_alive.to_le_bytes());
    Ok(Answer::Now(out))
}

/// Codes of the operations of one request, and no diagnostics.
fn codes(mut out: Vec<u8>, codes: &[StatusCode]) -> Vec<u8> {
    array_length(&mut out, Some(codes.len()));
    for code in codes {
        out.extend_from_slice(&code.bits().to_le_bytes());
    }
    array_length(&mut out, None);
    out
}

/// SetPublishingMode.
pub(super) fn set_publishing(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let is_publishing = request.body.flag()?;
    let ids = request.body.numbers()?;
    request.check_count(ids.len())?;
    let mut subscriptions = request.server.subscriptions.borrow_mut();
    let results: Vec<StatusCode> =
        ids.iter().map(|it| subscriptions.set_publishing(session, *it, is_publishing)).collect();
    let head = request.head(ObjectId::SetPublishingModeResponse_Encoding_DefaultBinary);
    Ok(Answer::Now(codes(head, &results)))
}

/// DeleteSubscriptions.
pub(super) fn delete(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let ids = request.body.numbers()?;
    request.check_count(ids.len())?;
    let results: Vec<StatusCode> =
        request.server.with_subscriptions(|subscriptions, moment, outgoing| {
            ids.iter().map(|it| subscriptions.delete(session, *it, moment.utc, outgoing)).collect()
        });
    let head = request.head(ObjectId::DeleteSubscriptionsResponse_Encoding_DefaultBinary);
    Ok(Answer::Now(codes(head, &results)))
}

/// Publish: answered when there is something to say.
pub(super) fn publish(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let count = request.body.array(ACKNOWLEDGEMENT)?;
    if count > request.server.config.limits.operations {
        return Err(StatusCode::BadTooManyOperations);
    }
    let mut acknowledged = Vec::with_capacity(count);
    for _ in 0..count {
        acknowledged.push((request.body.u32()?, request.body.u32()?));
    }
    let hint = request.header.timeout_hint;
    let max_bytes = longest_response(&request, session);
    request.server.with_subscriptions(|subscriptions, moment, outgoing| {
        let results = acknowledged
            .iter()
            .map(|(id, sequence)| subscriptions.acknowledge(session, *id, *sequence))
            .collect();
        let waiting = PublishRequest {
            channel: request.connection.id,
            id: request.id,
            handle: request.header.request_handle,
            results,
            deadline_ms: if hint == 0 { f64::INFINITY } else { moment.now_ms + f64::from(hint) },
            max_bytes,
        };
        subscriptions.publish(session, waiting, moment, outgoing)
    })?;
    if hint != 0 {
        request.server.replan.notify_one();
    }
    Ok(Answer::Later)
}

/// Longest response that both the channel and the session take, bytes.
fn longest_response(request: &Request<'_>, session: SessionKey) -> usize {
    let channel = request.longest_answer();
    let sessions = request.server.sessions.borrow();
    match sessions.get(session).map_or(0, |it| it.client.max_response_bytes) {
        0 => channel,
        own => channel.min(own as usize),
    }
}

/// Republish.
pub(super) fn republish(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let (id, sequence) = (request.body.u32()?, request.body.u32()?);
    let message = request.server.subscriptions.borrow_mut().republish(session, id, sequence)?;
    let mut out = request.head(ObjectId::RepublishResponse_Encoding_DefaultBinary);
    out.extend_from_slice(&message);
    Ok(Answer::Now(out))
}

/// TransferSubscriptions.
pub(super) fn transfer(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let ids = request.body.numbers()?;
    let send_initial_values = request.body.flag()?;
    request.check_count(ids.len())?;
    let owner = owner(&request, session);
    let results: Vec<Result<Vec<u32>, StatusCode>> =
        request.server.with_subscriptions(|subscriptions, moment, _| {
            let one = |id: &u32| {
                subscriptions.transfer(*id, (session, &owner), send_initial_values, moment.utc)
            };
            ids.iter().map(one).collect()
        });
    let rights = request.rights(session);
    request.server.subscriptions.borrow_mut().set_rights(session, &rights, time::now());
    request.server.check_hearing(session);
    let status = results.iter().find_map(|it| it.as_ref().err()).copied();
    let origin = request.server.origin(request.connection, &request.header, Some(session));
    request.server.audit_session(
        &origin,
        "Session/TransferSubscriptions",
        "subscriptions transferred",
        status.unwrap_or(StatusCode::Good),
    );
    let mut out = request.head(ObjectId::TransferSubscriptionsResponse_Encoding_DefaultBinary);
    array_length(&mut out, Some(results.len()));
    for result in results {
        let status = result.as_ref().err().copied().unwrap_or(StatusCode::Good);
        out.extend_from_slice(&status.bits().to_le_bytes());
        let available = result.unwrap_or_default();
        array_length(&mut out, Some(available.len()));
        for number in available {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    array_length(&mut out, None);
    info!(session = session.0, at = %time::now(), count = ids.len(), "subscriptions transferred");
    Ok(Answer::Now(out))
}

/// On whose behalf a session acts.
fn owner(request: &Request<'_>, session: SessionKey) -> Owner {
    let sessions = request.server.sessions.borrow();
    let Some(found) = sessions.get(session) else { return Owner::default() };
    Owner {
        user: found.identity.as_ref().map_or_else(String::new, |it| it.user.clone()),
        is_anonymous: found.identity.as_ref().is_none_or(|it| it.is_anonymous),
        client_uri: found.client.description.application_uri.as_ref().to_owned(),
    }
}
