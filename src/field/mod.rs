//! The terminal strip between the plant and its controls.
//!
//! The plant writes [`Inputs`] (what instruments show, with their quality) and reads [`Outputs`]
//! (what the controls command). Neither side knows the other. Indexes are the configuration's:
//! electrolyzer `i` has feeder `i`; a rectifier feeds one or more electrolyzers in series.

mod inputs;
mod outputs;
mod reading;

pub use inputs::{
    AnodeInputs, ElectrolyzerInputs, FeederInputs, FumeInputs, HallInputs, Inputs, RectifierInputs,
    UtilityInputs,
};
pub use outputs::{
    AnodeChange, ElectrolyzerOutputs, FeederOutputs, FumeOutputs, Outputs, RectifierOutputs,
};
pub use reading::{Quality, Reading};
