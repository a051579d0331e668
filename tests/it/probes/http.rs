//! A server that fails and heals, from the look to the card and back; on the public page, in the bot's status, in its metrics.

use super::{cards, look, looks, posts, setup, status};
use crate::support::bot::{TestBot, with_bot_of, with_database};
use crate::support::eventually;
use crate::support::receiver::Receiver;
use serde_json::Value;

const PAGE: &str = "[status.components.web]\nfrom = \"probe:shop\"\n";

fn shop(url: &str, more: &str) -> String {
    format!("{PAGE}[probes.shop]\nurl = \"{url}\"\nservice = \"shop\"\nseverity = \"critical\"\n{more}\n")
}

async fn component(bot: &TestBot, wanted: &str) {
    eventually(&format!("the page says {wanted}"), async || {
        let shown = bot.app.board().expect("a page").shown();
        let body = &shown.site.files["api/v2/components.json"].body;
        let page: Value = serde_json::from_slice(body).expect("JSON");
        (page["components"][0]["state"] == wanted).then_some(())
    })
    .await;
}

#[test]
fn a_server_that_fails_twice_becomes_a_card_and_one_that_heals_ends_it() {
    with_database(async |database| {
        let server = Receiver::start().await;
        let bot = TestBot::start(database, setup(&shop(&server.url(), "expect = { contains = \"success\" }"))).await;
        component(&bot, "unknown").await;
        assert_eq!(looks(&bot, "shop", 2).await, ["pass", "pass"]);
        component(&bot, "operational").await;

        server.is_down(true);
        assert_eq!(look(&bot, "shop").await.outcome, "fail");
        assert_eq!(posts(&bot).await, 0, "one failure is a blink");
        component(&bot, "operational").await;
        let row = look(&bot, "shop").await;
        assert_eq!(row.detail, "the status is 503, expected 2xx; the body does not contain \"success\"");
        let card = cards(&bot).await.remove(0);
        assert!(card.contains("shop: the status is 503, expected 2xx"), "{card}");
        component(&bot, "major_outage").await;
        let (text, data) = status(&bot).await;
        assert!(text.contains("0 of 1 well") && text.contains("failing for 30s: the status is 503"), "{text}");
        assert_eq!(data["probes"][0]["state"], "fail");
        assert!(bot.app.house().metrics.render().contains("drillbell_probe_state{probe=\"shop\",state=\"fail\"} 1"));

        // However often it fails, it is the same trouble.
        looks(&bot, "shop", 3).await;
        assert_eq!(posts(&bot).await, 1);

        server.is_down(false);
        assert_eq!(look(&bot, "shop").await.outcome, "pass");
        component(&bot, "major_outage").await;
        assert_eq!(look(&bot, "shop").await.outcome, "pass");
        let over = cards(&bot).await.remove(0);
        assert!(over != card && over.to_lowercase().contains("resolved"), "{over}");
        component(&bot, "operational").await;
        let (text, _) = status(&bot).await;
        assert!(text.contains("1 of 1 well") && !text.contains("probe shop"), "{text}");
        assert_eq!(posts(&bot).await, 1, "the card is edited, not posted anew");
        bot.finish().await;
    });
}

#[test]
fn a_redirect_to_elsewhere_is_said_and_not_followed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let elsewhere = runtime.block_on(Receiver::start());
    let target = elsewhere.url();
    let address = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let route = axum::routing::get(move || std::future::ready(axum::response::Redirect::temporary(&target)));
        tokio::spawn(axum::serve(listener, axum::Router::new().route("/", route)).into_future());
        address
    });
    let probes = shop(&format!("http://{address}/"), "");
    with_bot_of(
        || setup(&probes),
        async |bot| {
            let row = look(&bot, "shop").await;
            assert_eq!(row.outcome, "fail");
            assert!(row.detail.contains("it was redirected where it may not go"), "{}", row.detail);
            assert_eq!(elsewhere.calls(), 0);
        },
    );
}
