//! The table of alarms in `docs/alarms.md` is the catalogue.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cellhouse::alarm::row::{Basis, Cause, LimitRow, Measured};
use cellhouse::alarm::{AlarmRow, AlarmTable, Class, Limit};
use cellhouse::config;
use cellhouse::tag::{DeviceKind, TagTable};

const BEGIN: &str = "<!-- the catalogue begins: tests/engine/alarm/documented.rs -->\n";
const END: &str = "<!-- the catalogue ends -->\n";

/// `CELLHOUSE_WRITE_DOCS=1 cargo test --test engine documented` writes it.
#[test]
fn the_documented_alarms_are_those_of_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alarms.md");
    let text = fs::read_to_string(&path).expect("docs/alarms.md is there");
    let (before, rest) = text.split_once(BEGIN).expect("the catalogue begins");
    let (table, after) = rest.split_once(END).expect("the catalogue ends");
    let wanted = catalogue();
    if std::env::var_os("CELLHOUSE_WRITE_DOCS").is_some() {
        let text = [before, BEGIN, &wanted, END, after].concat();
        fs::write(&path, text).expect("docs/alarms.md can be written");
    } else {
        assert_eq!(table, wanted, "write it anew with CELLHOUSE_WRITE_DOCS=1");
    }
}

fn catalogue() -> String {
    let table = AlarmTable::new(&Arc::new(TagTable::new(&config::default_plant())));
    let mut text = String::new();
    for kind in DeviceKind::ALL {
        let rows = table.rows(kind);
        if kind == DeviceKind::AlarmFixture || rows.is_empty() {
            continue;
        }
        text.extend(["\n**", &format!("{kind:?}"), "**\n\n"]);
        text += "| Alarm | Type, class | Input | Active when (severity) | On / off delay, s | What to do |\n";
        text += "| --- | --- | --- | --- | --- | --- |\n";
        for row in rows {
            text += &line(row);
        }
    }
    text + "\n"
}

fn line(row: &AlarmRow) -> String {
    let quiet = row.quiet.map_or_else(String::new, |it| format!("; not while {}", it.name));
    let latched = if row.is_latched { "; latched" } else { "" };
    let escalated = row.escalation.map_or_else(String::new, |(after_s, severity)| {
        format!(", after {after_s} s ({severity})")
    });
    let cells = [
        row.name.to_owned(),
        format!("{:?}, {:?}", row.kind, row.class),
        if row.input.is_empty() { "–".to_owned() } else { row.input.to_owned() },
        format!("{}{escalated}{quiet}{latched}", cause(row)),
        format!("{} / {}", row.on_delay_s, row.off_delay_s),
        format!("{}: {}", row.message, row.response),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn cause(row: &AlarmRow) -> String {
    let with = |what: String| format!("{what} ({})", row.severity);
    match &row.cause {
        Cause::Limits { of, limits, deadband } => {
            let shown = Limit::ALL.into_iter().zip(limits);
            let shown = shown.filter_map(|(limit, row)| row.as_ref().map(|it| one(limit, it)));
            let shown = shown.collect::<Vec<_>>().join(", ");
            format!("{}{shown}; deadband {deadband}", measured(*of))
        }
        Cause::Is(position) => with(format!("it is {position}")),
        Cause::Bits(mask) => with(format!("bit {mask}")),
        Cause::Flags(flags) => {
            let shown = flags.iter().map(|(at, severity)| format!("I{} ({severity})", at + 1));
            shown.collect::<Vec<_>>().join(", ")
        }
        Cause::Outside(low, high) if low.is_infinite() => with(format!("above {high}")),
        Cause::Outside(low, high) => with(format!("outside {low} to {high}")),
        Cause::Unusable => with("the sensor has failed".to_owned()),
        Cause::NoCommunication => with("nothing comes".to_owned()),
        Cause::Expiry => with("30 days before the end".to_owned()),
        Cause::When(_) if row.class == Class::System => with("the historian says so".to_owned()),
        Cause::When(_) => with("the controls ask".to_owned()),
    }
}

fn measured(of: Measured) -> String {
    match of {
        Measured::Value => String::new(),
        Measured::Deviation(path) => format!("less `{path}`: "),
        Measured::Rate => "per second: ".to_owned(),
        Measured::Derived(path) => format!("`{path}`: "),
        Measured::Spread => "elements in % of the mean: ".to_owned(),
    }
}

fn one(limit: Limit, row: &LimitRow) -> String {
    let at = match row.basis {
        Basis::Fixed(value) => value.to_string(),
        Basis::BySize([small, middle, large]) => format!("{small}, {middle} or {large} by size"),
        Basis::PerKiloampere(factor) => format!("{factor} per kA"),
        Basis::BathTemperature(kelvin) => format!("bath setpoint {kelvin:+} K"),
        Basis::Tag { path, factor, offset } => {
            let times =
                if (factor - 1.0).abs() > 1e-9 { format!("{factor} × ") } else { String::new() };
            let more = if offset.abs() > 1e-9 { format!(" {offset:+}") } else { String::new() };
            format!("{times}`{path}`{more}")
        }
    };
    format!("{} {at} ({})", limit.name(), row.severity)
}
