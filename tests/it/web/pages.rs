//! The pages for people: what they show, what they say when there is nothing, and that nobody's text becomes markup.

use crate::support::commits::{commit, delivery, incident, line, new_job};
use crate::support::database::NEW_YEAR_MS;
use crate::support::drills::{drilled, passed};
use crate::support::web::TestWeb;
use drillbell::model::chart::{Chart, Number, Series};
use drillbell::model::effect::Effect;
use drillbell::model::facts::{Deed, Facts, Holder, Span, Task};
use drillbell::model::incident::Incident;
use drillbell::model::job::{JobChange, JobState, NewJob};
use drillbell::model::view::{Block, Button, View};
use drillbell::store::Commit;
use serde_json::{Value, json};

/// What somebody would try to have run in another's browser.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}\r\nSet-Cookie: x=y";

async fn page(web: &TestWeb, cookie: &str, path: &str) -> (u16, String) {
    let answer =
        web.client.get(web.url(path)).header("Cookie", cookie).header("Accept", "text/html").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8", "{path}");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// An incident with a card and three lines, all in hostile words.
async fn trouble(web: &TestWeb) {
    store_incident(web, 1, HOSTILE).await;
}

/// A role, an acknowledgement and two tasks with those words.
fn facts(words: &str) -> Facts {
    let deed = || Deed { by: words.into(), at_ms: NEW_YEAR_MS };
    let task = |number, done| Task {
        number,
        text: words.to_owned(),
        owner: Some(words.into()),
        due_ms: Some(NEW_YEAR_MS),
        added: deed(),
        done,
    };
    Facts {
        roles: vec![Holder { role: "commander".to_owned(), person: words.into(), since_ms: NEW_YEAR_MS }],
        tasks: vec![task(1, Some(deed())), task(2, None)],
        spans: vec![Span { opened_ms: NEW_YEAR_MS, acknowledged: Some(deed()), ..Span::default() }],
        merged_into: Some("INC-9".into()),
        next_update_ms: Some(NEW_YEAR_MS),
    }
}

async fn store_incident(web: &TestWeb, number: i64, words: &str) {
    let id = format!("d{number}");
    web.store.accept(delivery(&id)).await.unwrap();
    let mut commit = commit(&id);
    let card = format!("card-{number}");
    let blocks = vec![
        Block::Text { text: words.to_owned() },
        Block::Field { name: words.to_owned(), value: words.to_owned() },
        Block::Link { label: words.to_owned(), url: "javascript:alert(1)".to_owned() },
        Block::Link { label: "the graph".to_owned(), url: format!("https://x.example/\"><script>{number}") },
        Block::Code { text: words.to_owned() },
        Block::Progress { label: "restoring".to_owned(), done: 3, total: 7 },
        Block::Button(Button {
            action: words.to_owned(),
            label: words.to_owned(),
            value: String::new(),
            style: Default::default(),
            once: Default::default(),
        }),
    ];
    let mut post = crate::support::commits::post(&card, "console:#incidents", "");
    if let Effect::PostMessage { view, .. } = &mut post {
        *view = View { title: words.to_owned(), blocks, ..View::default() };
    }
    commit.effects = vec![post];
    commit.incidents = vec![Incident {
        title: words.to_owned(),
        latest: words.to_owned(),
        card: Some(card.as_str().into()),
        facts: facts(words),
        ..incident(number)
    }];
    commit.timeline = (1..=3).map(|n| line(number, &format!("{number}-{n}"), &format!("{words} {n}"))).collect();
    web.store.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_says_how_to_get_data_when_there_is_none() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    for (path, says) in [
        ("/", "No incident is open"),
        ("/", "/sev declare"),
        ("/", "Nothing waits to be delivered"),
        ("/", "No job runs or waits"),
        ("/incidents", "There has been no incident yet"),
        ("/incidents?open=true", "No incident is open"),
        ("/console", "/assets/console.js"),
        ("/plugins", "it broke"),
        ("/audit", "login"),
        ("/account", "this one"),
    ] {
        let (status, html) = page(&web, &cookie, path).await;
        assert_eq!(status, 200, "{path}");
        assert!(html.contains(says), "{path} does not say {says}: {html}");
        assert!(html.contains("<html lang=\"en\">") && html.contains("Skip to the content"), "{path}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_has_its_card_and_its_timeline() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    store_incident(&web, 1, "checkout is down").await;
    let (status, html) = page(&web, &cookie, "/incidents/inc-1").await;
    assert_eq!(status, 200);
    for says in [
        "<h1>INC-1 · checkout is down</h1>",
        "data-message=\"card-1\"",
        "3 of 7",
        "checkout is down 3",
        "href=\"/incidents/INC-9\"",
        "<span class=\"tag\">commander</span>",
        "<span class=\"tag\">acknowledged</span>",
        "<span class=\"tag\">done</span>",
        "<li value=\"2\">checkout is down",
    ] {
        assert!(html.contains(says), "{says}: {html}");
    }
    let (_, filtered) = page(&web, &cookie, "/incidents/INC-1?text=DOWN+2&kind=note&author=ana").await;
    assert!(filtered.contains("checkout is down 2") && !filtered.contains("checkout is down 3"), "{filtered}");
    let (_, none) = page(&web, &cookie, "/incidents/INC-1?text=nowhere").await;
    assert!(none.contains("No line fits."));
    let (_, first) = page(&web, &cookie, "/incidents/INC-1?limit=2&author=ana").await;
    assert!(first.contains("/incidents/INC-1?author=ana&#38;cursor=1-2"), "{first}");
    let (status, missing) = page(&web, &cookie, "/incidents/INC-99").await;
    assert_eq!(status, 404);
    assert!(missing.contains("There is no INC-99."), "{missing}");
    for odd in ["/incidents/..%2F..%2Fetc", "/incidents/%00", "/incidents/x%22%3E"] {
        assert_eq!(page(&web, &cookie, odd).await.0, 404, "{odd}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_names_jobs_and_first_what_somebody_has_to_decide() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let waiting = NewJob { title: HOSTILE.to_owned(), ..new_job("j1") };
    let held = NewJob { title: "roll back the shop".to_owned(), approval: Some("A-1".to_owned()), ..new_job("j2") };
    web.store.accept(delivery("jobs")).await.unwrap();
    let jobs = [waiting, held].map(|job| JobChange::Start(Box::new(job))).to_vec();
    web.store.commit(Commit { jobs, ..commit("jobs") }).await.unwrap();
    let (status, html) = page(&web, &cookie, "/").await;
    assert_eq!(status, 200);
    let places = ["roll back the shop", "it waits for an approval", "&#60;script&#62;alert(1)"]
        .map(|says| html.find(says).unwrap_or_else(|| panic!("{says}: {html}")));
    assert!(places.is_sorted(), "{places:?}: {html}");
    assert!(!html.contains("<script>alert"), "{html}");
    let now: Value = web.get("/api/v1/overview").send().await.unwrap().json().await.unwrap();
    let states: Vec<_> = now["jobs"].as_array().unwrap().iter().map(|job| job["state"].clone()).collect();
    assert_eq!(states, ["held", "ready"]);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_says_what_is_expected_of_open_incidents_and_what_is_late() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    // Acknowledged at once, so that three clocks are left; all of them ran out long ago.
    store_incident(&web, 1, "checkout is down").await;
    web.clock.advance(20 * 60_000);
    let (_, html) = page(&web, &cookie, "/").await;
    for says in
        ["failed\">next update</span>", "failed\">decide</span>", "failed\">roll back</span>", "missed, it was due"]
    {
        assert!(html.contains(says), "{says}: {html}");
    }
    assert!(!html.contains(">acknowledge</span>"), "{html}");
    let now: Value = web.get("/api/v1/overview").send().await.unwrap().json().await.unwrap();
    let clocks: Vec<_> = now["clocks"].as_array().unwrap().iter().map(|clock| clock["what"].clone()).collect();
    assert_eq!(clocks, ["next update", "decide", "roll back"], "the soonest first");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_shows_the_pictures_that_belong_to_it_and_nobody_elses_private_ones() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    store_incident(&web, 1, "checkout is down").await;
    let chart = |title: &str| Chart {
        title: title.to_owned(),
        series: vec![Series {
            name: "errors".to_owned(),
            points: vec![(0, Number::new(1.0)), (60_000, Number::new(2.0))],
        }],
        ..Chart::default()
    };
    web.store.accept(delivery("pictures")).await.unwrap();
    let mut commit = Commit { incident: Some("INC-1".into()), ..commit("pictures") };
    for (name, title, to) in [("shown", "errors of the checkout", None), ("private", "for Carla alone", Some("carla"))]
    {
        let mut post = crate::support::commits::post(name, "slack:C1", "");
        let Effect::PostMessage { view, private_to, .. } = &mut post else { unreachable!() };
        view.blocks = vec![Block::Chart(Box::new(chart(title)))];
        *private_to = to.map(Into::into);
        commit.effects.push(post);
    }
    web.store.commit(commit).await.unwrap();
    let (_, html) = page(&web, &cookie, "/incidents/INC-1").await;
    assert!(html.contains("src=\"/api/v1/charts/shown/0?theme=light\""), "{html}");
    assert!(html.contains("errors of the checkout") && !html.contains("for Carla alone"), "{html}");
    let drawn = web.get("/api/v1/charts/shown/0?theme=dark").send().await.unwrap();
    assert_eq!((drawn.status().as_u16(), drawn.headers()["content-type"].to_str().unwrap()), (200, "image/svg+xml"));
    assert_eq!(web.get("/api/v1/charts/private/0").send().await.unwrap().status(), 404);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_text_becomes_markup_or_a_header() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    trouble(&web).await;
    let mut shown = 0;
    for path in [
        "/",
        "/incidents",
        "/incidents/INC-1",
        "/audit",
        "/account",
        "/plugins",
        "/backups",
        "/drills",
        "/postmortems",
        "/runbooks",
        "/incidents/INC-1?text=%3Cscript%3E",
    ] {
        let answer = web.client.get(web.url(path)).header("Cookie", &cookie).send().await.unwrap();
        assert!(answer.headers().get("set-cookie").is_none(), "{path}");
        let html = answer.text().await.unwrap();
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{path}: {html}");
        assert!(!html.contains("href=\"javascript:"), "{path}");
        shown += usize::from(html.contains("&#60;script&#62;alert(1)"));
    }
    assert!(shown >= 3, "the words are shown, as words");
    let refused = page(&web, &cookie, "/incidents?cursor=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(refused.0 == 422 && !refused.1.contains("<script>"), "{refused:?}");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_of_the_api_come_in_pages_that_neither_repeat_nor_hide() {
    let web = TestWeb::start().await;
    for number in 1..=5 {
        store_incident(&web, number, "slow").await;
    }
    let get = async |path: &str| web.get(path).send().await.unwrap().json::<Value>().await.unwrap();
    let walk = async |path: &str, key: &str| {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = get(&format!("{path}limit=2{cursor}")).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item[key].to_string()));
            let Some(next) = page["next"].as_str() else { return seen };
            cursor = format!("&cursor={next}");
        }
    };
    let ids = walk("/api/v1/incidents?", "id").await;
    assert_eq!(ids, ["\"INC-5\"", "\"INC-4\"", "\"INC-3\"", "\"INC-2\"", "\"INC-1\""]);
    assert_eq!(walk("/api/v1/incidents/INC-2/timeline?", "id").await, ["\"2-3\"", "\"2-2\"", "\"2-1\""]);
    assert_eq!(walk("/api/v1/audit?", "seq").await, ["5", "4", "3", "2", "1"]);
    assert_eq!(get("/api/v1/incidents/INC-2").await["title"], "slow");
    for (path, status) in [
        ("/api/v1/incidents/INC-9", 404),
        ("/api/v1/incidents/INC-9/timeline", 404),
        ("/api/v1/incidents?limit=0", 422),
        ("/api/v1/incidents?open=perhaps", 422),
        ("/api/v1/incidents?cursor=x", 422),
        ("/api/v1/audit?limit=201", 422),
        ("/api/v1/incidents/INC-2/timeline?text=%00", 422),
    ] {
        let answer = web.get(path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_answers_is_what_it_describes() {
    let web = TestWeb::start().await;
    store_incident(&web, 1, "slow").await;
    drilled(&web.store, "d1", "shop", JobState::Done, &passed(900, "backups/shop/x")).await;
    web.sign_in().await;
    web.post("/api/v1/tokens", json!({"name": "ci"})).send().await.unwrap();
    let described: Value = web.client.get(web.url("/api/openapi.json")).send().await.unwrap().json().await.unwrap();
    for path in [
        "/api/v1/overview",
        "/api/v1/incidents",
        "/api/v1/incidents/{id}",
        "/api/v1/incidents/{id}/timeline",
        "/api/v1/audit",
        "/api/v1/drills",
        "/api/v1/drills/targets",
        "/api/v1/plugins",
        "/api/v1/catalog",
        "/api/v1/sessions",
        "/api/v1/tokens",
        "/api/v1/whoami",
    ] {
        let answer: Value = web.get(&path.replace("{id}", "INC-1")).send().await.unwrap().json().await.unwrap();
        let schema = &described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str().unwrap_or_else(|| panic!("{path}: {schema}")).rsplit('/').next().unwrap();
        assert_eq!(crate::support::schema::misfits(&described, name, &answer), [""; 0], "{path}: {answer}");
    }
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_that_something_happened_and_nothing_more() {
    use futures::StreamExt;
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let answer = web.client.get(web.url("/api/v1/changes")).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut bytes = answer.bytes_stream();
    store_incident(&web, 1, "secret words").await;
    let mut heard = String::new();
    while !heard.contains("data: ") {
        heard.push_str(std::str::from_utf8(&bytes.next().await.unwrap().unwrap()).unwrap());
    }
    assert!(!heard.contains("secret"), "{heard}");
    drop(bytes);
    web.end().await;
}
