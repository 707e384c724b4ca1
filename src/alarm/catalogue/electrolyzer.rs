//! Alarms of electrolyzers.

use crate::alarm::catalogue::row::{
    H, HH, L, LL, alarm, at, by_size, group, limits, measured, of_tag, off_bath,
};
use crate::alarm::row::{
    Answer, Cause, HIGH, LOW, LimitRow, MEDIUM, Measured, Quiet, SEVERE, URGENT,
};
use crate::alarm::{AlarmKind as Kind, AlarmRow, Class};
use crate::control::{ElectrolyzerStatus, Method, Phase};
use crate::tag::{Device, DeviceKind, Scan};

const EL: DeviceKind = DeviceKind::Electrolyzer;

/// An electrolyzer that makes no metal has neither bath temperature nor voltage to alarm on; for a while after
/// its start both still settle.
const NOT_RUNNING: Quiet = group(
    "NotRunning",
    "State.Phase",
    |scan, device| !status(scan, device).phase.makes_metal(),
    600.0,
);
/// Voltage and current mean nothing else than what is going on already.
const DISTURBED: Quiet = group(
    "Disturbed",
    "State.Phase",
    |scan, device| status(scan, device).phase != Phase::Running,
    120.0,
);
/// Without a bath there is no level, and no interlock worth an alarm.
const OFF: Quiet =
    group("Off", "State.Phase", |scan, device| !status(scan, device).phase.is_energised(), 0.0);

fn status<'a>(scan: &Scan<'a>, device: &Device) -> &'a ElectrolyzerStatus {
    &scan.status.electrolyzers[device.index]
}

/// Every alarm, the causes before what follows from them: who is first in its group is told by this order if
/// both come in one scan.
pub(super) fn rows() -> Vec<AlarmRow> {
    [safety(), anode_effect(), temperature(), contents(), voltage(), current(), upkeep()].concat()
}

/// Elements of `State.InterlockStatus` that ask for somebody: all but I8, since a tap or anode change is work, not
/// trouble.
const INTERLOCKS: &[(usize, u16)] = &[
    (0, URGENT),
    (1, URGENT),
    (2, HIGH),
    (3, URGENT),
    (4, HIGH),
    (5, MEDIUM),
    (6, MEDIUM),
    (8, URGENT),
    (9, HIGH),
    (10, HIGH),
    (11, URGENT),
    (12, MEDIUM),
];

fn safety() -> Vec<AlarmRow> {
    vec![
        alarm(EL, "PitWater", Kind::OffNormal, Cause::Is(true))
            .on("State.PitWater")
            .class(Class::Safety)
            .severity(URGENT)
            .delays(1.0, 0.0)
            .says("water in the pit", "leave the zone, shut the water off; no crane over the cell"),
        alarm(EL, "DraftLost", Kind::OffNormal, Cause::Outside(f64::NEG_INFINITY, -5.0))
            .on("Offgas.HoodDraftPressure")
            .severity(SEVERE)
            .delays(30.0, 10.0)
            .quiet(group(
                "HoodOpen",
                "Offgas.HoodOpen",
                |scan, device| {
                    scan.inputs.electrolyzers[device.index].hood_open || (OFF.when)(scan, device)
                },
                60.0,
            ))
            .says("the hood draws no gas", "stop the feed, look at fan and damper"),
        alarm(
            EL,
            "ShellTemperature",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(280.0, URGENT)), (H, at(220.0, MEDIUM))], 3.0),
        )
        .on("Lining.ShellTemperatureMax")
        .delays(30.0, 60.0)
        .says("shell temperature", "look for a run-out, cool the shell, lower the current"),
        alarm(EL, "InterlockActive", Kind::OffNormal, Cause::Flags(INTERLOCKS))
            .on("State.InterlockStatus")
            .severity(MEDIUM)
            .delays(2.0, 2.0)
            .quiet(OFF)
            .says("an interlock acts", "FirstOutInterlock names the first; remove its cause"),
    ]
}

