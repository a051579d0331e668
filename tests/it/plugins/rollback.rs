//! Rollbacks from end to end: a process that serves what a symbolic link points at, deploys that are recorded, and what people and the
//! plugin make of it.

mod alarm;
mod data;

use crate::support::bot::{HERE, SEV, Setup, TestBot, with_bot_of};
use crate::support::eventually;
use drillbell::commands::CommandAnswer;
use drillbell::model::approval::Approval;
use drillbell::model::deploy::Migration;
use drillbell::model::event::{DeployRecorded, Event};
use drillbell::model::ids::fresh;
use drillbell::model::job::{Job, JobState};
use drillbell::store::OutcomeStatus;
use serde_json::{Value, json};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

const PEOPLE: &str = "[people.ana]\nname = \"Ana\"\nconsole = \"ana\"\n[people.ben]\nname = \"Ben\"\nconsole = \"ben\"\n\
                      [people.carla]\nname = \"Carla\"\nconsole = \"carla\"\n";
const ROLLBACK: &str = "[plugins.rollback]\nsource = \"builtin:rollback\"\n\
    grants = [\"services\", \"deploys\", \"jobs:*\", \"approvals\", \"backups\", \"timers\", \"kv\", \"incidents:write\", \
    \"escalation\", \"status\", \"post:*\", \"page:*\", \"command:*\"]";

/// What starts the shop: it ends the process before and keeps what it found behind the link in its memory, as programs do.
const RESTART: &str = "cd \"$1\"\n[ -f pid ] && kill \"$(cat pid)\"\nread version <current/version\n\
    sleep 1000 >/dev/null 2>&1 </dev/null &\necho $! >pid\necho \"$version\" >running\necho \"$version\" >>restarts\n";

/// The shop's folder; its process ends with it.
struct Shop {
    place: PathBuf,
    port: u16,
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.place.join("pid")) {
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

impl Shop {
    /// v2 runs, v1 lies beside it; a request is answered with what the process that runs has in its memory.
    fn new(place: &Path) -> Self {
        for version in ["v1", "v2"] {
            std::fs::create_dir_all(place.join("releases").join(version)).unwrap();
            std::fs::write(place.join("releases").join(version).join("version"), format!("{version}\n")).unwrap();
        }
        for link in ["current", "other"] {
            std::os::unix::fs::symlink(place.join("releases/v2"), place.join(link)).unwrap();
        }
        std::fs::write(place.join("restart.sh"), RESTART).unwrap();
        let status = Command::new("sh").arg(place.join("restart.sh")).arg(place).status().unwrap();
        assert!(status.success());
        sets(place, 0);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let running = place.join("running");
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let _ = stream.read(&mut [0; 4096]);
                let body = std::fs::read_to_string(&running).unwrap_or_default();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { place: place.to_owned(), port }
    }

    fn answers(&self) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"GET /version HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split("\r\n\r\n").nth(1).unwrap_or_default().trim().to_owned()
    }

    fn restarts(&self) -> Vec<String> {
        let all = std::fs::read_to_string(self.place.join("restarts")).unwrap();
        all.lines().map(str::to_owned).collect()
    }
}

/// How many of a hundred requests fail, as the shop's own count says.
fn sets(place: &Path, errors: u32) {
    let file = rusqlite::Connection::open(place.join("shop.db")).unwrap();
    file.execute_batch(&format!(
        "create table if not exists seen (errors int); delete from seen; insert into seen values ({errors})"
    ))
    .unwrap();
}

fn setup(rules: &str) -> (Setup, Shop) {
    let setup = Setup::default();
    let place = setup.folder.path().join("shop");
    std::fs::create_dir_all(&place).unwrap();
    let shop = Shop::new(&place);
    let (port, at) = (shop.port, place.display());
    let strategy = |name: &str, link: &str| {
        format!(
            "[services.shop.rollback.strategies.{name}]\nkind = \"release\"\nlink = \"{at}/{link}\"\nreleases = \"{at}/releases\"\n"
        )
    };
    let config = format!(
        "[channels]\nops = \"console:#ops\"\nalerts = \"console:#ops\"\n\
         [commands.restart-shop]\nargv = [\"sh\", \"{at}/restart.sh\", \"{at}\"]\nbackground = true\n\
         [probes.shop-errors]\nurl = \"sqlite:{at}/shop.db\"\nquery = \"select errors from seen\"\nunit = \"errors\"\nwindow = \"1m\"\nabove = 1000\nevery = \"1d\"\n\
         [services.shop]\nhealth = \"http://127.0.0.1:{port}/version\"\nrestart = \"restart-shop\"\n\
         [services.shop.criteria.errors]\nprobe = \"shop-errors\"\nwhen = \"> 5\"\n\
         [services.shop.verify.errors]\nprobe = \"shop-errors\"\nexpect = \"< 1\"\n\
         [services.shop.rollback]\norder = [\"release\", \"second\"]\n{}{}\
         {rules}\n{ROLLBACK}\n{SEV}\n{PEOPLE}",
        strategy("release", "current"),
        strategy("second", "other"),
    );
    (Setup { config, ..setup }, shop)
}

