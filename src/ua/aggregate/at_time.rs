//! Values at given times (Part 11, 6.5.5): stored where there is one, otherwise from the samples around.

use opcua_types::{StatusCode, Variant};

use crate::time::Timestamp;
use crate::ua::aggregate::bound::{self, Ahead, Past};
use crate::ua::aggregate::interval::Processed;
use crate::ua::aggregate::rules::{Class, Configuration, Rules, code};
use crate::ua::aggregate::{Function, INTERPOLATED, Kind, Point, RAW, Source, Wanted};

/// How values between samples are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtTime {
    /// What counts as good.
    pub configuration: Configuration,
    /// A value holds up to the next one (Stepped of the history's configuration).
    pub is_stepped: bool,
    /// Data type of the source.
    pub kind: Kind,
    /// From the nearest samples, even bad ones; otherwise from the nearest that are not bad.
    pub use_simple_bounds: bool,
}

impl AtTime {
    /// The value at each time, in their order. A stored one comes as it is, with its own status.
    pub fn read<S: Source>(
        self,
        source: &S,
        times: &[Timestamp],
    ) -> Result<Vec<Processed>, S::Error> {
        let function =
            if self.use_simple_bounds { Function::StartBound } else { Function::Interpolative };
        let rules = Rules {
            function,
            configuration: self.configuration,
            kind: self.kind,
            is_stepped: self.is_stepped,
            is_backward: false,
        };
        times.iter().map(|time| self.read_one(source, rules, *time)).collect()
    }

    fn read_one<S: Source>(
        self,
        source: &S,
        rules: Rules,
        time: Timestamp,
    ) -> Result<Processed, S::Error> {
        let next = source.first_from(time, Wanted::Any)?;
        if let Some(point) = next.filter(|it| it.time == time) {
            return Ok(self.stored(point));
        }
        let (past, ahead) = self.around(source, rules, time, next)?;
        let bound = if self.use_simple_bounds {
            bound::simple(rules, time.ticks(), &past, &ahead)
        } else {
            bound::interpolated(rules, time.ticks(), &past, &ahead)
        };
        let value = self.kind.variant(bound.value).filter(|_| bound.class != Class::Bad);
        let Some(value) = value else {
            let status = StatusCode::BadNoData.bits();
            return Ok(Processed { time, value: Variant::Empty, status });
        };
        Ok(Processed { time, value, status: bound.status | INTERPOLATED })
    }

    fn stored(self, Point { time, value, status }: Point) -> Processed {
        let status = code(status) | RAW;
        let value = self.kind.variant(value).filter(|_| status >> 30 < 2).unwrap_or_default();
        Processed { time, value, status }
    }

    /// The samples around a time that has none.
    fn around<S: Source>(
        self,
        source: &S,
        rules: Rules,
        time: Timestamp,
        next: Option<Point>,
    ) -> Result<(Past, Ahead), S::Error> {
        let is_usable = |it: &Option<Point>| {
            it.is_some_and(|it| rules.class(it.value, it.status) != Class::Bad)
        };
        let last = source.last_before(time, Wanted::Any)?;
        let mut past = Past { last, has_begun: last.is_some(), ..Past::default() };
        let mut ahead = Ahead { next, usable: None };
        if self.use_simple_bounds {
            return Ok((past, ahead));
        }
        past.usable =
            if is_usable(&last) { last } else { source.last_before(time, rules.usable())? };
        ahead.usable =
            if is_usable(&next) { next } else { source.first_from(time, rules.usable())? };
        if let (Some(usable), None, true) =
            (past.usable, ahead.usable, self.configuration.use_sloped_extrapolation)
        {
            past.second = source.last_before(usable.time, rules.usable())?;
        }
        Ok((past, ahead))
    }
}
