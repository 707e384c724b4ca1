//! What an engineer may set of an alarm: limits, deadbands, delays.

use serde::{Deserialize, Serialize};

use crate::alarm::row::{Basis, Cause};
use crate::alarm::{AlarmRefusal, AlarmRow, Limit};
use crate::config::{AlarmConfig, PlantConfig};
use crate::tag::{Device, DeviceKind, MemberIndex, TagTable, size_class};

/// Longest delay, s.
const DELAY_MAX_S: f64 = 3600.0;

/// One limit of one alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitSetting {
    /// A tag of the device that the limit follows, and how many times.
    pub(super) base: Option<(MemberIndex, f64)>,
    /// And so much.
    pub(super) offset: f64,
    /// It is left by so much.
    pub deadband: f64,
    /// 1 to 1000.
    pub severity: u16,
}

/// What an alarm is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// By [`Limit`].
    pub limits: [Option<LimitSetting>; 4],
    /// Becomes active after so long, s.
    pub on_delay_s: f64,
    /// Becomes inactive after so long, s.
    pub off_delay_s: f64,
    /// Told anew after so long, s; 0 never.
    pub realarm_s: f64,
}

/// What has been set against the catalogue; only what differs is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    offsets: [Option<f64>; 4],
    deadbands: [Option<f64>; 4],
    on_delay_s: Option<f64>,
    off_delay_s: Option<f64>,
    realarm_s: Option<f64>,
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A limit, in the unit of the input.
    Limit(Limit),
    /// The deadband of a limit.
    Deadband(Limit),
    /// On delay, s.
    OnDelay,
    /// Off delay, s.
    OffDelay,
    /// Re-alarm time, s.
    ReAlarmTime,
}

impl Settings {
    /// As the catalogue has it for `device`.
    pub(super) fn new(
        config: &PlantConfig,
        tags: &TagTable,
        device: &Device,
        row: &AlarmRow,
    ) -> Self {
        let mut limits = [None; 4];
        if let Cause::Limits { limits: rows, deadband, .. } = &row.cause {
            for (setting, limit) in limits.iter_mut().zip(rows) {
                *setting = limit.map(|limit| {
                    let (base, offset) = resolve(config, tags, device, limit.basis);
                    LimitSetting { base, offset, deadband: *deadband, severity: limit.severity }
                });
            }
        }
        let AlarmRow { on_delay_s, off_delay_s, realarm_s, .. } = *row;
        let mut settings = Self { limits, on_delay_s, off_delay_s, realarm_s };
        for own in config.alarms.iter().filter(|it| it.name == row.name) {
            if concerns(config, device, own) {
                settings.configure(own);
            }
        }
        settings
    }

    /// As the plant's configuration says.
    fn configure(&mut self, own: &AlarmConfig) {
        for (limit, at) in self.limits.iter_mut().zip(own.limits) {
            let Some(limit) = limit else { continue };
            if let Some(at) = at {
                (limit.base, limit.offset) = (None, at);
            }
            limit.deadband = own.deadband.unwrap_or(limit.deadband);
        }
        self.on_delay_s = own.on_delay_s.unwrap_or(self.on_delay_s);
        self.off_delay_s = own.off_delay_s.unwrap_or(self.off_delay_s);
        self.realarm_s = own.realarm_s.unwrap_or(self.realarm_s);
    }

    /// With what has been set since.
    #[must_use]
    pub(super) fn with(mut self, changes: &Changes) -> Self {
        for (index, limit) in self.limits.iter_mut().enumerate() {
            if let Some(limit) = limit {
                limit.offset = changes.offsets[index].unwrap_or(limit.offset);
                limit.deadband = changes.deadbands[index].unwrap_or(limit.deadband);
            }
        }
        self.on_delay_s = changes.on_delay_s.unwrap_or(self.on_delay_s);
        self.off_delay_s = changes.off_delay_s.unwrap_or(self.off_delay_s);
        self.realarm_s = changes.realarm_s.unwrap_or(self.realarm_s);
        self
    }

    /// Where a limit stands, in the unit of the input; `base` gives the tag that it follows.
    pub fn limit(&self, limit: Limit, base: impl Fn(MemberIndex) -> Option<f64>) -> Option<f64> {
        self.limits[limit as usize]?.at(&base)
    }

