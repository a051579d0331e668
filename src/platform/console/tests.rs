//! What cards look like, and what they must never contain.

use super::*;
use crate::model::view::{Block, Button, ButtonStyle, Once, Tone, View};
use proptest::prelude::*;

fn button(action: &str, label: &str, style: ButtonStyle) -> Block {
    Block::Button(Button {
        action: action.to_owned(),
        label: label.to_owned(),
        value: String::new(),
        style,
        once: Once::Card,
    })
}

fn field(name: &str, value: &str) -> Block {
    Block::Field { name: name.to_owned(), value: value.to_owned() }
}

fn incident() -> View {
    View {
        title: "INC-1 · checkout is down".to_owned(),
        tone: Tone::Critical,
        blocks: vec![
            Block::Text { text: "Customers cannot pay since noon; the payment provider answers slowly.".to_owned() },
            field("Severity", "SEV-1"),
            field("Status", "investigating"),
            field("Who looks after the stakeholders", "ana"),
            Block::Time { name: "Declared".to_owned(), at_ms: 1_767_225_600_000 },
            Block::Progress { label: "Restore".to_owned(), done: 3, total: 10 },
            Block::Progress { label: "Rows".to_owned(), done: 1200, total: 0 },
            Block::Code { text: "psql -c 'select 1'\n  ok\n".to_owned() },
            Block::Link { label: "Runbook".to_owned(), url: "https://example.org/runbooks/checkout".to_owned() },
            Block::Divider,
            Block::Context { text: "event 0190".to_owned() },
            button("resolve", "Resolve", ButtonStyle::Primary),
            button("drop", "Drop everything", ButtonStyle::Danger),
        ],
    }
}

