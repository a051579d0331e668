//! Every limit of the house, with its reason: those that are fixed; what an operator may set under `[limits]` is in `operator.rs`.
//! Not for retention (see `retention.rs`), and not for what a single plugin is given (see `plugins.rs`).

pub mod alerts;
mod backups;
mod copies;
pub mod deploys;
mod discord;
mod kept;
mod operator;
mod places;
mod probes;
mod rollbacks;
mod runbooks;
mod slack;
mod status;

pub use backups::*;
pub use copies::*;
pub use discord::*;
pub use kept::*;
pub use operator::*;
pub use places::*;
pub use probes::*;
pub use rollbacks::*;
pub use runbooks::*;
pub use slack::*;
pub use status::*;

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
/// Bytes of a page's key: what PagerDuty takes as a `dedup_key`.
pub const PAGE_KEY_BYTES: usize = 255;
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
/// Schedules that a plugin may have: each is looked after for ever.
pub const SCHEDULES_PER_PLUGIN: usize = 100;
/// Most milliseconds of a schedule's start-by deadline or run limit: 31 days, the longest month.
pub const SCHEDULE_MS: i64 = 31 * 86_400_000;
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

// --- jobs -----------------------------------------------------------------

/// Jobs that one call may enqueue, cancel or both: a plan of work, not a flood.
pub const JOBS_PER_CALL: usize = 20;
/// Bytes of a job's spec: what to do, not the thing it is done to.
pub const JOB_SPEC_BYTES: usize = 64 * 1024;
/// Characters of a job's title: one line of a card.
pub const JOB_TITLE_CHARS: usize = 120;
/// Bytes of a job's key.
pub const JOB_KEY_BYTES: usize = 200;
/// Default of the runs that a job may have: two more chances for what fails now and then.
pub const JOB_ATTEMPTS: i64 = 3;
/// Most runs that a plugin may ask for; what fails twenty times is broken.
pub const JOB_ATTEMPTS_MAX: i64 = 20;
/// Default of how long one run may take: longer work says so.
pub const JOB_RUN_LIMIT: Duration = Duration::from_secs(3600);
/// Longest run that a plugin may ask for: a restore of a large database over a slow line.
pub const JOB_RUN_LIMIT_MAX: Duration = Duration::from_secs(48 * 3600);
/// Bytes of a job's result; what is larger is an artifact.
pub const JOB_RESULT_BYTES: usize = 64 * 1024;
/// Characters of the sentence that says how a job ended.
pub const JOB_SENTENCE_CHARS: usize = 1000;
/// Characters of the words for what a job does now.
pub const JOB_STAGE_CHARS: usize = 60;
/// Characters of a job's note on its progress.
pub const JOB_NOTE_CHARS: usize = 200;
/// Lines of live output in one message: what fits a screen.
pub const JOB_OUTPUT_LINES: usize = 40;
/// Bytes of live output in one message, so that it fits a message of any platform with its markup.
pub const JOB_OUTPUT_BYTES: usize = 3500;
/// Messages of live output in a job's thread; the last of them is rewritten from then on.
pub const JOB_OUTPUT_PAGES: u32 = 20;
/// Messages' worth of live output that may wait to be posted; of what is said faster the first lines are left out.
pub const JOB_OUTPUT_WAITING: usize = 4;
/// Characters of the name of a job's thread, where threads have names.
pub const JOB_THREAD_CHARS: usize = 80;
/// The last lines of live output that a job's card shows.
pub const JOB_CARD_LINES: usize = 3;
/// Characters of one line of live output.
pub const JOB_LINE_CHARS: usize = 300;
/// A job's messages are edited no more often than this: what platforms allow for several at once.
pub const JOB_EDIT: Duration = Duration::from_secs(2);
/// Wait before the second run of a job that failed and may not the next time; doubles with each.
pub const JOB_RETRY_FIRST: Duration = Duration::from_secs(5);
/// Longest wait between two runs.
pub const JOB_RETRY_LONGEST: Duration = Duration::from_secs(600);
/// How long a run that is to end may take for it before it is dropped: time to end a process and its children.
pub const JOB_GRACE: Duration = Duration::from_secs(10);
/// Jobs that are listed at most, in a status as well as for a plugin.
pub const JOBS_SHOWN: i64 = 200;

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
/// Incidents with open action items that are looked through for one page of those: more than a team ever has.
pub const INCIDENTS_LOOKED_AT: i64 = 5_000;
/// Characters of a filter or cursor.
pub const FILTER_CHARS: usize = 200;
/// Sign-in links that one address may try in vain at once.
pub const SIGN_IN_TRIES: u32 = 10;
/// After how long one such try is forgiven.
pub const SIGN_IN_FORGIVEN: Duration = Duration::from_secs(6);
/// How long a readiness check may take.
pub const CHECK_TIME: Duration = Duration::from_secs(2);
/// Bytes of a configuration file; a larger one is not a configuration file.
pub const CONFIG_FILE_BYTES: u64 = MIB;
/// Bytes of a secret's file.
pub const SECRET_FILE_BYTES: u64 = 64 * KIB;

