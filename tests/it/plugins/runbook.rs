//! Runbooks from end to end: the operator's files are read, a step asks a real server that is broken, healed and gone, and the report
//! and the incident's timeline say how it was.

mod alone;
mod broken;
mod hands;
mod promql;
mod replica;

use crate::support::bot::{PEOPLE, SEV, Setup, TestBot, with_bot_of};
use drillbell::model::ids::IncidentId;
use drillbell::store::OutcomeStatus;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// Answers every request with a status that the test sets; 0 hangs up.
fn server() -> (u16, Arc<AtomicU16>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, status) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU16::new(200)));
    let says = status.clone();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let status = says.load(Ordering::SeqCst);
            if status == 0 {
                continue;
            }
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let body = r#"{"state": "ready"}"#;
            let head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(head.as_bytes());
        }
    });
    (port, status)
}

const READY: &str = r#"+++
title = "The shop is ready"
owner = "Ana"
review = "2099-01-01"
risk = "change"
matches = ["service=shop"]

[values]
ready_url = "the address of /readyz"
+++

Looks whether the shop is ready.

## Symptoms

It is said not to be.

### It answers

```http
url = "{ready_url}"
expect = { status = 200, json = [{ pointer = "/state", equals = "ready" }] }
capture = { name = "state", json = "/state" }
on_fail = "stop"
```

## Diagnosis

### Everybody else can reach it

```chat
ask = "Can you open it? It says {state}."
```

## Mitigation

### It is noted

```command
command = "note"
args = { word = "{state}" }
```

## Escalation contacts

Ana, at any time.

## Post-incident actions

Nothing.
"#;

/// Asks about more than anybody reads.
const CUT: &str = r#"+++
title = "Nothing is wrong"
owner = "Ana"
review = "2099-01-01"
risk = "read-only"
+++

Looks whether anything is wrong.

## Symptoms

Something may be.

### The log has no error

```command
command = "log"
risk = "read-only"
expect = { lacks = "ERROR" }
```

### No cart is broken

```sql
database = "shop"
query = "select i, case when i > 2 then 'broken' else 'good' end as state from (select 1 as i union all select 2 union all select 3)"
rows = 2
expect = { lacks = "broken" }
```

### There are few carts

```sql
database = "shop"
query = "select 1 as i union all select 2 union all select 3"
rows = 2
expect = { count = "< 3" }
```

### There are some carts

```sql
database = "shop"
query = "select 1 as i union all select 2 union all select 3"
rows = 2
expect = { count = ">= 2" }
```

### There is one number

```sql
database = "shop"
query = "select 1 as i union all select 900"
rows = 1
expect = { value = "< 5" }
```

## Diagnosis

Nothing.

## Mitigation

Nothing.

## Escalation contacts

Ana, at any time.

## Post-incident actions

Nothing.
"#;

fn setup(port: u16) -> Setup {
    let setup = Setup::default();
    let folder = setup.folder.path().join("runbooks");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("shop-ready.md"), READY).unwrap();
    std::fs::write(folder.join("broken.md"), READY.replace("```http", "```htp")).unwrap();
    let only_looks = "command = \"note\"\nrisk = \"read-only\"";
    std::fs::write(folder.join("says-it-looks.md"), READY.replace("command = \"note\"", only_looks)).unwrap();
    std::fs::write(folder.join("cut.md"), CUT).unwrap();
    let shop = setup.folder.path().join("shop.db");
    rusqlite::Connection::open(&shop).unwrap().execute_batch("create table carts (id)").unwrap();
    let place = setup.folder.path().display().to_string();
    let config = format!(
        "[runbooks]\ndir = \"{place}/runbooks\"\n[runbooks.values]\nready_url = \"http://127.0.0.1:{port}/readyz\"\n\
         [channels]\nops = \"console:#ops\"\n\
         [commands.note]\nargv = [\"sh\", \"-c\", \"echo \\\"$1\\\" >> {place}/notes\", \"--\", \"{{word}}\"]\nargs.word = {{ type = \"word\" }}\n\
         [commands.log]\nargv = [\"sh\", \"-c\", \"yes fine | head -c 70000; echo ERROR\"]\nchanges = false\n\
         [databases.shop]\nurl = \"sqlite:{place}/shop.db\"\n\
         [[policy]]\njob = \"steps\"\napprovals = 0\n\
         [plugins.runbook]\nsource = \"builtin:runbook\"\n\
         grants = [\"runbooks\", \"kv\", \"timers\", \"incidents:write\", \"conversations\", \"approvals\", \"post:*\", \"jobs:*\", \
         \"sql:shop\", \"backups\", \"alerts\", \"command:*\", \"http-private:http://127.0.0.1:{port}\"]\n{SEV}\n{PEOPLE}"
    );
    Setup { config, ..setup }
}

/// A runbook with these steps in *Symptoms*, each a name and a block: its risk and its values.
fn book_of(risk: &str, values: &str, steps: &[(&str, &str)]) -> String {
    let steps: String = steps.iter().map(|(name, block)| format!("### {name}\n\n{block}\n\n")).collect();
    format!(
        "+++\ntitle = \"One thing\"\nowner = \"Ana\"\nreview = \"2099-01-01\"\nrisk = \"{risk}\"\n[values]\n{values}\n+++\n\n\
         Looks at one thing.\n\n## Symptoms\n\nSomething may be wrong.\n\n{steps}## Diagnosis\n\nNothing.\n\n\
         ## Mitigation\n\nNothing.\n\n## Escalation contacts\n\nAna, at any time.\n\n## Post-incident actions\n\nNothing.\n"
    )
}

