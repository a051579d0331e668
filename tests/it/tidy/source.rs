//! Source files as the rules read them: the text, and the code alone with comments and literals blanked out.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file by its path from the root.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// The text of a file that must exist.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// All files with this extension under a folder, by path; `target` folders are not ours. A folder that is missing is empty.
pub fn walk(folder: &str, extension: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), extension, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

/// The code of a Rust file: comments and the contents of literals become spaces, lines stay where they are.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at).unwrap_or(at);
        if end == at {
            out.push(chars[at]);
            at += 1;
            // `r` of `for"` is no prefix: what is inside a word is passed over whole.
            while at < chars.len() && is_word(chars[at - 1]) && is_word(chars[at]) {
                out.push(chars[at]);
                at += 1;
            }
        } else {
            out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Whether a character can be part of a name.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the comment or literal that begins at `at` ends, if one does.
fn literal_end(chars: &[char], at: usize) -> Option<usize> {
    let next = |i: usize| chars.get(at + i).copied();
    match chars[at] {
        '/' if next(1) == Some('/') => {
            Some(chars[at..].iter().position(|&c| c == '\n').map_or(chars.len(), |n| at + n))
        }
        '/' if next(1) == Some('*') => Some(block_end(chars, at)),
        '"' => Some(string_end(chars, at + 1)),
        'b' | 'c' if next(1) == Some('"') => Some(string_end(chars, at + 2)),
        'r' => raw_end(chars, at + 1),
        'b' | 'c' if next(1) == Some('r') => raw_end(chars, at + 2),
        // 'x' or '\n' is a character; 'x alone is a lifetime.
        '\'' if next(1) == Some('\\') => chars[at + 3..].iter().position(|&c| c == '\'').map(|n| at + 3 + n + 1),
        '\'' if next(2) == Some('\'') => Some(at + 3),
        _ => None,
    }
}

fn block_end(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from + 2, 1);
    while at < chars.len() && depth > 0 {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn string_end(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn raw_end(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at.min(chars.len())..].iter().take_while(|&&c| c == '#').count();
    (chars.get(at + hashes) == Some(&'"')).then(|| {
        let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        let body = at + hashes + 1;
        chars[body..].windows(close.len()).position(|w| w == close).map_or(chars.len(), |n| body + n + close.len())
    })
}

#[test]
fn comments_and_literals_are_blanked_and_code_is_kept() {
    let cases = [
        ("a // crate::x\nb", "a            \nb"),
        ("a /* x /* y */ z */ b", "a                   b"),
        (r#"f("crate::x \" y", z)"#, "f(               , z)"),
        (r##"r#"a"b"# c"##, "         c"),
        ("for r in x", "for r in x"),
        (r"('\'', '/', 'a, b'x')", "(    ,    , 'a, b   )"),
    ];
    for (text, expected) in cases {
        assert_eq!(code(text), expected, "{text}");
    }
}
