//! What a case of alarms plays on: the fixture, a user who acts, and a listener. Afterwards everything is as it was.

use opcua_types::{ByteString, LocalizedText, NodeId, StatusCode, Variant};

use crate::conformance::alarm::ear::{Ear, SOON};
use crate::conformance::alarm::event::Event;
use crate::conformance::alarm::fixture::{Condition, Fixture};
use crate::conformance::bench::{Bench, read, read_one, standard, value};
use crate::conformance::expect::{code, good, some};
use crate::conformance::link::Link;
use crate::conformance::method::{call, request_of};
use crate::conformance::user::user_session;
use crate::conformance::write::write_status;
use crate::conformance::{Check, Stop};
use crate::time;

/// Methods of condition types in namespace 0: every instance takes them by these ids (Part 9, 5.5.4).
pub(super) mod method {
    pub(in crate::conformance::alarm) const ENABLE: u32 = 9027;
    pub(in crate::conformance::alarm) const DISABLE: u32 = 9028;
    pub(in crate::conformance::alarm) const ADD_COMMENT: u32 = 9029;
    pub(in crate::conformance::alarm) const ACKNOWLEDGE: u32 = 9111;
    pub(in crate::conformance::alarm) const CONFIRM: u32 = 9113;
    pub(in crate::conformance::alarm) const UNSHELVE: u32 = 2947;
    pub(in crate::conformance::alarm) const ONE_SHOT_SHELVE: u32 = 2948;
    pub(in crate::conformance::alarm) const TIMED_SHELVE: u32 = 2949;
    pub(in crate::conformance::alarm) const SILENCE: u32 = 16_402;
    pub(in crate::conformance::alarm) const SUPPRESS: u32 = 16_403;
    pub(in crate::conformance::alarm) const UNSUPPRESS: u32 = 17_868;
    pub(in crate::conformance::alarm) const REMOVE_FROM_SERVICE: u32 = 17_869;
    pub(in crate::conformance::alarm) const PLACE_IN_SERVICE: u32 = 17_870;
    pub(in crate::conformance::alarm) const RESET: u32 = 18_199;
    pub(in crate::conformance::alarm) const RESPOND: u32 = 9069;
    pub(in crate::conformance::alarm) const RESPOND_2: u32 = 24_312;
    pub(in crate::conformance::alarm) const SUPPRESS_2: u32 = 24_316;
    pub(in crate::conformance::alarm) const UNSUPPRESS_2: u32 = 24_318;
    pub(in crate::conformance::alarm) const REMOVE_FROM_SERVICE_2: u32 = 24_320;
    pub(in crate::conformance::alarm) const PLACE_IN_SERVICE_2: u32 = 24_322;
    pub(in crate::conformance::alarm) const TIMED_SHELVE_2: u32 = 24_756;
    pub(in crate::conformance::alarm) const UNSHELVE_2: u32 = 24_758;
    pub(in crate::conformance::alarm) const ONE_SHOT_SHELVE_2: u32 = 24_760;
}

/// State Unshelved of ShelvedStateMachineType.
pub(super) const UNSHELVED: u32 = 2930;

/// Values of AnalogSource between the limits of the level alarms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    /// Between Low and High.
    pub(super) normal: f64,
    /// Between High and HighHigh.
    pub(super) high: f64,
    /// Above HighHigh.
    pub(super) high_high: f64,
    /// Below LowLow.
    pub(super) low_low: f64,
}

/// The stage.
pub(super) struct Stage<'a> {
    /// The server.
    pub(super) bench: &'a Bench,
    /// What there is.
    pub(super) fixture: &'a Fixture,
    /// Who listens, anonymous.
    pub(super) ear: Ear,
    /// Who acts: the user of the runner.
    pub(super) hand: Link,
}

