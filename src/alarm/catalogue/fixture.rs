//! Alarms of the conformance fixture: one of each type, on sources that a client writes.

use crate::alarm::catalogue::row::{H, HH, L, LL, alarm, at, group, limits, measured};
use crate::alarm::row::{Answer, Cause, HIGH, LOW, LimitRow, MEDIUM, Measured, URGENT};
use crate::alarm::{AlarmKind as Kind, AlarmRow, Class, Limit};
use crate::tag::DeviceKind;

const FIXTURE: DeviceKind = DeviceKind::AlarmFixture;
const LEVELS: &[(Limit, LimitRow)] =
    &[(HH, at(90.0, URGENT)), (H, at(80.0, MEDIUM)), (L, at(20.0, MEDIUM)), (LL, at(10.0, URGENT))];
const AROUND: &[(Limit, LimitRow)] =
    &[(HH, at(20.0, HIGH)), (H, at(10.0, LOW)), (L, at(-10.0, LOW)), (LL, at(-20.0, HIGH))];

/// Every alarm.
pub(super) fn rows() -> Vec<AlarmRow> {
    let mut rows = limited();
    rows.extend(discrete());
    rows
}

fn limited() -> Vec<AlarmRow> {
    let analog = |name, kind, cause| {
        alarm(FIXTURE, name, kind, cause)
            .on("AnalogSource")
            .says("AnalogSource left its limits", "write it back")
    };
    let deviation = Measured::Deviation("SetpointSource");
    let of = |of, limits| measured(of, limits, 1.0);
    vec![
        analog("ExclusiveLevel", Kind::ExclusiveLevel, limits(LEVELS, 1.0)),
        analog("ExclusiveLimit", Kind::ExclusiveLimit, limits(LEVELS, 1.0)),
        analog("NonExclusiveLevel", Kind::NonExclusiveLevel, limits(LEVELS, 1.0)),
        analog("NonExclusiveLimit", Kind::NonExclusiveLimit, limits(LEVELS, 1.0)),
        analog("ExclusiveDeviation", Kind::ExclusiveDeviation, of(deviation, AROUND)),
        analog("NonExclusiveDeviation", Kind::NonExclusiveDeviation, of(deviation, AROUND)),
        analog("ExclusiveRateOfChange", Kind::ExclusiveRateOfChange, of(Measured::Rate, AROUND)),
        analog(
            "NonExclusiveRateOfChange",
            Kind::NonExclusiveRateOfChange,
            of(Measured::Rate, AROUND),
        ),
        analog("Sensor", Kind::InstrumentDiagnostic, Cause::Unusable).class(Class::Maintenance),
    ]
}

fn discrete() -> Vec<AlarmRow> {
    let boolean = |name, kind| {
        alarm(FIXTURE, name, kind, Cause::Is(true))
            .on("BooleanSource")
            .severity(MEDIUM)
            .says("BooleanSource is on", "write it back")
    };
    vec![
        boolean("OffNormal", Kind::OffNormal),
        boolean("SystemOffNormal", Kind::SystemOffNormal).class(Class::System),
        boolean("Trip", Kind::Trip).latched(),
        boolean("Safety", Kind::OffNormal).class(Class::Safety).severity(URGENT),
        boolean("Delayed", Kind::OffNormal).delays(3.0, 3.0),
        AlarmRow { realarm_s: 3.0, ..boolean("ReAlarming", Kind::OffNormal) },
        AlarmRow { escalation: Some((3.0, URGENT)), ..boolean("Escalating", Kind::AnodeEffect) },
        boolean("Suppressible", Kind::OffNormal).quiet(group(
            "SuppressionGroup",
            "Suppressed",
            |scan, _| scan.status.fixture.suppressed,
            0.0,
        )),
        alarm(
            FIXTURE,
            "Discrepancy",
            Kind::Discrepancy,
            measured(
                Measured::Deviation("SetpointSource"),
                &[(H, at(30.0, LOW)), (L, at(-30.0, LOW))],
                1.0,
            ),
        )
        .on("AnalogSource")
        .delays(2.0, 0.0)
        .says("AnalogSource does not follow SetpointSource", "write it back"),
        AlarmRow {
            answers: &[
                Answer { text: "Yes", method: None },
                Answer { text: "No", method: None },
                Answer { text: "Cancel", method: None },
            ],
            ..alarm(FIXTURE, "Dialog", Kind::Dialog, Cause::Is(true))
        }
        .on("DialogSource")
        .severity(MEDIUM)
        .says("Shall it go on?", "answer"),
    ]
}
