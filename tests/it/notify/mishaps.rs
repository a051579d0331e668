//! Servers that fail on every third call, each time in another way: each page arrives, in order, and the record says how
//! often it was tried and why.

use super::{duty, ended, hook, mail, pages, setup, story};
use crate::support::bot::TestBot;
use crate::support::bot::with_database;
use crate::support::receiver::{Mishap, Receiver};
use crate::support::script::SameOnBoth;
use crate::support::smtp::{self, Privacy, Smtp};

const KEYS: [&str; 9] = ["k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"];

/// Without what was repeated.
fn once(mut all: Vec<String>) -> Vec<String> {
    all.dedup();
    all
}

#[test]
fn each_webhook_arrives_in_order_though_every_third_call_fails() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let bot = TestBot::start(database, setup(&hook(&receiver), &["hook"])).await;
        receiver.every_third(&[Mishap::Status(500, None), Mishap::Status(429, Some(1)), Mishap::Cut, Mishap::Silent]);
        pages(&bot, "hook", &KEYS).await;
        let records = ended(&bot, KEYS.len()).await;
        seen.saw(story(&bot, &records).await);
        let taken = receiver.taken();
        let keys = taken.iter().map(|taken| taken.json()["key"].as_str().unwrap().to_owned()).collect();
        assert_eq!(once(keys), KEYS, "in order");
        let ids: Vec<_> = taken.iter().map(|taken| taken.headers["drillbell-delivery"].clone()).collect();
        assert_eq!(once(ids.clone()).len(), KEYS.len(), "what is repeated says so by its id: {ids:?}");
        assert_eq!(taken.len(), KEYS.len() + 1, "the one whose answer was cut off");
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @r"
    k1 ok after 1
      1 sent: HTTP 202
    k2 ok after 1
      1 sent: HTTP 202
    k3 ok after 2
      1 later: HTTP 500: not now
      2 sent: HTTP 202
    k4 ok after 1
      1 sent: HTTP 202
    k5 ok after 2
      1 later: HTTP 429: not now
      2 sent: HTTP 202
    k6 ok after 1
      1 sent: HTTP 202
    k7 ok after 2
      1 later: the connection broke: connection closed before message completed
      2 sent: HTTP 202
    k8 ok after 1
      1 sent: HTTP 202
    k9 ok after 2
      1 later: no answer within 1 s
      2 sent: HTTP 202
    ");
}

#[test]
fn each_pagerduty_event_arrives_in_order_though_every_third_call_fails() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let bot = TestBot::start(database, setup(&duty(&receiver), &["duty"])).await;
        receiver.every_third(&[Mishap::Status(429, Some(1)), Mishap::Cut, Mishap::Status(503, None), Mishap::Silent]);
        pages(&bot, "duty", &KEYS).await;
        let records = ended(&bot, KEYS.len()).await;
        seen.saw(story(&bot, &records).await);
        let taken = receiver.taken();
        let keys = taken.iter().map(|taken| taken.json()["dedup_key"].as_str().unwrap().to_owned()).collect();
        assert_eq!(once(keys), KEYS, "in order, and PagerDuty knows the repeated one by its key");
        assert_eq!(taken[0].json()["routing_key"], "the secret duty of this test");
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @r"
    k1 ok after 1
      1 sent: taken as k1
    k2 ok after 1
      1 sent: taken as k2
    k3 ok after 2
      1 later: HTTP 429: not now
      2 sent: taken as k3
    k4 ok after 1
      1 sent: taken as k4
    k5 ok after 2
      1 later: the connection broke: connection closed before message completed
      2 sent: taken as k5
    k6 ok after 1
      1 sent: taken as k6
    k7 ok after 2
      1 later: HTTP 503: not now
      2 sent: taken as k7
    k8 ok after 1
      1 sent: taken as k8
    k9 ok after 2
      1 later: no answer within 1 s
      2 sent: taken as k9
    ");
}

#[test]
fn each_mail_arrives_in_order_though_every_third_call_fails() {
    let seen = SameOnBoth::default();
    with_database(async |database| {
        let server = Smtp::start(Privacy::None).await;
        let config = mail(server.port, &["oncall@example.org"], "tls = \"none\"");
        let bot = TestBot::start(database, setup(&config, &[])).await;
        server.every_third(&[
            smtp::Mishap::Busy,
            smtp::Mishap::CutAfterData,
            smtp::Mishap::Closing,
            smtp::Mishap::Silent,
        ]);
        pages(&bot, "mail", &KEYS).await;
        let records = ended(&bot, KEYS.len()).await;
        seen.saw(story(&bot, &records).await.replace(&server.port.to_string(), "PORT"));
        let taken = server.taken();
        let subjects = taken.iter().map(|taken| taken.header("subject")).collect();
        assert_eq!(once(subjects), KEYS.map(|key| format!("paged about {key}")), "in order");
        let ids = taken.iter().map(|taken| taken.header("message-id")).collect();
        assert_eq!(once(ids).len(), KEYS.len(), "what is repeated has the same Message-ID");
        assert_eq!(taken.len(), KEYS.len() + 1, "the one whose answer was cut off");
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @r"
    k1 ok after 1
      1 sent: taken for oncall@example.org
    k2 ok after 1
      1 sent: taken for oncall@example.org
    k3 ok after 2
      1 later: localhost:PORT (none): transient error (451): come back later
      2 sent: taken for oncall@example.org
    k4 ok after 1
      1 sent: taken for oncall@example.org
    k5 ok after 2
      1 later: localhost:PORT (none): response error: incomplete response
      2 sent: taken for oncall@example.org
    k6 ok after 1
      1 sent: taken for oncall@example.org
    k7 ok after 2
      1 later: localhost:PORT (none): transient error (421): localhost closing
      2 sent: taken for oncall@example.org
    k8 ok after 1
      1 sent: taken for oncall@example.org
    k9 ok after 2
      1 later: localhost:PORT (none) did not finish within 1 s
      2 sent: taken for oncall@example.org
    ");
}
