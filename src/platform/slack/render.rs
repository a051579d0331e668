//! A view as Block Kit. Outside text goes into rich text and plain text, which know no markup: it can neither ping nor forge a
//! link nor break anything. Moments are shown in the reader's zone. What one block cannot hold becomes several; what one message
//! cannot hold is `pages`' business.

use super::controls::{element, plain};
use super::pages::Piece;
use super::text::{clip, escape, label, length, parts, web};
use crate::clock::rfc3339;
use crate::config::limits::{SLACK_FALLBACK_CHARS, SLACK_HEADER_CHARS, SLACK_ROW, SLACK_TEXT_CHARS, SLACK_URL_CHARS};
use crate::model::ids::MessageRef;
use crate::model::view::{Block, Control, Tone, View};
use crate::platform::console::{clean, clean_line};
use serde_json::json;
use slack_morphism::blocks::{
    SlackActionsBlock, SlackBlock, SlackBlockPlainText, SlackContextBlock, SlackContextBlockElement, SlackDividerBlock,
    SlackHeaderBlock, SlackRichTextBlock, SlackRichTextElement, SlackRichTextInlineElement, SlackRichTextLink,
    SlackRichTextPreformatted, SlackRichTextSection, SlackRichTextText,
};

/// Squares of a progress bar.
const BAR: u128 = 20;
/// Characters that a moment may take.
const DATE_CHARS: usize = 40;
/// Characters of a name beside its value.
const NAME_CHARS: usize = 200;

/// The mark of a tone: the one colour that a message without attachments has, and one that people who see no colours can tell by
/// its shape.
fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "",
        Tone::Info => "ℹ️ ",
        Tone::Good => "✅ ",
        Tone::Warning => "⚠️ ",
        Tone::Critical => "🔴 ",
    }
}

/// A view in order, as pieces that each fit Slack by themselves.
pub(super) fn pieces(view: &View, card: &MessageRef, nonce: &str) -> Vec<Piece> {
    let mut page = Page { card, nonce, pieces: Vec::new(), number: 0, lead: mark(view.tone) };
    page.head(&view.title);
    let mut rest = view.blocks.as_slice();
    while let Some(block) = rest.first() {
        let run = rest.iter().take_while(|next| alike(block, next)).count().max(1);
        let (these, after) = rest.split_at(run);
        match block {
            Block::Text { text } => page.text(text),
            Block::Code { text } => page.code(text),
            Block::Context { text } => page.context(text),
            Block::Chart(chart) => page.text(&format!("📈 {chart}")),
            Block::Divider => page.pieces.push(Piece::content(SlackDividerBlock::new().into(), 0)),
            Block::Field { .. }
            | Block::Time { .. }
            | Block::Moment { .. }
            | Block::Link { .. }
            | Block::Progress { .. } => page.lines(these),
            Block::Button(_) | Block::Form(_) | Block::Select(_) => page.controls(these),
        }
        rest = after;
    }
    page.pieces
}

/// What notifications and screen readers get: everything, in Slack's own markup, cut where it is too long.
pub(super) fn fallback(view: &View) -> String {
    let mut out = String::new();
    let lines = fallback_lines(view);
    for (number, line) in lines.iter().enumerate() {
        let gap = if number == 0 { "" } else { "\n" };
        if length(&out) + length(gap) + length(line) + 1 > SLACK_FALLBACK_CHARS {
            out.push('…');
            break;
        }
        out.push_str(gap);
        out.push_str(line);
    }
    if out.is_empty() { "(nothing)".to_owned() } else { out }
}

fn fallback_lines(view: &View) -> Vec<String> {
    // A character may become five.
    let safe = |text: &str| escape(&clip(text, SLACK_FALLBACK_CHARS / 6));
    let mut lines = Vec::new();
    let title = format!("{}{}", mark(view.tone), clean_line(view.title.trim()));
    if !title.trim().is_empty() {
        lines.push(safe(title.trim()));
    }
    for block in &view.blocks {
        match block {
            Block::Time { name, at_ms } => lines.push(format!("{}: {}", safe(&clean_line(name)), moment(*at_ms))),
            Block::Moment { at_ms, text } => {
                let text = clean(text);
                let mut told = text.lines().filter(|line| !line.trim().is_empty()).map(safe);
                lines.push(format!("{} {}", moment(*at_ms), told.next().unwrap_or_default()));
                lines.extend(told);
            }
            other => {
                let plain = View { blocks: vec![other.clone()], ..View::default() }.to_plain();
                lines.extend(clean(&plain).lines().filter(|line| !line.trim().is_empty()).map(safe));
            }
        }
    }
    lines
}

