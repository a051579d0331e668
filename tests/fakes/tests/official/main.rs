//! The fakes against clients that nobody of us wrote: what the platforms' own clients take for Slack and Discord, is one.

mod binary;
mod client;
mod discord;
mod slack;
