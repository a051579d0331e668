//! Write Drillbell plugins in Rust.
//!
//! A plugin is a type with a trait for each kind of event it handles, a `plugin.toml` that declares its commands and what
//! it wants to be allowed, and one line of export. Whatever it asks of the [`Bot`] counts only if the handler returns
//! ok, all of it or nothing, so a handler is a transaction and never has to clean up after itself.
//!
//! ```ignore
//! use drillbell_sdk::{Bot, Command, OnCommand, Result, user};
//!
//! struct Greeter;
//!
//! impl OnCommand for Greeter {
//!     fn on_command(bot: &mut impl Bot, cmd: Command) -> Result {
//!         let name = cmd.text("name").ok_or_else(|| user("Whom? Try `/greet hello Ana`."))?;
//!         let times: u32 = bot.get_json(name)?.unwrap_or(0) + 1;
//!         bot.set_json(name, &times)?;
//!         bot.reply(format!("Hello {name}, for the {times}. time."))?;
//!         Ok(())
//!     }
//! }
//!
//! drillbell_sdk::export!(Greeter: on_command; manifest "plugin.toml");
//! ```
//!
//! Natively the same crate runs against [`testing::FakeBot`], in milliseconds and without a host.

mod approval;
mod args;
mod backups;
pub mod book;
mod bot;
mod chart;
mod error;
mod escalation;
mod events;
mod export;
mod facts;
mod form;
pub mod found;
mod handlers;
mod ids;
mod incident;
mod job;
mod place;
mod public;
mod runbooks;
mod schedule;
mod services;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod time;
mod view;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod wasm;
pub mod words;

pub use approval::{ApprovalRequest, Asked};
pub use args::Args;
pub use backups::{BackupCopy, Backups, Pinned, Target};
pub use bot::{Bot, Level, PageAction};
pub use chart::{Chart, Unit};
pub use error::{Error, HostError, HostResult, Result, internal, user};
pub use escalation::{Contact, Step};
pub use events::{Action, Alert, Approval, Command, Declared, Deploy, Job, Person, Query, Reaction, Suggestion, Timer};
pub use facts::{Clocks, Deed, Facts, Holder, Past, Span, Task};
pub use form::{Form, FormField, Input};
pub use handlers::{
    OnAction, OnAlert, OnApproval, OnCommand, OnDeploy, OnIncident, OnJob, OnReaction, OnTimer, Suggest,
};
pub use ids::{ApprovalId, Conversation, IncidentId, MessageRef};
pub use incident::{Entry, Incident, Severity, Status};
pub use job::{JobInfo, NewJob, OnLost};
pub use place::{Format, Home, Place};
pub use public::{PublicMaintenance, PublicRule, PublicUpdate};
pub use runbooks::{Runbooks, Shelved, Suggested};
pub use schedule::{Schedule, Scheduled};
pub use services::{Deployed, Migration, Running, Services};
pub use view::{Block, Button, ButtonStyle, Once, Tone, View};
