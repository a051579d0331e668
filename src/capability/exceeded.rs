//! The limits that end a call. Those that a host function can refuse politely are `too-large` answers instead, and the
//! guest may go on.

use crate::config::limits::{CALL_CPU_TICKS, EPOCH_TICK, HANDLES, HOST_CALL_BYTES, HOST_CALLS};
use std::time::Duration;

/// Which limit ended a call; displays as what the plugin did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// Memory, all linear memories together.
    #[error("it needed more than {} MiB of memory", .limit_bytes >> 20)]
    Memory {
        /// The limit, in bytes.
        limit_bytes: u64,
    },
    /// Elements of one table.
    #[error("it needed a table of {elements} elements")]
    Table {
        /// What it asked for.
        elements: usize,
    },
    /// Time in its own code.
    #[error("it computed for more than {} ms", u128::from(CALL_CPU_TICKS) * EPOCH_TICK.as_millis())]
    Cpu,
    /// Time from beginning to end.
    #[error("it took longer than {} ms", .limit.as_millis())]
    Time {
        /// The limit.
        limit: Duration,
    },
    /// Bytes in one crossing.
    #[error("it passed more than {} MiB at once", HOST_CALL_BYTES >> 20)]
    Copied,
    /// Requests of the host.
    #[error("it made more than {HOST_CALLS} requests of the host")]
    Requests,
    /// Messages under construction and streams.
    #[error("it held more than {HANDLES} handles, such as messages under construction")]
    Handles,
}
