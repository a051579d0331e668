//! The console: forms, cards, clicks, and another browser that watches.

use super::{Bell, opens_the_form_of_declare};
use crate::support::bot::plugin_folder;
use crate::support::browser::turn;

#[tokio::test(flavor = "multi_thread")]
async fn declared_by_form_clicked_by_one_and_watched_by_another() {
    let _turn = turn().await;
    let bell = Bell::ring().await;
    let (ben, ana) = (bell.browser("ben").await, bell.browser("ana").await);
    assert_eq!(ben.url().await, format!("{}/console", bell.address()));

    opens_the_form_of_declare(&ben).await;
    ben.finds("dialog select[name=level]").await.select_by_value("sev1").await.unwrap();
    ben.presses("Run").await;
    ben.reads("title: Please fill").await;
    ben.finds("dialog [name=title]").await.send_keys("checkout \"is\" down").await.unwrap();
    ben.presses("Run").await;

    let seen = "[...document.querySelectorAll('.card h2')].some((h) => h.textContent === 'INC-1 · sev1 · checkout \"is\" down')";
    ben.sees("the card is there", seen).await;
    ana.sees("somebody else sees it too", seen).await;
    ana.presses("Identified").await;
    ben.reads("INC-1 is now identified").await;
    ben.sees(
        "the card was edited",
        "[...document.querySelectorAll('.card')].find((card) => card.innerText.startsWith('INC-1 ·'))?.innerText.includes('Status: identified')",
    )
    .await;

    // What is said privately is for one browser only.
    bell.types("ana", "/drillbell whoami");
    ana.reads("/drillbell whoami").await;
    ana.reads("This is who the audit trail will name").await;
    assert_eq!(ben.run("return document.body.innerText.includes('/drillbell whoami')").await, false);
    for browser in [ben, ana] {
        browser.closed().await;
    }
    bell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_on_a_card_is_filled_in_and_a_choice_is_made() {
    let _turn = turn().await;
    let guest = plugin_folder().join("misbehaving.wasm");
    let config = format!("[plugins.misbehaving]\nsource = \"file:{}\"\ngrants = [\"kv\"]\n", guest.display());
    let bell = Bell::ring_with(&config).await;
    let ben = bell.browser("ben").await;
    bell.types("ana", "/misbehave form-card");
    ben.presses("Report…").await;
    ben.finds("dialog [name=title]").await.send_keys("fire in row 7").await.unwrap();
    ben.finds("dialog [name=count]").await.send_keys("12").await.unwrap();
    ben.finds("dialog [name=level]").await.select_by_value("high").await.unwrap();
    ben.presses("Send").await;
    // The line's own button says Send as well; the dialog's is the newest.
    ben.reads("Ben sent report (v5): title=fire in row 7, count=12, level=high").await;
    ben.finds(".card select").await.select_by_value("green").await.unwrap();
    ben.reads("Ben pressed pick (green)").await;
    ben.closed().await;
    bell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_are_words_in_every_browser() {
    let _turn = turn().await;
    let guest = plugin_folder().join("misbehaving.wasm");
    let config = format!(
        "[plugins.misbehaving]\nsource = \"file:{}\"\ngrants = [\"kv\"]\n[plugins.alerts]\nsource = \"builtin:alerts\"\n\
         grants = [\"alerts\", \"incidents:write\", \"kv\", \"timers\", \"post:console:*\"]\n\
         [alerts.monitor]\nkind = \"generic\"\ntoken = {{ file = \"token\" }}\nchannel = \"console:#incidents\"\n",
        guest.display()
    );
    let bell = Bell::ring_with_token(&config, "a-token-of-some-length").await;
    let ben = bell.browser("ben").await;
    let hostile = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>";
    bell.types("ana", &format!("/sev declare sev1 {hostile}"));
    bell.types("ana", &format!("/sev note javascript:alert(1) {hostile}"));
    ben.reads("<script>window.hacked=1</script>").await;
    // What a monitoring system says, and what a plugin says, are words too.
    let alert = serde_json::json!({
        "fingerprint": "f1", "status": "firing", "title": format!("alert {hostile}"),
        "labels": {"service": hostile, "<b>": "x"}, "annotations": {"summary": hostile}, "url": "javascript:window.hacked=1",
    });
    let sent = reqwest::Client::new()
        .post(format!("{}/hooks/monitor", bell.address()))
        .bearer_auth("a-token-of-some-length")
        .json(&alert);
    let answer = sent.send().await.expect("sent");
    assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap_or_default());
    ben.reads("alert <img src=x").await;
    bell.types("ana", &format!("/misbehave echo plugin {hostile}"));
    ben.reads("plugin").await;
    assert_eq!(ben.run("return window.hacked === undefined").await, true, "the console");
    assert_eq!(ben.run("return document.querySelector('#log img[src=x], #log script') === null").await, true);
    for path in ["/", "/incidents", "/incidents/INC-1", "/audit", "/incidents/INC-1?text=%3Cimg%20src%3Dx%3E"] {
        ben.open(&format!("{}{path}", bell.address())).await;
        ben.reads("window.hacked=1").await;
        assert_eq!(ben.run("return window.hacked === undefined").await, true, "{path}");
        assert_eq!(ben.run("return document.querySelector('main img, main script') === null").await, true, "{path}");
    }
    ben.closed().await;
    bell.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_a_picture_and_progress_a_bar_that_moves() {
    let _turn = turn().await;
    let guest = plugin_folder().join("misbehaving.wasm");
    let config = format!(
        "[channels]\nops = \"console:#ops\"\n[[policy]]\njob = \"steps\"\napprovals = 0\n\
         [plugins.misbehaving]\nsource = \"file:{}\"\ngrants = [\"kv\", \"jobs:*\"]\n",
        guest.display()
    );
    let bell = Bell::ring_with(&config).await;
    let ben = bell.browser("ben").await;
    bell.types("ana", "/misbehave chart");
    let drawn = "(() => { const it = document.querySelector('#log img.chart'); return it?.complete && it.naturalWidth > 0 && it.alt !== ''; })()";
    ben.sees("the chart is drawn", drawn).await;
    let steps = r#"{"steps": [{"wait": "1s"}, {"wait": "1h"}]}"#;
    ben.types(&format!("/misbehave job steps --spec '{steps}' slowly\n")).await;
    ben.sees("one of two is done", "document.querySelector('#log progress')?.value === 1").await;
    ben.reads("50% (1 of 2)").await;
    ben.presses("Cancel").await;
    ben.reads("State: cancelled").await;
    ben.closed().await;
    bell.end().await;
}
