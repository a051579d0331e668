//! What happens because its time has come: timers, once, and schedules, again and again. Due ones become events. One replica
//! at a time looks; what came due while nobody looked happens once, late, and the event says by how much.

mod occurrences;
mod timers;

pub use occurrences::{MISSED, OVERRAN};
pub use timers::Schedule;
