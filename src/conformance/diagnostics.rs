//! 4.20: diagnostics of the server, its sessions and subscriptions (Part 5, 6.3.3).

use opcua_types::{ServerDiagnosticsSummaryDataType, StatusCode, Variant};

use crate::conformance::bench::{read, read_one, standard, value};
use crate::conformance::expect::{code, equal, some, that};
use crate::conformance::link::Link;
use crate::conformance::subscription::subscribe;
use crate::conformance::{Bench, Case, Check, Stop, alone, case};

/// Cases of diagnostics.
pub(super) const CASES: &[Case] = &[
    case("DIA-01", "diagnostics are switched off and on", dia_01),
    alone("DIA-02", "the summary counts sessions and subscriptions", dia_02),
    case("DIA-03", "the security of other sessions is not for everybody", dia_03),
    case("DIA-04", "what is counted of a subscription", dia_04),
    case("DIA-05", "a change of the server's state", dia_05),
    case("DIA-06", "shutdown in good order", dia_06),
    case("DIA-07", "ServiceLevel says how well the server is", dia_07),
    case("DIA-08", "when the server will be back", dia_08),
    case("DIA-09", "a standby takes over", dia_09),
];

const ENABLED: u32 = 2294;
const SUMMARY: u32 = 2275;
const SECURITY: u32 = 3708;
const SERVICE_LEVEL: u32 = 2267;
const RETURN_TIME: u32 = 12885;

fn summary(link: &mut Link) -> Result<ServerDiagnosticsSummaryDataType, Stop> {
    let enabled = read(link, vec![value(standard(ENABLED))])?.pop().and_then(|it| it.value);
    if enabled != Some(Variant::Boolean(true)) {
        return Err(Stop::skipped("diagnostics are switched off or not there"));
    }
    match read_one(link, &standard(SUMMARY))? {
        Variant::ExtensionObject(object) => {
            let summary = object.inner_as::<ServerDiagnosticsSummaryDataType>();
            some(summary.cloned(), "the summary")
        }
        other => Err(Stop::unexpected("the summary", "a structure", format!("{other:?}"))),
    }
}

fn dia_01(_: &Bench) -> Check {
    Err(Stop::skipped("needs an administrator; shown by tests/clients/python/test_diagnostics.py"))
}

fn dia_02(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let before = summary(&mut link)?;
    let mut other = bench.session()?;
    subscribe(&mut other, 1000.0)?;
    let during = summary(&mut link)?;
    equal(
        (during.current_session_count, during.current_subscription_count),
        (before.current_session_count + 1, before.current_subscription_count + 1),
        "sessions and subscriptions while there is one more of each",
    )?;
    equal(during.cumulated_session_count, before.cumulated_session_count + 1, "sessions ever")?;
    other.close_session(true)?.map_err(|it| Stop::unexpected("CloseSession", "Good", it))?;
    let after = summary(&mut link)?;
    equal(
        (after.current_session_count, after.current_subscription_count),
        (before.current_session_count, before.current_subscription_count),
        "sessions and subscriptions after they have gone",
    )
}

fn dia_03(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let result = read(&mut link, vec![value(standard(SECURITY))])?.pop().unwrap_or_default();
    match result.status {
        Some(StatusCode::BadNodeIdUnknown | StatusCode::BadNotReadable) => {
            Err(Stop::skipped("the server has no SessionSecurityDiagnosticsArray"))
        }
        status => code(
            status.unwrap_or(StatusCode::Good),
            &[
                StatusCode::BadUserAccessDenied,
                StatusCode::BadSecurityModeInsufficient,
                StatusCode::BadIdentityTokenRejected,
            ],
            "an anonymous client reads SessionSecurityDiagnosticsArray",
        ),
    }
}

fn dia_04(_: &Bench) -> Check {
    Err(Stop::skipped("shown by tests/clients/python/test_diagnostics.py"))
}

fn dia_05(_: &Bench) -> Check {
    Err(Stop::skipped("needs an administrator, and ends the server"))
}

fn dia_06(_: &Bench) -> Check {
    Err(Stop::skipped("needs the server's end; shown by tests/clients/python/test_events.py"))
}

fn dia_07(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    match read_one(&mut link, &standard(SERVICE_LEVEL))? {
        // Part 4, 6.6.2.4.2: 200 and above is healthy.
        Variant::Byte(level) => that(level >= 200, format!("ServiceLevel is {level}")),
        other => Err(Stop::unexpected("ServiceLevel", "a Byte", format!("{other:?}"))),
    }
}

fn dia_08(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let result = read(&mut link, vec![value(standard(RETURN_TIME))])?.pop().unwrap_or_default();
    match (result.status, result.value) {
        (Some(StatusCode::BadNodeIdUnknown), _) => {
            Err(Stop::skipped("the server has no EstimatedReturnTime"))
        }
        (_, Some(Variant::DateTime(_))) => Ok(()),
        other => Err(Stop::unexpected("EstimatedReturnTime", "a time", format!("{other:?}"))),
    }
}

fn dia_09(_: &Bench) -> Check {
    Err(Stop::skipped("needs two servers of one plant"))
}
