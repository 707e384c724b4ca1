//! Annotations (Part 11, 5.1.5): what people write about a history.

use opcua_types::{
    Annotation, DataValue, DeleteRawModifiedDetails, ExtensionObject, Identifier, NodeId, ObjectId,
    PerformUpdateType, ReadProcessedDetails, ReadRawModifiedDetails, StatusCode,
    UpdateStructureDataDetails, Variant,
};

use crate::conformance::expect::{code, codes, equal, some};
use crate::conformance::history::record::{Record, line_of, read, reading, updated};
use crate::conformance::{Bench, Check, Stop};

const COUNT: u32 = ObjectId::AggregateFunction_AnnotationCount as u32;
const INSERTED: &[StatusCode] = &[StatusCode::GoodEntryInserted];

/// The Annotations property of a record's node.
fn property(bench: &Bench, record: &Record) -> Result<NodeId, Stop> {
    match &record.node.identifier {
        Identifier::String(name) => bench.material()?.need(&format!("{name}.Annotations")),
        other => Err(Stop::failed(format!("the fixture has no node {other}"))),
    }
}

/// An annotation of the time `about`; its number makes its message and its own time.
fn note(record: &Record, about: f64, number: u32, message: &str) -> DataValue {
    let annotation = Annotation {
        message: format!("{message} {number}").into(),
        user_name: "runner".into(),
        annotation_time: record.at(1000.0 + f64::from(number)),
    };
    DataValue {
        value: Some(ExtensionObject::from_message(annotation).into()),
        status: Some(StatusCode::Good),
        source_timestamp: Some(record.at(about)),
        ..DataValue::default()
    }
}

/// Performs on annotations: the result of each.
fn perform(
    bench: &Bench,
    record: &mut Record,
    how: PerformUpdateType,
    notes: Vec<DataValue>,
) -> Result<Vec<StatusCode>, Stop> {
    let details = UpdateStructureDataDetails {
        node_id: property(bench, record)?,
        perform_insert_replace: how,
        update_values: Some(notes),
    };
    let (status, each) = updated(&mut record.link, details)?;
    code(status, &[StatusCode::Good], &format!("{how:?} of annotations"))?;
    Ok(each)
}

/// Writes annotations of these times, each with a number, in place of those of earlier runs.
pub(super) fn annotate(bench: &Bench, record: &mut Record, all: &[(f64, u32)]) -> Check {
    let details = DeleteRawModifiedDetails {
        node_id: property(bench, record)?,
        is_delete_modified: false,
        start_time: record.at(0.0),
        end_time: record.at(1000.0),
    };
    updated(&mut record.link, details)?;
    let notes = all.iter().map(|(about, number)| note(record, *about, *number, "note"));
    let notes: Vec<DataValue> = notes.collect();
    let each = perform(bench, record, PerformUpdateType::Insert, notes)?;
    codes(&each, &vec![INSERTED; all.len()], "Insert of annotations")
}

/// Annotations of the stretch: the time that each is about, and its message.
fn written(bench: &Bench, record: &mut Record) -> Result<Vec<(f64, String)>, Stop> {
    let node = reading(&property(bench, record)?);
    let details: ReadRawModifiedDetails = record.raw(0.0, 1000.0);
    let found = read(&mut record.link, details, vec![node])?.remove(0);
    code(found.status, &[StatusCode::Good, StatusCode::GoodNoData], "ReadRaw of annotations")?;
    let mut all = Vec::new();
    for point in record.points(&found.values) {
        let Variant::ExtensionObject(object) = &point.value else {
            return Err(Stop::unexpected("a value of Annotations", "a structure", point.value));
        };
        let annotation = some(object.inner_as::<Annotation>(), "an Annotation")?;
        all.push((point.at, annotation.message.as_ref().to_owned()));
    }
    Ok(all)
}

/// AnnotationCount of the whole stretch.
fn counted(record: &mut Record) -> Result<Variant, Stop> {
    let details = ReadProcessedDetails {
        start_time: record.at(0.0),
        end_time: record.at(1000.0),
        processing_interval: 0.0,
        aggregate_type: Some(vec![NodeId::new(0, COUNT)]),
        ..ReadProcessedDetails::default()
    };
    let details = with_defaults(details);
    let found = record.read(details)?;
    code(found.status, &[StatusCode::Good], "AnnotationCount")?;
    Ok(some(found.values.first(), "AnnotationCount")?.value.clone().unwrap_or_default())
}

fn with_defaults(mut details: ReadProcessedDetails) -> ReadProcessedDetails {
    details.aggregate_configuration.use_server_capabilities_defaults = true;
    details
}

pub(super) fn ha_38(bench: &Bench) -> Check {
    use PerformUpdateType::{Insert, Remove, Replace, Update};
    let mut record = Record::of(bench, "Double", 38)?;
    record.fill(&line_of([10, 20]))?;
    annotate(bench, &mut record, &[(10.0, 1), (10.0, 2), (20.0, 3)])?;
    let texts = |all: &[(f64, &str)]| -> Vec<(f64, String)> {
        all.iter().map(|(at, text)| (*at, (*text).to_owned())).collect()
    };
    let wanted = texts(&[(10.0, "note 1"), (10.0, "note 2"), (20.0, "note 3")]);
    equal(written(bench, &mut record)?, wanted, "annotations")?;
    equal(counted(&mut record)?, Variant::Int32(3), "AnnotationCount")?;
    let known = |record: &Record, word| vec![note(record, 10.0, 2, word)];
    let unknown = |record: &Record| vec![note(record, 30.0, 9, "note")];
    for (how, notes, wanted) in [
        (Insert, known(&record, "again"), StatusCode::BadEntryExists),
        (Replace, unknown(&record), StatusCode::BadNoEntryExists),
        (Remove, unknown(&record), StatusCode::BadNoEntryExists),
        (Replace, known(&record, "other"), StatusCode::GoodEntryReplaced),
        (Update, unknown(&record), StatusCode::GoodEntryInserted),
        (Remove, vec![note(&record, 10.0, 1, "note")], StatusCode::Good),
    ] {
        let each = perform(bench, &mut record, how, notes)?;
        codes(&each, &[&[wanted]], &format!("{how:?} of an annotation"))?;
    }
    let wanted = texts(&[(10.0, "other 2"), (20.0, "note 3"), (30.0, "note 9")]);
    equal(written(bench, &mut record)?, wanted, "annotations afterwards")?;
    equal(counted(&mut record)?, Variant::Int32(3), "AnnotationCount afterwards")
}
