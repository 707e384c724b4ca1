//! Where clauses: which events are wanted (ContentFilter, Part 4, 7.7).
//!
//! An element may only use elements behind it, so there are no circles, and evaluation goes once from the last
//! element to the first.

use opcua_types::{
    AttributeOperand, ContentFilter, ContentFilterElement, ContentFilterElementResult,
    ContentFilterResult, ElementOperand, ExtensionObject, FilterOperator, LiteralOperand, NodeId,
    SimpleAttributeOperand, StatusCode, Variant, VariantScalarTypeId,
};

use crate::ua::event::compare::{bitwise, equal, is_like, order};

/// What a where clause asks of an event.
pub trait Fields {
    /// The value of a field; Empty if the event has none of that name.
    fn field(&self, operand: &SimpleAttributeOperand) -> Variant;
    /// Whether the event's type is this one or below it.
    fn is_of_type(&self, kind: &NodeId) -> bool;
}

/// What the types that there are say of operands.
pub struct Checks<'a> {
    /// Whether a field can be asked for: Good, or its status.
    pub field: &'a dyn Fn(&SimpleAttributeOperand) -> StatusCode,
    /// Whether a NodeId names an event type.
    pub is_event_type: &'a dyn Fn(&NodeId) -> bool,
}

#[derive(Clone, Debug)]
enum Operand {
    Element(usize),
    Literal(Variant),
    Field(Box<SimpleAttributeOperand>),
}

#[derive(Clone, Debug)]
struct Element {
    operator: FilterOperator,
    operands: Vec<Operand>,
}

/// A where clause that has been checked.
#[derive(Clone, Debug)]
pub struct WhereClause {
    elements: Vec<Element>,
}

impl WhereClause {
    /// Checks a filter; one without elements passes everything. `most` bounds its elements. What is refused
    /// says of each element and operand why (EVT-08).
    pub fn new(
        filter: &ContentFilter,
        most: usize,
        checks: &Checks<'_>,
    ) -> Result<Self, ContentFilterResult> {
        let given = filter.elements.as_deref().unwrap_or_default();
        if given.len() > most {
            let all = vec![refused(StatusCode::BadFilterElementInvalid, Vec::new())];
            return Err(result(all));
        }
        let checked: Vec<Result<Element, ContentFilterElementResult>> = given
            .iter()
            .enumerate()
            .map(|(index, it)| element(it, (index, given.len()), checks))
            .collect();
        if checked.iter().all(Result::is_ok) {
            return Ok(Self { elements: checked.into_iter().flatten().collect() });
        }
        let good = || refused(StatusCode::Good, Vec::new());
        Err(result(checked.into_iter().map(|it| it.err().unwrap_or_else(good)).collect()))
    }

    /// Whether it asks nothing.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Whether an event passes: what is neither true nor false does not (Part 4, 7.7.3).
    pub fn passes(&self, event: &dyn Fields) -> bool {
        let mut results = vec![Variant::Empty; self.elements.len()];
        for (index, element) in self.elements.iter().enumerate().rev() {
            let value = element.evaluate(&results, event);
            if let Some(place) = results.get_mut(index) {
                *place = value;
            }
        }
        results.first().is_none_or(|it| *it == Variant::Boolean(true))
    }
}

fn result(elements: Vec<ContentFilterElementResult>) -> ContentFilterResult {
    ContentFilterResult { element_results: Some(elements), element_diagnostic_infos: None }
}

fn refused(status: StatusCode, operands: Vec<StatusCode>) -> ContentFilterElementResult {
    ContentFilterElementResult {
        status_code: status,
        operand_status_codes: Some(operands),
        operand_diagnostic_infos: None,
    }
}

/// Operands of an InList at the most. Python asyncua lists all types below the one that is asked for, of
/// BaseEventType some 200.
const LIST_MAX: usize = 1000;

/// Fewest and most operands of an operator; none for one that is not supported.
fn counts(operator: FilterOperator) -> Option<(usize, usize)> {
    use FilterOperator as O;
    Some(match operator {
        O::IsNull | O::Not | O::OfType => (1, 1),
        O::Between => (3, 3),
        O::InList => (1, LIST_MAX),
        O::InView | O::RelatedTo => return None,
        _ => (2, 2),
    })
}

fn element(
    given: &ContentFilterElement,
    place: (usize, usize),
    checks: &Checks<'_>,
) -> Result<Element, ContentFilterElementResult> {
    let operator = given.filter_operator;
    let operands = given.filter_operands.as_deref().unwrap_or_default();
    let Some((fewest, most)) = counts(operator) else {
        return Err(refused(StatusCode::BadFilterOperatorUnsupported, Vec::new()));
    };
    if operands.len() < fewest || operands.len() > most {
        return Err(refused(StatusCode::BadFilterOperandCountMismatch, Vec::new()));
    }
    let read: Vec<Result<Operand, StatusCode>> =
        operands.iter().map(|it| operand(it, place, checks)).collect();
    if read.iter().any(Result::is_err) {
        let code = |it: &Result<Operand, StatusCode>| it.as_ref().err().copied();
        let codes = read.iter().map(|it| code(it).unwrap_or(StatusCode::Good)).collect();
        return Err(refused(StatusCode::BadFilterOperandInvalid, codes));
    }
    let element = Element { operator, operands: read.into_iter().flatten().collect() };
    let wrong = element.wrong_literal(checks);
    wrong.map_or(Ok(element), |code| Err(refused(StatusCode::BadFilterOperandInvalid, vec![code])))
}

