//! Behaviour, from outside. One binary, because linking wasmtime is the slow part.

mod contract;
mod support;
