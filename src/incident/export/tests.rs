//! Documents as people read them, and as a Markdown reader does.

use super::*;
use crate::incident::{Declaration, SeverityTable, Stamp, declare};
use crate::model::ids::{IncidentId, PersonId};
use crate::model::incident::TimelineEntry;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

const T0: i64 = 1_772_359_320_000; // 2026-03-01T10:02:00Z

fn incident(title: &str) -> Incident {
    let stamp = Stamp { author: PersonId::from("ana"), at_ms: T0, entry: "e".to_owned() };
    let said = Declaration {
        title: "x".to_owned(),
        severity: "sev1".to_owned(),
        conversation: "console:#incidents".into(),
        service: None,
    };
    let opened = declare(IncidentId::numbered(7), said, &SeverityTable::default(), stamp).expect("valid").0;
    Incident { title: title.to_owned(), ..opened }
}

fn line(n: i64, text: &str) -> TimelineLine {
    TimelineLine {
        entry: TimelineEntry {
            id: format!("line-{n}"),
            incident: IncidentId::numbered(7),
            at_ms: T0 + n * 60_000,
            kind: "note".to_owned(),
            author: PersonId::from("ana"),
            text: text.to_owned(),
        },
        source: (n > 0).then(|| "delivery:api/local/17".to_owned()),
        via: (n > 1).then(|| "sev-declare 0.1.0 sha256:4f5d".to_owned()),
    }
}

/// Headings, and all text beneath list items, as a reader with every extension sees them; anything else is a forgery.
fn read(document: &str) -> Result<(Vec<String>, String), String> {
    let (mut headings, mut items, mut in_heading) = (Vec::new(), String::new(), false);
    // Curly quotes are no forgery.
    for event in Parser::new_ext(document, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                in_heading = true;
                headings.push(String::new());
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            Event::Start(Tag::List(None) | Tag::Item | Tag::Paragraph | Tag::Strong)
            | Event::End(TagEnd::List(_) | TagEnd::Item | TagEnd::Paragraph | TagEnd::Strong) => {}
            Event::Text(text) if in_heading => headings.last_mut().expect("one is open").push_str(&text),
            Event::Text(text) => items.push_str(&text),
            Event::HardBreak | Event::SoftBreak => items.push('\n'),
            other => return Err(format!("{other:?} in {document}")),
        }
    }
    Ok((headings, items))
}

#[test]
fn a_timeline_reads_well_as_markdown() {
    let lines =
        [line(0, "db-1 is gone\n\nits replica too"), line(1, "see runbook `failover` (page 3)"), line(2, "back.")];
    insta::assert_snapshot!(markdown(&incident("checkout is down"), (&lines, 0), 100_000), @r"
    # INC-7: checkout is down

    - Severity: sev1
    - Status: investigating
    - Declared: 2026-03-01T10:02:00.000Z by ana

    ## Timeline (UTC)

    - 2026-03-01T10:02:00.000Z **ana** note: db-1 is gone\
      its replica too
    - 2026-03-01T10:03:00.000Z **ana** note: see runbook \`failover\` (page 3) \[delivery\:api/local/17\]
    - 2026-03-01T10:04:00.000Z **ana** note: back. \[delivery\:api/local/17, sev-declare 0.1.0 sha256\:4f5d\]
    ");
}

#[test]
fn the_newest_lines_are_kept_when_not_all_fit() {
    let lines: Vec<_> = (0..100).map(|n| line(n, "another twenty bytes")).collect();
    let document = markdown(&incident("x"), (&lines, 0), 1_000);
    assert!(document.len() < 1_200 && document.contains("earlier lines are left out"), "{document}");
    assert!(document.contains("T11:41:00") && !document.contains("T10:02:00.000Z **"), "{document}");
    let value: Value = serde_json::from_str(&json(&incident("x"), (&lines, 7), 2_000)).expect("it is JSON");
    let kept = value["entries"].as_array().expect("a list").len();
    assert_eq!(value["left_out"], 107 - kept);
    assert_eq!(value["entries"][kept - 1]["id"], "line-99");
}

#[test]
fn hostile_words_stay_words() {
    for hostile in [
        "# heading",
        "x\n===",
        "x\n---",
        "1. a list",
        "- a list",
        "> a quote",
        "    code",
        "```\ncode",
        "<script>alert(1)</script>",
        "<https://evil.example>",
        "[click](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "[a]: https://evil.example",
        "&lt;b&gt; &#64;",
        "| a | b |\n|---|---|",
        "*x* _y_ ~~z~~ `c` $m$ :smile:",
        "\u{202e}evil\u{7}",
    ] {
        let document = markdown(&incident(hostile), (&[line(0, hostile)], 0), 100_000);
        let (headings, _) = read(&document).unwrap();
        assert_eq!(headings.len(), 2, "{document}");
    }
    let document =
        markdown(&incident("x"), (&[line(0, "@everyone see https://evil.example or WWW.evil.example")], 0), 100_000);
    for forged in ["@everyone", "https://", "https\\://", "WWW.e"] {
        assert!(!document.contains(forged), "{forged} in {document}");
    }
}

proptest! {
    /// Whatever is in the title and the lines, a reader sees two headings, a list, and the words themselves.
    #[test]
    fn a_markdown_reader_sees_only_text(title in "\\PC{0,40}", texts in prop::collection::vec("[ -~\n\té\u{202e}]{0,60}", 0..5)) {
        let lines: Vec<_> = texts.iter().zip(0..).map(|(text, n)| line(n, text)).collect();
        let document = markdown(&incident(&title), (&lines, 0), 1_000_000);
        let (headings, items) = read(&document).map_err(TestCaseError::fail)?;
        prop_assert_eq!(headings.len(), 2);
        let squash = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != JOINER).collect::<String>();
        let items = squash(&items);
        for text in &texts {
            let shown: String = text.chars().map(|c| if hides(c) && !c.is_whitespace() { '\u{fffd}' } else { c }).collect();
            prop_assert!(items.contains(&squash(&shown)), "{:?} in {:?}", text, items);
        }
    }
}
