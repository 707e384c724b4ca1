//! Conditions at the server: values of their nodes, their events at each snapshot, and refreshes (Part 9).

use std::sync::Arc;

use opcua_types::StatusCode;

use crate::alarm::{AlarmIndex, AlarmState};
use crate::engine::Snapshot;
use crate::time;
use crate::ua::event::condition::Told;
use crate::ua::event::{self, Event};
use crate::ua::server::Server;
use crate::ua::subscription::{SessionKey, Stage};
use crate::ua::value::LiveValue;

impl Server {
    /// The value of a node below a condition.
    pub fn alarm_value(
        &self,
        alarm: AlarmIndex,
        member: u16,
        snapshot: &Snapshot,
    ) -> Option<LiveValue> {
        let state = Arc::clone(snapshot.alarms.states.get(alarm.0 as usize)?);
        let source = state.time.max(self.start_time);
        let told = Told::new(&self.space, snapshot, alarm, state, self.alarm_epoch);
        let value = told.field(&self.space, self.space.alarm_path(alarm, member));
        Some(LiveValue { value: value.unwrap_or_default(), status: StatusCode::Good, source })
    }

    /// Tells the listeners of a subscription, or one of them, of every condition that is of interest, between two
    /// events that say that it is so (Part 9, 5.5.7 and 5.5.8; AC-14 to AC-17).
    ///
    /// The states are those of the last snapshot whose events were told: what comes after is told behind them.
    pub fn refresh_conditions(
        &self,
        session: SessionKey,
        of: (u32, Option<u32>),
    ) -> Result<(), StatusCode> {
        let snapshot = Arc::clone(&self.told.borrow());
        let (space, ids, now) = (&self.space, &self.event_ids, time::now());
        let mut events: Vec<Event> =
            event::refresh_start(space, ids.next(), now).into_iter().collect();
        let told = |alarm, state: &Arc<AlarmState>| {
            Told::new(space, &snapshot, alarm, Arc::clone(state), self.alarm_epoch)
        };
        for (index, state) in snapshot.alarms.states.iter().enumerate() {
            if !state.is_retained() {
                continue;
            }
            let alarm = AlarmIndex(index as u32);
            events.push(told(alarm, state).event(space, now));
            events.extend(state.branches.iter().map(|it| {
                let branch = Told { branch: Some(it.id), retain: true, ..told(alarm, &it.state) };
                branch.event(space, now)
            }));
        }
        events.extend(event::refresh_end(space, ids.next(), now));
        let context = self.context();
        let stage = Stage { space, ids, context: &context };
        self.subscriptions.borrow_mut().refresh(session, of, &events, &stage)?;
        self.replan.notify_one();
        Ok(())
    }

    /// Events were lost between two snapshots: clients are told to ask for a refresh (Part 9, 5.11.4).
    pub fn require_refresh(&self) {
        let event = event::refresh_required(&self.space, self.event_ids.next(), time::now());
        self.raise(event);
    }
}
