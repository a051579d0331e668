//! The demo's shop: a process of its own that breaks for real and is mended, with an alert in between.

use super::demo::Demo;
use super::program::{Called, call};
use crate::support::eventually;
use crate::support::sse::Events;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The demo's probe looks every five seconds; a test has less time.
const QUICK: [(&str, &str); 2] = [("DRILLBELL__PROBES__SHOP__EVERY", "1s"), ("DRILLBELL__PROBES__SHOP__TIMEOUT", "1s")];

/// What stands around the demo in a folder.
struct Around {
    folder: tempfile::TempDir,
    http: reqwest::Client,
}

impl Around {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { folder: tempfile::tempdir().unwrap(), http: reqwest::Client::new() }
    }

    fn demo(&self) -> Demo {
        Demo::start_with(self.folder.path(), &["--no-scenario"], &QUICK)
    }

    /// A command, followed to its end.
    fn run(&self, text: &str) -> Called {
        call(self.folder.path(), &["run", "--config", "here/drillbell.toml", "--json", text])
    }

    fn shop(&self) -> PathBuf {
        self.folder.path().join("here/shop")
    }

    /// The status of one of the shop's pages; `None` while nobody answers.
    async fn status(&self, path: &str) -> Option<u16> {
        let port = std::fs::read_to_string(self.shop().join("port")).ok()?;
        let answer = self.http.get(format!("http://127.0.0.1:{}{path}", port.trim())).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    async fn answers(&self, path: &str, status: u16) {
        let what = format!("{path} answers with {status}");
        eventually(&what, async || (self.status(path).await == Some(status)).then_some(())).await;
    }

    /// The shop's process.
    fn pid(&self) -> i32 {
        let text = std::fs::read_to_string(self.shop().join("process.json")).unwrap();
        i32::try_from(serde_json::from_str::<Value>(&text).unwrap()["pid"].as_i64().unwrap()).unwrap()
    }

    async fn is_gone(&self, pid: i32) {
        let gone = || drillbell::ops::child::tree::stat(pid).is_none_or(|stat| stat.ended);
        eventually("the shop's process is gone", async || gone().then_some(())).await;
        assert_eq!(self.status("/healthz").await, None);
    }

    /// A request to the demo.
    fn ask(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let file = std::fs::read_to_string(self.folder.path().join("here/api.json")).unwrap();
        let file: Value = serde_json::from_str(&file).unwrap();
        let url = format!("{}{path}", file["url"].as_str().unwrap());
        self.http.request(method, url).bearer_auth(file["token"].as_str().unwrap())
    }

    /// What is said in `#alerts`, from the beginning.
    async fn alerts(&self) -> Events {
        let path = "/api/v1/console/stream?channel=%23alerts&as=ana&last=50";
        Events::open(self.ask(reqwest::Method::GET, path)).await
    }

    fn version(&self) -> String {
        std::fs::read_link(self.shop().join("current")).unwrap().to_str().unwrap().to_owned()
    }
}