#[test]
fn a_history_is_a_line_for_each_moment() {
    let line = |at_ms: i64, text: &str| Block::Moment { at_ms, text: text.to_owned() };
    let blocks = vec![
        line(1_767_225_600_000, "ana declared: sev1: checkout is down"),
        line(1_767_225_660_000, "ben note: a\nb"),
    ];
    let view = View { title: "Timeline of INC-1".to_owned(), tone: Tone::Neutral, blocks };
    insta::assert_snapshot!(card(&view, plain(80), Numbers::None, &[]).join("\n"), @"
    | Timeline of INC-1
    | 2026-01-01 00:00:00 UTC  ana declared: sev1: checkout is down
    | 2026-01-01 00:01:00 UTC  ben note: a
    |                          b
    ");
}

fn plain(columns: usize) -> Look {
    Look::new(Some(columns), false)
}

#[test]
fn a_card_says_everything_without_colour() {
    let lines = card(&incident(), plain(48), Numbers::Given(&[4, 5]), &["updated"]);
    insta::assert_snapshot!(lines.join("\n"), @"
    | [critical] INC-1 · checkout is down (updated)
    | Customers cannot pay since noon; the payment
    | provider answers slowly.
    | Severity  SEV-1
    | Status    investigating
    | Who looks after the stakeholders
    |           ana
    | Declared  2026-01-01 00:00:00 UTC
    | Restore [######..............] 30% (3/10)
    | Rows 1200 so far
    |   psql -c 'select 1'
    |     ok
    | Runbook: https://example.org/runbooks/checkout
    | ----------------------------------------------
    | event 0190
    | [4] Resolve  [5] Drop everything (!)
    ");
}

#[test]
fn a_card_on_a_terminal_is_coloured() {
    let lines = card(&incident(), Look::new(Some(60), true), Numbers::None, &[]).join("\n");
    insta::assert_snapshot!(lines.replace('\u{1b}', "^"), @"
    ^[31m▌^[0m ^[1mINC-1 · checkout is down^[0m
    ^[31m▌^[0m Customers cannot pay since noon; the payment provider
    ^[31m▌^[0m answers slowly.
    ^[31m▌^[0m ^[2mSeverity^[0m  SEV-1
    ^[31m▌^[0m ^[2mStatus^[0m    investigating
    ^[31m▌^[0m ^[2mWho looks after the stakeholders^[0m
    ^[31m▌^[0m           ana
    ^[31m▌^[0m ^[2mDeclared^[0m  2026-01-01 00:00:00 UTC
    ^[31m▌^[0m Restore [██████░░░░░░░░░░░░░░] 30% (3/10)
    ^[31m▌^[0m Rows 1200 so far
    ^[31m▌^[0m   ^[2mpsql -c 'select 1'^[0m
    ^[31m▌^[0m   ^[2m  ok^[0m
    ^[31m▌^[0m Runbook: ^[4mhttps://example.org/runbooks/checkout^[0m
    ^[31m▌^[0m ^[2m──────────────────────────────────────────────────────────^[0m
    ^[31m▌^[0m ^[2mevent 0190^[0m
    ^[31m▌^[0m ^[1m[Resolve]^[0m  ^[31m[Drop everything]^[0m
    ");
}

#[test]
fn hostile_text_stays_text() {
    let view = View {
        title: "a\n| forged line\u{1b}[2K".to_owned(),
        tone: Tone::Info,
        blocks: vec![
            field("who\u{202e}", "root\r\n| [1] Approve"),
            Block::Link { label: "https://bank.example".to_owned(), url: "javascript:alert(1)".to_owned() },
            button("x", "ok\u{1b}]8;;http://evil\u{7}", ButtonStyle::Normal),
        ],
    };
    insta::assert_snapshot!(card(&view, plain(60), Numbers::Given(&[1]), &[]).join("\n"), @"
    | a | forged line␛[2K
    | who<U+202E>  root
    |              | [1] Approve
    | https://bank.example: javascript:alert(1)
    | [1] ok␛]8;;http://evil␇
    ");
}

#[test]
fn an_empty_view_is_an_empty_card() {
    assert!(card(&View::default(), plain(80), Numbers::None, &[]).is_empty());
}

/// Text of the kinds that break drawings: controls, marks, wide signs, joined emoji, long words.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[a-z ]{0,60}",
        "[\u{0}-\u{20}\u{7f}-\u{9f}]{0,8}",
        "[\u{300}-\u{320}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{fe0f}]{0,8}",
        "[日本語한국어ａ]{0,30}",
        Just("👩\u{200d}🚒❤\u{fe0f}🇩🇪".to_owned()),
        Just("\u{1b}[31m\u{1b}]0;t\u{7}\r\n\t".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn any_block() -> impl Strategy<Value = Block> {
    let style = prop_oneof![Just(ButtonStyle::Normal), Just(ButtonStyle::Primary), Just(ButtonStyle::Danger)];
    prop_oneof![
        any_text().prop_map(|text| Block::Text { text }),
        any_text().prop_map(|text| Block::Code { text }),
        any_text().prop_map(|text| Block::Context { text }),
        (any_text(), any_text()).prop_map(|(name, value)| Block::Field { name, value }),
        (any_text(), any::<i64>()).prop_map(|(name, at_ms)| Block::Time { name, at_ms }),
        (any_text(), any::<i64>()).prop_map(|(text, at_ms)| Block::Moment { at_ms, text }),
        (any_text(), any_text()).prop_map(|(label, url)| Block::Link { label, url }),
        (any_text(), any::<u64>(), any::<u64>()).prop_map(|(label, done, total)| Block::Progress {
            label,
            done,
            total
        }),
        Just(Block::Divider),
        (any_text(), style).prop_map(|(label, style)| button("a", &label, style)),
    ]
}

fn any_view() -> impl Strategy<Value = View> {
    let tone = prop_oneof![Just(Tone::Neutral), Just(Tone::Good), Just(Tone::Warning), Just(Tone::Critical)];
    (any_text(), tone, prop::collection::vec(any_block(), 0..8)).prop_map(|(title, tone, blocks)| View {
        title,
        tone,
        blocks,
    })
}

/// The line without the sequences that we write ourselves.
fn unpainted(line: &str) -> String {
    let ours = ["0", "1", "2", "4", "31", "32", "33", "34", "90"];
    ours.iter().fold(line.to_owned(), |line, code| line.replace(&format!("\u{1b}[{code}m"), ""))
}

proptest! {
    #[test]
    fn a_card_never_obeys_its_text_and_never_overflows(
        view in any_view(),
        columns in 0_usize..130,
        colour in any::<bool>(),
        note in any_text(),
    ) {
        let look = Look::new(Some(columns), colour);
        for line in card(&view, look, Numbers::Given(&[1, 2, 3]), &[note.as_str()]) {
            let bare = unpainted(&line);
            prop_assert!(!bare.contains(|c: char| c.is_control()), "{bare:?}");
            prop_assert!(!bare.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{bare:?}");
            prop_assert!(cells(&bare) <= look.width, "{} columns: {bare:?}", cells(&bare));
            prop_assert!(colour || bare == line);
        }
    }

    #[test]
    fn wrapped_lines_hold_every_word(text in "[a-zé日 ]{0,200}", width in 2_usize..40) {
        let words = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
        let lines = wrap(&text, width);
        prop_assert!(lines.iter().all(|line| cells(line) <= width), "{lines:?}");
        prop_assert_eq!(words(&lines.concat()), words(&text));
    }
}
