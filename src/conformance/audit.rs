//! 4.19: audit events (Part 3, 4.7 and Part 5, 6.4). Most rows need a user who may hear them: a SecurityAdmin.

use std::time::Duration;

use opcua_types::{
    CancelRequest, CancelResponse, FilterOperator, NodeId, StatusCode, UserNameIdentityToken,
    Variant,
};

use crate::conformance::bench::{read_one, standard};
use crate::conformance::event::{events, listener, literal, select, where_clause};
use crate::conformance::expect::{code, equal, good, some, that};
use crate::conformance::item::{FINE, made};
use crate::conformance::link::Link;
use crate::conformance::method::{call, fixture_method, request_of};
use crate::conformance::secure::Opening;
use crate::conformance::subscription::{publish, subscribe};
use crate::conformance::user::{created, log_in, log_in_well, waiting};
use crate::conformance::write::{put, write_status};
use crate::conformance::{Bench, Case, Check, Stop, alone, case};
use crate::time;

/// Cases of auditing.
pub(super) const CASES: &[Case] = &[
    alone("AUD-01", "channels, sessions and bad certificates are audited", aud_01),
    alone(
        "AUD-02",
        "audit events go over encrypted channels only, to whoever may see them",
        aud_02,
    ),
    alone("AUD-03", "a Write is audited with its old and new value", aud_03),
    alone("AUD-04", "a Call is audited with its arguments, done or refused", aud_04),
    alone("AUD-05", "no password or token is in an event", aud_05),
    case("AUD-06", "ten thousand failed logins fill no log", aud_06),
    alone("AUD-07", "Auditing is true only while audit works", aud_07),
];

/// Auditing of the Server object.
const AUDITING: u32 = 2994;
/// SessionSecurityDiagnosticsArray, which a SecurityAdmin alone may read.
const SECURITY_DIAGNOSTICS: u32 = 3708;
const BASE_EVENT: u32 = 2041;
const AUDIT: u32 = 2052;
const CREATE_SESSION: u32 = 2071;
const ACTIVATE: u32 = 2075;
const WRITE: u32 = 2100;
const METHOD: u32 = 2127;
/// How long an event may take.
const SOON: Duration = Duration::from_secs(5);
/// Fields in front of those that a case asks for.
const COMMON: [(u32, &str); 7] = [
    (BASE_EVENT, "EventType"),
    (BASE_EVENT, "SourceName"),
    (AUDIT, "Status"),
    (AUDIT, "ServerId"),
    (AUDIT, "ActionTimeStamp"),
    (AUDIT, "ClientUserId"),
    (AUDIT, "ClientAuditEntryId"),
];
const SOURCE_NAME: usize = 1;
const STATUS: usize = 2;

/// A session that hears the audit events of requests with one AuditEntryId.
pub(super) struct Auditor {
    link: Link,
    entry: String,
}

type Fields = Vec<Variant>;

impl Auditor {
    /// For a case, with these fields behind the common ones.
    pub(super) fn new(bench: &Bench, id: &str, further: &[(u32, &str)]) -> Result<Self, Stop> {
        check_auditing(bench)?;
        if !bench.offer()?.encrypts() {
            return Err(Stop::skipped("the server encrypts no channel"));
        }
        bench.user()?;
        let mut link = bench.open_secured()?;
        good(link.create_session(60_000.0)?, "CreateSession")?;
        log_in_well(bench, &mut link)?;
        if read_one(&mut link, &standard(SECURITY_DIAGNOSTICS)).is_err() {
            return Err(Stop::skipped("needs a user with the role SecurityAdmin: --user NAME"));
        }
        let entry = format!("{id} at {}", time::now());
        let subscription = subscribe(&mut link, 100.0)?;
        let fields = COMMON.iter().chain(further).map(|(kind, name)| select(*kind, name)).collect();
        let own = opcua_types::ExtensionObject::from_message(select(AUDIT, "ClientAuditEntryId"));
        let only = vec![(FilterOperator::Equals, vec![own, literal(entry.as_str())])];
        made(&mut link, subscription, listener(fields, where_clause(only)))?;
        Ok(Self { link, entry })
    }

