//! The requests that wait: bounded, fixed when they are made, each approved once or never.

use std::time::{Duration, Instant};

use opcua_types::CallMethodRequest;

use crate::access::{Actor, Roles};
use crate::alarm::{AlarmCommand, AlarmRefusal};
use crate::config::{ApprovalConfig, ApprovalRule};
use crate::control::{Command, Danger, Refusal};
use crate::tag::DeviceIndex;
use crate::time::Timestamp;
use crate::ua::audit::{Origin, Written};
use crate::ua::subscription::SessionKey;

/// Requests of one person that wait or are being judged at a time.
pub const PER_PERSON: usize = 10;
/// Numbers of requests begin anew after so many, so that a person can type them.
const NUMBERS: u32 = 1_000_000;

/// Who asks or approves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// User name; `anonymous` for nobody.
    pub name: String,
    /// Nobody was named.
    pub is_anonymous: bool,
    /// The session.
    pub session: SessionKey,
}

impl Person {
    /// Whether both are the same, as far as can be known: all sessions of a user are one person. Of nobody in
    /// particular each session is a person.
    pub fn is(&self, other: &Self) -> bool {
        match (self.is_anonymous, other.is_anonymous) {
            (false, false) => self.name == other.name,
            (true, true) => self.session == other.session,
            _ => false,
        }
    }
}

/// A command that is held back.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// For the plant.
    Plant(Command),
    /// For an alarm.
    Alarm(AlarmCommand),
}

impl Held {
    /// The same command by another actor.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        match self {
            Self::Plant(command) => Self::Plant(Command { actor, ..command }),
            Self::Alarm(command) => Self::Alarm(AlarmCommand { actor, ..command }),
        }
    }
}

/// The operation that asked for it, as it is audited.
#[derive(Clone, Debug)]
pub enum Form {
    /// Of a Call.
    Call(CallMethodRequest),
    /// Of a Write.
    Write(Written),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The command, with all its arguments.
    pub held: Held,
    /// What is hazardous about it.
    pub danger: Danger,
    /// What it waits for.
    pub rule: ApprovalRule,
    /// How it came.
    pub form: Form,
    /// Who asks.
    pub by: Person,
    /// From where.
    pub origin: Origin,
    /// For people, such as `Line1.RF11.ResetTrip()`.
    pub text: String,
    /// The device that it is for.
    pub device: Option<DeviceIndex>,
}

/// A request that waits.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number.
    pub id: u32,
    /// What is asked for.
    pub asked: Asked,
    /// When it was made.
    pub since: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    expires: Instant,
}

/// Why a hazardous command is not even a request.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HoldProblem {
    /// The controls would refuse it.
    #[error(transparent)]
    Plant(#[from] Refusal),
    /// The alarm would refuse it.
    #[error(transparent)]
    Alarm(#[from] AlarmRefusal),
    /// Two persons must be known, and this is nobody in particular.
    #[error("two persons are needed, and an anonymous session is none")]
    Nobody,
    /// Too many wait.
    #[error("too many requests wait for approval")]
    Full,
    /// The engine has ended.
    #[error("the engine has ended")]
    Gone,
}

/// Why a request is not approved, or not withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalProblem {
    /// There is no such request, or no longer.
    #[error("no request with this number waits")]
    Unknown,
    /// Whoever asked cannot be the second person.
    #[error("another named user must approve this")]
    SamePerson,
    /// The command is not one that this user may give.
    #[error("{needed} right needed")]
    Denied {
        /// The least role that may give it.
        needed: &'static str,
    },
}

/// Every request that waits.
#[derive(Debug)]
pub struct PendingApprovals {
    requests: Vec<Request>,
    /// Whose commands are being judged by the engine before they may wait.
    judged: Vec<Person>,
    next: u32,
    bound: usize,
    lasts: Duration,
    changed: Timestamp,
}

impl PendingApprovals {
    /// None yet. Numbers go on from the time of the start: what was read before a restart is no number after it.
    pub fn new(config: &ApprovalConfig, start: Timestamp) -> Self {
        let seconds = start.ticks() / 10_000_000;
        Self {
            requests: Vec::new(),
            judged: Vec::new(),
            next: (seconds.rem_euclid(i64::from(NUMBERS))) as u32,
            bound: config.requests,
            lasts: Duration::from_secs_f64(config.expire_s),
            changed: start,
        }
    }