/// For how long the members of a platform's group or role count that could not be asked for anew: who was taken out of it must not
/// stay in it for ever.
pub const GROUP_FRESH: Duration = Duration::from_secs(3600);

// --- secrets, programs and requests ---------------------------------------

/// Arguments of one configured command: far more than a person writes.
pub const COMMAND_ARGS: usize = 100;
/// Hosts of one configured command.
pub const COMMAND_HOSTS: usize = 200;
/// Longest time that a command may be given: what takes longer than a day is a service.
pub const COMMAND_TIME_MAX: Duration = Duration::from_secs(24 * 3600);
/// Characters that a `word` may be allowed to have.
pub const WORD_CHARS: i64 = 255;
/// Bytes kept of the beginning of a program's output: where it says what it is about to do.
pub const OUTPUT_HEAD_BYTES: usize = 16 * 1024;
/// Bytes kept of the end of a program's output: where it says what went wrong.
pub const OUTPUT_TAIL_BYTES: usize = 48 * 1024;
/// Bytes of one line of a program's output; the rest of the line is cut.
pub const OUTPUT_LINE_BYTES: usize = 4 * 1024;
/// Bytes of a program's standard output, or of a response's body, that a value can be captured from.
pub const CAPTURE_BYTES: usize = 64 * 1024;
/// How long a program has between being asked to end and being killed.
pub const CHILD_GRACE: Duration = Duration::from_secs(5);
/// How much longer than that its guard may take before both are killed from here.
pub const CHILD_STUCK: Duration = Duration::from_secs(10);
/// Bytes of an HTTP step's answer that are read.
pub const HTTP_STEP_ANSWER_BYTES: usize = 1024 * 1024;
/// Bytes of an HTTP step's body.
pub const HTTP_STEP_BODY_BYTES: usize = 256 * 1024;
/// Bytes of one value in an HTTP step; a captured token is far shorter.
pub const HTTP_STEP_VALUE_BYTES: usize = 8 * 1024;
/// How long a connection may take to come about: what takes longer is not there.
pub const HTTP_STEP_CONNECT: Duration = Duration::from_secs(10);
/// Redirects that are followed.
pub const HTTP_STEP_HOPS: u32 = 5;
/// Default time limit of an HTTP step.
pub const HTTP_STEP_TIME: Duration = Duration::from_secs(30);
/// Steps of one run, each of `each` counted.
pub const STEPS: usize = 500;
/// Bytes of a run's description.
pub const STEPS_BYTES: usize = 256 * 1024;
/// Bytes of one step's output that its result keeps.
pub const STEP_OUTPUT_BYTES: usize = 4 * 1024;
/// Bytes that are kept of the output of a step that passed: nobody looks for what went wrong there.
pub const STEP_PASSED_BYTES: usize = 512;
/// Captured secrets that are kept masked at once; each costs the scrubber a rebuild and a few kilobytes.
pub const CAPTURED_SECRETS: usize = 256;
// --- artifacts ------------------------------------------------------------

/// Characters of one part of an artifact's key: leaves room beside it in the 255 bytes that file systems allow.
pub const ARTIFACT_PART_CHARS: usize = 200;
/// Characters of an artifact's key: with a prefix and a checksum's name around it, it stays below the 1024 bytes of S3.
pub const ARTIFACT_KEY_CHARS: usize = 600;
/// Characters of a bucket's prefix.
pub const ARTIFACT_PREFIX_CHARS: usize = 200;
/// Bytes of what the caller notes about an artifact, names and values together: S3 allows 2 KB, and we note three more.
pub const ARTIFACT_METADATA_BYTES: usize = 1536;
/// Bytes read from a file or handed to a checksum at once.
pub const ARTIFACT_CHUNK_BYTES: usize = 256 * 1024;
/// Least bytes of one part of an upload: S3 allows 5 MiB; more means fewer requests, and every part is held in memory.
pub const S3_PART_BYTES: u64 = 8 * MIB;
/// Most bytes of one part: with it 10,000 parts are more than the 5 TiB that one object may have.
pub const S3_PART_MAX_BYTES: u64 = 600 * MIB;
/// Parts of one upload: what S3 allows.
pub const S3_PARTS: u64 = 10_000;
/// The same where nobody says how large the object will be.
pub const S3_UNHINTED_PART_BYTES: u64 = 16 * MIB;
/// Bytes of parts on their way at once. One part is always allowed, and one more is being filled meanwhile; with 64 MiB
/// the bot held 150 MB while it made a copy, and 100 are allowed.
pub const S3_IN_FLIGHT_BYTES: u64 = 16 * MIB;
/// Parts on their way at once: one is sent while the store still thinks about the other.
pub const S3_IN_FLIGHT: usize = 2;
/// Attempts at one request, the first included.
pub const S3_ATTEMPTS: u32 = 5;
/// The longest wait between two attempts.
pub const S3_BACKOFF: Duration = Duration::from_secs(20);
/// How long connecting may take.
pub const S3_CONNECT: Duration = Duration::from_secs(10);
/// How long a request may take until the answer begins: assembling a large object takes minutes.
pub const S3_ANSWER: Duration = Duration::from_secs(300);
/// How long a transfer may stand still before it is cut and tried again.
pub const S3_STALL: Duration = Duration::from_secs(30);
/// Drops of a download in a row, with less than `S3_PROGRESS_BYTES` between them, after which it is given up.
pub const S3_RESUMES: u32 = 5;
/// Bytes that count as progress of a download.
pub const S3_PROGRESS_BYTES: u64 = MIB;
/// How far the clocks of machines that share a store may differ, milliseconds: an hour.
pub const CLOCKS_DIFFER_MS: i64 = 3_600_000;
/// How long one upload may take; what is left of one that is older by an hour is nobody's and is cleared away.
pub const UPLOAD_TIME: Duration = Duration::from_secs(48 * 3600);
/// How long the doctor's probe of the artifact store may take: nobody waits longer for a doctor.
pub const PROBE_TIME: Duration = Duration::from_secs(30);
// --- paging ---------------------------------------------------------------

