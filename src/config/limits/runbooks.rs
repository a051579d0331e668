//! The bounds of runbooks, each with its reason.

use std::time::Duration;

/// Bytes of a runbook: nobody reads a longer one in the night.
pub const RUNBOOK_BYTES: usize = 256 * 1024;
/// Runbooks in all: each is read at the start and listed in one answer.
pub const RUNBOOKS: usize = 300;
/// Steps of a runbook, each of which somebody watches.
pub const RUNBOOK_STEPS: usize = 100;
/// Steps that are looked at when an alert suggests a runbook: one job, within a minute or so.
pub const RUNBOOK_SYMPTOMS: usize = 5;
/// Values that fill places.
pub const RUNBOOK_VALUES: usize = 500;
/// Bytes of such a value: it is one argument, or part of an address.
pub const RUNBOOK_VALUE_BYTES: usize = 1024;
/// Bytes of a document that is imported.
pub const IMPORT_BYTES: usize = 1024 * 1024;
/// Bytes of one SQL statement.
pub const SQL_BYTES: usize = 16 * 1024;
/// Rows that a step reads where it does not say.
pub const SQL_ROWS: usize = 100;
/// Rows that a step can read: it looks at numbers, it does not export tables.
pub const SQL_ROWS_MAX: usize = 1000;
/// Bytes of the rows of one answer.
pub const SQL_ANSWER_BYTES: usize = 256 * 1024;
/// How long a statement takes where the step does not say.
pub const SQL_TIME: Duration = Duration::from_secs(30);
/// How long connecting takes: longer, and nobody knows how the database is.
pub const SQL_CONNECT_TIME: Duration = Duration::from_secs(10);
/// Bytes of an expression that Prometheus is asked: it travels in an address.
pub const PROMQL_BYTES: usize = 4000;
/// How long an expression takes where the step does not say.
pub const PROMQL_TIME: Duration = Duration::from_secs(30);
/// How far a sample may lie from now: beyond Prometheus' own five minutes of looking back it is of another time.
pub const PROMQL_STALE_MS: i64 = 5 * 60_000;
