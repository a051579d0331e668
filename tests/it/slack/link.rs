//! The socket: replaced before it is closed, opened anew when it is lost, never in a hot loop; and what became of the envelopes
//! meanwhile.

use super::{There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::{Fault, Slack, Wire};
use serde_json::json;
use std::cell::Cell;
use std::time::Duration;

async fn opened(slack: &Slack, count: usize) {
    eventually(&format!("{count} sockets were opened"), async || (slack.state().opened.len() >= count).then_some(()))
        .await;
}

#[test]
fn every_end_of_a_socket_is_followed_by_a_new_one() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let slack = &there.slack;
        let disconnect = |reason: &str, debug: bool| {
            let mut frame = json!({"type": "disconnect", "reason": reason});
            if debug {
                frame["debug_info"] = json!({"host": "applink-1"});
            }
            Wire::Text(frame.to_string())
        };
        let ends = [
            disconnect("warning", true),
            disconnect("refresh_requested", false),
            Wire::Cut,
            Wire::Close(1000),
            Wire::Close(1006),
            Wire::Text("{\"type\":\"disconnect\"}".to_owned()),
        ];
        for (number, end) in ends.into_iter().enumerate() {
            let before = slack.state().opened.len();
            slack.state().on_newest(end);
            opened(slack, before + 1).await;
            let line = format!("/misbehave echo after-{number}");
            slack.ana().types("#ops", &line).await;
            slack.ana().reads("#ops", &format!("after-{number}")).await;
        }
        eventually("what was replaced is closed", async || (slack.state().open_sockets() == 1).then_some(())).await;
        there.end().await;
    });
}

#[test]
fn a_slack_that_turns_every_socket_away_is_asked_less_and_less_often() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        slack.state().turned_away = Some("warning");
        let there = There::with(database, slack, "socket", Setup::default()).await;
        let slack = &there.slack;
        // Two waits tell that the second is the longer one.
        opened(slack, 3).await;
        let opened = slack.state().opened.clone();
        let waits: Vec<Duration> = opened.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (wait, least) in waits.iter().zip([250, 500]) {
            assert!(*wait >= Duration::from_millis(least), "{waits:?}");
        }
        // It is heard all the same while one is open.
        slack.state().turned_away = None;
        slack.ana().types("#ops", "/misbehave echo \"still here\"").await;
        slack.ana().reads("#ops", "still here").await;
        there.end().await;
    });
}

#[test]
fn openings_that_are_refused_are_tried_again_and_the_line_says_why() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        let slack = &there.slack;
        slack
            .state()
            .fault("apps.connections.open", &[Fault::Status(503), Fault::Limited(1), Fault::Refused("internal_error")]);
        let before = slack.state().opened.len();
        slack.state().cut_all();
        let links = &there.bot.app.house().about.links;
        let down = || links.iter().map(|link| link.state().in_words()).find(|words| words.contains("HTTP 503"));
        eventually("the line is down, and why", async || down()).await;
        opened(slack, before + 1).await;
        eventually("the line is up", async || links.iter().all(|link| link.state().is_up()).then_some(())).await;
        there.end().await;
    });
}

#[test]
fn socket_mode_that_was_switched_off_is_said_to_be() {
    on_sqlite(async |database| {
        let there = There::start(database, "socket").await;
        there.slack.state().on_newest(Wire::Text(json!({"type": "disconnect", "reason": "link_disabled"}).to_string()));
        let links = &there.bot.app.house().about.links;
        let refused = || links.iter().map(|link| link.state().in_words()).find(|words| words.contains("switched off"));
        eventually("the line is refused", async || refused()).await;
        assert_eq!(there.slack.state().opened.len(), 1, "nobody hammers at a door that a person must open");
        there.end().await;
    });
}

#[test]
fn five_hundred_commands_on_a_line_cut_twenty_times_each_have_one_effect_and_one_answer() {
    on_sqlite(async |database| {
        const COMMANDS: usize = 500;
        let there = There::start(database, "socket").await;
        let slack = &there.slack;
        let ana = slack.ana();
        let payloads: Vec<_> =
            (0..COMMANDS).map(|n| ana.command("#ops", &format!("/misbehave echo number-{n}."))).collect();
        for (n, payload) in payloads.iter().enumerate() {
            if n % 25 == 24 {
                // Somewhere amid its work: a socket that did none is replaced ever later, which other tests show.
                let heard =
                    async || (n - 24..n).any(|n| slack.state().acks.contains_key(&format!("e{n}"))).then_some(());
                eventually("something was heard", heard).await;
                slack.state().cut_all();
            }
            if !slack.state().has_socket() {
                slack.connected().await;
            }
            let id = format!("e{n}");
            slack.state().resend(&id, "slash_commands", payload.clone(), true, 0);
            if n % 3 == 0 {
                slack.state().resend(&id, "slash_commands", payload.clone(), true, 1);
            }
        }
        // What was never acknowledged comes again, as Slack does it, until it is: whenever a look finds no more than the last one.
        let missed = Cell::new(COMMANDS + 1);
        eventually("all are acknowledged", async || {
            let missing: Vec<usize> =
                (0..COMMANDS).filter(|n| !slack.state().acks.contains_key(&format!("e{n}"))).collect();
            let stuck = missing.len() == missed.replace(missing.len());
            for n in missing.iter().filter(|_| stuck) {
                slack.state().resend(&format!("e{n}"), "slash_commands", payloads[*n].clone(), true, 2);
            }
            missing.is_empty().then_some(())
        })
        .await;
        // The number in each answer, and how often it is there.
        let numbers = || {
            let mut count = vec![0; COMMANDS];
            for text in ana.sees("#ops") {
                let number =
                    text.split("number-").nth(1).and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
                count[number.expect("a number")] += 1;
            }
            count
        };
        eventually("all are answered", async || numbers().iter().all(|count| *count > 0).then_some(())).await;
        let twice: Vec<_> = numbers().into_iter().enumerate().filter(|(_, count)| *count != 1).collect();
        assert_eq!(twice, Vec::new(), "each once");
        let trail = there.bot.trail().await;
        let done = trail.iter().filter(|record| record["kind"] == "command" && record["plugin"] == "misbehaving");
        assert_eq!(done.count(), COMMANDS, "each was done once");
        there.end().await;
    });
}
