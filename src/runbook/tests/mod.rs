//! Reading runbooks: what is understood, and what is said of what is wrong, on which line.

mod broken;
mod bundled;
mod properties;

use super::*;
use crate::config::runbooks::Filling;

/// The example of the manual.
pub(super) fn example() -> String {
    let manual = include_str!("../../../docs/runbooks.md");
    let rest = manual.split("````markdown\n").nth(1).unwrap();
    rest.split("````").next().unwrap().to_owned()
}

fn values(pairs: &[(&str, Filling)]) -> BTreeMap<String, Filling> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn the_example_of_the_manual_is_a_runbook() {
    let (runbook, findings) = read("db-down", &example(), &BTreeMap::new());
    assert_eq!(findings, []);
    assert_eq!(
        (runbook.title.as_str(), runbook.risk, runbook.missing.as_slice()),
        ("Database down", Risk::Dangerous, &["ready_url".to_owned()][..])
    );
}

#[test]
fn a_step_becomes_the_step_of_a_job_with_the_places_of_the_configuration_filled() {
    let values = values(&[
        ("ready_url", Filling::Text("https://shop.example/readyz".to_owned())),
        ("max_connections", Filling::Int(5)),
    ]);
    let (runbook, _) = read("db-down", &example(), &values);
    assert!(runbook.missing.is_empty());
    let steps: Vec<String> = runbook
        .steps
        .iter()
        .map(|step| format!("{} {} {}", step.kind.as_str(), step.risk.as_str(), step.does))
        .collect();
    insta::assert_snapshot!(steps.join("\n"), @r#"
    http read-only {"http":{"expect":{"status":503},"url":"https://shop.example/readyz"}}
    sql read-only {"sql":{"database":"shop","expect":{"value":"< 5"},"query":"select count(*) from pg_stat_activity"}}
    command dangerous {"args":{"cluster":"main"},"command":"restart-postgres"}
    chat read-only {"channel":"ops","say":"The database is back. The provider's ticket: {ticket}"}
    "#);
}

#[test]
fn a_place_that_is_all_of_a_text_takes_the_type_of_its_value() {
    let text = example()
        .replace("status = 503", "status = \"{code}\"")
        .replace("[values]\n", "[values]\ncode = { about = \"the code\", default = 503 }\n");
    let (runbook, findings) = read("db-down", &text, &BTreeMap::new());
    assert!(findings.iter().all(|finding| !finding.problem), "{findings:?}");
    assert_eq!(runbook.steps[0].does.pointer("/http/expect/status"), Some(&503.into()));
}

#[test]
fn a_number_among_arguments_is_given_as_it_is_written() {
    let text = example()
        .replace("args = { cluster = \"main\" }", "args = { cluster = \"{port}\", limit = 0.5 }")
        .replace("[values]\n", "[values]\nport = { about = \"the port\", default = 5432 }\n");
    let (runbook, findings) = read("db-down", &text, &BTreeMap::new());
    assert!(findings.iter().all(|finding| !finding.problem), "{findings:?}");
    assert_eq!(runbook.steps[2].does["args"], serde_json::json!({"cluster": "5432", "limit": "0.5"}));
}
