//! Alarms of rectifiers.

use crate::alarm::catalogue::row::{H, HH, L, LL, alarm, at, group, limits, per_ka};
use crate::alarm::row::{Cause, MEDIUM, Quiet, URGENT};
use crate::alarm::{AlarmKind as Kind, AlarmRow, Class};
use crate::tag::DeviceKind;

const RECTIFIER: DeviceKind = DeviceKind::Rectifier;

/// A rectifier that is switched off needs no water.
const OFF: Quiet = group(
    "Off",
    "BreakerClosed",
    |scan, device| {
        let reading = &scan.inputs.rectifiers[device.index];
        !reading.breaker_closed && !reading.tripped
    },
    60.0,
);

/// Every alarm.
pub(super) fn rows() -> Vec<AlarmRow> {
    vec![
        alarm(RECTIFIER, "RectifierTrip", Kind::Trip, Cause::Is(true))
            .on("Tripped")
            .severity(URGENT)
            .latched()
            .says("the rectifier has tripped", "TripCode says why; the bath freezes in 6 to 8 min"),
        alarm(RECTIFIER, "EarthLeakage", Kind::OffNormal, Cause::Outside(f64::NEG_INFINITY, 400.0))
            .on("EarthLeakageCurrent")
            .class(Class::Safety)
            .severity(URGENT)
            .delays(1.0, 5.0)
            .says("earth leakage", "leave the zone; find the fault"),
        alarm(
            RECTIFIER,
            "RectifierTemperature",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(85.0, URGENT)), (H, at(75.0, MEDIUM))], 2.0),
        )
        .on("HeatsinkTemperature")
        .delays(5.0, 10.0)
        .says("the heatsink is hot", "look at the cooling water; lower the current"),
        alarm(
            RECTIFIER,
            "TransformerOilTemperature",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(95.0, URGENT)), (H, at(85.0, MEDIUM))], 2.0),
        )
        .on("TransformerOilTemperature")
        .delays(5.0, 10.0)
        .says("the transformer is hot", "look at its cooler; lower the current"),
        alarm(
            RECTIFIER,
            "CoolingWaterFlow",
            Kind::ExclusiveLevel,
            // 80 and 60 % of the usual 4 l/min for each kA.
            limits(&[(L, per_ka(3.2, MEDIUM)), (LL, per_ka(2.4, URGENT))], 1.0),
        )
        .on("CoolingWaterFlow")
        .delays(5.0, 10.0)
        .quiet(OFF)
        .says("little cooling water", "look at pump and filter: the rectifier trips"),
        alarm(
            RECTIFIER,
            "WaterConductivity",
            Kind::ExclusiveLevel,
            limits(&[(H, at(10.0, MEDIUM))], 0.5),
        )
        .on("WaterConductivity")
        .class(Class::Maintenance)
        .delays(60.0, 60.0)
        .says("the cooling water conducts", "change the resin"),
        alarm(RECTIFIER, "CommunicationLost", Kind::SystemOffNormal, Cause::NoCommunication)
            .on("DcCurrent")
            .class(Class::System)
            .severity(MEDIUM)
            .delays(5.0, 5.0)
            .says("nothing comes from the rectifier", "look at its controller and network"),
    ]
}
