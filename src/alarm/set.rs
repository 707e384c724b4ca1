//! The alarms of the plant at work: at each scan every input is judged, and what changes is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alarm::figures::Figures;
use crate::alarm::{
    AlarmIndex, AlarmKind, AlarmRow, AlarmState, AlarmTable, Changes, Level, Said, Settings,
    Shelving,
};
use crate::config::PlantConfig;
use crate::field::Quality;
use crate::tag::{AlarmFigures, DeviceIndex, DeviceKind, TagTable};
use crate::time::Timestamp;

/// A change of an alarm, told once.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Counts up for ever, also over restarts.
    pub number: u64,
    /// Whose.
    pub alarm: AlarmIndex,
    /// The branch that it is about; `None` for the present occurrence.
    pub branch: Option<u64>,
    /// State after it.
    pub state: Arc<AlarmState>,
    /// Whether the alarm, or this branch, is still of interest.
    pub retain: bool,
}

/// States and settings of all alarms at one moment, shared and immutable.
#[derive(Clone, Debug, Default)]
pub struct AlarmView {
    /// By alarm. All that have never told anything share one.
    pub states: Arc<Vec<Arc<AlarmState>>>,
    /// By alarm. Those of equal devices share one.
    pub settings: Arc<Vec<Arc<Settings>>>,
}

/// What one alarm needs between scans that no client sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) level: Level,
    pub(super) quality: Quality,
    pub(super) is_enabled: bool,
    /// Suppressed by its group.
    pub(super) is_quiet: bool,
    /// The level that waits is worse.
    pub(super) is_rising: bool,
    /// A level has waited for so long, s.
    pub(super) waited_s: f32,
    /// It stays quiet for so long, s.
    pub(super) quiet_s: f32,
    /// The input at the scan before, or what has been collected since it became active.
    pub(super) before: f64,
    /// Largest watched value since it became active.
    pub(super) extreme: f64,
}

impl Machine {
    fn new(state: &AlarmState) -> Self {
        Self {
            level: state.level,
            quality: state.quality,
            is_enabled: state.enabled.on,
            is_quiet: state.suppressed.on && !state.is_suppressed_by_order,
            is_rising: false,
            waited_s: 0.0,
            quiet_s: 0.0,
            before: f64::NAN,
            extreme: f64::NAN,
        }
    }
}

/// All alarms of the plant.
#[derive(Debug)]
pub struct Alarms {
    pub(super) tags: Arc<TagTable>,
    pub(super) table: Arc<AlarmTable>,
    pub(super) states: Arc<Vec<Arc<AlarmState>>>,
    pub(super) settings: Arc<Vec<Arc<Settings>>>,
    /// Settings as the catalogue has them, by alarm.
    pub(super) usual: Vec<Arc<Settings>>,
    pub(super) changes: BTreeMap<u32, Changes>,
    pub(super) machines: Vec<Machine>,
    /// Open or shelved: their times are looked at.
    pub(super) watched: BTreeSet<u32>,
    /// Active alarms of each group.
    pub(super) active_in_group: Vec<u16>,
    /// Place of each device's line among the figures.
    pub(super) scopes: Vec<u16>,
    pub(super) next_number: u64,
    notices: Vec<Notice>,
    /// Changed since this was last asked: to be kept on disk.
    pub(super) unsaved: BTreeSet<u32>,
    pub(super) figures: Figures,
    pub(super) expires: Option<Timestamp>,
    pub(super) has_scanned: bool,
}

impl Alarms {
    /// Every alarm enabled and inactive.
    pub fn new(config: &PlantConfig, tags: Arc<TagTable>) -> Self {
        let table = Arc::new(AlarmTable::new(&tags));
        let mut shared: Vec<Arc<Settings>> = Vec::new();
        let mut settings = Vec::with_capacity(table.len());
        for alarm in table.all() {
            let device = tags.device(table.device(alarm));
            let own = Settings::new(config, &tags, device, table.row(&tags, alarm));
            let known = shared.iter().rev().find(|it| ***it == own).cloned();
            settings.push(known.unwrap_or_else(|| {
                shared.push(Arc::new(own));
                Arc::clone(&shared[shared.len() - 1])
            }));
        }
        let idle = Arc::new(AlarmState::default());
        let machine = Machine::new(&idle);
        let scopes = scopes(&tags);
        Self {
            states: Arc::new(vec![idle; table.len()]),
            usual: settings.clone(),
            settings: Arc::new(settings),
            changes: BTreeMap::new(),
            machines: vec![machine; table.len()],
            watched: BTreeSet::new(),
            active_in_group: vec![0; tags.devices().len()],
            figures: Figures::new(usize::from(scopes.iter().copied().max().unwrap_or(0)) + 1),
            scopes,
            next_number: 1,
            notices: Vec::new(),
            unsaved: BTreeSet::new(),
            expires: None,
            has_scanned: false,
            tags,
            table,
        }
    }

    /// The alarms that there are.
    pub fn table(&self) -> &Arc<AlarmTable> {
        &self.table
    }

    /// States and settings as of now.
    pub fn view(&self) -> AlarmView {
        AlarmView { states: Arc::clone(&self.states), settings: Arc::clone(&self.settings) }
    }

    /// Whether anything has been told since [`Alarms::take_notices`].
    pub fn has_notices(&self) -> bool {
        !self.notices.is_empty()
    }

