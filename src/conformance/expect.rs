//! What is expected, and the words when something else comes.

use opcua_types::StatusCode;

use crate::conformance::link::Answer;
use crate::conformance::{Check, Stop};

/// The response of a service that must succeed.
pub(super) fn good<R>(answer: Answer<R>, of: &str) -> Result<R, Stop> {
    answer.map_err(|status| Stop::unexpected(of, "Good", status))
}

/// A service that must fail with one of these codes.
pub(super) fn refused<R>(answer: &Answer<R>, wanted: &[StatusCode], of: &str) -> Check {
    match answer {
        Err(status) => code(*status, wanted, of),
        Ok(_) => Err(Stop::unexpected(of, &names(wanted), "a response")),
    }
}

/// A status code that must be one of these, info bits apart.
pub(super) fn code(status: StatusCode, wanted: &[StatusCode], of: &str) -> Check {
    if wanted.iter().any(|it| it.bits() >> 16 == status.bits() >> 16) {
        return Ok(());
    }
    Err(Stop::unexpected(of, &names(wanted), status))
}

/// One code for each operation, in order; each may be one of several.
pub(super) fn codes(statuses: &[StatusCode], wanted: &[&[StatusCode]], of: &str) -> Check {
    equal(statuses.len(), wanted.len(), &format!("{of}: number of results"))?;
    for (index, (status, wanted)) in statuses.iter().zip(wanted).enumerate() {
        code(*status, wanted, &format!("{of} [{index}]"))?;
    }
    Ok(())
}

/// Something that must hold.
pub(super) fn that(holds: bool, of: impl Into<String>) -> Check {
    if holds { Ok(()) } else { Err(Stop::Failed(of.into())) }
}

/// Two values that must be the same.
#[expect(clippy::needless_pass_by_value, reason = "a case compares what it has just made")]
pub(super) fn equal<T: PartialEq + std::fmt::Debug>(got: T, wanted: T, of: &str) -> Check {
    if got == wanted {
        return Ok(());
    }
    Err(Stop::Failed(format!("{of}: expected {wanted:?}, got {got:?}")))
}

/// Something that must be there.
pub(super) fn some<T>(found: Option<T>, of: &str) -> Result<T, Stop> {
    found.ok_or_else(|| Stop::Failed(format!("{of} is missing")))
}

fn names(wanted: &[StatusCode]) -> String {
    wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}
