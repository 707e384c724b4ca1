//! The engine: one scan after the other, and commands between them.

use std::sync::Arc;

use crate::alarm::{AlarmCommand, AlarmOrder, AlarmRefusal, Alarms};
use crate::config::PlantConfig;
use crate::control::{Command, Controls, Method, Order, Outcome, Refusal, Scalar};
use crate::engine::Snapshot;
use crate::engine::events::EventLog;
use crate::engine::fault;
use crate::engine::journal::{EntryKind, Journal};
use crate::engine::sampler::Sampler;
use crate::engine::touched::Touched;
use crate::field::{Inputs, Outputs};
use crate::plant::Plant;
use crate::production::{Observed, Production, Totals};
use crate::tag::{KpiBoard, RecordingFigures, Records, Scan, TagTable};
use crate::time::Timestamp;

/// Owns the plant, its controls and its totals. Nothing else changes them.
///
/// Between two scans commands are admitted ([`Engine::command`]); a scan reads the instruments, runs the
/// controls, steps the physics, adds up the totals, samples the tags and makes a snapshot.
#[derive(Debug)]
pub struct Engine {
    config: Arc<PlantConfig>,
    plant: Plant,
    controls: Controls,
    inputs: Inputs,
    outputs: Outputs,
    production: Production,
    sampler: Sampler,
    alarms: Alarms,
    records: Records,
    events: EventLog,
    /// Events that snapshots have told.
    told: u64,
    journal: Option<Journal>,
    touched: Touched,
    /// Scans made; the number of the next.
    scans: u64,
    /// Scans when alarms were judged last.
    judged: u64,
    /// Plant time of the last scan, or of the first before it is made.
    time: Timestamp,
    scan_ticks: i64,
    dt_s: f64,
    revision: u64,
    /// Snapshots published since the last scan because of commands.
    extra: i64,
    latest: Arc<Snapshot>,
}

impl Engine {
    /// The plant of `config` before its first scan, which has the plant time `start`.
    pub fn new(config: PlantConfig, start: Timestamp) -> Self {
        let table = Arc::new(TagTable::new(&config));
        let plant = Plant::new(&config);
        let controls = Controls::new(&config);
        Self {
            plant,
            controls,
            inputs: Inputs::default(),
            outputs: Outputs::default(),
            production: Production::new(&config),
            alarms: Alarms::new(&config, Arc::clone(&table)),
            sampler: Sampler::new(table, config.scan_ms),
            records: Records::default(),
            events: EventLog::default(),
            told: 0,
            journal: None,
            touched: Touched::new(&config),
            scans: 0,
            judged: 0,
            time: start,
            scan_ticks: i64::from(config.scan_ms) * 10_000,
            dt_s: f64::from(config.scan_ms) / 1000.0,
            revision: 0,
            extra: 0,
            latest: Arc::new(Snapshot::default()),
            config: Arc::new(config),
        }
    }

    /// Accepted commands go to `journal` from now on.
    pub fn set_journal(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// The plant's configuration.
    pub fn config(&self) -> &Arc<PlantConfig> {
        &self.config
    }

    /// The devices and tags.
    pub fn table(&self) -> &Arc<TagTable> {
        self.sampler.table()
    }

    /// The true process, which no instrument shows: for balances in tests and in `simulate`.
    pub fn plant(&self) -> &Plant {
        &self.plant
    }

    /// What tags are sampled from, as of the last scan.
    pub fn observed(&self) -> Scan<'_> {
        Scan {
            config: &self.config,
            inputs: &self.inputs,
            status: self.controls.status(),
            totals: self.production.totals(),
            alarms: self.alarms.figures(),
            records: &self.records,
            time: self.time,
        }
    }

    /// Every total.
    pub fn totals(&self) -> &Totals {
        self.production.totals()
    }

    /// What has happened.
    pub fn events(&self) -> &EventLog {
        &self.events
    }

    /// Scans made so far; the number of the next.
    pub fn scans(&self) -> u64 {
        self.scans
    }

    /// Plant time of the last scan.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The newest snapshot; empty before the first scan.
    pub fn latest(&self) -> &Arc<Snapshot> {
        &self.latest
    }

