//! One scan of the alarms: inputs are judged, delays counted, and what changes is told.

use std::sync::Arc;

use crate::alarm::judge::{self, Evidence, Judged};
use crate::alarm::row::LOW;
use crate::alarm::set::Machine;
use crate::alarm::{
    AlarmIndex, AlarmKind, AlarmRow, AlarmState, Alarms, Branch, Comment, Level, Said, Shelving,
};
use crate::field::Quality;
use crate::tag::{DeviceIndex, MemberIndex, Scan, TagIndex, TagTable, Value};
use crate::time::Timestamp;

/// Occurrences of one alarm that wait for a person besides the present one; the oldest is given up first.
const BRANCHES_MAX: usize = 8;

/// What one scan looks at.
struct Look<'a, V> {
    scan: &'a Scan<'a>,
    /// Value and quality of a tag.
    values: &'a V,
    dt_s: f64,
}

impl Alarms {
    /// Judges every input. `values` gives value and quality of a tag as of this scan.
    pub fn scan<'v>(
        &mut self,
        scan: &Scan<'_>,
        values: &impl Fn(TagIndex) -> (&'v Value, Quality),
        dt_s: f64,
    ) {
        let tags = Arc::clone(&self.tags);
        for alarm in self.table.all() {
            if self.machines[alarm.0 as usize].is_enabled {
                self.look(&tags, alarm, &Look { scan, values, dt_s });
            }
        }
        self.watch_times(scan.time);
        self.count(scan.time, dt_s);
        self.has_scanned = true;
    }

