//! The words of the house: events, effects, views, ids. No I/O and no logic beyond parsing and displaying a word.
//! Everything may import it; it imports nothing of ours.

pub mod approval;
pub mod blame;
pub mod bound;
pub mod canonical;
pub mod changes;
pub mod chart;
pub mod conversation;
pub mod copy;
pub mod deploy;
pub mod document;
pub mod drill;
pub mod effect;
pub mod event;
pub mod facts;
pub mod form;
pub mod ids;
pub mod incident;
pub mod job;
pub mod manifest;
pub mod markup;
pub mod message;
pub mod mirror;
pub mod page;
pub mod places;
pub mod public;
pub mod receipt;
pub mod reply;
pub mod route;
pub mod target;
pub mod unseen;
pub mod verdict;
pub mod view;