    /// All events until one for which `wanted` holds.
    fn heard(&mut self, wanted: impl Fn(&Fields) -> bool) -> Result<Vec<Fields>, Stop> {
        let end = time::monotonic() + SOON;
        let mut all = Vec::new();
        while time::monotonic() < end {
            let new = events(&publish(&mut self.link, &[])?);
            let is_there = new.iter().any(&wanted);
            all.extend(new);
            if is_there {
                return Ok(all);
            }
        }
        Err(Stop::failed(format!("no such audit event within {} s, but {all:?}", SOON.as_secs())))
    }

    /// All events until one from `source`.
    fn heard_from(&mut self, source: &str) -> Result<Vec<Fields>, Stop> {
        self.heard(|it| is_from(it, source))
    }

    /// It hears what a connection asks from now on.
    pub(super) fn lend(&self, link: &mut Link) {
        link.entry.clone_from(&self.entry);
    }

    /// Hears until `wanted` has seen the types it waits for.
    pub(super) fn heard_all(&mut self, mut wanted: impl FnMut(&NodeId) -> bool) -> Check {
        let end = time::monotonic() + SOON;
        while time::monotonic() < end {
            for event in events(&publish(&mut self.link, &[])?) {
                if let Some(Variant::NodeId(kind)) = event.first()
                    && wanted(kind)
                {
                    return Ok(());
                }
            }
        }
        Err(Stop::failed(format!("not all audit events within {} s", SOON.as_secs())))
    }

    /// The requests of this link are those that it hears of.
    pub(super) fn speak_for(&self, link: &mut Link) {
        link.entry.clone_from(&self.entry);
    }

    /// Hears `count` events of one type, of things that were done.
    pub(super) fn heard_of_kind(&mut self, kind: u32, count: usize) -> Check {
        let mut left = count;
        let wanted = Variant::from(standard(kind));
        while left > 0 {
            let all = self.heard(|it| it.first() == Some(&wanted))?;
            let own: Vec<&Fields> = all.iter().filter(|it| it.first() == Some(&wanted)).collect();
            for event in &own {
                common(event, kind, true)?;
            }
            left = left.saturating_sub(own.len());
        }
        Ok(())
    }

    /// A connection whose requests the auditor hears of, its channel open.
    fn open(&self, bench: &Bench) -> Result<Link, Stop> {
        let mut link = bench.connect()?;
        link.entry.clone_from(&self.entry);
        link.hello()?;
        link.open_channel(0, 60_000)?;
        Ok(link)
    }

    /// The same with a session.
    fn session(&self, bench: &Bench) -> Result<Link, Stop> {
        let mut link = self.open(bench)?;
        good(link.create_session(60_000.0)?, "CreateSession")?;
        good(link.activate()?, "ActivateSession")?;
        Ok(link)
    }
}

fn is_from(fields: &Fields, source: &str) -> bool {
    fields.get(SOURCE_NAME) == Some(&Variant::from(source))
}

fn check_auditing(bench: &Bench) -> Check {
    match read_one(&mut bench.session()?, &standard(AUDITING)) {
        Ok(Variant::Boolean(true)) => Ok(()),
        Ok(Variant::Boolean(false)) => Err(Stop::skipped("Auditing is false")),
        Ok(Variant::Empty) => Err(Stop::skipped("Auditing has no value")),
        Ok(other) => Err(Stop::unexpected("Auditing", "a Boolean", format!("{other:?}"))),
        Err(_) => Err(Stop::skipped("the server has no Auditing variable")),
    }
}

