//! Charts from a plugin to the picture: in the message as data, in the terminal as words, on the web as SVG for whoever may
//! read the message.

use crate::support::bot::{HERE, MISBEHAVING, Setup, with_bot_of};
use crate::support::commits::{commit, delivery, post};
use crate::support::web::TestWeb;
use drillbell::chart::{Theme, png, svg};
use drillbell::model::chart::{Chart, Number, Series};
use drillbell::model::effect::Effect;
use drillbell::model::ids::{MessageRef, PersonId};
use drillbell::model::view::Block;
use drillbell::store::{CommitOutcome, OutcomeStatus};

#[test]
fn a_plugins_chart_reaches_the_message_and_can_be_drawn() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let answer = bot.ana("/misbehave chart").await;
            assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
            assert!(answer.text.contains("api: 100 ms at the end, 100 ms to 106 ms"), "in words: {}", answer.text);
            let message = bot.app.store().message(&answer.messages[0].message).await.unwrap().unwrap();
            let [Block::Chart(chart)] = &message.view.blocks[..] else { panic!("{message:?}") };
            assert_eq!(chart.series[0].points.iter().filter(|(_, value)| value.is_none()).count(), 12);
            for theme in [Theme::Light, Theme::Dark] {
                assert!(svg(chart, theme).unwrap().contains("Latency &lt;b&gt;"));
                assert!(png(chart, theme, 1.0).unwrap().starts_with(b"\x89PNG"));
            }
        },
    );
}

#[test]
fn a_chart_of_too_many_points_is_refused_in_a_sentence() {
    with_bot_of(
        || Setup::of(MISBEHAVING),
        async |bot| {
            let answer = bot.types("ana", HERE, "/misbehave chart --many").await;
            assert!(answer.text.starts_with("too-large: a message may have 256 KiB"), "{answer:?}");
        },
    );
}

fn chart() -> Block {
    let points = vec![(1_767_261_600_000, Number::new(1.0)), (1_767_261_660_000, Number::new(2.0))];
    let series = vec![Series { name: "jobs".to_owned(), points }];
    Block::Chart(Box::new(Chart { title: "Queue".to_owned(), series, ..Chart::default() }))
}

/// Posts a chart somewhere, for somebody.
async fn posts(web: &TestWeb, id: &str, to: &str, only: Option<&str>) {
    let mut effect = post(id, to, "before the chart");
    if let Effect::PostMessage { view, private_to, .. } = &mut effect {
        view.blocks.push(chart());
        *private_to = only.map(PersonId::from);
    }
    web.store.accept(delivery(id)).await.unwrap();
    let mut commit = commit(id);
    commit.effects = vec![effect];
    assert!(matches!(web.store.commit(commit).await.unwrap(), CommitOutcome::Committed(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_a_picture_for_whoever_may_read_its_message() {
    let web = TestWeb::start().await;
    posts(&web, "open", "console:#incidents", None).await;
    posts(&web, "hers", "console:#incidents", Some("ana")).await;
    posts(&web, "elsewhere", "slack:#ops", None).await;
    let get = async |path: &str| web.get(path).send().await.unwrap();
    let picture = get("/api/v1/charts/open/1?theme=dark").await;
    assert_eq!(
        (picture.status().as_u16(), &picture.headers()["content-type"]),
        (200, &"image/svg+xml".parse().unwrap())
    );
    assert!(picture.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let picture = picture.text().await.unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains("<title>Queue</title>"), "{picture}");
    for path in ["open/0", "open/2", "open/x", "hers/1", "elsewhere/1", "nothing/1"] {
        assert_eq!(get(&format!("/api/v1/charts/{path}")).await.status(), 404, "{path}");
    }
    assert_eq!(get("/api/v1/charts/open/1?theme=pink").await.status(), 422);
    let stranger = web.client.get(web.url("/api/v1/charts/open/1")).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    assert!(web.store.message(&MessageRef::from("hers")).await.unwrap().is_some(), "it is there, for Ana");
    web.end().await;
}
