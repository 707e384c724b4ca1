//! DataChangeFilter (Part 4, 7.22.2): which changes of a value are worth a notification.

use opcua_types::Variant;

use crate::tag::Value;
use crate::ua::subscription::Held;
use crate::ua::subscription::held::{self, Entry, variant_number};
use crate::ua::value::Stamp;

/// What counts as a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// The status only.
    Status,
    /// The status or the value.
    #[default]
    StatusValue,
    /// The status, the value or the source time.
    StatusValueTimestamp,
}

/// How far a number must move, in its unit; percent is of the EURange (Part 8, 6.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deadband {
    /// So many units.
    Absolute(f64),
    /// So many percent of the range, 0 to 100.
    Percent(f64),
}

/// A filter that has been checked against its variable.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DataFilter {
    /// What counts as a change.
    pub trigger: Trigger,
    /// A number that moved by this much or less has not changed; 0 is off.
    pub deadband: f64,
}

impl DataFilter {
    /// Whether `new` is to be reported after `old`. A status that differs always is.
    pub(super) fn passes(&self, old: &Entry, new: &Entry) -> bool {
        self.passes_as(old.stamp, new.stamp, || self.moved(&old.value, &new.value))
    }

    /// The same for a tag whose value has not been taken yet.
    pub(super) fn passes_tag(&self, old: &Entry, new: &Value, stamp: Stamp) -> bool {
        self.passes_as(old.stamp, stamp, || match &old.value {
            Held::Tag(old) => self.moved_tag(old, new),
            Held::Other(_) => true,
        })
    }

    fn passes_as(&self, old: Stamp, new: Stamp, moved: impl FnOnce() -> bool) -> bool {
        old.status != new.status
            || match self.trigger {
                Trigger::Status => false,
                Trigger::StatusValue => moved(),
                Trigger::StatusValueTimestamp => old.source != new.source || moved(),
            }
    }

    fn moved(&self, old: &Held, new: &Held) -> bool {
        match (old, new) {
            (Held::Tag(old), Held::Tag(new)) => self.moved_tag(old, new),
            (Held::Other(old), Held::Other(new)) if self.deadband > 0.0 => self.moved_any(old, new),
            _ => !old.same(new),
        }
    }

    fn moved_tag(&self, old: &Value, new: &Value) -> bool {
        if self.deadband <= 0.0 {
            return !held::same_tag(old, new);
        }
        match (old, new) {
            (Value::F64(old), Value::F64(new)) => self.beyond(*old, *new),
            (Value::U16(old), Value::U16(new)) => self.beyond(f64::from(*old), f64::from(*new)),
            (Value::U32(old), Value::U32(new)) => self.beyond(f64::from(*old), f64::from(*new)),
            // Part 4, 7.22.2: one element beyond the deadband is enough for the whole array.
            (Value::Numbers(old), Value::Numbers(new)) => {
                old.len() != new.len()
                    || old.iter().zip(new.iter()).any(|(old, new)| self.beyond(*old, *new))
            }
            _ => !held::same_tag(old, new),
        }
    }

    fn moved_any(&self, old: &Variant, new: &Variant) -> bool {
        match (old, new) {
            (Variant::Array(old), Variant::Array(new)) => {
                let pairs = old.values.iter().zip(&new.values);
                old.values.len() != new.values.len()
                    || pairs.into_iter().any(|(old, new)| self.moved_any(old, new))
            }
            _ => match (variant_number(old), variant_number(new)) {
                (Some(old), Some(new)) => self.beyond(old, new),
                _ => old != new,
            },
        }
    }

    fn beyond(&self, old: f64, new: f64) -> bool {
        if old.is_nan() || new.is_nan() {
            return old.to_bits() != new.to_bits();
        }
        (new - old).abs() > self.deadband
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn entry(value: f64, status: u32) -> Entry {
        let stamp = Stamp { status, source: Timestamp::default(), server: Timestamp::default() };
        Entry { value: Held::Tag(Value::F64(value)), stamp }
    }

    #[test]
    fn mon_14_only_a_step_above_the_deadband_reports() {
        let filter = DataFilter { deadband: 1.0, ..DataFilter::default() };
        assert!(!filter.passes(&entry(10.0, 0), &entry(10.5, 0)));
        assert!(!filter.passes(&entry(10.0, 0), &entry(11.0, 0)));
        assert!(filter.passes(&entry(10.0, 0), &entry(11.5, 0)));
    }

    #[test]
    fn mon_13_a_status_that_differs_is_reported_whatever_the_deadband() {
        let filter = DataFilter { trigger: Trigger::Status, deadband: 1e9 };
        assert!(filter.passes(&entry(10.0, 0), &entry(10.0, 0x8000_0000)));
        assert!(!filter.passes(&entry(10.0, 0), &entry(99.0, 0)));
    }

    #[test]
    fn a_nan_that_stays_is_no_change() {
        let filter = DataFilter::default();
        assert!(!filter.passes(&entry(f64::NAN, 0), &entry(f64::NAN, 0)));
    }
}