/// Type, outcome and what every audit event says.
fn common(fields: &Fields, kind: u32, is_done: bool) -> Check {
    equal(fields.first(), Some(&Variant::from(standard(kind))), "EventType")?;
    equal(fields.get(STATUS), Some(&Variant::Boolean(is_done)), "Status")?;
    for (at, (_, name)) in COMMON.iter().enumerate().take(5) {
        let is_said = fields.get(at).is_some_and(|it| !it.is_empty());
        that(is_said, format!("{name} is null in {fields:?}"))?;
    }
    Ok(())
}

fn aud_01(bench: &Bench) -> Check {
    let mut auditor = Auditor::new(bench, "AUD-01", &[])?;
    let mut link = auditor.session(bench)?;
    let cancel = CancelRequest { request_header: link.header(), request_handle: 77 };
    good::<CancelResponse>(link.call(&cancel)?, "Cancel")?;
    good(link.close_session(true)?, "CloseSession")?;
    let all = auditor.heard_from("Session/CloseSession")?;
    for (source, kind) in [
        ("SecureChannel/OpenSecureChannel", 2060),
        ("Session/CreateSession", CREATE_SESSION),
        ("Session/ActivateSession", ACTIVATE),
        ("Session/Cancel", 2078),
        ("Session/CloseSession", 2069),
    ] {
        let own: Vec<&Fields> = all.iter().filter(|it| is_from(it, source)).collect();
        equal(own.len(), 1, &format!("events of {source}"))?;
        common(own[0], kind, true)?;
    }
    bad_certificates(bench)
}

/// Each certificate that is refused is an event of its own type, though the client is not told why.
fn bad_certificates(bench: &Bench) -> Check {
    let wallet = match bench.trusted_wallet() {
        Ok(wallet) => wallet,
        Err(Stop::Skipped(_)) => return Ok(()),
        Err(failed) => return Err(failed),
    };
    let certificate = [(2080, "Certificate")];
    let mut auditor = Auditor::new(bench, "AUD-01 certificates", &certificate)?;
    for (name, kind) in
        [("expired", 2085), ("stranger", 2087), ("revoked", 2088), ("no_client", 2089)]
    {
        let who = wallet.identity(name);
        let mut link = Link::greeted(&bench.options.url, bench.offer()?, &who)?;
        link.entry.clone_from(&auditor.entry);
        link.send_opening(&Opening::default())?;
        link.refusal()?;
        let wanted = Variant::from(standard(kind));
        let all = auditor.heard(|it| it.first() == Some(&wanted))?;
        let event = some(all.iter().find(|it| it.first() == Some(&wanted)), name)?;
        common(event, kind, false)?;
        let told = event.last().is_some_and(|it| !it.is_empty());
        that(told, format!("{name}: the event does not show the certificate"))?;
    }
    Ok(())
}

/// A listener to all events of the Server object that asks for a field of audit events; and its Severity.
fn deaf(mut link: Link) -> Result<Link, Stop> {
    let subscription = subscribe(&mut link, 100.0)?;
    let fields = vec![select(BASE_EVENT, "Severity"), select(AUDIT, "ActionTimeStamp")];
    made(&mut link, subscription, listener(fields, where_clause(Vec::new())))?;
    Ok(link)
}

fn aud_02(bench: &Bench) -> Check {
    let trigger = bench.material()?.need("Event.Trigger")?;
    let mut auditor = Auditor::new(bench, "AUD-02", &[])?;
    let mut unencrypted = created(bench)?;
    log_in_well(bench, &mut unencrypted)?;
    let mut all = [deaf(unencrypted)?, deaf(bench.secured_session()?)?, deaf(bench.session()?)?];
    let mut link = auditor.session(bench)?;
    put(&mut link, &trigger, Variant::UInt32(501))?;
    auditor.heard_from("Attribute/Write")?;
    for (link, of) in
        all.iter_mut().zip(["the user without encryption", "nobody with", "nobody without"])
    {
        let end = time::monotonic() + SOON;
        let mut told = Vec::new();
        let marker = Some(&Variant::UInt16(501));
        while !told.iter().any(|it: &Fields| it.first() == marker) {
            that(time::monotonic() < end, format!("{of} does not hear the trigger"))?;
            told.extend(events(&publish(link, &[])?));
        }
        let leak = told.iter().find(|it| it.get(1).is_some_and(|it| !it.is_empty()));
        that(leak.is_none(), format!("{of} hears an audit event: {leak:?}"))?;
    }
    put(&mut link, &trigger, Variant::UInt32(502))?;
    put_and_change(auditor, link, &trigger)
}

