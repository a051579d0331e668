//! Drillbell: a chat-ops bot whose commands are handled by sandboxed WebAssembly plugins.
//!
//! ```text
//!  console / API ─┐
//!  timers ────────┼─> intake ─> [inbox] ─> dispatch ─> router ─> plugin call (fresh sandbox, grants, limits)
//!                 ┘   (dedup)                 │
//!                                             v
//!                          one transaction: inbox done + kv + incidents + [outbox] + audit
//!                                             v
//!                                    outbox ─> platform ─> chat
//! ```
//!
//! Words are at the bottom (`model`), wiring at the top (`app`); an inbound lane and an outbound lane never import each
//! other. `tests/it/tidy.rs` enforces the import table of `ARCHITECTURE.md`.

pub mod alert;
pub mod app;
pub mod artifacts;
pub mod audit;
pub mod bindings;
pub mod board;
pub mod capability;
pub mod chart;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod dispatch;
pub mod escalation;
pub mod export;
pub mod followers;
pub mod hooks;
pub mod housekeeping;
pub mod incident;
pub mod intake;
pub mod jobs;
pub mod migration;
pub mod model;
pub mod notify;
pub mod ops;
pub mod outbox;
pub mod platform;
pub mod plugin;
pub mod policy;
pub mod probes;
pub mod reading;
pub mod recovery;
pub mod recurrence;
pub mod router;
pub mod runbook;
pub mod schedule;
pub mod scrub;
pub mod signin;
pub mod status;
pub mod store;
pub mod telemetry;
pub mod verification;
pub mod web;
