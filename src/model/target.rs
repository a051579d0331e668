//! What is backed up, as plugins and status pages may know it: no address, no secret.

use serde_json::Value;

/// A configured target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSeen {
    /// The name of `[targets.NAME]`.
    pub name: String,
    /// `postgres`, `sqlite` or `files`.
    pub kind: String,
    /// The service that writes to it, or empty.
    pub service: String,
    /// Whom to ask about it, or empty.
    pub owner: String,
    /// How much may be lost at most, milliseconds.
    pub rpo_ms: Option<u64>,
    /// How long a restore may take, milliseconds.
    pub rto_ms: Option<u64>,
    /// What the operator wants done about it; the shape is told in `wit/deps/backups`.
    pub policy: Value,
}