/// An audit event waits in a session whose user then is nobody in particular: he hears neither it nor a later one.
fn put_and_change(auditor: Auditor, mut link: Link, trigger: &NodeId) -> Check {
    let mut own = auditor.link;
    if own.activate()?.is_err() {
        // A server need not let sessions change their users.
        return Ok(());
    }
    let mut own = deaf(own)?;
    put(&mut link, trigger, Variant::UInt32(503))?;
    let (end, marker) = (time::monotonic() + SOON, Some(&Variant::UInt16(503)));
    let mut told: Vec<Fields> = Vec::new();
    while !told.iter().any(|it| it.first() == marker) {
        that(time::monotonic() < end, "the session does not hear the trigger under its new user")?;
        told.extend(events(&publish(&mut own, &[])?));
    }
    let leak = told.iter().find(|it| it.len() >= COMMON.len());
    that(leak.is_none(), format!("an audit event outlives its user's right: {leak:?}"))
}

fn aud_03(bench: &Bench) -> Check {
    let fields =
        [(WRITE, "AttributeId"), (WRITE, "OldValue"), (WRITE, "NewValue"), (WRITE, "IndexRange")];
    let mut auditor = Auditor::new(bench, "AUD-03", &fields)?;
    let node = bench.material()?.need("Scalar.Double")?;
    let mut link = auditor.session(bench)?;
    let before = read_one(&mut link, &node)?;
    let Variant::Double(number) = before else {
        return Err(Stop::unexpected("the variable", "a Double", format!("{before:?}")));
    };
    let after = Variant::Double(number + 1.0);
    let wrong = Variant::from("no number");
    put(&mut link, &node, after.clone())?;
    let status = write_status(&mut link, &node, wrong.clone())?;
    that(status.is_bad(), "a text is written to a Double")?;
    put(&mut link, &node, before.clone())?;
    let of = |fields: &Fields, at: usize| fields.get(COMMON.len() + at).cloned();
    let all = auditor.heard(|it| of(it, 2).as_ref() == Some(&before))?;
    let own: Vec<&Fields> = all.iter().filter(|it| is_from(it, "Attribute/Write")).collect();
    equal(own.len(), 3, "events of three writes")?;
    for (event, (old, new, is_done)) in own.iter().zip([
        (Some(&before), &after, true),
        (None, &wrong, false),
        (Some(&after), &before, true),
    ]) {
        common(event, WRITE, is_done)?;
        equal(of(event, 0), Some(Variant::UInt32(13)), "AttributeId")?;
        if let Some(old) = old {
            equal(of(event, 1).as_ref(), Some(old), "OldValue")?;
        }
        equal(of(event, 2).as_ref(), Some(new), "NewValue")?;
    }
    Ok(())
}

/// The elements of a BaseDataType[].
fn elements(value: Option<&Variant>) -> Vec<Variant> {
    let Some(Variant::Array(array)) = value else { return Vec::new() };
    let plain = array.values.iter().map(|it| match it {
        Variant::Variant(it) => it.as_ref().clone(),
        other => other.clone(),
    });
    plain.collect()
}

