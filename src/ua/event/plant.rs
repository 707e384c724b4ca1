//! Events of the plant (domain B9): what the controls tell, and signals that turn bad.

use opcua_types::{StatusCode, Variant};

use crate::control::{ControlEvent, EventKind};
use crate::engine::{Snapshot, Turn};
use crate::tag::{DeviceIndex, DeviceKind, TagTable};
use crate::time::Timestamp;
use crate::ua::event::{Event, EventIds, HIGH, MEDIUM, RECORD, URGENT};
use crate::ua::space::{NodeRef, Space, TYPES};
use crate::ua::status;

/// What one kind of event says.
struct Said {
    /// Number of its type in our NodeSet.
    kind: u32,
    severity: u16,
    message: String,
    fields: Vec<(&'static str, Variant)>,
}

/// The events of a snapshot.
pub fn of_snapshot(
    space: &Space,
    snapshot: &Snapshot,
    ids: &EventIds,
    now: Timestamp,
) -> Vec<Event> {
    let told = snapshot.events.iter().filter_map(|it| {
        let device = device_of(space.table(), &it.event)?;
        make(space, device, said(&it.event.kind), (ids.next(), it.time, now))
    });
    let turned = snapshot.turns.iter().filter_map(|it| {
        let (device, said) = turned(space.table(), *it)?;
        make(space, device, said, (ids.next(), snapshot.time, now))
    });
    told.chain(turned).collect()
}

fn make(
    space: &Space,
    device: DeviceIndex,
    said: Said,
    stamp: ([u8; 16], Timestamp, Timestamp),
) -> Option<Event> {
    let (id, time, received) = stamp;
    let path = &space.table().device(device).path;
    let fields = said.fields.into_iter();
    Some(Event {
        id,
        kind: space.own_event_type(said.kind)?,
        source: space.node_id(NodeRef::Device(device)),
        source_name: path.clone(),
        notifiers: space.notifiers(Some(device)),
        time,
        received,
        message: format!("{path}: {}", said.message),
        severity: said.severity,
        fields: fields.map(|(name, value)| (format!("{TYPES}:{name}"), value)).collect(),
        condition: None,
    })
}

/// The device that an event of the controls concerns.
fn device_of(table: &TagTable, event: &ControlEvent) -> Option<DeviceIndex> {
    let wanted = match (&event.kind, event.electrolyzer) {
        (_, None) => return Some(DeviceIndex(0)),
        (EventKind::FeederFaults(_) | EventKind::RefillCompleted(_), Some(_)) => DeviceKind::Feeder,
        (_, Some(_)) => DeviceKind::Electrolyzer,
    };
    let mut devices = table.devices().iter();
    let at = devices.position(|it| it.kind == wanted && Some(it.index) == event.electrolyzer)?;
    Some(DeviceIndex(at as u32))
}

fn said(kind: &EventKind) -> Said {
    let say = |kind, severity, message: String, fields| Said { kind, severity, message, fields };
    match kind {
        EventKind::PhaseChanged { from, to } => {
            let (from, to) = (format!("{from:?}"), format!("{to:?}"));
            let severity = if to == "Faulted" { HIGH } else { RECORD };
            let fields = vec![
                ("FromPhase", Variant::from(from.as_str())),
                ("ToPhase", Variant::from(to.as_str())),
            ];
            say(9100, severity, format!("from {from} to {to}"), fields)
        }
        EventKind::FeedPhaseChanged(phase) => {
            let phase = format!("{phase:?}");
            let fields = vec![("FeedPhase", Variant::from(phase.as_str()))];
            say(9103, RECORD, format!("demand feed is in {phase}"), fields)
        }
        EventKind::Interlock { number, active } => {
            let fields =
                vec![("InterlockNumber", (*number as u32).into()), ("Active", (*active).into())];
            let severity = if *active { HIGH } else { RECORD };
            let word = if *active { "has come" } else { "has gone" };
            say(9105, severity, format!("interlock I{number} {word}"), fields)
        }
        EventKind::AnodeEffectStarted { voltage_v } => {
            let fields = vec![("Voltage", (*voltage_v).into())];
            say(9108, HIGH, format!("anode effect at {voltage_v:.1} V"), fields)
        }
        EventKind::AnodeEffectEscalated => {
            let message = "anode effect burns for longer than two minutes: act on the floor";
            say(9110, URGENT, message.to_owned(), Vec::new())
        }
        EventKind::AnodeEffectEnded { duration_s, highest_v } => {
            let fields =
                vec![("Duration", (*duration_s).into()), ("HighestVoltage", (*highest_v).into())];
            say(9111, RECORD, format!("anode effect ended after {duration_s:.0} s"), fields)
        }
        other => of_work(other),
    }
}

/// Events of people's work on the floor and of feeders.
fn of_work(kind: &EventKind) -> Said {
    let say = |kind, severity, message: String, fields| Said { kind, severity, message, fields };
    match kind {
        EventKind::TapCompleted { id, net_kg } => {
            let fields = vec![("TapId", Variant::from(id.as_str())), ("NetMass", (*net_kg).into())];
            say(9114, RECORD, format!("tap {id} completed, {net_kg:.1} kg"), fields)
        }
        EventKind::TapAborted { id } => {
            let fields = vec![("TapId", Variant::from(id.as_str()))];
            say(9117, MEDIUM, format!("tap {id} was given up"), fields)
        }
        EventKind::AnodeChanged { position } => {
            let fields = vec![("Position", (*position as u32).into())];
            say(9119, RECORD, format!("anode {position} replaced"), fields)
        }
        EventKind::ElectrolyteAdded(kg) => {
            let fields = vec![("Mass", (*kg).into())];
            say(9121, RECORD, format!("{kg:.1} kg of bath salt added"), fields)
        }
        EventKind::RefillCompleted(kg) => {
            let fields = vec![("Mass", (*kg).into())];
            say(9123, RECORD, format!("hopper refilled with {kg:.1} kg"), fields)
        }
        EventKind::FeederFaults(bits) => {
            let severity = if *bits == 0 { RECORD } else { MEDIUM };
            let message = match *bits {
                0 => "all feeder faults are clear".to_owned(),
                bits => format!("feeder faults {bits:#06x}"),
            };
            say(9125, severity, message, vec![("Faults", (*bits).into())])
        }
        EventKind::Shift { id, began } => {
            let fields = vec![("ShiftId", Variant::from(id.as_str())), ("Began", (*began).into())];
            let word = if *began { "began" } else { "ended" };
            say(9127, RECORD, format!("shift {id} {word}"), fields)
        }
        other => say(9100, RECORD, format!("{other:?}"), Vec::new()),
    }
}

/// A signal that turned bad, or good again after it was bad.
fn turned(table: &TagTable, turn: Turn) -> Option<(DeviceIndex, Said)> {
    let (from, to) = (status::of_quality(turn.from), status::of_quality(turn.to));
    let (device, row) = table.row(turn.tag);
    let device = table.device_by_path(&device.path)?;
    let signal = ("Signal", Variant::from(row.path));
    let said = match (from.is_bad(), to.is_bad()) {
        (false, true) => Said {
            kind: 9130,
            severity: MEDIUM,
            message: format!("{} has failed: {to}", row.path),
            fields: vec![signal, ("Quality", quality(to))],
        },
        (true, false) => Said {
            kind: 9133,
            severity: RECORD,
            message: format!("{} is good again", row.path),
            fields: vec![signal],
        },
        _ => return None,
    };
    Some((device, said))
}

fn quality(status: StatusCode) -> Variant {
    Variant::StatusCode(status)
}
