//! Behaviour, from outside. One binary, because linking wasmtime is the slow part.

#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test with a line number")]
#![allow(clippy::print_stdout, reason = "what a test prints is shown only when it fails")]

mod alerts;
mod approvals;
mod artifacts;
mod backup;
mod browser;
mod charts;
mod cli;
mod commands;
mod contract;
mod crash;
mod deaf;
mod delivery;
mod discord;
mod escalation;
mod forms;
mod frozen;
mod grants;
mod identity;
mod jobs;
mod limits;
mod loading;
mod loopback;
mod migrations;
mod mirror;
mod notify;
mod ops;
mod overload;
mod parity;
mod plugins;
mod probes;
mod receipts;
mod retention;
mod rollback;
mod scrubbing;
mod sign_in;
mod slack;
mod status;
mod stories;
mod support;
mod tampering;
mod tidy;
mod two_chats;
mod web;
