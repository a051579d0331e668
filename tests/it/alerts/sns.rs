//! Certificates of Amazon's: what comes in their place for a moment must not shut the sender out.

use super::{known, setup, token_file};
use crate::support::bot::with_bot_of;
use drillbell::hooks::{Fetch, Hooks, Turned};
use futures::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ALARM: &[u8] = include_bytes!("../../fixtures/alerts/cloudwatch-sns/alarm.json");
const CERTIFICATE: &[u8] = include_bytes!("../../fixtures/alerts/cloudwatch-sns/certificate.pem");

#[test]
fn a_page_in_the_place_of_a_certificate_is_not_remembered_and_a_certificate_is() {
    let with_topic = || {
        let mut made = setup("");
        let token = token_file(made.folder.path());
        let topic = "arn:aws:sns:eu-west-1:123456789012:alarms";
        made.config += &format!("\n[alerts.aws]\nkind = \"cloudwatch-sns\"\ntoken = {token}\ntopic = \"{topic}\"");
        made
    };
    with_bot_of(with_topic, async |bot| {
        let fetched = Arc::new(AtomicUsize::new(0));
        let counted = fetched.clone();
        let fetch: Fetch = Arc::new(move |_| {
            let bytes = match counted.fetch_add(1, Ordering::SeqCst) {
                0 => b"<html>Not now.</html>".to_vec(),
                _ => CERTIFICATE.to_vec(),
            };
            async move { Ok(bytes) }.boxed()
        });
        let house = bot.app.house();
        let (routing, intake) = (house.routing.clone(), house.intake.clone());
        let hooks = Hooks::new(routing, intake, bot.clock.clone(), fetch, "console:#ops".into());
        let refused = hooks.receive("aws", &known(), ALARM).await;
        assert!(matches!(refused, Err(Turned::Upstream(_))), "SNS tries again: {refused:?}");
        for duplicate in [false, true] {
            let taken = hooks.receive("aws", &known(), ALARM).await.unwrap();
            assert_eq!((taken.accepted.len(), taken.duplicate), (1, duplicate));
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 2, "the certificate is asked for once");
    });
}
