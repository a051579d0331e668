//! A database that does not answer: nothing is taken to be gone, nothing is acknowledged, and what comes again is done.

use super::{There, on_sqlite};
use crate::support::eventually;
use crate::support::slack::Callee;
use crate::support::stalled::stalled;
use drillbell::platform::Inbound;
use drillbell::platform::slack::SlackChat;
use tokio::net::TcpListener;

#[test]
fn what_the_database_cannot_tell_now_is_not_taken_to_be_gone() {
    on_sqlite(async |database| {
        let there = There::start(database, "http").await;
        let (slack, ana) = (&there.slack, there.slack.ana());
        ana.types("#ops", "/misbehave form-card").await;
        let card = ana.reads("#ops", "Fill this in").await;
        let delivered = async || there.bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(());
        eventually("its delivery is noted", delivered).await;
        let modal = ana.opens(&card, "Report…").await;
        // The same bot, whose database stalls now.
        let good = slack.callee();
        let chat = SlackChat::of(there.bot.app.config(), &there.bot.clock).unwrap().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        slack.calls(Callee { url: format!("http://{}", listener.local_addr().unwrap()), ..good.clone() });
        let routes = chat.routes(stalled(&there.bot)).unwrap();
        tokio::spawn(drillbell::web::serve(listener, routes, there.stop.clone(), std::time::Duration::ZERO));
        let come = [
            ("interactive", ana.submission(&modal, &[("Title", "fire"), ("Level", "High")])),
            ("interactive", ana.choice(&card, "Colour", "Green")),
            ("events_api", ana.callback(ana.reaction(&card, "eyes"))),
        ];
        for (kind, payload) in &come {
            assert_eq!(slack.request(kind, payload).await.status(), 503, "{payload}");
        }
        ana.clicks(&card, "Report…").await;
        ana.reads("#ops", "The database does not answer; click again.").await;
        assert!(!ana.sees("#ops").concat().contains("Ana "), "nothing has happened: {:#?}", ana.sees("#ops"));
        // It answers again, and all of that comes again.
        slack.calls(good);
        for (kind, payload) in &come {
            let answer = slack.request(kind, payload).await;
            assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, String::new()), "{payload}");
        }
        ana.reads("#ops", "Ana sent report (v5): title=fire, level=high").await;
        ana.reads("#ops", "Ana pressed pick (green)").await;
        eventually("the reaction is on record", async || {
            there.bot.trail().await.iter().any(|record| record.to_string().contains("eyes")).then_some(())
        })
        .await;
        there.end().await;
    });
}
