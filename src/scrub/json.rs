//! Scrubbing JSON: every text in it, names included; and a value whose name says that it is a secret.

use super::{MARK, Scrub};
use serde_json::{Map, Value};

/// Names whose value is a password, whatever it looks like.
const PASSWORDS: [&str; 4] = ["password", "passwd", "passphrase", "pwd"];
/// Ends of names whose value is a secret, unless it is a plain word: the *name* of a token may be told.
const SECRETS: [&str; 7] = ["secret", "token", "apikey", "accesskey", "privatekey", "routingkey", "credentials"];

impl Scrub {
    /// Scrubs JSON in place.
    pub fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(fields) => self.fields(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fields(&self, fields: &mut Map<String, Value>) {
        for (name, value) in fields.iter_mut() {
            self.json(value);
            if let Value::String(text) = value {
                self.named(name, text);
            }
        }
        let odd: Vec<String> =
            fields.keys().filter(|name| self.text(name).as_ref() != name.as_str()).cloned().collect();
        for name in odd {
            if let Some(value) = fields.remove(&name) {
                fields.insert(self.text(&name).into_owned(), value);
            }
        }
    }

    /// A value beside its name: `password` and `hunter2` are harmless apart.
    pub(super) fn named(&self, name: &str, value: &mut String) {
        if tells(name, value) && !value.contains(MARK) {
            *value = format!("{MARK}]");
        }
    }
}

fn tells(name: &str, value: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let empty = value.is_empty() || value.chars().all(|c| c == '*');
    if empty {
        return false;
    }
    let word = value.len() <= 40 && value.chars().all(|c| c.is_ascii_lowercase() || " -_.".contains(c));
    PASSWORDS.iter().any(|end| plain.ends_with(end)) || (!word && SECRETS.iter().any(|end| plain.ends_with(end)))
}
