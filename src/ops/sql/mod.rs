//! One SQL statement that reads, as a step.

mod check;

pub use check::check;
