//! A view as a Discord message: embeds in the view's order, rows of components, pictures. What does not fit is said and comes
//! along as a file or in a further menu; nothing is left out silently. How it is sent is `outbound`'s.

use super::rows::{self, Rows};
use super::text::{clip, code, escape, escape_one_line, link, moment, time, units, unmentioned};
use crate::config::limits::{
    DISCORD_CONTENT, DISCORD_CUT_PIECE, DISCORD_EMBED_DESCRIPTION, DISCORD_EMBED_FIELDS, DISCORD_EMBED_TITLE,
    DISCORD_EMBEDS, DISCORD_EMBEDS_TOTAL, DISCORD_FIELD_NAME, DISCORD_FIELD_VALUE,
};
use crate::model::chart::Chart;
use crate::model::ids::MessageRef;
use crate::model::view::{Block, Tone, View};
use crate::platform::console::clean;
use serenity::builder::{CreateActionRow, CreateEmbed, CreateEmbedFooter};

/// The file that holds the whole text where the message cannot.
pub(super) const WHOLE: &str = "message.txt";
/// A field's value shorter than this stands beside others.
const SHORT: usize = 40;
/// Parts of a progress bar.
const BAR: u64 = 12;
/// Units that a piece is cut to at least; less says nothing.
const LEAST: usize = 40;

/// A message ready to be sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawn {
    /// What stands above the embeds: what did not fit.
    pub(super) content: String,
    pub(super) embeds: Vec<CreateEmbed>,
    pub(super) rows: Vec<CreateActionRow>,
    /// To be drawn and attached under the names of [`picture_name`], in this order.
    pub(super) pictures: Vec<Chart>,
    /// To be attached as [`WHOLE`].
    pub(super) whole: Option<String>,
}

/// A picture's file name.
pub(super) fn picture_name(number: usize) -> String {
    format!("chart-{}.png", number + 1)
}

/// Draws a view under the reference of its message, with at most so many pictures; other charts are said in words.
pub(super) fn draw(message: &MessageRef, view: &View, pictures: usize) -> Drawn {
    // Pieces are cut only where the whole does not fit, and no shorter than needed.
    let pieces = [DISCORD_EMBED_DESCRIPTION, 2 * DISCORD_CUT_PIECE, DISCORD_CUT_PIECE];
    let mut laid = Laid::default();
    for piece in pieces {
        laid = Laid::lay(view, piece, pictures);
        if !laid.dropped {
            break;
        }
    }
    let Rows { rows, hidden } = rows::rows(message, view);
    let mut notes = Vec::new();
    let cut = laid.cut || laid.dropped;
    if cut {
        notes.push(format!("-# This is too long to be shown in full; all of it is in {WHOLE}."));
    }
    if !hidden.is_empty() {
        notes
            .push(format!("-# No room for: {}. Use the command, or the console.", escape_one_line(&hidden.join(", "))));
    }
    let embeds: Vec<_> =
        laid.sheets.iter().filter(|sheet| !sheet.is_empty()).map(|sheet| sheet.embed(view.tone)).collect();
    let nothing = embeds.is_empty() && notes.is_empty();
    let content = if nothing { "·".to_owned() } else { clip(&notes.join("\n"), DISCORD_CONTENT) };
    Drawn { content, embeds, rows, pictures: laid.pictures, whole: cut.then(|| whole(view)) }
}

fn whole(view: &View) -> String {
    clean(&view.to_plain()) + "\n"
}

/// One embed to be.
#[derive(Default)]
struct Sheet {
    title: String,
    description: String,
    fields: Vec<(String, String, bool)>,
    picture: Option<usize>,
    footer: String,
}

impl Sheet {
    fn is_empty(&self) -> bool {
        self.title.is_empty()
            && self.description.is_empty()
            && self.fields.is_empty()
            && self.picture.is_none()
            && self.footer.is_empty()
    }

    /// Whether text would stand in the wrong place here.
    fn is_past_text(&self) -> bool {
        !self.fields.is_empty() || self.picture.is_some() || !self.footer.is_empty()
    }

    fn embed(&self, tone: Tone) -> CreateEmbed {
        let mut embed = CreateEmbed::new().colour(colour(tone));
        if !self.title.is_empty() {
            embed = embed.title(&self.title);
        }
        if !self.description.is_empty() {
            embed = embed.description(&self.description);
        }
        if let Some(number) = self.picture {
            embed = embed.attachment(picture_name(number));
        }
        if !self.footer.is_empty() {
            embed = embed.footer(CreateEmbedFooter::new(&self.footer));
        }
        embed.fields(self.fields.iter().map(|(name, value, inline)| (name, value, *inline)))
    }
}

