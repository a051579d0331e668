//! What tests share: databases of both engines, built plugins, the bot as a process.

pub mod bot;
pub mod commits;
pub mod database;
pub mod postgres;
pub mod process;
pub mod schema;
pub mod sse;
pub mod web;
