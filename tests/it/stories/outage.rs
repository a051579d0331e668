//! From the alert to the published postmortem, with a shop that really breaks: a runbook is suggested and stepped through, a second person
//! lets the release be rolled back, that is verified, and the document says what happened and nothing else.

use super::scene::{Scene, Told, text};
use super::shop::Kept;
use super::way::Who::{Ana, Ben};
use super::{Given, pictures};
use crate::alerts::{alert, known, token_file};
use drillbell::model::deploy::Migration;
use drillbell::model::document::Document;
use drillbell::model::event::{DeployRecorded, Event};
use drillbell::model::ids::{IncidentId, fresh};
use drillbell::store::OutcomeStatus;
use serde_json::json;

const HERE: &str = "#incidents";
const THERE: &str = "#ops";

/// The runbook that helps.
const BOOK: &str = r#"+++
title = "The shop fails"
owner = "Ana"
review = "2099-01-01"
risk = "change"
matches = ["service=shop"]

[values]
shop_url = "where the shop is"
+++

Finds out whether a release is to blame, and has it taken back.

## Symptoms

Pages of the shop fail.

### It says that it is not well

```http
url = "{shop_url}/readyz"
expect = { status = 503 }
```

## Diagnosis

### A release came just before

```chat
ask = "Was something deployed within the last hour? /rollback status shop says so."
```

## Mitigation

### The release is taken back

```chat
ask = "Plan it with /rollback plan shop; somebody else has to agree. Is it verified?"
```

### It is well again

```http
url = "{shop_url}/readyz"
expect = { status = 200 }
```

## Escalation contacts

Ana, at any time.

## Post-incident actions

Write the postmortem.
"#;

fn given(shop: &Kept, given: &Given) -> String {
    let books = given.folder().join("runbooks");
    std::fs::create_dir_all(&books).unwrap();
    std::fs::write(books.join("shop-fails.md"), BOOK).unwrap();
    let plugins = [
        (
            "sev-declare",
            "\"kv\", \"timers\", \"escalation\", \"incidents:write\", \"post:*\", \"conversations\", \"reactions\"",
        ),
        ("alerts", "\"alerts\", \"kv\", \"timers\", \"incidents:write\", \"jobs:silence\", \"post:*\""),
        (
            "runbook",
            "\"alerts\", \"runbooks\", \"kv\", \"timers\", \"incidents:write\", \"conversations\", \"approvals\", \"post:*\", \
             \"jobs:*\", \"http-private:URL\"",
        ),
        (
            "rollback",
            "\"services\", \"deploys\", \"jobs:*\", \"approvals\", \"backups\", \"timers\", \"kv\", \"incidents:write\", \
             \"escalation\", \"post:*\", \"command:*\"",
        ),
        ("postmortem", "\"incidents:write\", \"kv\", \"timers\", \"escalation\", \"jobs:document\""),
    ];
    let plugin = |(name, grants): (&str, &str)| {
        format!("[plugins.{name}]\nsource = \"builtin:{name}\"\ngrants = [{}]\n", grants.replace("URL", &shop.url()))
    };
    format!(
        "[channels]\nincidents = \"CHAT:#incidents\"\nops = \"CHAT:#ops\"\nalerts = \"CHAT:#incidents\"\n\
         [alerts.prom]\nkind = \"alertmanager\"\ntoken = {}\n[[policy]]\njob = \"steps\"\napprovals = 0\n\
         [runbooks]\ndir = {books:?}\n[runbooks.values]\nshop_url = {:?}\n{}{}",
        token_file(given.folder()),
        shop.url(),
        shop.sections(),
        plugins.map(plugin).concat()
    )
}

async fn deployed(scene: &Scene, version: &str, previous: &str) {
    let event = Event::DeployRecorded(DeployRecorded {
        service: "shop".to_owned(),
        version: version.to_owned(),
        previous: previous.to_owned(),
        commit: String::new(),
        schema: "none".to_owned(),
        migrations: Vec::<Migration>::new(),
        disagrees: String::new(),
        by: "ci".to_owned(),
        at_ms: scene.bot().app.store().now_ms(),
        rollback: false,
    });
    let answer = scene.bot().delivers_event(&fresh(), event).await;
    assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
}