fn anode_effect() -> Vec<AlarmRow> {
    let lengthy = |scan: &Scan<'_>, device: &Device| {
        let status = status(scan, device);
        status.anode_effect_unquenched && status.phase == Phase::Held
    };
    vec![
        AlarmRow {
            escalation: Some((120.0, URGENT)),
            watched: "Electrical.CellVoltage",
            ..alarm(EL, "AnodeEffect", Kind::AnodeEffect, Cause::Is(true))
        }
        .on("AnodeEffect.Active")
        .severity(SEVERE)
        .says("anode effect", "stir, look at the feeder, quench"),
        alarm(
            EL,
            "AnodeEffectWarning",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(0.97, HIGH)), (H, at(0.92, MEDIUM))], 0.03),
        )
        .on("AnodeEffect.Risk")
        .delays(60.0, 60.0)
        .quiet(NOT_RUNNING)
        .says("an anode effect is near", "raise the feed, look at the feeder"),
        AlarmRow {
            answers: &[
                Answer { text: "Restart", method: Some(Method::Resume) },
                Answer { text: "Stay held", method: None },
                Answer { text: "Stop", method: Some(Method::Stop) },
            ],
            ..alarm(EL, "RestartAfterAnodeEffect", Kind::Dialog, Cause::When(lengthy))
        }
        .on("State.Phase")
        .severity(HIGH)
        .says(
            "The anode effect was not quenched and the electrolyzer is held. Restart it?",
            "stir and clear the anodes before a restart",
        ),
    ]
}

fn temperature() -> Vec<AlarmRow> {
    let temperature = &[
        (HH, off_bath(40.0, URGENT)),
        (H, off_bath(20.0, MEDIUM)),
        (L, off_bath(-15.0, MEDIUM)),
        (LL, off_bath(-25.0, URGENT)),
    ];
    let rate = &[(HH, at(6.0, MEDIUM)), (H, at(3.0, LOW)), (L, at(-3.0, LOW))];
    vec![
        alarm(EL, "BathTemperatureSensor", Kind::InstrumentDiagnostic, Cause::Unusable)
            .on("Bath.Temperature")
            .class(Class::Maintenance)
            .severity(HIGH)
            .delays(5.0, 5.0)
            .says("the bath thermometer cannot be used", "change the sheath; dip by hand"),
        alarm(EL, "BathTemperature", Kind::ExclusiveLevel, limits(temperature, 2.0))
            .on("Bath.Temperature")
            .delays(30.0, 60.0)
            .quiet(NOT_RUNNING)
            .says("bath temperature", "trim the current; far too low: the metal freezes"),
        alarm(
            EL,
            "BathTemperatureRate",
            Kind::ExclusiveRateOfChange,
            measured(Measured::Derived("Bath.TemperatureRate"), rate, 0.5),
        )
        .on("Bath.Temperature")
        .delays(60.0, 60.0)
        .quiet(DISTURBED)
        .says("the bath temperature runs away", "look at current, feed and fume"),
    ]
}

fn contents() -> Vec<AlarmRow> {
    // Per cent of the usual immersion above the bottom, which stands 80 mm below the electrodes.
    let level = &[
        (HH, by_size([506.0, 640.0, 595.0], MEDIUM)),
        (H, by_size([479.0, 605.0, 563.0], LOW)),
        (L, by_size([384.0, 480.0, 448.0], LOW)),
        (LL, by_size([270.0, 330.0, 310.0], HIGH)),
    ];
    let metal =
        &[(HH, by_size([57.0, 95.0, 475.0], MEDIUM)), (H, by_size([51.0, 85.0, 425.0], LOW))];
    vec![
        alarm(EL, "BathLevel", Kind::ExclusiveLevel, limits(level, 5.0))
            .on("Bath.Level")
            .delays(60.0, 60.0)
            .quiet(OFF)
            .says("bath level", "low: add salt; high: tap"),
        alarm(EL, "MetalLevel", Kind::ExclusiveLevel, limits(metal, 2.0))
            .on("Bath.MetalMassEstimate")
            .delays(60.0, 60.0)
            .quiet(OFF)
            .says("the crucible is full of metal", "tap"),
        alarm(
            EL,
            "OxideHigh",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(3.8, MEDIUM)), (H, at(3.2, LOW))], 0.1),
        )
        .on("Bath.OxideConcentrationEstimate")
        .delays(600.0, 60.0)
        .quiet(NOT_RUNNING)
        .says("more oxide than dissolves: sludge", "underfeed"),
        alarm(EL, "AssayOutOfSpec", Kind::OffNormal, Cause::Outside(8.0, 16.0))
            .on("Bath.LithiumFluoride")
            .class(Class::Quality)
            .severity(MEDIUM)
            .says("lithium fluoride out of 8 to 16 %", "correct the bath; block the lot"),
    ]
}

