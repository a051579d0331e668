//! The console in a terminal: views drawn as cards, and outside text made harmless. Drawing only: the console's messages are
//! delivered by the commit itself, and reading and typing is the command line's work.

mod card;
mod clean;
mod ink;
mod wrap;

pub use card::{Numbers, card};
pub use clean::{clean, clean_line};
pub use ink::{Ink, Look, Style};
pub use wrap::{cells, wrap};

#[cfg(test)]
mod tests;
