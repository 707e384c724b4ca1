//! Cellhouse: control engine, simulator and OPC UA server of a rare-earth electrolysis plant.
//!
//! Modules from the bottom up; `tests/architecture.rs` holds what each may use.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod units;
pub mod time;
pub mod rng;
pub mod access;
pub mod store;
pub mod chronicle;

pub mod config;
pub mod field;

pub mod plant;
pub mod control;
pub mod production;

pub mod tag;
pub mod alarm;
pub mod history;
pub mod kpi;

pub mod engine;
pub mod historian;

pub mod forward;
pub mod ua;
pub mod conformance;

pub mod app;
pub mod cli;
