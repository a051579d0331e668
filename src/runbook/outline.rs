//! A Markdown file as far as a runbook needs it: front matter, headings, code blocks and the prose between, each with its line.

use super::finding::Notes;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// What encloses front matter.
const FENCE: &str = "+++";

/// A file taken apart.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    /// The TOML between the first two `+++` lines, and the line where it begins.
    pub front: Option<(&'a str, usize)>,
    /// What comes after it, in order.
    pub parts: Vec<Part>,
}

/// A part of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The line, from 1; of a code block that of its first line of code.
    pub line: usize,
    pub what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A heading of a level from 1 to 6.
    Heading(u8, String),
    /// A code block outside of lists and quotes: the word after its fence, and what is in it.
    Code(String, String),
    /// Anything else, as it stands in the file.
    Prose(String),
}

/// Takes a file apart. What is wrong with its front matter's fences is noted.
pub(super) fn outline<'a>(text: &'a str, notes: &Notes) -> Outline<'a> {
    let (front, body_at) = front(text, notes);
    let body = &text[body_at..];
    let lines = Lines::of(text);
    Outline { front, parts: parts(body, |offset| lines.at(body_at + offset)) }
}

/// The parts of a Markdown text; `line` says on which line an offset lies.
pub(super) fn parts(body: &str, line: impl Fn(usize) -> usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut depth = 0_usize;
    let mut heading: Option<(u8, String, usize)> = None;
    let mut code: Option<(String, String, usize)> = None;
    for (event, range) in Parser::new_ext(body, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                heading = Some((number(level), String::new(), range.start));
                depth += 1;
            }
            Event::Start(Tag::CodeBlock(kind)) if depth == 0 => {
                code = Some((language(&kind), String::new(), first_line(body, &range, &kind)));
                depth += 1;
            }
            Event::Start(_) => {
                if depth == 0 {
                    parts.push(prose(body, &range, &line));
                }
                depth += 1;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                if depth > 0 {
                    continue;
                }
                match end {
                    TagEnd::Heading(_) => {
                        if let Some((level, text, at)) = heading.take() {
                            parts.push(Part { line: line(at), what: What::Heading(level, text.trim().to_owned()) });
                        }
                    }
                    TagEnd::CodeBlock => {
                        if let Some((language, text, at)) = code.take() {
                            parts.push(Part { line: line(at), what: What::Code(language, text) });
                        }
                    }
                    _ => {}
                }
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, so_far, _)) = &mut heading {
                    so_far.push_str(&text);
                } else if let Some((_, so_far, _)) = &mut code {
                    so_far.push_str(&text);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, so_far, _)) = &mut heading {
                    so_far.push(' ');
                }
            }
            _ if depth == 0 => parts.push(prose(body, &range, &line)),
            _ => {}
        }
    }
    parts
}

fn prose(body: &str, range: &Range<usize>, line: &impl Fn(usize) -> usize) -> Part {
    let text = body.get(range.clone()).unwrap_or_default().trim_end().to_owned();
    Part { line: line(range.start), what: What::Prose(text) }
}

/// The first word after the fence; nothing for a block by indentation.
fn language(kind: &CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default().to_owned(),
        CodeBlockKind::Indented => String::new(),
    }
}

/// Where the code itself begins.
fn first_line(body: &str, range: &Range<usize>, kind: &CodeBlockKind<'_>) -> usize {
    match kind {
        CodeBlockKind::Indented => range.start,
        CodeBlockKind::Fenced(_) => {
            let rest = body.get(range.start..).unwrap_or_default();
            rest.find('\n').map_or(range.start, |end| range.start + end + 1)
        }
    }
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The front matter with its first line, and where the rest begins.
fn front<'a>(text: &'a str, notes: &Notes) -> (Option<(&'a str, usize)>, usize) {
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    if first.trim_end() != FENCE {
        notes.problem(1, "the first line is `+++`: front matter in TOML stands between two such lines");
        return (None, 0);
    }
    let mut at = first.len();
    for line in text[first.len()..].split_inclusive('\n') {
        if line.trim_end() == FENCE {
            return (Some((&text[first.len()..at], 2)), at + line.len());
        }
        at += line.len();
    }
    notes.problem(1, "the front matter has no end: a second line `+++`");
    (None, text.len())
}

/// Byte offsets to lines.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of an offset, from 1.
    pub fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_apart_with_the_lines_of_its_parts() {
        let text = "+++\na = 1\n+++\nWhat it *is*.\n\n## One `two`\n\n- x\n  ```sh\n  y\n  ```\n\n```http\nurl = \"z\"\n```\n    code\n";
        let outline = outline(text, &Notes::default());
        assert_eq!(outline.front, Some(("a = 1\n", 2)));
        let expected = [
            (4, What::Prose("What it *is*.".to_owned())),
            (6, What::Heading(2, "One two".to_owned())),
            (8, What::Prose("- x\n  ```sh\n  y\n  ```".to_owned())),
            (14, What::Code("http".to_owned(), "url = \"z\"\n".to_owned())),
            (16, What::Code(String::new(), "code\n".to_owned())),
        ];
        let found: Vec<_> = outline.parts.into_iter().map(|part| (part.line, part.what)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn front_matter_that_is_not_there_or_does_not_end_is_named() {
        for text in ["", "# x\n", "+++\na = 1\n"] {
            let notes = Notes::default();
            assert!(outline(text, &notes).front.is_none());
            assert_eq!(notes.into_all().len(), 1, "{text:?}");
        }
    }
}
