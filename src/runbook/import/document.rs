//! A document of anybody's as lines that know what they are: prose or code, and below which heading.

/// A document.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub lines: Vec<Line>,
    /// Headings in their order; the first, nameless one is for what stands before any.
    pub headings: Vec<Heading>,
}

/// A heading.
#[derive(Debug, Default)]
pub(super) struct Heading {
    pub text: String,
    pub level: usize,
}

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    /// From 1.
    pub number: usize,
    pub text: String,
    /// It stands in a code block; which one, from 1.
    pub block: Option<usize>,
    /// Below which heading.
    pub heading: usize,
    /// A code block's first or last line.
    pub fence: bool,
}

impl Document {
    pub fn read(text: &str) -> Self {
        let mut document = Self { lines: Vec::new(), headings: vec![Heading::default()] };
        let (mut open, mut blocks): (Option<String>, usize) = (None, 0);
        for (text, number) in text.lines().zip(1..) {
            let trimmed = text.trim_start();
            let mark: String = trimmed.chars().take_while(|c| matches!(c, '`' | '~')).collect();
            let fence = match &open {
                None => mark.len() >= 3,
                Some(opened) => mark.starts_with(opened.as_str()) && trimmed.trim_end() == mark,
            };
            let level = trimmed.chars().take_while(|c| *c == '#').count();
            if open.is_none() && !fence && (1..=6).contains(&level) && trimmed[level..].starts_with(' ') {
                document.headings.push(Heading { text: trimmed[level..].trim().to_owned(), level });
            }
            if fence && open.is_none() {
                blocks += 1;
            }
            let block = (open.is_some() && !fence).then_some(blocks);
            let heading = document.headings.len() - 1;
            document.lines.push(Line { number, text: text.to_owned(), block, heading, fence });
            if fence {
                open = if open.is_some() { None } else { Some(mark) };
            }
        }
        document
    }

    /// The heading above a line, and those above that, as one text.
    pub fn above(&self, line: &Line) -> String {
        let mut found = Vec::new();
        let mut level = usize::MAX;
        for heading in self.headings[..=line.heading].iter().rev().filter(|heading| heading.level > 0) {
            if heading.level < level {
                level = heading.level;
                found.push(heading.text.as_str());
            }
        }
        found.join(" / ")
    }

    /// The lines of code.
    pub fn code(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.block.is_some())
    }
}