/// Default of how long one attempt to page may take: connecting, sending, and the answer. Whoever needs longer is tried again,
/// while the next page waits. Some mail servers make strangers wait for ten seconds.
pub const NOTIFY_TIME: Duration = Duration::from_secs(20);
/// Shortest time for it that may be configured: below it a busy network fails honest servers.
pub const NOTIFY_TIME_MIN: Duration = Duration::from_secs(1);
/// Longest time for it that may be configured.
pub const NOTIFY_TIME_MAX: Duration = Duration::from_secs(120);
/// Longest wait that a notifier may ask for: a page that is kept for longer helps nobody.
pub const NOTIFY_RETRY_AFTER: Duration = Duration::from_secs(600);
/// Levels of one ladder: beyond it nobody knows who is next.
pub const LADDER_LEVELS_MAX: usize = 10;
/// Names in one level.
pub const LADDER_TARGETS_MAX: usize = 20;
/// Longest time from the beginning of a ladder to one of its levels.
pub const LADDER_AFTER_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often one level may be paged again.
pub const LADDER_REPEATS_MAX: i64 = 100;
/// Default of how long it takes until a level is paged again.
pub const LADDER_EVERY: Duration = Duration::from_secs(300);
/// Shortest time for it: below it pages bury each other.
pub const LADDER_EVERY_MIN: Duration = Duration::from_secs(1);
/// Longest time for it.
pub const LADDER_EVERY_MAX: Duration = Duration::from_secs(24 * 3600);
/// Members of one rotation: more than a year of weeks.
pub const ROTATION_MEMBERS_MAX: usize = 60;
/// Overrides of one rotation.
pub const OVERRIDES_MAX: usize = 500;
/// How often the ways by which people are paged are tested.
pub const CONTACT_TEST_EVERY: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long after such a test its outcome is told to the operators.
pub const CONTACT_TEST_REPORT: Duration = Duration::from_secs(600);

/// Bytes of a notifier's answer that are read: enough for its words about what was wrong.
pub const NOTIFY_ANSWER_BYTES: usize = 4 * 1024;
/// Characters kept of why an attempt failed.
pub const ATTEMPT_DETAIL_CHARS: usize = 300;
/// Pages that `/drillbell status` names.
pub const STATUS_PAGES: i64 = 5;

// --- how hard it is tried -------------------------------------------------

/// Lost conflicts after which a call takes its contended keys exclusively, so that it ends.
pub const CONFLICTS_BEFORE_EXCLUSIVE: u32 = 3;
/// Attempts at one event before it is parked and listed: our own failures only, a plugin's failure is an answer.
pub const ATTEMPTS_BEFORE_PARKED: u32 = 5;

// --- approvals -------------------------------------------------------------

/// How long an approval waits when no rule says: whoever is on call answers within minutes, or is asleep.
pub const APPROVAL_TIME: Duration = Duration::from_secs(15 * 60);
/// Shortest wait: below it nobody has even read the card.
pub const APPROVAL_TIME_MIN: Duration = Duration::from_secs(30);
/// Longest wait: what was right a week ago has to be looked at again.
pub const APPROVAL_TIME_MAX: Duration = Duration::from_secs(7 * 86_400);
/// Most approvals that one thing can need; with more nothing is ever done.
pub const APPROVERS_MAX: i64 = 10;
/// Approvals that one call may ask for or take back: each is a card that somebody must read.
pub const APPROVALS_PER_CALL: usize = 10;
/// Bytes of an approval's subject: a plan, not the data it is about.
pub const APPROVAL_SUBJECT_BYTES: usize = 64 * 1024;
/// Characters of a vote's or an approval's reason, and of its title: they stand on a card and in the timeline.
pub const APPROVAL_WORDS_CHARS: usize = 500;
