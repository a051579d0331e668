//! The example, the manual and the program know the same keys.

use super::*;
use std::collections::BTreeSet;
use toml::{Table, Value};

const EXAMPLE: &str = include_str!("../../../drillbell.example.toml");
const MANUAL: &str = include_str!("../../../docs/config.md");

/// Sections whose next part is a name of the operator's choice.
const NAMED: [&str; 27] = [
    "alerts",
    "alerts.NAME.map.labels",
    "probes",
    "people",
    "roles",
    "notify",
    "severities",
    "rotations",
    "escalation",
    "plugins",
    "secrets",
    "targets",
    "databases",
    "commands",
    "commands.NAME.args",
    "services",
    "services.NAME.criteria",
    "services.NAME.verify",
    "services.NAME.rollback.strategies",
    "gamedays",
    "gamedays.NAME.commands",
    "gamedays.NAME.databases",
    "gamedays.NAME.origins",
    "runbooks.values",
    "runbooks.overrides",
    "runbooks.overrides.NAME.values",
    "status.components",
];

/// `{ env = … }` or `{ file = … }` is a value.
fn is_secret(table: &Table) -> bool {
    table.len() == 1 && (table.contains_key("env") || table.contains_key("file"))
}

/// An environment in which every variable is set that the example names.
fn example_env() -> Env {
    let names = EXAMPLE.split("{ env = \"").skip(1).filter_map(|rest| rest.split('"').next());
    names
        .map(|name| {
            (
                name,
                match name {
                    "AGE_IDENTITY" => "AGE-SECRET-KEY-1GMPNRN0GAE8SNLFZLMRTE6EQZLNWUEJHLE3TWVKXN8Y50Y364KHS4Y8FVX",
                    _ if name.ends_with("_DATABASE_URL") => "postgres://app:hunter2-of-sufficient-length@db/shop",
                    _ if name.ends_with("_TOKEN") => "hunter2-token-of-sufficient-length",
                    _ => "hunter2 at sufficient length",
                },
            )
        })
        .chain([("LANG", "C.UTF-8")])
        .collect()
}

/// Every key of a file as (section, key), with NAME for what the operator chose.
fn keys(text: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    collect(&text.parse::<Table>().unwrap(), "", &mut found);
    found
}

fn collect(table: &Table, section: &str, found: &mut BTreeSet<(String, String)>) {
    for (key, value) in table {
        let name = if NAMED.contains(&section) { "NAME" } else { key };
        let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        match value {
            // A secret, or variables that hold some: a value as a whole.
            Value::Table(inner) if is_secret(inner) || (key.starts_with("secret") && !section.is_empty()) => {
                found.insert((section.to_owned(), name.to_owned()));
            }
            Value::Table(inner) if key != "settings" => {
                collect(inner, &path, found);
                if (key == "limits" || key == "args") && !section.is_empty() {
                    found.insert((section.to_owned(), key.clone()));
                }
            }
            Value::Array(items) if items.iter().any(Value::is_table) => {
                items.iter().filter_map(Value::as_table).for_each(|item| collect(item, &path, found));
            }
            // What fills the places of runbooks is called as they are.
            _ if section.starts_with("runbooks.") || section.starts_with("gamedays.NAME.") => {
                found.insert((section.to_owned(), name.to_owned()));
            }
            _ => drop(found.insert((section.to_owned(), key.clone()))),
        }
    }
}

#[test]
fn the_example_holds_and_has_every_key() {
    let config = Config::parse(EXAMPLE, Path::new("drillbell.toml"), &example_env()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(keys(EXAMPLE), keys(&config.effective()));
    let mut severities = config.severities.clone();
    severities.0.iter_mut().for_each(|severity| severity.escalation = None);
    assert_eq!(severities, severities::Severities::default(), "the example says that these are the defaults");
    assert_eq!(config.limits, limits::Limits::default());
    assert_eq!(config.retention, retention::Retention::default());
}

#[test]
fn the_manual_explains_every_key_in_its_section_and_no_other() {
    let mut documented = BTreeSet::new();
    let mut section = String::new();
    for line in MANUAL.lines() {
        if line.starts_with("## ") || line.starts_with("### ") {
            section = line.split('`').nth(1).map_or(String::new(), |name| name.trim_matches(['[', ']']).to_owned());
        } else if line.starts_with("**Grants.**") {
            section.clear();
        } else if let Some(rest) = line.strip_prefix("| `").filter(|_| !section.is_empty()) {
            documented.insert((section.clone(), rest.split('`').next().unwrap().to_owned()));
        }
    }
    assert_eq!(documented, keys(EXAMPLE));
}

#[test]
fn the_manual_explains_every_grant() {
    for grant in grants::PLAIN_GRANTS {
        assert!(MANUAL.contains(&format!("| `{grant}` |")), "{grant}");
    }
}

#[test]
fn what_is_shown_reads_back_as_the_same() {
    let file = Path::new("/etc/drillbell/drillbell.toml");
    let config = Config::parse(EXAMPLE, file, &example_env()).unwrap();
    let again = Config::parse(&config.effective(), file, &example_env()).unwrap();
    assert_eq!(config.effective(), again.effective());
    assert!(!config.effective().contains("hunter2"), "a secret is shown by its source");
}

#[test]
fn what_is_secret_in_settings_is_masked() {
    let text = "[plugins.a]\nsource = \"builtin:a\"\n[plugins.a.settings]\nplaces = 2\nhook = \"https://u:hunter2@h\"\n\
                auth.token = \"hunter2\"\nsecrets = { a = \"hunter2\" }";
    let shown = parse(text).unwrap().effective();
    assert!(!shown.contains("hunter2") && shown.contains("places = 2"), "{shown}");
}