/// A moment in the reader's zone, with UTC for who cannot show it.
/// <https://docs.slack.dev/messaging/formatting-message-text#date-formatting>
fn moment(at_ms: i64) -> String {
    format!("<!date^{}^{{date_short_pretty}} {{time_secs}}|{}>", at_ms.div_euclid(1000), escape(&rfc3339(at_ms)))
}

/// The same within rich text. Its own type wants a time of another library; this is what it would write.
fn date(at_ms: i64) -> SlackRichTextInlineElement {
    SlackRichTextInlineElement::Unknown(json!({
        "type": "date",
        "timestamp": at_ms.div_euclid(1000),
        "format": "{date_short_pretty} {time_secs}",
        "fallback": rfc3339(at_ms),
    }))
}

/// Whether two blocks are shown together.
fn alike(a: &Block, b: &Block) -> bool {
    let line = |block: &Block| {
        matches!(block, Block::Field { .. } | Block::Time { .. } | Block::Link { .. } | Block::Progress { .. })
    };
    let moment = |block: &Block| matches!(block, Block::Moment { .. });
    let control = |block: &Block| matches!(block, Block::Button(_) | Block::Form(_) | Block::Select(_));
    (line(a) && line(b)) || (moment(a) && moment(b)) || (control(a) && control(b))
}

struct Page<'a> {
    card: &'a MessageRef,
    nonce: &'a str,
    pieces: Vec<Piece>,
    number: usize,
    /// The tone's mark, until something has it.
    lead: &'static str,
}

impl Page<'_> {
    fn head(&mut self, title: &str) {
        let title = clean_line(title.trim());
        if title.trim().is_empty() {
            return;
        }
        let whole = format!("{}{}", std::mem::take(&mut self.lead), title.trim());
        let shown = clip(&whole, SLACK_HEADER_CHARS);
        let cut = shown != whole;
        let chars = length(&shown);
        self.pieces.push(Piece::content(SlackHeaderBlock::new(plain(shown)).into(), chars));
        if cut {
            self.text(&title);
        }
    }

    fn rich(&mut self, element: SlackRichTextElement, chars: usize) {
        self.pieces.push(Piece::content(SlackRichTextBlock::new(vec![element]).into(), chars));
    }

    fn text(&mut self, text: &str) {
        let lead = std::mem::take(&mut self.lead);
        for part in parts(&format!("{lead}{text}"), SLACK_TEXT_CHARS) {
            let chars = length(&part);
            self.rich(SlackRichTextSection::from(part).into(), chars);
        }
    }

    fn code(&mut self, text: &str) {
        for part in parts(text, SLACK_TEXT_CHARS) {
            let chars = length(&part);
            self.rich(SlackRichTextPreformatted::new(vec![part.into()]).into(), chars);
        }
    }

    fn context(&mut self, text: &str) {
        for part in parts(text, SLACK_TEXT_CHARS) {
            let chars = length(&part);
            let element = SlackContextBlockElement::Plain(SlackBlockPlainText::new(part).with_emoji(false));
            self.pieces.push(Piece::content(SlackContextBlock::new(vec![element]).into(), chars));
        }
    }

    /// Names and values, links and bars, a line each, as many in one block as it holds.
    fn lines(&mut self, blocks: &[Block]) {
        let mut run: Vec<SlackRichTextInlineElement> = Vec::new();
        let mut used = 0;
        for block in blocks {
            for (elements, chars) in self.line(block) {
                if used + chars + 1 > SLACK_TEXT_CHARS && !run.is_empty() {
                    self.rich(SlackRichTextSection::new(std::mem::take(&mut run)).into(), used);
                    used = 0;
                }
                if !run.is_empty() {
                    run.push("\n".into());
                    used += 1;
                }
                run.extend(elements);
                used += chars;
            }
        }
        if !run.is_empty() {
            self.rich(SlackRichTextSection::new(run).into(), used);
        }
    }

    /// One line, or several of a value that is long, each with its length.
    fn line(&mut self, block: &Block) -> Vec<(Vec<SlackRichTextInlineElement>, usize)> {
        let bold = |name: &str| {
            let name = format!("{}: ", label(name, NAME_CHARS, "–"));
            let chars = length(&name);
            (SlackRichTextInlineElement::from(SlackRichTextText::new(name).bold()), chars)
        };
        match block {
            Block::Field { name, value } => {
                let (name, name_chars) = bold(name);
                let mut values = parts(value, SLACK_TEXT_CHARS - NAME_CHARS - 10).into_iter();
                let first = values.next().unwrap_or_else(|| "–".to_owned());
                let chars = name_chars + length(&first);
                let rest = values.map(|value| {
                    let chars = length(&value);
                    (vec![value.into()], chars)
                });
                [(vec![name, first.into()], chars)].into_iter().chain(rest).collect()
            }
            Block::Time { name, at_ms } => {
                let (name, chars) = bold(name);
                vec![(vec![name, date(*at_ms)], chars + DATE_CHARS)]
            }
            Block::Moment { at_ms, text } => {
                let mut told = parts(text, SLACK_TEXT_CHARS - DATE_CHARS - 10).into_iter();
                let first = format!(" {}", told.next().unwrap_or_else(|| "–".to_owned()));
                let chars = DATE_CHARS + length(&first);
                let rest = told.map(|part| {
                    let chars = length(&part);
                    (vec![part.into()], chars)
                });
                [(vec![date(*at_ms), first.into()], chars)].into_iter().chain(rest).collect()
            }
            Block::Link { label: text, url } => vec![link(text, url)],
            Block::Progress { label: text, done, total } => {
                let line = progress(&label(text, NAME_CHARS, ""), *done, *total);
                let chars = length(&line);
                vec![(vec![line.into()], chars)]
            }
            _ => Vec::new(),
        }
    }

    fn controls(&mut self, blocks: &[Block]) {
        let mut row = Vec::new();
        let mut unshown = Vec::new();
        for block in blocks {
            let control = match block {
                Block::Button(button) => Control::Button(button),
                Block::Form(form) => Control::Form(form),
                Block::Select(select) => Control::Select(select),
                _ => continue,
            };
            self.number += 1;
            match element(control, self.number, self.nonce, self.card) {
                Ok(element) => row.push(element),
                Err(instead) => unshown.push(instead),
            }
        }
        while !row.is_empty() {
            let rest = row.split_off(row.len().min(SLACK_ROW));
            let these = std::mem::replace(&mut row, rest);
            self.pieces.push(Piece::control(SlackActionsBlock::new(these).into()));
        }
        for instead in unshown {
            self.context(&instead);
        }
    }
}

