//! Cards, buttons, incidents and routes.

use crate::alerts::{alert, said, sends, setup, standing, try_to_send};
use crate::support::bot::{MISBEHAVING, Setup, TestBot, with_bot_of};
use crate::support::eventually;
use drillbell::hooks::Turned;
use drillbell::model::event::{ActionReceived, Argument, Event};
use drillbell::model::ids::{IncidentId, MessageRef, fresh};
use serde_json::json;

const ALERTS_CHANNEL: &str = "console:#alerts";

/// Waits until everything that came in has been handled.
async fn settled(bot: &TestBot) {
    let store = bot.app.store();
    eventually("the inbox is empty", async || (store.open_events().await.unwrap() == 0).then_some(())).await;
}

/// The first message in a channel.
async fn first_card(bot: &TestBot, channel: &str) -> MessageRef {
    let items = said(bot, channel).await;
    items.into_iter().find(|item| item.kind == "post").expect("a card").message
}

#[test]
fn alerts_of_a_group_are_one_card_with_their_count_and_what_is_over_is_over() {
    with_bot_of(
        || setup(""),
        async |bot| {
            let taken =
                sends(&bot, vec![alert("HighErrorRate", "web-1", "firing", "critical"), json!("no alert")]).await;
            assert_eq!((taken.accepted.len(), taken.rejects.len(), taken.duplicate), (1, 1, false));
            settled(&bot).await;
            bot.clock.advance(400_000);
            let again = vec![
                alert("HighErrorRate", "web-1", "firing", "critical"),
                alert("HighErrorRate", "web-2", "firing", "critical"),
            ];
            assert!(!sends(&bot, again.clone()).await.duplicate);
            assert!(sends(&bot, again).await.duplicate, "the same bytes at once are the same notification");
            settled(&bot).await;
            bot.clock.advance(2_000);
            bot.timers_handled().await;
            let cards = standing(&bot, ALERTS_CHANNEL).await;
            assert_eq!(cards.len(), 1, "{cards:?}");
            assert!(cards[0].contains("2 firing of 2, 3 times") && cards[0].contains("sev1"), "{}", cards[0]);
            let over = ["web-1", "web-2"].map(|web| alert("HighErrorRate", web, "resolved", "critical"));
            sends(&bot, over.to_vec()).await;
            settled(&bot).await;
            let cards = standing(&bot, ALERTS_CHANNEL).await;
            assert!(cards.len() == 1 && cards[0].contains("Resolved after"), "{cards:?}");
        },
    );
}

#[test]
fn a_click_declares_an_incident_that_is_taken_up_as_any_other() {
    with_bot_of(
        || setup(""),
        async |bot| {
            sends(&bot, vec![alert("HighErrorRate", "web-1", "firing", "critical")]).await;
            settled(&bot).await;
            let card = first_card(&bot, ALERTS_CHANNEL).await;
            let answer = bot.clicks("ana", &card, "declare").await;
            assert!(answer.text.contains("INC-1 declared by Ana"), "{}", answer.text);
            settled(&bot).await;
            let incident = bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().expect("an incident");
            assert_eq!((incident.severity.as_str(), incident.service.as_deref()), ("sev1", Some("shop")));
            assert!(incident.card.is_some(), "whoever looks after incidents gave it a card");
            let acknowledged = bot.clicks("ben", &card, "ack").await;
            assert!(acknowledged.text.contains("acknowledged by Ben"), "{}", acknowledged.text);
            let lines = bot.app.store().timeline(&incident.id, 50).await.unwrap();
            let alerts: Vec<_> =
                lines.iter().filter(|line| line.kind == "alert").map(|line| line.text.as_str()).collect();
            assert!(alerts.len() == 2 && alerts[1].starts_with("Ben acknowledged the alert"), "{alerts:?}");
        },
    );
}

