//! What tests share: databases of both engines, built plugins, the bot as a process.

pub mod commits;
pub mod database;
pub mod postgres;
