//! Backups.

fn main() {}