    /// Those that wait, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter()
    }

    /// When one came or went last.
    pub fn changed(&self) -> Timestamp {
        self.changed
    }

    /// Takes a place for a command of `by` that is to be judged. [`PendingApprovals::judged`] gives it back.
    pub fn begin(&mut self, by: &Person) -> Result<(), HoldProblem> {
        let own = self.requests.iter().map(|it| &it.asked.by).chain(&self.judged);
        let own = own.filter(|it| it.is(by)).count();
        if own >= PER_PERSON || self.requests.len() + self.judged.len() >= self.bound {
            return Err(HoldProblem::Full);
        }
        self.judged.push(by.clone());
        Ok(())
    }

    /// A command of `by` has been judged.
    pub fn judged(&mut self, by: &Person) {
        if let Some(at) = self.judged.iter().position(|it| it == by) {
            self.judged.swap_remove(at);
        }
    }

    /// The request for the very same that the same session has made already: a client that repeats itself gets no second.
    pub fn same(&self, asked: &Asked) -> Option<&Request> {
        self.requests.iter().find(|it| it.asked.by == asked.by && it.asked.held == asked.held)
    }

    /// Adds a request.
    pub fn add(&mut self, asked: Asked, now: (Instant, Timestamp)) -> Request {
        let id = self.next.max(1);
        self.next = (id + 1) % NUMBERS;
        let until = now.1.plus_s(self.lasts.as_secs_f64());
        let request = Request { id, asked, since: now.1, until, expires: now.0 + self.lasts };
        self.requests.push(request.clone());
        self.changed = now.1;
        request
    }

    /// A request.
    pub fn get(&self, id: u32) -> Option<&Request> {
        self.requests.iter().find(|it| it.id == id)
    }

    /// Takes out a request that `by`, who has `roles`, approves.
    pub fn approve(
        &mut self,
        id: u32,
        (by, roles): (&Person, Roles),
        now: (Instant, Timestamp),
    ) -> Result<Request, ApprovalProblem> {
        let request = self.waiting(id, now.0)?;
        let asked = &request.asked;
        let is_same = asked.by.is(by);
        let is_second = !is_same && !by.is_anonymous;
        let is_enough = match asked.rule {
            ApprovalRule::None | ApprovalRule::Confirm => is_same || is_second,
            ApprovalRule::TwoPersons => is_second,
        };
        if !is_enough {
            return Err(ApprovalProblem::SamePerson);
        }
        permit(asked, roles)?;
        self.take(id, now.1).ok_or(ApprovalProblem::Unknown)
    }

    /// Takes out a request that whoever asked takes back, or that another, who might give the command, refuses: then true.
    pub fn withdraw(
        &mut self,
        id: u32,
        (by, roles): (&Person, Roles),
        now: (Instant, Timestamp),
    ) -> Result<(Request, bool), ApprovalProblem> {
        let request = self.waiting(id, now.0)?;
        let is_other = !request.asked.by.is(by);
        if is_other {
            permit(&request.asked, roles)?;
        }
        self.take(id, now.1).map(|it| (it, is_other)).ok_or(ApprovalProblem::Unknown)
    }

    /// Takes out those whose time is over.
    pub fn expired(&mut self, now: (Instant, Timestamp)) -> Vec<Request> {
        self.take_all(|it| it.expires <= now.0, now.1)
    }

    /// Takes out those that a session has made.
    pub fn of_session(&mut self, session: SessionKey, now: Timestamp) -> Vec<Request> {
        self.take_all(|it| it.asked.by.session == session, now)
    }

    /// One whose time is not over, also if nobody has looked yet.
    fn waiting(&self, id: u32, now: Instant) -> Result<&Request, ApprovalProblem> {
        self.get(id).filter(|it| it.expires > now).ok_or(ApprovalProblem::Unknown)
    }

    fn take(&mut self, id: u32, now: Timestamp) -> Option<Request> {
        let at = self.requests.iter().position(|it| it.id == id)?;
        self.changed = now;
        Some(self.requests.remove(at))
    }

    fn take_all(&mut self, goes: impl Fn(&Request) -> bool, now: Timestamp) -> Vec<Request> {
        if !self.requests.iter().any(&goes) {
            return Vec::new();
        }
        self.changed = now;
        self.requests.extract_if(.., |it| goes(it)).collect()
    }
}