/// Alertmanager says that it fires, or that it is over.
async fn rings(scene: &Scene, status: &str) {
    let body = json!({"version": "4", "status": status, "alerts": [alert("Shop fails, mine-01", "web-1", status, "critical")]});
    let taken = scene.bot().app.hooks().receive("prom", &known(), body.to_string().as_bytes()).await;
    assert!(taken.is_ok(), "{taken:?}");
}

/// Another incident, of which nothing belongs into the document.
async fn decoys(scene: &Scene) {
    let declared = [("level", "sev2"), ("title", "decoy-01 search is slow"), ("--service", "decoy-02")];
    scene.types(Ben, THERE, "/sev declare", &declared).await;
    scene.types(Ben, THERE, "/sev note", &[("text", "decoy-03 the index is being built anew")]).await;
    let task = [("action", "add"), ("text", "decoy-04 wait for the index"), ("--owner", "@ben")];
    scene.types(Ben, THERE, "/sev task", &task).await;
    scene.types(Ben, THERE, "/sev update", &[("text", "decoy-05 the shop's release is innocent")]).await;
}

async fn outage(scene: &Scene, shop: &Kept) {
    scene.happens("Release v2 of the shop is recorded", deployed(scene, "v2", "v1")).await;
    decoys(scene).await;
    scene.later(5).await;
    scene
        .happens("Release v3 is deployed, and is no good", async {
            shop.breaks().await;
            deployed(scene, "v3", "v2").await;
        })
        .await;
    scene.later(2).await;
    scene.happens("Alertmanager says that the shop fails", rings(scene, "firing")).await;
    let card = scene.reads(Ana, "mine-01").await;
    let help = scene.reads(Ben, "shop-fails: The shop fails").await;
    scene.presses(Ana, &alert_card(scene, &card).await, "Declare sev1").await;
    let incident = scene.reads(Ben, "INC-2 · sev1").await;
    scene.presses(Ben, &incident, "Acknowledge").await;
    scene.presses(Ben, &help, "Start shop-fails").await;
    let run = scene.reads(Ben, "Step 1 of 4").await;
    scene.presses(Ben, &run, "Run").await;
    scene.presses(Ben, &run, "Done").await;
    let note = [("text", "mine-02 v3 came two minutes before"), ("--incident", "INC-2")];
    scene.types(Ana, HERE, "/sev note", &note).await;

    scene.types(Ana, HERE, "/rollback plan", &[("service", "shop"), ("--incident", "INC-2")]).await;
    let plan = scene.reads(Ana, "Roll shop back from v3 to v2").await;
    scene.presses(Ana, &plan, "Roll back to v2").await;
    let question = scene.reads(Ben, "asked by").await;
    scene.presses(Ana, &question, "Approve").await;
    assert_eq!(shop.version(), "v3", "who asked does not count");
    scene.presses(Ben, &question, "Approve").await;
    shop.answers(200).await;
    assert_eq!(shop.version(), "v2");
    scene.reads(Ben, "shop is back on v2 and well").await;

    scene.presses(Ben, &run, "Done").await;
    scene.presses(Ben, &run, "Run").await;
    scene.reads(Ana, "R-1 The shop fails: ").await;
    let entries = [("What is so now?", "mine-03 v2 serves again"), ("Status", "monitoring")];
    scene.fills(Ana, &incident, "Update", &entries).await;
    scene.later(12).await;
    scene.happens("Alertmanager says that it is over", rings(scene, "resolved")).await;
    scene.types(Ana, HERE, "/sev resolve", &[("text", "mine-04 v3 was taken back"), ("--incident", "INC-2")]).await;
    scene.later(30).await;
}

/// The alert's own card, and not what suggests a runbook for it.
async fn alert_card(scene: &Scene, near: &super::way::Seen) -> super::way::Seen {
    if near.offers("Declare sev1") {
        return near.clone();
    }
    scene.reads(Ana, "Firing.").await
}

const SECTIONS: [(&str, &str); 6] = [
    ("Summary", "mine-05 the shop refused every page after a release"),
    ("Impact", "mine-06 nobody could buy for a quarter of an hour"),
    ("Root cause", "mine-07 the release did not find its prices"),
    ("Contributing factors", "mine-08 the gate did not look at the pages"),
    ("What went well", "mine-09 the runbook named the release at once"),
    ("What went poorly", "mine-10 the alert came two minutes late"),
];

