//! The console's stream.

use crate::support::commits::delivery;
use crate::support::database::TestDatabase;
use crate::support::sse::Events;
use crate::support::web::{Options, TestWeb, answer};
use drillbell::store::CommitOutcome;
use serde_json::{Value, json};

const STREAM: &str = "/api/v1/console/stream";

fn typed(items: &[Value]) -> Vec<&str> {
    items.iter().filter(|item| item["kind"] == "typed").map(|item| item["payload"]["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn being_cut_off_and_resuming_loses_and_doubles_nothing() {
    const COMMANDS: usize = 120;
    let web = TestWeb::start().await;
    let mut events = Events::open(web.get(&format!("{STREAM}?last=0"))).await;
    events.begin().await;

    let (client, url) = (web.client.clone(), web.url("/api/v1/commands"));
    let writing = tokio::spawn(async move {
        for n in 0..COMMANDS {
            let request = client.post(&url).bearer_auth(crate::support::web::TOKEN);
            request.json(&json!({"text": format!("/n {n}")})).send().await.unwrap();
        }
    });
    // A line and an answer for each; cut off again and again after 0 to 6 of them.
    let mut items: Vec<Value> = Vec::new();
    let mut turn = 0;
    while items.len() < 2 * COMMANDS {
        for _ in 0..turn % 7 {
            if items.len() < 2 * COMMANDS {
                items.push(events.next().await.unwrap());
            }
        }
        turn += 1;
        let resumed = web.get(&format!("{STREAM}?last=50")).header("Last-Event-ID", &events.last_id);
        let mut again = Events::open(resumed).await;
        again.begin().await;
        events = again;
    }
    writing.await.unwrap();
    let expected: Vec<String> = (0..COMMANDS).map(|n| format!("/n {n}")).collect();
    assert_eq!(typed(&items), expected);
    let numbers: Vec<i64> = items.iter().map(|item| item["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=2 * COMMANDS as i64).collect::<Vec<_>>());
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_cut_off_before_the_first_line_misses_none() {
    let web = TestWeb::start().await;
    web.say("/before").await;
    let mut events = Events::open(web.get(&format!("{STREAM}?last=0"))).await;
    events.begin().await;
    let id = events.last_id.clone();
    drop(events);
    web.say("/between").await;
    let mut events = Events::open(web.get(&format!("{STREAM}?last=0")).header("Last-Event-ID", id)).await;
    assert_eq!(events.next().await.unwrap()["payload"]["text"], "/between");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_sees_the_last_lines_of_its_channel_only() {
    let web = TestWeb::start().await;
    for n in 0..150 {
        let channel = if n % 2 == 0 { "#ops" } else { "#incidents" };
        let request = web.post("/api/v1/commands", json!({"text": format!("/n {n}"), "channel": channel}));
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let mut events = Events::open(web.get(&format!("{STREAM}?last=4&channel=ops"))).await;
    let mut items = Vec::new();
    for _ in 0..4 {
        items.push(events.next().await.unwrap());
    }
    assert_eq!(typed(&items), ["/n 146", "/n 148"]);
    assert!(items.iter().all(|item| item["conversation"] == "console:#ops"), "{items:#?}");

    // More than a page, by number.
    let mut events = Events::open(web.get(&format!("{STREAM}?after=0&channel=ops"))).await;
    let mut all = Vec::new();
    for _ in 0..150 {
        all.push(events.next().await.unwrap());
    }
    assert_eq!(typed(&all).len(), 75);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_reaches_only_its_person() {
    let web = TestWeb::start().await;
    for text in ["/private one", "/public two"] {
        let request = web.post("/api/v1/commands", json!({"text": text, "as": "anna"}));
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let cookie = web.sign_in().await;
    let ben = web.client.get(web.url(&format!("{STREAM}?after=0"))).header("Cookie", cookie);
    for (request, first) in [
        (web.get(&format!("{STREAM}?after=0&as=anna")), "/private one"),
        (web.get(&format!("{STREAM}?after=0&as=zoe")), "/public two"),
        (web.get(&format!("{STREAM}?after=0")), "/public two"),
        (ben, "/public two"),
    ] {
        let mut events = Events::open(request).await;
        assert_eq!(events.next().await.unwrap()["payload"]["text"], first);
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_bot_stops() {
    let web = TestWeb::start().await;
    let mut events = Events::open(web.get(STREAM)).await;
    events.begin().await;
    web.say("/last").await;
    assert_eq!(events.next().await.unwrap()["payload"]["text"], "/last");
    assert_eq!(events.next().await.unwrap()["kind"], "post");
    web.stop.cancel();
    assert_eq!(events.next().await, None);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_to_resume_from_that_is_none_is_refused() {
    let web = TestWeb::start().await;
    let odd = web.get(STREAM).header("Last-Event-ID", "abc").send().await.unwrap();
    assert_eq!(odd.status(), 400);
    for query in ["after=x", "last=-1", "last=1001", "channel=nowhere", "chanel=ops"] {
        let answer = web.get(&format!("{STREAM}?{query}")).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{query}");
        let problem: Value = answer.json().await.unwrap();
        let named = problem["field"].as_str().unwrap_or_default();
        assert_eq!(named, query.split('=').next().unwrap(), "{problem}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_replica_commits_is_seen_too() {
    let web = TestWeb::with(Options { database: TestDatabase::postgres(), ..Options::default() }).await;
    let mut events = Events::open(web.get(STREAM)).await;
    events.begin().await;
    let (other, closing, _) = web.database.open().await;
    let elsewhere = delivery("elsewhere");
    other.accept(elsewhere.clone()).await.unwrap();
    let committed = other.commit(answer(&elsewhere)).await.unwrap();
    assert!(matches!(committed, CommitOutcome::Committed(_)), "{committed:?}");
    assert_eq!(events.next().await.unwrap()["payload"]["text"], "/sev list");
    drop(other);
    closing.wait().await;
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_sees_no_more() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let mut events = Events::open(web.client.get(web.url(STREAM)).header("Cookie", &cookie)).await;
    events.begin().await;
    web.say("/before").await;
    assert_eq!(events.next().await.unwrap()["payload"]["text"], "/before");
    assert_eq!(events.next().await.unwrap()["kind"], "post");
    let out = web.client.post(web.url("/logout")).header("Cookie", &cookie).header("Origin", &web.address);
    assert_eq!(out.send().await.unwrap().status(), 303);
    web.clock.advance(15_000);
    web.say("/after").await;
    assert_eq!(events.next().await, None);
    web.end().await;
}