    /// Checks a new value and notes it in `changes`. Limits keep their order and stay finite, deadbands and
    /// delays are not negative.
    pub(super) fn set(
        &self,
        changes: &mut Changes,
        setting: Setting,
        value: f64,
        base: impl Fn(MemberIndex) -> Option<f64>,
    ) -> Result<(), AlarmRefusal> {
        let delay = |value: f64| check(value, 0.0, DELAY_MAX_S).map(|()| Some(value));
        match setting {
            Setting::Limit(limit) => {
                let found = self.limits[limit as usize].ok_or(AlarmRefusal::NotSupported)?;
                let (low, high) = self.neighbours(limit, &base);
                check(value, low, high)?;
                let followed = found.followed(&base).ok_or(AlarmRefusal::InvalidState(
                    "the value that this limit follows is bad at the moment",
                ))?;
                changes.offsets[limit as usize] = Some(value - followed);
            }
            Setting::Deadband(limit) => {
                self.limits[limit as usize].ok_or(AlarmRefusal::NotSupported)?;
                check(value, 0.0, f64::MAX)?;
                changes.deadbands[limit as usize] = Some(value);
            }
            Setting::OnDelay => changes.on_delay_s = delay(value)?,
            Setting::OffDelay => changes.off_delay_s = delay(value)?,
            Setting::ReAlarmTime => changes.realarm_s = delay(value)?,
        }
        Ok(())
    }

    /// What a limit may lie between: the next ones below and above it.
    fn neighbours(&self, limit: Limit, base: &impl Fn(MemberIndex) -> Option<f64>) -> (f64, f64) {
        let at = |it: &Option<LimitSetting>| it.and_then(|it| it.at(base));
        let here = limit as usize;
        let above = self.limits[..here].iter().rev().find_map(at);
        let below = self.limits[here + 1..].iter().find_map(at);
        (below.unwrap_or(f64::MIN), above.unwrap_or(f64::MAX))
    }
}

impl LimitSetting {
    fn followed(&self, base: &impl Fn(MemberIndex) -> Option<f64>) -> Option<f64> {
        self.base.map_or(Some(0.0), |(tag, factor)| base(tag).map(|it| it * factor))
    }

    fn at(&self, base: &impl Fn(MemberIndex) -> Option<f64>) -> Option<f64> {
        self.followed(base).map(|it| it + self.offset)
    }
}

/// Whether an entry of the configuration is for `device`.
fn concerns(config: &PlantConfig, device: &Device, own: &AlarmConfig) -> bool {
    let cell = match device.kind {
        DeviceKind::Electrolyzer | DeviceKind::Feeder | DeviceKind::Anode => Some(device.index),
        _ => None,
    };
    let line = cell.map(|it| config.electrolyzers[it].line).or(match device.kind {
        DeviceKind::Line => Some(device.index),
        DeviceKind::Rectifier => Some(config.rectifiers[device.index].line),
        _ => None,
    });
    own.electrolyzer.is_none_or(|it| cell == Some(it))
        && own.product.is_none_or(|it| line.is_some_and(|line| config.lines[line].product == it))
}

fn check(value: f64, min: f64, max: f64) -> Result<(), AlarmRefusal> {
    // A NaN is in no range.
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(AlarmRefusal::OutOfRange { value, min, max })
    }
}

fn resolve(
    config: &PlantConfig,
    tags: &TagTable,
    device: &Device,
    basis: Basis,
) -> (Option<(MemberIndex, f64)>, f64) {
    match basis {
        Basis::Fixed(value) => (None, value),
        Basis::BySize(values) => (None, values[size_class(device.nominal_ka)]),
        Basis::PerKiloampere(factor) => (None, factor * device.nominal_ka),
        Basis::BathTemperature(offset) => {
            let line = match device.kind {
                DeviceKind::Electrolyzer | DeviceKind::Feeder | DeviceKind::Anode => {
                    config.electrolyzers[device.index].line
                }
                _ => 0,
            };
            (None, config.products[config.lines[line].product].bath_temp_c + offset)
        }
        Basis::Tag { path, factor, offset } => {
            (tags.member(device.kind, path).map(|it| (it, factor)), offset)
        }
    }
}
