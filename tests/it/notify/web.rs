//! PagerDuty and webhooks: what is sent, what is refused for good, and who can tell that it was us.

use super::{duty, ended, hook, pages, setup, story};
use crate::support::bot::{TestBot, with_database};
use crate::support::receiver::{Mishap, Receiver};
use hmac::{Hmac, Mac};
use sha2::Sha256;

#[test]
fn the_receiver_of_a_webhook_can_check_who_sent_it_and_when() {
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let bot = TestBot::start(database, setup(&hook(&receiver), &["hook"])).await;
        pages(&bot, "hook", &["INC-1"]).await;
        ended(&bot, 1).await;
        let taken = receiver.taken().remove(0);
        // As docs/notify.md tells receivers to do.
        let fields: Vec<_> = taken.headers["drillbell-signature"].split([',', '=']).collect();
        let ["t", at, "v1", signature] = fields[..] else { panic!("{fields:?}") };
        let mut mac = Hmac::<Sha256>::new_from_slice(b"the secret hook of this test").unwrap();
        mac.update(format!("{at}.{}", taken.body).as_bytes());
        assert_eq!(hex::encode(mac.finalize().into_bytes()), signature);
        assert_eq!(at.parse::<i64>().unwrap() * 1000, bot.clock.now_ms());
        assert_eq!(taken.headers["drillbell-timestamp"], at);
        assert_eq!(taken.json()["id"], taken.headers["drillbell-delivery"].as_str());
        bot.finish().await;
    });
}

#[test]
fn trigger_acknowledge_and_resolve_are_one_alert_to_pagerduty() {
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let bot = TestBot::start(database, setup(&duty(&receiver), &["duty"])).await;
        for action in ["trigger", "acknowledge", "resolve"] {
            bot.ana(&format!("/misbehave ask-page duty INC-1 --action {action}")).await;
        }
        ended(&bot, 3).await;
        let events: Vec<_> = receiver.taken().iter().map(|taken| taken.json()).collect();
        let told: Vec<_> = events
            .iter()
            .map(|event| format!("{} {} {}", event["event_action"], event["dedup_key"], event["payload"]["summary"]))
            .collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(told.join("\n"), @r#"
            "trigger" "INC-1" "paged about INC-1"
            "acknowledge" "INC-1" "Acknowledged: paged about INC-1"
            "resolve" "INC-1" "Resolved: paged about INC-1"
            "#);
        }
        bot.finish().await;
    });
}

#[test]
fn what_will_never_be_taken_is_given_up_at_once_and_the_next_goes_on() {
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let config = format!("{}{}", duty(&receiver), hook(&receiver));
        let bot = TestBot::start(database, setup(&config, &["duty", "hook"])).await;
        // One notifier after the other: between two there is no order.
        for (count, notifier, status) in [(2, "duty", 400), (4, "hook", 302)] {
            receiver.next(Mishap::Status(status, None));
            pages(&bot, notifier, &["bad", "good"]).await;
            ended(&bot, count).await;
        }
        let told = story(&bot, &ended(&bot, 4).await).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @r"
            bad failed after 1
              1 dead: HTTP 400: not now
            good ok after 1
              1 sent: taken as good
            bad failed after 1
              1 dead: HTTP 302: it points elsewhere, and redirects are not followed
            good ok after 1
              1 sent: HTTP 202
            ");
        }
        assert!(receiver.calls() == 4 && receiver.taken().len() == 2);
        bot.finish().await;
    });
}

#[test]
fn a_page_without_the_grant_or_without_a_notifier_is_refused_where_it_is_asked() {
    with_database(async |database| {
        let receiver = Receiver::start().await;
        let mut narrow = setup(&hook(&receiver), &["hook"]);
        narrow.config = narrow.config.replace("page:*", "page:night-*");
        let bot = TestBot::start(database, narrow).await;
        let denied = bot.ana("/misbehave ask-page hook INC-1").await.text;
        assert!(denied.starts_with("page denied: page:hook is not granted to `misbehaving`"), "{denied}");
        let missing = bot.ana("/misbehave ask-page night-1 INC-1").await.text;
        assert!(missing.starts_with("page not-found: there is no notifier `night-1`"), "{missing}");
        assert_eq!(receiver.calls(), 0);
        bot.finish().await;
    });
}
