//! Any view becomes a message that Discord takes, and nothing of it is lost silently.

use super::*;
use crate::model::form::{Choice, Form, FormField, Input, Select};
use crate::model::view::{Button, ButtonStyle, Once};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The message as JSON, as `create-message` takes it.
fn sent(drawn: &Drawn) -> Value {
    json!({"content": drawn.content, "embeds": drawn.embeds, "components": drawn.rows})
}

fn message() -> MessageRef {
    MessageRef::from("019b76da-a800-7000-8000-000000000001")
}

fn button(action: &str, label: &str) -> Block {
    let (action, label, value) = (action.to_owned(), label.to_owned(), String::new());
    Block::Button(Button { action, label, value, style: ButtonStyle::Primary, once: Once::Card })
}

fn select(label: &str, count: usize, value: &str) -> Block {
    let options = (0..count).map(|n| Choice { value: format!("{value}{n}"), label: format!("{label} {n}") }).collect();
    Block::Select(Select { action: "pick".to_owned(), label: label.to_owned(), once: Once::Never, options })
}

/// What of Discord's rules a message breaks; each number is from the page that `config::limits` names.
#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn at_most(&mut self, what: &str, value: &Value, least: usize, most: usize) -> usize {
        let length = value.as_str().map_or(0, units);
        if length < least || length > most {
            self.0.push(format!("{what} has {length} units, not {least} to {most}"));
        }
        length
    }

    fn component(&mut self, component: &Value) {
        self.at_most("custom_id", &component["custom_id"], 1, 100);
        if component["type"] == 2 {
            self.at_most("label", &component["label"], 1, 80);
            return;
        }
        self.at_most("placeholder", &component["placeholder"], 1, 150);
        let options = list(&component["options"]);
        for option in &options {
            self.at_most("option's label", &option["label"], 1, 100);
            self.at_most("option's value", &option["value"], 1, 100);
        }
        let values: BTreeSet<_> = options.iter().map(|option| option["value"].to_string()).collect();
        if options.is_empty() || options.len() > 25 || values.len() < options.len() {
            self.0.push(format!("{} options, {} different", options.len(), values.len()));
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn complaints(sent: &Value) -> Vec<String> {
    let mut found = Complaints::default();
    let embeds = list(&sent["embeds"]);
    let mut total = 0;
    found.at_most("content", &sent["content"], usize::from(embeds.is_empty()), 2000);
    for embed in &embeds {
        let parts = [
            ("title", &embed["title"], 256),
            ("description", &embed["description"], 4096),
            ("footer", &embed["footer"]["text"], 2048),
        ];
        for (what, text, most) in parts.into_iter().filter(|(_, text, _)| !text.is_null()) {
            total += found.at_most(what, text, 1, most);
        }
        for field in list(&embed["fields"]) {
            total += found.at_most("name", &field["name"], 1, 256) + found.at_most("value", &field["value"], 1, 1024);
        }
    }
    let rows = list(&sent["components"]);
    let components: Vec<_> = rows.iter().flat_map(|row| list(&row["components"])).collect();
    components.iter().for_each(|component| found.component(component));
    let ids: BTreeSet<_> = components.iter().map(|component| component["custom_id"].to_string()).collect();
    let wide = rows.iter().map(|row| list(&row["components"]).len()).any(|count| count == 0 || count > 5);
    let fields = embeds.iter().map(|embed| list(&embed["fields"]).len()).max().unwrap_or(0);
    let twice = ids.len() < components.len();
    if rows.len() > 5 || wide || twice || embeds.len() > 10 || total > 6000 || fields > 25 {
        found.0.push(format!(
            "{} rows, {} embeds, {fields} fields, {total} units, ids twice: {twice}",
            rows.len(),
            embeds.len()
        ));
    }
    found.0
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,60}",
        2 => "([*_\\[\\]()<>@#`\\\\|~\n]|@everyone|\u{1f525}|a){0,200}",
        1 => ("\\PC{1,40}", 1_usize..400).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn blocks() -> impl Strategy<Value = Block> {
    let named = || (texts(), texts());
    let options = prop::collection::vec(named().prop_map(|(value, label)| Choice { value, label }), 0..30);
    prop_oneof![
        texts().prop_map(|text| Block::Text { text }),
        named().prop_map(|(name, value)| Block::Field { name, value }),
        (texts(), any::<i64>()).prop_map(|(name, at_ms)| Block::Time { name, at_ms }),
        (texts(), any::<i64>()).prop_map(|(text, at_ms)| Block::Moment { at_ms, text }),
        texts().prop_map(|text| Block::Code { text }),
        (texts(), "https?://[a-z]{1,8}\\.example/\\PC{0,30}|\\PC{0,20}")
            .prop_map(|(label, url)| Block::Link { label, url }),
        (texts(), any::<u64>(), any::<u64>()).prop_map(|(label, done, total)| Block::Progress { label, done, total }),
        texts().prop_map(|text| Block::Context { text }),
        Just(Block::Divider),
        texts().prop_map(|title| Block::Chart(Box::new(Chart { title, ..Chart::default() }))),
        named().prop_map(|(action, label)| button(&action, &label)),
        named().prop_map(|(action, label)| {
            let form = Form {
                action,
                label,
                title: "t".into(),
                value: String::new(),
                submit: String::new(),
                command: String::new(),
                style: ButtonStyle::Normal,
                once: Once::Card,
                fields: vec![FormField {
                    name: "n".into(),
                    label: "l".into(),
                    hint: String::new(),
                    required: true,
                    input: Input::Text,
                    options: Vec::new(),
                    initial: String::new(),
                }],
            };
            Block::Form(form)
        }),
        (named(), options).prop_map(|((action, label), options)| {
            Block::Select(Select { action, label, once: Once::Card, options })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_view_fits_and_what_does_not_is_named(title in texts(), blocks in prop::collection::vec(blocks(), 0..60)) {
        let view = View { title, tone: Tone::Warning, blocks };
        let drawn = draw(&message(), &view, 4);
        let sent = sent(&drawn);
        prop_assert_eq!(complaints(&sent), Vec::<String>::new());
        let text = sent.to_string();
        // Labels are not read for mentions; whatever is, holds none.
        let read = format!("{} {}", sent["content"], sent["embeds"]);
        prop_assert!(!read.contains("@everyone") && !read.contains("@here"));
        // Nothing is missing unless the message says so.
        let controls = view.blocks.iter().filter(|block| matches!(block, Block::Button(_) | Block::Form(_) | Block::Select(_))).count();
        let shown: usize = drawn.rows.iter().map(|row| match row {
            CreateActionRow::Buttons(buttons) => buttons.len(),
            _ => 1,
        }).sum();
        prop_assert!(shown >= controls || drawn.content.contains("No room for") || text.contains("More…"), "{shown} of {controls}");
        prop_assert_eq!(drawn.whole.is_some(), drawn.content.contains(WHOLE));
    }
}

#[test]
fn a_history_shows_each_moment_in_the_readers_zone() {
    let line = |at_ms: i64, text: &str| Block::Moment { at_ms, text: text.to_owned() };
    let blocks = vec![line(1_767_225_600_000, "ana declared: *down*"), line(1_767_225_660_000, &"x".repeat(9_000))];
    let drawn = draw(&message(), &View { blocks, ..View::default() }, 4);
    let shown = sent(&drawn);
    let sheets = shown["embeds"].as_array().unwrap().iter().filter_map(|sheet| sheet["description"].as_str());
    let text = sheets.collect::<Vec<_>>().join("\n");
    assert!(text.starts_with("<t:1767225600:f> ana declared: \\*down\\*\n<t:1767225660:f> xxx"), "{text}");
    assert!(drawn.whole.is_some_and(|whole| whole.contains(&"x".repeat(9_000))), "what is cut comes along");
}

#[test]
fn a_card_is_drawn_in_its_order() {
    let view = View {
        title: "INC-7 · sev1 · checkout is *down*".to_owned(),
        tone: Tone::Critical,
        blocks: vec![
            Block::Text { text: "Nobody can pay. @everyone look".to_owned() },
            Block::Field { name: "Commander".to_owned(), value: "Ana".to_owned() },
            Block::Time { name: "Declared".to_owned(), at_ms: 1_767_225_600_000 },
            Block::Context { text: "declared by Ana".to_owned() },
            Block::Divider,
            Block::Text { text: "What now".to_owned() },
            Block::Progress { label: "Restore".to_owned(), done: 2, total: 5 },
            Block::Link { label: "Runbook".to_owned(), url: "https://runbooks.example/db".to_owned() },
            button("ack", "Acknowledge"),
            button("page", "Page"),
            select("Severity", 2, "sev"),
        ],
    };
    let shown =
        serde_json::to_string_pretty(&sent(&draw(&message(), &view, 4))).unwrap().replace('\u{200b}', "{joint}");
    insta::assert_snapshot!(shown, @r#"
        {
          "components": [
            {
              "components": [
                {
                  "custom_id": "019b76da-a800-7000-8000-000000000001:b:8:ack",
                  "disabled": false,
                  "label": "Acknowledge",
                  "style": 1,
                  "type": 2
                },
                {
                  "custom_id": "019b76da-a800-7000-8000-000000000001:b:9:page",
                  "disabled": false,
                  "label": "Page",
                  "style": 1,
                  "type": 2
                }
              ],
              "type": 1
            },
            {
              "components": [
                {
                  "custom_id": "019b76da-a800-7000-8000-000000000001:s:10:pick",
                  "options": [
                    {
                      "label": "Severity 0",
                      "value": "=sev0"
                    },
                    {
                      "label": "Severity 1",
                      "value": "=sev1"
                    }
                  ],
                  "placeholder": "Severity",
                  "type": 3
                }
              ],
              "type": 1
            }
          ],
          "content": "",
          "embeds": [
            {
              "color": 14037051,
              "description": "Nobody can pay. @{joint}everyone look",
              "fields": [
                {
                  "inline": true,
                  "name": "Commander",
                  "value": "Ana"
                },
                {
                  "inline": true,
                  "name": "Declared",
                  "value": "<t:1767225600:F> (<t:1767225600:R>)"
                }
              ],
              "footer": {
                "text": "declared by Ana"
              },
              "title": "INC-7 · sev1 · checkout is \\*down\\*",
              "type": "rich"
            },
            {
              "color": 14037051,
              "description": "What now\nRestore `████░░░░░░░░` 40% (2/5)\n[Runbook](https://runbooks.example/db)",
              "type": "rich"
            }
          ]
        }
        "#);
}

#[test]
fn a_long_message_says_where_the_rest_is() {
    let view = View {
        blocks: vec![
            Block::Code { text: "line\n".repeat(4000) },
            Block::Field { name: "Ended".into(), value: "no".into() },
        ],
        ..View::default()
    };
    let drawn = draw(&message(), &view, 4);
    assert_eq!(drawn.content, "-# This is too long to be shown in full; all of it is in message.txt.");
    assert_eq!(drawn.whole.as_ref().map(|whole| whole.lines().count()), Some(4002));
    assert!(sent(&drawn).to_string().contains("Ended"), "what is short keeps its place");
}

#[test]
fn thirty_buttons_and_a_select_find_room() {
    let mut blocks: Vec<_> = (0..30).map(|n| button(&format!("a{n}"), &format!("Action {n}"))).collect();
    blocks.push(select("Where", 3, "w"));
    let drawn = draw(&message(), &View { blocks, ..View::default() }, 4);
    let sizes: Vec<_> = drawn
        .rows
        .iter()
        .map(|row| match row {
            CreateActionRow::Buttons(buttons) => format!("{} buttons", buttons.len()),
            row => format!("menu of {}", json!(row)["components"][0]["options"].as_array().map_or(0, Vec::len)),
        })
        .collect();
    insta::assert_snapshot!(sizes.join(", "), @"5 buttons, 5 buttons, 5 buttons, menu of 3, menu of 15");
    assert_eq!(drawn.content, "·");
}
