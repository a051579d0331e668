//! Plugins: loading them, and calling them one event at a time in a fresh sandbox each. What a guest may do is in
//! `capability`; what becomes of its changes is the caller's business.

mod bundled;
mod cache;
mod call;
mod engine;
mod error;
mod event;
mod guest;
mod handlers;
mod home;
mod load;
mod package;
mod registry;
mod stderr;
mod ticker;
mod trial;

use std::borrow::Cow;

pub use call::{CallInput, CallReport, Suggestion};
pub use engine::{Sandbox, SandboxError, SandboxOptions};
pub use error::CallError;
pub use event::{Command, HandlerEvent, SuggestQuery};
pub use package::{Package, PackageError};
pub use registry::{Builtins, Origin, Plugin, PluginInfo, PluginSource, PluginState, Registry, Shared};

/// The plugins inside this program, ready for the registry.
pub fn builtins() -> Builtins {
    bundled::BUNDLED.iter().map(|(name, bytes, _)| ((*name).to_owned(), Cow::Borrowed(*bytes))).collect()
}
