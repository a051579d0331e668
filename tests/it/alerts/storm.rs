//! Ten thousand alerts in a hundred groups while the platform answers that it is busy.

use super::setup;
use crate::support::bot::{Setup, TestBot, with_bot_of};
use crate::support::commits::{commit, delivery};
use crate::support::eventually;
use crate::support::platform::{Answer, Scripted};
use drillbell::model::effect::Effect;
use drillbell::model::event::{AlertFired, AlertsFired, Argument, Event};
use drillbell::model::ids::DeliveryId;
use drillbell::model::page::PageAction;
use drillbell::model::view::View;
use drillbell::store::CommitOutcome;
use drillbell_fakes::{PATIENCE, within};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const THERE: &str = "elsewhere:C1";
const ALERTS: usize = 10_000;
const BATCH: usize = 50;
const GROUPS: usize = 100;

/// As the way in hands them on.
fn alert(n: usize) -> AlertFired {
    let argument = |(name, value): (&str, String)| Argument { name: name.to_owned(), value };
    let group = n % GROUPS;
    AlertFired {
        source: "prom".to_owned(),
        fingerprint: format!("fp{group}"),
        status: "firing".to_owned(),
        title: format!("Trouble {group}"),
        labels: [("alertname", format!("Trouble {group}")), ("n", n.to_string())].map(argument).into(),
        annotations: [("drillbell.group", format!("group{group:03}")), ("drillbell.channel", THERE.to_owned())]
            .map(argument)
            .into(),
        started_ms: 0,
        ended_ms: None,
        url: String::new(),
    }
}

/// Somebody is paged in the very conversation that the storm is told in.
async fn page(bot: &TestBot) {
    bot.app.store().accept(delivery("page")).await.expect("durable");
    let mut commit = commit("page");
    commit.effects = vec![Effect::Page {
        message: "page".into(),
        to: THERE.into(),
        view: View::text("INC-1: checkout is down"),
        private_to: None,
        notifier: "oncall".to_owned(),
        key: "INC-1".to_owned(),
        action: PageAction::Trigger,
        incident: None,
    }];
    match bot.app.store().commit(commit).await.expect("the database answers") {
        CommitOutcome::Committed(committed) => bot.app.house().outbox.deliver(committed),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ten_thousand_alerts_while_the_platform_is_busy_are_a_handful_of_posts_with_the_right_counts_and_pages_go_first() {
    // One platform an engine, in the order in which the bots are made.
    let platforms: Arc<Mutex<Vec<Arc<Scripted>>>> = Arc::default();
    let made = platforms.clone();
    let with_platform = move || {
        let platform = Scripted::new("elsewhere");
        // Busy as long as the storm goes on, and a little longer.
        platform.answers(THERE, &vec![Answer::Later(Some(Duration::from_millis(20))); 1_000_000]);
        made.lock().expect("whole").push(platform.clone());
        let setup: Setup = setup("[limits]\ncall_time = \"60s\"");
        setup.on(platform)
    };
    with_bot_of(with_platform, async |bot| {
        let platform = platforms.lock().expect("whole").last().expect("a platform").clone();
        let intake = &bot.app.house().intake;
        for (n, batch) in (0..ALERTS).collect::<Vec<_>>().chunks(BATCH).enumerate() {
            let alerts = batch.iter().map(|n| alert(*n)).collect();
            let event = Event::AlertsFired(AlertsFired { alerts });
            let offer = (DeliveryId::new(format!("alerts/prom/storm/{n}")), THERE.into(), event);
            intake.offer_all(vec![offer]).await.expect("durable");
        }
        let store = bot.app.store();
        // Ten thousand take their time where two builds run beside; what counts is that it goes on.
        let mut left = usize::MAX;
        while left > 0 {
            left = eventually("some of it is handled", async || {
                let open = usize::try_from(store.open_events().await.unwrap()).unwrap();
                (open < left).then_some(open)
            })
            .await;
        }
        // Whoever is paged at the height of it reads that first, though all the rest has waited longer.
        let waiting = store.outbox_backlog().await.unwrap();
        assert!(!waiting.is_empty() && platform.delivered(THERE).is_empty(), "nothing got through yet: {waiting:?}");
        page(&bot).await;
        platform.recovers(THERE);
        let first = platform.has_delivered(THERE, 1).await.remove(0);
        assert_eq!(first, "post INC-1: checkout is down");
        let split = bot.trail().await.iter().filter(|record| record["detail"]["split"].is_string()).count();
        assert_eq!(split, 0, "each notification was one call");
        bot.clock.advance(2_000);
        bot.timers_handled().await;
        // Where the storm took more than half a minute, whatever was turned away is tried again after a minute and a quarter at most.
        let patience = Duration::from_secs(75) + PATIENCE;
        let delivered = within(patience, "the summary is right", async || {
            let delivered = platform.delivered(THERE);
            let right = |text: &String| text.contains("Alerts: 9200") && text.contains("92 firing of 92");
            delivered.iter().any(right).then_some(delivered)
        })
        .await;
        let posts = delivered.iter().filter(|what| what.starts_with("post ") && !what.contains("late"));
        let posts = posts.count() - 1;
        assert!(posts <= 9, "{posts} posts besides the page, and besides one that says that all this comes late");
        assert!(delivered.len() <= 30, "{} messages", delivered.len());
        let answer = bot.ana("/alert list").await;
        let groups = answer.data.expect("data")["groups"].as_array().cloned().expect("a list");
        assert_eq!(groups.len(), GROUPS);
        assert!(groups.iter().all(|group: &Value| group["count"] == json!(ALERTS / GROUPS)), "each of its hundred");
    });
}
