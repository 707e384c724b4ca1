//! 4.17, UserManagement (Part 18, 5.2). No login fails here: each that does makes the next ones of this address wait.

use opcua_types::{
    ActivateSessionResponse, CallMethodRequest, NodeId, ReadResponse, StatusCode,
    UserManagementDataType, Variant,
};

use crate::conformance::bench::{read, read_one, read_request, standard, value};
use crate::conformance::expect::{code, equal, good, that};
use crate::conformance::link::{Answer, Link};
use crate::conformance::method::request_of;
use crate::conformance::role::{called, has, manager, over};
use crate::conformance::user::log_in;
use crate::conformance::{Bench, Check, Stop};

/// UserManagement and its methods.
const USERS: u32 = 24_290;
const ADD_USER: u32 = 24_304;
const MODIFY_USER: u32 = 24_306;
const REMOVE_USER: u32 = 24_308;
const CHANGE_PASSWORD: u32 = 24_310;
/// Users of UserManagement.
const LIST: u32 = 24_301;
/// The user that the runner adds, and removes again.
const NAME: &str = "conformance-guest";
const FIRST: &str = "a first long way to the anode";
const SECOND: &str = "another long way to the anode";
/// Bits of UserConfigurationMask.
const DISABLED: u32 = 2;
const MUST_CHANGE: u32 = 8;

fn add(name: &str, password: &str, options: u32) -> CallMethodRequest {
    let arguments = vec![name.into(), password.into(), options.into(), "made by the runner".into()];
    request_of(standard(USERS), standard(ADD_USER), arguments)
}

fn set_options(name: &str, options: u32) -> CallMethodRequest {
    let arguments: Vec<Variant> = vec![
        name.into(),
        false.into(),
        "".into(),
        true.into(),
        options.into(),
        false.into(),
        "".into(),
    ];
    request_of(standard(USERS), standard(MODIFY_USER), arguments)
}

fn remove(name: &str) -> CallMethodRequest {
    request_of(standard(USERS), standard(REMOVE_USER), vec![name.into()])
}

fn change(old: &str, new: &str) -> CallMethodRequest {
    request_of(standard(USERS), standard(CHANGE_PASSWORD), vec![old.into(), new.into()])
}

fn status(link: &mut Link, request: CallMethodRequest) -> Result<StatusCode, Stop> {
    Ok(called(link, request)?.status_code)
}

pub(super) fn rol_12(bench: &Bench) -> Check {
    if !has(&mut bench.session()?, USERS)? {
        return Err(Stop::skipped("the server has no UserManagement"));
    }
    let mut admin = manager(bench)?;
    let shown = managed(bench, &mut admin);
    // Whatever came before: nothing is left behind.
    let removed = status(&mut admin, remove(NAME))?;
    shown?;
    code(removed, &[StatusCode::Good], "RemoveUser")?;
    let again = status(&mut admin, remove(NAME))?;
    code(again, &[StatusCode::BadNotFound], "RemoveUser of nobody")?;
    that(!names(&mut admin)?.contains(&NAME.to_owned()), "a user is listed after RemoveUser")
}

/// Who is in the list of users.
fn names(admin: &mut Link) -> Result<Vec<String>, Stop> {
    let Variant::Array(all) = read_one(admin, &standard(LIST))? else {
        return Err(Stop::failed("Users is no array"));
    };
    let users = all.values.iter().filter_map(|it| match it {
        Variant::ExtensionObject(it) => it.inner_as::<UserManagementDataType>(),
        _ => None,
    });
    Ok(users.map(|it| it.user_name.as_ref().to_owned()).collect())
}

/// A session that waits for its activation on an encrypted channel.
fn waiting(bench: &Bench) -> Result<Link, Stop> {
    let mut link = bench.open_secured()?;
    good(link.create_session(60_000.0)?, "CreateSession")?;
    Ok(link)
}

/// The service result of a login.
fn outcome(answer: &Answer<ActivateSessionResponse>) -> StatusCode {
    match answer {
        Ok(response) => response.response_header.service_result,
        Err(status) => *status,
    }
}

fn managed(bench: &Bench, admin: &mut Link) -> Check {
    let weak = status(admin, add(NAME, "short", 0))?;
    let wanted = [StatusCode::BadOutOfRange, StatusCode::BadInvalidArgument];
    code(weak, &wanted, "AddUser with a weak password")?;
    let first = status(admin, add(NAME, FIRST, MUST_CHANGE))?;
    code(first, &[StatusCode::Good], "AddUser")?;
    let twice = status(admin, add(NAME, FIRST, 0))?;
    code(twice, &[StatusCode::BadAlreadyExists], "AddUser of the same name")?;
    let mut guest = waiting(bench)?;
    let answer = log_in(bench, &mut guest, NAME, FIRST)?;
    let must = StatusCode::GoodPasswordChangeRequired;
    equal(outcome(&answer), must, "the login of a user who must change the password")?;
    passwords(&mut guest)?;
    let mut fresh = waiting(bench)?;
    let answer = log_in(bench, &mut fresh, NAME, SECOND)?;
    equal(outcome(&answer), StatusCode::Good, "the login with the new password")?;
    let disabled = status(admin, set_options(NAME, DISABLED))?;
    code(disabled, &[StatusCode::Good], "ModifyUser to a user who is disabled")?;
    let answer = fresh.call::<ReadResponse>(&read_request(&fresh, vec![value(standard(2258))]))?;
    that(answer.is_err(), "the session of a user who is disabled goes on")?;
    fresh.session = NodeId::null();
    that(names(admin)?.contains(&NAME.to_owned()), "Users lacks the user who was added")?;
    itself(bench, admin)
}

/// A user changes the password; until then he may do little else.
fn passwords(guest: &mut Link) -> Check {
    // Identities of the role Anonymous.
    let result = read(guest, vec![value(standard(16_192))])?.pop().unwrap_or_default();
    that(result.status.is_some_and(|it| it.is_bad()), "a new user reads who has a role")?;
    let weak = status(guest, change(FIRST, "short"))?;
    let wanted = [StatusCode::BadOutOfRange, StatusCode::BadInvalidArgument];
    code(weak, &wanted, "ChangePassword to a weak one")?;
    let same = status(guest, change(FIRST, FIRST))?;
    code(same, &[StatusCode::BadAlreadyExists], "ChangePassword to the same one")?;
    let right = status(guest, change(FIRST, SECOND))?;
    code(right, &[StatusCode::Good], "ChangePassword")
}

/// Nobody removes himself or shuts himself out.
fn itself(bench: &Bench, admin: &mut Link) -> Check {
    let own = bench.user()?.name.clone();
    let wanted = [StatusCode::BadInvalidSelfReference];
    code(status(admin, remove(&own))?, &wanted, "RemoveUser of oneself")?;
    code(status(admin, set_options(&own, DISABLED))?, &wanted, "ModifyUser that disables oneself")?;
    let mut nobody =
        over(bench, true)?.ok_or_else(|| Stop::skipped("needs an encrypted channel"))?;
    let denied = [StatusCode::BadUserAccessDenied];
    code(status(&mut nobody, remove(&own))?, &denied, "RemoveUser by nobody")
}