    /// Plant time of the next scan if it follows by a period.
    pub fn next_time(&self) -> Timestamp {
        if self.scans == 0 { self.time } else { self.time.plus_ticks(self.scan_ticks) }
    }

    /// One scan, one period after the last.
    pub fn scan(&mut self) -> &Arc<Snapshot> {
        self.scan_at(self.next_time())
    }

    /// One scan at the plant time `time`. Physics and controls always step by one period.
    pub fn scan_at(&mut self, time: Timestamp) -> &Arc<Snapshot> {
        self.advance_at(time);
        let number = self.scans - 1;
        let scan = Scan {
            config: &self.config,
            inputs: &self.inputs,
            status: self.controls.status(),
            totals: self.production.totals(),
            alarms: self.alarms.figures(),
            records: &self.records,
            time: self.time,
        };
        self.sampler.sample_due(&scan, number);
        // A command that came before this scan shows in it, also in tags whose turn it is not.
        if !self.touched.is_empty() {
            for device in self.touched.devices(self.sampler.table(), &self.config) {
                self.sampler.resample(&scan, device, time);
            }
            self.touched.clear();
        }
        self.judge_alarms();
        self.publish()
    }

    /// Alarms judge what tags show, so that a client sees in the one what the other is about.
    fn judge_alarms(&mut self) {
        let figures = self.alarms.figures().to_vec();
        let scan = Scan {
            config: &self.config,
            inputs: &self.inputs,
            status: self.controls.status(),
            totals: self.production.totals(),
            alarms: &figures,
            records: &self.records,
            time: self.time,
        };
        let sampler = &self.sampler;
        // Scans without a snapshot judge nothing: their time counts when there is one again.
        let dt_s = (self.scans - self.judged) as f64 * self.dt_s;
        self.judged = self.scans;
        self.alarms.scan(&scan, &|tag| sampler.current(tag), dt_s);
    }

    /// One scan, one period after the last, without sampling tags or making a snapshot.
    /// For runs that read [`Engine::observed`] instead; sampling costs more than all the rest.
    pub fn advance(&mut self) {
        self.advance_at(self.next_time());
    }

    /// As [`Engine::advance`], at the plant time `time`.
    pub fn advance_at(&mut self, time: Timestamp) {
        if time != self.next_time()
            && let Some(journal) = &mut self.journal
        {
            journal.time(self.scans, time);
        }
        self.time = time;
        self.plant.read(&mut self.inputs, self.dt_s);
        self.controls.scan(&self.inputs, &mut self.outputs, self.dt_s);
        self.plant.step(&self.outputs, self.dt_s);
        let observed = Observed {
            config: &self.config,
            inputs: &self.inputs,
            status: self.controls.status(),
            time,
        };
        self.production.update(&observed, self.dt_s);
        self.events.extend(time, self.controls.take_events());
        self.scans += 1;
        self.extra = 0;
    }

    /// Applies a command at once. If it is accepted, its effect is in the next snapshot, which
    /// [`Engine::publish_commands`] makes; if it is refused, nothing has changed.
    pub fn command(&mut self, command: &Command) -> Outcome {
        let outcome = match &command.order {
            Order::Call { method: Method::InjectFault, arguments } => {
                fault::inject(&mut self.plant, self.sampler.table(), &command.actor, arguments)
            }
            _ => self.controls.command(command),
        };
        if outcome.is_ok() {
            self.touched.add(command.target);
            if let Some(journal) = &mut self.journal {
                journal.command(self.scans, command);
            }
        }
        outcome
    }

    /// Whether a command of the controls would be accepted at the moment. Nothing changes, and no journal tells of it.
    pub fn check(&self, command: &Command) -> Result<(), Refusal> {
        self.controls.clone().command(command).map(|_| ())
    }

    /// As [`Engine::check`], of an alarm.
    pub fn check_alarm(&self, command: &AlarmCommand) -> Result<(), AlarmRefusal> {
        self.alarms.check(command)?;
        match self.asked_by_answer(command)? {
            Some(asked) => self.check(&asked).map_err(AlarmRefusal::Controls),
            None => Ok(()),
        }
    }

