//! The program as people and scripts call it: exit codes, what is on stdout and what on stderr.

mod bot;
mod check;
mod ci;
mod demo;
mod demo_backup;
mod demo_shop;
mod deploy;
mod notice;
mod plain;
pub(crate) mod program;
mod runbook;
mod terminal;
mod trail;
