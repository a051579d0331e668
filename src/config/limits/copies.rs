//! The bounds of the catalogue of copies, each with its reason.

/// Bytes of a manifest: the counts and checksums of some two thousand tables.
pub const COPY_MANIFEST_BYTES: usize = 256 * 1024;
/// Drills that are looked through for the last one of each target that passed: years of monthly drills of many targets.
pub const DRILLS_LOOKED_AT: i64 = 500;
/// Copies that one question to the catalogue answers with: more than a year of what retention keeps of one target.
pub const COPIES_LISTED: u32 = 500;
/// Characters of why a copy is pinned: one line of a list.
pub const PIN_REASON_CHARS: usize = 200;
/// Pins that one call may set or take back: each is somebody's decision about one copy.
pub const PINS_PER_CALL: usize = 20;