/// A bot with these runbooks, `more` of the configuration (in which `PLACE` is its folder), and `runbook` granted these things besides
/// the usual ones.
fn configured(folder: &Arc<tempfile::TempDir>, books: &[(&str, &str)], more: &str, grants: &str) -> Setup {
    let setup = Setup { folder: folder.clone(), ..Setup::default() };
    let place = folder.path().display().to_string();
    std::fs::create_dir_all(folder.path().join("runbooks")).unwrap();
    for (name, text) in books {
        std::fs::write(setup.folder.path().join(format!("runbooks/{name}.md")), text).unwrap();
    }
    let config = format!(
        "[runbooks]\ndir = \"{place}/runbooks\"\n{}\n[[policy]]\njob = \"steps\"\napprovals = 0\n\
         [plugins.runbook]\nsource = \"builtin:runbook\"\n\
         grants = [\"runbooks\", \"kv\", \"timers\", \"incidents:write\", \"conversations\", \"approvals\", \"post:*\", \"jobs:*\", \
         \"backups\", \"alerts\", \"schedules\", {grants}]\n{SEV}\n{PEOPLE}",
        more.replace("PLACE", &place)
    );
    Setup { config, ..setup }
}

pub async fn says(bot: &TestBot, line: &str) -> Value {
    let answer = bot.ana(line).await;
    assert_eq!(answer.status, OutcomeStatus::Ok, "{line}: {}", answer.text);
    answer.data.unwrap_or_default()
}

#[test]
fn a_step_fails_on_what_is_broken_passes_on_what_is_healed_and_is_unknown_where_nobody_answers() {
    let (port, status) = server();
    with_bot_of(
        || setup(port),
        async |bot| {
            let all = says(&bot, "/runbook list").await;
            let of = |name: &str| {
                all["runbooks"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
            };
            assert_eq!(of("shop-ready")["unready"], json!([]));
            assert!(of("broken")["unready"].to_string().contains("has no typed block"), "{all}");
            assert_eq!(bot.ana("/runbook start broken").await.status, OutcomeStatus::Refused);

            bot.ana("/sev declare sev2 the shop is not ready").await;
            let started = says(&bot, "/runbook start shop-ready").await;
            assert_eq!((&started["run"], &started["steps"]), (&json!("R-1"), &json!(3)));
            let step = async || says(&bot, "/runbook report").await["steps"][0].clone();
            for (answers, state) in [(503, "fail"), (0, "unknown"), (200, "pass")] {
                status.store(answers, Ordering::SeqCst);
                bot.ana("/runbook run").await;
                let step = step().await;
                assert_eq!(step["state"], state, "{step}");
            }
            says(&bot, "/runbook done everybody can").await;
            says(&bot, "/runbook run").await;
            let report = says(&bot, "/runbook report").await;
            assert_eq!(report["ended"], true, "{report}");
            let states: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["state"].clone()).collect();
            assert_eq!(states, ["pass", "pass", "pass"]);
            let notes = bot.app.config().server.data_dir.parent().unwrap().join("notes");
            assert_eq!(std::fs::read_to_string(notes).unwrap(), "ready\n", "what one step captured the next was given");

            let lines = bot.app.store().timeline(&IncidentId::numbered(1), 500).await.unwrap();
            let timeline = lines.iter().map(|line| format!("{line:?}\n")).collect::<String>();
            for told in [
                "R-1 shop-ready was started by Ana",
                "It answers: fail",
                "It answers: unknown",
                "R-1 shop-ready has ended: 3 passed",
            ] {
                assert!(timeline.contains(told), "{told}: {timeline}");
            }
        },
    );
}

#[test]
fn what_nobody_has_seen_all_of_is_never_said_to_be_well() {
    with_bot_of(
        || setup(server().0),
        async |bot| {
            let all = says(&bot, "/runbook list").await;
            let looks = all["runbooks"].as_array().unwrap().iter().find(|one| one["name"] == "says-it-looks").unwrap();
            let why = looks["unready"].to_string();
            assert!(why.contains("[commands.note] changes production"), "{why}");
            assert_eq!(bot.ana("/runbook start says-it-looks --dry-run").await.status, OutcomeStatus::Refused);

            says(&bot, "/runbook start cut").await;
            for _ in 0..5 {
                bot.ana("/runbook run").await;
            }
            let report = says(&bot, "/runbook report").await;
            let told: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| step["state"].clone()).collect();
            assert_eq!(told, ["unknown", "unknown", "fail", "pass", "unknown"], "{report}");
        },
    );
}

#[test]
fn a_run_goes_on_after_a_restart() {
    let (port, _) = server();
    crate::support::bot::with_database(async |database| {
        let first = setup(port);
        let (config, folder, clock) = (first.config.clone(), first.folder.clone(), first.clock.clone());
        let bot = TestBot::start(database, first).await;
        says(&bot, "/runbook start shop-ready").await;
        bot.ana("/runbook run").await;
        bot.finish().await;
        let bot = TestBot::start(database, Setup { config, folder, clock, ..Setup::default() }).await;
        let status = says(&bot, "/runbook status").await;
        assert_eq!((&status["open"][0]["run"], &status["open"][0]["at"]), (&json!("R-1"), &json!(2)));
        says(&bot, "/runbook skip nobody is there --run R-1").await;
        says(&bot, "/runbook abort it is late --run R-1").await;
        assert_eq!(says(&bot, "/runbook report --run R-1").await["aborted"], "it is late (Ana)");
        bot.finish().await;
    });
}
