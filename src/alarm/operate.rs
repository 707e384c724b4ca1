//! What people do with alarms (Part 9, 5.5 to 5.8): every order is checked, carried out and told, or refused.

use std::sync::Arc;

use crate::access::Access;
use crate::alarm::order::{COMMENT_MAX, Remark, SHELVED_MAX_S};
use crate::alarm::row::Answer;
use crate::alarm::{
    AlarmCommand, AlarmIndex, AlarmOrder, AlarmRefusal, AlarmState, Alarms, Class, Comment, Level,
    Said, Setting, Shelving, Toggle,
};
use crate::tag::MemberIndex;
use crate::time::Timestamp;

/// The occurrence that an event told of.
#[derive(Clone, Copy)]
enum Occurrence {
    Present,
    Branch(u64),
}

/// Who does something when, and what is said to it.
#[derive(Clone, Copy)]
struct Act<'a> {
    user: &'a str,
    remark: &'a Remark,
    now: Timestamp,
}

impl Act<'_> {
    /// Leaves remark and user behind.
    fn sign(&self, state: &mut AlarmState) {
        if !self.remark.is_null() {
            state.comment = Comment {
                text: self.remark.text.clone(),
                locale: self.remark.locale.clone(),
                time: self.now,
            };
        }
        self.user.clone_into(&mut state.user);
    }
}

/// The least role that may give an order.
pub fn access_of(order: &AlarmOrder) -> Access {
    match order {
        AlarmOrder::AddComment(_)
        | AlarmOrder::Acknowledge(_)
        | AlarmOrder::Confirm(_)
        | AlarmOrder::TimedShelve(_)
        | AlarmOrder::OneShotShelve
        | AlarmOrder::Unshelve
        | AlarmOrder::Silence
        | AlarmOrder::Reset
        | AlarmOrder::Respond(_) => Access::Operator,
        AlarmOrder::Suppress
        | AlarmOrder::Unsuppress
        | AlarmOrder::RemoveFromService
        | AlarmOrder::PlaceInService => Access::Supervisor,
        AlarmOrder::Enable | AlarmOrder::Disable | AlarmOrder::Set(..) => Access::Engineer,
    }
}

