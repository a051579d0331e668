//! Documents with hazards at any place: each is found on its line and no other; a clean one has none; what is imported reads as a
//! runbook that is not ready, and holds no secret.

use super::*;
use crate::runbook::read;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Each hazard as a piece of a document, and the line of it that is wrong, from 0.
const WRONG: [(&str, &str, usize); 22] = [
    ("H1", "Stop the application.\n\n```sh\npg_dump shop > nightly.sql\npg_restore -d shop nightly.sql\n```", 4),
    ("H2", "```sh\npython manage.py migrate | tee log\n```", 1),
    ("H2", "```sh\npg_restore --list shop.dump | head -20\n```", 1),
    ("H3", "Backups must be less than 2 hours old.", 0),
    ("H4", "```sh\nredis-cli FLUSHALL\n```", 1),
    ("H4", "```sh\nredis-cli -a hunter2secret ping\n```", 1),
    ("H4", "```sh\nPGPASSWORD=hunter2secret psql shop\n```", 1),
    ("H5", "```sql\nVACUUM FULL ANALYZE;\n```", 1),
    ("H5", "```sql\nREINDEX DATABASE shop;\n```", 1),
    (
        "H6",
        "```sql\nSELECT pg_cancel_backend(pid) FROM pg_stat_activity\nWHERE now() - query_start > interval '5 min';\n```",
        1,
    ),
    ("H7", "```sh\ngit checkout v1\npython manage.py migrate\n```", 2),
    ("H9", "Roll back if the error rate is above 5%.", 0),
    ("H9", "Page when p95 > 2 s.", 0),
    ("H10", "1. Provision the server:\n2. Wait for it.", 0),
    ("H10", "```sh\n```", 0),
    ("H11", "### Contacts\n\n- the database team: dba@example.org", 2),
    ("H12", "```promql\nsum(rate(http_requests_total{status=~\"5..\"}[5m]))\n```", 1),
    ("H13", "```sql\nselect relname, n_tup_ins from pg_stat_user_tables;\n```", 1),
    ("H14", "Read-only mode:\n\n```sh\nset MAINTENANCE_MODE=true\n```", 3),
    ("H15", "```sh\npg_restore -d shop shop.dump\n```", 1),
    ("H16", "Total: 20-35 min", 0),
    ("H16", "Copies are compressed 9:1.", 0),
];

/// Pieces with which nothing is wrong.
const RIGHT: [&str; 10] = [
    "A paragraph that says what this is about, and why.",
    "- one\n- two",
    "```sh\npg_dump -Fc shop -f shop.dump\n```",
    "Stop the writers first.\n\n```sh\nsystemctl stop shop\npg_restore -d shop shop.dump\n```",
    "```sh\ncurl -f https://shop.example.org/health/\nsleep 30\n```",
    "```sql\nREINDEX INDEX CONCURRENTLY orders_by_day;\n```",
    "Roll back if the error rate is above 5% over 5 minutes.",
    "```promql\nsum(rate(e{status=~\"5..\"}[5m])) / sum(rate(e[5m])) > 0.05\n```",
    "```sh\ngit log -5\npython manage.py migrate shop 0034\n```",
    "```sh\npsql shop -c \"SELECT count(*) FROM orders\"\n```",
];

/// A severity in each of three vocabularies: the first line in which a document changes to another is H8, on that line and no later one.
const WORDS: [&str; 3] = ["This is SEV-1.", "That is P0.", "severity: critical"];

/// A document of pieces below headings of their own, and the first line of each.
fn document(pieces: &[&str]) -> (String, Vec<usize>) {
    let (mut text, mut lines) = ("# A document\n".to_owned(), Vec::new());
    for (n, piece) in pieces.iter().enumerate() {
        text.push_str(&format!("\n## Part {n}\n\n"));
        lines.push(text.lines().count() + 1);
        text.push_str(piece);
        text.push('\n');
    }
    (text, lines)
}

fn found(text: &str) -> Vec<(&'static str, usize)> {
    import("x", "x.md", text).hazards.into_iter().map(|hazard| (hazard.id, hazard.line)).collect()
}

#[test]
fn every_hazard_is_found_on_its_line_and_has_advice() {
    for (id, piece, at) in WRONG {
        let (text, lines) = document(&[piece]);
        assert_eq!(found(&text), [(id, lines[0] + at)], "{text}");
        assert!(import("x", "x.md", &text).hazards[0].advice.len() > 20);
    }
    let (text, lines) = document(&[WORDS[0], WORDS[1], "And P1."]);
    assert_eq!(found(&text), [("H8", lines[1])]);
    let (text, lines) = document(&[
        "```sh\nage -r KEY shop.dump > shop.dump.age\n```",
        "Stop it.\n\n```sh\npg_restore -d shop shop.dump\n```",
    ]);
    assert_eq!(found(&text), [("H15", lines[1] + 3)], "what was encrypted is decrypted first");
}