/// A link that says where it leads, whatever its label says.
fn link(text: &str, url: &str) -> (Vec<SlackRichTextInlineElement>, usize) {
    let text = label(text, NAME_CHARS, "");
    match web(url, SLACK_URL_CHARS) {
        Some((address, host)) => {
            let shown = match text.is_empty() || text == url {
                true => clip(address.as_str(), NAME_CHARS),
                false => format!("{text} ({host})"),
            };
            let chars = length(&shown) + length(address.as_str()).min(SLACK_TEXT_CHARS / 2);
            let mut link = SlackRichTextLink::new(slack_morphism::SlackRelaxedUrl(address.to_string()));
            link.text = Some(shown);
            (vec![link.into()], chars)
        }
        None => {
            let lead = if text.is_empty() { String::new() } else { format!("{text}: ") };
            let shown = clip(&format!("{lead}{}", clean_line(url)), SLACK_TEXT_CHARS - 1);
            let shown = if shown.is_empty() { "–".to_owned() } else { shown };
            let chars = length(&shown);
            (vec![shown.into()], chars)
        }
    }
}

fn progress(name: &str, done: u64, total: u64) -> String {
    let lead = if name.is_empty() { String::new() } else { format!("{name}  ") };
    if total == 0 {
        return format!("{lead}{done} so far");
    }
    let part = u128::from(done.min(total));
    let filled = usize::try_from(part * BAR / u128::from(total)).unwrap_or(0);
    let empty = usize::try_from(BAR).unwrap_or(0).saturating_sub(filled);
    let percent = part * 100 / u128::from(total);
    format!("{lead}{}{} {percent}% ({done}/{total})", "█".repeat(filled), "░".repeat(empty))
}

/// A line that the host itself adds to a message.
pub(super) fn note(text: &str) -> SlackBlock {
    let element = SlackContextBlockElement::Plain(SlackBlockPlainText::new(text.to_owned()).with_emoji(false));
    SlackContextBlock::new(vec![element]).into()
}

/// A message that would otherwise show nothing.
pub(super) fn nothing() -> SlackBlock {
    SlackRichTextBlock::new(vec![SlackRichTextSection::from("(nothing)").into()]).into()
}
