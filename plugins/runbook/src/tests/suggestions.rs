//! Which runbook helps is said with its reason; that none does is said too.

use super::*;
use drillbell_sdk::{Alert, Args, Conversation, OnAlert};

fn alert(bot: &mut FakeBot, labels: &[(&str, &str)]) {
    let labels: Args = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let alert = Alert {
        source: "prom".to_owned(),
        fingerprint: "f1".to_owned(),
        status: "firing".to_owned(),
        title: "Shop is not ready".to_owned(),
        labels,
        annotations: Args::default(),
        started_ms: 0,
        ended_ms: None,
        url: String::new(),
    };
    bot.run(|bot| Runbook::on_alert(bot, alert)).expect("it is heard");
}

#[test]
fn an_alert_names_the_runbook_that_helps_once_in_a_while() {
    let mut bot = bot();
    bot.channels.insert("alerts".to_owned(), Conversation::from("console:#alerts"));
    alert(&mut bot, &[("service", "pay")]);
    alert(&mut bot, &[("service", "shop"), ("check", "readyz")]);
    alert(&mut bot, &[("service", "shop"), ("check", "readyz")]);
    insta::assert_snapshot!(bot.transcript(), @r#"
    post m1 to console:#alerts
    Runbook for "Shop is not ready" (info)
    db-down: Database down (score 2, because service=shop and check=readyz)
    [Start db-down] start db-down, once
    "#);
    bot.advance(std::time::Duration::from_secs(1800));
    alert(&mut bot, &[("service", "shop"), ("check", "readyz")]);
    assert_eq!(bot.said.len(), 1);
}

#[test]
fn people_ask_what_helps_and_hear_when_nothing_does() {
    let mut bot = bot();
    run(&mut bot, command("runbook suggest").arg("labels", "service=shop check=readyz"));
    run(&mut bot, command("runbook suggest").arg("labels", "service=pay"));
    run(&mut bot, command("runbook list"));
    run(&mut bot, command("runbook show").arg("name", "db-down"));
    run(&mut bot, command("runbook status"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    Runbook for service=shop check=readyz (info)
    db-down: Database down (score 2, because service=shop and check=readyz)
    [Start db-down] start db-down, once

    reply m2
    No runbook matches service=pay: of each of the 1 there are, at least one matcher does not hold.

    reply m3
    1 runbook (neutral)
    ```
    db-down  dangerous  Database down
    ```
    ~ /runbook show NAME tells one, /runbook start NAME begins it.

    reply m4
    Database down (good)
    The application cannot reach its database.
    Risk: dangerous
    Owner: platform
    Review: 2027-03-01
    Takes: 10 min
    Symptoms: Requests fail.
    ```
     1 http     read-only It answers
     2 chat     read-only The disk is not full
     3 command  dangerous Start it again
     4 sql      read-only Rows come back
     5 chat     read-only People know
    ```

    reply m5
    No runbook runs (neutral)
    ");
    assert!(refused(&mut bot, command("runbook suggest")).starts_with("Say which labels"));
}
