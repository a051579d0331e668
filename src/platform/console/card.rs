//! A view as a card in a terminal: a bar in the colour of its tone, a bold title, text wrapped by width, fields aligned,
//! buttons numbered. All text is made harmless here; a line is never wider than the look allows.

use super::clean::{clean, clean_line};
use super::ink::{Look, Style};
use super::wrap::{cells, cut, wrap};
use crate::model::view::{Block, Button, ButtonStyle, Tone, View};
use chrono::{DateTime, Utc};

/// The bar and the space behind it.
const EDGE: usize = 2;
/// Columns of a progress bar.
const BAR: usize = 20;

/// What the buttons of a card are called.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// Nobody can click here: labels only.
    None,
    /// One number for each button, in order.
    Given(&'a [usize]),
}

/// Draws a view; `notes` (`updated`, `only you see this`) stand behind the title. Lines without line breaks.
pub fn card(view: &View, look: Look, numbers: Numbers<'_>, notes: &[&str]) -> Vec<String> {
    let mut page = Page { look, lines: Vec::new() };
    page.head(view, notes);
    let mut rest = view.blocks.as_slice();
    let mut buttons = 0;
    while let Some(block) = rest.first() {
        let run = rest.iter().take_while(|next| alike(block, next)).count().max(1);
        let (these, after) = rest.split_at(run);
        match block {
            Block::Text { text } => page.paragraph(Style::Plain, &clean(text)),
            Block::Context { text } => page.paragraph(Style::Dim, &clean(text)),
            Block::Code { text } => page.code(text),
            Block::Link { label, url } => page.link(label, url),
            Block::Progress { label, done, total } => page.progress(label, *done, *total),
            Block::Chart(chart) => page.paragraph(Style::Plain, &clean(&chart.to_string())),
            Block::Divider => page.divider(),
            Block::Field { .. } | Block::Time { .. } | Block::Moment { .. } => page.table(these),
            Block::Form(form) => page.paragraph(Style::Dim, &elsewhere(&form.label, &form.command)),
            Block::Select(select) => {
                let choices: Vec<_> = select.options.iter().map(|option| option.label.as_str()).collect();
                page.paragraph(Style::Dim, &elsewhere(&format!("{} ({})", select.label, choices.join(", ")), ""));
            }
            Block::Button(_) => {
                page.buttons(these, numbers, buttons);
                buttons += run;
            }
        }
        rest = after;
    }
    let bar = look.ink.bar(view.tone);
    page.lines.iter().map(|line| if line.is_empty() { bar.clone() } else { format!("{bar} {line}") }).collect()
}

/// A form or choice, which a terminal cannot show: what to type instead, or where it can be filled in.
fn elsewhere(label: &str, command: &str) -> String {
    match command {
        "" => format!("{}: on the console's page", clean_line(label)),
        command => format!("{}: type {}", clean_line(label), clean_line(command)),
    }
}

/// Whether two blocks are drawn together.
fn alike(a: &Block, b: &Block) -> bool {
    let row = |block: &Block| matches!(block, Block::Field { .. } | Block::Time { .. });
    let button = |block: &Block| matches!(block, Block::Button(_));
    let moment = |block: &Block| matches!(block, Block::Moment { .. });
    (row(a) && row(b)) || (moment(a) && moment(b)) || (button(a) && button(b))
}

struct Page {
    look: Look,
    lines: Vec<String>,
}

impl Page {
    fn width(&self) -> usize {
        self.look.width - EDGE
    }

    fn head(&mut self, view: &View, notes: &[&str]) {
        let title = clean_line(view.title.trim());
        let words = self.look.ink.word(view.tone).into_iter().map(str::to_owned);
        let title = words.chain((!title.is_empty()).then_some(title)).collect::<Vec<_>>().join(" ");
        if !title.is_empty() {
            self.paragraph(Style::Bold, &title);
        }
        if notes.is_empty() {
            return;
        }
        let notes = clean_line(&format!("({})", notes.join(", ")));
        let fits = cells(&title) + 1 + cells(&notes) <= self.width();
        match self.lines.last_mut().filter(|_| fits) {
            Some(line) => {
                line.push(' ');
                line.push_str(&self.look.ink.paint(Style::Dim, &notes));
            }
            None => self.paragraph(Style::Dim, &notes),
        }
    }

    fn paragraph(&mut self, style: Style, text: &str) {
        for line in wrap(text, self.width()) {
            self.lines.push(self.look.ink.paint(style, &line));
        }
    }

    fn code(&mut self, text: &str) {
        let width = self.width() - 2;
        for line in clean(text).trim_end_matches('\n').split('\n') {
            for piece in cut(line, width) {
                let piece = self.look.ink.paint(Style::Dim, piece.trim_end());
                self.lines.push(if piece.is_empty() { piece } else { format!("  {piece}") });
            }
        }
    }