/// The next line of the stream about the shop's own probe that says this.
async fn card(events: &mut Events, says: &str) -> Value {
    let looking = async {
        loop {
            let item = events.next().await.expect("the stream goes on");
            let text = item["payload"].to_string();
            if text.contains("probe=shop\"") && text.contains(says) {
                return item;
            }
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, looking).await.unwrap_or_else(|_| panic!("no card says {says}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_told_declared_and_over_when_it_is_mended() {
    let around = Around::new();
    let demo = around.demo();
    around.answers("/", 200).await;
    let mut alerts = around.alerts().await;

    let broken = around.run("/demo break").json();
    assert_eq!((&broken["status"], &broken["data"]["version"]), (&json!("ok"), &json!("v3")), "{broken}");
    assert!(broken["text"].as_str().unwrap().contains("a card comes up in #alerts"), "{broken}");
    assert_eq!(around.version(), "releases/v3");
    assert_eq!((around.status("/").await, around.status("/readyz").await), (Some(500), Some(503)));
    let again = around.run("/demo break slow");
    assert!(again.code == 1 && again.stdout.contains("Mend that first"), "{again:?}");

    let fired = card(&mut alerts, "Declare sev2").await;
    assert_eq!(fired["kind"], "post");
    let click = json!({"message": fired["message"], "action": "declare", "as": "ana"});
    let clicked = around.ask(reqwest::Method::POST, "/api/v1/actions?wait=20").json(&click);
    let clicked = clicked.header("Idempotency-Key", "declare-it").send().await.unwrap();
    assert!(clicked.status().is_success(), "{clicked:?}");
    card(&mut alerts, "INC-1").await;
    assert!(around.run("/sev show INC-1").stdout.contains("sev2"));

    let healed = around.run("/demo heal").json();
    assert_eq!((&healed["status"], &healed["data"]["fault"]), (&json!("ok"), &json!("release")), "{healed}");
    let over = card(&mut alerts, "Resolved after").await;
    assert_eq!((&over["kind"], &over["message"]), (&json!("edit"), &fired["message"]), "the same card, edited");
    assert_eq!((around.version().as_str(), around.status("/").await), ("releases/v2", Some(200)));
    let well = around.run("/demo heal");
    assert!(well.code == 1 && well.stdout.contains("nothing to mend"), "{well:?}");
    assert!(around.run("/sev resolve the release was taken back").stdout.contains("INC-1"));
    demo.stop(Signal::SIGTERM);

    let trail = call(around.folder.path(), &["audit", "export", "--config", "here/drillbell.toml"]).stdout;
    let lines: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The host's own; each plugin's share has a record of its own.
    let deploy = |record: &&Value| record["kind"] == "deploy" && record["plugin"] == "drillbell";
    let records = lines.iter().map(|line| &line["record"]).filter(deploy);
    let versions = records.map(|record| &record["detail"]["version"]);
    assert_eq!(versions.collect::<Vec<_>>(), ["v3", "v2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_release_is_checked_planned_approved_rolled_back_verified_and_the_shop_recovers() {
    let around = Around::new();
    let demo = around.demo();
    around.answers("/", 200).await;
    let mut alerts = around.alerts().await;
    assert_eq!(around.run("/demo break").json()["status"], "ok");
    let fired = card(&mut alerts, "Declare sev2").await;
    around.answers("/", 500).await;
    // Once enough requests have failed, the numbers say so.
    eventually("the numbers speak for it", async || {
        let checked = around.run("/rollback check shop");
        (checked.code == 0 && checked.stdout.contains("shop: roll back")).then_some(())
    })
    .await;
    let plan = around.run("/rollback plan shop").json();
    let spec = &plan["data"]["spec"];
    assert_eq!((&spec["from"], &spec["to"], &spec["strategy"]), (&json!("v3"), &json!("v2"), &json!("release")));
    assert_eq!(around.version(), "releases/v3", "a plan changes nothing");
    let asked = around.run("/rollback run shop");
    assert_eq!((asked.code, around.version().as_str()), (3, "releases/v3"), "{asked:?}");
    let id = asked.stdout.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find(|word| word.starts_with("A-"));
    let approves = format!("/drillbell approve {}", id.expect("the approval is named"));
    let as_somebody = |user: &str| {
        call(around.folder.path(), &["run", "--config", "here/drillbell.toml", "--json", "--as", user, &approves])
    };
    assert_eq!(as_somebody("ana").json()["status"], "refused", "whoever asked does not count");
    assert_eq!(as_somebody("ben").json()["status"], "ok");
    let status = eventually("it is verified", async || {
        let status = around.run("/rollback status shop").json()["data"]["services"][0].clone();
        (status["stands"] == "rolled back, and well").then_some(status)
    })
    .await;
    assert_eq!((&status["runs"], &status["attempts"][0]["state"]), (&json!("v2"), &json!("verified")), "{status}");
    let (version, answer) = (around.version(), around.status("/").await);
    assert!(version.ends_with("/releases/v2") && answer == Some(200), "{version}: {answer:?}");
    let over = card(&mut alerts, "Resolved after").await;
    assert_eq!((&over["kind"], &over["message"]), (&json!("edit"), &fired["message"]), "the alert's card is over too");
    let deploys = around.run("/rollback deploys shop").json();
    let newest = &deploys["data"]["deploys"][0];
    assert_eq!((&newest["version"], &newest["previous"]), (&json!("v2"), &json!("v3")), "it is on record: {deploys}");
    demo.stop(Signal::SIGTERM);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_never_outlives_the_demo_and_is_as_it_was_when_that_comes_back() {
    let around = Around::new();
    let mut demo = around.demo();
    around.answers("/healthz", 200).await;
    let pid = around.pid();
    demo.child.kill().unwrap();
    demo.child.wait().unwrap();
    around.is_gone(pid).await;
    drop(demo);

    let port = std::fs::read_to_string(around.shop().join("port")).unwrap();
    let demo = around.demo();
    around.answers("/", 200).await;
    assert_eq!(std::fs::read_to_string(around.shop().join("port")).unwrap(), port);
    assert_eq!(around.run("/demo break down").json()["status"], "ok");
    assert_eq!(around.status("/healthz").await, None);
    demo.stop(Signal::SIGTERM);

    let demo = around.demo();
    assert_eq!(around.status("/healthz").await, None, "it was meant to stand still");
    assert_eq!(around.run("/demo heal").json()["status"], "ok");
    assert_eq!(around.status("/").await, Some(200));
    let pid = around.pid();
    demo.stop(Signal::SIGTERM);
    around.is_gone(pid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switched_link_counts_from_the_next_start_on_and_what_ends_is_started_again() {
    let around = Around::new();
    let demo = around.demo();
    around.answers("/", 200).await;
    let shop = |word: &str| call(around.folder.path(), &["__shop", word, "here/shop"]);
    let (new, current) = (around.shop().join("new"), around.shop().join("current"));
    std::os::unix::fs::symlink(Path::new("releases/v1"), &new).unwrap();
    std::fs::rename(&new, &current).unwrap();
    assert_eq!(shop("restart").stdout, "the shop runs v1\n");
    assert_eq!(shop("stop").stdout, "the shop stands still\n");
    assert_eq!(around.status("/").await, None);
    assert_eq!(shop("start").stdout, "the shop runs v1\n");

    let pid = around.pid();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    eventually("another process is the shop", async || (around.pid() != pid).then_some(())).await;
    around.answers("/readyz", 200).await;
    demo.stop(Signal::SIGTERM);
    let nobody = shop("dance");
    assert!(nobody.code == 1 && nobody.stderr.contains("serve, restart, stop or start"), "{nobody:?}");
}

#[test]
fn only_the_demo_has_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let run = |text: &str| call(folder.path(), &["run", "--config", "here/drillbell.toml", text]);
    let demo = Demo::start(folder.path(), &["--no-scenario"]);
    assert!(run("/drillbell help").stdout.contains("/demo"));
    for (text, says) in [
        ("/demo", "/demo heal"),
        ("/demo break --help", "release|errors|slow|down"),
        ("/drillbell demo heal", "nothing to mend"),
        ("/demo brake", "did you mean 'break'?"),
        ("/demo break everything", "release"),
    ] {
        let answer = run(text);
        assert!(answer.stdout.contains(says), "{text}: {answer:?}");
    }
    demo.stop(Signal::SIGTERM);
    // The same folder and configuration, but nobody keeps a shop running.
    let refused = run("/demo break");
    assert!(refused.code == 1 && refused.stdout.contains("There is no command"), "{refused:?}");
    assert!(!run("/drillbell help").stdout.contains("/demo"));
}