fn voltage() -> Vec<AlarmRow> {
    let reference = |offset, severity| of_tag("Control.ReferenceVoltage", 1.0, offset, severity);
    vec![
        alarm(EL, "CellVoltageSensor", Kind::InstrumentDiagnostic, Cause::Unusable)
            .on("Electrical.CellVoltage")
            .class(Class::Maintenance)
            .severity(HIGH)
            .delays(5.0, 5.0)
            .says("the cell voltage is not measured", "look at the measuring leads"),
        alarm(EL, "CellShortCircuit", Kind::Trip, Cause::Flags(&[(8, URGENT)]))
            .on("State.InterlockStatus")
            .severity(URGENT)
            .latched()
            .says("short circuit between the electrodes", "lower the current, free the electrode"),
        alarm(
            EL,
            "CellVoltage",
            Kind::ExclusiveLimit,
            limits(
                &[(H, reference(1.0, LOW)), (L, reference(-1.5, LOW)), (LL, at(4.0, URGENT))],
                0.1,
            ),
        )
        .on("Electrical.CellVoltage")
        .delays(5.0, 10.0)
        .quiet(DISTURBED)
        .says("cell voltage", "look at feed, anodes and contacts"),
    ]
}

fn current() -> Vec<AlarmRow> {
    let demand =
        |factor, severity| -> LimitRow { of_tag("Control.CurrentDemand", factor, 0.0, severity) };
    vec![
        alarm(
            EL,
            "CurrentDeviation",
            Kind::ExclusiveDeviation,
            measured(
                Measured::Deviation("Control.CurrentDemand"),
                &[(H, demand(0.05, MEDIUM)), (L, demand(-0.05, MEDIUM))],
                0.02,
            ),
        )
        .on("Electrical.CellCurrent")
        .delays(30.0, 30.0)
        .quiet(NOT_RUNNING)
        .says("the current does not follow", "look at the rectifier"),
        alarm(
            EL,
            "VoltageNoise",
            Kind::ExclusiveLevel,
            limits(&[(HH, at(300.0, LOW)), (H, at(120.0, LOW))], 10.0),
        )
        .on("Electrical.CellVoltageNoise")
        .delays(60.0, 60.0)
        .quiet(DISTURBED)
        .says("the cell voltage is noisy", "sludge or a loose contact"),
        alarm(
            EL,
            "AnodeCurrentImbalance",
            Kind::NonExclusiveLimit,
            measured(Measured::Spread, &[(H, at(160.0, LOW)), (L, at(40.0, LOW))], 5.0),
        )
        .on("Electrical.AnodeCurrents")
        .class(Class::Maintenance)
        .delays(60.0, 60.0)
        .quiet(DISTURBED)
        .says("an anode carries too much or too little", "reseat its clamp"),
    ]
}

fn upkeep() -> Vec<AlarmRow> {
    vec![
        alarm(EL, "TapOverdue", Kind::Discrepancy, limits(&[(H, at(150.0, LOW))], 1.0))
            .on("Counters.TimeSinceTap")
            .class(Class::Process)
            .delays(0.0, 0.0)
            .quiet(NOT_RUNNING)
            .says("the tap is more than 30 min late", "tap"),
        alarm(
            EL,
            "AnodeWorn",
            Kind::ExclusiveLevel,
            limits(&[(L, at(24.0, LOW)), (LL, at(20.0, MEDIUM))], 1.0),
        )
        .on("Maintenance.ThinnestAnode")
        .class(Class::Maintenance)
        .delays(600.0, 10.0)
        .quiet(OFF)
        .says("the change of an anode is overdue", "change the thinnest anode"),
        alarm(
            EL,
            "EnergyAboveBudget",
            Kind::ExclusiveLevel,
            limits(&[(H, by_size([7.8, 7.4, 6.6], LOW))], 0.1),
        )
        .on("Production.SpecificEnergy24h")
        .class(Class::Statistical)
        .delays(600.0, 600.0)
        .quiet(NOT_RUNNING)
        .says("energy per kg of a day is above budget", "look at voltage and efficiency"),
        alarm(EL, "CurrentEfficiencyLow", Kind::ExclusiveLevel, limits(&[(L, at(70.0, LOW))], 1.0))
            .on("Production.CurrentEfficiency24h")
            .class(Class::Statistical)
            .delays(600.0, 600.0)
            .quiet(NOT_RUNNING)
            .says("current efficiency of a day is low", "look at temperature, sludge, taps"),
        alarm(EL, "CommunicationLost", Kind::SystemOffNormal, Cause::NoCommunication)
            .on("Electrical.CellVoltage")
            .class(Class::System)
            .severity(MEDIUM)
            .delays(5.0, 5.0)
            .says("nothing comes from the controller", "look at the controller and its network"),
    ]
}
