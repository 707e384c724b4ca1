//! Write (Part 4, 5.11.4): every value for the plant is a command to the engine, in the order of the request;
//! what the server itself keeps is written at once.

use std::rc::Rc;

use opcua_types::{
    AttributeId, DataValue, NumericRange, ResponseHeader, StatusCode, Variant, WriteResponse,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::info;

use crate::access::{Access, Actor, Roles};
use crate::alarm::{AlarmCommand, AlarmIndex, AlarmOrder, AlarmRefusal, Remark};
use crate::config::AnyRole;
use crate::control::{self, Command, Order};
use crate::tag::{DeviceIndex, StructureRow};
use crate::time;
use crate::ua::approval::Form;
use crate::ua::audit::{Origin, Said, Written};
use crate::ua::envelope::fault;
use crate::ua::permission::bits::{WRITE, WRITE_ATTRIBUTE};
use crate::ua::permission::{ClassIndex, Rights};
use crate::ua::server::Server;
use crate::ua::service::approval::{self, Asker, Asking, Holding};
use crate::ua::service::batch::{Batches, Outcomes, Place};
use crate::ua::service::{Answer, Outcome, Request, encode, variant};
use crate::ua::service::{condition, reader, role};
use crate::ua::space::{CURRENT_WRITE, LiveId, NodeIdRef, NodeRef, RoleField, ValueSource};
use crate::ua::status;
use crate::ua::structure;
use crate::ua::subscription::SessionKey;

/// Smallest encoded WriteValue: two-byte NodeId, attribute, null range, empty DataValue.
const SMALLEST_WRITE: usize = 2 + 4 + 4 + 1;
/// Requests of one session that may wait for the engine at a time.
const PENDING: usize = 100;

/// One operation: done or refused already, or on its way.
enum Operation {
    Done(StatusCode),
    /// Of the plant, on its way to the engine with others.
    Asked(Place),
    Alarm(oneshot::Receiver<Result<(), AlarmRefusal>>),
    /// Of a role, on the way to the disk.
    Role(JoinHandle<StatusCode>),
    /// Hazardous, and about to wait until it is approved.
    Held(Holding),
}

/// Write.
pub(super) fn write(mut request: Request<'_>) -> Outcome {
    let session = request.session()?;
    let count = request.body.array(SMALLEST_WRITE)?;
    request.check_count(count)?;
    // All is read before anything is written: a request that cannot be read to its end changes nothing.
    let mut asked = Vec::with_capacity(count);
    for _ in 0..count {
        let (node, attribute) = (request.body.node_id()?, request.body.u32()?);
        let range = request.body.text()?;
        asked.push((node, attribute, range, request.body.data_value(&request.context)?));
    }
    let actor = begin(&request, session)?;
    let rights = request.rights(session);
    let origin = request.server.origin(request.connection, &request.header, Some(session));
    let asker = Asker { session, actor: &actor, origin: &origin };
    let (mut operations, mut all) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut batches = Batches::new(&request.server.port);
    let (server, snapshot) = (request.server, request.server.snapshot());
    for (node, attribute, range, value) in asked {
        let found = server.space.resolve(&node);
        let parts = reader::index_range(range);
        let part = parts.as_ref().unwrap_or(&NumericRange::None);
        let written = Written {
            node: found.map_or_else(|| Said::Unknown(server.said_id(&node)), Said::Ours),
            attribute,
            range: range.to_owned(),
            new: value.value.clone().unwrap_or_default(),
            old: server.value_before(&snapshot, found, attribute, part),
        };
        let operation = known(found, &node)
            .and_then(|it| check(server, (actor.roles, &rights), it, attribute, parts))
            .and_then(|it| begin_one(server, it, value, (&asker, &written), &mut batches));
        operations.push(operation.unwrap_or_else(Operation::Done));
        all.push(written);
    }
    let sent = batches.send();
    let server = Rc::clone(request.server);
    let connection = Rc::clone(request.connection);
    let (id, header) = (request.id, request.header.clone());
    tokio::task::spawn_local(async move {
        let outcomes = sent.outcomes().await;
        let results = finish_all(&server, &origin, (operations, all), &outcomes).await;
        let handle = header.request_handle;
        let response = WriteResponse {
            response_header: ResponseHeader::new_good(&header),
            results: Some(results),
            diagnostic_infos: None,
        };
        reply(
            &server,
            session,
            || encode(&response, &server.context()),
            |body| {
                connection.send(id, handle, &body);
            },
            handle,
        );
    });
    Ok(Answer::Later)
}

/// The result of each operation, audited in their order.
async fn finish_all(
    server: &Server,
    origin: &Origin,
    (operations, mut all): (Vec<Operation>, Vec<Written>),
    outcomes: &Outcomes,
) -> Vec<StatusCode> {
    let mut results = Vec::with_capacity(operations.len());
    let mut last: Option<usize> = None;
    for (at, operation) in operations.into_iter().enumerate() {
        let status = finish(operation, outcomes).await;
        // All were looked at before the first was done: a place that is written twice has the first value in between.
        if let Some(before) = last.filter(|it| all[*it].is_before(&all[at])) {
            all[at].old = all[before].new.clone();
        }
        if !status.is_bad() {
            last = Some(at);
        }
        results.push(status);
    }
    server.audit_writes(origin, &all, &results);
    results
}

/// Counts a request that waits for the engine, and says who asks.
pub(super) fn begin(request: &Request<'_>, session: SessionKey) -> Result<Actor, StatusCode> {
    let mut sessions = request.server.sessions.borrow_mut();
    let session = sessions.get_mut(session).ok_or(StatusCode::BadSessionClosed)?;
    if session.pending >= PENDING {
        return Err(StatusCode::BadTooManyOperations);
    }
    session.pending += 1;
    let name = session.identity.as_ref().map_or("anonymous", |it| it.user.as_str());
    Ok(Actor { name: name.into(), roles: session.roles() })
}

/// Ends a request that waited: nothing is sent once the session has gone (MTH-10).
pub(super) fn reply(
    server: &Server,
    session: SessionKey,
    body: impl FnOnce() -> Result<Vec<u8>, StatusCode>,
    send: impl FnOnce(Vec<u8>),
    handle: u32,
) {
    if let Some(session) = server.sessions.borrow_mut().get_mut(session) {
        session.pending = session.pending.saturating_sub(1);
    } else {
        return;
    }
    send(body().unwrap_or_else(|status| fault(handle, status, time::now())));
}

/// What a checked operation writes to.
enum Target {
    /// A setpoint of the plant.
    Setpoint { row: &'static crate::tag::Row, target: control::Target },
    /// A structure of a device: several setpoints together.
    Structure { device: DeviceIndex, row: &'static StructureRow, target: control::Target },
    /// A value that the server keeps, or part of it.
    Stored(u32, NumericRange),
    /// EnabledFlag of the diagnostics.
    EnabledFlag,
    /// What an alarm is judged by.
    Alarm(AlarmIndex, u16),
    /// Whether the lists of a role are of those that are left out.
    Role(AnyRole, RoleField),
    /// Another attribute.
    Attribute(NodeRef, AttributeId),
}

fn begin_one(
    server: &Rc<Server>,
    target: Target,
    value: DataValue,
    (asker, written): (&Asker<'_>, &Written),
    batches: &mut Batches<'_>,
) -> Result<Operation, StatusCode> {
    let (actor, session) = (asker.actor, asker.session);
    let form = || Form::Write(written.clone());
    match target {
        Target::Setpoint { row, target } => {
            let order = order(row, &value)?;
            let command = Command { actor: actor.clone(), target, order };
            let holding = approval::hold(server, asker, Asking::Plant(&command), form);
            Ok(holding.map_or_else(|| Operation::Asked(batches.add(command)), Operation::Held))
        }
        Target::Structure { device, row, target } => {
            check_plain(&value)?;
            let written = value.value.unwrap_or_default();
            let values = structure::take_apart(server.space.table(), device, row, &written)?;
            let order = Order::WriteAll { values };
            let command = Command { actor: actor.clone(), target, order };
            Ok(Operation::Asked(batches.add(command)))
        }
        Target::Stored(index, part) => {
            server.store(index, &part, value)?;
            Ok(Operation::Done(StatusCode::Good))
        }
        Target::EnabledFlag => {
            check_plain(&value)?;
            let Some(Variant::Boolean(on)) = value.value else {
                return Err(StatusCode::BadTypeMismatch);
            };
            info!(%actor, on, "diagnostics switched");
            server.switch_diagnostics(on);
            Ok(Operation::Done(StatusCode::Good))
        }
        Target::Alarm(alarm, member) => {
            check_plain(&value)?;
            let path = server.space.alarm_path(alarm, member);
            let (setting, number) =
                condition::setting(path, value.value.as_ref().unwrap_or(&Variant::Empty))?;
            let order = AlarmOrder::Set(setting, number);
            let remark = Remark::default();
            let command = AlarmCommand { actor: actor.clone(), alarm, order, remark };
            if let Some(holding) = approval::hold(server, asker, Asking::Alarm(&command), form) {
                return Ok(Operation::Held(holding));
            }
            // In the order of the request.
            batches.hand_over();
            let asked = server.port.ask_alarm(command);
            asked.map(Operation::Alarm).map_err(|it| status::of_alarm_refusal(&it))
        }
        Target::Role(role, field) => {
            check_plain(&value)?;
            let written = value.value.unwrap_or_default();
            role::write(server, session, actor, (role, field), &written).map(Operation::Role)
        }
        Target::Attribute(node, attribute) => {
            let value = value.value.unwrap_or_default();
            server.space.write_attribute(node, attribute, &value)?;
            Ok(Operation::Done(StatusCode::Good))
        }
    }
}

/// A node that there is (WR-10).
fn known(found: Option<NodeRef>, said: &NodeIdRef<'_>) -> Result<NodeRef, StatusCode> {
    found.ok_or(if reader::is_null(said) {
        StatusCode::BadNodeIdInvalid
    } else {
        StatusCode::BadNodeIdUnknown
    })
}

/// Attribute, range and right of one operation (WR-06, WR-09, WR-10).
fn check(
    server: &Server,
    (roles, rights): (Roles, &Rights),
    found: NodeRef,
    attribute: u32,
    range: Result<NumericRange, StatusCode>,
) -> Result<Target, StatusCode> {
    let attribute =
        AttributeId::from_u32(attribute).map_err(|_| StatusCode::BadAttributeIdInvalid)?;
    let range = range?;
    if !rights.may_browse(server.space.class_of(found)) && attribute != AttributeId::Value {
        return Err(StatusCode::BadUserAccessDenied);
    }
    if attribute != AttributeId::Value {
        server.space.attribute(found, attribute, roles)?;
        let mask = server.space.attribute(found, AttributeId::WriteMask, roles)?;
        if mask != Variant::UInt32(0) {
            rights.check(server.space.class_of(found), WRITE_ATTRIBUTE)?;
        }
        return Ok(Target::Attribute(found, attribute));
    }
    let class = server.space.class_of(found);
    let source = server.space.value_source(found);
    if let ValueSource::Live(id) = source {
        return check_live(server, (roles, rights, class), (found, id), range);
    }
    let ValueSource::Tag(tag) = source else {
        server.space.attribute(found, AttributeId::DataType, roles)?;
        return Err(StatusCode::BadNotWritable);
    };
    let (device, row) = server.space.table().row(tag);
    if row.setpoint.is_none() {
        return Err(StatusCode::BadNotWritable);
    }
    rights.check(class, WRITE)?;
    if !range.is_none() {
        // Every setpoint is a scalar: there is no part of it to write.
        return Err(StatusCode::BadIndexRangeNoData);
    }
    let target = device.target().ok_or(StatusCode::BadNotWritable)?;
    Ok(Target::Setpoint { row, target })
}

/// Right and range of a write to what the server itself knows.
fn check_live(
    server: &Server,
    (roles, rights, class): (Roles, &Rights, ClassIndex),
    (node, id): (NodeRef, LiveId),
    range: NumericRange,
) -> Result<Target, StatusCode> {
    if let LiveId::Structure(device, number) = id {
        return check_structure(server, (rights, class), (device, number), &range);
    }
    let may = |which| server.space.attribute(node, which, roles).as_ref().is_ok_and(writable);
    if !may(AttributeId::AccessLevel) {
        return Err(StatusCode::BadNotWritable);
    }
    rights.check(class, WRITE)?;
    if !may(AttributeId::UserAccessLevel) {
        return Err(StatusCode::BadUserAccessDenied);
    }
    Ok(match id {
        LiveId::Stored(index) => Target::Stored(index, range),
        LiveId::ENABLED_FLAG => Target::EnabledFlag,
        _ if !range.is_none() => return Err(StatusCode::BadIndexRangeNoData),
        LiveId::Alarm(alarm, member) => Target::Alarm(alarm, member),
        LiveId::Role(role, field) => Target::Role(role, field),
        LiveId::Server(_) | LiveId::Session(..) | LiveId::Structure(..) | LiveId::Approval(_) => {
            return Err(StatusCode::BadNotWritable);
        }
    })
}

/// Right and range of a write to a structure.
fn check_structure(
    server: &Server,
    (rights, class): (&Rights, ClassIndex),
    which: (DeviceIndex, u16),
    range: &NumericRange,
) -> Result<Target, StatusCode> {
    let (device, number) = which;
    let row = server.space.structure(device, number).ok_or(StatusCode::BadNodeIdUnknown)?;
    if row.access == Access::ReadOnly {
        return Err(StatusCode::BadNotWritable);
    }
    rights.check(class, WRITE)?;
    if !range.is_none() {
        return Err(StatusCode::BadIndexRangeNoData);
    }
    let target = server.space.table().device(device).target();
    Ok(Target::Structure { device, row, target: target.ok_or(StatusCode::BadNotWritable)? })
}

fn writable(level: &Variant) -> bool {
    matches!(level, Variant::Byte(level) if level & CURRENT_WRITE != 0)
}

/// The order, if the value has the right type and comes without a status or server time (WR-02, WR-07).
/// A source time is taken and not kept: python asyncua sends one with every write, and the setpoint's
/// time is that of the scan that accepts it.
fn order(row: &crate::tag::Row, value: &DataValue) -> Result<Order, StatusCode> {
    check_plain(value)?;
    let written = value.value.as_ref().unwrap_or(&Variant::Empty);
    let number = variant::number(written, row.value_type)?;
    let setpoint = row.setpoint.ok_or(StatusCode::BadNotWritable)?;
    Ok(Order::Write { setpoint, value: number })
}

/// Refuses a status or a server time: the plant makes its own (WR-07).
fn check_plain(value: &DataValue) -> Result<(), StatusCode> {
    let has_status = value.status.is_some_and(|it| it != StatusCode::Good);
    if has_status || value.server_timestamp.is_some() {
        return Err(StatusCode::BadWriteNotSupported);
    }
    Ok(())
}

async fn finish(operation: Operation, outcomes: &Outcomes) -> StatusCode {
    match operation {
        Operation::Done(status) => status,
        Operation::Role(done) => done.await.unwrap_or(StatusCode::BadInternalError),
        Operation::Held(holding) => match holding.await {
            Ok(Ok(())) => status::WAITS,
            Ok(Err(problem)) => status::of_hold_problem(&problem),
            Err(_) => StatusCode::BadInternalError,
        },
        Operation::Asked(place) => outcomes.status(place),
        Operation::Alarm(outcome) => match outcome.await {
            Ok(Ok(())) => StatusCode::Good,
            Ok(Err(refusal)) => status::of_alarm_refusal(&refusal),
            Err(_) => crate::ua::server::ENGINE_GONE,
        },
    }
}