    /// The address is always shown: a label may say anything.
    fn link(&mut self, label: &str, url: &str) {
        let (label, url) = (clean_line(label), clean_line(url));
        let http = ["http://", "https://"].iter().any(|scheme| url.to_lowercase().starts_with(scheme));
        let style = if http { Style::Link } else { Style::Plain };
        let one = if label.is_empty() || label == url { String::new() } else { format!("{label}: ") };
        if cells(&one) + cells(&url) <= self.width() {
            self.lines.push(format!("{one}{}", self.look.ink.paint(style, &url)));
            return;
        }
        if !one.is_empty() {
            self.paragraph(Style::Plain, one.trim_end());
        }
        for piece in cut(&url, self.width()) {
            self.lines.push(self.look.ink.paint(style, &piece));
        }
    }

    fn progress(&mut self, label: &str, done: u64, total: u64) {
        let label = clean_line(label);
        let state = if total == 0 {
            format!("{done} so far")
        } else {
            let part = u128::from(done.min(total));
            let filled = usize::try_from(part * BAR as u128 / u128::from(total)).unwrap_or(BAR);
            let percent = part * 100 / u128::from(total);
            let (full, empty) = if self.look.ink.colour { ("█", "░") } else { ("#", ".") };
            format!("[{}{}] {percent}% ({done}/{total})", full.repeat(filled), empty.repeat(BAR - filled))
        };
        self.paragraph(Style::Plain, format!("{label} {state}").trim_start());
    }

    fn divider(&mut self) {
        let line = if self.look.ink.colour { "─" } else { "-" }.repeat(self.width());
        self.lines.push(self.look.ink.paint(Style::Dim, &line));
    }

    /// Names and values in two columns; a name that would squeeze the values stands on a line of its own.
    fn table(&mut self, blocks: &[Block]) {
        let rows: Vec<(String, String)> = blocks
            .iter()
            .filter_map(|block| match block {
                Block::Field { name, value } => Some((clean_line(name), clean(value))),
                Block::Time { name, at_ms } => Some((clean_line(name), moment(*at_ms))),
                Block::Moment { at_ms, text } => Some((moment(*at_ms), clean(text))),
                _ => None,
            })
            .collect();
        let most = self.width() / 3;
        let column = rows.iter().map(|(name, _)| cells(name)).filter(|wide| *wide <= most).max().unwrap_or(0);
        let (column, gap) = if column == 0 { (2, 0) } else { (column, 2) };
        for (name, value) in rows {
            let wide = cells(&name);
            let mut first = if wide > column {
                self.paragraph(Style::Dim, &name);
                None
            } else {
                Some(self.look.ink.paint(Style::Dim, &name) + &" ".repeat(column - wide + gap))
            };
            for line in wrap(&value, self.width() - column - gap) {
                let lead = first.take().unwrap_or_else(|| " ".repeat(column + gap));
                self.lines.push(format!("{lead}{line}").trim_end().to_owned());
            }
        }
    }

    fn buttons(&mut self, blocks: &[Block], numbers: Numbers<'_>, from: usize) {
        let mut line = String::new();
        let mut used = 0;
        for (index, block) in blocks.iter().enumerate() {
            let Block::Button(button) = block else { continue };
            let plain = self.button_text(button, numbers, from + index);
            let style = match button.style {
                ButtonStyle::Normal => Style::Plain,
                ButtonStyle::Primary => Style::Bold,
                ButtonStyle::Danger => Style::Tone(Tone::Critical),
            };
            for piece in wrap(&plain, self.width()) {
                let wide = cells(&piece);
                if used > 0 && used + 2 + wide > self.width() {
                    self.lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                if used > 0 {
                    line.push_str("  ");
                    used += 2;
                }
                line.push_str(&self.look.ink.paint(style, &piece));
                used += wide;
            }
        }
        self.lines.push(line);
    }

    fn button_text(&self, button: &Button, numbers: Numbers<'_>, index: usize) -> String {
        let label = clean_line(&button.label);
        let danger = if button.style == ButtonStyle::Danger && !self.look.ink.colour { " (!)" } else { "" };
        match numbers {
            Numbers::Given(given) => match given.get(index) {
                Some(number) => format!("[{number}] {label}{danger}"),
                None => format!("[-] {label}{danger}"),
            },
            Numbers::None => format!("[{label}]{danger}"),
        }
    }
}

/// UTC to the second: whoever compares it with a log on another machine must not convert.
fn moment(at_ms: i64) -> String {
    match DateTime::<Utc>::from_timestamp_millis(at_ms) {
        Some(at) => at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => at_ms.to_string(),
    }
}
