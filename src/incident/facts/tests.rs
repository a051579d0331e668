//! Roles, tasks, acknowledgement, merging and the next update, tested as sentences.
