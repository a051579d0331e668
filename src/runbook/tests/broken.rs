//! What is wrong is said with its line, all of it at once.

use super::super::*;
use super::example;

/// The findings after something in the example was replaced.
fn after(from: &str, to: &str) -> Vec<String> {
    let text = example();
    assert!(text.contains(from), "{from}");
    let (_, findings) = read("db-down", &text.replacen(from, to, 1), &BTreeMap::new());
    let found = findings.iter().filter(|finding| finding.problem);
    found.map(|finding| format!("{}: {}", finding.line, finding.text)).collect()
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let cases = [
        ("owner = \"platform\"\n", ""),
        ("owner =", "ownr ="),
        ("review = \"2027-03-01\"", "review = \"soon\""),
        ("risk = \"dangerous\"\nmatches", "risk = \"change\"\nmatches"),
        ("risk = \"dangerous\"", "risk = \"dangerous"),
        ("\"alertname=~Postgres(Down|Unreachable)\"", "\"alertname=~Postgres(\""),
        ("[\"service=shop\", \"check=readyz\"]", "\"service!=shop\""),
        ("## Diagnosis\n", "## Diagnose\n"),
        ("## Diagnosis\n", ""),
        ("## Escalation contacts", "## Symptoms"),
        ("### The server takes queries", "### The readiness probe fails"),
        ("```http", "```HTTP"),
        ("```http", "```"),
        ("url = \"{ready_url}\"", "url = \"{redy_url}\""),
        ("url = \"{ready_url}\"", "url = \"https://{ticket}.example.org/\""),
        (
            "url = \"{ready_url}\"",
            "url = \"https://example.org/{ticket}\"\nheaders = { Authorization = \"Bearer abc\" }",
        ),
        ("status = 503", "status = 99, contians = \"x\""),
        ("value = \"< {max_connections}\"", "value = \"about {max_connections}\", previous = \"more\""),
        ("select count(*) from pg_stat_activity", "delete from carts"),
        ("select count(*) from pg_stat_activity", "select 1; select 2"),
        ("select count(*) from pg_stat_activity", "select '{ticket}'"),
        ("command = \"restart-postgres\"", "command = \"systemctl restart\"\neach = \"all\""),
        ("say = \"The database is back. The provider's ticket: {ticket}\"", "ask = \"Is it?\""),
        ("channel = \"ops\"", "channel = \"opps\"\ncapture = { name = \"x\" }"),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(from, to)| {
            format!("{} -> {}\n    {}", from.trim(), to.trim().replace('\n', "⏎"), after(from, to).join("\n    "))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    owner = "platform" -> 
        1: the front matter has no `owner`
    owner = -> ownr =
        1: the front matter has no `owner`
        3: the front matter knows no `ownr`; did you mean `owner`?
    review = "2027-03-01" -> review = "soon"
        4: `review` is a date such as "2027-03-01"
    risk = "dangerous"
    matches -> risk = "change"⏎matches
        51: this step is "dangerous", and the runbook says that it is "change"
    risk = "dangerous" -> risk = "dangerous
        5: this is not TOML: invalid basic string, expected `\"`
        27: `url` is an address with https:// or http://, no password, no #, and places in its path and query only
        27: {ready_url} comes from nowhere: it is neither in [values] nor in [inputs], and no earlier step captures it
        40: `value` is an operator and a number, such as "< 0.05"
        40: {max_connections} comes from nowhere: it is neither in [values] nor in [inputs], and no earlier step captures it
        68: {ticket} comes from nowhere: it is neither in [values] nor in [inputs], and no earlier step captures it
    "alertname=~Postgres(Down|Unreachable)" -> "alertname=~Postgres("
        6: a matcher is written a=b, a!=b, a=~EXPRESSION or a!~EXPRESSION
    ["service=shop", "check=readyz"] -> "service!=shop"
        6: this matches every alert that lacks the label: say what must be there
    ## Diagnosis -> ## Diagnose
        31: `## Diagnose` is no section; did you mean `Diagnosis`?
        44: `## Diagnosis` should stand before `## Mitigation`
    ## Diagnosis -> 
        43: `## Diagnosis` should stand before `## Mitigation`
    ## Escalation contacts -> ## Symptoms
        57: `## Symptoms` stands here again, or out of its order: Symptoms, Diagnosis, Mitigation, Escalation contacts, Post-incident actions
        61: `## Escalation contacts` should stand before `## Post-incident actions`
    ### The server takes queries -> ### The readiness probe fails
        33: there is a step "The readiness probe fails" already
    ```http -> ```HTTP
        24: the step "The readiness probe fails" has no typed block: http, promql, sql, command, backup, chat, wait
        27: write `http` after the fence
    ```http -> ```
        24: the step "The readiness probe fails" has no typed block: http, promql, sql, command, backup, chat, wait
    url = "{ready_url}" -> url = "{redy_url}"
        27: `url` is an address with https:// or http://, no password, no #, and places in its path and query only
        27: {redy_url} comes from nowhere: it is neither in [values] nor in [inputs], and no earlier step captures it
    url = "{ready_url}" -> url = "https://{ticket}.example.org/"
        27: `url` is an address with https:// or http://, no password, no #, and places in its path and query only
    url = "{ready_url}" -> url = "https://example.org/{ticket}"⏎headers = { Authorization = "Bearer abc" }
        28: `Authorization` is a credential: write { secret = "HANDLE" }, and keep the secret out of the file
    status = 503 -> status = 99, contians = "x"
        28: `expect` knows no `contians`; did you mean `contains`?
        28: `status` is 200, [200, 204] or "2xx"
    value = "< {max_connections}" -> value = "about {max_connections}", previous = "more"
        40: `previous` is "same", "not-higher", "not-lower" or "within N%"
        40: `value` is an operator and a number, such as "< 0.05"
    select count(*) from pg_stat_activity -> delete from carts
        39: `delete` is not asked here: a `sql` step only reads; let a `command` step do it
    select count(*) from pg_stat_activity -> select 1; select 2
        39: there is more than one statement: a step asks one
    select count(*) from pg_stat_activity -> select '{ticket}'
        39: the place {ticket} stands in quotes: a value is bound, write it without
    command = "restart-postgres" -> command = "systemctl restart"⏎each = "all"
        51: `command` is a name of the configuration: a-z, 0-9, - and _
        52: `each` is a list of texts, or "hosts" for a command's hosts
    say = "The database is back. The provider's ticket: {ticket}" -> ask = "Is it?"
        69: a question is asked in the runbook's own thread
    channel = "ops" -> channel = "opps"⏎capture = { name = "x" }
        69: `channel` is incidents, alerts, backups, deployments or ops
        70: this block knows no `capture`; there is takes, risk, on_fail, say, channel, ask
    "#);
}

#[test]
fn a_risk_that_nobody_would_be_asked_about_is_refused() {
    let say = "say = \"The database is back. The provider's ticket: {ticket}\"";
    let wait =
        "```wait\nwait = \"1s\"\nrisk = \"change\"\n```\n\n### Next\n\n```command\ncommand = \"restart-postgres\"";
    let fresh = wait.replace("wait\nwait = \"1s\"", "backup\ndo = \"fresh\"\ntarget = \"x\"");
    let told = [
        after(say, &format!("risk = \"dangerous\"\n{say}")),
        after("```command\ncommand = \"restart-postgres\"", wait),
        after("```command\ncommand = \"restart-postgres\"", &fresh.replace("change", "dangerous")),
        after("```command\ncommand = \"restart-postgres\"", &fresh),
    ];
    insta::assert_snapshot!(told.map(|told| told.join("; ")).join("\n"), @r#"
    68: this step changes nothing by itself: its risk is "read-only"
    52: this step changes nothing by itself: its risk is "read-only"
    53: a backup is only looked at here: that is not "dangerous"
    "#);
}

#[test]
fn all_problems_are_named_at_once() {
    let text = example()
        .replace("owner = \"platform\"\n", "")
        .replace("status = 503", "status = 1")
        .replace("channel = \"ops\"", "channel = 1");
    let (_, findings) = read("db-down", &text, &BTreeMap::new());
    assert_eq!(findings.iter().filter(|finding| finding.problem).count(), 3, "{findings:?}");
}
