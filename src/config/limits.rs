//! Every limit of the house, with its reason: those an operator may set under `[limits]`, and those that are fixed.
//! Not for retention (see `retention.rs`), and not for what a single plugin is given (see `plugins.rs`).

use super::section::Section;
use super::{plugins, values};
use std::time::Duration;

/// One kibibyte, in bytes.
pub const KIB: u64 = 1024;
/// One mebibyte, in bytes.
pub const MIB: u64 = 1024 * KIB;

// --- one plugin call ------------------------------------------------------

/// Default memory of one call, bytes. Ample for Rust (1.1 MiB at rest) and QuickJS; Python and StarlingMonkey need 128 MiB.
pub const CALL_MEMORY_BYTES: u64 = 64 * MIB;
/// Least memory that may be configured, bytes: below it not even a Rust guest starts (17 pages of 64 KiB).
pub const CALL_MEMORY_MIN_BYTES: u64 = 2 * MIB;
/// Most memory that may be configured, bytes: what a slot of the sandbox pool reserves.
pub const CALL_MEMORY_MAX_BYTES: u64 = 128 * MIB;
/// Default wall-clock deadline of one call, host calls included: long enough for a slow database, short enough that the
/// person who typed the command is still looking.
pub const CALL_TIME: Duration = Duration::from_secs(5);
/// Shortest deadline that may be configured: below it a busy machine fails honest plugins.
pub const CALL_TIME_MIN: Duration = Duration::from_millis(100);
/// Longest deadline that may be configured: slow work belongs in a job; a call holds its lane.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(60);
/// How often the sandbox's epoch moves on. A guest that loops notices within one tick.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);
/// CPU ticks one call may burn in its own code: two seconds. A handler thinks for microseconds; one that computes for
/// seconds is looping.
pub const CALL_CPU_TICKS: u64 = 200;
/// Deadline of a `suggest` call: a completion that comes later than this is of no use to the person typing.
pub const SUGGEST_TIME: Duration = Duration::from_secs(1);
/// Stack of a guest, bytes: enough for deep but honest recursion; the host's own fibre is larger.
pub const CALL_STACK_BYTES: usize = 512 * 1024;
/// Most elements of one table: what the JavaScript and Python runtimes ask for.
pub const CALL_TABLE_ELEMENTS: usize = 100_000;
/// Bytes that one crossing between guest and host may copy.
pub const HOST_CALL_BYTES: usize = 4 * 1024 * 1024;
/// Requests of the host in one call: more is a flood.
pub const HOST_CALLS: u64 = 1000;
/// Bytes that the host keeps for one call: what it read, the messages it builds and everything it wants written. Bounds
/// the host's memory and the size of a commit.
pub const CALL_HELD_BYTES: usize = 8 * 1024 * 1024;
/// Effects of one call: nobody reads a hundred messages.
pub const EFFECTS_PER_CALL: usize = 100;
/// Bytes of one view, as JSON: many times what a platform can show.
pub const VIEW_BYTES: usize = 256 * 1024;
/// Fields of one form: what Discord can show.
pub const FORM_FIELDS: usize = 5;
/// Options of one select: what Discord can show.
pub const SELECT_OPTIONS: usize = 25;
/// Lines written through `log` in one call; the rest are counted.
pub const LOG_LINES: usize = 100;
/// Bytes of one line written through `log`; the rest of the line is cut.
pub const LOG_LINE_BYTES: usize = 4 * 1024;
/// Bytes of a guest's stderr kept for the operator: a panic message and its backtrace.
pub const STDERR_BYTES: usize = 64 * 1024;
/// Bytes of one kv value; what is larger is an artifact, not a memory.
pub const KV_VALUE_BYTES: usize = 256 * 1024;
/// Bytes of one kv key.
pub const KV_KEY_BYTES: usize = 512;
/// Bytes that a timer carries: a reminder of what to do, not the thing itself.
pub const TIMER_PAYLOAD_BYTES: usize = 16 * 1024;
/// Timers that one call may set or cancel.
pub const TIMERS_PER_CALL: usize = 100;
/// Bytes of the machine-readable answer of a command, as JSON.
pub const DATA_BYTES: usize = 256 * 1024;
/// Messages that one call may have under construction, and everything else a guest holds by handle.
pub const HANDLES: usize = 256;
/// Entries that one list (kv, incidents, timeline) returns at most.
pub const LIST_ROWS: u32 = 1000;
/// Bytes of a plugin's file: compiling takes memory and CPU in proportion.
pub const PLUGIN_FILE_BYTES: u64 = 32 * MIB;

// --- what comes in --------------------------------------------------------

