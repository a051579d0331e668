//! What Slack takes and what it refuses, each rule from the page named beside it. The fake server answers `invalid_blocks` where
//! one is broken, and the renderer's property test asks the same.

use crate::Whose;
use serde_json::Value;
use std::collections::BTreeSet;

/// How long a text is for Slack.
fn chars(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What is wrong with a message's blocks and text; empty if nothing is.
pub fn message(body: &Value) -> Vec<String> {
    message_of(body, Whose::Ours)
}

/// The same of whoever's.
pub fn message_of(body: &Value, whose: Whose) -> Vec<String> {
    let mut wrong = Vec::new();
    if !body["blocks"].is_null() && !body["blocks"].is_array() {
        wrong.push("blocks are no list".to_owned());
    }
    let blocks = list(&body["blocks"]);
    // https://docs.slack.dev/reference/block-kit/blocks: up to 50 blocks in each message.
    if blocks.len() > 50 {
        wrong.push(format!("{} blocks", blocks.len()));
    }
    if blocks.is_empty() && chars(&body["text"]) == 0 {
        wrong.push("no_text".to_owned());
    }
    // https://docs.slack.dev/reference/methods/chat.update: text over 4000 characters is msg_too_long.
    if chars(&body["text"]) > 4000 {
        wrong.push("msg_too_long".to_owned());
    }
    wrong.extend(markup(&body["text"]).filter(|_| whose == Whose::Ours));
    wrong.extend(self::blocks(blocks, false, whose));
    wrong
}

/// What is wrong with a modal. <https://docs.slack.dev/reference/views/modal-views>
pub fn modal(view: &Value) -> Vec<String> {
    modal_of(view, Whose::Ours)
}

/// The same of whoever's.
pub fn modal_of(view: &Value, whose: Whose) -> Vec<String> {
    let mut wrong = Vec::new();
    if view["type"] != "modal" {
        wrong.push("not a modal".to_owned());
    }
    let asks = list(&view["blocks"]).iter().any(|block| block["type"] == "input");
    for (key, needed) in [("title", true), ("submit", asks || whose == Whose::Ours), ("close", whose == Whose::Ours)] {
        if needed || !view[key].is_null() {
            wrong.extend(plain(&view[key], 24, key, whose));
        }
    }
    if chars(&view["private_metadata"]) > 3000 || chars(&view["callback_id"]) > 255 {
        wrong.push("private_metadata or callback_id is too long".to_owned());
    }
    let blocks = list(&view["blocks"]);
    if blocks.is_empty() || blocks.len() > 100 {
        wrong.push(format!("{} blocks in a modal", blocks.len()));
    }
    wrong.extend(self::blocks(blocks, true, whose));
    wrong
}

/// Outside text in Slack's own markup must be escaped: the only `<` there is begins a date.
fn markup(text: &Value) -> Option<String> {
    let text = text.as_str().unwrap_or_default();
    let open = text.match_indices('<').any(|(at, _)| !text[at..].starts_with("<!date^"));
    open.then(|| "markup in the text".to_owned())
}

fn blocks(blocks: &[Value], in_modal: bool, whose: Whose) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut total = 0;
    let mut ids = BTreeSet::new();
    let mut block_ids = BTreeSet::new();
    for block in blocks {
        let kind = block["type"].as_str().unwrap_or("none");
        if let Some(id) = block["block_id"].as_str()
            && (chars(&block["block_id"]) > 255 || !block_ids.insert(id.to_owned()))
        {
            wrong.push(format!("block_id {id} is too long or there twice"));
        }
        match kind {
            "header" => {
                // https://docs.slack.dev/reference/block-kit/blocks/header-block
                wrong.extend(plain(&block["text"], 150, "header", whose));
                total += chars(&block["text"]["text"]);
            }
            "divider" => {}
            "context" => {
                // https://docs.slack.dev/reference/block-kit/blocks/context-block
                let elements = list(&block["elements"]);
                if elements.is_empty() || elements.len() > 10 {
                    wrong.push(format!("{} elements in a context", elements.len()));
                }
                for element in elements {
                    // Pictures have no text to be judged.
                    if whose == Whose::Ours || element["type"] != "image" {
                        wrong.extend(text(element, 3000, "context", whose));
                    }
                    total += chars(&element["text"]);
                }
            }
            "rich_text" => {
                let (used, found) = rich(block, whose);
                // Its page names no limit; a section's counts.
                if used > 3000 {
                    wrong.push(format!("{used} characters in one rich text"));
                }
                total += used;
                wrong.extend(found);
            }
            "actions" => {
                // https://docs.slack.dev/reference/block-kit/blocks/actions-block
                let elements = list(&block["elements"]);
                if elements.is_empty() || elements.len() > 25 {
                    wrong.push(format!("{} elements in a row", elements.len()));
                }
                for one in elements {
                    wrong.extend(element(one, whose));
                    let id = one["action_id"].as_str().unwrap_or_default().to_owned();
                    if !ids.insert(id.clone()) {
                        wrong.push(format!("action_id {id} twice"));
                    }
                }
            }
            "input" if in_modal => {
                // https://docs.slack.dev/reference/block-kit/blocks/input-block
                wrong.extend(plain(&block["label"], 2000, "label", whose));
                if !block["hint"].is_null() {
                    wrong.extend(plain(&block["hint"], 2000, "hint", whose));
                }
                wrong.extend(element(&block["element"], whose));
            }
            "section" if whose == Whose::Anyones => wrong.extend(section(block, &mut total)),
            "image" | "video" | "file" | "markdown" | "table" if whose == Whose::Anyones => {}
            other => wrong.push(format!("a block of type {other}")),
        }
    }
    if total > 12_000 {
        wrong.push(format!("msg_blocks_too_long: {total}"));
    }
    wrong
}

