//! Slack.

mod api;
mod connector;
mod controls;
mod pages;
mod refusal;
mod render;
mod text;
