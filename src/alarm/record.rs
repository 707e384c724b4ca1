//! What is kept of alarms over a restart: one text for each that is not as the catalogue has it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alarm::{AlarmIndex, AlarmState, Alarms, Changes};

/// One alarm as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Record {
    state: AlarmState,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Changes>,
    /// The highest number that was given when this was written.
    last_number: u64,
}

/// A change to be kept: the alarm's path and its text.
pub type Kept = (String, String);

impl Alarms {
    /// What has changed since this was last asked.
    pub fn take_unsaved(&mut self) -> Vec<Kept> {
        let unsaved = std::mem::take(&mut self.unsaved);
        unsaved.into_iter().filter_map(|index| self.save(AlarmIndex(index))).collect()
    }

    fn save(&self, alarm: AlarmIndex) -> Option<Kept> {
        let record = Record {
            state: self.state(alarm).clone(),
            settings: self.changes.get(&alarm.0).cloned(),
            last_number: self.next_number - 1,
        };
        // Numbers that are no JSON (NaN, infinite) become null and are read as none.
        let text = serde_json::to_string(&record).ok()?;
        Some((self.table.path(&self.tags, alarm), text))
    }

    /// Takes over what was kept. What belongs to no alarm of this plant, or cannot be read, is given back with
    /// the reason; it stays where it is.
    pub fn restore(&mut self, kept: impl IntoIterator<Item = Kept>) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for (path, text) in kept {
            let Some(alarm) = self.table.by_path(&self.tags, &path) else {
                problems.push((path, "no such alarm".to_owned()));
                continue;
            };
            match serde_json::from_str::<Record>(&text) {
                Ok(record) => self.restore_one(alarm, record),
                Err(error) => problems.push((path, error.to_string())),
            }
        }
        problems
    }

    fn restore_one(&mut self, alarm: AlarmIndex, record: Record) {
        self.next_number = self.next_number.max(record.last_number + 1);
        if let Some(changes) = record.settings {
            let index = alarm.0 as usize;
            let settings = Arc::new((*self.usual[index]).clone().with(&changes));
            Arc::make_mut(&mut self.settings)[index] = settings;
            self.changes.insert(alarm.0, changes);
        }
        self.put(alarm, Arc::new(record.state));
    }
}
