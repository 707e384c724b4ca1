//! Filters of monitored items (Part 4, 7.22), checked against what they are for (MON-15 to MON-19, MON-27).

use opcua_types::{
    AggregateConfiguration, AggregateFilter, AggregateFilterResult, BinaryDecodable, ContentFilter,
    Context, ExtensionObject, NodeId, ObjectId, Range, SimpleAttributeOperand, StatusCode, Variant,
};

use crate::engine::Snapshot;
use crate::tag::ValueType;
use crate::time::Timestamp;
use crate::ua::aggregate;
use crate::ua::aggregate::{Aggregate, AggregateSettings, Configuration, Function};
use crate::ua::event::{EventFilter, Problem};
use crate::ua::server::Server;
use crate::ua::service::reader::{Malformed, Reader, index_range};
use crate::ua::space::{IdRef, LiveId, NodeIdRef, NodeRef};
use crate::ua::status;
use crate::ua::subscription::{DataFilter, Deadband, Source, Trigger};
use crate::ua::value::date_time;
use crate::ua::wire::Shallow;

/// Encoding id of a DataChangeFilter.
const DATA_CHANGE_FILTER: u32 = ObjectId::DataChangeFilter_Encoding_DefaultBinary as u32;
/// Encoding id of an EventFilter.
const EVENT_FILTER: u32 = ObjectId::EventFilter_Encoding_DefaultBinary as u32;
/// Encoding id of an AggregateFilter.
const AGGREGATE_FILTER: u32 = ObjectId::AggregateFilter_Encoding_DefaultBinary as u32;
/// Select clauses, elements of the where clause and operands of an element, each at most: what
/// MaxSelectClauseParameters and MaxWhereClauseParameters show.
pub const MOST_CLAUSES: u32 = 100;
/// Longest processing interval, ms: a day.
const LONGEST_INTERVAL_MS: f64 = 86_400_000.0;

/// A filter that fits its item.
#[derive(Debug)]
pub(super) enum Filter {
    /// Which changes are reported.
    Data(DataFilter),
    /// What is calculated.
    Aggregate(Box<Aggregate>),
}

impl Filter {
    /// What counts as a change.
    pub(super) fn data(&self) -> DataFilter {
        match self {
            Self::Data(filter) => *filter,
            Self::Aggregate(_) => DataFilter::default(),
        }
    }

    /// What is calculated, if anything.
    pub(super) fn aggregate(self) -> Option<Box<Aggregate>> {
        match self {
            Self::Data(_) => None,
            Self::Aggregate(aggregate) => Some(aggregate),
        }
    }

    /// What the client is told of it: an AggregateFilterResult, or nothing.
    pub(super) fn result(&self) -> ExtensionObject {
        let Self::Aggregate(aggregate) = self else { return ExtensionObject::null() };
        let AggregateSettings { interval_ms, configuration, .. } = aggregate.settings();
        ExtensionObject::from_message(AggregateFilterResult {
            revised_start_time: date_time(aggregate.start()),
            revised_processing_interval: interval_ms,
            revised_aggregate_configuration: AggregateConfiguration {
                use_server_capabilities_defaults: false,
                treat_uncertain_as_bad: configuration.treat_uncertain_as_bad,
                percent_data_bad: configuration.percent_bad,
                percent_data_good: configuration.percent_good,
                use_sloped_extrapolation: configuration.use_sloped_extrapolation,
            },
        })
    }
}

