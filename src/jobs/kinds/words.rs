//! What several kinds say alike, so that people read the same thing in the same words whoever says it.

/// A sentence as people read it: with a capital letter, unless it begins with a program's name or a path, and an end.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let word = text.split_whitespace().next().unwrap_or_default().trim_end_matches([':', ',']);
    let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase()) && word != "psql";
    let first = chars.next().map(|first| if is_word { first.to_ascii_uppercase() } else { first });
    let first = first.map(String::from).unwrap_or_default();
    let end = if text.trim().ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// To be put behind a sentence, as all below: what a restored copy cannot hold.
pub(super) fn lost(minutes: i64) -> String {
    format!(" What was written in the {minutes} minutes since the copy was taken is not in it.")
}

/// Nobody is let back in by itself: the state may be half.
pub(super) fn still_stopped(service: &str, start: &str) -> String {
    format!(" The writers of {service} are still stopped: look, then run {start}.")
}

/// Where what was there before is kept; a pinned copy is never removed by itself.
pub(super) fn saved(objects: &str) -> String {
    format!(
        " What was there before is in {objects}, which stays until it is unpinned: do that when it is not needed any more."
    )
}

/// Where what was there before is kept that could not be copied.
pub(super) fn kept(path: &str) -> String {
    format!(" What was there before is damaged; it is in {path} as it was: remove that when it is not needed any more.")
}
