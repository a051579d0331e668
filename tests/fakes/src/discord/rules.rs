//! What Discord refuses, with the pages that say so. Lengths are counted as Discord's own description does, in characters.

use super::requests::Asked;
use crate::Whose;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An error of a form's body: where, and why (reference, `error-messages`).
pub(super) type Wrong = (String, String);

/// Everything that is wrong with a message's body (resources/message, `create-message`, `edit-message`).
pub(super) fn message(asked: &Asked, also: &[&str], whose: Whose) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let known = ["content", "embeds", "components", "allowed_mentions", "attachments", "flags"];
    let known = [&known[..], also].concat();
    only(&asked.body, "", &known, whose, &mut wrong);
    let body = &asked.body;
    length(&body["content"], "content", 0, 2000, &mut wrong);
    let embeds = list(&body["embeds"], "embeds", 10, &mut wrong);
    let mut total = 0;
    for (number, one) in embeds.iter().enumerate() {
        total += embed(one, &format!("embeds.{number}"), asked, whose, &mut wrong);
    }
    if total > 6000 {
        wrong.push(("embeds".to_owned(), format!("{total} characters in all, more than 6000")));
    }
    rows(&body["components"], whose, &mut wrong);
    let empty =
        body["content"].as_str().unwrap_or_default().trim().is_empty() && embeds.is_empty() && asked.files.is_empty();
    if empty {
        wrong.push((String::new(), "Cannot send an empty message (50006)".to_owned()));
    }
    // Ours: whatever is said, nobody is pinged by it.
    let is_invitation = body["content"].as_str().is_some_and(|text| text.starts_with("Invited: <@"));
    let pings = body["allowed_mentions"]["parse"] != json!([]) || !(is_invitation || no_one(&body["allowed_mentions"]));
    if pings && whose == Whose::Ours {
        wrong.push(("allowed_mentions".to_owned(), "somebody could be pinged".to_owned()));
    }
    let described: Vec<_> = list(&body["attachments"], "attachments", 10, &mut wrong);
    // An edit names what it keeps by id, and what it sends by the number of its part.
    let described = described.iter().filter(|one| one["filename"].is_string());
    let names: Vec<_> = described.map(|one| one["filename"].as_str().unwrap_or_default().to_owned()).collect();
    let sent: Vec<_> = asked.files.iter().map(|(name, _)| name.clone()).collect();
    if names != sent {
        wrong.push(("attachments".to_owned(), format!("{names:?} are described, {sent:?} are sent")));
    }
    if asked.files.iter().map(|(_, size)| size).sum::<usize>() > 10 * 1024 * 1024 {
        wrong.push(("files".to_owned(), "more than 10 MiB".to_owned()));
    }
    length(&body["nonce"], "nonce", 1, 25, &mut wrong);
    wrong
}

fn no_one(allowed: &Value) -> bool {
    ["users", "roles"].iter().all(|key| allowed[*key].as_array().is_none_or(Vec::is_empty))
}

/// `embed-object`, `embed-limits`; how many characters it counts.
fn embed(embed: &Value, at: &str, asked: &Asked, whose: Whose, wrong: &mut Vec<Wrong>) -> usize {
    let known = ["title", "description", "color", "fields", "footer", "image", "type"];
    only(embed, at, &known, whose, wrong);
    let mut total = length(&embed["title"], &format!("{at}.title"), 1, 256, wrong);
    total += length(&embed["description"], &format!("{at}.description"), 1, 4096, wrong);
    total += length(&embed["footer"]["text"], &format!("{at}.footer.text"), 1, 2048, wrong);
    for (number, field) in list(&embed["fields"], &format!("{at}.fields"), 25, wrong).iter().enumerate() {
        let at = format!("{at}.fields.{number}");
        for (key, most) in [("name", 256), ("value", 1024)] {
            if field[key].as_str().unwrap_or_default().is_empty() {
                wrong.push((format!("{at}.{key}"), "This field is required".to_owned()));
            }
            total += length(&field[key], &format!("{at}.{key}"), 1, most, wrong);
        }
    }
    if let Some(url) = embed["image"]["url"].as_str()
        && (whose == Whose::Ours || url.starts_with("attachment://"))
    {
        let name = url.strip_prefix("attachment://").unwrap_or("?");
        if !asked.files.iter().any(|(sent, _)| sent == name) {
            wrong.push((format!("{at}.image"), format!("there is no file {name}")));
        }
    }
    total
}