async fn deploys(bot: &TestBot, version: &str, previous: &str, schema: &str, migrations: &[&str]) {
    let event = Event::DeployRecorded(DeployRecorded {
        service: "shop".to_owned(),
        version: version.to_owned(),
        previous: previous.to_owned(),
        commit: String::new(),
        schema: schema.to_owned(),
        migrations: migrations
            .iter()
            .map(|name| Migration { name: (*name).to_owned(), ..Migration::default() })
            .collect(),
        disagrees: String::new(),
        by: "ci".to_owned(),
        at_ms: bot.app.store().now_ms(),
        rollback: false,
    });
    let answer = bot.delivers_event(&fresh(), event).await;
    assert_eq!(answer.status, OutcomeStatus::Ok, "{answer:?}");
}

async fn jobs(bot: &TestBot, kind: &str) -> Vec<Job> {
    let mut jobs = bot.app.store().jobs_of(&"rollback".into(), false, 100).await.unwrap();
    jobs.retain(|job| job.kind == kind);
    jobs
}

async fn status(bot: &TestBot) -> Value {
    let answer = bot.ana("/rollback status shop").await;
    answer.data.expect("data")["services"][0].clone()
}

/// Waits until the last attempt stands so.
async fn stands(bot: &TestBot, wanted: &str) -> Value {
    eventually(&format!("the shop {wanted}"), async || {
        let status = status(bot).await;
        (status["stands"] == wanted).then_some(status)
    })
    .await
}

async fn open_approval(bot: &TestBot) -> Approval {
    eventually("somebody is asked", async || bot.app.store().open_approvals(10).await.unwrap().into_iter().next()).await
}

async fn approves(bot: &TestBot, who: &str) -> CommandAnswer {
    let id = open_approval(bot).await.id;
    bot.types(who, HERE, &format!("/drillbell approve {id}")).await
}

const FREE: &str = "[[policy]]\njob = \"rollback\"\napprovals = 0\n";

/// Runs a test on a shop with these rules, on both engines; v1 was deployed a minute ago.
fn on_shop(rules: &str, test: impl AsyncFn(&TestBot, &Shop)) {
    on(|| setup(rules), test);
}

fn on(made: impl Fn() -> (Setup, Shop), test: impl AsyncFn(&TestBot, &Shop)) {
    let next = Cell::new(None);
    with_bot_of(
        || {
            let (setup, shop) = made();
            next.set(Some(shop));
            setup
        },
        async |bot| {
            // It ends with the test, before the bot does.
            let shop = next.take().unwrap();
            deploys(&bot, "v1", "", "none", &[]).await;
            bot.clock.advance(60_000);
            test(&bot, &shop).await;
        },
    );
}

/// Two attempts, neither of which helps.
async fn fails_twice(bot: &TestBot) {
    for (nth, stand) in [(1, "the last attempt failed"), (2, "two attempts have failed")] {
        bot.ana("/rollback run shop").await;
        eventually(stand, async || {
            bot.timers_handled().await;
            let now = status(bot).await;
            // What measures over a window asks again as time goes by; a look in hand has a limit by the same clock.
            let looking = jobs(bot, "assess").await.iter().any(|job| job.state == JobState::Running);
            if now["attempts"][nth - 1]["state"] == "verifying" && !looking {
                bot.clock.advance(61_000);
            }
            (now["failed"] == nth).then_some(())
        })
        .await;
        stands(bot, stand).await;
    }
}

