//! Signals that belong together, as one value (domain B11).

use crate::access::Access;
use crate::tag::{Field, Part, StructureRow};

/// Structures of an electrolyzer.
pub(super) const ELECTROLYZER: &[StructureRow] = &[
    StructureRow {
        path: "Production.LastTap",
        data_type: 9001,
        encoding: 9002,
        access: Access::ReadOnly,
        fields: &[
            value("TapId", "Production.LastTapId"),
            Field { name: "EndTime", path: "Production.LastTapId", part: Part::Time },
            value("ProductCode", "Production.ProductCode"),
            value("OxideLotId", "Production.OxideLotId"),
            value("NetMass", "Production.LastTapNetMass"),
            value("MouldCount", "Production.LastTapMouldCount"),
            value("TapNumber", "Counters.Taps"),
            value("MetalTappedTotal", "Counters.MetalTappedTotal"),
        ],
    },
    StructureRow {
        path: "Control.FeedRecipe",
        data_type: 9003,
        encoding: 9004,
        access: Access::Engineer,
        fields: &[
            value("BaseFeedRate", "Control.BaseFeedRate"),
            value("UnderfeedFactor", "Control.UnderfeedFactor"),
            value("OverfeedFactor", "Control.OverfeedFactor"),
            value("OverfeedDuration", "Control.OverfeedDuration"),
            value("SlopeThreshold", "Control.SlopeThreshold"),
            value("SlopeWindow", "Control.SlopeWindow"),
            value("UnderfeedMax", "Control.UnderfeedMax"),
        ],
    },
    StructureRow {
        path: "Control.AlarmSettings",
        data_type: 9005,
        encoding: 9006,
        access: Access::Engineer,
        fields: &[
            value("ReferenceVoltage", "Control.ReferenceVoltage"),
            value("AnodeEffectVoltageThreshold", "Control.AnodeEffectVoltageThreshold"),
            value("AnodeEffectDose", "Control.AnodeEffectDose"),
            value("AnodeEffectCurrentReduction", "Control.AnodeEffectCurrentReduction"),
        ],
    },
];

const fn value(name: &'static str, path: &'static str) -> Field {
    Field { name, path, part: Part::Value }
}
