//! Any view fits Slack, nothing of it is lost, and nothing from outside pings, forges or breaks.

use crate::support::slack::rules;
use drillbell::model::form::{Choice, Form, FormField, Input, Select};
use drillbell::model::ids::MessageRef;
use drillbell::model::view::{Block, Button, ButtonStyle, Once, Tone, View};
use drillbell::platform::slack::shown;
use proptest::prelude::*;
use serde_json::json;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z <>&!@#*_`|:\\n-]{0,60}",
        2 => "\\PC{0,80}",
        1 => Just("<!channel> <@U0123456789> &lt;!here&gt; <https://evil.example|https://good.example>".to_owned()),
        1 => (1_usize..9000).prop_map(|n| "lorem ipsum 🙂 ".repeat(n / 14 + 1)),
    ]
}

fn button() -> impl Strategy<Value = Button> {
    (text(), "[a-z]{1,20}|[a-z]{200,300}").prop_map(|(label, action)| Button {
        action,
        label,
        value: "v".repeat(3000),
        style: ButtonStyle::Danger,
        once: Once::Card,
    })
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    prop::collection::vec((text(), text()).prop_map(|(value, label)| Choice { value, label }), 0..30)
}

fn form() -> impl Strategy<Value = Form> {
    (text(), text(), choices()).prop_map(|(label, title, options)| Form {
        action: "form".to_owned(),
        label,
        value: String::new(),
        style: ButtonStyle::Primary,
        once: Once::Never,
        title: title.clone(),
        submit: title.clone(),
        command: String::new(),
        fields: vec![FormField {
            name: "f".to_owned(),
            label: title,
            hint: String::new(),
            required: true,
            input: Input::Select,
            options,
            initial: String::new(),
        }],
    })
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![
        text().prop_map(|text| Block::Text { text }),
        text().prop_map(|text| Block::Code { text }),
        text().prop_map(|text| Block::Context { text }),
        (text(), text()).prop_map(|(name, value)| Block::Field { name, value }),
        (text(), any::<i64>()).prop_map(|(name, at_ms)| Block::Time { name, at_ms }),
        (text(), any::<i64>()).prop_map(|(text, at_ms)| Block::Moment { at_ms, text }),
        (
            text(),
            prop_oneof![text(), Just("https://example.org/?a=b".to_owned()), Just("javascript:alert(1)".to_owned())]
        )
            .prop_map(|(label, url)| Block::Link { label, url }),
        (text(), any::<u64>(), any::<u64>()).prop_map(|(label, done, total)| Block::Progress { label, done, total }),
        Just(Block::Divider),
        button().prop_map(Block::Button),
        form().prop_map(Block::Form),
        (text(), choices()).prop_map(|(label, options)| Block::Select(Select {
            action: "select".to_owned(),
            label,
            once: Once::Never,
            options
        })),
    ]
}

/// Any view.
pub(super) fn view() -> impl Strategy<Value = View> {
    (
        text(),
        0_u8..5,
        prop_oneof![4 => prop::collection::vec(block(), 0..20), 1 => prop::collection::vec(block(), 60..120)],
    )
        .prop_map(|(title, tone, blocks)| {
            let tones = [Tone::Neutral, Tone::Info, Tone::Good, Tone::Warning, Tone::Critical];
            View { title, tone: tones[usize::from(tone)], blocks }
        })
}

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
