//! The network is cut: what was asked whether it can be reached fails, everything else is not known, and nobody is told that it is well.

use super::{cards, look, looks, posts, setup, status};
use crate::support::bot::with_bot_of;
use crate::support::postgres::free_port;

#[test]
fn what_cannot_be_reached_fails_only_where_that_is_the_question() {
    let port = free_port();
    let number = "unit = \"jobs\"\nwindow = \"1m\"\nabove = 5";
    let probes = format!(
        "[probes.door]\nurl = \"tcp://127.0.0.1:{port}\"\n\
         [probes.page]\nurl = \"http://127.0.0.1:{port}/\"\n\
         [probes.queue]\nurl = \"postgres://drillbell@127.0.0.1:{port}/x\"\nquery = \"select 1\"\n{number}\n\
         [probes.cache]\nurl = \"redis://127.0.0.1:{port}\"\nfield = \"used_memory\"\n{number}\n\
         [probes.name]\nurl = \"tls://127.0.0.1:{port}\"\nevery = \"30s\"\n\
         [probes.rate]\nexpr = \"up[$window]\"\n{number}\n\
         [probes.slow]\nof = \"page\"\nmeasure = \"p95\"\nwindow = \"5m\"\nabove = \"1s\"\n\
         [metrics]\nprometheus = \"http://127.0.0.1:{port}\""
    );
    with_bot_of(
        || setup(&probes),
        async |bot| {
            assert_eq!(looks(&bot, "door", 3).await, ["fail"; 3]);
            for (probe, outcome) in [
                ("page", "fail"),
                ("queue", "unknown"),
                ("cache", "unknown"),
                ("name", "unknown"),
                ("rate", "unknown"),
                // It had no answer whose time could be told.
                ("slow", "unknown"),
            ] {
                let row = look(&bot, probe).await;
                assert_eq!(row.outcome, outcome, "{probe}: {}", row.detail);
                assert!(!row.detail.is_empty() && row.value.is_none(), "{probe}: {row:?}");
            }
            let text = cards(&bot).await.join("\n");
            assert!(text.contains("door: ") && text.contains("page: "), "{text}");
            assert_eq!(posts(&bot).await, 2, "{text}");
            let (text, data) = status(&bot).await;
            assert!(text.contains("0 of 7 well"), "{text}");
            let unknown = data["probes"].as_array().unwrap().iter().filter(|probe| probe["state"] == "unknown").count();
            assert_eq!(unknown, 5, "{data}");
        },
    );
}