#[test]
fn a_clean_document_has_none() {
    assert_eq!(found(&document(&RIGHT).0), []);
}

/// What stands in one part of a generated document.
#[derive(Clone, Copy, Debug)]
enum Part {
    Wrong(usize),
    Right(usize),
    Word(usize),
}

fn wrong() -> impl Strategy<Value = Part> {
    (0..WRONG.len()).prop_map(Part::Wrong)
}

fn right() -> impl Strategy<Value = Part> {
    (0..RIGHT.len()).prop_map(Part::Right)
}

fn word() -> impl Strategy<Value = Part> {
    (0..WORDS.len()).prop_map(Part::Word)
}

/// Each piece once.
fn all() -> Just<Vec<Part>> {
    let (wrong, right) = ((0..WRONG.len()).map(Part::Wrong), (0..RIGHT.len()).map(Part::Right));
    Just(wrong.chain(right).chain((0..WORDS.len()).map(Part::Word)).collect())
}

/// A document of these parts, and what is to be found in it.
fn hazardous(parts: &[Part]) -> (String, Vec<(&'static str, usize)>) {
    let piece = |part: &Part| match *part {
        Part::Wrong(at) => WRONG[at].1,
        Part::Right(at) => RIGHT[at],
        Part::Word(at) => WORDS[at],
    };
    let (text, lines) = document(&parts.iter().map(piece).collect::<Vec<_>>());
    let (mut expected, mut words) = (Vec::new(), Vec::new());
    for (part, line) in parts.iter().zip(&lines) {
        match *part {
            Part::Wrong(at) => expected.push((WRONG[at].0, line + WRONG[at].2)),
            Part::Word(at) => words.push((at, *line)),
            Part::Right(_) => {}
        }
    }
    let another = words.iter().find(|(at, _)| *at != words[0].0);
    expected.extend(another.map(|(_, line)| ("H8", *line)));
    expected.sort_by_key(|(id, line)| (*line, *id));
    (text, expected)
}

/// Commands with a secret in every place where one is known to stand.
const SECRETS: [&str; 26] = [
    "curl -d '{\"user\": \"a\", \"password\": \"hunter2 secret\"}' https://a.example.org/login",
    "curl -d \"{\\\"password\\\":\\\"hunter2\\\"}\" https://a.example.org/login",
    "curl --user admin:hunter2 https://a.example.org",
    "curl --user=admin:hunter2 https://a.example.org",
    "curl -u admin:hunter2 https://a.example.org",
    "curl -u 'admin:hunter2' https://a.example.org",
    "curl -uadmin:hunter2 https://a.example.org",
    "curl -H 'Authorization: Bearer hunter2' https://a.example.org",
    "curl -H \"X-Api-Key: hunter2\" https://a.example.org",
    "sshpass -p hunter2 ssh a",
    "sshpass -phunter2 ssh a",
    "docker login -u a -p hunter2 registry.example.org",
    "podman login -p 'x hunter2' registry.example.org",
    "tool --api-key hunter2 list",
    "tool --api-key=hunter2 list",
    "tool --auth-token 'x hunter2' list",
    "tool --password \"x hunter2\" list",
    "redis-cli -u redis://:hunter2@cache:6379 ping",
    "redis-cli -u redis://a:p@hunter2@cache:6379 ping",
    "redis-cli -a 'x hunter2' ping",
    "psql -c \"alter role a password 'hunter2'\"",
    "psql -c \"alter role a with encrypted password 'x hunter2'\"",
    "PGPASSWORD='x hunter2' psql shop",
    "PGPASSWORD=\"x hunter2\" psql shop",
    "TOKEN=x'hunter2' tool",
    "mysql -u a -p'x hunter2' shop",
];

#[test]
fn no_secret_is_repeated_wherever_it_stands() {
    for command in SECRETS {
        let imported = import("x", "x.md", &format!("# A document\n\n## Check\n\n```sh\n{command}\n```\n"));
        let told: Vec<_> = imported.hazards.iter().map(|hazard| format!("{hazard:?}")).collect();
        assert!(!imported.runbook.contains("hunter2") && !told.join("").contains("hunter2"), "{}", imported.runbook);
        assert!(imported.runbook.contains("[secret]"), "{}", imported.runbook);
    }
}

#[test]
fn only_a_curl_that_is_known_to_look_becomes_a_request() {
    let kind = |command: &str| {
        let imported = import("x", "x.md", &format!("# A document\n\n## Check\n\n```sh\n{command}\n```\n"));
        imported.runbook.contains("```http")
    };
    for command in ["curl -f https://a.example.org/", "curl -fsSL --location \"https://a.example.org/\""] {
        assert!(kind(command), "{command}");
    }
    for option in [
        "-XPOST",
        "-sXPOST",
        "--request DELETE",
        "-sd x",
        "--json {}",
        "--data-raw x",
        "--upload-file f",
        "-K f",
        "-T f",
        "-o /etc/x",
    ] {
        assert!(!kind(&format!("curl {option} https://a.example.org/")), "{option}");
    }
}

proptest! {
    // Each case compiles all patterns anew, as each import does.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hazards_at_any_line_are_found_there_and_nowhere_else(
        places in prop::collection::vec(prop_oneof![wrong(), right(), word()], 1..14)
    ) {
        let (text, expected) = hazardous(&places);
        prop_assert_eq!(found(&text), expected, "{}", text);
    }

    #[test]
    fn all_sixteen_in_one_document_are_found_in_whatever_order_they_come(places in all().prop_shuffle()) {
        let (text, expected) = hazardous(&places);
        let ids: BTreeSet<&str> = expected.iter().map(|(id, _)| *id).collect();
        let sixteen: Vec<String> = (1..=16).map(|number| format!("H{number}")).collect();
        prop_assert!(sixteen.iter().all(|id| ids.contains(id.as_str())) && ids.len() == 16, "{:?}", ids);
        prop_assert_eq!(found(&text), expected, "{}", text);
    }

    #[test]
    fn whatever_is_imported_reads_as_a_runbook_that_is_not_ready_and_tells_no_secret(
        places in prop::collection::vec(0_usize..WRONG.len().max(SECRETS.len()), 1..8)
    ) {
        let secret: Vec<String> = places.iter().map(|at| format!("```sh\n{}\n```", SECRETS[*at % SECRETS.len()])).collect();
        let pieces: Vec<&str> = places
            .iter()
            .filter_map(|at| Some(WRONG.get(*at)?.1))
            .chain(secret.iter().map(String::as_str))
            .chain(["```sh\nsystemctl restart shop\n```"])
            .collect();
        let imported = import("x", "x.md", &document(&pieces).0);
        prop_assert!(!imported.runbook.contains("hunter2"), "{}", imported.runbook);
        let (runbook, findings) = read("x", &imported.runbook, &BTreeMap::new());
        let problems: Vec<_> = findings.iter().filter(|finding| finding.problem).collect();
        prop_assert!(problems.is_empty(), "{:?}\n{}", problems, imported.runbook);
        prop_assert!(!runbook.missing.is_empty(), "{}", imported.runbook);
    }

    #[test]
    fn no_document_makes_it_panic(text in "(?s)[-#`a-z1:\n |>.{}\"$é]{0,200}") {
        let imported = import("x", "x.md", &text);
        let lines = text.lines().count();
        prop_assert!(imported.hazards.iter().all(|hazard| (1..=lines).contains(&hazard.line)));
    }
}