    /// What has been told since this was last asked.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Figures of the alarm system: of the plant, then of each line.
    pub fn figures(&self) -> &[AlarmFigures] {
        self.figures.shown()
    }

    /// When the server's certificate ends.
    pub fn set_expiry(&mut self, expires: Option<Timestamp>) {
        self.expires = expires;
    }

    /// State of one alarm.
    pub fn state(&self, alarm: AlarmIndex) -> &AlarmState {
        &self.states[alarm.0 as usize]
    }

    pub(super) fn row(&self, alarm: AlarmIndex) -> &'static AlarmRow {
        self.table.row(&self.tags, alarm)
    }

    /// Takes over a state that was kept.
    pub(super) fn put(&mut self, alarm: AlarmIndex, state: Arc<AlarmState>) {
        let index = alarm.0 as usize;
        self.machines[index] = Machine::new(&state);
        if self.row(alarm).kind == AlarmKind::AnodeEffect {
            // Of an anode effect these are what has come of it so far, not the scan before.
            let machine = &mut self.machines[index];
            machine.before = state.collected;
            machine.extreme = state.extreme.unwrap_or(f64::NAN);
        }
        if state.active.on && !self.row(alarm).kind.is_dialog() {
            self.active_in_group[self.table.group(self.table.device(alarm)).0 as usize] += 1;
        }
        Arc::make_mut(&mut self.states)[index] = state;
        self.watch(alarm);
    }

    /// Whether its group suppresses it.
    pub(super) fn is_quiet(&self, alarm: AlarmIndex) -> bool {
        self.machines[alarm.0 as usize].is_quiet
    }

    /// An alarm that is taken out counts no more in its group.
    pub(super) fn leave_group(&mut self, alarm: AlarmIndex) {
        if self.machines[alarm.0 as usize].level.is_active() && !self.row(alarm).kind.is_dialog() {
            let group = self.table.group(self.table.device(alarm)).0 as usize;
            self.active_in_group[group] = self.active_in_group[group].saturating_sub(1);
        }
    }

    /// Figures of the plant (0) or of a line (from 1) count from now on.
    pub fn reset_figures(&mut self, scope: usize, now: Timestamp) {
        self.figures.reset(scope, now);
    }

    /// The machine of an alarm that a person has changed begins anew.
    pub(super) fn begin_anew(&mut self, alarm: AlarmIndex) {
        let index = alarm.0 as usize;
        self.machines[index] = Machine::new(&self.states[index]);
    }

    /// Changes an alarm and tells it.
    pub(super) fn tell(
        &mut self,
        alarm: AlarmIndex,
        said: Said,
        now: Timestamp,
        change: impl FnOnce(&mut AlarmState),
    ) {
        let number = self.next_number;
        self.next_number += 1;
        let states = Arc::make_mut(&mut self.states);
        let state = Arc::make_mut(&mut states[alarm.0 as usize]);
        change(state);
        (state.said, state.time) = (said, now);
        state.put_branches_aside();
        state.note(number);
        let state = Arc::clone(&states[alarm.0 as usize]);
        let retain = state.is_retained();
        self.notices.push(Notice { number, alarm, branch: None, state, retain });
        self.unsaved.insert(alarm.0);
        self.watch(alarm);
    }

    /// Changes a branch and tells it. One that is acknowledged and confirmed ends; with the last one the
    /// alarm itself may be done, which is told too.
    pub(super) fn tell_branch(
        &mut self,
        (alarm, id): (AlarmIndex, u64),
        said: Said,
        now: Timestamp,
        change: impl FnOnce(&mut AlarmState),
    ) {
        let number = self.next_number;
        let states = Arc::make_mut(&mut self.states);
        let state = Arc::make_mut(&mut states[alarm.0 as usize]);
        let Some(at) = state.branches.iter().position(|it| it.id == id) else { return };
        self.next_number += 1;
        let branch = Arc::make_mut(&mut state.branches[at].state);
        change(branch);
        (branch.said, branch.time) = (said, now);
        branch.note(number);
        let retain = !(branch.acked.on && branch.confirmed.on);
        let told = Arc::clone(&state.branches[at].state);
        if !retain {
            state.branches.remove(at);
        }
        let is_done = !retain && !state.is_retained();
        self.notices.push(Notice { number, alarm, branch: Some(id), state: told, retain });
        self.unsaved.insert(alarm.0);
        if is_done {
            self.tell(alarm, Said::BranchEnded, now, |_| {});
        }
        self.watch(alarm);
    }

    fn watch(&mut self, alarm: AlarmIndex) {
        let state = &self.states[alarm.0 as usize];
        let aside = state.shelving != Shelving::Unshelved
            || state.out_of_service.on
            || state.is_suppressed_by_order
            || !state.enabled.on;
        if state.is_retained() || aside {
            self.watched.insert(alarm.0);
        } else {
            self.watched.remove(&alarm.0);
        }
    }
}

/// Of each device: 0 for the plant, the number of its line from 1.
fn scopes(tags: &TagTable) -> Vec<u16> {
    let mut scopes = Vec::with_capacity(tags.devices().len());
    for device in tags.devices() {
        // Parents come before their children.
        let above = device.parent.map_or(0, |it: DeviceIndex| scopes[it.0 as usize]);
        scopes.push(if device.kind == DeviceKind::Line { device.index as u16 + 1 } else { above });
    }
    scopes
}