/// Checks the filter of an item that looks at a source, which is a Value or another attribute.
pub(super) fn check(
    snapshot: &Snapshot,
    server: &Server,
    of: (&Source, bool),
    filter: &(NodeIdRef<'_>, &[u8]),
) -> Result<Filter, StatusCode> {
    let (source, is_value) = of;
    let (kind, body) = filter;
    let NodeIdRef { namespace: 0, identifier: IdRef::Numeric(kind) } = *kind else {
        return Err(StatusCode::BadMonitoredItemFilterUnsupported);
    };
    match kind {
        0 => Ok(Filter::Data(DataFilter::default())),
        EVENT_FILTER => Err(StatusCode::BadFilterNotAllowed),
        DATA_CHANGE_FILTER | AGGREGATE_FILTER if !is_value => Err(StatusCode::BadFilterNotAllowed),
        DATA_CHANGE_FILTER => data(server, source, body).map(Filter::Data),
        AGGREGATE_FILTER => calculated(server, source, body)
            .map(|settings| Filter::Aggregate(Box::new(Aggregate::new(settings, snapshot.time)))),
        _ => Err(StatusCode::BadMonitoredItemFilterUnsupported),
    }
}

/// Checks the filter of an item that listens to events (Part 4, 7.22.3). It is read clause by clause, so that a
/// wrong index range costs one clause and not the filter.
pub(super) fn events(
    server: &Server,
    filter: &(NodeIdRef<'_>, &[u8]),
) -> Result<EventFilter, Problem> {
    let (kind, body) = filter;
    match kind.identifier {
        IdRef::Numeric(EVENT_FILTER) if kind.namespace == 0 => {}
        IdRef::Numeric(0) => return Err(StatusCode::BadEventFilterInvalid.into()),
        _ => return Err(StatusCode::BadFilterNotAllowed.into()),
    }
    let context = server.decoding(body);
    let read = read_events(&context, &mut Reader::new(body));
    let (clauses, where_clause) = read.map_err(|_| StatusCode::BadEventFilterInvalid)?;
    EventFilter::new(&server.space, clauses, &where_clause, MOST_CLAUSES as usize)
}

/// An EventFilter inside of other details, checked.
pub(super) fn inner_events(
    server: &Server,
    context: &Context<'_>,
    body: &mut Reader<'_>,
) -> Result<Result<EventFilter, Problem>, Malformed> {
    let (clauses, where_clause) = read_events(context, body)?;
    Ok(EventFilter::new(&server.space, clauses, &where_clause, MOST_CLAUSES as usize))
}

/// Select clauses, each or what is wrong with it, and the where clause.
type ReadEvents = (Vec<Result<SimpleAttributeOperand, StatusCode>>, ContentFilter);

fn read_events(context: &Context<'_>, body: &mut Reader<'_>) -> Result<ReadEvents, Malformed> {
    // A two-byte NodeId, a null path, an attribute and a null range.
    let count = body.array(2 + 4 + 4 + 4)?;
    let mut clauses = Vec::with_capacity(count);
    for _ in 0..count {
        let type_definition_id = body.typed(context)?;
        let browse_path = body.typed(context)?;
        let attribute_id = body.u32()?;
        let range = index_range(body.text()?);
        clauses.push(range.map(|index_range| SimpleAttributeOperand {
            type_definition_id,
            browse_path,
            attribute_id,
            index_range,
        }));
    }
    Ok((clauses, body.typed(context)?))
}

/// DataChangeFilter (Part 4, 7.22.2).
fn data(server: &Server, source: &Source, body: &[u8]) -> Result<DataFilter, StatusCode> {
    let mut body = Reader::new(body);
    let mut read =
        || -> Result<(i32, u32, f64), Malformed> { Ok((body.i32()?, body.u32()?, body.f64()?)) };
    let (trigger, kind, value) = read().map_err(|_| StatusCode::BadMonitoredItemFilterInvalid)?;
    let trigger = match trigger {
        0 => Trigger::Status,
        1 => Trigger::StatusValue,
        2 => Trigger::StatusValueTimestamp,
        _ => return Err(StatusCode::BadMonitoredItemFilterInvalid),
    };
    let deadband = match kind {
        0 => return Ok(DataFilter { trigger, deadband: 0.0 }),
        1 if value >= 0.0 => Deadband::Absolute(value),
        2 if (0.0..=100.0).contains(&value) => Deadband::Percent(value),
        _ => return Err(StatusCode::BadDeadbandFilterInvalid),
    };
    let deadband = in_units(server, source, deadband)?;
    Ok(DataFilter { trigger, deadband })
}

/// Refuses a source that is neither a number nor an array of numbers.
fn check_number(server: &Server, source: &Source) -> Result<(), StatusCode> {
    let is_number = match source {
        Source::Tag(tag) | Source::Part(tag, _) => {
            let value_type = server.space.table().row(*tag).1.value_type;
            matches!(
                value_type,
                ValueType::F64 | ValueType::U16 | ValueType::U32 | ValueType::Numbers
            )
        }
        Source::Live(..) | Source::Fixed(..) => stored(source)
            .and_then(|index| server.space.declared(NodeRef::Static(index)))
            .is_some_and(|it| it.is_number()),
    };
    if is_number { Ok(()) } else { Err(StatusCode::BadFilterNotAllowed) }
}

/// The variable that clients write and the server keeps, if the source is one.
fn stored(source: &Source) -> Option<u32> {
    match source.live() {
        Some(LiveId::Stored(index)) => Some(index),
        _ => None,
    }
}

/// The EURange of a source: the range that percents are of.
fn range(server: &Server, source: &Source) -> Option<(f64, f64)> {
    match source {
        Source::Tag(tag) | Source::Part(tag, _) => server.space.table().range(*tag),
        Source::Live(..) | Source::Fixed(..) => {
            let property = server.space.property(stored(source)?, "EURange")?;
            match &server.stored.borrow().get(property)?.value {
                Variant::ExtensionObject(it) => it.inner_as::<Range>().map(|it| (it.low, it.high)),
                _ => None,
            }
        }
    }
}

/// A deadband in the unit of its tag; only numbers have one, and percent only of a range.
fn in_units(server: &Server, source: &Source, deadband: Deadband) -> Result<f64, StatusCode> {
    check_number(server, source)?;
    match deadband {
        Deadband::Absolute(value) => Ok(value),
        Deadband::Percent(value) => {
            let range =
                range(server, source).ok_or(StatusCode::BadMonitoredItemFilterUnsupported)?;
            Ok(value / 100.0 * (range.1 - range.0))
        }
    }
}

/// AggregateFilter (Part 4, 7.22.4). An interval shorter than the scan becomes the scan; there is no
/// history to fill in what was before, so calculation starts with the interval of the moment.
fn calculated(
    server: &Server,
    source: &Source,
    mut body: &[u8],
) -> Result<AggregateSettings, StatusCode> {
    let context = server.decoding(body);
    let asked = AggregateFilter::decode(&mut Shallow::new(&mut body), &context)
        .map_err(|_| StatusCode::BadMonitoredItemFilterInvalid)?;
    let (kind, is_stepped) = measured(server, source).ok_or(StatusCode::BadFilterNotAllowed)?;
    let function = function(&asked.aggregate_type)?;
    let given = asked.aggregate_configuration;
    let configuration = if given.use_server_capabilities_defaults {
        Configuration::default()
    } else {
        let configuration = Configuration {
            treat_uncertain_as_bad: given.treat_uncertain_as_bad,
            percent_bad: given.percent_data_bad,
            percent_good: given.percent_data_good,
            use_sloped_extrapolation: given.use_sloped_extrapolation,
        };
        configuration.check().map_err(|error| status::of_query(error.into()))?;
        configuration
    };
    let shortest = server.port.scan_ms.max(1.0);
    let interval = asked.processing_interval;
    let interval_ms =
        if interval.is_nan() { shortest } else { interval.clamp(shortest, LONGEST_INTERVAL_MS) };
    let start = Timestamp::from_ticks(asked.start_time.checked_ticks());
    Ok(AggregateSettings { function, start, interval_ms, configuration, is_stepped, kind })
}

/// What can be calculated with: the data type of one number or Boolean, and whether it holds its value between samples.
fn measured(server: &Server, source: &Source) -> Option<(aggregate::Kind, bool)> {
    use aggregate::Kind as K;
    match source {
        Source::Tag(tag) => match server.space.table().row(*tag).1.value_type {
            ValueType::F64 => Some((K::F64, false)),
            ValueType::U16 => Some((K::U16, true)),
            ValueType::U32 => Some((K::U32, true)),
            ValueType::Bool => Some((K::Boolean, true)),
            ValueType::Time | ValueType::Text | ValueType::Bools | ValueType::Numbers => None,
        },
        Source::Live(..) => {
            let declared = server.space.declared(NodeRef::Static(stored(source)?))?;
            declared.measured().filter(|_| declared.rank == -1).map(|it| (it, false))
        }
        Source::Part(..) | Source::Fixed(..) => None,
    }
}

fn function(id: &NodeId) -> Result<Function, StatusCode> {
    let number = id.as_u32().filter(|_| id.namespace == 0);
    let function = number.and_then(Function::from_number);
    function
        .filter(|it| it.is_of_current_values())
        .ok_or(StatusCode::BadMonitoredItemFilterUnsupported)
}
