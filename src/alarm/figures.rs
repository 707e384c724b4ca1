//! How much the alarm system asks of people: rates, floods, what stands and what chatters (ISA-18.2; Part 9,
//! AlarmMetricsType).

use std::collections::{BTreeMap, VecDeque};

use crate::alarm::{AlarmIndex, AlarmState, Shelving};
use crate::tag::AlarmFigures;
use crate::time::Timestamp;

/// Alarms in ten minutes that one operator cannot take in (domain B9).
const FLOOD_BEGINS: u32 = 10;
/// The flood is over when there were fewer in ten minutes (ISA-18.2).
const FLOOD_ENDS: u32 = 5;
/// An alarm that stays active for so long stands, s.
const STANDING_S: f64 = 86_400.0;
/// So many times in a minute is chatter.
const CHATTER: u16 = 3;
/// Minutes of an hour.
const MINUTES: usize = 60;

/// How often one alarm has come since a minute began.
#[derive(Clone, Copy, Debug)]
struct Chatter {
    since: Timestamp,
    count: u16,
}

/// One scope: the plant, or a line.
#[derive(Clone, Debug, Default)]
struct Scope {
    /// Alarms that came in each of the last minutes, the running one last.
    minutes: VecDeque<u32>,
    minute: i64,
}

impl Scope {
    fn turn(&mut self, now: Timestamp) {
        let minute = now.ticks().div_euclid(600_000_000);
        let passed = (minute - self.minute).clamp(0, MINUTES as i64);
        for _ in 0..passed {
            self.minutes.push_back(0);
        }
        while self.minutes.len() > MINUTES {
            self.minutes.pop_front();
        }
        self.minute = minute;
    }

    fn last(&self, minutes: usize) -> u32 {
        self.minutes.iter().rev().take(minutes).sum()
    }
}

/// Figures of the whole plant, then of each line.
#[derive(Debug)]
pub(super) struct Figures {
    scopes: Vec<Scope>,
    shown: Vec<AlarmFigures>,
    chatter: BTreeMap<AlarmIndex, Chatter>,
}

impl Figures {
    pub(super) fn new(scopes: usize) -> Self {
        Self {
            scopes: vec![Scope::default(); scopes],
            shown: vec![AlarmFigures::default(); scopes],
            chatter: BTreeMap::new(),
        }
    }

    pub(super) fn shown(&self) -> &[AlarmFigures] {
        &self.shown
    }

    pub(super) fn is_flood(&self, scope: usize) -> bool {
        scope > 0 && self.shown.get(scope).is_some_and(|it| it.is_flood)
    }

    /// An alarm has become active.
    pub(super) fn came(&mut self, scope: usize, alarm: AlarmIndex, now: Timestamp) {
        let own = if scope == 0 { None } else { Some(scope) };
        for scope in std::iter::once(0).chain(own) {
            self.scopes[scope].turn(now);
            if let Some(running) = self.scopes[scope].minutes.back_mut() {
                *running += 1;
            }
            self.shown[scope].count = self.shown[scope].count.wrapping_add(1);
        }
        let chatter = self.chatter.entry(alarm).or_insert(Chatter { since: now, count: 0 });
        if now.seconds_since(chatter.since) > 60.0 {
            *chatter = Chatter { since: now, count: 0 };
        }
        chatter.count = chatter.count.saturating_add(1);
    }

    /// An alarm was told anew for the so many-th time.
    pub(super) fn realarmed(&mut self, times: i16) {
        let figures = &mut self.shown[0];
        figures.realarm_count_max = figures.realarm_count_max.max(times.unsigned_abs().into());
    }

    /// Counts from now on (AlarmMetricsType, Reset).
    pub(super) fn reset(&mut self, scope: usize, now: Timestamp) {
        if let Some(figures) = self.shown.get_mut(scope) {
            *figures = AlarmFigures { since: now, ..AlarmFigures::default() };
            self.scopes[scope] = Scope::default();
        }
    }

    /// Once a scan: `open` are the alarms that are of interest, or put aside, each with its scope.
    pub(super) fn count<'a>(
        &mut self,
        open: impl Iterator<Item = (usize, &'a AlarmState)>,
        now: Timestamp,
        dt_s: f64,
    ) {
        for figures in &mut self.shown {
            if figures.since == Timestamp::default() {
                figures.since = now;
            }
            (figures.active, figures.unacknowledged, figures.standing) = (0, 0, 0);
            (figures.shelved, figures.suppressed, figures.disabled) = (0, 0, 0);
        }
        for (scope, state) in open {
            tally(&mut self.shown[0], state, now);
            if scope > 0 {
                tally(&mut self.shown[scope], state, now);
            }
        }
        self.chatter.retain(|_, it| now.seconds_since(it.since) <= 60.0);
        let chattering = self.chatter.values().filter(|it| it.count >= CHATTER).count();
        self.shown[0].chattering = chattering as u32;
        for (figures, scope) in self.shown.iter_mut().zip(&mut self.scopes) {
            scope.turn(now);
            figures.last_10_min = scope.last(10);
            figures.last_hour = scope.last(MINUTES);
            figures.last_10_min_max = figures.last_10_min_max.max(figures.last_10_min);
            let bound = if figures.is_flood { FLOOD_ENDS } else { FLOOD_BEGINS + 1 };
            figures.is_flood = figures.last_10_min >= bound;
            figures.flood_s += if figures.is_flood { dt_s } else { 0.0 };
            let hours = (now.seconds_since(figures.since) / 3600.0).max(1.0 / 6.0);
            figures.per_hour_mean = f64::from(figures.count) / hours;
        }
    }
}

fn tally(figures: &mut AlarmFigures, state: &AlarmState, now: Timestamp) {
    let aside = state.is_suppressed_or_shelved();
    figures.shelved += u32::from(state.shelving != Shelving::Unshelved);
    figures.suppressed += u32::from(state.suppressed.on || state.out_of_service.on);
    figures.disabled += u32::from(!state.enabled.on);
    if state.active.on && !aside {
        figures.active += 1;
        let active_s = now.seconds_since(state.active.since);
        figures.standing += u32::from(active_s > STANDING_S);
        figures.active_max_s = figures.active_max_s.max(active_s);
    }
    let unacknowledged = u32::from(!state.acked.on) + state.branches.len() as u32;
    figures.unacknowledged += unacknowledged;
    if !state.acked.on {
        figures.unacked_max_s = figures.unacked_max_s.max(now.seconds_since(state.acked.since));
    }
}
