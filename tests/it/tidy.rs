//! The house rules that no compiler checks: who imports whom, how long a file is, which crates are in, what each folder holds.
//! Each rule is a pure function over text that returns its complaints, and is itself tested on text that breaks it.

mod crates;
mod docs;
mod features;
mod files;
mod imports;
mod licences;
mod plugins;
mod source;
mod wit;

/// Fails with all complaints at once.
#[track_caller]
fn assert_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
