//! The bounds of backups, each with its reason.

use super::MIB;
use std::time::Duration;

/// Longest span that a target's promises, ages and deadlines may name: ten years, as with what is retained.
pub const BACKUP_SPAN_MAX: Duration = Duration::from_secs(3650 * 86_400);
/// Longest time that one may begin late: what any schedule may (`SCHEDULE_MS`).
pub const BACKUP_START_MAX: Duration = Duration::from_secs(31 * 86_400);
/// Longest time that one backup may be given: what runs for longer than a day overlaps every schedule there is.
pub const BACKUP_RUN_MAX: Duration = Duration::from_secs(24 * 3600);
/// Most copies of one tier.
pub const BACKUP_KEEP_MAX: i64 = 10_000;
/// Largest least size that may be configured: what one object in a bucket may have.
pub const BACKUP_SIZE_MAX: u64 = 5 * 1024 * 1024 * MIB;
/// Patterns of one target that leave paths out: each path is compared with each of them.
pub const BACKUP_EXCLUDES_MAX: usize = 100;
/// Queries or addresses of one drill.
pub const DRILL_CHECKS_MAX: usize = 50;
/// Characters of one query of a drill.
pub const DRILL_CHECK_CHARS: usize = 2000;
/// People and machines that one copy may be encrypted to; each costs some 200 bytes of every copy.
pub const RECIPIENTS_MAX: usize = 20;
/// Tables of one database that are counted: each costs some hundred bytes of memory and of the manifest.
pub const BACKUP_TABLES_MAX: usize = 10_000;
/// Constraints and indexes of one database that are listed in the manifest: three of each of those tables.
pub const BACKUP_CONSTRAINTS_MAX: usize = 30_000;
/// Rounds that a key may be made of a passphrase with: some seconds of one core.
pub const ADOPT_ITERATIONS_MAX: i64 = 10_000_000;
/// Bytes of an object that are looked at before it is adopted: what holds the first block of age within which zstd begins.
pub const PEEK_BYTES: u64 = 512 * 1024;
/// Objects that are adopted at a time; the rest is by asking again.
pub const ADOPTED_AT_ONCE: u64 = 5000;
/// Of those, how many are named in what is told.
pub const ADOPTED_NAMED: usize = 200;
/// Bytes of a dump's end that are looked at for the line with which it ends.
pub const DUMP_TAIL_BYTES: usize = 4096;
/// Bytes of a dump's beginning within which it says how its texts are written; `pg_dump` does in the first few hundred.
pub const ENCODING_WITHIN: usize = 16 * 1024;
/// Bytes of an archive that are read for its contents at first.
pub const OUTLINE_BYTES: usize = 256 * 1024;
/// The most: what some twenty thousand tables have. Beyond that a drill is told of a missing role by the server.
pub const OUTLINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of one entry in an archive's contents: a function or view of that size is nobody's.
pub const ARCHIVE_ITEM_BYTES: usize = 16 * 1024 * 1024;
/// Bytes kept of the row that says which migration a database is at.
pub const MIGRATION_ROW_BYTES: usize = 4 * 1024;
/// How hard copies are compressed. Of what databases hold, rows with numbers, times and digests, level 1 leaves as much as zstd's own
/// default (3) or less, in half of the time; source code comes out a tenth larger (figures in `benches/README.md`).
pub const ZSTD_LEVEL: i32 = 1;
/// The window of that, as a power of two: 4 MiB, so that packing and unpacking need the same little memory whatever the size.
pub const ZSTD_WINDOW_LOG: u32 = 22;
/// How long a server may take to say whether it archives its log.
pub const ARCHIVING_TIME: Duration = Duration::from_secs(20);
/// How long a tool may take to say its version, or a server its own.
pub const PROBE_TOOL_TIME: Duration = Duration::from_secs(60);
/// Bytes of what a failed tool said last that are repeated: the reason stands at the end.
pub const DUMP_WORDS_BYTES: usize = 1500;
/// Bytes of a server's roles and tablespaces as SQL: thousands of roles, and little beside the manifest that they lie in.
pub const GLOBALS_BYTES: u64 = MIB;
/// Bytes of the pipe from `pg_dump`: what Linux lets everybody have.
pub const PIPE_BYTES: i32 = 1024 * 1024;
/// Files and folders of one target: the list of them is held in memory, some 200 bytes each.
pub const BACKUP_FILES_MAX: usize = 2_000_000;
/// Reminders before a drill.
pub const DRILL_REMINDS_MAX: usize = 10;
/// How long one program of a restore may run.
pub const RESTORE_TOOL_TIME: Duration = Duration::from_secs(12 * 3600);
/// Seconds for which a service that was started again is asked whether it is well.
pub const HEALTH_PATIENCE: Duration = Duration::from_secs(120);
/// Tables that are counted in one go.
pub const COUNTED_AT_ONCE: usize = 500;
/// How old a scratch database or folder of a drill that we know nothing of must be before it is removed.
pub const SCRATCH_OLD: Duration = Duration::from_secs(24 * 3600);
/// How long a server of a drill's own may take to be made, to answer, or to end.
pub const CLUSTER_PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether it answers.
pub const CLUSTER_LOOK: Duration = Duration::from_millis(100);
/// Bytes of the folder of a socket: Linux takes 107 for the socket's own name, `/.s.PGSQL.5432.lock` beside it included elsewhere.
pub const SOCKET_PATH_BYTES: usize = 90;
/// How long scratch may take to be removed.
pub const DROP_TIME: Duration = Duration::from_secs(120);
/// Names of files that a note about a copy names.
pub const BACKUP_NAMED_MAX: usize = 20;
/// How long a locked SQLite database is waited for.
pub const SQLITE_BUSY: Duration = Duration::from_secs(60);
/// Pages copied at once; between them it is asked whether to go on.
pub const SQLITE_STEP_PAGES: i32 = 4096;
/// How often a copy says how far it is.
pub const BACKUP_TICK: Duration = Duration::from_secs(1);
/// Bytes of a manifest: `BACKUP_TABLES_MAX` tables and `BACKUP_CONSTRAINTS_MAX` constraints with long names.
pub const MANIFEST_BYTES: u64 = 8 * MIB;
/// Copies before one that its size is compared with.
pub const COPIES_COMPARED: u32 = 8;
/// Copies that one job removes: their names fit in a job's result.
pub const PRUNE_OBJECTS: usize = 200;
/// Copies of which the catalogue says that something is wrong with their manifests, by name.
pub const REBUILD_NAMED: usize = 50;