/// The edge's colour, red, green and blue.
fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Neutral => 0x8A_8F_98,
        Tone::Info => 0x2F_6F_DE,
        Tone::Good => 0x2E_9E_5B,
        Tone::Warning => 0xE0_A1_00,
        Tone::Critical => 0xD6_30_3B,
    }
}

#[derive(Default)]
struct Laid {
    sheets: Vec<Sheet>,
    pictures: Vec<Chart>,
    may_draw: usize,
    used: usize,
    /// A piece was cut.
    cut: bool,
    /// There was no room for a piece, or for less of it than one was to get.
    dropped: bool,
}

impl Laid {
    fn lay(view: &View, piece: usize, pictures: usize) -> Self {
        let mut laid = Self { may_draw: pictures, sheets: vec![Sheet::default()], ..Self::default() };
        if !view.title.trim().is_empty() {
            let title = laid.clipped(&escape_one_line(&view.title), DISCORD_EMBED_TITLE);
            laid.used += units(&title);
            laid.sheets[0].title = title;
        }
        let mut rule = false;
        for block in &view.blocks {
            let is_text = matches!(
                block,
                Block::Text { .. }
                    | Block::Moment { .. }
                    | Block::Code { .. }
                    | Block::Link { .. }
                    | Block::Progress { .. }
            );
            if rule && is_text {
                // What begins an embed of its own is parted from what is above anyway.
                if laid.sheets.last().is_some_and(|sheet| !sheet.is_past_text()) {
                    laid.ready("⎯⎯⎯⎯⎯⎯⎯⎯");
                }
                rule = false;
            }
            match block {
                Block::Text { text } => laid.text(text, piece, escape),
                Block::Code { text } => laid.text(text, piece, code),
                Block::Field { name, value } => laid.field(name, &escape(value)),
                Block::Time { name, at_ms } => laid.field(name, &time(*at_ms)),
                Block::Moment { at_ms, text } => laid.moment(*at_ms, text, piece),
                Block::Link { label, url } => match link(label, url) {
                    // A link that is cut leads nowhere.
                    Some(link) if units(&link) <= piece => laid.ready(&link),
                    _ => laid.text(&format!("{label}: {url}"), piece, escape),
                },
                Block::Progress { label, done, total } => laid.ready(&progress(label, *done, *total)),
                Block::Context { text } => laid.context(text, piece),
                Block::Chart(chart) => laid.picture(chart, piece),
                // It parts what is above from what is below, if both are there.
                Block::Divider => rule = laid.sheets.last().is_some_and(|sheet| !sheet.description.is_empty()),
                Block::Button(_) | Block::Form(_) | Block::Select(_) => {}
            }
        }
        laid
    }

    fn clipped(&mut self, text: &str, most: usize) -> String {
        let clipped = clip(text, most);
        self.cut |= clipped != text;
        clipped
    }

    fn left(&self) -> usize {
        DISCORD_EMBEDS_TOTAL - self.used
    }

    /// The last sheet, or a new one if that one does not do; `None` when there are too many.
    fn sheet(&mut self, does: impl Fn(&Sheet) -> bool) -> Option<&mut Sheet> {
        if !self.sheets.last().is_some_and(does) {
            if self.sheets.len() == DISCORD_EMBEDS {
                self.dropped = true;
                return None;
            }
            self.sheets.push(Sheet::default());
        }
        self.sheets.last_mut()
    }

    /// Markup that is put in whole or not at all.
    fn ready(&mut self, markup: &str) {
        let length = units(markup) + 1;
        if length > self.left() {
            self.dropped = true;
            return;
        }
        let fits =
            |sheet: &Sheet| !sheet.is_past_text() && units(&sheet.description) + length <= DISCORD_EMBED_DESCRIPTION;
        let Some(sheet) = self.sheet(fits) else { return };
        if !sheet.description.is_empty() {
            sheet.description.push('\n');
        }
        sheet.description.push_str(markup);
        self.used += length;
    }

