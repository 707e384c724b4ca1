//! Alarms of feeders.

use crate::alarm::catalogue::row::{alarm, at, group, limits, of_tag};
use crate::alarm::row::{Cause, HIGH, LOW, MEDIUM, Measured, Quiet};
use crate::alarm::{AlarmKind as Kind, AlarmRow, Class};
use crate::tag::DeviceKind;

const FEEDER: DeviceKind = DeviceKind::Feeder;

/// The flow is not weighed while the hopper is refilled, and means nothing while nothing is to be fed; the
/// weight settles for 30 s, and the slope that the flow is read from for another 60. A feeder that stands
/// because of a fault feeds too little.
const NOT_WEIGHING: Quiet = group(
    "NotWeighing",
    "Refilling",
    |scan, device| {
        let status = &scan.status.feeders[device.index];
        let stands = !status.discharging && status.faults == 0;
        status.refilling || status.volumetric || stands || status.target_g_min <= 0.0
    },
    90.0,
);

/// A fault bit of `FeederFault` (domain B4).
const fn fault(name: &'static str, bit: u16, severity: u16, on_delay_s: f64) -> AlarmRow {
    alarm(FEEDER, name, Kind::OffNormal, Cause::Bits(bit))
        .on("FeederFault")
        .severity(severity)
        .delays(on_delay_s, 2.0)
}

/// Every alarm.
pub(super) fn rows() -> Vec<AlarmRow> {
    let target = |factor, severity| of_tag("TargetFlowRate", factor, 0.0, severity);
    vec![
        fault("FeederJam", 4, HIGH, 0.0)
            .says("the screw is jammed", "clear it: an anode effect follows in 33 to 42 min"),
        fault("FeederBridging", 2, HIGH, 0.0)
            .says("the powder bridges", "knock the hopper: an anode effect follows"),
        fault("ChuteBlocked", 8, HIGH, 0.0)
            .says("crust blocks the chute", "break the crust: an anode effect follows"),
        fault("RefillTimeout", 64, HIGH, 0.0)
            .says("the hopper does not fill", "look at the silo line"),
        fault("OverDelivery", 16, MEDIUM, 0.0)
            .says("more is fed than asked", "look at the screw; sludge follows"),
        fault("DriveFault", 256, HIGH, 0.0).says("the drive has failed", "reset or change it"),
        fault("HopperDoorOpen", 128, LOW, 10.0).says("the hopper door is open", "close it"),
        AlarmRow { kind: Kind::InstrumentDiagnostic, ..fault("LoadCellFault", 32, MEDIUM, 0.0) }
            .class(Class::Maintenance)
            .says("the load cells have failed", "the feeder goes on by volume; mend them"),
        alarm(
            FEEDER,
            "FeedDeviation",
            Kind::ExclusiveDeviation,
            Cause::Limits {
                of: Measured::Deviation("TargetFlowRate"),
                limits: [
                    target(0.15, HIGH),
                    target(0.05, LOW),
                    target(-0.05, LOW),
                    target(-0.15, HIGH),
                ],
                deadband: 2.0,
            },
        )
        .on("FlowRate")
        .delays(180.0, 30.0)
        .quiet(NOT_WEIGHING)
        .says("the flow does not follow its target", "look at hopper, screw and chute"),
        alarm(
            FEEDER,
            "HopperLow",
            Kind::ExclusiveLevel,
            limits([None, None, at(18.0, LOW), at(5.0, HIGH)], 2.0),
        )
        .on("HopperFillLevel")
        .delays(30.0, 10.0)
        .says("the hopper is nearly empty", "refill"),
        alarm(FEEDER, "CommunicationLost", Kind::SystemOffNormal, Cause::NoCommunication)
            .on("HopperWeight")
            .class(Class::System)
            .severity(MEDIUM)
            .delays(5.0, 5.0)
            .says("nothing comes from the feeder", "look at its controller and network"),
    ]
}