/// Plays on the stage and leaves it as it was.
pub(super) fn on_stage(bench: &Bench, play: impl FnOnce(&mut Stage<'_>) -> Check) -> Check {
    let mut stage = Stage::open(bench)?;
    stage.rest()?;
    let done = play(&mut stage);
    let rested = stage.rest();
    done.and(rested)
}

/// A comment.
pub(super) fn said(locale: &str, text: &str) -> Variant {
    LocalizedText::new(locale, text).into()
}

/// An EventId and no comment.
pub(super) fn about(event: &ByteString) -> Vec<Variant> {
    vec![Variant::ByteString(event.clone()), LocalizedText::null().into()]
}

/// What a server says to the call of one method.
pub(super) fn called(
    link: &mut Link,
    object: &NodeId,
    method: &NodeId,
    arguments: Vec<Variant>,
) -> Result<StatusCode, Stop> {
    let request = request_of(object.clone(), method.clone(), arguments);
    let answer = good(call(link, vec![request])?, "Call")?;
    let results = answer.results.unwrap_or_default();
    Ok(some(results.first(), "the result of Call")?.status_code)
}

impl<'a> Stage<'a> {
    fn open(bench: &'a Bench) -> Result<Self, Stop> {
        let fixture = bench.alarm_fixture()?;
        let hand = user_session(bench)?;
        Ok(Self { bench, fixture, ear: Ear::open(bench)?, hand })
    }

    /// The fixture's condition of this name.
    pub(super) fn condition(&self, name: &str) -> Result<&'a Condition, Stop> {
        self.fixture.condition(name)
    }

    /// Writes a source.
    pub(super) fn write(&mut self, source: &str, value: impl Into<Variant>) -> Check {
        self.ear.mark();
        let node = &self.fixture.source(source)?.node;
        let status = write_status(&mut self.hand, node, value.into())?;
        if status == StatusCode::BadUserAccessDenied {
            return Err(Stop::skipped(format!("the runner's user may not write {source}")));
        }
        let wanted = [StatusCode::Good, StatusCode::GoodCompletesAsynchronously];
        code(status, &wanted, &format!("writing {source}"))
    }

    /// What the server says to a call of a method, by the id that its type gives it.
    pub(super) fn call(
        &mut self,
        object: &NodeId,
        method: u32,
        arguments: Vec<Variant>,
    ) -> Result<StatusCode, Stop> {
        self.ear.mark();
        let status = called(&mut self.hand, object, &standard(method), arguments)?;
        if status == StatusCode::BadUserAccessDenied {
            let why = format!("the runner's user may not call method i={method} of {object}");
            return Err(Stop::skipped(why));
        }
        Ok(status)
    }

    /// Calls a method, which must answer with one of these codes.
    pub(super) fn answers(
        &mut self,
        object: &NodeId,
        (method, arguments): (u32, Vec<Variant>),
        wanted: &[StatusCode],
        of: &str,
    ) -> Check {
        code(self.call(object, method, arguments)?, wanted, of)
    }

    /// Calls a method, which must be Good.
    pub(super) fn done(
        &mut self,
        object: &NodeId,
        method: u32,
        arguments: Vec<Variant>,
        of: &str,
    ) -> Check {
        self.answers(object, (method, arguments), &[StatusCode::Good], of)
    }

    /// Calls a method that takes a comment last, where the server has it: the next event shows the comment.
    pub(super) fn with_comment(
        &mut self,
        condition: &Condition,
        (object, method): (&NodeId, u32),
        mut arguments: Vec<Variant>,
    ) -> Check {
        let text = format!("the reason for method i={method}");
        arguments.push(said("en", &text));
        let status = self.call(object, method, arguments)?;
        if [StatusCode::BadMethodInvalid, StatusCode::BadNodeIdUnknown].contains(&status) {
            return Ok(());
        }
        let of = format!("method i={method}, which takes a comment");
        code(status, &[StatusCode::Good], &of)?;
        self.until(condition, &of, |it| it.text("Comment") == text).map(|_| ())
    }

    /// Waits for an event of a condition.
    pub(super) fn until(
        &mut self,
        condition: &Condition,
        of: &str,
        wanted: impl Fn(&Event) -> bool,
    ) -> Result<Event, Stop> {
        self.ear.until(&condition.node, &format!("{}: {of}", condition.name), wanted)
    }

    /// Makes the limit alarms of AnalogSource active: the event of one of them.
    pub(super) fn raise(&mut self, condition: &Condition) -> Result<Event, Stop> {
        let high = self.levels()?.high;
        self.write("AnalogSource", high)?;
        self.until(condition, "active", |it| it.is("ActiveState.Id"))
    }

    /// Acknowledges, and confirms where there is that: the last event.
    pub(super) fn settle(&mut self, condition: &Condition, event: &Event) -> Result<Event, Stop> {
        let acknowledge = (method::ACKNOWLEDGE, about(&event.id()));
        self.done(&condition.node, acknowledge.0, acknowledge.1, "Acknowledge")?;
        let event = self.until(condition, "acknowledged", |it| it.is("AckedState.Id"))?;
        if !event.is_not("ConfirmedState.Id") {
            return Ok(event);
        }
        self.done(&condition.node, method::CONFIRM, about(&event.id()), "Confirm")?;
        self.until(condition, "confirmed", |it| it.is("ConfirmedState.Id"))
    }

    /// Values between the limits of ExclusiveLevel.
    pub(super) fn levels(&mut self) -> Result<Levels, Stop> {
        let condition = self.condition("ExclusiveLevel")?;
        let mut limits = [0.0; 4];
        let names = ["HighHighLimit", "HighLimit", "LowLimit", "LowLowLimit"];
        for (limit, name) in limits.iter_mut().zip(names) {
            match read_one(&mut self.hand, condition.member(name)?)? {
                Variant::Double(number) => *limit = number,
                other => {
                    return Err(Stop::unexpected(name, "a Double", format!("{other:?}")));
                }
            }
        }
        let [high_high, high, low, low_low] = limits;
        Ok(Levels {
            normal: f64::midpoint(low, high),
            high: f64::midpoint(high, high_high),
            high_high: high_high + (high_high - high) / 2.0,
            low_low: low_low - (low - low_low) / 2.0,
        })
    }

    /// Whether an event is of the fixture.
    pub(super) fn is_ours(&self) -> impl Fn(&Event) -> bool + use<> {
        let all: Vec<NodeId> = self.fixture.conditions.values().map(|it| it.node.clone()).collect();
        move |event| all.iter().any(|it| event.is_of(it))
    }

    /// Brings everything back: sources, conditions enabled, in service, unshelved, acknowledged and confirmed.
    pub(super) fn rest(&mut self) -> Check {
        let is_moved = self.restore_sources()? | self.restore_states()?;
        let is_ours = self.is_ours();
        if is_moved {
            self.ear.quiet(&is_ours)?;
        }
        let end = time::monotonic() + SOON + SOON;
        while time::monotonic() < end {
            let all = self.ear.refreshed()?;
            let open: Vec<&Event> = all.iter().filter(|it| is_ours(it)).collect();
            if open.is_empty() {
                return Ok(());
            }
            let mut is_done = false;
            for event in open {
                is_done |= self.put_away(event)?;
            }
            if !is_done {
                self.ear.pull()?;
            }
        }
        Err(Stop::failed("the fixture's conditions do not come to rest"))
    }

    fn restore_sources(&mut self) -> Result<bool, Stop> {
        let mut is_moved = false;
        for source in self.fixture.sources() {
            let now = read(&mut self.hand, vec![value(source.node.clone())])?.pop();
            if now.and_then(|it| it.value).as_ref() != Some(&source.usual) {
                write_status(&mut self.hand, &source.node, source.usual.clone())?;
                is_moved = true;
            }
        }
        Ok(is_moved)
    }

    fn restore_states(&mut self) -> Result<bool, Stop> {
        let unshelved: Variant = standard(UNSHELVED).into();
        let table: [(&str, Variant, &str, u32); 4] = [
            ("EnabledState.Id", true.into(), "", method::ENABLE),
            ("ShelvingState.CurrentState.Id", unshelved, "ShelvingState", method::UNSHELVE),
            ("SuppressedState.Id", false.into(), "", method::UNSUPPRESS),
            ("OutOfServiceState.Id", false.into(), "", method::PLACE_IN_SERVICE),
        ];
        let mut is_moved = false;
        for condition in self.fixture.conditions.values() {
            for (path, usual, object, method) in &table {
                let Some(node) = condition.members.get(*path) else { continue };
                if read_one(&mut self.hand, node)? == *usual {
                    continue;
                }
                let object = condition.members.get(*object).unwrap_or(&condition.node);
                called(&mut self.hand, object, &standard(*method), Vec::new())?;
                is_moved = true;
            }
        }
        Ok(is_moved)
    }

    /// Does the next thing that an occurrence asks for; whether there is one.
    fn put_away(&mut self, event: &Event) -> Result<bool, Stop> {
        let node = event.condition();
        let next = if event.is_not("AckedState.Id") {
            (method::ACKNOWLEDGE, about(&event.id()))
        } else if event.is_not("ConfirmedState.Id") {
            (method::CONFIRM, about(&event.id()))
        } else if event.is("LatchedState.Id") && event.is_not("ActiveState.Id") {
            (method::RESET, Vec::new())
        } else {
            return Ok(false);
        };
        Ok(called(&mut self.hand, &node, &standard(next.0), next.1)?.is_good())
    }
}
