//! The component's side of the SDK: between the author's traits and the host. Only `export!` uses it.

pub mod bindings;
mod convert;
mod copies;
pub mod entry;
mod facts;
mod host;
mod runbooks;
mod send;
mod services;
