//! HTTP mode: nothing happens for whoever does not know the secret, whatever they send.

use super::{There, on_sqlite};
use crate::support::slack::{SIGNING_SECRET, sign};

#[test]
fn forged_stale_and_unsigned_requests_are_refused_and_do_nothing() {
    on_sqlite(async |database| {
        let there = There::start(database, "http").await;
        let url = there.slack.callee().url;
        let now = there.bot.clock.now_ms() / 1000;
        let body = "command=%2Fsev&text=declare+sev1+forged&user_id=U00000000ANA&channel_id=C0000000001&trigger_id=1.2.3";
        let http = reqwest::Client::new();
        let (at, old, early) = (now.to_string(), (now - 301).to_string(), (now + 301).to_string());
        let good = |at: &str| Some((at.to_owned(), sign(SIGNING_SECRET, at, body)));
        let tries = [
            ("unsigned", None),
            ("forged", Some((at.clone(), sign("another secret", &at, body)))),
            ("of another body", Some((at.clone(), sign(SIGNING_SECRET, &at, "command=%2Fsev")))),
            ("of another time", Some((at.clone(), sign(SIGNING_SECRET, &old, body)))),
            ("stale", good(&old)),
            ("from the future", good(&early)),
            ("no signature at all", Some((at.clone(), "v0=zz".to_owned()))),
        ];
        for path in ["commands", "interactions", "events"] {
            for (what, signed) in &tries {
                let mut request = http.post(format!("{url}/slack/{path}")).body(body);
                request = request.header("content-type", "application/x-www-form-urlencoded");
                if let Some((at, signature)) = signed {
                    request = request.header("x-slack-request-timestamp", at).header("x-slack-signature", signature);
                }
                let status = request.send().await.unwrap().status();
                assert_eq!(status, 401, "{path}, {what}");
            }
        }
        // A body larger than anything Slack sends is not even read.
        let huge = http.post(format!("{url}/slack/commands")).body("x".repeat(2 << 20)).send().await;
        assert!(huge.is_err() || huge.is_ok_and(|answer| answer.status() == 413));
        assert_eq!(there.incidents().await, 0);
        // The one that is good is taken, and so is Slack's question whether the address is ours.
        let verify = r#"{"type":"url_verification","challenge":"3eZbrw1a","token":"x"}"#;
        let asked = http
            .post(format!("{url}/slack/events"))
            .header("x-slack-request-timestamp", &at)
            .header("x-slack-signature", sign(SIGNING_SECRET, &at, verify))
            .body(verify);
        assert_eq!(asked.send().await.unwrap().text().await.unwrap(), r#"{"challenge":"3eZbrw1a"}"#);
        there.slack.ana().types("#incidents", "/sev declare sev3 a good one").await;
        there.slack.ana().reads("#incidents", "a good one").await;
        there.end().await;
    });
}
