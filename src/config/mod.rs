//! What the plant and the server are: TOML in, checked structs out.
//!
//! Everything downstream trusts these structs: whatever can be wrong is found here, all at once.

mod plant;
mod server;

pub use plant::{
    CellModel, ControlConfig, ElectrolyzerConfig, FeedRecipe, FumeConfig, InstrumentConfig,
    LineConfig, PlantConfig, Product, RectifierConfig, UtilityConfig,
};
pub use server::{EndpointConfig, Limits, SecurityPolicy, ServerConfig, UserConfig};