fn operand(
    given: &ExtensionObject,
    (index, count): (usize, usize),
    checks: &Checks<'_>,
) -> Result<Operand, StatusCode> {
    if let Some(element) = given.inner_as::<ElementOperand>() {
        let at = element.index as usize;
        // One that looks back could look at itself.
        let is_behind = at > index && at < count;
        return if is_behind {
            Ok(Operand::Element(at))
        } else {
            Err(StatusCode::BadFilterOperandInvalid)
        };
    }
    if let Some(literal) = given.inner_as::<LiteralOperand>() {
        return Ok(Operand::Literal(literal.value.clone()));
    }
    if let Some(field) = given.inner_as::<SimpleAttributeOperand>() {
        let status = (checks.field)(field);
        return if status.is_good() {
            Ok(Operand::Field(Box::new(field.clone())))
        } else {
            Err(status)
        };
    }
    // Part 4, 7.22.3: an AttributeOperand is for queries.
    Err(if given.inner_is::<AttributeOperand>() {
        StatusCode::BadFilterOperandInvalid
    } else {
        StatusCode::BadFilterLiteralInvalid
    })
}

impl Element {
    /// What is wrong with a literal that must name a type.
    fn wrong_literal(&self, checks: &Checks<'_>) -> Option<StatusCode> {
        let is_good = match (self.operator, self.operands.as_slice()) {
            (FilterOperator::OfType, [Operand::Literal(literal)]) => {
                node_id(literal).is_some_and(|it| (checks.is_event_type)(&it))
            }
            (FilterOperator::Cast, [_, Operand::Literal(literal)]) => {
                scalar_type(literal).is_some()
            }
            (FilterOperator::OfType | FilterOperator::Cast, _) => false,
            _ => true,
        };
        (!is_good).then_some(StatusCode::BadFilterOperandInvalid)
    }

    fn evaluate(&self, results: &[Variant], event: &dyn Fields) -> Variant {
        use FilterOperator as O;
        let values: Vec<Variant> = self
            .operands
            .iter()
            .map(|it| match it {
                Operand::Element(index) => results.get(*index).cloned().unwrap_or_default(),
                Operand::Literal(value) => value.clone(),
                Operand::Field(field) => event.field(field),
            })
            .collect();
        let truth = match (self.operator, values.as_slice()) {
            (O::Equals, [one, other]) => equal(one, other),
            (O::IsNull, [one]) => Some(is_null(one)),
            (O::GreaterThan, [one, other]) => order(one, other).map(std::cmp::Ordering::is_gt),
            (O::LessThan, [one, other]) => order(one, other).map(std::cmp::Ordering::is_lt),
            (O::GreaterThanOrEqual, [one, other]) => {
                order(one, other).map(std::cmp::Ordering::is_ge)
            }
            (O::LessThanOrEqual, [one, other]) => order(one, other).map(std::cmp::Ordering::is_le),
            (O::Between, [value, low, high]) => {
                let above = order(value, low).map(std::cmp::Ordering::is_ge);
                and(above, order(value, high).map(std::cmp::Ordering::is_le))
            }
            (O::Like, [text, pattern]) => is_like(text, pattern),
            (O::Not, [one]) => truth(one).map(|it| !it),
            (O::And, [one, other]) => and(truth(one), truth(other)),
            (O::Or, [one, other]) => or(truth(one), truth(other)),
            (O::InList, [value, list @ ..]) => {
                list.iter().map(|it| equal(value, it)).fold(Some(false), or)
            }
            (O::OfType, [kind]) => node_id(kind).map(|it| event.is_of_type(&it)),
            (O::Cast, [value, kind]) => {
                return scalar_type(kind).map_or(Variant::Empty, |kind| value.cast(kind));
            }
            (O::BitwiseAnd, [one, other]) => return bitwise(one, other, |one, other| one & other),
            (O::BitwiseOr, [one, other]) => return bitwise(one, other, |one, other| one | other),
            _ => None,
        };
        truth.map_or(Variant::Empty, Variant::Boolean)
    }
}

fn node_id(value: &Variant) -> Option<NodeId> {
    match value {
        Variant::NodeId(id) => Some(id.as_ref().clone()),
        Variant::ExpandedNodeId(id) if id.server_index == 0 => Some(id.node_id.clone()),
        _ => None,
    }
}

fn scalar_type(value: &Variant) -> Option<VariantScalarTypeId> {
    let id = node_id(value).filter(|it| it.namespace == 0)?;
    VariantScalarTypeId::try_from(id.as_u32()?).ok()
}

fn is_null(value: &Variant) -> bool {
    match value {
        Variant::Empty => true,
        Variant::String(it) => it.is_null(),
        Variant::ByteString(it) => it.is_null(),
        Variant::NodeId(it) => it.is_null(),
        Variant::ExtensionObject(it) => it.is_null(),
        _ => false,
    }
}

fn truth(value: &Variant) -> Option<bool> {
    match value.convert(VariantScalarTypeId::Boolean) {
        Variant::Boolean(it) => Some(it),
        _ => None,
    }
}

/// Part 4, 7.7.3: what is unknown stays unknown unless the other alone decides.
fn and(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
