//! From a typed line to a checked invocation, and from an event to the plugins that hear it. Pure: what the grammar
//! needs to know of the world is handed in, and nothing is looked up, logged or sent here.

mod args;
mod catalog;
mod completion;
mod declaration;
mod help;
mod host;
mod lane;
mod line;
mod parse;
mod shown;
mod tail;
mod targets;
mod time;
mod value;
mod world;

pub use catalog::{Catalog, Clash, Command, Owner};
pub use completion::{Candidate, Completion, Source, SourceKind};
pub use declaration::{MAX_ARGS, MAX_CHOICES, MAX_NAME_CHARS, MAX_SUBCOMMANDS, MAX_SUMMARY_CHARS, check_declaration};
pub use host::{DEMO_COMMAND, HOST_COMMAND, demo_command, host_commands, with_choices};
pub use lane::{LaneKey, lane_of};
pub use line::{MAX_LINE_BYTES, quote};
pub use parse::{IncidentMention, Invocation, ParseError, Routed};
pub use shown::{MAX_SHOWN_CHARS, shown, visible};
pub use targets::{Subscriber, targets};
pub use world::{Named, World};

#[cfg(test)]
mod tests;
