//! Alarms of the plant (domain B9; OPC UA Part 9; ISA-18.2): plain state machines over tags, without a protocol.
//!
//! `catalogue` has one row for each alarm of a kind of device, [`AlarmTable`] lays them out over the plant's
//! devices. [`Alarms`] judges every input at each scan (`scan`), does what people ask (`operate`), tells every
//! change as a [`Notice`], and knows what is to be kept over a restart (`record`).

mod catalogue;
mod figures;
mod judge;
mod level;
mod operate;
mod order;
mod record;
pub mod row;
mod scan;
mod set;
mod settings;
mod state;
mod table;

pub use level::{Level, Limit};
pub use operate::access_of;
pub use order::{AlarmCommand, AlarmOrder, AlarmRefusal, COMMENT_MAX, Remark, SHELVED_MAX_S};
pub use record::Kept;
pub use row::{AlarmKind, AlarmRow, Class};
pub use set::{AlarmView, Alarms, Notice};
pub use settings::{Changes, Setting, Settings};
pub use state::{AlarmState, Branch, Comment, Said, Shelving, Toggle};
pub use table::{AlarmIndex, AlarmTable, FOLDER};
