//! Who may import whom. The table is the one in `ARCHITECTURE.md`; what the code does is read from its paths.

use super::assert_none;
use super::source::{code, is_word, read, walk};
use std::collections::{BTreeMap, BTreeSet};

/// The words of the house: everybody else may use them.
const WORDS: [&str; 3] = ["model", "config", "clock"];
/// Stands in the table for "whatever it likes".
const ALL: &str = "all";

/// Crates that only some modules may touch: an engine that leaks out of its module is a second way of doing the same thing.
const CONFINED: [(&str, &[&str]); 3] =
    [("sqlx", &["store", "ops"]), ("rusqlite", &["ops"]), ("wasmtime", &["bindings", "capability", "plugin"])];

type Table = BTreeMap<String, BTreeSet<String>>;

/// Reads the rows `| `module` | `may`, `import` | … |` under the heading "Who may import whom".
fn table(markdown: &str) -> Table {
    let section = markdown.split("Who may import whom").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let module = cells.next().unwrap_or_default().trim_matches('`').to_owned();
        let may = cells.next().unwrap_or_default();
        let names = may.split(',').map(|name| name.trim().trim_matches('`').to_owned());
        (module, names.filter(|name| !name.is_empty() && name != "–").collect())
    })
    .collect()
}

/// The top-level module a file belongs to: `src/store/kv.rs` and `src/store.rs` are `store`'s.
fn module(path: &str) -> &str {
    let inside = path.trim_start_matches("src/");
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The top-level modules that code names by a path from the root, and ways round it that cannot be read.
fn imports(own: &str, code: &str, depth: usize) -> (BTreeSet<String>, Vec<String>) {
    let mut found = BTreeSet::new();
    let text: String = code.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ::", "::").replace(":: ", "::");
    // Elsewhere `drillbell` is the namespace of the WIT packages.
    let root = if own == "main" { "drillbell::" } else { "crate::" };
    for (at, _) in text.match_indices(root) {
        let inside_a_word = text[..at].chars().next_back().is_some_and(|c| is_word(c) || c == ':');
        if !inside_a_word {
            first_names(&text[at + root.len()..], &mut found);
        }
    }
    (found, ways_round(&text, depth))
}

/// `super::` chains long enough to reach the root, in a file that lies `depth` modules below it.
fn ways_round(text: &str, depth: usize) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut nesting = 0_usize;
    // The nesting at which each inline module around us was opened.
    let mut inline: Vec<usize> = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '{' => {
                if opens_inline_module(&text[..at]) {
                    inline.push(nesting);
                }
                nesting += 1;
            }
            '}' => {
                nesting = nesting.saturating_sub(1);
                inline.pop_if(|opened| *opened == nesting);
            }
            's' if text[at..].starts_with("super::") && !text[..at].ends_with("super::") => {
                let supers = text[at..].split("::").take_while(|part| *part == "super").count();
                if supers >= depth + inline.len() {
                    let what: String = text[at..].chars().take_while(|&c| is_word(c) || c == ':').collect();
                    complaints.push(format!("reaches the root by `{what}`; write it as `crate::…`"));
                }
            }
            _ => {}
        }
    }
    complaints
}

/// `mod tests ` just before a brace.
fn opens_inline_module(before: &str) -> bool {
    let mut words = before.trim_end().rsplit(' ');
    let name = words.next().unwrap_or_default();
    !name.is_empty() && name.chars().all(is_word) && words.next() == Some("mod")
}

/// The first segment of a path, or of each path of a `{…}` group.
fn first_names(path: &str, found: &mut BTreeSet<String>) {
    let name = |path: &str| path.trim_start().chars().take_while(|&c| is_word(c)).collect::<String>();
    let Some(group) = path.strip_prefix('{') else {
        found.insert(name(path));
        return;
    };
    let mut depth = 0;
    let mut begins = true;
    for (at, c) in group.char_indices() {
        if begins && is_word(c) {
            found.insert(name(&group[at..]));
            begins = false;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ => {}
        }
    }
}

