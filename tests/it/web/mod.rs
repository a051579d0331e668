//! The HTTP surface, over real connections.

mod channels;
mod commands;
mod login;
mod pages;
mod refusals;
mod serving;
mod sessions;
mod stream;
mod surface;
mod tokens;
