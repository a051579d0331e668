//! Behaviour, from outside. One binary, because linking wasmtime is the slow part.

mod commands;
mod contract;
mod support;
mod tampering;
mod tidy;
