//! The bounds of backups, each with its reason.

use super::MIB;
use std::time::Duration;

/// Longest span that a target's promises, ages and deadlines may name: ten years, as with what is retained.
pub const BACKUP_SPAN_MAX: Duration = Duration::from_secs(3650 * 86_400);
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
