//! Timed commands and faults from a TOML file, for `simulate` and for tests.
//!
//! ```toml
//! [[event]]
//! at_h = 1.0                       # or at_min, at_s; they add up
//! device = "Line1.EL101"           # full path; absent means the plant
//! write = "FeedControlMode"
//! value = 0
//!
//! [[event]]
//! at_min = 130
//! call = "InjectFault"
//! arguments = ["FeederJam", "Line1.EL101", 600]
//! ```

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::access::{Actor, Role};
use crate::control::{Command, Order, Scalar, Target};
use crate::engine::names;
use crate::tag::TagTable;

/// A command and when it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Seconds after the start of the run.
    pub at_s: f64,
    /// Line of the file, from 1, to find it again when it is refused.
    pub line: usize,
    /// What is asked.
    pub command: Command,
}

/// Steps in order of time; equal times keep the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// The steps.
    pub steps: Vec<Step>,
}

/// Everything that is wrong with a scenario, one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .mistakes.join("\n"))]
pub struct ScenarioError {
    /// `line 3: …`.
    pub mistakes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    event: Vec<Spanned<EventText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventText {
    #[serde(default)]
    at_s: f64,
    #[serde(default)]
    at_min: f64,
    #[serde(default)]
    at_h: f64,
    device: Option<String>,
    write: Option<String>,
    value: Option<f64>,
    call: Option<String>,
    #[serde(default)]
    arguments: Vec<toml::Value>,
}

impl Scenario {
    /// Parses `text` for the devices of `table`; every mistake is reported at once.
    pub fn parse(text: &str, table: &TagTable) -> Result<Self, ScenarioError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = line_of(text, &error.span().unwrap_or_default());
            ScenarioError { mistakes: vec![format!("line {line}: {}", error.message().trim_end())] }
        })?;
        let mut steps = Vec::new();
        let mut mistakes = Vec::new();
        for event in file.event {
            let line = line_of(text, &event.span());
            match step(event.into_inner(), line, table) {
                Ok(step) => steps.push(step),
                Err(wrong) => mistakes.push(format!("line {line}: {wrong}")),
            }
        }
        if !mistakes.is_empty() {
            return Err(ScenarioError { mistakes });
        }
        steps.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Ok(Self { steps })
    }

    /// Who gives a scenario's commands: may do all that people on the floor may.
    pub fn actor() -> Actor {
        let roles = [Role::Operator, Role::Supervisor, Role::Engineer];
        Actor { name: "scenario".into(), roles: roles.into_iter().collect() }
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|it| *it == b'\n').count() + 1
}

fn step(event: EventText, line: usize, table: &TagTable) -> Result<Step, String> {
    let at_s = event.at_s + event.at_min * 60.0 + event.at_h * 3600.0;
    if !(at_s.is_finite() && at_s >= 0.0) {
        return Err(format!("{at_s} s is not a time after the start"));
    }
    let target = target(event.device.as_deref(), table)?;
    let order = match (event.write, event.call) {
        (Some(name), None) => {
            let setpoint =
                names::parse_setpoint(&name).ok_or_else(|| format!("no setpoint {name:?}"))?;
            let value = event.value.ok_or("`write` needs a `value`")?;
            Order::Write { setpoint, value }
        }
        (None, Some(name)) => {
            let method = names::parse_method(&name).ok_or_else(|| format!("no method {name:?}"))?;
            let arguments = event.arguments.into_iter().map(scalar).collect::<Result<_, _>>()?;
            Order::Call { method, arguments }
        }
        _ => return Err("exactly one of `write` and `call` is needed".to_owned()),
    };
    Ok(Step { at_s, line, command: Command { actor: Scenario::actor(), target, order } })
}

fn target(path: Option<&str>, table: &TagTable) -> Result<Target, String> {
    let Some(path) = path else { return Ok(Target::Plant) };
    let device = table.device_by_path(path).ok_or_else(|| format!("no device {path:?}"))?;
    let target = table.device(device).target();
    target.ok_or_else(|| format!("{path} takes no commands"))
}

fn scalar(value: toml::Value) -> Result<Scalar, String> {
    match value {
        toml::Value::String(text) => Ok(Scalar::Text(Arc::from(text))),
        toml::Value::Integer(number) => Ok(Scalar::Number(number as f64)),
        toml::Value::Float(number) => Ok(Scalar::Number(number)),
        other => Err(format!("argument {other} is neither a number nor a text")),
    }
}
