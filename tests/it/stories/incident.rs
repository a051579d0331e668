//! The whole of `/sev` by two people: declared, raised, paged, acknowledged, led, worked on, told, merged, resolved, reopened, and read
//! again. The same on every platform, and in the end the same timeline.

use super::pictures;
use super::scene::{Scene, Told, text};
use super::way::Who::{Ana, Ben};
use super::{Given, WAYS};
use std::collections::BTreeMap;

const HERE: &str = "#incidents";

/// What it needs: a ladder whose first level is Ben.
fn given() -> Given {
    Given::new(
        "[channels]\nincidents = \"CHAT:#incidents\"\nops = \"CHAT:#ops\"\n\
         [escalation.default]\nseverities = [\"sev1\"]\n\
         levels = [{ after = \"0s\", notify = [\"ben\"] }, { after = \"5m\", notify = [\"ana\"] }]\n\
         [plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
         grants = [\"kv\", \"timers\", \"escalation\", \"incidents:write\", \"status\", \"post:*\", \"conversations\", \"reactions\"]\n",
    )
}

/// What people write may look like anything.
const HOSTILE: &str = "traffic moved to <!channel> & @everyone, *not* [x](https://evil.example)";

async fn story(scene: &Scene) {
    let declared = [("level", "sev2"), ("title", "checkout is down"), ("--service", "shop")];
    scene.types(Ana, HERE, "/sev declare", &declared).await;
    let card = scene.reads(Ben, "INC-1 · sev2 · checkout is down").await;
    scene.types(Ana, HERE, "/sev note", &[("text", "two of three replicas are gone")]).await;
    scene.later(1).await;

    scene.types(Ana, HERE, "/sev level", &[("level", "sev1"), ("--reason", "payments fail too")]).await;
    let page = scene.reads(Ben, "You are level 1.").await;
    assert!(!scene.can_read(Ana, "You are level 1.").await, "only Ben is paged");
    scene.later(2).await;
    scene.presses(Ben, &page, "Acknowledge").await;
    scene.reads(Ana, "Ben has INC-1").await;
    scene.presses(Ben, &card, "Claim commander").await;
    assert!(!scene.now(Ana, &card).await.offers("Claim commander"), "who comes too late is offered nothing");
    scene.types(Ana, HERE, "/sev role", &[("role", "communications")]).await;
    let task = [("action", "add"), ("text", "move traffic away"), ("--owner", "@ana"), ("--due", "+10m")];
    scene.types(Ben, HERE, "/sev task", &task).await;
    let entries = [("What is so now?", HOSTILE), ("Status", "identified")];
    scene.fills(Ana, &card, "Update", &entries).await;

    scene.later(3).await;
    scene.types(Ana, HERE, "/sev declare", &[("level", "sev3"), ("title", "refunds fail")]).await;
    scene.reads(Ana, "INC-2 · sev3 · refunds fail").await;
    scene.types(Ana, HERE, "/sev merge", &[("id", "INC-2"), ("--into", "INC-1")]).await;
    scene.types(Ana, HERE, "/sev task", &[("action", "done"), ("text", "1")]).await;
    scene.presses(Ben, &card, "Monitoring").await;

    scene.later(30).await;
    let due = scene.reads(Ana, "INC-1: an update is due").await;
    scene.presses(Ana, &due, "Snooze 10 min").await;
    scene.later(10).await;
    let due = scene.reads(Ana, "INC-1: an update is due").await;
    scene.fills(Ana, &due, "Update", &[("What is so now?", "the error rate is back to normal")]).await;
    let handed = [("role", "commander"), ("person", "@ana"), ("--note", "watch the error rate")];
    scene.types(Ben, HERE, "/sev role", &handed).await;
    scene.types(Ana, HERE, "/sev resolve", &[("text", "the old certificate expired; replaced")]).await;
    scene.reads(Ben, "INC-1 is resolved after 46 min").await;
    scene.later(2).await;
    scene.types(Ben, HERE, "/sev reopen", &[("id", "INC-1"), ("--reason", "one replica still has it")]).await;
    assert!(!scene.now(Ana, &card).await.offers("Resolve"), "its card is further down now");
    let card = scene.reads(Ana, "Order: 1 restore the service").await;
    scene.later(3).await;
    scene.presses(Ana, &card, "Resolve").await;

    scene.types(Ana, HERE, "/sev timeline", &[("id", "INC-1"), ("--limit", "50")]).await;
    assert!(!scene.can_read(Ben, "Timeline of INC-1").await, "it is an answer for her alone");
    scene.types(Ana, HERE, "/sev timeline", &[("id", "INC-1"), ("--export", "md")]).await;
    scene.types(Ben, HERE, "/sev stats", &[("--since", "1d")]).await;
    scene.types(Ben, HERE, "/sev list", &[("--all", "")]).await;
    scene.types(Ben, HERE, "/sev show", &[("id", "INC-7")]).await;
}

/// What every one of these people must have been told, in words.
const SAID: [&str; 9] = [
    "press Acknowledge",
    "INC-1 is now sev1 (was sev2)",
    "Acknowledged: nobody else is paged",
    "Ben is commander of INC-1 now",
    "move traffic away",
    "@everyone",
    "INC-2 is merged into INC-1",
    "one replica still has it",
    "There is no INC-7",
];

/// What was told by steps. What one step brings to the same place by two ways, a page and an answer, comes in either order.
fn unordered(text: &str) -> Vec<Vec<&str>> {
    let mut steps: Vec<Vec<&str>> = text.split("\n\n> ").map(|step| step.split("\n\n(").collect()).collect();
    steps.iter_mut().for_each(|parts| parts.sort_unstable());
    steps
}

/// Played on one platform: what was told, and the timelines in the end.
async fn played(way: &str) -> (Vec<Told>, Vec<String>) {
    let scene = Scene::begin(way, given()).await;
    story(&scene).await;
    let timeline = [scene.timeline(1).await, scene.timeline(2).await].concat();
    (scene.ends().await, timeline)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_incident_goes_the_same_way_on_every_platform_in_every_mode() {
    let mut stories: BTreeMap<&str, String> = BTreeMap::new();
    let mut timelines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for way in WAYS {
        let (told, timeline) = played(way).await;
        let text = text(&told);
        for words in SAID {
            assert!(text.contains(words), "{way}: nobody reads {words:?}:\n{text}");
        }
        assert!(!text.contains("thinking…"), "{way}: every step is answered:\n{text}");
        let platform = way.split(' ').next().unwrap();
        if let Some(before) = stories.insert(platform, text.clone()) {
            assert_eq!(unordered(&before), unordered(&text), "{platform} shows the same in both modes");
        } else if platform != "console" {
            assert!(pictures::taken("sev", platform, &told).await > 3);
        }
        timelines.insert(way, timeline);
    }
    let one = &timelines["console"];
    for (way, timeline) in &timelines {
        assert_eq!(timeline, one, "{way}: the timeline is the same wherever it happened");
    }
}
