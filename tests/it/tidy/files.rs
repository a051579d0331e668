//! Every file: short, with a header that says what it is for, finished, and free of global state.

use super::assert_none;
use super::source::{Source, code, is_word, walk};

/// Lines a Rust file may have, tests included.
const LINES: usize = 400;
/// Lines of a file's `//!` header; a crate's `lib.rs` is its front page and may take more.
const HEADER_LINES: usize = 5;

/// Marks of unfinished work, put together so that this file does not contain them.
fn unfinished() -> Vec<String> {
    vec!["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "todo".to_owned() + "!", "unimplemented".to_owned() + "!"]
}

/// What a module of the host may not contain, and what to do instead.
const FORBIDDEN: [(&str, &str); 6] = [
    ("OnceLock", "state is passed, never found"),
    ("LazyLock", "state is passed, never found"),
    ("lazy_static", "state is passed, never found"),
    ("thread_local", "state is passed, never found"),
    ("static mut", "state is passed, never found"),
    ("#[allow(", "use #[expect(…, reason = \"…\")]"),
];

fn length(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let long = lines > LINES;
    long.then(|| format!("{}: {lines} lines, at most {LINES}; is it two things?", source.path)).into_iter().collect()
}

fn header(source: &Source) -> Vec<String> {
    let lines = source.text.lines().take_while(|line| line.starts_with("//!")).count();
    let wrong = match lines {
        0 => Some("begins without a `//!` header that says what it is for".to_owned()),
        _ if source.path.ends_with("src/lib.rs") => None,
        n if n > HEADER_LINES => Some(format!("its header has {n} lines, at most {HEADER_LINES}")),
        _ => None,
    };
    wrong.map(|what| format!("{}: {what}", source.path)).into_iter().collect()
}

fn unfinished_work(source: &Source) -> Vec<String> {
    let hits = source.text.lines().enumerate().flat_map(|(i, line)| {
        let word = |mark: &str| {
            line.match_indices(mark)
                .any(|(at, _)| !line[..at].ends_with(is_word) && !line[at + mark.len()..].starts_with(is_word))
        };
        let path = &source.path;
        unfinished().into_iter().filter(move |mark| word(mark)).map(move |mark| format!("{path}:{}: `{mark}`", i + 1))
    });
    hits.collect()
}

fn forbidden(source: &Source) -> Vec<String> {
    let code = code(&source.text);
    let hits = FORBIDDEN.iter().filter(|(what, _)| code.contains(what));
    hits.map(|(what, why)| format!("{}: `{what}`: {why}", source.path)).collect()
}

fn check(folders: &[&str], rule: fn(&Source) -> Vec<String>) {
    let sources: Vec<Source> = folders.iter().flat_map(|folder| walk(folder, "rs")).collect();
    assert!(!sources.is_empty(), "no sources under {folders:?}");
    assert_none(sources.iter().flat_map(rule).collect());
}

#[test]
fn no_file_is_too_long() {
    check(&["src", "plugins", "tests", "benches", "fuzz"], length);
}

#[test]
fn every_file_says_what_it_is_for() {
    check(&["src", "plugins", "tests", "benches", "fuzz"], header);
}

#[test]
fn nothing_is_left_unfinished() {
    check(&["src", "plugins", "tests", "benches", "fuzz"], unfinished_work);
}

#[test]
fn the_host_has_no_global_state_and_silences_no_lint() {
    check(&["src"], forbidden);
}

#[test]
fn a_file_that_breaks_a_rule_is_found() {
    let file = |text: &str| Source { path: "src/x.rs".to_owned(), text: text.to_owned() };
    assert!(!length(&file(&"\n".repeat(401))).is_empty());
    assert!(length(&file(&"\n".repeat(400))).is_empty());
    assert!(!header(&file("use x;\n//! late\n")).is_empty());
    assert!(!header(&file(&"//! long\n".repeat(6))).is_empty());
    assert!(header(&file("//! What it is for.\n")).is_empty());
    for mark in unfinished() {
        assert!(!unfinished_work(&file(&format!("// {mark} later"))).is_empty(), "{mark}");
    }
    assert!(unfinished_work(&file("let todos = methodo;")).is_empty());
    for (what, _) in FORBIDDEN {
        assert!(!forbidden(&file(&format!("{what} x"))).is_empty(), "{what}");
        assert!(forbidden(&file(&format!("// {what} x"))).is_empty(), "{what}");
    }
}
