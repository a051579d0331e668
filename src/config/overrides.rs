//! `DRILLBELL__SECTION__KEY`: values from the environment, put into the tree before anybody reads it.
//! A segment is matched without regard to case, and its `_` also matches `-`, since a shell cannot set a name with one.

use super::env::OVERRIDE_PREFIX;
use super::problem::Refusal;
use super::section::Context;
use super::tree::{Entry, Node, Place, Table, Value, parse_variable};

/// Deeper than any key; the bound keeps a hostile name from nesting without end.
const MAX_SEGMENTS: usize = 12;

/// Puts every override into the tree; one that cannot be put anywhere is noted.
pub(super) fn apply(cx: &Context<'_>, root: &mut Table) {
    for (name, value) in cx.env.overrides() {
        let place = Place::Variable(name.to_owned());
        let segments: Vec<&str> = name[OVERRIDE_PREFIX.len()..].split("__").collect();
        let found = "a variable that names no key".to_owned();
        if segments.iter().any(|segment| segment.is_empty()) || segments.len() > MAX_SEGMENTS {
            let expected = "a section and a key, such as DRILLBELL__SERVER__LISTEN";
            cx.note(&place, "", found, Refusal::expected(expected).fix("rename or unset it"));
            continue;
        }
        let Some(value) = value else {
            cx.note(&place, "", "bytes that are not UTF-8".to_owned(), Refusal::expected("UTF-8 text"));
            continue;
        };
        if let Err(refusal) = set(root, &segments, parse_variable(name, value)) {
            cx.note(&place, "", found, refusal);
        }
    }
}

fn set(root: &mut Table, segments: &[&str], node: Node) -> Result<(), Refusal> {
    let place = node.place.clone();
    let mut table = root;
    let mut path: Vec<String> = Vec::new();
    let (last, parents) = segments.split_last().expect("a split always yields one segment");
    for segment in parents {
        let entry = entry(table, &path, segment, &place);
        path.push(entry.key.clone());
        match &mut entry.node.value {
            Value::Table(inner) => table = inner,
            _ => {
                let expected = format!("`{}` to be a table, but it has a single value", path.join("."));
                return Err(Refusal::expected(expected).fix("drop the part of the name after it"));
            }
        }
    }
    entry(table, &path, last, &place).node = node;
    Ok(())
}

/// The entry that a segment means: one of that name, or a new empty table.
fn entry<'t>(table: &'t mut Table, path: &[String], segment: &str, place: &Place) -> &'t mut Entry {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let wanted = plain(segment);
    // The exact name first: `a-b` and `a_b` may both be there.
    let exact = table.0.iter().position(|entry| entry.key.to_lowercase() == segment.to_lowercase());
    let index = exact.or_else(|| table.0.iter().position(|entry| plain(&entry.key) == wanted));
    let index = index.unwrap_or_else(|| {
        let key = match path {
            // Their names are written with `-`.
            [section] if section == "plugins" || section == "commands" => wanted.replace('_', "-"),
            // Variables, whose case matters.
            [section, _, key] if section == "commands" && key.starts_with("secret") => (*segment).to_owned(),
            _ => segment.to_lowercase(),
        };
        let node = Node { place: place.clone(), value: Value::Table(Table::default()), raw: None };
        table.0.push(Entry { key, place: place.clone(), node });
        table.0.len() - 1
    });
    &mut table.0[index]
}