    /// Applies an entry of a journal before the next scan. `Some` is the plant time that it gives that scan.
    pub fn repeat(&mut self, entry: EntryKind) -> Result<Option<Timestamp>, Refusal> {
        match entry {
            EntryKind::Command(command) => self.command(&command).map(|_| None),
            EntryKind::Time(time) => Ok(Some(time)),
        }
    }

    /// Carries out what is asked of an alarm, or refuses it. An answer to a dialog first goes to the controls;
    /// what they refuse leaves the dialog as it is.
    pub fn alarm_command(&mut self, command: &AlarmCommand) -> Result<(), AlarmRefusal> {
        if let Some(asked) = self.asked_by_answer(command)? {
            self.command(&asked).map_err(AlarmRefusal::Controls)?;
        }
        let device = self.alarms.table().device(command.alarm);
        let sampler = &self.sampler;
        let tag = |member| sampler.number(sampler.table().tag(device, member));
        self.alarms.command(command, self.time, tag)
    }

    /// What the answer to a dialog asks of the controls.
    fn asked_by_answer(&self, command: &AlarmCommand) -> Result<Option<Command>, AlarmRefusal> {
        let AlarmOrder::Respond(option) = command.order else { return Ok(None) };
        let answer = self.alarms.question(command.alarm, option)?;
        let device = self.alarms.table().device(command.alarm);
        let target = self.sampler.table().device(device).target();
        let (Some(method), Some(target)) = (answer.method, target) else { return Ok(None) };
        let reason = Scalar::Text("answer to a dialog".into());
        let arguments = match method {
            Method::Stop => vec![Scalar::Number(0.0), reason],
            _ => Vec::new(),
        };
        let actor = command.actor.clone();
        Ok(Some(Command { actor, target, order: Order::Call { method, arguments } }))
    }

    /// The alarms.
    pub fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// The alarms, to take over what was kept of them, or to tell when the server's certificate ends.
    pub fn alarms_mut(&mut self) -> &mut Alarms {
        &mut self.alarms
    }

    /// Counts the figures of the alarm system anew: of the plant (0) or a line (from 1).
    pub fn reset_alarm_figures(&mut self, scope: usize) {
        self.alarms.reset_figures(scope, self.time);
    }

    /// Tags show these key figures from the next scan on.
    pub fn set_kpis(&mut self, kpis: Arc<KpiBoard>) {
        self.records.kpis = kpis;
    }

    /// Tags and alarms show from the next scan on that recording goes like this.
    pub fn set_recording(&mut self, figures: RecordingFigures) {
        self.records.recording = Some(figures);
    }

    /// Hands the journal's lines to the operating system.
    pub fn flush_journal(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.flush();
        }
    }

    /// Samples the tags that the commands since the last snapshot may have changed, and publishes the scan
    /// again with the next revision. `None` if no command was accepted, or before the first scan.
    pub fn publish_commands(&mut self) -> Option<&Arc<Snapshot>> {
        self.flush_journal();
        if self.scans == 0 || (self.touched.is_empty() && !self.alarms.has_notices()) {
            return None;
        }
        self.extra += 1;
        // A tick later than the snapshot before, so that no source time stands for two values.
        let time = self.time.plus_ticks(self.extra);
        let scan = Scan {
            config: &self.config,
            inputs: &self.inputs,
            status: self.controls.status(),
            totals: self.production.totals(),
            alarms: self.alarms.figures(),
            records: &self.records,
            time: self.time,
        };
        for device in self.touched.devices(self.sampler.table(), &self.config) {
            self.sampler.resample(&scan, device, time);
        }
        self.touched.clear();
        Some(self.publish())
    }

    fn publish(&mut self) -> &Arc<Snapshot> {
        self.revision += 1;
        self.latest = Arc::new(Snapshot {
            scan: self.scans - 1,
            revision: self.revision,
            time: self.time,
            events: self.events.since(self.told).cloned().collect(),
            notices: self.alarms.take_notices(),
            alarms: self.alarms.view(),
            turns: self.sampler.take_turns(),
            chunks: self.sampler.chunks(),
        });
        self.told = self.events.total();
        &self.latest
    }
}
