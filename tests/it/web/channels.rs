//! Channels of incidents on the web, reactions, and timelines as documents.

use crate::support::commits::{commit, delivery, incident, line, post};
use crate::support::web::{TOKEN, TestWeb};
use drillbell::model::conversation::{PlaceAct, Shape};
use drillbell::model::effect::Effect;
use serde_json::{Value, json};

const OWN: &str = "console:#inc-1-checkout";

async fn opened(web: &TestWeb) {
    web.store.accept(delivery("d1")).await.unwrap();
    let place = |act| Effect::Place { message: "card".into(), to: OWN.into(), act };
    let near = "console:#incidents".into();
    let mut commit = commit("d1");
    commit.effects = vec![
        place(PlaceAct::Open { shape: Shape::Channel, name: "inc-1-checkout".to_owned(), near }),
        place(PlaceAct::Invite { people: vec!["ana".into()], groups: vec![] }),
        place(PlaceAct::Topic { topic: "sev1 <b>down</b>".to_owned() }),
        post("card", OWN, "the card"),
        place(PlaceAct::Pin),
    ];
    commit.incidents = vec![incident(1)];
    commit.incident = Some("INC-1".into());
    commit.timeline = vec![line(1, "l1", "[click](https://evil.example)\n# heading")];
    web.store.commit(commit).await.unwrap();
}

async fn archive(web: &TestWeb) {
    web.store.accept(delivery("d2")).await.unwrap();
    let mut commit = commit("d2");
    commit.effects =
        vec![Effect::Place { message: "x".into(), to: OWN.into(), act: PlaceAct::Archive { archived: true } }];
    web.store.commit(commit).await.unwrap();
}

async fn get(web: &TestWeb, path: &str) -> (u16, Value) {
    let answer = web.client.get(web.url(path)).bearer_auth(TOKEN).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn send(web: &TestWeb, path: &str, body: Value) -> (u16, Value) {
    let answer = web.client.post(web.url(path)).bearer_auth(TOKEN).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_channel_is_listed_typed_in_and_read_until_it_is_archived() {
    let web = TestWeb::start().await;
    opened(&web).await;
    let (_, all) = get(&web, "/api/v1/conversations").await;
    let names: Vec<_> = all["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
    assert_eq!(names, ["#incidents", "#ops", "#inc-1-checkout"]);
    let (_, one) = get(&web, "/api/v1/conversations?channel=inc-1-checkout").await;
    let one = &one["items"][0];
    assert_eq!((&one["topic"], &one["archived"]), (&json!("sev1 <b>down</b>"), &json!(false)));
    assert_eq!(one["pinned"]["message"], "card");
    let (status, _) = send(&web, "/api/v1/commands", json!({"text": "/x", "channel": "#inc-1-checkout"})).await;
    assert_eq!(status, 200);

    archive(&web).await;
    let (status, refused) = send(&web, "/api/v1/commands", json!({"text": "/x", "channel": "#inc-1-checkout"})).await;
    assert_eq!(status, 422, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("is archived"), "{refused}");
    let (status, _) = get(&web, "/api/v1/conversations?channel=inc-1-checkout").await;
    assert_eq!(status, 200, "it can still be read");
    for unknown in ["inc-2-x", "../ops", "%00"] {
        let (status, _) = get(&web, &format!("/api/v1/conversations?channel={unknown}")).await;
        assert_eq!(status, 422, "{unknown}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_taken_for_what_everybody_sees_of_an_incident() {
    let mut web = TestWeb::start().await;
    opened(&web).await;
    let (status, answer) = send(&web, "/api/v1/reactions", json!({"message": "card", "emoji": "pushpin"})).await;
    assert_eq!(status, 200, "{answer}");
    let seen = web.seen.recv().await.unwrap();
    assert!(
        matches!(&seen.event, drillbell::model::event::Event::ReactionAdded(reaction) if reaction.text == "the card"),
        "{seen:?}"
    );
    for (body, field) in [
        (json!({"message": "nothing", "emoji": "pushpin"}), "message"),
        (json!({"message": "card", "emoji": "not one"}), "emoji"),
    ] {
        let (status, refused) = send(&web, "/api/v1/reactions", body).await;
        assert_eq!((status, &refused["field"]), (422, &json!(field)), "{refused}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_is_had_as_markdown_and_as_json() {
    let web = TestWeb::start().await;
    opened(&web).await;
    let path = "/api/v1/incidents/INC-1/timeline";
    for (query, accept) in [("?format=md", "*/*"), ("", "text/markdown")] {
        let request = web.client.get(web.url(&format!("{path}{query}"))).bearer_auth(TOKEN).header("Accept", accept);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/markdown; charset=utf-8");
        let text = answer.text().await.unwrap();
        assert!(text.starts_with("# INC-1: checkout is down\n"), "{text}");
        assert!(!text.contains("[click]("), "{text}");
    }
    let (_, document) = get(&web, &format!("{path}?format=json")).await;
    assert_eq!(document["entries"][0]["source"], "delivery:d1");
    let (_, page) = get(&web, path).await;
    assert_eq!(page["items"][0]["source"], "delivery:d1");
    let (status, _) = get(&web, &format!("{path}?format=pdf")).await;
    assert_eq!(status, 422);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_the_page_leads_to_its_source() {
    let web = TestWeb::start().await;
    opened(&web).await;
    let cookie = web.sign_in().await;
    let page =
        |path: &str| web.client.get(web.url(path)).header("Cookie", cookie.clone()).header("Accept", "text/html");
    let text = page("/incidents/INC-1").send().await.unwrap().text().await.unwrap();
    assert!(text.contains("href=\"/audit?delivery=d1\""), "{text}");
    let console = page("/console").send().await.unwrap().text().await.unwrap();
    assert!(console.contains("data-channel=\"#inc-1-checkout\""), "{console}");
    web.end().await;
}
