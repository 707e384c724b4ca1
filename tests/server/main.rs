//! The real program, spoken to byte by byte: what well-meaning clients cannot send, and the answers of
//! every service. Case ids as in the conformance list.

mod alarm_crash;
mod alarm_mass;
mod alarms;
mod approval;
mod attacks;
mod audit;
mod bystander;
mod capacity;
mod certificates;
mod channel;
mod claims;
mod conformance;
mod corpora;
mod encoding;
mod event_history;
mod events;
mod faults;
mod history;
mod history_crash;
mod issued;
mod items;
mod kpi;
mod mdns;
mod program;
mod publishing;
mod raw;
mod registration;
mod reverse;
mod session;
mod shutdown;
mod transport;
mod types;
mod values;
mod view;
