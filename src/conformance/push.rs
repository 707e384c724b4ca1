//! 4.18: certificates managed from outside, by push (Part 12, 7.10).

use opcua_types::{StatusCode, Variant};

use crate::conformance::bench::{attribute, read, read_one, standard};
use crate::conformance::expect::{code, good, some, that};
use crate::conformance::method::call;
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of push management.
pub(super) const CASES: &[Case] = &[
    case("GDS-01", "ServerConfiguration tells what the server takes", gds_01),
    case("GDS-02", "nobody without right or encryption manages certificates", gds_02),
    case("GDS-03", "a signing request is made for the server's own names", managed),
    case("GDS-04", "a certificate is replaced, and a wrong one is not", managed),
    case("GDS-05", "changes are applied behind the response", managed),
    case("GDS-06", "the trust list is a file with one writer", managed),
    case("GDS-07", "no certificate is added while the trust list is written", managed),
    case("GDS-08", "the trust list tells how old it is", managed),
    case("GDS-09", "rejected certificates are told", managed),
    case("GDS-10", "a power cut leaves one certificate whole", gds_10),
    case("GDS-11", "changes of certificates are audited", managed),
];

/// ServerConfiguration.
const CONFIGURATION: u32 = 12637;
/// Its GetRejectedList.
const GET_REJECTED: u32 = 12777;

/// The object is there.
fn present(bench: &Bench) -> Check {
    let mut link = bench.session()?;
    let class = attribute(standard(CONFIGURATION), opcua_types::AttributeId::NodeClass);
    let result = read(&mut link, vec![class])?.pop();
    match some(result, "the NodeClass of ServerConfiguration")?.value {
        Some(Variant::Int32(1)) => Ok(()),
        _ => Err(Stop::skipped("the server has no ServerConfiguration")),
    }
}

fn gds_01(bench: &Bench) -> Check {
    present(bench)?;
    let mut link = bench.session()?;
    // SupportedPrivateKeyFormats, MaxTrustListSize, MulticastDnsEnabled, ServerCapabilities.
    let formats = read_one(&mut link, &standard(12639))?;
    that(matches!(formats, Variant::Array(_)), format!("SupportedPrivateKeyFormats: {formats:?}"))?;
    let size = read_one(&mut link, &standard(12640))?;
    that(matches!(size, Variant::UInt32(_)), format!("MaxTrustListSize: {size:?}"))?;
    let told = read_one(&mut link, &standard(12710))?;
    that(matches!(told, Variant::Array(_)), format!("ServerCapabilities: {told:?}"))
}

fn gds_02(bench: &Bench) -> Check {
    present(bench)?;
    let mut link = bench.session()?;
    let request = opcua_types::CallMethodRequest {
        object_id: standard(CONFIGURATION),
        method_id: standard(GET_REJECTED),
        input_arguments: None,
    };
    let results = good(call(&mut link, vec![request])?, "Call")?.results.unwrap_or_default();
    let wanted = [StatusCode::BadUserAccessDenied, StatusCode::BadSecurityModeInsufficient];
    let status = some(results.first(), "the result of GetRejectedList")?.status_code;
    code(status, &wanted, "GetRejectedList by nobody over an unsecured channel")
}

fn managed(bench: &Bench) -> Check {
    present(bench)?;
    Err(Stop::skipped("the runner does not change a server's certificates"))
}

fn gds_10(_: &Bench) -> Check {
    Err(Stop::skipped("nobody cuts the power from outside"))
}
