//! The HTTP surface, over real connections.

mod commands;
mod login;
mod refusals;
mod serving;
mod stream;
mod surface;
