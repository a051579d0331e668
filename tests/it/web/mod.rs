//! The HTTP surface, over real connections.

mod commands;
mod login;
mod refusals;
mod serving;
mod status;
mod stream;
mod surface;