/// Bytes of one command's text; chat platforms stop far below it.
pub const COMMAND_BYTES: usize = 16 * 1024;
/// Bytes of one HTTP request's body.
pub const HTTP_BODY_BYTES: usize = 256 * 1024;
/// Bytes of a body that is too large which are still read and thrown away, so that its sender gets to see the answer.
pub const HTTP_DISCARD_BYTES: usize = 8 * 1024 * 1024;
/// How long a client may take to send a request's headers, and how long a connection may stay idle.
pub const HTTP_HEADER_TIME: Duration = Duration::from_secs(15);
/// How long a client may take to send a request's body.
pub const HTTP_BODY_TIME: Duration = Duration::from_secs(15);
/// Bytes of a request's headers.
pub const HTTP_HEADER_BYTES: usize = 32 * 1024;
/// HTTP connections at once; further ones wait to be accepted. Every open console page holds one.
pub const HTTP_CONNECTIONS: usize = 1024;
/// Characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_CHARS: usize = 200;
/// How long an API call waits for its command to end when it does not say.
pub const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// How long an API call may wait for its command to end.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(300);
/// Lines of the console stream that are read at once.
pub const STREAM_PAGE: i64 = 100;
/// Lines of the past that a newcomer to the console stream sees when it does not say.
pub const STREAM_LAST: i64 = 50;
/// Lines of the past that a newcomer to the console stream may ask for.
pub const STREAM_LAST_MAX: i64 = 1000;
/// How long a web session lasts: a shift.
pub const SESSION_TIME: Duration = Duration::from_secs(12 * 3600);
/// How long the link of `/drillbell login` may be used: it lies in the chat until then.
pub const LOGIN_LINK_TIME: Duration = Duration::from_secs(10 * 60);
/// How long an API token lasts when nobody says: a quarter, so that forgotten ones end.
pub const TOKEN_TIME: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long an API token may last: a year, as most houses' rules on keys have it.
pub const TOKEN_TIME_MAX: Duration = Duration::from_secs(366 * 24 * 3600);
/// How often the use of a token or session is written down: often enough to see what is alive, too seldom to cost anything.
pub const USE_NOTED_EVERY: Duration = Duration::from_secs(60);
/// Characters of a browser's own words about itself that are kept beside its session.
pub const AGENT_CHARS: usize = 200;
/// Rows of one page of a list when the caller does not say.
pub const PAGE_ROWS: i64 = 50;
/// Rows of one page of a list.
pub const PAGE_ROWS_MAX: i64 = 200;
/// Characters of a filter or cursor.
pub const FILTER_CHARS: usize = 200;
/// Sign-in links, and tokens, that one address may try in vain at once.
pub const SIGN_IN_TRIES: u32 = 10;
/// After how long one such try is forgiven.
pub const SIGN_IN_FORGIVEN: Duration = Duration::from_secs(6);
/// How long a readiness check may take.
pub const CHECK_TIME: Duration = Duration::from_secs(2);
/// Bytes of a configuration file; a larger one is not a configuration file.
pub const CONFIG_FILE_BYTES: u64 = MIB;
/// Bytes of a secret's file.
pub const SECRET_FILE_BYTES: u64 = 64 * KIB;

// --- how hard it is tried -------------------------------------------------

/// Lost conflicts after which a call takes its contended keys exclusively, so that it ends.
pub const CONFLICTS_BEFORE_EXCLUSIVE: u32 = 3;
/// Attempts at one event before it is parked and listed: our own failures only, a plugin's failure is an answer.
pub const ATTEMPTS_BEFORE_PARKED: u32 = 5;

// --- what an operator may set ---------------------------------------------

/// Default of `lanes`: what keeps two cores and one disk busy; more only lengthens the queue.
pub const LANES: u32 = 64;
/// Default of `inbox_backlog`: minutes of work on a small machine; beyond it the sender had better keep the event.
pub const INBOX_BACKLOG: u64 = 10_000;
/// Default of `shutdown`: below the ten seconds after which container runtimes kill.
pub const SHUTDOWN: Duration = Duration::from_secs(8);

/// `[limits]`: how much work is taken on at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls in flight at once, each in its own lane. 1 to 1024, default 64.
    pub lanes: u32,
    /// Waiting events at which intake answers "busy". At least 1, default 10000.
    pub inbox_backlog: u64,
    /// Deadline of a plugin call that sets none of its own. Default 5 s.
    pub call_time: Duration,
    /// Memory of a plugin call that sets none of its own, bytes. Default 64 MiB.
    pub call_memory_bytes: u64,
    /// How long a shutdown waits for what is in hand. Default 8 s.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lanes: LANES,
            inbox_backlog: INBOX_BACKLOG,
            call_time: CALL_TIME,
            call_memory_bytes: CALL_MEMORY_BYTES,
            shutdown: SHUTDOWN,
        }
    }
}

impl Limits {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let lanes = section.read("lanes", |node| values::integer(node, 1..=1024));
        let backlog = section.read("inbox_backlog", |node| values::integer(node, 1..=10_000_000));
        let shutdown = |node| values::duration(node, Duration::from_secs(1)..=Duration::from_secs(300));
        let limits = Self {
            lanes: lanes.and_then(|n| u32::try_from(n).ok()).unwrap_or(LANES),
            inbox_backlog: backlog.and_then(|n| u64::try_from(n).ok()).unwrap_or(INBOX_BACKLOG),
            call_time: section.read("call_time", plugins::call_time).unwrap_or(CALL_TIME),
            call_memory_bytes: section.read("call_memory", plugins::call_memory).unwrap_or(CALL_MEMORY_BYTES),
            shutdown: section.read("shutdown", shutdown).unwrap_or(SHUTDOWN),
        };
        section.finish();
        limits
    }
}