fn aud_04(bench: &Bench) -> Check {
    let fields = [(METHOD, "MethodId"), (METHOD, "InputArguments")];
    let mut auditor = Auditor::new(bench, "AUD-04", &fields)?;
    let inputs = vec![Variant::Double(2.5), Variant::Double(0.25)];
    let good_call = fixture_method(bench, "Add", inputs.clone())?;
    let method = good_call.method_id.clone();
    let bad_call = request_of(good_call.object_id.clone(), method.clone(), vec!["no".into()]);
    let mut link = auditor.session(bench)?;
    let answer = good(call(&mut link, vec![good_call, bad_call])?, "Call")?;
    let statuses: Vec<StatusCode> =
        answer.results.unwrap_or_default().iter().map(|it| it.status_code).collect();
    code(statuses.first().copied().unwrap_or_default(), FINE, "the good call")?;
    let refused = Variant::Boolean(false);
    let all = auditor.heard(|it| it.get(STATUS) == Some(&refused))?;
    let is_own = |it: &&Fields| it.get(COMMON.len()) == Some(&Variant::from(method.clone()));
    let own: Vec<&Fields> = all.iter().filter(is_own).collect();
    equal(own.len(), 2, "events of two calls")?;
    common(own[0], METHOD, true)?;
    equal(elements(own[0].last()), inputs, "InputArguments")?;
    common(own[1], METHOD, false)?;
    equal(elements(own[1].last()), vec!["no".into()], "InputArguments of a refused call")
}

fn aud_05(bench: &Bench) -> Check {
    let user = bench.user()?;
    let wrong = "not the password, but one that nobody else has";
    let mut auditor = Auditor::new(bench, "AUD-05", &[(ACTIVATE, "UserIdentityToken")])?;
    for password in [wrong, &user.password] {
        let mut link = waiting(bench)?;
        link.entry.clone_from(&auditor.entry);
        let answer = log_in(bench, &mut link, &user.name, password)?;
        if password != wrong {
            good(answer, "the login of the good user")?;
        }
    }
    let done = Variant::Boolean(true);
    let is_login = |it: &Fields| is_from(it, "Session/ActivateSession");
    let all = auditor.heard(|it| is_login(it) && it.get(STATUS) == Some(&done))?;
    let logins: Vec<&Fields> = all.iter().filter(|it| is_login(it)).collect();
    equal(logins.len(), 2, "events of two logins")?;
    for fields in &logins {
        if let Some(Variant::ExtensionObject(token)) = fields.last()
            && let Some(token) = token.inner_as::<UserNameIdentityToken>()
        {
            let password = token.password.value.as_deref().unwrap_or_default();
            that(password.is_empty(), "UserIdentityToken carries a password")?;
            equal(token.user_name.as_ref(), user.name.as_str(), "UserName of the token")?;
        }
    }
    let mut bytes = Vec::new();
    all.iter().flatten().for_each(|it| auditor.link.put(&mut bytes, it));
    for secret in [wrong, &user.password] {
        let is_there = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
        that(!is_there, "a password is in an audit event")?;
    }
    Ok(())
}

fn aud_06(_: &Bench) -> Check {
    Err(Stop::skipped("a server's log is not seen from outside; shown by tests/server/audit.rs"))
}

fn aud_07(bench: &Bench) -> Check {
    let mut auditor = Auditor::new(bench, "AUD-07", &[])?;
    drop(auditor.session(bench)?);
    auditor.heard_from("Session/ActivateSession")?;
    check_auditing(bench)
}

/// A Write's AuditEntryId is in its audit event (SES-31).
pub(super) fn entry_comes_back(bench: &Bench) -> Check {
    let mut auditor = Auditor::new(bench, "SES-31", &[])?;
    let node = bench.material()?.need("Scalar.Double")?;
    let mut link = auditor.session(bench)?;
    let value = read_one(&mut link, &node)?;
    put(&mut link, &node, value)?;
    let all = auditor.heard_from("Attribute/Write")?;
    let entry = Variant::from(auditor.entry.as_str());
    that(
        all.iter().all(|it| it.get(COMMON.len() - 1) == Some(&entry)),
        "another ClientAuditEntryId",
    )
}
