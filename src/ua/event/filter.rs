//! EventFilter (Part 4, 7.22.3): checked once, asked at every event.

use opcua_types::{
    ContentFilter, ContentFilterResult, Context, EventFilterResult, ExtensionObject, NodeId,
    SimpleAttributeOperand, StatusCode, Variant,
};

use crate::ua::event::{Checks, Clause, Event, Fields, Subject, WhereClause};
use crate::ua::space::{NodeRef, Space};

/// What a listener wants to know of which events.
#[derive(Clone, Debug)]
pub struct EventFilter {
    /// A clause that cannot be answered stays in its place and gives null (EVT-04).
    select: Vec<Result<Clause, StatusCode>>,
    condition: WhereClause,
}

/// Why a filter is refused, and what was wrong with its parts.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The operation's result.
    pub status: StatusCode,
    /// EventFilterResult, or nothing.
    pub result: ExtensionObject,
}

impl From<StatusCode> for Problem {
    fn from(status: StatusCode) -> Self {
        Self { status, result: ExtensionObject::null() }
    }
}

impl EventFilter {
    /// Checks a filter as a client sends it; a clause may be wrong already. `most` bounds its clauses and elements (EVT-09).
    pub fn new(
        space: &Space,
        clauses: Vec<Result<SimpleAttributeOperand, StatusCode>>,
        where_clause: &ContentFilter,
        most: usize,
    ) -> Result<Self, Problem> {
        if clauses.is_empty() || clauses.len() > most {
            return Err(StatusCode::BadEventFilterInvalid.into());
        }
        let select: Vec<_> =
            clauses.into_iter().map(|it| it.and_then(|it| Clause::new(space, &it))).collect();
        let check = |operand: &SimpleAttributeOperand| {
            Clause::new(space, operand).err().unwrap_or(StatusCode::Good)
        };
        let is_event_type = |id: &NodeId| space.event_type(id).is_some();
        let checks = Checks { field: &check, is_event_type: &is_event_type };
        match WhereClause::new(where_clause, most, &checks) {
            Ok(condition) => Ok(Self { select, condition }),
            Err(result) => Err(Problem {
                status: StatusCode::BadEventFilterInvalid,
                result: outcome(&select, result),
            }),
        }
    }

    /// What the client is told of its filter; nothing if all of it is in order.
    pub fn result(&self) -> ExtensionObject {
        if self.select.iter().all(Result::is_ok) {
            return ExtensionObject::null();
        }
        outcome(&self.select, ContentFilterResult::default())
    }

    /// Whether another filter asks for the same fields.
    pub fn selects_as(&self, other: &Self) -> bool {
        self.select == other.select
    }

    /// Whether an event is wanted.
    pub fn passes(&self, space: &Space, event: &Event) -> bool {
        self.wants(&Happening { space, event })
    }

    /// Whether an event, happening or recorded, is wanted.
    pub fn wants(&self, event: &dyn Subject) -> bool {
        self.condition.passes(&Asked(event))
    }

    /// The select clauses, each or what is wrong with it.
    pub fn clauses(&self) -> &[Result<Clause, StatusCode>] {
        &self.select
    }

    /// Whether events pass whatever they are.
    pub fn wants_all(&self) -> bool {
        self.condition.is_empty()
    }

    /// The selected fields of an event as an encoded array of Variants: one for each clause.
    pub fn select(&self, space: &Space, event: &Event, context: &Context<'_>) -> Box<[u8]> {
        let mut out = Vec::with_capacity(32 * self.select.len());
        self.put(&Happening { space, event }, &mut out, context);
        out.into()
    }

    /// Appends the selected fields of an event as an encoded array of Variants.
    pub fn put(&self, event: &dyn Subject, out: &mut Vec<u8>, context: &Context<'_>) {
        out.extend_from_slice(&(self.select.len() as i32).to_le_bytes());
        for clause in &self.select {
            match clause {
                Ok(clause) => clause.put(event, out, context),
                Err(_) => out.push(0),
            }
        }
    }
}

fn outcome(
    select: &[Result<Clause, StatusCode>],
    where_clause_result: ContentFilterResult,
) -> ExtensionObject {
    let code = |it: &Result<Clause, StatusCode>| it.as_ref().err().copied();
    ExtensionObject::from_message(EventFilterResult {
        select_clause_results: Some(
            select.iter().map(|it| code(it).unwrap_or(StatusCode::Good)).collect(),
        ),
        select_clause_diagnostic_infos: None,
        where_clause_result,
    })
}

/// An event that happens.
struct Happening<'a> {
    space: &'a Space,
    event: &'a Event,
}

impl Subject for Happening<'_> {
    fn type_named(&self, id: &NodeId) -> Option<u32> {
        self.space.event_type(id)
    }

    fn is_below(&self, kind: u32) -> bool {
        self.space.is_event_below(self.event.kind, kind)
    }

    fn field(&self, key: &str, path: &str) -> Variant {
        self.event.value(self.space, key, path)
    }

    fn condition(&self) -> Variant {
        let told = self.event.condition.as_ref();
        told.map_or(Variant::Empty, |it| self.space.node_id(NodeRef::Alarm(it.alarm, 0)).into())
    }
}

/// An event as a where clause sees it.
struct Asked<'a>(&'a dyn Subject);

impl Fields for Asked<'_> {
    fn field(&self, operand: &SimpleAttributeOperand) -> Variant {
        Clause::known(self.0, operand).map_or(Variant::Empty, |it| it.value(self.0))
    }

    fn is_of_type(&self, kind: &NodeId) -> bool {
        self.0.type_named(kind).is_some_and(|it| self.0.is_below(it))
    }
}
