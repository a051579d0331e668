//! Any view fits Slack, nothing of it is lost, and nothing from outside pings, forges or breaks.

use crate::support::slack::rules;
use crate::support::views::view;
use drillbell::model::ids::MessageRef;
use drillbell::model::view::{Block, Button, ButtonStyle, Once, Tone, View};
use drillbell::platform::slack::shown;
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_view_fits_and_loses_no_button(view in view()) {
        let card = MessageRef::from("019b76da-a800-7000-8000-000000000001");
        let shown = shown(&view, &card);
        let first = json!({"text": shown["text"], "blocks": shown["blocks"]});
        prop_assert_eq!(rules::message(&first), Vec::<String>::new());
        let thread = shown["thread"].as_array().unwrap();
        for blocks in thread {
            prop_assert_eq!(rules::message(&json!({"text": "x", "blocks": blocks})), Vec::<String>::new());
        }
        let all = shown.to_string();
        let whole = shown["file"].is_null();
        for one in view.buttons().filter(|one| one.action.len() < 100 && whole) {
            let id = format!("|{}\"", one.action);
            prop_assert!(all.contains(&id), "{} is not there", one.action);
        }
        if !whole || !thread.is_empty() {
            let words = rules::words(&shown["blocks"]).join("\n");
            prop_assert!(words.contains('↳'), "it is said that there is more");
        }
    }
}

#[test]
fn a_history_shows_each_moment_in_the_readers_zone() {
    let line = |at_ms: i64, text: &str| Block::Moment { at_ms, text: text.to_owned() };
    let blocks = vec![line(1_767_225_600_000, "ana declared: <!here> down"), line(1_767_225_660_000, "ben note: a")];
    let shown = shown(&View { blocks, ..View::default() }, &MessageRef::from("019b76da-a800-7000-8000-000000000001"));
    let told = &shown["blocks"][0]["elements"][0]["elements"];
    assert_eq!((&told[0]["type"], &told[0]["timestamp"]), (&json!("date"), &json!(1_767_225_600)));
    assert_eq!((&told[1]["text"], &told[2]["text"]), (&json!(" ana declared: <!here> down"), &json!("\n")));
    assert_eq!((&told[3]["timestamp"], &told[4]["text"]), (&json!(1_767_225_660), &json!(" ben note: a")));
    assert!(shown["text"].as_str().unwrap().starts_with("<!date^1767225600^"), "{}", shown["text"]);
    assert!(shown["text"].as_str().unwrap().contains("&lt;!here&gt;"), "{}", shown["text"]);
}

#[test]
fn a_card_looks_like_this() {
    let text = |text: &str| text.to_owned();
    let view = View {
        title: text("INC-1 · sev1 · <!channel> checkout is down"),
        tone: Tone::Critical,
        blocks: vec![
            Block::Text { text: text("Nobody can pay. <@U0123456789> *not bold* & more") },
            Block::Field { name: text("Commander"), value: text("Ana") },
            Block::Time { name: text("Declared"), at_ms: 1_767_225_600_000 },
            Block::Link { label: text("https://good.example"), url: text("https://evil.example/x") },
            Block::Link { label: text("Trap"), url: text("javascript:alert(1)") },
            Block::Progress { label: text("Rolled back"), done: 2, total: 5 },
            Block::Code { text: text("HTTP 500\n<!here>") },
            Block::Divider,
            Block::Button(Button {
                action: text("ack"),
                label: text("Acknowledge"),
                value: text("INC-1"),
                style: ButtonStyle::Primary,
                once: Once::Card,
            }),
            Block::Context { text: text("Next: acknowledge") },
        ],
    };
    let shown = shown(&view, &MessageRef::from("019b76da-a800-7000-8000-000000000001"));
    insta::assert_snapshot!(rules::words(&shown["blocks"]).join("\n"), @r"
    🔴 INC-1 · sev1 · <!channel> checkout is down
    Nobody can pay. <@U0123456789> *not bold* & more
    Commander: Ana
    Declared: 2026-01-01T00:00:00.000Z
    https://good.example (evil.example)
    Trap: javascript:alert(1)
    Rolled back  ████████░░░░░░░░░░░░ 40% (2/5)
    HTTP 500
    <!here>
    ---
    [Acknowledge]
    Next: acknowledge
    ");
    insta::assert_snapshot!(shown["text"].as_str().unwrap(), @r"
    🔴 INC-1 · sev1 · &lt;!channel&gt; checkout is down
    Nobody can pay. &lt;@U0123456789&gt; *not bold* &amp; more
    Commander: Ana
    Declared: <!date^1767225600^{date_short_pretty} {time_secs}|2026-01-01T00:00:00.000Z>
    https://good.example: https://evil.example/x
    Trap: javascript:alert(1)
    Rolled back: 2/5
    HTTP 500
    &lt;!here&gt;
    Next: acknowledge
    ");
    insta::assert_snapshot!(shown["blocks"][5].to_string(), @r#"{"elements":[{"action_id":"b1|00000000|019b76da-a800-7000-8000-000000000001|ack","style":"primary","text":{"emoji":false,"text":"Acknowledge","type":"plain_text"},"type":"button"}],"type":"actions"}"#);
}