#[test]
fn a_bad_release_is_checked_planned_approved_rolled_back_and_verified() {
    on_shop("", async |bot, shop| {
        deploys(bot, "v2", "v1", "none", &[]).await;
        sets(&shop.place, 50);
        assert_eq!(shop.answers(), "v2");
        let plan = bot.ana("/rollback plan shop").await;
        let spec = plan.data.as_ref().expect("data")["spec"].clone();
        assert_eq!((&spec["strategy"], &spec["from"], &spec["to"]), (&json!("release"), &json!("v2"), &json!("v1")));
        assert_eq!(shop.answers(), "v2", "a plan changes nothing");

        let asked = bot.ana("/rollback run shop").await;
        assert_eq!(asked.status, OutcomeStatus::Pending, "{asked:?}");
        assert_eq!(approves(bot, "ana").await.status, OutcomeStatus::Refused, "who asked does not count");
        assert_eq!((jobs(bot, "rollback").await[0].state, shop.answers()), (JobState::Held, "v2".to_owned()));
        let twice = bot.types("ben", HERE, "/rollback run shop").await;
        assert!(twice.text.contains("is being rolled back already"), "{}", twice.text);
        sets(&shop.place, 0);
        assert_eq!(approves(bot, "ben").await.status, OutcomeStatus::Ok);
        let status = stands(bot, "rolled back, and well").await;
        assert_eq!((&status["runs"], &status["attempts"][0]["state"]), (&json!("v1"), &json!("verified")));
        assert_eq!(shop.answers(), "v1", "the process that was restarted answers");
        assert_eq!(shop.restarts(), ["v2", "v1"], "once");
        let newest = eventually("it is on record", async || {
            let deploys = bot.app.store().deploys(Some("shop"), 1, None).await.unwrap();
            deploys.into_iter().next().filter(|deploy| deploy.record.rollback)
        })
        .await;
        assert_eq!((newest.record.version.as_str(), newest.record.previous.as_str()), ("v1", "v2"));
        let evidence = bot.ana("/rollback evidence shop").await;
        let record = evidence.data.expect("data");
        assert_eq!(record["more"]["verify"][0]["status"], "pass");
        let name = format!("evidence/shop/{:08}", record["number"].as_u64().expect("a number"));
        bot.ana("/rollback evidence shop --file").await;
        let folder = bot.app.config().server.data_dir.join("artifacts");
        let written = eventually("it is written as files", async || {
            let read = |ending: &str| std::fs::read_to_string(folder.join(format!("{name}.{ending}"))).ok();
            Some((read("json")?, read("md")?))
        })
        .await;
        assert_eq!(serde_json::from_str::<Value>(&written.0).unwrap(), record, "as it was frozen");
        assert!(written.1.starts_with("# shop: evidence ") && written.1.contains("## Attempts"), "{}", written.1);
    });
}

#[test]
fn after_the_second_failure_there_is_one_p0_and_no_third_attempt() {
    on_shop(FREE, async |bot, shop| {
        deploys(bot, "v2", "v1", "none", &[]).await;
        sets(&shop.place, 50);
        fails_twice(bot).await;
        assert_eq!(jobs(bot, "rollback").await.len(), 2);
        let incidents = bot.app.store().incidents(true, 10).await.unwrap();
        assert_eq!(incidents.len(), 1, "{incidents:?}");
        assert_eq!(incidents[0].severity.as_str(), "sev1");
        let refused = bot.ana("/rollback run shop").await;
        assert_eq!(refused.status, OutcomeStatus::Refused);
        assert!(refused.text.contains("--again REASON"), "{}", refused.text);
        bot.clock.advance(3_600_000);
        bot.timers_handled().await;
        assert_eq!(jobs(bot, "rollback").await.len(), 2, "nothing is tried by itself");
        assert_eq!(bot.app.store().incidents(false, 10).await.unwrap().len(), 1);
        let lines = bot.app.store().timeline(&incidents[0].id, 500).await.unwrap();
        let timeline = lines.iter().map(|line| format!("{line:?}\n")).collect::<String>();
        assert!(timeline.contains("two attempts have failed: P0"), "{timeline}");
    });
}

#[test]
fn code_alone_does_not_go_back_over_a_contract_migration() {
    on_shop(FREE, async |bot, shop| {
        deploys(bot, "v2", "v1", "contract", &["0042_drop_email"]).await;
        for line in ["/rollback run shop", "/rollback run shop --strategy release", "/rollback plan shop"] {
            let refused = bot.ana(line).await;
            assert_eq!(refused.status, OutcomeStatus::Refused, "{line}");
            assert!(refused.text.contains("0042_drop_email"), "{line}: {}", refused.text);
        }
        assert!(jobs(bot, "rollback").await.is_empty());
        assert_eq!((shop.answers(), shop.restarts()), ("v2".to_owned(), vec!["v2".to_owned()]));
    });
}
