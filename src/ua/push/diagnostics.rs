//! TransactionDiagnostics: what came of the last transaction (Part 12, 7.10.14).

use opcua_types::{
    DateTime, ExtensionObject, LocalizedText, NodeId, StatusCode, TransactionErrorType, Variant,
};

use crate::time::{self, Timestamp};
use crate::ua::push::{CONFIGURATION, GROUP, PushProblem, TRUST_LIST};
use crate::ua::server::Server;
use crate::ua::status;
use crate::ua::value::{LiveValue, date_time};

/// Numbers of the variables in namespace 0.
const START_TIME: u32 = 32_337;
const ERRORS: u32 = 32_342;

/// The last transaction.
#[derive(Clone, Debug)]
pub struct LastTransaction {
    begun: Timestamp,
    ended: Option<(Timestamp, StatusCode)>,
    changes_list: bool,
    changes_own: bool,
    errors: Vec<(StatusCode, String)>,
}

impl LastTransaction {
    /// One that has just begun.
    pub(super) fn begin() -> Self {
        Self {
            begun: time::now(),
            ended: None,
            changes_list: false,
            changes_own: false,
            errors: Vec::new(),
        }
    }

    /// It changes this much by now.
    pub(super) fn changes(&mut self, list: bool, own: bool) {
        (self.changes_list, self.changes_own) = (list, own);
    }

    /// It has ended with this.
    pub(super) fn end(&mut self, status: StatusCode) {
        self.ended = Some((time::now(), status));
    }

    /// It could not be applied.
    pub(super) fn fail(&mut self, problem: &PushProblem) {
        self.errors = vec![(status::of_push(problem), problem.to_string())];
        self.end(status::of_push(problem));
    }

    fn value(&self, number: u32) -> Variant {
        let node = |it: u32| NodeId::new(0, it);
        let nodes = |it: Option<u32>| Variant::from(it.map(node).into_iter().collect::<Vec<_>>());
        match number - START_TIME {
            0 => date_time(self.begun).into(),
            1 => self.ended.map_or_else(DateTime::null, |(at, _)| date_time(at)).into(),
            2 => Variant::from(self.ended.map_or(StatusCode::Good, |(_, status)| status)),
            3 => nodes(self.changes_list.then_some(TRUST_LIST)),
            4 => nodes(self.changes_own.then_some(GROUP)),
            _ => {
                let errors = self.errors.iter().map(|(error, message)| {
                    ExtensionObject::from_message(TransactionErrorType {
                        target_id: node(CONFIGURATION),
                        error: *error,
                        message: LocalizedText::new("en", message),
                    })
                });
                Variant::from(errors.collect::<Vec<_>>())
            }
        }
    }
}

impl Server {
    /// A variable of TransactionDiagnostics, by its number in namespace 0.
    pub fn live_transaction(&self, number: u32) -> Option<LiveValue> {
        if !(START_TIME..=ERRORS).contains(&number) {
            return None;
        }
        let last = self.push.last.borrow();
        let bad = |status| LiveValue { value: Variant::Empty, status, source: time::now() };
        Some(match last.as_ref() {
            None => bad(StatusCode::BadOutOfService),
            Some(it) if it.ended.is_none() && number == START_TIME + 2 => {
                bad(StatusCode::BadInvalidState)
            }
            Some(it) => {
                let value = it.value(number);
                LiveValue { value, status: StatusCode::Good, source: time::now() }
            }
        })
    }
}
