//! Commands and clicks by API.

use crate::support::schema::misfits;
use crate::support::web::{Options, TestWeb, first_message};
use drillbell::model::event::Event;
use drillbell::model::ids::{DeliveryId, PersonId};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_answered_with_everything_it_posted() {
    let mut web = TestWeb::start().await;
    let request = web.post("/api/v1/commands", json!({"text": "/sev list", "channel": "#ops"}));
    let answer = request.header("Idempotency-Key", "first").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut answer: Value = answer.json().await.unwrap();
    answer["messages"][0]["message"] = json!("(ref)");
    insta::assert_json_snapshot!(answer, @r#"
    {
      "data": null,
      "delivery": "api/local/first",
      "incident": null,
      "messages": [
        {
          "conversation": "console:#ops",
          "message": "(ref)",
          "private": false,
          "text": "did /sev list",
          "view": {
            "blocks": [
              {
                "text": "did /sev list",
                "type": "text"
              },
              {
                "action": "ack",
                "label": "Acknowledge",
                "once": "card",
                "style": "normal",
                "type": "button",
                "value": "kept by the host"
              }
            ],
            "tone": "neutral"
          }
        }
      ],
      "status": "ok",
      "text": "did /sev list"
    }
    "#);
    let delivery = web.seen.recv().await.unwrap();
    assert_eq!(delivery.id, DeliveryId::from("api/local/first"));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sent_five_times_at_once_is_one_effect_and_five_answers() {
    let web = TestWeb::start().await;
    let calls = (0..5).map(|_| {
        let request = web.post("/api/v1/commands", json!({"text": "/sev declare sev1 checkout is down"}));
        async { request.header("Idempotency-Key", "same").send().await.unwrap().json::<Value>().await.unwrap() }
    });
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(answers[0]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(web.store.audit_head().await.unwrap().0, 1);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_without_a_key_are_each_their_own() {
    let web = TestWeb::start().await;
    let (first, second) = (web.say("/sev list").await, web.say("/sev list").await);
    assert_ne!(first["delivery"], second["delivery"]);
    assert!(first["delivery"].as_str().unwrap().starts_with("api/local/"));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_acts_for_console_users_who_are_looked_up_among_people() {
    let mut web = TestWeb::start().await;
    for (user, id, name) in [
        (None, "console:local", "local"),
        (Some("anna"), "ana", "Ana"),
        (Some("console:anna"), "ana", "Ana"),
        (Some("zoe"), "console:zoe", "zoe"),
    ] {
        let answer = web.post("/api/v1/commands", json!({"text": "/sev list", "as": user})).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{user:?}");
        let delivery = web.seen.recv().await.unwrap();
        let by = delivery.event.by().unwrap();
        assert_eq!((by.id.as_str(), by.name.as_str()), (id, name), "{user:?}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_wait_gets_a_name_to_ask_by() {
    let web = TestWeb::start().await;
    // A key that would end up as dot segments if it were not encoded.
    let request = web.post("/api/v1/commands?wait=0", json!({"text": "/hold it"}));
    let running = request.header("Idempotency-Key", "../?#%2f").send().await.unwrap();
    assert_eq!(running.status(), 202);
    let follow = running.headers()["location"].to_str().unwrap().to_owned();
    let running: Value = running.json().await.unwrap();
    assert_eq!(running, json!({"status": "running", "delivery": "api/local/../?#%2f", "follow": follow}));

    let still = web.get(&follow).send().await.unwrap();
    assert_eq!(still.status(), 202);
    let waiting = tokio::spawn(web.get(&format!("{follow}?wait=60")).send());
    web.gate.send_replace(true);
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["text"], "did /hold it");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_goes_away_half_way_loses_nothing() {
    let mut web = TestWeb::start().await;
    for n in 0..20 {
        let request = web.post("/api/v1/commands", json!({"text": "/sev list"}));
        let sending = tokio::spawn(request.header("Idempotency-Key", format!("k{n}")).send());
        for _ in 0..n {
            tokio::task::yield_now().await;
        }
        sending.abort();
        let _ = sending.await;
        // The same again: whatever the first one left half done must not stand in its way.
        let request = web.post("/api/v1/commands", json!({"text": "/sev list"}));
        let answer = request.header("Idempotency-Key", format!("k{n}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{n}");
    }
    for n in 0..20 {
        assert_eq!(web.seen.recv().await.unwrap().id.as_str(), format!("api/local/k{n}"));
    }
    assert_eq!(web.store.audit_head().await.unwrap().0, 20);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_follows_what_another_caller_sent() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let own = web.client.post(web.url("/api/v1/commands")).header("Cookie", &cookie);
    let own = own.header("Origin", &web.address).header("Idempotency-Key", "mine").json(&json!({"text": "/sev list"}));
    assert_eq!(own.send().await.unwrap().json::<Value>().await.unwrap()["delivery"], "web/ben/mine");
    web.post("/api/v1/commands", json!({"text": "/sev list"})).header("Idempotency-Key", "k").send().await.unwrap();

    let session = |path: &str| web.client.get(web.url(path)).header("Cookie", &cookie);
    assert_eq!(session("/api/v1/commands/web%2Fben%2Fmine").send().await.unwrap().status(), 200);
    assert_eq!(session("/api/v1/commands/web/ben/mine").send().await.unwrap().status(), 200, "slashes are understood");
    for foreign in ["api%2Flocal%2Fk", "web%2Fana%2Fmine", "web%2Fben%2Fother", "web%2Fben%2Fmine%00", "%FF", "x"] {
        let answer = session(&format!("/api/v1/commands/{foreign}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{foreign}");
    }
    assert_eq!(web.get("/api/v1/commands/web%2Fben%2Fmine").send().await.unwrap().status(), 404);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_carries_the_hosts_own_value_to_the_messages_channel() {
    let mut web = TestWeb::start().await;
    let card = first_message(&web.say("/sev list").await);
    web.seen.recv().await.unwrap();
    let click = web.post("/api/v1/actions", json!({"message": card, "action": "ack", "as": "anna"}));
    let answer: Value = click.header("Idempotency-Key", "click").send().await.unwrap().json().await.unwrap();
    assert_eq!((&answer["text"], &answer["delivery"]), (&json!("did ack=kept by the host"), &json!("api/local/click")));
    let delivery = web.seen.recv().await.unwrap();
    assert_eq!(delivery.conversation.as_str(), "console:#incidents");
    let Event::ActionReceived(action) = delivery.event else { panic!("{delivery:?}") };
    assert_eq!((action.card, action.by.id), (card, PersonId::from("ana")));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_for_you_has_no_buttons_for_you() {
    let web = TestWeb::start().await;
    let request = web.post("/api/v1/commands", json!({"text": "/private note", "as": "anna"}));
    let card = first_message(&request.send().await.unwrap().json().await.unwrap());
    for (user, status) in [("zoe", 422), ("anna", 200)] {
        let click = web.post("/api/v1/actions", json!({"message": card, "action": "ack", "as": user}));
        assert_eq!(click.send().await.unwrap().status(), status, "{user}");
    }
    let unknown = web.post("/api/v1/actions", json!({"message": "no such", "action": "ack"})).send().await.unwrap();
    assert_eq!(unknown.status(), 422);
    assert_eq!(unknown.json::<Value>().await.unwrap()["field"], "message");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_waiting_is_said_with_a_time_to_come_back() {
    let web = TestWeb::with(Options { backlog: 0, ..Options::default() }).await;
    let busy = web.post("/api/v1/commands", json!({"text": "/sev list"})).send().await.unwrap();
    assert_eq!(busy.status(), 503);
    assert_eq!(busy.headers()["retry-after"], "2");
    assert_eq!(busy.headers()["content-type"], "application/problem+json");
    assert_eq!(web.store.open_events().await.unwrap(), 0);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_and_whoami_answer_as_described() {
    let web = TestWeb::start().await;
    let described: Value = web.client.get(web.url("/api/openapi.json")).send().await.unwrap().json().await.unwrap();
    let get = async |path: &str| web.get(path).send().await.unwrap().json::<Value>().await.unwrap();
    let completion = get("/api/v1/complete?line=/sev%20&channel=%23ops&as=anna").await;
    let candidate = json!({"value": "declare", "label": "ana in console:#ops"});
    assert_eq!(completion, json!({"start": 5, "candidates": [candidate]}));
    let whoami = get("/api/v1/whoami?as=anna").await;
    assert_eq!(whoami["person"], json!({"id": "ana", "name": "Ana"}));
    let running = web.post("/api/v1/commands?wait=0", json!({"text": "/hold"})).send().await.unwrap();
    let problem = web.post("/api/v1/commands", json!({})).send().await.unwrap();
    for (schema, value) in [
        ("Completion", completion),
        ("Whoami", whoami),
        ("Running", running.json().await.unwrap()),
        ("Problem", problem.json().await.unwrap()),
        ("Ready", get("/readyz").await),
    ] {
        assert_eq!(misfits(&described, schema, &value), [""; 0], "{schema}: {value}");
    }
    web.gate.send_replace(true);
    let answer = web.say("/sev list").await;
    assert_eq!(misfits(&described, "Answer", &answer), [""; 0], "{answer}");
    web.end().await;
}