#[test]
fn a_route_that_declares_never_joins_what_is_over() {
    let route = "[[alerts.prom.routes]]\nmatch = [\"severity=critical\"]\nauto_declare = true";
    with_bot_of(
        || setup(route),
        async |bot| {
            sends(&bot, vec![alert("HighErrorRate", "web-1", "firing", "critical")]).await;
            sends(&bot, vec![alert("Slow", "web-1", "firing", "warning")]).await;
            settled(&bot).await;
            let store = bot.app.store();
            assert_eq!(store.next_incident_number().await.unwrap(), 2, "one is declared, by the route that says so");
            sends(&bot, vec![alert("HighErrorRate", "web-1", "resolved", "critical")]).await;
            settled(&bot).await;
            bot.ana("/sev resolve it is over --incident INC-1").await;
            bot.clock.advance(7_200_000);
            sends(&bot, vec![alert("HighErrorRate", "web-1", "firing", "critical")]).await;
            settled(&bot).await;
            let second = store.incident(&IncidentId::numbered(2)).await.unwrap().expect("another incident");
            assert!(second.card.is_some() && second.resolved_ms.is_none());
            let first = store.incident(&IncidentId::numbered(1)).await.unwrap().expect("the first");
            assert!(first.resolved_ms.is_some(), "it stays over");
        },
    );
}

#[test]
fn a_silence_by_the_form_is_announced_and_ends_by_itself() {
    with_bot_of(
        || setup(""),
        async |bot| {
            sends(&bot, vec![alert("HighErrorRate", "web-1", "firing", "critical")]).await;
            settled(&bot).await;
            let fields = [("for", "900000"), ("reason", "known; @everyone calm down")];
            let fields = fields.map(|(name, value)| Argument { name: name.to_owned(), value: value.to_owned() });
            let event = Event::ActionReceived(ActionReceived {
                card: first_card(&bot, ALERTS_CHANNEL).await,
                action: "silence".to_owned(),
                value: String::new(),
                fields: fields.to_vec(),
                by: bot.app.person("console", "ana"),
                asserted_by: None,
            });
            let answer = bot.delivers_event(&fresh(), event).await;
            assert!(answer.text.contains("silenced by Ana until"), "{}", answer.text);
            bot.clock.advance(900_000);
            bot.timers_handled().await;
            let cards = standing(&bot, ALERTS_CHANNEL).await;
            assert!(cards.iter().any(|text| text.contains("is over, and it still fires")), "{cards:?}");
        },
    );
}

