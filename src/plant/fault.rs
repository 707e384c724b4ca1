//! Faults that a person or a scenario puts into the plant, to see what controls and alarms make of them.

use crate::plant::Plant;

/// Kinds of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Electrolyzer: the bath thermocouple is open.
    ThermocoupleFailed,
    /// Electrolyzer: the bath thermocouple shows its last value.
    ThermocoupleFrozen,
    /// Electrolyzer: the cell voltage is not measured.
    VoltageLost,
    /// Electrolyzer: the hood door is open.
    HoodOpen,
    /// Electrolyzer or line: the emergency stop is pressed.
    EmergencyStop,
    /// Electrolyzer or line: water in the pit.
    PitWater,
    /// Electrolyzer: an anode effect breaks out.
    AnodeEffect,
    /// Feeder: the load cells fail.
    LoadCellFailed,
    /// Feeder: the screw is stuck.
    FeederJam,
    /// Feeder: the powder bridges.
    FeederBridge,
    /// Feeder: the drive fails.
    FeederDrive,
    /// Feeder: the hopper door is open.
    HopperDoor,
    /// Feeder: the chute is crusted over.
    ChuteBlocked,
    /// Rectifier: it trips.
    RectifierTrip,
    /// Rectifier: earth fault.
    EarthFault,
    /// Rectifier: little cooling water.
    WaterLow,
    /// Fume treatment: the fan stops.
    FanStop,
    /// Line: hydrogen fluoride in the hall.
    HallHf,
    /// Line: carbon monoxide in the hall.
    HallCo,
}

impl FaultKind {
    /// Every kind with its name.
    pub const ALL: [(&'static str, Self); 19] = [
        ("ThermocoupleFailed", Self::ThermocoupleFailed),
        ("ThermocoupleFrozen", Self::ThermocoupleFrozen),
        ("VoltageLost", Self::VoltageLost),
        ("HoodOpen", Self::HoodOpen),
        ("EmergencyStop", Self::EmergencyStop),
        ("PitWater", Self::PitWater),
        ("AnodeEffect", Self::AnodeEffect),
        ("LoadCellFailed", Self::LoadCellFailed),
        ("FeederJam", Self::FeederJam),
        ("FeederBridge", Self::FeederBridge),
        ("FeederDrive", Self::FeederDrive),
        ("HopperDoor", Self::HopperDoor),
        ("ChuteBlocked", Self::ChuteBlocked),
        ("RectifierTrip", Self::RectifierTrip),
        ("EarthFault", Self::EarthFault),
        ("WaterLow", Self::WaterLow),
        ("FanStop", Self::FanStop),
        ("HallHf", Self::HallHf),
        ("HallCo", Self::HallCo),
    ];

    /// What to tell someone who asked for another kind.
    pub const UNKNOWN: &'static str = "no such kind of fault; there are ThermocoupleFailed, \
        ThermocoupleFrozen, VoltageLost, HoodOpen, EmergencyStop, PitWater, AnodeEffect, \
        LoadCellFailed, FeederJam, FeederBridge, FeederDrive, HopperDoor, ChuteBlocked, \
        RectifierTrip, EarthFault, WaterLow, FanStop, HallHf, HallCo";

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|it| it.0 == name).map(|it| it.1)
    }

    /// Whether this can happen at `place`.
    fn fits(self, place: Place) -> bool {
        match self {
            Self::ThermocoupleFailed
            | Self::ThermocoupleFrozen
            | Self::VoltageLost
            | Self::HoodOpen
            | Self::AnodeEffect => matches!(place, Place::Electrolyzer(_)),
            Self::EmergencyStop | Self::PitWater => {
                matches!(place, Place::Electrolyzer(_) | Place::Hall(_))
            }
            Self::LoadCellFailed
            | Self::FeederJam
            | Self::FeederBridge
            | Self::FeederDrive
            | Self::HopperDoor
            | Self::ChuteBlocked => matches!(place, Place::Feeder(_)),
            Self::RectifierTrip | Self::EarthFault | Self::WaterLow => {
                matches!(place, Place::Rectifier(_))
            }
            Self::FanStop => place == Place::Fume,
            Self::HallHf | Self::HallCo => matches!(place, Place::Hall(_)),
        }
    }
}

/// Where a fault is; indexes as in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An electrolyzer.
    Electrolyzer(usize),
    /// The feeder of an electrolyzer.
    Feeder(usize),
    /// A rectifier.
    Rectifier(usize),
    /// A line's hall.
    Hall(usize),
    /// The off-gas treatment.
    Fume,
}

/// A fault that lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Active {
    kind: FaultKind,
    place: Place,
    rest_s: f64,
}

impl Plant {
    /// Lets `kind` happen at `place` for `seconds`, but for one scan at least. Jams, bridges and anode effects
    /// last until they are dealt with, and so does what a fault has tripped; for so long a jam comes again as
    /// often as it is broken. False if it cannot happen there.
    pub fn inject(&mut self, kind: FaultKind, place: Place, seconds: f64) -> bool {
        if !kind.fits(place) {
            return false;
        }
        match (kind, place) {
            (FaultKind::FeederBridge, Place::Feeder(index)) => self.feeders[index].bridged = true,
            (FaultKind::AnodeEffect, Place::Electrolyzer(index)) => {
                self.cells[index].passivated = 1.0;
            }
            _ => {
                if let (FaultKind::FeederJam, Place::Feeder(index)) = (kind, place) {
                    self.feeders[index].jammed = true;
                }
                self.faults.retain(|it| (it.kind, it.place) != (kind, place));
                self.faults.push(Active { kind, place, rest_s: seconds });
            }
        }
        true
    }

    /// Whether `kind` is at `place` now.
    pub(super) fn has_fault(&self, kind: FaultKind, place: Place) -> bool {
        // Hardly ever is there any.
        !self.faults.is_empty() && self.faults.iter().any(|it| it.kind == kind && it.place == place)
    }

    /// Lets faults come to their ends, after the step in which they were felt.
    pub(super) fn age_faults(&mut self, dt_s: f64) {
        self.faults.iter_mut().for_each(|it| it.rest_s -= dt_s);
        self.faults.retain(|it| it.rest_s > 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::FaultKind;

    #[test]
    fn every_kind_is_named_to_someone_who_asked_for_another() {
        for (name, kind) in FaultKind::ALL {
            assert!(FaultKind::UNKNOWN.contains(name), "{name}");
            assert_eq!(FaultKind::from_name(name), Some(kind));
        }
        assert_eq!(FaultKind::from_name("Gremlin"), None);
    }
}