/// components/reference: rows of buttons, or of one select.
fn rows(rows: &Value, whose: Whose, wrong: &mut Vec<Wrong>) {
    let mut ids = BTreeSet::new();
    for (number, row) in list(rows, "components", 5, wrong).iter().enumerate() {
        let at = format!("components.{number}");
        let parts = list(&row["components"], &at, 5, wrong);
        let is_select = parts.first().is_some_and(|part| matches!(part["type"].as_u64(), Some(3 | 5..=8)));
        if row["type"] != 1 || parts.is_empty() || (is_select && parts.len() > 1) {
            wrong.push((at.clone(), "is no row of one to five buttons or one select".to_owned()));
        }
        for (number, part) in parts.iter().enumerate() {
            let at = format!("{at}.components.{number}");
            let id = part["custom_id"].as_str().unwrap_or_default().to_owned();
            // A link has an address instead of an id (components/reference, `button`).
            if whose == Whose::Anyones && part["type"] == 2 && part["style"] == 5 && part["url"].is_string() {
                continue;
            }
            length(&part["custom_id"], &format!("{at}.custom_id"), 1, 100, wrong);
            if id.is_empty() || !ids.insert(id) {
                wrong.push((at.clone(), "Component custom id cannot be duplicated".to_owned()));
            }
            match part["type"].as_u64() {
                Some(2) => {
                    only(part, &at, &["type", "custom_id", "label", "style", "disabled", "emoji"], whose, wrong);
                    length(&part["label"], &format!("{at}.label"), 1, 80, wrong);
                    if !matches!(part["style"].as_u64(), Some(1..=4)) {
                        wrong.push((at, "has no style of a button with an id".to_owned()));
                    }
                }
                Some(3) => select(part, &at, wrong),
                Some(5..=8) if whose == Whose::Anyones => {}
                other => wrong.push((at, format!("{other:?} is no component of a message here"))),
            }
        }
    }
}

/// `string-select`.
fn select(part: &Value, at: &str, wrong: &mut Vec<Wrong>) {
    length(&part["placeholder"], &format!("{at}.placeholder"), 0, 150, wrong);
    let options = list(&part["options"], &format!("{at}.options"), 25, wrong);
    let mut values = BTreeSet::new();
    for option in &options {
        length(&option["label"], &format!("{at}.label"), 1, 100, wrong);
        length(&option["value"], &format!("{at}.value"), 1, 100, wrong);
        values.insert(option["value"].to_string());
    }
    if options.is_empty() || values.len() < options.len() {
        wrong.push((at.to_owned(), "needs options whose values differ".to_owned()));
    }
}

/// A form (interactions/receiving-and-responding, `modal`; components/reference, `label`).
pub(super) fn modal(data: &Value) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    length(&data["custom_id"], "custom_id", 1, 100, &mut wrong);
    length(&data["title"], "title", 1, 45, &mut wrong);
    let parts = list(&data["components"], "components", 5, &mut wrong);
    if parts.is_empty() {
        wrong.push(("components".to_owned(), "This field is required".to_owned()));
    }
    for (number, part) in parts.iter().enumerate() {
        let (at, inner) = (format!("components.{number}"), &part["component"]);
        length(&part["label"], &format!("{at}.label"), 1, 45, &mut wrong);
        length(&part["description"], &format!("{at}.description"), 1, 100, &mut wrong);
        length(&inner["custom_id"], &format!("{at}.custom_id"), 1, 100, &mut wrong);
        match (part["type"].as_u64(), inner["type"].as_u64()) {
            (Some(18), Some(4)) => {
                length(&inner["value"], &format!("{at}.value"), 0, 4000, &mut wrong);
                if !matches!(inner["style"].as_u64(), Some(1 | 2)) || inner["max_length"].as_u64() > Some(4000) {
                    wrong.push((at, "is no text input".to_owned()));
                }
            }
            (Some(18), Some(3)) => select(inner, &at, &mut wrong),
            other => wrong.push((at, format!("{other:?} is no part of a form"))),
        }
    }
    wrong
}

