//! Alarms of halls, fume treatment, utilities and the plant itself.

use crate::alarm::catalogue::row::{H, HH, L, LL, alarm, at, limits};
use crate::alarm::row::{Cause, HIGH, LOW, MEDIUM, SEVERE, URGENT};
use crate::alarm::{AlarmKind as Kind, AlarmRow, Class};
use crate::tag::DeviceKind;

/// Every alarm.
pub(super) fn rows() -> Vec<AlarmRow> {
    [hall(), fume(), stack(), utilities(), plant()].concat()
}

const FUME: DeviceKind = DeviceKind::FumeTreatment;

fn hall() -> Vec<AlarmRow> {
    const LINE: DeviceKind = DeviceKind::Line;
    vec![
        alarm(
            LINE,
            "HallHF",
            Kind::NonExclusiveLevel,
            limits(&[(HH, at(2.0, URGENT)), (H, at(1.0, HIGH))], 0.05),
        )
        .on("HallHF")
        .class(Class::Safety)
        .delays(10.0, 30.0)
        .says("hydrogen fluoride in the hall", "mask, leave"),
        alarm(
            LINE,
            "HallCO",
            Kind::NonExclusiveLevel,
            limits(&[(HH, at(24.0, URGENT)), (H, at(16.0, HIGH))], 1.0),
        )
        .on("HallCO")
        .class(Class::Safety)
        .delays(10.0, 30.0)
        .says("carbon monoxide in the hall", "mask, leave"),
        alarm(LINE, "PitWater", Kind::OffNormal, Cause::Is(true))
            .on("PitWaterDetected")
            .class(Class::Safety)
            .severity(URGENT)
            .delays(1.0, 0.0)
            .says("water in the pit", "leave the zone, shut the water off"),
    ]
}

fn fume() -> Vec<AlarmRow> {
    vec![
        alarm(FUME, "FumeFanStopped", Kind::OffNormal, Cause::Is(false))
            .on("FanRunning")
            .severity(SEVERE)
            .delays(30.0, 5.0)
            .says("the fan stands", "stop the feed, start the spare fan"),
        alarm(
            FUME,
            "FanVibration",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(11.0, HIGH)), (H, at(7.1, LOW))], 0.3),
        )
        .on("FanVibration")
        .class(Class::Maintenance)
        .delays(30.0, 30.0)
        .says("the fan vibrates", "look at bearing and impeller"),
        alarm(
            FUME,
            "BagDifferentialPressure",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(2200.0, MEDIUM)), (H, at(1800.0, LOW)), (L, at(400.0, LOW))], 50.0),
        )
        .on("BagDifferentialPressure")
        .delays(60.0, 60.0)
        .says("pressure over the bags", "high: clean them; low: a bag is torn or the fan stands"),
        alarm(
            FUME,
            "BagInletTemperature",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(150.0, HIGH)), (H, at(120.0, MEDIUM))], 3.0),
        )
        .on("BagInletTemperature")
        .delays(30.0, 60.0)
        .says("the gas is too hot for the bags", "open the air damper"),
    ]
}

fn stack() -> Vec<AlarmRow> {
    vec![
        alarm(
            FUME,
            "ScrubberPh",
            Kind::ExclusiveLevel,
            limits(&[(H, at(12.0, LOW)), (L, at(8.0, LOW))], 0.2),
        )
        .on("ScrubberPh")
        .delays(60.0, 60.0)
        .says("pH of the scrubber", "look at the caustic dosing"),
        alarm(
            FUME,
            "StackHF",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(5.0, HIGH)), (H, at(3.0, MEDIUM))], 0.2),
        )
        .on("StackHF")
        .delays(300.0, 300.0)
        .says("hydrogen fluoride in the stack", "look at scrubber and bags; report"),
        alarm(
            FUME,
            "StackParticulate",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(10.0, HIGH)), (H, at(8.0, MEDIUM))], 0.5),
        )
        .on("StackParticulate")
        .delays(300.0, 300.0)
        .says("dust in the stack", "look for a torn bag; report"),
        alarm(FUME, "CommunicationLost", Kind::SystemOffNormal, Cause::NoCommunication)
            .on("StackHF")
            .class(Class::System)
            .severity(MEDIUM)
            .delays(5.0, 5.0)
            .says("nothing comes from the stack analyser", "look at the analyser and its network"),
    ]
}

fn utilities() -> Vec<AlarmRow> {
    const UTILITIES: DeviceKind = DeviceKind::Utilities;
    vec![
        alarm(
            UTILITIES,
            "CoolingWaterSupplyPressure",
            Kind::ExclusiveLevel,
            limits(&[(L, at(2.5, MEDIUM)), (LL, at(2.0, URGENT))], 0.1),
        )
        .on("CoolingWaterSupplyPressure")
        .delays(10.0, 10.0)
        .says("little pressure of cooling water", "start the spare pump"),
        alarm(
            UTILITIES,
            "CompressedAirPressure",
            Kind::ExclusiveLevel,
            limits(&[(L, at(5.5, MEDIUM))], 0.1),
        )
        .on("CompressedAirPressure")
        .delays(10.0, 10.0)
        .says("little compressed air", "look at the compressors"),
    ]
}

fn plant() -> Vec<AlarmRow> {
    vec![
        alarm(
            DeviceKind::Plant,
            "CertificateExpiration",
            Kind::CertificateExpiration,
            Cause::Expiry,
        )
        .class(Class::System)
        .severity(LOW)
        .says("the server's certificate ends soon", "make a new one: cellhouse cert"),
    ]
}
