//! Structures of devices: composed of tags on the way out, taken apart into setpoints on the way in
//! (Part 3, 8.48; Part 6, 5.2.7).

use opcua_types::type_loader::ByteStringBody;
use opcua_types::{ByteString, ExtensionObject, NodeId, StatusCode, Variant};

use crate::control::Setpoint;
use crate::engine::Snapshot;
use crate::field::Quality;
use crate::tag::{DeviceIndex, Part, Row, StructureRow, TagIndex, TagTable, Value, ValueType};
use crate::time::Timestamp;
use crate::ua::space::TYPES;
use crate::ua::status;
use crate::ua::value::LiveValue;

/// The structure of a device at one moment: as old as its newest field, as good as its worst.
pub fn compose(
    table: &TagTable,
    snapshot: &Snapshot,
    device: DeviceIndex,
    row: &StructureRow,
) -> LiveValue {
    let mut body = Vec::with_capacity(64);
    let mut source = Timestamp::default();
    let mut worst = StatusCode::Good;
    for (part, tag) in fields(table, device, row) {
        let sample = snapshot.sample(tag);
        let status = status::of_quality(sample.quality);
        // What has not been yet, such as a first tap, leaves its field empty and the record good.
        if sample.quality != Quality::WaitingForData && status.bits() > worst.bits() {
            worst = status;
        }
        source = source.max(sample.time);
        match part {
            Part::Value => encode(sample.value, table.row(tag).1, &mut body),
            Part::Time => body.extend_from_slice(&sample.time.ticks().to_le_bytes()),
        }
    }
    let raw = ByteStringBody::new(ByteString::from(body), NodeId::new(TYPES, row.encoding));
    LiveValue { value: ExtensionObject::from_message(raw).into(), status: worst, source }
}

fn fields(
    table: &TagTable,
    device: DeviceIndex,
    row: &StructureRow,
) -> impl Iterator<Item = (Part, TagIndex)> {
    let kind = table.device(device).kind;
    row.fields.iter().filter_map(move |it| {
        let member = table.member(kind, it.path)?;
        Some((it.part, table.tag(device, member)))
    })
}

/// Appends one field; a value that there is not is NaN, 0 or empty.
fn encode(value: &Value, row: &Row, out: &mut Vec<u8>) {
    match (row.value_type, value) {
        (ValueType::Bool, Value::Bool(it)) => out.push(u8::from(*it)),
        (ValueType::U16, Value::U16(it)) => out.extend_from_slice(&it.to_le_bytes()),
        (ValueType::U32, Value::U32(it)) => out.extend_from_slice(&it.to_le_bytes()),
        (ValueType::F64, Value::F64(it)) => out.extend_from_slice(&it.to_le_bytes()),
        (ValueType::Time, Value::Time(it)) => out.extend_from_slice(&it.ticks().to_le_bytes()),
        (ValueType::Text, Value::Text(it)) => {
            out.extend_from_slice(&(it.len() as i32).to_le_bytes());
            out.extend_from_slice(it.as_bytes());
        }
        (ValueType::Bool, _) => out.push(0),
        (ValueType::U16, _) => out.extend_from_slice(&[0; 2]),
        (ValueType::U32, _) => out.extend_from_slice(&[0; 4]),
        (ValueType::F64, _) => out.extend_from_slice(&f64::NAN.to_le_bytes()),
        (ValueType::Time, _) => out.extend_from_slice(&[0; 8]),
        // A null array or text.
        (ValueType::Text | ValueType::Bools | ValueType::Numbers, _) => {
            out.extend_from_slice(&(-1_i32).to_le_bytes());
        }
    }
}

/// The setpoints that a written structure sets. `BadTypeMismatch` unless it is one of this very type, field by
/// field (WR-16).
pub fn take_apart(
    table: &TagTable,
    device: DeviceIndex,
    row: &StructureRow,
    written: &Variant,
) -> Result<Vec<(Setpoint, f64)>, StatusCode> {
    let Variant::ExtensionObject(object) = written else { return Err(StatusCode::BadTypeMismatch) };
    let body = object.inner_as::<ByteStringBody>().ok_or(StatusCode::BadTypeMismatch)?;
    if *body.encoding_id() != NodeId::new(TYPES, row.encoding) {
        return Err(StatusCode::BadTypeMismatch);
    }
    let mut rest = body.raw_body().value.as_deref().unwrap_or_default();
    let mut setpoints = Vec::with_capacity(row.fields.len());
    for (_, tag) in fields(table, device, row) {
        let setpoint = table.row(tag).1.setpoint.ok_or(StatusCode::BadNotWritable)?;
        let (number, behind) = decode(table.row(tag).1.value_type, rest)?;
        setpoints.push((setpoint, number));
        rest = behind;
    }
    if rest.is_empty() { Ok(setpoints) } else { Err(StatusCode::BadTypeMismatch) }
}

fn decode(kind: ValueType, body: &[u8]) -> Result<(f64, &[u8]), StatusCode> {
    let short = StatusCode::BadTypeMismatch;
    match kind {
        ValueType::F64 => {
            let (head, rest) = body.split_first_chunk().ok_or(short)?;
            Ok((f64::from_le_bytes(*head), rest))
        }
        ValueType::U32 => {
            let (head, rest) = body.split_first_chunk().ok_or(short)?;
            Ok((f64::from(u32::from_le_bytes(*head)), rest))
        }
        _ => Err(StatusCode::BadNotWritable),
    }
}