/// interactions/application-commands: what a bulk overwrite takes.
pub(super) fn commands(body: &Value) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for (number, command) in list(body, "commands", 100, &mut wrong).iter().enumerate() {
        let at = number.to_string();
        named(command, &at, &mut wrong);
        if !names.insert(command["name"].to_string()) {
            wrong.push((at.clone(), "a name twice".to_owned()));
        }
        options(&command["options"], &at, 0, &mut wrong);
        if weight(command) > 8000 {
            wrong.push((at, "more than 8000 characters in all".to_owned()));
        }
    }
    wrong
}

fn options(options: &Value, at: &str, depth: usize, wrong: &mut Vec<Wrong>) {
    let mut optional = false;
    for (number, option) in list(options, at, 25, wrong).iter().enumerate() {
        let at = format!("{at}.options.{number}");
        named(option, &at, wrong);
        let required = option["required"] == true;
        if required && optional {
            wrong.push((at.clone(), "required options come first".to_owned()));
        }
        optional |= !required;
        let choices = list(&option["choices"], &at, 25, wrong);
        for choice in &choices {
            length(&choice["name"], &format!("{at}.choices"), 1, 100, wrong);
            length(&choice["value"], &format!("{at}.choices"), 1, 100, wrong);
        }
        if !choices.is_empty() && option["autocomplete"] == true {
            wrong.push((at.clone(), "choices and autocomplete at once".to_owned()));
        }
        match option["type"].as_u64() {
            Some(1) if depth == 0 => self::options(&option["options"], &at, 1, wrong),
            Some(3..=11) => {}
            other => wrong.push((at, format!("{other:?} is no type of an option here"))),
        }
    }
}

fn named(part: &Value, at: &str, wrong: &mut Vec<Wrong>) {
    let name = part["name"].as_str().unwrap_or_default();
    let letter = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '-' | '_' | '\'');
    if !(1..=32).contains(&name.chars().count()) || !name.chars().all(letter) {
        wrong.push((format!("{at}.name"), format!("{name:?} is no name")));
    }
    length(&part["description"], &format!("{at}.description"), 1, 100, wrong);
    if part["description"].as_str().is_none() {
        wrong.push((format!("{at}.description"), "This field is required".to_owned()));
    }
}

fn weight(part: &Value) -> usize {
    let own =
        ["name", "description", "value"].iter().filter_map(|key| part[*key].as_str()).map(|text| text.chars().count());
    let below = ["options", "choices"].iter().filter_map(|key| part[*key].as_array()).flatten();
    own.sum::<usize>() + below.map(weight).sum::<usize>()
}

/// What is there is a text of that length; how long it is.
fn length(value: &Value, at: &str, least: usize, most: usize, wrong: &mut Vec<Wrong>) -> usize {
    match value {
        Value::Null => 0,
        Value::String(text) => {
            let length = text.chars().count();
            if length < least || length > most {
                wrong.push((at.to_owned(), format!("Must be between {least} and {most} in length, is {length}")));
            }
            length
        }
        other => {
            wrong.push((at.to_owned(), format!("{other} is no text")));
            0
        }
    }
}

fn list(value: &Value, at: &str, most: usize, wrong: &mut Vec<Wrong>) -> Vec<Value> {
    let items = value.as_array().cloned().unwrap_or_default();
    if items.len() > most {
        wrong.push((at.to_owned(), format!("Must be {most} or fewer, are {}", items.len())));
    }
    items
}

/// Ours: a key that Discord does not document is a mistake.
fn only(value: &Value, at: &str, known: &[&str], whose: Whose, wrong: &mut Vec<Wrong>) {
    if whose == Whose::Anyones {
        return;
    }
    let empty = Map::new();
    for key in value.as_object().unwrap_or(&empty).keys().filter(|key| !known.contains(&key.as_str())) {
        wrong.push((at.to_owned(), format!("no such key: {key}")));
    }
}