#[test]
fn commands_become_steps_that_look_wait_or_have_to_be_configured() {
    let (text, _) = document(&[
        RIGHT[4],
        RIGHT[9],
        "```sh\n$ sudo systemctl restart \\\n    shop\nredis-cli -a hunter2secret FLUSHALL\n```",
    ]);
    let imported = import("restart", "old/restart.md", &text.replace("Part 0", "Check it"));
    insta::assert_snapshot!(imported.runbook, @r#"
    +++
    title = "A document"
    owner = "say who"
    review = "2000-01-01"
    risk = "dangerous"

    [values]
    step_4 = "the name of a [commands.NAME] that does what line 19 says"
    step_5 = "the name of a [commands.NAME] that does what line 21 says"
    database = "the name of a [databases.NAME]"
    +++

    Imported from old/restart.md. Read every step against the document before it is used.

    ## Symptoms

    Say here what the document says of it.

    ## Diagnosis

    Say here what the document says of it.

    ### 1. curl

    Line 6 of old/restart.md:

    ~~~
    curl -f https://shop.example.org/health/
    ~~~

    ```http
    url = "https://shop.example.org/health/"
    ```

    ## Mitigation

    Say here what the document says of it.

    ### 2. sleep

    Line 7 of old/restart.md:

    ~~~
    sleep 30
    ~~~

    ```wait
    wait = "30s"
    ```

    ### 3. psql

    Line 13 of old/restart.md:

    ~~~
    psql shop -c "SELECT count(*) FROM orders"
    ~~~

    ```sql
    database = "{database}"
    query = "SELECT count(*) FROM orders"
    ```

    ### 4. systemctl

    Line 19 of old/restart.md:

    ~~~
    sudo systemctl restart shop
    ~~~

    ```command
    command = "{step_4}"
    risk = "change"
    ```

    ### 5. redis-cli

    Line 21 of old/restart.md:

    H4 this wipes or opens a shared service, or shows a secret to whoever lists processes: configure a command with a secret's handle, and have it approved.

    ~~~
    redis-cli -a [secret] FLUSHALL
    ~~~

    ```command
    command = "{step_5}"
    risk = "dangerous"
    ```

    ## Escalation contacts

    Say who, and when they can be reached.

    ## Post-incident actions

    Say what is to be done afterwards.
    "#);
}