    /// A text of at most `piece` units, less if there is no more room.
    fn text(&mut self, text: &str, piece: usize, shown: fn(&str) -> String) {
        if text.trim().is_empty() {
            return;
        }
        let most = piece.min(DISCORD_EMBED_DESCRIPTION - 1).min(self.left().saturating_sub(1));
        let markup = shown(text);
        if units(&markup) <= most {
            return self.ready(&markup);
        }
        self.cut = true;
        self.dropped |= most < piece.min(DISCORD_EMBED_DESCRIPTION - 1);
        // Markup makes a text longer, and must not be cut itself: a little less of the text, until it fits.
        let mut kept = most;
        while kept >= LEAST {
            let markup = shown(&clip(text, kept));
            if units(&markup) <= most {
                return self.ready(&markup);
            }
            kept -= (kept / 8).max(1);
        }
        self.dropped = true;
    }

    /// When, and what was so then: text, whose beginning is never cut.
    fn moment(&mut self, at_ms: i64, text: &str, piece: usize) {
        let when = moment(at_ms);
        let most = piece.min(DISCORD_EMBED_DESCRIPTION - 1).saturating_sub(units(&when) + 1);
        let mut kept = most;
        let mut told = escape(text);
        while units(&told) > most && kept >= LEAST {
            self.cut = true;
            told = escape(&clip(text, kept));
            kept -= (kept / 8).max(1);
        }
        self.ready(&format!("{when} {told}"));
    }

    fn field(&mut self, name: &str, value: &str) {
        let name = match escape_one_line(name) {
            name if name.trim().is_empty() => "–".to_owned(),
            name => self.clipped(&name, DISCORD_FIELD_NAME),
        };
        let value = if value.trim().is_empty() { "–".to_owned() } else { self.clipped(value, DISCORD_FIELD_VALUE) };
        let length = units(&name) + units(&value);
        if length > self.left() {
            self.dropped = true;
            return;
        }
        let inline = units(&value) < SHORT && !value.contains('\n');
        let fits = |sheet: &Sheet| {
            sheet.fields.len() < DISCORD_EMBED_FIELDS && sheet.picture.is_none() && sheet.footer.is_empty()
        };
        if let Some(sheet) = self.sheet(fits) {
            sheet.fields.push((name, value, inline));
            self.used += length;
        }
    }

    /// A small line: where text stands as small text, below fields and pictures at the foot.
    fn context(&mut self, text: &str, piece: usize) {
        if text.trim().is_empty() {
            return;
        }
        if self.sheets.last().is_some_and(|sheet| !sheet.is_past_text()) {
            return self.text(text, piece, small);
        }
        let most = piece.min(self.left().saturating_sub(1)).min(DISCORD_FIELD_VALUE);
        if most < LEAST {
            self.dropped = true;
            return;
        }
        let line = self.clipped(unmentioned(&clean(text)).trim(), most);
        let length = units(&line) + 1;
        // A second line joins the first; both are far below what a foot takes.
        if let Some(sheet) = self.sheet(|sheet| units(&sheet.footer) + length <= DISCORD_FIELD_VALUE + 1) {
            if !sheet.footer.is_empty() {
                sheet.footer.push('\n');
            }
            sheet.footer.push_str(&line);
            self.used += length;
        }
    }

    fn picture(&mut self, chart: &Chart, piece: usize) {
        if self.pictures.len() == self.may_draw {
            return self.text(&chart.to_string(), piece, escape);
        }
        let number = self.pictures.len();
        if let Some(sheet) = self.sheet(|sheet| sheet.picture.is_none() && sheet.footer.is_empty()) {
            sheet.picture = Some(number);
            self.pictures.push(chart.clone());
        }
    }
}

fn small(text: &str) -> String {
    let lines: Vec<_> = escape(text).split('\n').map(|line| format!("-# {line}")).collect();
    lines.join("\n")
}

fn progress(label: &str, done: u64, total: u64) -> String {
    let label = clip(&escape_one_line(label), DISCORD_FIELD_NAME);
    let lead = if label.is_empty() { String::new() } else { format!("{label} ") };
    if total == 0 {
        return format!("{lead}{done}/?");
    }
    let part = |of: u64| u64::try_from(u128::from(done.min(total)) * u128::from(of) / u128::from(total)).unwrap_or(of);
    let full: String = (0..BAR).map(|n| if n < part(BAR) { '█' } else { '░' }).collect();
    format!("{lead}`{full}` {}% ({done}/{total})", part(100))
}

#[cfg(test)]
mod tests;