#[test]
fn routes_say_where_an_alert_goes_and_why() {
    let routes = "[[alerts.prom.routes]]\nmatch = [\"severity=critical\", \"service=~shop|pay\"]\nchannel = \"console:#ops\"\n\
                  runbook = \"checkout-down\"\nauto_declare = true\n\
                  [[alerts.prom.routes]]\nmatch = [\"service=batch\"]\nmute = [\"2026-01-01T00:00Z/2026-01-02T00:00Z\"]";
    with_bot_of(
        || setup(routes),
        async |bot| {
            let answer = bot.ana("/drillbell route severity=critical service=shop alertname=HighErrorRate").await;
            insta::allow_duplicates! { insta::assert_snapshot!(answer.text, @r"
            Where such an alert goes
            prom: console:#ops
            source prom (alertmanager)
            route 1 matches: severity=critical, service=~shop|pay
            told in console:#ops, by the route
            severity sev1: severity=critical means that
            runbook checkout-down
            an incident of sev1 is declared at once
            grouped by alertname, service: alertname=HighErrorRate, service=shop
            "); }
            let answer = bot.ana("/drillbell route service=batch --source prom").await;
            insta::allow_duplicates! { insta::assert_snapshot!(answer.text, @r"
            Where such an alert goes
            prom: console:#alerts
            source prom (alertmanager)
            route 2 matches: service=batch
            told in console:#alerts, by [channels] alerts
            severity unknown: no label says
            kept but not shown now: within 2026-01-01T00:00Z/2026-01-02T00:00Z
            grouped by alertname, service: service=batch
            "); }
            assert_eq!(answer.data.expect("data")[0]["muted_until"], "2026-01-02T00:00:00.000Z");
            let answer = bot.ana("/drillbell route nonsense").await;
            insta::allow_duplicates! { insta::assert_snapshot!(answer.text, @"`nonsense` is no label: write LABEL=VALUE, such as severity=critical."); }
            sends(&bot, vec![alert("HighErrorRate", "web-1", "firing", "critical")]).await;
            settled(&bot).await;
            assert!(standing(&bot, ALERTS_CHANNEL).await.is_empty());
            assert!(standing(&bot, "console:#ops").await[0].contains("checkout-down"));
        },
    );
}

#[test]
fn another_plugin_hears_every_alert_and_one_it_fails_over_harms_no_other() {
    with_bot_of(
        || setup(MISBEHAVING),
        async |bot| {
            let alerts = vec![
                alert("HighErrorRate", "web-1", "firing", "critical"),
                alert("fail", "web-2", "firing", "critical"),
                alert("Slow", "web-3", "firing", "warning"),
            ];
            sends(&bot, alerts).await;
            settled(&bot).await;
            let trail = bot.trail().await;
            let of = |plugin: &str, outcome: &str| {
                trail
                    .iter()
                    .filter(|it| it["kind"] == "alert" && it["plugin"] == plugin && it["outcome"] == outcome)
                    .count()
            };
            assert_eq!(of("alerts", "ok"), 1, "one commit for the notification");
            assert!(of("misbehaving", "ok") >= 1);
            let cards = standing(&bot, ALERTS_CHANNEL).await;
            assert_eq!(cards.iter().filter(|text| text.contains("shop")).count(), 3, "{cards:?}");
        },
    );
}

/// No plugin of the house's has anything to do with alerts here: only somebody else's, told apart by its grants.
fn somebody_elses(grants: &str) -> Setup {
    let hears = format!("[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [{grants}]");
    let setup = setup(&hears);
    let config = setup.config.replace("source = \"builtin:alerts\"", "enabled = false\nsource = \"builtin:alerts\"");
    Setup { config, ..setup }
}

#[test]
fn a_plugin_that_is_not_the_houses_declares_an_incident_from_an_alert() {
    with_bot_of(
        || somebody_elses("\"kv\", \"alerts\", \"incidents:write\", \"post:console:#ops\""),
        async |bot| {
            sends(&bot, vec![alert("declare", "web-1", "firing", "critical")]).await;
            settled(&bot).await;
            let incident = bot.app.store().incident(&IncidentId::numbered(1)).await.unwrap().expect("an incident");
            assert_eq!((incident.title.as_str(), incident.service.as_deref()), ("declare on web-1", Some("shop")));
            assert_eq!(incident.declared_by.as_str(), "plugin:misbehaving");
            assert!(incident.card.is_some(), "whoever looks after incidents took it up");
        },
    );
}

#[test]
fn denies_a_plugin_an_incident_from_an_alert_without_the_grant() {
    with_bot_of(
        || somebody_elses("\"kv\", \"alerts\", \"post:console:#ops\""),
        async |bot| {
            sends(&bot, vec![alert("declare", "web-1", "firing", "critical")]).await;
            settled(&bot).await;
            assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 1, "nothing is declared");
            let trail = bot.trail().await;
            let heard = trail.iter().find(|it| it["kind"] == "alert" && it["plugin"] == "misbehaving");
            let heard = heard.expect("it was heard");
            assert!(heard["outcome"] != "ok" && heard.to_string().contains("incidents:write"), "{heard}");
        },
    );
}

#[test]
fn what_is_no_alert_at_all_is_turned_away_by_name() {
    with_bot_of(
        || setup(""),
        async |bot| {
            let turned = try_to_send(&bot, vec![json!({"status": "maybe"})]).await;
            let Err(Turned::Unfit(rejects)) = turned else { panic!("{turned:?}") };
            assert_eq!(rejects[0].field, "alerts.0.status");
        },
    );
}