impl Alarms {
    /// Refuses what can be told to be refused without trying: the user's right, a remark that is too long, an alarm that is
    /// disabled already, a dialog that asks nothing.
    pub fn check(&self, command: &AlarmCommand) -> Result<(), AlarmRefusal> {
        let access = access_of(&command.order);
        if !command.actor.roles.may_write(access) {
            return Err(AlarmRefusal::AccessDenied { needed: access.name() });
        }
        if command.remark.text.len() > COMMENT_MAX || command.remark.locale.len() > COMMENT_MAX {
            return Err(AlarmRefusal::LongRemark);
        }
        let is_enabled = self.state(command.alarm).enabled.on;
        match command.order {
            AlarmOrder::Disable if !is_enabled => Err(AlarmRefusal::AlreadyDisabled),
            AlarmOrder::Respond(option) if is_enabled => {
                self.question(command.alarm, option).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Carries an order out, or refuses it and changes nothing. `base` gives a tag that a limit follows.
    pub fn command(
        &mut self,
        command: &AlarmCommand,
        now: Timestamp,
        base: impl Fn(MemberIndex) -> Option<f64>,
    ) -> Result<(), AlarmRefusal> {
        self.check(command)?;
        let act = Act { user: &command.actor.name, remark: &command.remark, now };
        let alarm = command.alarm;
        match command.order {
            AlarmOrder::Enable => self.enable(alarm, act),
            AlarmOrder::Disable => self.disable(alarm, act),
            AlarmOrder::Set(setting, value) => self.set(alarm, setting, value, base),
            _ if !self.state(alarm).enabled.on => Err(AlarmRefusal::Disabled),
            AlarmOrder::AddComment(event) => {
                let occurrence = self.occurrence(alarm, event)?;
                self.at((alarm, occurrence), Said::Commented, act, |_| {});
                Ok(())
            }
            AlarmOrder::Acknowledge(event) => self.acknowledge(alarm, event, act),
            AlarmOrder::Confirm(event) => self.confirm(alarm, event, act),
            AlarmOrder::TimedShelve(seconds) => self.timed_shelve(alarm, seconds, act),
            AlarmOrder::OneShotShelve => {
                let until = now.plus_s(SHELVED_MAX_S);
                if matches!(self.state(alarm).shelving, Shelving::OneShot(_)) {
                    return Err(AlarmRefusal::AlreadyShelved);
                }
                self.shelve(alarm, Shelving::OneShot(until), act)
            }
            AlarmOrder::Unshelve => {
                if self.state(alarm).shelving == Shelving::Unshelved {
                    return Err(AlarmRefusal::NotShelved);
                }
                self.shelve(alarm, Shelving::Unshelved, act)
            }
            AlarmOrder::Suppress => self.suppress(alarm, true, act),
            AlarmOrder::Unsuppress => self.suppress(alarm, false, act),
            AlarmOrder::RemoveFromService => self.serve(alarm, false, act),
            AlarmOrder::PlaceInService => self.serve(alarm, true, act),
            AlarmOrder::Silence => self.silence(alarm, act),
            AlarmOrder::Reset => self.reset(alarm, act),
            AlarmOrder::Respond(option) => {
                self.question(alarm, option)?;
                self.respond(alarm, option, act);
                Ok(())
            }
        }
    }

    /// The answer that `option` is to a dialog that is asking; refused if it asks nothing or has none such.
    pub fn question(&self, alarm: AlarmIndex, option: i32) -> Result<Answer, AlarmRefusal> {
        let row = self.row(alarm);
        if !row.kind.is_dialog() {
            return Err(AlarmRefusal::NotSupported);
        }
        if !self.state(alarm).enabled.on {
            return Err(AlarmRefusal::Disabled);
        }
        if !self.state(alarm).active.on {
            return Err(AlarmRefusal::NoQuestion);
        }
        let answer = usize::try_from(option).ok().and_then(|it| row.answers.get(it));
        answer.copied().ok_or(AlarmRefusal::NoAnswer)
    }

    /// Answered: the dialog asks again only when its cause has gone and come.
    fn respond(&mut self, alarm: AlarmIndex, option: i32, act: Act<'_>) {
        self.tell(alarm, Said::Responded, act.now, |state| {
            act.sign(state);
            state.last_response = option;
            state.active.set(false, act.now);
        });
    }

    fn occurrence(&self, alarm: AlarmIndex, event: u64) -> Result<Occurrence, AlarmRefusal> {
        let state = self.state(alarm);
        if state.knows(event) {
            return Ok(Occurrence::Present);
        }
        let branch = state.branches.iter().find(|it| it.state.knows(event));
        branch.map(|it| Occurrence::Branch(it.id)).ok_or(AlarmRefusal::UnknownEvent)
    }

    fn of(&self, alarm: AlarmIndex, occurrence: Occurrence) -> &AlarmState {
        let state = self.state(alarm);
        match occurrence {
            Occurrence::Present => state,
            Occurrence::Branch(id) => {
                let branch = state.branches.iter().find(|it| it.id == id);
                branch.map_or(state, |it| &*it.state)
            }
        }
    }

    fn at(
        &mut self,
        (alarm, occurrence): (AlarmIndex, Occurrence),
        said: Said,
        act: Act<'_>,
        change: impl FnOnce(&mut AlarmState),
    ) {
        let both = |state: &mut AlarmState| {
            act.sign(state);
            change(state);
        };
        match occurrence {
            Occurrence::Present => self.tell(alarm, said, act.now, both),
            Occurrence::Branch(id) => self.tell_branch((alarm, id), said, act.now, both),
        }
    }

    fn acknowledge(
        &mut self,
        alarm: AlarmIndex,
        event: u64,
        act: Act<'_>,
    ) -> Result<(), AlarmRefusal> {
        self.must_be_alarm(alarm)?;
        let occurrence = self.occurrence(alarm, event)?;
        if self.of(alarm, occurrence).acked.on {
            return Err(AlarmRefusal::AlreadyAcked);
        }
        self.at((alarm, occurrence), Said::Acknowledged, act, |state| {
            state.acked.set(true, act.now);
            // Part 9, Annex B.1.3: what is acknowledged waits to be confirmed.
            state.confirmed.set(false, act.now);
            state.silenced.set(true, act.now);
        });
        Ok(())
    }

    fn confirm(&mut self, alarm: AlarmIndex, event: u64, act: Act<'_>) -> Result<(), AlarmRefusal> {
        self.must_be_alarm(alarm)?;
        let occurrence = self.occurrence(alarm, event)?;
        let state = self.of(alarm, occurrence);
        if !state.acked.on {
            return Err(AlarmRefusal::InvalidState("acknowledge it before you confirm it"));
        }
        if state.confirmed.on {
            return Err(AlarmRefusal::AlreadyConfirmed);
        }
        self.at((alarm, occurrence), Said::Confirmed, act, |state| {
            state.confirmed.set(true, act.now);
        });
        Ok(())
    }

    fn must_be_alarm(&self, alarm: AlarmIndex) -> Result<(), AlarmRefusal> {
        if self.row(alarm).kind.is_dialog() { Err(AlarmRefusal::NotSupported) } else { Ok(()) }
    }

    fn enable(&mut self, alarm: AlarmIndex, act: Act<'_>) -> Result<(), AlarmRefusal> {
        if self.state(alarm).enabled.on {
            return Err(AlarmRefusal::AlreadyEnabled);
        }
        self.tell(alarm, Said::Enabled, act.now, |state| {
            act.sign(state);
            state.enabled.set(true, act.now);
        });
        self.begin_anew(alarm);
        Ok(())
    }

    /// Part 9, 5.5.2: while disabled there are no other states and no branches.
    fn disable(&mut self, alarm: AlarmIndex, act: Act<'_>) -> Result<(), AlarmRefusal> {
        if !self.state(alarm).enabled.on {
            return Err(AlarmRefusal::AlreadyDisabled);
        }
        self.leave_group(alarm);
        self.tell(alarm, Said::Disabled, act.now, |state| {
            act.sign(state);
            state.enabled.set(false, act.now);
            state.level = Level::NONE;
            for (toggle, on) in [
                (&mut state.active, false),
                (&mut state.latched, false),
                (&mut state.silenced, false),
                (&mut state.acked, true),
                (&mut state.confirmed, true),
            ] {
                Toggle::set(toggle, on, act.now);
            }
            state.is_first_in_group = false;
            state.realarm_count = 0;
            state.branches.clear();
        });
        self.begin_anew(alarm);
        Ok(())
    }

    fn timed_shelve(
        &mut self,
        alarm: AlarmIndex,
        seconds: f64,
        act: Act<'_>,
    ) -> Result<(), AlarmRefusal> {
        if !self.row(alarm).is_shelvable() {
            return Err(AlarmRefusal::NotSupported);
        }
        if matches!(self.state(alarm).shelving, Shelving::Timed(_)) {
            return Err(AlarmRefusal::AlreadyShelved);
        }
        if !(seconds > 0.0 && seconds <= SHELVED_MAX_S) {
            return Err(AlarmRefusal::ShelvingTime { seconds, max: SHELVED_MAX_S });
        }
        self.shelve(alarm, Shelving::Timed(act.now.plus_s(seconds)), act)
    }

    fn shelve(
        &mut self,
        alarm: AlarmIndex,
        shelving: Shelving,
        act: Act<'_>,
    ) -> Result<(), AlarmRefusal> {
        if !self.row(alarm).is_shelvable() {
            return Err(AlarmRefusal::NotSupported);
        }
        let is_shelved = shelving != Shelving::Unshelved;
        let said = if is_shelved { Said::Shelved } else { Said::Unshelved };
        self.tell(alarm, said, act.now, |state| {
            act.sign(state);
            state.shelve(shelving, act.now);
        });
        Ok(())
    }

    fn suppress(&mut self, alarm: AlarmIndex, on: bool, act: Act<'_>) -> Result<(), AlarmRefusal> {
        self.must_be_alarm(alarm)?;
        // What guards people is never put aside.
        if self.row(alarm).class == Class::Safety {
            return Err(AlarmRefusal::NotSupported);
        }
        if self.state(alarm).is_suppressed_by_order == on {
            let reason = if on { "it is suppressed already" } else { "nobody has suppressed it" };
            return Err(AlarmRefusal::InvalidState(reason));
        }
        let is_quiet = self.is_quiet(alarm);
        let said = if on { Said::Suppressed } else { Said::Unsuppressed };
        self.tell(alarm, said, act.now, |state| {
            act.sign(state);
            state.is_suppressed_by_order = on;
            state.suppressed.set(on || is_quiet, act.now);
        });
        Ok(())
    }

    fn serve(
        &mut self,
        alarm: AlarmIndex,
        in_service: bool,
        act: Act<'_>,
    ) -> Result<(), AlarmRefusal> {
        self.must_be_alarm(alarm)?;
        if self.row(alarm).class == Class::Safety {
            return Err(AlarmRefusal::NotSupported);
        }
        if self.state(alarm).out_of_service.on != in_service {
            let reason =
                if in_service { "it is in service" } else { "it is out of service already" };
            return Err(AlarmRefusal::InvalidState(reason));
        }
        let said = if in_service { Said::InService } else { Said::OutOfService };
        self.tell(alarm, said, act.now, |state| {
            act.sign(state);
            state.out_of_service.set(!in_service, act.now);
        });
        Ok(())
    }

    fn silence(&mut self, alarm: AlarmIndex, act: Act<'_>) -> Result<(), AlarmRefusal> {
        self.must_be_alarm(alarm)?;
        let state = self.state(alarm);
        if !state.active.on || state.silenced.on {
            return Err(AlarmRefusal::InvalidState("the horn is off"));
        }
        self.tell(alarm, Said::Silenced, act.now, |state| {
            act.sign(state);
            state.silenced.set(true, act.now);
        });
        Ok(())
    }

    /// Part 9, 5.8.5: only once it is inactive, acknowledged and confirmed.
    fn reset(&mut self, alarm: AlarmIndex, act: Act<'_>) -> Result<(), AlarmRefusal> {
        if !self.row(alarm).is_latched {
            return Err(AlarmRefusal::NotSupported);
        }
        let state = self.state(alarm);
        let reason = if !state.latched.on {
            Some("it is not latched")
        } else if state.active.on {
            Some("it is still active")
        } else if !state.acked.on || !state.confirmed.on {
            Some("acknowledge and confirm it first")
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(AlarmRefusal::InvalidState(reason));
        }
        self.tell(alarm, Said::Reset, act.now, |state| {
            act.sign(state);
            state.latched.set(false, act.now);
        });
        Ok(())
    }

    fn set(
        &mut self,
        alarm: AlarmIndex,
        setting: Setting,
        value: f64,
        base: impl Fn(MemberIndex) -> Option<f64>,
    ) -> Result<(), AlarmRefusal> {
        let index = alarm.0 as usize;
        let mut changes = self.changes.get(&alarm.0).cloned().unwrap_or_default();
        self.settings[index].set(&mut changes, setting, value, base)?;
        let settings = Arc::new((*self.usual[index]).clone().with(&changes));
        Arc::make_mut(&mut self.settings)[index] = settings;
        self.changes.insert(alarm.0, changes);
        self.unsaved.insert(alarm.0);
        Ok(())
    }
}
