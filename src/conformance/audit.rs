//! 4.19: audit events (Part 3, 4.7 and Part 5, 6.4).

use opcua_types::Variant;

use crate::conformance::bench::{read_one, standard};
use crate::conformance::{Bench, Case, Check, Stop, case};

/// Cases of auditing.
pub(super) const CASES: &[Case] = &[
    case("AUD-01", "channels, sessions and bad certificates are audited", auditing),
    case(
        "AUD-02",
        "audit events go over encrypted channels only, to whoever may see them",
        auditing,
    ),
    case("AUD-03", "a Write is audited with its old and new value", auditing),
    case("AUD-04", "methods, history and node management are audited", auditing),
    case("AUD-05", "no password or token is in an event", auditing),
    case("AUD-06", "ten thousand failed logins fill no log", aud_06),
    case("AUD-07", "Auditing is true only while audit works", auditing),
];

/// Auditing of the Server object.
const AUDITING: u32 = 2994;

/// Whether the server says that it audits. The runner knows no more of it yet.
fn auditing(bench: &Bench) -> Check {
    match read_one(&mut bench.session()?, &standard(AUDITING)) {
        Ok(Variant::Boolean(true)) => {
            Err(Stop::skipped("the runner does not look at audit events yet"))
        }
        Ok(Variant::Boolean(false)) => Err(Stop::skipped("Auditing is false")),
        Ok(Variant::Empty) => Err(Stop::skipped("Auditing has no value")),
        Ok(other) => Err(Stop::unexpected("Auditing", "a Boolean", format!("{other:?}"))),
        Err(_) => Err(Stop::skipped("the server has no Auditing variable")),
    }
}

fn aud_06(_: &Bench) -> Check {
    Err(Stop::skipped("a server's log is not seen from outside"))
}
