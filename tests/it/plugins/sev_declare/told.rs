//! One incident told twice: as the terminal console draws it, and as the API answers it. Read them aloud: each message says
//! what happened, what now, and who.

use crate::support::bot::{HERE, SEV_TIMED, Setup, with_bot_of};
use crate::support::database::TestDatabase;
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
    (2, "ben", "[ack]"),
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
    (5, "ana", "/sev task add renew certificates by themselves --owner @ben --incident INC-1"),
    (0, "ana", "/sev timeline INC-1 --limit 50"),
    (0, "ana", "/sev stats --since 1d"),
];

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
                bot.timers_handled().await;
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
    insta::assert_snapshot!(seen.text(), @r#"
    ana> /sev declare sev1 checkout is down --service shop

    | [critical] INC-1 · sev1 · checkout is down
    | No update yet.
    | Status          investigating
    | Severity        sev1 (P0, critical): Service down, major data leak, or payments broken
    | Service         shop
    | Declared by     ana
    | Declared        2026-01-01 00:00:00 UTC
    | Roles           nobody is commander, communications, scribe
    | Acknowledge by  2026-01-01 00:05:00 UTC
    | Decide by       2026-01-01 00:10:00 UTC
    | Roll back by    2026-01-01 00:15:00 UTC
    | Next update by  2026-01-01 00:30:00 UTC
    | Left at 00:00 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next
    | update.
    | Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    | Next: press Acknowledge, so that everybody knows that somebody is on it.
    | [Acknowledge]  [Claim commander]  [Claim communications]  [Claim scribe]
    | Update: type /sev update --incident INC-1 TEXT
    | [Identified]  [Monitoring]  [Resolve] (!)  [Show timeline]

    | Ben has INC-1.
    | Acknowledged: nobody else is paged. What now: the card says it.

    | Ben is commander of INC-1 now.
    | To hand it over: /sev role commander @SOMEBODY --note WHAT THEY SHOULD KNOW

    ana> /sev role communications

    | Ana is communications of INC-1 now.
    | To hand it over: /sev role communications @SOMEBODY --note WHAT THEY SHOULD KNOW

    ben> /sev task add switch to the replica --owner @ana --due +10m

    | Task 1 switch to the replica (ana, due at 00:14 UTC)
    | Added to INC-1 by Ben. When it is done: /sev task done 1

    ben> /sev update the payment gateway times out, we roll back --status identified

    | INC-1: the payment gateway times out, we roll back
    | Update by Ben. Now identified (was investigating).
    | What now: restore the service, then press Monitoring.
    | Next update by  2026-01-01 00:36:00 UTC

    ana> /sev declare sev3 refunds fail

    | INC-2 · sev3 · refunds fail
    | No update yet.
    | Status          investigating
    | Severity        sev3 (P2, warning): A partial outage or a minor feature
    | Declared by     ana
    | Declared        2026-01-01 00:06:00 UTC
    | Roles           nobody is commander, communications, scribe
    | Acknowledge by  2026-01-01 01:06:00 UTC
    | Roll back by    2026-01-01 02:06:00 UTC
    | Next update by  2026-01-01 04:06:00 UTC
    | Left at 00:06 UTC: 1 h to acknowledge, 2 h to roll back, 4 h to the next update.
    | Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    | Next: press Acknowledge, so that everybody knows that somebody is on it.
    | [Acknowledge]  [Claim commander]  [Claim communications]  [Claim scribe]
    | Update: type /sev update --incident INC-2 TEXT
    | [Identified]  [Monitoring]  [Resolve] (!)  [Show timeline]

    ana> /sev merge INC-2 --into INC-1

    | INC-2 is merged into INC-1 (checkout is down). Go on there.
    | Merged by Ana. What happened in INC-2 stays: /sev timeline INC-2

    ana> /sev task done 1

    | Task 1 is done: switch to the replica
    | Done by Ana. No task is open now.

    ben> /sev update v41 serves again --status monitoring

    | INC-1: v41 serves again
    | Update by Ben. Now monitoring (was identified).
    | What now: see that it stays well, then press Resolve.
    | Next update by  2026-01-01 00:42:00 UTC

    ben> /sev role commander @ana --note "watch the gateway's error rate"

    | ana is commander of INC-1 now (was ben): watch the gateway's error rate
    | Handed over by Ben. What now: ana goes on; the card says with what.

    | [warning] INC-1: an update is due
    | ana, what is so now? People expect to hear of checkout is down since 00:42 UTC. The last was: v41
    | serves again
    | Update: type /sev update --incident INC-1 TEXT
    | [Snooze 10 min]  [Skip this one]

    ana> /sev resolve the old certificate expired; replaced

    | [good]
    | INC-1 is resolved after 55 min: the old certificate expired; replaced
    | Resolved by Ana. If that was too early: /sev reopen INC-1

    ana> /sev task add renew certificates by themselves --owner @ben --incident INC-1

    | Task 2 renew certificates by themselves (ben)
    | Added to INC-1 by Ana. When it is done: /sev task done 2

    ana> /sev timeline INC-1 --limit 50

    | Timeline of INC-1 · checkout is down (only you see this)
    | 2026-01-01 00:00:00 UTC  ana declared: sev1: checkout is down (shop)
    | 2026-01-01 00:02:00 UTC  ben acknowledged: taken up after 2 min
    | 2026-01-01 00:02:00 UTC  ben role: commander: ben
    | 2026-01-01 00:03:00 UTC  ana role: communications: ana
    | 2026-01-01 00:04:00 UTC  ben task: 1 added, ana, due 2026-01-01 00:14 UTC: switch to the replica
    | 2026-01-01 00:06:00 UTC  ben update: the payment gateway times out, we roll back
    | 2026-01-01 00:06:00 UTC  ben status: investigating → identified
    | 2026-01-01 00:07:00 UTC  ana merged: took in INC-2: refunds fail
    | 2026-01-01 00:11:00 UTC  ana task: 1 done: switch to the replica
    | 2026-01-01 00:12:00 UTC  ben update: v41 serves again
    | 2026-01-01 00:12:00 UTC  ben status: identified → monitoring
    | 2026-01-01 00:15:00 UTC  ben role: commander: ben → ana: watch the gateway's error rate
    | 2026-01-01 00:55:00 UTC  ana update: the old certificate expired; replaced
    | 2026-01-01 00:55:00 UTC  ana status: monitoring → resolved
    | 2026-01-01 01:00:00 UTC  ana task: 2 added, ben: renew certificates by themselves
    | From the beginning.

    ana> /sev stats --since 1d

    | Incidents of the last 1 d (only you see this)
    | Declared      1, 0 of them open; 1 more merged into others
    | Acknowledged  1 after 2 min on average (MTTA)
    | Resolved      1 after 55 min on average (MTTR)
    |   severity  count  open  MTTA   MTTR
    |   sev1      1      0     2 min  55 min
    |
    |   service  count  open  MTTA   MTTR
    |   shop     1      0     2 min  55 min
    | MTTR is all the time it was open, reopenings included. Merged incidents count where they went.
    | Incidents declared each day
    | sev1: 1 at the end, 0 to 1

    (the card in the end)
    | [good] INC-1 · sev1 · checkout is down
    | the old certificate expired; replaced
    | Status        resolved
    | Severity      sev1 (P0, critical): Service down, major data leak, or payments broken
    | Service       shop
    | Declared by   ana
    | Declared      2026-01-01 00:00:00 UTC
    | Resolved      2026-01-01 00:55:00 UTC
    | Lasted        55 min
    | Roles         ana is commander, ana is communications
    | Acknowledged  by ben after 2 min, in time
    | Decided       after 6 min, in time
    | Restored      after 12 min, in time
    | Open tasks    2 renew certificates by themselves (ben)
    | Last          00:55 UTC ana update: the old certificate expired; replaced
    |               00:55 UTC ana status: monitoring → resolved
    |               01:00 UTC ana task: 2 added, ben: renew certificates by themselves
    | Order: 1 restore the service (done), 2 find the cause, 3 prevent it (now).
    | Next: what prevents it? /sev task add TEXT --incident INC-1. What you learn: /sev note TEXT
    | --incident INC-1
    | [Reopen]  [Show timeline]
    "#);
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
        // Its clock runs.
        let text = text.split_once(" after ").filter(|_| line.contains("resolve")).map_or(text, |(what, _)| what);
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
    insta::assert_snapshot!(all.join("\n"), @r"
    /sev declare sev1 checkout is down --service shop
      ok: INC-1 · sev1 · checkout is down
      0 roles, 0 tasks, 1 spans
    /sev ack
      ok: local has INC-1.
      0 roles, 0 tasks, 1 spans
    /sev role commander
      ok: local is commander of INC-1 now.
      1 roles, 0 tasks, 1 spans
    /sev task add switch to the replica
      ok: Task 1 switch to the replica
      1 roles, 1 tasks, 1 spans
    /sev update we roll back --status identified
      ok: INC-1: we roll back
      1 roles, 1 tasks, 1 spans
    /sev declare sev3 refunds fail
      ok: INC-2 · sev3 · refunds fail
      0 roles, 0 tasks, 1 spans
    /sev merge INC-2 --into INC-1
      ok: INC-2 is merged into INC-1 (checkout is down). Go on there.
      0 roles, 0 tasks, 1 spans
    /sev task done 1 --incident INC-1
      ok: Task 1 is done: switch to the replica
      1 roles, 1 tasks, 1 spans
    /sev update v41 serves again --status monitoring
      ok: INC-1: v41 serves again
      1 roles, 1 tasks, 1 spans
    /sev resolve
      ok: INC-1 is resolved
      1 roles, 1 tasks, 1 spans
    /sev reopen INC-2
      refused: INC-2 was merged into INC-1; go on there: add --incident INC-1
      0 roles, 0 tasks, 0 spans
    ");
    insta::assert_json_snapshot!(one, @r#"
    {
      "card": "(ref)",
      "conversation": "console:#incidents",
      "declared_by": "console:local",
      "declared_ms": "(moment)",
      "facts": {
        "merged_into": null,
        "next_update_ms": null,
        "roles": [
          {
            "person": "console:local",
            "role": "commander",
            "since_ms": "(moment)"
          }
        ],
        "spans": [
          {
            "acknowledged": {
              "at_ms": "(moment)",
              "by": "console:local"
            },
            "decided_ms": "(moment)",
            "opened_ms": "(moment)",
            "resolved_ms": "(moment)",
            "restored_ms": "(moment)"
          }
        ],
        "tasks": [
          {
            "added": {
              "at_ms": "(moment)",
              "by": "console:local"
            },
            "done": {
              "at_ms": "(moment)",
              "by": "console:local"
            },
            "due_ms": null,
            "number": 1,
            "owner": null,
            "text": "switch to the replica"
          }
        ]
      },
      "id": "INC-1",
      "latest": "v41 serves again",
      "resolved_ms": "(moment)",
      "revision": 9,
      "service": "shop",
      "severity": "sev1",
      "status": "resolved",
      "title": "checkout is down"
    }
    "#);
    assert_eq!(other["facts"]["merged_into"], "INC-1");
    process.end(false).await;
}