/// A plain text object. <https://docs.slack.dev/reference/block-kit/composition-objects/text-object>
fn plain(text: &Value, most: usize, what: &str, whose: Whose) -> Option<String> {
    let length = chars(&text["text"]);
    let signs = whose == Whose::Ours && text["emoji"] == true;
    let good = text["type"] == "plain_text" && (1..=most).contains(&length) && !signs;
    (!good).then(|| format!("{what}: {length} characters of {}", text["type"]))
}

/// The same where Slack takes its markup as well, which is never ours.
fn text(text: &Value, most: usize, what: &str, whose: Whose) -> Option<String> {
    match whose == Whose::Anyones && text["type"] == "mrkdwn" {
        true => (!(1..=most).contains(&chars(&text["text"]))).then(|| format!("{what}: {text}")),
        false => plain(text, most, what, whose),
    }
}

/// <https://docs.slack.dev/reference/block-kit/blocks/section-block>
fn section(block: &Value, total: &mut usize) -> Vec<String> {
    let (mut wrong, fields) = (Vec::new(), list(&block["fields"]));
    if fields.len() > 10 || (fields.is_empty() && block["text"].is_null()) {
        wrong.push(format!("a section of {} fields and {}", fields.len(), block["text"]));
    }
    if !block["text"].is_null() {
        wrong.extend(text(&block["text"], 3000, "section", Whose::Anyones));
    }
    wrong.extend(fields.iter().filter_map(|field| text(field, 2000, "field", Whose::Anyones)));
    if !block["accessory"].is_null() && block["accessory"]["type"] != "image" {
        wrong.extend(element(&block["accessory"], Whose::Anyones));
    }
    *total += chars(&block["text"]["text"]) + fields.iter().map(|field| chars(&field["text"])).sum::<usize>();
    wrong
}

/// Elements beside those of the house. <https://docs.slack.dev/reference/block-kit/block-elements>
const OTHERS: [&str; 21] = [
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "datetimepicker",
    "email_text_input",
    "external_select",
    "file_input",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "overflow",
    "radio_buttons",
    "rich_text_input",
    "timepicker",
    "url_text_input",
    "users_select",
    "workflow_button",
    "icon_button",
];

fn element(element: &Value, whose: Whose) -> Vec<String> {
    let mut wrong = Vec::new();
    // Slack makes one up where there is none; a bot that answers needs to know its own.
    let unnamed = whose == Whose::Anyones && element["action_id"].is_null();
    if !unnamed && !(1..=255).contains(&chars(&element["action_id"])) {
        wrong.push("an action_id that is none".to_owned());
    }
    match element["type"].as_str().unwrap_or_default() {
        "button" => {
            // https://docs.slack.dev/reference/block-kit/block-elements/button-element
            wrong.extend(plain(&element["text"], 75, "button", whose));
            let style = element["style"].as_str();
            if chars(&element["value"]) > 2000 || style.is_some_and(|style| style != "primary" && style != "danger") {
                wrong.push("a button's value or style".to_owned());
            }
        }
        "static_select" => {
            // https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
            let options = list(&element["options"]);
            if options.is_empty() || options.len() > 100 {
                wrong.push(format!("{} options", options.len()));
            }
            if whose == Whose::Ours || !element["placeholder"].is_null() {
                wrong.extend(plain(&element["placeholder"], 150, "placeholder", whose));
            }
            let mut values = BTreeSet::new();
            for option in options {
                // https://docs.slack.dev/reference/block-kit/composition-objects/option-object
                wrong.extend(plain(&option["text"], 75, "option", whose));
                if !(1..=150).contains(&chars(&option["value"])) || !values.insert(option["value"].to_string()) {
                    wrong.push(format!("an option's value: {}", option["value"]));
                }
            }
            if !element["initial_option"].is_null() && !options.contains(&element["initial_option"]) {
                wrong.push("initial_option is none of the options".to_owned());
            }
        }
        "plain_text_input" | "number_input" => {
            // https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
            if chars(&element["initial_value"]) > 3000 {
                wrong.push("initial_value is too long".to_owned());
            }
        }
        other if whose == Whose::Anyones && OTHERS.contains(&other) => {}
        other => wrong.push(format!("an element of type {other}")),
    }
    wrong
}

