//! Whoever takes a connection and then says nothing: that is waited for, and counts as long as was waited. Nobody else waits with it.

use super::{STEP_MS, look, setup};
use crate::support::bot::with_bot_of;
use crate::support::eventually;
use std::net::TcpListener;

/// Takes connections, by the system's hand, and never reads from them.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn a_request_that_hangs_took_as_long_as_was_waited() {
    let (_listener, url) = silent();
    let probes = format!(
        "[probes.shop]\nurl = \"{url}\"\ntimeout = \"150ms\"\nfail_after = 100\n\
         [probes.slow]\nof = \"shop\"\nmeasure = \"p95\"\nwindow = \"90s\"\nabove = \"100ms\"\nfail_after = 100\n"
    );
    with_bot_of(
        || setup(&probes),
        async |bot| {
            for _ in 0..4 {
                let row = look(&bot, "shop").await;
                assert_eq!((row.outcome.as_str(), row.detail.as_str()), ("fail", "no answer within 150ms"));
                assert!(row.took_ms.is_some_and(|ms| ms >= 150), "{row:?}");
            }
            let slow = look(&bot, "slow").await;
            assert!(slow.outcome == "fail" && slow.value.is_some_and(|seconds| seconds >= 0.15), "{slow:?}");
        },
    );
}

#[test]
fn however_many_hang_every_other_probe_is_looked_at() {
    let (_listener, url) = silent();
    // They are waited for longer than the test has patience.
    let hanging = |n: usize| format!("[probes.a{n:02}]\nurl = \"{url}\"\nevery = \"2m\"\ntimeout = \"1m\"\n");
    let probes: String = (0..40).map(hanging).collect();
    let door = url.replace("http://", "tcp://").replace("/\n", "\n");
    let probes = format!("{probes}[probes.door]\nurl = \"{}\"\n", door.trim_end_matches('/'));
    with_bot_of(
        || setup(&probes),
        async |bot| {
            bot.clock.advance(STEP_MS);
            let door = eventually("the door is looked at", async || {
                bot.app.store().last_look("door").await.expect("the database answers")
            })
            .await;
            assert_eq!(door.outcome, "pass");
            assert!(bot.app.store().last_look("a00").await.unwrap().is_none(), "that one still hangs");
        },
    );
}
