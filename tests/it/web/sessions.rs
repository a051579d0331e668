//! Sessions as people see them: theirs, ended by them; and what somebody may try to do with a session of others.

use crate::support::web::{TestWeb, ben, signs_in};
use serde_json::{Value, json};

async fn sessions(web: &TestWeb, cookie: &str) -> Value {
    let answer = web.client.get(web.url("/api/v1/sessions")).header("Cookie", cookie).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_their_sessions_and_end_them() {
    let web = TestWeb::start().await;
    let (first, second) = (web.sign_in().await, web.sign_in().await);
    let seen = sessions(&web, &first).await;
    let all = seen["sessions"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|session| session["person"] == "ben"), "{seen}");
    let current = seen["current"].as_str().unwrap();
    let other = all.iter().map(|session| session["id"].as_str().unwrap()).find(|id| *id != current).unwrap();

    let end = |id: &str| web.client.delete(web.url(&format!("/api/v1/sessions/{id}"))).header("Cookie", &first);
    assert_eq!(end(other).send().await.unwrap().status(), 403, "without an Origin");
    assert_eq!(end(other).header("Origin", "https://elsewhere.example").send().await.unwrap().status(), 403);
    assert_eq!(end(other).header("Origin", &web.address).send().await.unwrap().status(), 204);
    let whoami = web.client.get(web.url("/api/v1/whoami")).header("Cookie", &second).send().await.unwrap();
    assert_eq!(whoami.status(), 401);
    assert_eq!(end(other).header("Origin", &web.address).send().await.unwrap().status(), 404, "it is over already");
    let last = web.store.audit_tail(1).await.unwrap()[0].record.clone();
    assert!(last.contains("session_ended") && last.contains("\"ben\""), "{last}");
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_a_session_of_somebody_else_but_the_operator() {
    let web = TestWeb::start().await;
    let cookie = web.sign_in().await;
    let id = sessions(&web, &cookie).await["current"].as_str().unwrap().to_owned();
    let made = web.post("/api/v1/tokens", json!({"name": "ci"})).send().await.unwrap().json::<Value>().await.unwrap();
    let end = || web.client.delete(web.url(&format!("/api/v1/sessions/{id}")));
    let token = made["secret"].as_str().unwrap();
    assert_eq!(end().bearer_auth(token).send().await.unwrap().status(), 404);
    let seen = web.client.get(web.url("/api/v1/sessions")).bearer_auth(token).send().await.unwrap();
    assert_eq!(seen.json::<Value>().await.unwrap()["sessions"], json!([]));
    for guess in ["", "%27%20or%201%3D1", "..%2Fx", &"a".repeat(65), "zz"] {
        let answer = web.client.delete(web.url(&format!("/api/v1/sessions/{guess}"))).bearer_auth(token);
        assert_eq!(answer.send().await.unwrap().status(), 404, "{guess}");
    }
    assert_eq!(end().bearer_auth(crate::support::web::TOKEN).send().await.unwrap().status(), 204);
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_never_takes_a_session_that_the_browser_already_had() {
    let web = TestWeb::start().await;
    let planted = web.sign_in().await;
    let code = drillbell::signin::new_code(&web.store, signs_in(ben()), std::time::Duration::from_secs(60));
    let link = web.url(&format!("/login/{}", code.await.unwrap()));
    let answer = web.client.get(link).header("Cookie", &planted).send().await.unwrap();
    let fresh = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(planted, fresh);
    let status = async |cookie: &str| {
        web.client.get(web.url("/api/v1/whoami")).header("Cookie", cookie).send().await.unwrap().status().as_u16()
    };
    assert_eq!((status(&planted).await, status(&fresh).await), (401, 200));
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_leads_to_our_own_page_whatever_the_link_says() {
    let web = TestWeb::start().await;
    for more in ["?next=https://elsewhere.example", "?url=//elsewhere.example", "#//elsewhere.example"] {
        let code = drillbell::signin::new_code(&web.store, signs_in(ben()), std::time::Duration::from_secs(60));
        let link = web.url(&format!("/login/{}{more}", code.await.unwrap()));
        let answer = web.client.get(link).send().await.unwrap();
        assert_eq!(answer.headers()["location"], "/console", "{more}");
    }
    web.end().await;
}
