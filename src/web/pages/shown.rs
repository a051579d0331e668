//! How times and messages look in a template. Moments are written in UTC and moved into the reader's zone by the page's
//! script; without it they are merely less convenient.

use crate::clock::rfc3339;
use crate::model::form::Form;
use crate::model::view::{Block, ButtonStyle, Tone};

/// `2026-01-02 03:04 UTC`.
pub(super) fn moment(at_ms: &i64) -> String {
    let text = rfc3339(*at_ms);
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

/// For a `datetime` attribute.
pub(super) fn machine(at_ms: &i64) -> String {
    rfc3339(*at_ms)
}

/// `3 d 4 h`, `42 min`, `17 s`.
pub(super) fn span(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    match (s / 86_400, s / 3600 % 24, s / 60 % 60) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// A span that is a field's.
pub(super) fn since(ms: &i64) -> String {
    span(*ms)
}

/// `120 ms`, `1.2 s`, `42 min 3 s`, `3 h 4 min`: what was measured, as finely as it matters.
pub(super) fn took(ms: &i64) -> String {
    let ms = *ms.max(&0);
    match (ms / 1000, ms % 1000 / 100) {
        (0, _) => format!("{ms} ms"),
        (s @ ..60, tenths) => format!("{s}.{tenths} s"),
        (s @ ..3600, _) => format!("{} min {} s", s / 60, s % 60),
        _ => span(ms),
    }
}

/// `512 B`, `1.5 MB`; in thousands, as disks are sold.
pub(super) fn bytes(bytes: &i64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut tenths, mut unit) = (bytes.max(&0).saturating_mul(10), 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1000, unit + 1);
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {}", UNITS[unit]),
        (whole, part) if unit > 0 => format!("{whole}.{part} {}", UNITS[unit]),
        (whole, _) => format!("{whole} {}", UNITS[unit]),
    }
}

/// The word of a colour, which is its class too.
pub(super) fn tone(tone: &Tone) -> &'static str {
    match tone {
        Tone::Neutral => "neutral",
        Tone::Info => "info",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Critical => "critical",
    }
}

/// A button's class.
pub(super) fn style(style: &ButtonStyle) -> &'static str {
    match style {
        ButtonStyle::Normal => "normal",
        ButtonStyle::Primary => "primary",
        ButtonStyle::Danger => "danger",
    }
}

/// Whether an address may be a link: nothing but the web's own, so that none runs a script.
pub(super) fn is_link(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with("http://")
}

/// The parts of a message that are read, in order.
pub(super) fn body(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    blocks.iter().filter(|block| !is_control(block))
}

/// The parts that something is done with; they stand after the others.
pub(super) fn controls(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    blocks.iter().filter(|block| is_control(block))
}

fn is_control(block: &Block) -> bool {
    matches!(block, Block::Button(_) | Block::Form(_) | Block::Select(_))
}

/// A form for the script that opens it.
pub(super) fn form(form: &Form) -> String {
    // Strings and flags only: there is nothing in it that JSON could not say.
    serde_json::to_string(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(moment(&1_767_225_600_000), "2026-01-01 00:00 UTC");
        let spans: Vec<_> = [-5, 17_000, 42 * 60_000, 3 * 3_600_000 + 60_000, 100 * 3_600_000].map(span).into();
        assert_eq!(spans, ["0 s", "17 s", "42 min", "3 h 1 min", "4 d 4 h"]);
        let took: Vec<_> = [-5, 120, 1_230, 59_999, 125_000, 3_600_000].map(|ms: i64| super::took(&ms)).into();
        assert_eq!(took, ["0 ms", "120 ms", "1.2 s", "59.9 s", "2 min 5 s", "1 h 0 min"]);
    }

    #[test]
    fn only_the_webs_own_addresses_are_links() {
        for good in ["https://x.example", "HTTP://x"] {
            assert!(is_link(good), "{good}");
        }
        for bad in ["javascript:alert(1)", " https://x", "data:text/html,x", "//x", "", "https:/", "é"] {
            assert!(!is_link(bad), "{bad}");
        }
    }
}
