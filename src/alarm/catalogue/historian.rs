//! Alarms of recording, which stand at the plant.

use crate::alarm::catalogue::row::alarm;
use crate::alarm::row::{Cause, HIGH, MEDIUM};
use crate::alarm::{AlarmKind, AlarmRow, Class};
use crate::tag::{DeviceKind, RecordingHealth, Scan};

/// Every alarm.
pub(super) fn rows() -> Vec<AlarmRow> {
    vec![
        recording("HistoryDiskFull", Cause::When(|s, _| is(s, RecordingHealth::DiskFull)), HIGH)
            .says(
                "the disk of the history is full: samples wait in memory, and are lost when that is full",
                "make room on the disk of the data folder; the history then goes on by itself",
            ),
        recording("HistoryRoomTaken", Cause::When(|s, _| is(s, RecordingHealth::RoomTaken)), MEDIUM)
            .says(
                "the history has taken all the room it may: nothing new is kept",
                "give it more (bytes_max), or let the oldest go (keep_oldest = false), and start anew",
            ),
        recording("HistoryFailing", Cause::When(|s, _| is(s, RecordingHealth::Failing)), HIGH)
            .says(
                "the disk refuses the history: samples wait in memory, and are lost when that is full",
                "look at disk and file system of the data folder, and at the server's log",
            ),
        recording("HistorianBehind", Cause::When(|s, _| is(s, RecordingHealth::Behind)), MEDIUM)
            .delays(0.0, 60.0)
            .says(
                "more comes than the historian can write: some samples are lost",
                "look what else the disk is busy with; keep less (exceptions)",
            ),
    ]
}

const fn recording(name: &'static str, cause: Cause, severity: u16) -> AlarmRow {
    alarm(DeviceKind::Plant, name, AlarmKind::SystemOffNormal, cause)
        .class(Class::System)
        .severity(severity)
}

fn is(scan: &Scan<'_>, health: RecordingHealth) -> bool {
    scan.records.recording.is_some_and(|it| it.health == health)
}
