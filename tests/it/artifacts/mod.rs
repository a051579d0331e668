//! Artifacts when things go wrong: complete, or a clear failure; never half.

mod config;
mod download;
mod folder;
mod memory;
mod presence;
mod upload;
