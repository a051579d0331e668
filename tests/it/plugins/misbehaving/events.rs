//! Every kind of event reaches the plugin it concerns, whole; one that may not hear it does not.

use super::misbehaving;
use crate::support::bot::{HERE, MISBEHAVING, Setup, TestBot, with_bot_of};
use crate::support::script::SameOnBoth;
use drillbell::model::deploy::Migration;
use drillbell::model::event::{
    AlertFired, ApprovalEnded, Argument, DeployRecorded, Event, JobFinished, Person, ReactionAdded,
};
use drillbell::model::ids::PluginId;
use drillbell::store::OutcomeStatus;

const NEW_YEAR_MS: i64 = crate::support::database::NEW_YEAR_MS;

fn argument(name: &str, value: &str) -> Argument {
    Argument { name: name.to_owned(), value: value.to_owned() }
}

/// An alert with these annotations.
pub(super) fn alert(annotations: Vec<Argument>) -> Event {
    Event::AlertFired(AlertFired {
        source: "prometheus".to_owned(),
        fingerprint: "f1".to_owned(),
        status: "firing".to_owned(),
        title: "HighLatency".to_owned(),
        labels: vec![argument("service", "shop"), argument("odd \"name\"", "\u{1F525}")],
        annotations,
        started_ms: NEW_YEAR_MS - 60_000,
        ended_ms: None,
        url: "https://prometheus.example/alerts".to_owned(),
    })
}

fn deploy() -> Event {
    Event::DeployRecorded(DeployRecorded {
        service: "shop".to_owned(),
        version: "v2".to_owned(),
        previous: "v1".to_owned(),
        commit: "abc123".to_owned(),
        schema: "expand".to_owned(),
        migrations: vec![Migration { name: "0042_orders".to_owned(), ..Migration::default() }],
        disagrees: String::new(),
        by: "ci".to_owned(),
        at_ms: NEW_YEAR_MS,
        rollback: false,
    })
}

fn job(plugin: &str) -> Event {
    Event::JobFinished(JobFinished {
        plugin: plugin.into(),
        id: "j1".to_owned(),
        job: "backup".to_owned(),
        status: "done".to_owned(),
        detail: "{\"rows\":7}".to_owned(),
        incident: None,
    })
}

fn approval(plugin: &str) -> Event {
    Event::ApprovalEnded(ApprovalEnded {
        plugin: plugin.into(),
        id: "a1".to_owned(),
        status: "approved".to_owned(),
        subject: "restore".to_owned(),
        by: vec![Person { id: "ben".into(), name: "Ben".to_owned() }],
    })
}

async fn reaction(bot: &TestBot) -> Event {
    let message = bot.ana("/misbehave ok").await.messages[0].message.clone();
    let by = bot.app.person("console", "ben");
    Event::ReactionAdded(ReactionAdded {
        message,
        emoji: "pushpin".to_owned(),
        text: "ok".to_owned(),
        by,
        asserted_by: None,
    })
}

/// What the plugin remembers, without ids.
async fn remembered(bot: &TestBot, plugin: &str) -> Vec<String> {
    let rows = bot.app.store().kv_list(&PluginId::from(plugin), "seen:", 100).await.unwrap();
    let told = rows.into_iter().map(|row| {
        let value: serde_json::Value = serde_json::from_str(&row.value).unwrap();
        let uuid = value["message"].as_str().or(value["card"].as_str()).unwrap_or("-").to_owned();
        format!("{} {}", row.key, row.value.replace(&uuid, "MESSAGE"))
    });
    told.collect()
}

#[test]
fn every_kind_of_event_arrives_whole() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let reaction = reaction(&bot).await;
            let card = bot.ana("/misbehave card").await.messages[0].message.clone();
            let all = [
                alert(vec![argument("summary", "slow")]),
                deploy(),
                job("misbehaving"),
                approval("misbehaving"),
                reaction,
            ];
            for event in all {
                let kind = event.kind();
                let answer = bot.delivers_event(kind, event).await;
                assert_eq!(answer.status, OutcomeStatus::Ok, "{kind}: {answer:?}");
                let record = bot.record(kind).await;
                // A deploy is the host's to keep first; whoever hears of it has a share.
                let plugin = if kind == "deploy" { "drillbell" } else { "misbehaving" };
                assert_eq!((&record["kind"], &record["plugin"]), (&kind.into(), &plugin.into()), "{record}");
                assert!(record["actor"].is_string(), "{record}");
            }
            bot.clicks("ben", &card, "never").await;
            seen.saw(remembered(&bot, "misbehaving").await.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r#"
    seen:action:never {"card":"MESSAGE","action":"never","value":"v3","fields":{},"by":{"id":"ben","name":"Ben"},"conversation":"console:#incidents","incident":null,"at_ms":1767225600000}

    seen:alert:f1 {"source":"prometheus","fingerprint":"f1","status":"firing","title":"HighLatency","labels":{"service":"shop","odd \"name\"":"🔥"},"annotations":{"summary":"slow"},"started_ms":1767225540000,"ended_ms":null,"url":"https://prometheus.example/alerts"}

    seen:approval:a1 {"id":"a1","status":"approved","subject":"restore","by":[{"id":"ben","name":"Ben"}],"at_ms":1767225600000}

    seen:deploy:shop {"service":"shop","version":"v2","previous":"v1","commit":"abc123","schema":"expand","migrations":["0042_orders"],"by":"ci","at_ms":1767225600000}

    seen:job:j1 {"id":"j1","kind":"backup","status":"done","detail":"{\"rows\":7}","incident":null,"at_ms":1767225600000}

    seen:reaction:pushpin {"message":"MESSAGE","emoji":"pushpin","text":"ok","by":{"id":"ben","name":"Ben"},"conversation":"console:#incidents","incident":null,"at_ms":1767225600000}
    "#);
}

#[test]
fn an_event_that_nobody_may_hear_is_recorded_and_forgotten() {
    with_bot_of(
        || Setup::of(&misbehaving("misbehaving", &["kv"], "")),
        async |bot| {
            let reaction = reaction(&bot).await;
            for event in [alert(Vec::new()), deploy(), reaction, job("nobody"), approval("nobody")] {
                let kind = event.kind();
                let answer = bot.delivers_event(kind, event).await;
                assert_eq!((answer.status, answer.text.as_str()), (OutcomeStatus::Ok, ""), "{kind}");
                assert_eq!(bot.record(kind).await["plugin"], "drillbell");
            }
            assert!(remembered(&bot, "misbehaving").await.is_empty());
        },
    );
}

#[test]
fn one_delivery_of_an_event_five_times_is_heard_once() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let deliveries = (0..5).map(|_| bot.delivers_event("again", alert(Vec::new())));
            let answers = futures::future::join_all(deliveries).await;
            assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
            bot.record("again").await;
            let row = bot.app.store().kv_get(&"misbehaving".into(), "seen:alert:f1").await.unwrap();
            assert_eq!(row.revision, 1, "it was written once, {HERE}");
        },
    );
}