fn permit(asked: &Asked, roles: Roles) -> Result<(), ApprovalProblem> {
    let access = asked.danger.access;
    if roles.may_write(access) {
        return Ok(());
    }
    Err(ApprovalProblem::Denied { needed: access.name() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Access, Role};
    use crate::config::Hazard;
    use crate::control::{Method, Order, Target};
    use crate::time::monotonic;
    use crate::ua::audit::Who;

    fn person(name: &str, session: u32) -> Person {
        Person {
            name: name.to_owned(),
            is_anonymous: name.is_empty(),
            session: SessionKey(session),
        }
    }

    fn asked(by: Person, rule: ApprovalRule, rectifier: usize) -> Asked {
        let roles = Roles::NONE.with(Role::Supervisor);
        let actor = Actor { name: by.name.as_str().into(), roles };
        let order = Order::Call { method: Method::ResetTrip, arguments: Vec::new() };
        Asked {
            held: Held::Plant(Command { actor, target: Target::Rectifier(rectifier), order }),
            danger: Danger { hazard: Hazard::ResetTrip, access: Access::Supervisor },
            rule,
            form: Form::Call(CallMethodRequest::default()),
            by,
            origin: Origin {
                who: Who::Anonymous,
                address: None,
                channel: 0,
                session: opcua_types::NodeId::null(),
                entry: opcua_types::UAString::null(),
                time: Timestamp::default(),
            },
            text: String::new(),
            device: None,
        }
    }

    fn now() -> (Instant, Timestamp) {
        (monotonic(), Timestamp::from_ticks(17_000_000_000))
    }

    fn pending() -> PendingApprovals {
        PendingApprovals::new(&ApprovalConfig::default(), now().1)
    }

    const SUPERVISOR: Roles = Roles::NONE.with(Role::Supervisor);

    #[test]
    fn two_persons_are_two_names_and_neither_is_nobody() {
        let mut pending = pending();
        let olga = asked(person("olga", 1), ApprovalRule::TwoPersons, 0);
        let id = pending.add(olga, now()).id;
        let mut approve =
            |by: Person| pending.approve(id, (&by, SUPERVISOR), now()).map(|it| it.id);
        let same = Err(ApprovalProblem::SamePerson);
        assert_eq!(approve(person("olga", 1)), same);
        assert_eq!(approve(person("olga", 2)), same, "in another session");
        assert_eq!(approve(person("", 3)), same, "anonymous");
        assert_eq!(approve(person("sven", 4)), Ok(id));
        assert_eq!(approve(person("sven", 4)), Err(ApprovalProblem::Unknown), "once");
    }

    #[test]
    fn a_confirmation_is_anybodys_who_may_give_the_command_and_is_known() {
        let mut pending = pending();
        let mut add = |by: Person, rectifier| {
            pending.add(asked(by, ApprovalRule::Confirm, rectifier), now()).id
        };
        let [first, second, third] =
            [add(person("olga", 1), 0), add(person("olga", 1), 1), add(person("", 5), 2)];
        let mut approve = |id, by: Person, roles| pending.approve(id, (&by, roles), now());
        assert!(approve(first, person("olga", 2), SUPERVISOR).is_ok());
        let needed = ApprovalProblem::Denied { needed: "Supervisor" };
        let operator = Roles::NONE.with(Role::Operator);
        assert_eq!(approve(second, person("ivan", 3), operator).unwrap_err(), needed);
        assert!(approve(second, person("sven", 3), SUPERVISOR).is_ok());
        let of_nobody = approve(third, person("", 6), SUPERVISOR).unwrap_err();
        assert_eq!(of_nobody, ApprovalProblem::SamePerson, "another anonymous session");
        assert!(approve(third, person("", 5), SUPERVISOR).is_ok());
    }

    #[test]
    fn what_waits_is_bounded_for_each_and_for_all() {
        let config = ApprovalConfig { requests: PER_PERSON + 2, ..ApprovalConfig::default() };
        let mut pending = PendingApprovals::new(&config, now().1);
        let (olga, sven) = (person("olga", 1), person("sven", 2));
        for rectifier in 0..PER_PERSON {
            pending.begin(&olga).unwrap();
            pending.judged(&olga);
            pending.add(asked(olga.clone(), ApprovalRule::Confirm, rectifier), now());
        }
        assert_eq!(pending.begin(&person("olga", 9)), Err(HoldProblem::Full), "one person");
        assert_eq!((pending.begin(&sven), pending.begin(&sven)), (Ok(()), Ok(())));
        assert_eq!(pending.begin(&person("ivan", 3)), Err(HoldProblem::Full), "all");
        pending.judged(&sven);
        assert_eq!(pending.begin(&person("ivan", 3)), Ok(()));
    }

    #[test]
    fn a_request_ends_with_its_time_with_its_session_and_by_hand() {
        let mut pending = pending();
        let (start, utc) = now();
        let mut add = |session, rectifier| {
            let asked = asked(person("olga", session), ApprovalRule::Confirm, rectifier);
            pending.add(asked, (start, utc)).id
        };
        let [first, second, third] = [add(1, 0), add(2, 1), add(3, 2)];
        assert_eq!(
            pending.same(&asked(person("olga", 2), ApprovalRule::Confirm, 1)).unwrap().id,
            second
        );
        assert_eq!(pending.of_session(SessionKey(1), utc).len(), 1);
        assert!(pending.get(first).is_none());
        let sven = person("sven", 4);
        let refused = pending.withdraw(second, (&sven, Roles::NONE), (start, utc)).unwrap_err();
        assert_eq!(refused, ApprovalProblem::Denied { needed: "Supervisor" });
        let (_, by_other) = pending.withdraw(second, (&sven, SUPERVISOR), (start, utc)).unwrap();
        assert!(by_other);
        let later = (start + Duration::from_mins(2), utc);
        let late = pending.approve(third, (&sven, SUPERVISOR), later).unwrap_err();
        assert_eq!(late, ApprovalProblem::Unknown, "also before anybody has looked");
        assert_eq!(pending.expired((start, utc)).len(), 0);
        assert_eq!(pending.expired(later).len(), 1);
        assert_eq!(pending.iter().count(), 0);
    }

    #[test]
    fn numbers_are_never_zero_and_go_on_from_the_time_of_the_start() {
        let mut pending = PendingApprovals::new(
            &ApprovalConfig::default(),
            Timestamp::from_ticks(9_999_990_000_000),
        );
        let mut add = || pending.add(asked(person("olga", 1), ApprovalRule::Confirm, 0), now()).id;
        assert_eq!([add(), add(), add()], [999_999, 1, 2]);
    }
}
