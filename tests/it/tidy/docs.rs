//! The documents: what they link to is there, and what they tell people to `make` can be made.

use super::assert_none;
use super::source::{Source, read, root, walk};
use std::path::Path;

/// Links `[…](path)` to files of ours that are not there.
fn broken_links(document: &Source, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let folder = Path::new(&document.path).parent().unwrap_or(Path::new(""));
    let targets = document.text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    let ours = files.filter(|file| !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:"));
    let broken = ours.filter(|file| !exists(&folder.join(file).to_string_lossy()));
    broken.map(|file| format!("{}: links to {file}, which is not there", document.path)).collect()
}

/// `make TARGET` in backticks or on a line of a code block, where the Makefile has no such target.
fn unknown_targets(document: &Source, makefile: &str) -> Vec<String> {
    let mut commands: Vec<&str> = Vec::new();
    for (i, part) in document.text.split("```").enumerate() {
        // Every other part is a code block; in the text between, so is every other stretch between backticks.
        let code: Vec<&str> =
            if i % 2 == 1 { part.lines().collect() } else { part.split('`').skip(1).step_by(2).collect() };
        commands.extend(code);
    }
    let targets = commands.iter().filter_map(|command| command.strip_prefix("make ")?.split_whitespace().next());
    let unknown = targets.filter(|target| !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))));
    unknown.map(|target| format!("{}: the Makefile has no target `{target}`", document.path)).collect()
}

fn documents() -> Vec<Source> {
    let documents: Vec<Source> = ["", "docs", "plugins", "wit", "tests", "migrations"]
        .iter()
        .flat_map(|folder| {
            let mut found = walk(folder, "md");
            found.retain(|document| !folder.is_empty() || !document.path.contains('/'));
            found
        })
        .collect();
    assert!(documents.iter().any(|document| document.path == "README.md"), "the documents are not there to be read");
    documents
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let exists = |path: &str| root().join(path).exists();
    assert_none(documents().iter().flat_map(|document| broken_links(document, exists)).collect());
}

#[test]
fn every_make_command_in_the_documents_exists() {
    let makefile = read("Makefile");
    assert_none(documents().iter().flat_map(|document| unknown_targets(document, &makefile)).collect());
}

#[test]
fn a_broken_link_or_an_unknown_command_is_found() {
    let document = |text: &str| Source { path: "docs/x.md".to_owned(), text: text.to_owned() };
    let exists = |path: &str| path == "docs/there.md";
    assert_eq!(
        broken_links(&document("[a](gone.md) [b](there.md#part) [c](https://x.org/) [d](#here)"), exists).len(),
        1
    );
    for text in ["```sh\nmake nothing # x\n```\n", "`x` or run `make nothing` now"] {
        assert_eq!(unknown_targets(&document(text), "demo: plugins").len(), 1, "{text}");
    }
    assert!(unknown_targets(&document("```sh\nmake demo   # x\n```\nmake sure of `x`"), "demo: plugins").is_empty());
}
