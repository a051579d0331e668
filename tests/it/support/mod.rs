//! What tests share: databases of both engines, S3 servers, built plugins, sandboxes to run them in, the bot as a process, any view.

pub mod approvals;
pub mod artifacts;
pub mod bot;
pub mod browser;
pub mod buckets;
pub mod commits;
pub mod database;
pub mod drills;
pub mod faults;
pub mod judge;
pub mod kinds;
pub mod lost;
pub mod memory;
pub mod moment;
pub mod platform;
pub mod plugins;
pub mod postgres;
pub mod process;
pub mod prometheus;
pub mod proxy;
pub mod public;
pub mod receiver;
pub mod sandbox;
pub mod schema;
pub mod script;
pub mod smtp;
pub mod sse;
pub mod stalled;
pub mod views;
mod waiting;
mod warm;
pub mod web;

pub use drillbell_fakes::{discord, slack};
pub use waiting::{eventually, is_in, job_that};