/// What is wrong with one file's imports.
fn complaints(table: &Table, path: &str, text: &str) -> Vec<String> {
    let (own, code) = (module(path), code(text));
    if own == "lib" {
        return vec![];
    }
    let Some(may) = table.get(own) else {
        return vec![format!("{path}: module `{own}` is not in the table of ARCHITECTURE.md; add what it may import")];
    };
    let depth = path.trim_start_matches("src/").trim_end_matches("/mod.rs").split('/').count();
    let (names, mut complaints) = imports(own, &code, depth);
    for name in names.iter().filter(|name| *name != own && table.contains_key(*name)) {
        let words = !WORDS.contains(&own) && WORDS.contains(&name.as_str());
        if !words && !may.contains(name) && !may.contains(ALL) {
            complaints.push(format!("`{own}` may not import `{name}`"));
        }
    }
    for (confined, to) in CONFINED {
        let used = code.match_indices(&format!("{confined}::")).any(|(at, _)| !code[..at].ends_with(is_word));
        if used && !to.contains(&own) {
            complaints.push(format!("only {} may use the crate `{confined}`", to.join(", ")));
        }
    }
    complaints.into_iter().map(|complaint| format!("{path}: {complaint}")).collect()
}

#[test]
fn every_module_imports_only_what_the_table_allows() {
    let table = table(&read("ARCHITECTURE.md"));
    assert!(table.len() > 5, "the table of ARCHITECTURE.md is not there to be read");
    let sources = walk("src", "rs");
    assert!(sources.len() > 10, "the sources are not there to be read");
    assert_none(sources.iter().flat_map(|source| complaints(&table, &source.path, &source.text)).collect());
}

#[test]
fn the_table_allows_no_circle() {
    let table = table(&read("ARCHITECTURE.md"));
    let mut open = table.clone();
    while let Some(free) =
        open.iter().find(|(_, may)| may.iter().all(|m| !open.contains_key(m))).map(|(m, _)| m.clone())
    {
        open.remove(&free);
    }
    assert!(open.is_empty(), "these modules may import each other in a circle: {:?}", open.keys());
}

#[test]
fn a_forbidden_import_is_found_in_every_spelling() {
    let table = table(
        "## Who may import whom\n| module | may import |\n|---|---|\n| `model` | – | |\n| `store` | `audit` | |\n\
         | `audit` | – | |\n| `plugin` | – | |\n| `app` | all | |\n| `clock` | – | |\n## Next\n| `late` | – |\n",
    );
    assert!(!table.contains_key("late"));
    let wrong = [
        ("src/store/kv.rs", "use crate::plugin::call;"),
        ("src/store/kv.rs", "use crate::{model::ids, plugin};"),
        ("src/store/kv.rs", "use crate::{\n    audit::{self, x},\n    plugin::call::{a, b},\n};"),
        ("src/store/kv.rs", "fn f() { crate::plugin::run() }"),
        ("src/store/kv.rs", "fn f() { $crate :: plugin :: run!() }"),
        ("src/store/kv.rs", "use super::super::plugin;"),
        ("src/store/mod.rs", "use super::plugin;"),
        ("src/store.rs", "mod tests { use super::super::plugin; }"),
        ("src/store/kv.rs", "fn f() {} mod tests { fn g() {} } use super::super::plugin;"),
        ("src/main.rs", "use drillbell::store;"),
        ("src/model/ids.rs", "use crate::clock::Clock;"),
        ("src/late.rs", ""),
        ("src/plugin/call.rs", "use sqlx::Row;"),
        ("src/store/kv.rs", "use wasmtime::Engine;"),
    ];
    for (path, text) in wrong {
        assert!(!complaints(&table, path, text).is_empty(), "{path}: {text}");
    }
    let right = [
        ("src/store/kv.rs", "use crate::{audit, model::{ids, plugin}}; use super::sql; use sqlx::Row;"),
        (
            "src/store/kv.rs",
            "// use crate::plugin;\nfn f() { g(\"crate::plugin\") } mod tests { use super::super::sql; use super::*; }",
        ),
        ("src/store/kv.rs", "use crate::clock::Clock; use mycrate::plugin; use x::crate_plugin::plugin;"),
        ("src/store/kv.rs", "use drillbell::plugin::events;"),
        ("src/app.rs", "use crate::plugin;"),
        ("src/lib.rs", "pub mod plugin;"),
        ("src/plugin/call.rs", "use not_sqlx::x;"),
    ];
    for (path, text) in right {
        assert_eq!(complaints(&table, path, text), Vec::<String>::new(), "{path}: {text}");
    }
}
