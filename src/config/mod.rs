//! What the plant and the server are: TOML in, checked structs out.
//!
//! Everything downstream trusts these structs: whatever can be wrong is found here, all at once.

mod alarm;
mod approval;
mod approval_file;
mod discovery;
mod discovery_file;
mod history;
mod history_file;
mod issuer;
mod issuer_file;
mod line_file;
mod load;
mod mistake;
mod model_file;
mod password;
mod plant;
mod plant_file;
mod policy;
mod postgres;
mod postgres_file;
mod role_file;
mod role_rules;
mod section;
mod server;
mod server_file;
mod user_file;
mod users;

pub use alarm::{ALARMS, AlarmConfig};
pub use approval::{ApprovalConfig, ApprovalRule, Hazard};
pub use discovery::{DiscoveryConfig, ReverseConnect, TargetUrl};
pub use history::{ExceptionRule, HistorySettings};
pub use issuer::{IssuerConfig, IssuerKey, TokenAlgorithm};
pub use load::{default_plant, default_server, load_plant, load_server, parse_plant, parse_server};
pub use mistake::Mistake;
pub use password::{BYTES_MAX, CHARS_MIN, RULE, WeakPassword};
pub use plant::{
    CellModel, ControlConfig, ElectrolyzerConfig, FeedRecipe, FumeConfig, InstrumentConfig,
    LineConfig, PlantConfig, Product, RectifierConfig, UtilityConfig,
};
pub use policy::{EndpointConfig, KeyType, SecurityPolicy};
pub use postgres::{PostgresConfig, PostgresTls};
pub use role_file::{RoleFileError, load_roles, save_roles};
pub use role_rules::{
    AddedRole, AnyRole, Claim, Criterion, EndpointRule, IdentityRule, Listed, RULES_MAX, RoleRules,
    RoleTable,
};
pub use server::{AuditConfig, CertificateChecks, Limits, ServerConfig};
pub use users::{UserChange, UserConfig, UserError, UserList, UserOptions, Users};
