//! The spellings in which a secret may turn up: as it is, in a URL, in base64, in JSON, and line by line.

use super::known::LEAST_BYTES;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::collections::BTreeSet;

/// Fewer characters of base64, or a shorter line of a secret of several lines, would be found in ordinary text.
const LEAST_PART: usize = 7;

/// Every spelling of a secret, itself included.
pub(super) fn of(secret: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([secret.to_owned()]);
    in_urls(secret, &mut forms);
    in_json(secret, &mut forms);
    in_base64(secret, &mut forms);
    // What reads line by line (a log, a child's output) never sees a secret of several lines whole.
    let lines = secret.lines().map(str::trim).filter(|line| line.len() > LEAST_PART && !line.starts_with("-----"));
    if secret.contains('\n') {
        forms.extend(lines.map(str::to_owned));
    }
    forms.retain(|form| form.len() >= LEAST_BYTES);
    forms
}

fn in_urls(secret: &str, forms: &mut BTreeSet<String>) {
    let keeps: [fn(u8) -> bool; 3] = [
        |b| b.is_ascii_alphanumeric(),
        |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b),
        |b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,".contains(&b),
    ];
    for keep in keeps {
        let upper = percent(secret, keep);
        forms.insert(upper.replace("%20", "+"));
        // Only what was escaped is in another case then.
        forms.insert(percent_lower(secret, keep));
        forms.insert(upper);
    }
}

fn percent(text: &str, keep: fn(u8) -> bool) -> String {
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn percent_lower(text: &str, keep: fn(u8) -> bool) -> String {
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02x}") }).collect()
}

fn in_json(secret: &str, forms: &mut BTreeSet<String>) {
    let quoted = serde_json::Value::from(secret).to_string();
    let plain = quoted[1..quoted.len() - 1].to_owned();
    let mut units = [0_u16; 2];
    let ascii: String = plain
        .chars()
        .map(|c| match c.is_ascii() {
            true => c.to_string(),
            false => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect();
    forms.insert(plain.replace('/', "\\/"));
    // JSON in JSON, as a log line holds a body.
    let twice = serde_json::Value::from(plain.as_str()).to_string();
    forms.insert(twice[1..twice.len() - 1].to_owned());
    forms.insert(ascii);
    forms.insert(plain);
}

/// Base64 of any text that holds the secret: the characters that depend on nothing else, for each place in a group of three.
fn in_base64(secret: &str, forms: &mut BTreeSet<String>) {
    for offset in 0..3 {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(secret.as_bytes());
        let (from, to) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(&bytes);
            if to.saturating_sub(from) >= LEAST_PART {
                forms.insert(text[from..to].to_owned());
            }
        }
    }
}