    fn look<'v, V: Fn(TagIndex) -> (&'v Value, Quality)>(
        &mut self,
        tags: &TagTable,
        alarm: AlarmIndex,
        look: &Look<'_, V>,
    ) {
        let Look { scan, values, dt_s } = *look;
        let index = alarm.0 as usize;
        let row = self.row(alarm);
        let device = self.table.device(alarm);
        self.hush(alarm, row, scan, dt_s);
        let input = self.table.input(tags, alarm);
        let (value, quality) = input.map_or((&Value::Null, Quality::Good), values);
        let second = self.table.second(tags, alarm).map_or(f64::NAN, |it| usable(values(it)));
        let first = tags.device(device).first_tag.0;
        let base = |member: MemberIndex| {
            Some(usable(values(TagIndex(first + u32::from(member.0))))).filter(|it| it.is_finite())
        };
        let machine = self.machines[index];
        let evidence = Evidence {
            scan,
            device: tags.device(device),
            value,
            quality,
            second,
            before: machine.before,
            dt_s,
            expires: self.expires,
        };
        let judged = if machine.is_quiet {
            Judged::Is(Level::NONE, None)
        } else {
            judge::judge(row, &self.settings[index], machine.level, &evidence, base)
        };
        self.remember(alarm, row, &evidence);
        if quality.is_bad() != machine.quality.is_bad() && input.is_some() {
            self.turn(alarm, quality, scan.time);
        }
        self.machines[index].quality = quality;
        if let Judged::Is(level, number) = judged {
            let number = if row.watched.is_empty() { number } else { Some(second) };
            let number = number.filter(|it| it.is_finite());
            self.settle(alarm, (level, number), value, look);
        }
    }

    /// What was judged comes into force once it has waited for its delay.
    fn settle<V>(
        &mut self,
        alarm: AlarmIndex,
        (level, number): (Level, Option<f64>),
        value: &Value,
        look: &Look<'_, V>,
    ) {
        let index = alarm.0 as usize;
        let row = self.row(alarm);
        let now = look.scan.time;
        if level != self.machines[index].level {
            if self.has_waited(index, level, look.dt_s) {
                let severity = judge::severity_of(row, &self.settings[index], level, value);
                self.reach(alarm, row, (level, severity, number), now);
            }
            return;
        }
        self.machines[index].waited_s = 0.0;
        if level.is_active() {
            // Another interlock of the same alarm may be worse.
            let severity = judge::severity_of(row, &self.settings[index], level, value);
            if severity > self.states[index].severity {
                self.raise(alarm, Said::Level, now, |it| it.set_severity(severity, now));
            }
        }
    }

    /// Suppresses what means nothing at the moment, and what is of low priority while a line is flooded.
    fn hush(&mut self, alarm: AlarmIndex, row: &AlarmRow, scan: &Scan<'_>, dt_s: f64) {
        let index = alarm.0 as usize;
        let device = self.table.device(alarm);
        let mut is_quiet = false;
        if let Some(quiet) = &row.quiet {
            let machine = &mut self.machines[index];
            if (quiet.when)(scan, self.tags.device(device)) {
                machine.quiet_s = quiet.after_s as f32;
                is_quiet = true;
            } else if machine.quiet_s > 0.0 {
                machine.quiet_s -= dt_s as f32;
                is_quiet = machine.quiet_s > 0.0;
            }
        }
        let scope = usize::from(self.scopes[device.0 as usize]);
        // What is active already stays; more of it would only hide what matters (domain B9).
        is_quiet |= self.figures.is_flood(scope)
            && row.highest_severity() <= LOW
            && !self.machines[index].level.is_active();
        if is_quiet == self.machines[index].is_quiet {
            return;
        }
        self.machines[index].is_quiet = is_quiet;
        let on = is_quiet || self.states[index].is_suppressed_by_order;
        // Nobody is told that something of no interest is of no interest: an electrolyzer that stops would ring
        // once for each of its alarms.
        if self.states[index].is_retained() {
            let said = if is_quiet { Said::Suppressed } else { Said::Unsuppressed };
            self.tell(alarm, said, scan.time, |it| it.suppressed.set(on, scan.time));
        } else {
            let state = &mut Arc::make_mut(&mut self.states)[index];
            Arc::make_mut(state).suppressed.set(on, scan.time);
        }
    }

    /// Keeps what the next scan compares with, and the extremes of what is active.
    fn remember(&mut self, alarm: AlarmIndex, row: &AlarmRow, evidence: &Evidence<'_>) {
        let machine = &mut self.machines[alarm.0 as usize];
        if row.kind == AlarmKind::AnodeEffect {
            if machine.level.is_active() {
                machine.extreme = machine.extreme.max(evidence.second);
                let gas = evidence.scan.inputs.electrolyzers.get(evidence.device.index);
                let gas = gas.and_then(|it| it.cf4_g_min.usable()).unwrap_or(0.0);
                machine.before += gas * evidence.dt_s / 60.0;
            } else {
                (machine.extreme, machine.before) = (f64::NAN, 0.0);
            }
        } else if let Value::F64(value) = evidence.value {
            machine.before = if evidence.quality.is_usable() { *value } else { f64::NAN };
        }
    }

    /// Whether a level has waited for its delay.
    fn has_waited(&mut self, index: usize, level: Level, dt_s: f64) -> bool {
        let settings = &self.settings[index];
        let machine = &mut self.machines[index];
        let is_rising = machine.level.rises_to(level);
        if machine.is_quiet {
            return true;
        }
        let delay_s = if is_rising { settings.on_delay_s } else { settings.off_delay_s };
        if machine.is_rising != is_rising {
            (machine.is_rising, machine.waited_s) = (is_rising, 0.0);
        }
        let has_waited = f64::from(machine.waited_s) >= delay_s;
        machine.waited_s = if has_waited { 0.0 } else { machine.waited_s + dt_s as f32 };
        has_waited
    }

    /// Another level: the alarm becomes active, inactive, better or worse.
    fn reach(
        &mut self,
        alarm: AlarmIndex,
        row: &AlarmRow,
        (level, severity, value): (Level, u16, Option<f64>),
        now: Timestamp,
    ) {
        let index = alarm.0 as usize;
        let was = self.machines[index].level;
        self.machines[index].level = level;
        self.machines[index].waited_s = 0.0;
        if row.kind.is_dialog() && !level.is_active() && !self.states[index].active.on {
            // Answered before its cause went: there is nothing to tell.
            return;
        }
        if !was.is_active() && level.is_active() {
            self.branch_off(alarm, now);
        }
        let device = self.table.device(alarm);
        let is_first = self.count_in_group(device, row, was, level);
        if !was.is_active() && level.is_active() && !row.kind.is_dialog() {
            self.figures.came(usize::from(self.scopes[device.0 as usize]), alarm, now);
        }
        let Machine { before, extreme, .. } = self.machines[index];
        self.tell(alarm, Said::Level, now, |state| {
            if !was.is_active() {
                state.events.clear();
                state.is_first_in_group = is_first;
                state.latched.set(row.is_latched, now);
                state.extreme = value;
                state.collected = 0.0;
                state.began = now;
                // Part 9, 5.5.2: a comment belongs to one occurrence; nobody has said anything about this one.
                state.comment = Comment::default();
                state.user.clear();
            } else if row.kind == AlarmKind::AnodeEffect && extreme.is_finite() {
                state.extreme = Some(extreme);
                state.collected = before;
            }
            if was.rises_to(level) {
                state.acked.set(row.kind.is_dialog(), now);
                state.confirmed.set(true, now);
                state.silenced.set(false, now);
            }
            if level.is_active() {
                state.set_severity(severity, now);
            } else {
                state.realarm_count = 0;
                state.is_first_in_group = false;
                if let Shelving::OneShot(_) = state.shelving {
                    state.shelve(Shelving::Unshelved, now);
                }
            }
            state.active.set(level.is_active(), now);
            state.level = level;
            if !row.has_watched() || !was.is_active() {
                state.value = value.or(state.value);
            }
        });
    }

    /// Whether an alarm that becomes active is the first of its group.
    fn count_in_group(
        &mut self,
        device: DeviceIndex,
        row: &AlarmRow,
        was: Level,
        level: Level,
    ) -> bool {
        if row.kind.is_dialog() {
            return false;
        }
        let active = &mut self.active_in_group[self.table.group(device).0 as usize];
        match (was.is_active(), level.is_active()) {
            (false, true) => {
                *active += 1;
                *active == 1
            }
            (true, false) => {
                *active = active.saturating_sub(1);
                false
            }
            _ => false,
        }
    }

    /// What was not acknowledged or confirmed goes on by itself (AC-18).
    fn branch_off(&mut self, alarm: AlarmIndex, now: Timestamp) {
        let state = &self.states[alarm.0 as usize];
        if state.acked.on && state.confirmed.on {
            return;
        }
        if state.branches.len() >= BRANCHES_MAX {
            let oldest = state.branches[0].id;
            self.tell_branch((alarm, oldest), Said::BranchEnded, now, |it| {
                it.acked.set(true, now);
                it.confirmed.set(true, now);
            });
        }
        let id = self.next_number;
        self.next_number += 1;
        let states = Arc::make_mut(&mut self.states);
        let state = Arc::make_mut(&mut states[alarm.0 as usize]);
        let branch = Branch { id, state: Arc::new(state.as_branch()) };
        state.branches.push(branch);
        self.tell_branch((alarm, id), Said::Branched, now, |_| {});
    }

    /// The input has become bad, or good again. The state is what it was (AC-24).
    fn turn(&mut self, alarm: AlarmIndex, quality: Quality, now: Timestamp) {
        let is_known =
            self.states[alarm.0 as usize].quality_since != Timestamp::default() || self.has_scanned;
        if is_known && !self.machines[alarm.0 as usize].is_quiet {
            self.tell(alarm, Said::Quality, now, |state| {
                (state.quality, state.quality_since) = (quality, now);
            });
        }
    }

    /// It lasts, or has become worse at the same level: seen or not, it is told anew.
    fn raise(
        &mut self,
        alarm: AlarmIndex,
        said: Said,
        now: Timestamp,
        change: impl FnOnce(&mut AlarmState),
    ) {
        self.tell(alarm, said, now, |state| {
            change(state);
            state.acked.set(false, now);
            state.confirmed.set(true, now);
            state.silenced.set(false, now);
        });
    }

    /// Ends shelving whose time is over, raises what lasts, tells anew what is still active.
    fn watch_times(&mut self, now: Timestamp) {
        let watched: Vec<u32> = self.watched.iter().copied().collect();
        for index in watched {
            let alarm = AlarmIndex(index);
            let state = &self.states[index as usize];
            if state.shelving.until().is_some_and(|it| it <= now) {
                self.tell(alarm, Said::Unshelved, now, |state| {
                    state.shelve(Shelving::Unshelved, now);
                });
            }
            let state = &self.states[index as usize];
            if !state.active.on {
                continue;
            }
            let active_s = now.seconds_since(state.active.since);
            if let Some((after_s, severity)) = self.row(alarm).escalation
                && active_s >= after_s
                && state.severity < severity
            {
                self.raise(alarm, Said::Escalated, now, |it| it.set_severity(severity, now));
                continue;
            }
            let realarm_s = self.settings[index as usize].realarm_s;
            let is_due = now.seconds_since(state.acked.since) >= realarm_s;
            if realarm_s > 0.0 && state.acked.on && is_due {
                let (severity, times) = (state.severity, state.realarm_count.saturating_add(1));
                self.figures.realarmed(times);
                self.raise(alarm, Said::ReAlarmed, now, |state| {
                    state.realarm_count = times;
                    state.set_severity(severity, now);
                });
            }
        }
    }

    fn count(&mut self, now: Timestamp, dt_s: f64) {
        let (table, scopes) = (&self.table, &self.scopes);
        let open = self.watched.iter().map(|index| {
            let scope = scopes[table.device(AlarmIndex(*index)).0 as usize];
            (usize::from(scope), &*self.states[*index as usize])
        });
        self.figures.count(open, now, dt_s);
    }
}

/// A number that can be used, or NaN.
fn usable((value, quality): (&Value, Quality)) -> f64 {
    match value {
        Value::F64(value) if quality.is_usable() => *value,
        Value::U32(value) if quality.is_usable() => f64::from(*value),
        _ => f64::NAN,
    }
}