/// Rich text: only what the bot has any business with. A mention could only come from outside.
/// <https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>
fn rich(block: &Value, whose: Whose) -> (usize, Vec<String>) {
    let mut used = 0;
    let mut wrong = Vec::new();
    let parts = list(&block["elements"]);
    if parts.is_empty() {
        wrong.push("an empty rich text".to_owned());
    }
    for part in parts {
        if whose == Whose::Ours
            && !["rich_text_section", "rich_text_preformatted"].contains(&part["type"].as_str().unwrap_or_default())
        {
            wrong.push(format!("a part of type {}", part["type"]));
        }
        for element in list(&part["elements"]) {
            match element["type"].as_str().unwrap_or_default() {
                "text" => {
                    used += chars(&element["text"]);
                    if chars(&element["text"]) == 0 {
                        wrong.push("an empty text".to_owned());
                    }
                }
                "link" => {
                    let url = element["url"].as_str().unwrap_or_default();
                    let web = url.starts_with("http://") || url.starts_with("https://");
                    if !web || chars(&element["url"]) > 3000 || chars(&element["text"]) == 0 {
                        wrong.push(format!("a link to {url}"));
                    }
                    used += chars(&element["text"]);
                }
                "date" => {
                    if !element["timestamp"].is_i64() || chars(&element["fallback"]) == 0 {
                        wrong.push("a date that is none".to_owned());
                    }
                }
                _ if whose == Whose::Anyones => {}
                other => wrong.push(format!("an element of type {other} in rich text")),
            }
        }
    }
    (used, wrong)
}

/// What the things to click in blocks name: `card|action`, each of them once.
pub fn actions(blocks: &Value) -> BTreeSet<String> {
    let elements = list(blocks).iter().flat_map(|block| list(&block["elements"]));
    let ids = elements.filter_map(|element| element["action_id"].as_str());
    ids.filter_map(|id| Some(id.splitn(3, '|').nth(2)?.to_owned())).collect()
}

/// All that a person can read of a message: its blocks, or its text where it has none.
pub fn read(body: &Value) -> String {
    match list(&body["blocks"]) {
        [] => body["text"].as_str().unwrap_or_default().to_owned(),
        _ => words(&body["blocks"]).join("\n"),
    }
}

/// All that a person can read in blocks, in order, a line each.
pub fn words(blocks: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for block in list(blocks) {
        let line = match block["type"].as_str().unwrap_or_default() {
            "header" => block["text"]["text"].as_str().unwrap_or_default().to_owned(),
            "divider" => "---".to_owned(),
            "section" => {
                let texts = std::iter::once(&block["text"]).chain(list(&block["fields"]));
                texts.filter_map(|one| one["text"].as_str()).collect::<Vec<_>>().join(" ")
            }
            "context" => list(&block["elements"]).iter().filter_map(|one| one["text"].as_str()).collect(),
            "rich_text" => {
                let elements = list(&block["elements"]).iter().flat_map(|part| list(&part["elements"]));
                let of = |one: &Value| match one["type"].as_str().unwrap_or_default() {
                    "date" => one["fallback"].as_str().unwrap_or_default().to_owned(),
                    _ => one["text"].as_str().unwrap_or_default().to_owned(),
                };
                elements.map(of).collect()
            }
            "actions" => {
                let label = |one: &Value| {
                    let text = one["text"]["text"].as_str().or(one["placeholder"]["text"].as_str());
                    format!("[{}]", text.unwrap_or_default())
                };
                list(&block["elements"]).iter().map(label).collect::<Vec<_>>().join(" ")
            }
            other => format!("({other})"),
        };
        lines.push(line);
    }
    lines
}
