//! One incident told twice: as the terminal console draws it, and as the API answers it. Read them aloud: each message says
//! what happened, what now, and who.

use crate::support::bot::{HERE, SEV_TIMED, Setup, TestBot, with_bot_of};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use crate::support::script::SameOnBoth;
use drillbell::model::ids::IncidentId;
use drillbell::model::view::View;
use drillbell::platform::console::{Look, Numbers, card};
use drillbell::store::StreamItem;
use serde_json::Value;

/// Minutes that pass before, who, and what is typed or, in brackets, pressed on the card.
const INCIDENT: [(i64, &str, &str); 15] = [
    (0, "ana", "/sev declare sev1 checkout is down --service shop"),
    (2, "ben", "[acknowledge]"),
    (0, "ben", "[claim-commander]"),
    (1, "ana", "/sev role communications"),
    (1, "ben", "/sev task add switch to the replica --owner @ana --due +10m"),
    (2, "ben", "/sev update the payment gateway times out, we roll back --status identified"),
    (0, "ana", "/sev declare sev3 refunds fail"),
    (1, "ana", "/sev merge INC-2 --into INC-1"),
    (4, "ana", "/sev task done 1"),
    (1, "ben", "/sev update v41 serves again --status monitoring"),
    (3, "ben", "/sev role commander @ana --note \"watch the gateway's error rate\""),
    (40, "ana", "/sev resolve the old certificate expired; replaced"),
    (5, "ana", "/sev task add renew certificates by themselves --owner @ben"),
    (0, "ana", "/sev timeline INC-1 --limit 50"),
    (0, "ana", "/sev stats --since 1d"),
];

async fn settled(bot: &TestBot) {
    let store = bot.app.store();
    eventually("all due timers are handled", async || {
        let due = store.due_timers(store.now_ms(), 10).await.unwrap();
        (due.is_empty() && store.open_events().await.unwrap() == 0).then_some(())
    })
    .await;
}

/// What the terminal shows of a line of the stream; edits of the card are shown once, at the end.
fn drawn(item: &StreamItem) -> Option<String> {
    let view: View = serde_json::from_value(item.payload.clone()).unwrap_or_default();
    let notes: &[&str] = if item.private_to.is_some() { &["only you see this"] } else { &[] };
    match item.kind.as_str() {
        "typed" => Some(format!("{}> {}", item.author, item.payload["text"].as_str().unwrap_or_default())),
        "post" => Some(card(&view, Look::new(Some(100), false), Numbers::None, notes).join("\n")),
        _ => None,
    }
}

#[test]
fn a_whole_incident_on_the_terminal_reads_well() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(SEV_TIMED),
        async |bot| {
            for (minutes, user, line) in INCIDENT {
                bot.clock.advance(minutes * 60_000);
                settled(&bot).await;
                match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    Some(button) => {
                        let incident = bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
                        bot.clicks(user, &incident.card.unwrap(), button).await;
                    }
                    None => {
                        bot.types(user, HERE, line).await;
                    }
                }
            }
            let stream = bot.app.store().stream_after(0, Some(&HERE.into()), &"ana".into(), 1000).await.unwrap();
            let mut all: Vec<String> = stream.iter().filter_map(drawn).collect();
            let incident = bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().unwrap();
            let now = bot.app.store().message(&incident.card.unwrap()).await.unwrap().unwrap().view;
            all.push(format!(
                "(the card in the end)\n{}",
                card(&now, Look::new(Some(100), false), Numbers::None, &[]).join("\n")
            ));
            let lines = all.join("\n\n").lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
            seen.saw(lines.join("\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @"");
}

/// Without what differs each time: moments and message references.
fn plain(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match key.as_str() {
                    "message" | "card" | "delivery" if value.is_string() => *value = "(ref)".into(),
                    key if key.ends_with("_ms") && value.is_number() => *value = "(moment)".into(),
                    _ => plain(value),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(plain),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_incident_through_the_api_reads_well() {
    let home = Home::new(&TestDatabase::sqlite());
    let process = home.start(&[]).await;
    let mut all = Vec::new();
    for (number, line) in [
        "/sev declare sev1 checkout is down --service shop",
        "/sev ack",
        "/sev role commander",
        "/sev task add switch to the replica",
        "/sev update we roll back --status identified",
        "/sev declare sev3 refunds fail",
        "/sev merge INC-2 --into INC-1",
        "/sev task done 1 --incident INC-1",
        "/sev update v41 serves again --status monitoring",
        "/sev resolve",
        "/sev reopen INC-2",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = process.command(&format!("told-{number}"), line).await.expect("it lives");
        let text = answer["text"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
        let facts = &answer["data"]["facts"];
        let whether = |name: &str| facts[name].as_array().map_or(0, Vec::len);
        let known = format!("{} roles, {} tasks, {} spans", whether("roles"), whether("tasks"), whether("spans"));
        all.push(format!("{line}\n  {}: {text}\n  {known}", answer["status"].as_str().unwrap_or_default()));
    }
    let get = async |path: &str| {
        let client = reqwest::Client::new();
        let answer = client.get(format!("{}{path}", process.url())).bearer_auth(process.token()).send().await.unwrap();
        let mut body: Value = answer.json().await.unwrap();
        plain(&mut body);
        body
    };
    let (one, other) = (get("/api/v1/incidents/INC-1").await, get("/api/v1/incidents/INC-2").await);
    insta::assert_snapshot!(all.join("\n"), @"");
    insta::assert_json_snapshot!(one, @"");
    assert_eq!(other["facts"]["merged_into"], "INC-1");
    process.end(false).await;
}