async fn postmortem(scene: &Scene) {
    let offer = scene.reads(Ana, "INC-2 is over: write down what it taught").await;
    scene.presses(Ana, &offer, "Draft the postmortem").await;
    let draft = scene.reads(Ana, "INC-2 · Postmortem").await;
    scene.presses(Ana, &draft, "Publish").await;
    scene.reads(Ana, "First mend what is wrong").await;
    for (section, words) in SECTIONS {
        scene.fills(Ana, &draft, section, &[(section, words)]).await;
    }
    let item = [
        ("action", "add"),
        ("text", "mine-11 let the gate look at the pages"),
        ("--owner", "@ben"),
        ("--due", "+7d"),
        ("--incident", "INC-2"),
    ];
    scene.types(Ana, HERE, "/postmortem action", &item).await;
    scene.presses(Ana, &draft, "Publish").await;
}

/// The document has all that happened, each fact with its line of the timeline, and nothing of another incident.
async fn is_true(scene: &Scene, document: &Document) {
    let text = &document.markdown;
    for number in 1..=11 {
        let nonce = format!("mine-{number:02}");
        assert!(text.contains(&nonce), "{nonce} is missing: {text}");
    }
    assert!(!text.contains("decoy") && !text.contains("INC-1"), "nothing of another incident: {text}");
    let lines = scene.bot().app.store().timeline(&IncidentId::numbered(2), 500).await.unwrap();
    let mut told = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("- **[T")) {
        let id = line.split("#line-").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default();
        let of = lines.iter().find(|one| one.id == id);
        let of = of.unwrap_or_else(|| panic!("line {id} is none of this incident: {line}"));
        assert!(line.contains(&of.kind), "{line} is told of {of:?}");
        told += 1;
    }
    assert!(told > 15, "{told} lines of {}: {text}", lines.len());
    // Whatever else is said to be a fact names its lines, or the incident's own record.
    for fact in
        text.lines().filter(|line| line.starts_with("- ") && !line.starts_with("- **") && !line.starts_with("- *Not"))
    {
        let cited = fact.contains("](/incidents/INC-2?cursor=") || fact.ends_with("(from the incident's record)");
        assert!(cited, "{fact}");
    }
}

async fn played(way: &str) -> (Vec<Told>, Vec<String>) {
    let mut wanted = Given::new("");
    let shop = Kept::start(wanted.folder()).await;
    wanted.sections = given(&shop, &wanted);
    let scene = Scene::begin(way, wanted).await;
    outage(&scene, &shop).await;
    postmortem(&scene).await;
    let document = crate::support::eventually("the document is published", async || {
        scene
            .bot()
            .app
            .store()
            .document(&IncidentId::numbered(2), 1)
            .await
            .unwrap()
            .filter(|one| one.stored_ms.is_some())
    })
    .await;
    is_true(&scene, &document).await;
    let timeline = nameless(&scene.timeline(2).await);
    (scene.ends().await, timeline)
}

/// Without what is called otherwise each time: the alert's group, approvals, jobs. The deploy that a rollback is comes as an event
/// of its own, before or after the plugin has heard that its job is done: it stands at the end.
fn nameless(timeline: &[String]) -> Vec<String> {
    let group = timeline.iter().find_map(|line| line.split("for the alert ").nth(1)?.split(' ').next()).unwrap();
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', '.']);
        let is_id = bare.starts_with("A-") || (bare.len() == 36 && bare.matches('-').count() == 4);
        let is_job = bare.ends_with(')') && bare.len() == 9 && bare[..8].chars().all(|c| c.is_ascii_hexdigit());
        if is_id || is_job { word.replace(bare, "ID") } else { word.replace(group, "ID") }
    };
    let lines = timeline.iter().map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" "));
    let (deploys, mut lines): (Vec<_>, Vec<_>) = lines.partition(|line| line.contains(" deploy: "));
    lines.extend(deploys);
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_becomes_a_rollback_and_a_postmortem_on_both_platforms() {
    let mut timelines = Vec::new();
    for platform in ["slack", "discord"] {
        let way = if platform == "slack" { "slack socket" } else { "discord gateway" };
        let (told, timeline) = played(way).await;
        assert!(pictures::taken("outage", platform, &told).await > 3);
        assert!(!text(&told).contains("thinking…"), "every step is answered");
        timelines.push(timeline);
    }
    assert_eq!(timelines[0], timelines[1], "the same timeline wherever it happened");
    assert_eq!(timelines[0].join("\n"), include_str!("outage.txt").trim_end(), "the story that outage.txt tells");
}
