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

#[test]
fn symptoms_are_looked_at_and_what_does_not_hold_says_so() {
    let mut bot = FakeBot::new();
    bot.channels.insert("alerts".to_owned(), Conversation::from("console:#alerts"));
    for (name, labels) in
        [("db-down", &[("service", "shop"), ("check", "readyz")][..]), ("slow", &[("service", "shop")])]
    {
        let mut book = book();
        (book["name"], book["symptoms"]) = (json!(name), json!(["Rows come back"]));
        bot.with_runbook(book, labels);
    }
    alert(&mut bot, &[("service", "shop"), ("check", "readyz")]);
    bot.fire_timer::<Runbook>("look/m1").expect("it looks");
    insta::assert_snapshot!(bot.jobs[0].0.spec, @r#"{"on_failure":"go-on","steps":[{"name":"Rows come back","sql":{"database":"shop","expect":{"value":"> 0"},"query":"select count(*) from carts"}}]}"#);
    let ids: Vec<_> = bot.jobs.iter().map(|(_, job)| job.id.clone()).collect();
    let said = "came out other than expected: the value is 0, expected > 0";
    bot.end_job::<Runbook>(&ids[0], "failed", &failed("fail", said, json!({}))).expect("it is heard");
    bot.end_job::<Runbook>(&ids[1], "done", &result("pass", "was answered with 1 row", json!({})))
        .expect("it is heard");
    insta::assert_snapshot!(bot.changes(), @r#"
    post m1 to console:#alerts
    Runbook for "Shop is not ready" (info)
    db-down: Database down (score 2, because service=shop and check=readyz)
    [Start db-down] start db-down, once
    slow: Database down (score 1, because service=shop)
    [Start slow] start slow, once

    edit m1
    - db-down: Database down (score 2, because service=shop and check=readyz)
    + db-down: Database down (score 2, because service=shop and check=readyz and its symptoms are being looked at)
    - slow: Database down (score 1, because service=shop)
    + slow: Database down (score 1, because service=shop and its symptoms are being looked at)

    edit m1
    - db-down: Database down (score 2, because service=shop and check=readyz and its symptoms are being looked at)
    - [Start db-down] start db-down, once
    + db-down: Database down does not match (score 0, because service=shop and check=readyz and "Rows come back" does not hold: came out other than expected: the value is 0, expected > 0)

    edit m1
    - slow: Database down (score 1, because service=shop and its symptoms are being looked at)
    + slow: Database down (score 3, because service=shop and "Rows come back" holds)
    "#);
    assert!(!bot.kv.keys().any(|key| key.starts_with("look")), "nothing is left of it: {:?}", bot.kv.keys());
}

#[test]
fn a_symptom_that_nobody_could_see_says_nothing() {
    let mut bot = FakeBot::new();
    bot.channels.insert("alerts".to_owned(), Conversation::from("console:#alerts"));
    let mut book = book();
    book["symptoms"] = json!(["Rows come back"]);
    bot.with_runbook(book, &[("service", "shop")]);
    alert(&mut bot, &[("service", "shop")]);
    bot.fire_timer::<Runbook>("look/m1").expect("it looks");
    end(&mut bot, "failed", &failed("fail", "got no answer: connection refused", json!({"unseen": true})));
    let told = bot.transcript();
    assert!(told.contains("(score 1, because service=shop and \"Rows come back\" is unknown: got no answer"), "{told}");
    assert!(told.contains("[Start db-down]"), "{told}");
}

#[test]
fn an_empty_shelf_says_how_it_is_filled() {
    let mut bot = FakeBot::new();
    run(&mut bot, command("runbook list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    There is no runbook. Put *.md files into the folder of `[runbooks] dir`.
    ");
}
