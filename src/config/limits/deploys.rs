//! Bounds of deploy records.

/// Bytes of a deploy record: the statements of its migrations may be in it.
pub const DEPLOY_BODY_BYTES: usize = 1024 * 1024;
/// Migrations that a deploy record names.
pub const DEPLOY_MIGRATIONS: usize = 200;
/// Characters of a text in a deploy record.
pub const DEPLOY_CHARS: usize = 200;
/// Reasons kept of one migration: whoever reads more of them reads the migration.
pub const MIGRATION_FINDINGS: usize = 20;
/// Deploys of a service that are kept however old they are: years of going back for most, and no more than one page of memory.
pub const DEPLOYS_KEPT: i64 = 500;
/// Deploys that a plugin is told at once.
pub const DEPLOYS_TOLD: u32 = 100;
