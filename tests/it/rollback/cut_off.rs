//! The shipped program, killed in every program that a way back runs, right before it does its work and right after it has: what was done
//! is counted on the thing itself. A finished stage is never done again; one in doubt asks first, unless doing it twice is as once.

use super::data::{copied, upgraded};
use super::git::Repo;
use super::{PLUGIN, Shop, cluster, command, data, is_in, program, spec};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::postgres::{binaries, psql};
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::jobs::AGAIN;
use drillbell::model::job::{Job, JobState};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// Writes down what begins and what has ended, and stands still once where the test says.
const HOLD: &str = "hold() { echo \"$1\" >> DIR/done; [ \"$(cat DIR/hold 2>/dev/null)\" = \"$1\" ] || return 0; rm DIR/hold; : > DIR/held; while :; do sleep 0.05; done; }\n\
                    held() { what=$1; shift; hold \"before $what\"; \"$@\"; code=$?; hold \"after $what\"; return $code; }\n";

/// A way back on real things.
struct Way {
    shop: Shop,
    sections: String,
    spec: Value,
    /// The programs that are counted, each of which runs once when nobody is killed.
    once: &'static [&'static str],
}

impl Shop {
    /// A program of the way back that can be held: `script` is what it does instead of the real one; `held WORD PROGRAM …` in it is counted.
    fn holdable(&self, name: &str, script: &str) {
        program(self, name, &format!("{}{script}", HOLD.replace("DIR", self.dir())));
    }

    fn done(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("done")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Way {
    fn setup(&self, home: &Home) -> Setup {
        let path = Some(self.path());
        let (config, folder) = (self.config(), home.folder.clone());
        Setup { config, folder, path, clock: Clock::system(), ..Setup::default() }
    }

    fn path(&self) -> String {
        format!("{}/bin:/usr/local/bin:/usr/bin:/bin", self.shop.dir())
    }

    fn config(&self) -> String {
        format!("{}{PEOPLE}", self.sections.replace(PLUGIN, &from_file(PLUGIN)))
    }

    /// Kills the program at a point, and lets another bot bring it to its end; `asks`: somebody has to say that it is done again.
    async fn killed(&self, database: &TestDatabase, home: &Home, at: &str, asks: bool) -> Job {
        std::fs::write(self.shop.path("hold"), at).unwrap();
        let process = home.start(&[("PATH", self.path().as_str())]).await;
        let asked = command(&self.spec, "back");
        let held = eventually(at, async || self.shop.path("held").exists().then_some(()));
        tokio::select! {
            answer = process.command("doomed", &asked) => panic!("{at}: the job ended: {answer:?}"),
            () = held => {}
        }
        process.kill();
        let before = self.shop.done();
        let bot = TestBot::start(database, self.setup(home)).await;
        if asks {
            let job = is_in(&bot, "back", JobState::Lost).await;
            assert_eq!(self.shop.done(), before, "{at}: nothing happens before somebody has decided");
            bot.clicks("ana", &job.card.unwrap(), AGAIN).await;
        }
        let job = eventually(&format!("{at}: it is done"), async || {
            let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
            let job = jobs.into_iter().find(|job| job.title == "back")?;
            let left =
                matches!(job.state, JobState::Running | JobState::Ready) || (asks && job.state == JobState::Lost);
            (!left).then_some(job)
        })
        .await;
        assert_eq!(job.state, JobState::Done, "{at}: {:?}", job.result);
        bot.finish().await;
        self.counts(at);
        assert_eq!(self.shop.get().as_deref(), Some("1.0"), "{at}: the process that was restarted answers");
        job
    }

    /// Each program has run once, but for the one that was cut off: that one twice at most.
    fn counts(&self, at: &str) {
        let done = self.shop.done();
        let count = |word: &str| done.iter().filter(|line| *line == word).count();
        let cut = at.split_once(' ').unwrap().1;
        for word in self.once {
            let (begun, ended) = (count(&format!("before {word}")), count(&format!("after {word}")));
            match *word == cut {
                true => assert!((1..=2).contains(&begun) && (1..=2).contains(&ended), "{at}: {done:?}"),
                false => assert_eq!((begun, ended), (1, 1), "{at}: {word} was finished: {done:?}"),
            }
        }
        let marks = self.shop.marks();
        let of = |word: &str| marks.iter().filter(|mark| *mark == word).count();
        assert!(of("start") <= 1, "{at}: it is started once: {marks:?}");
    }
}

/// Runs a way through its points, each on things of its own.
async fn each(points: &[(&str, bool)], way: impl AsyncFn() -> Way, after: impl Fn(&Way, &str)) {
    for &(at, asks) in points {
        let database = TestDatabase::sqlite();
        let way = way().await;
        let home = Home::of(&database, &way.config());
        way.killed(&database, &home, at, asks).await;
        after(&way, at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_that_is_cut_off_is_made_once_and_pushed_once() {
    let way = async || {
        let Repo { shop, sections } = Repo::new().await;
        shop.holdable(
            "git",
            "case \"$3 $4\" in 'revert --no-edit') held revert /usr/bin/git \"$@\"; exit $?;;\n\
             'push --quiet') held push /usr/bin/git \"$@\"; exit $?;; esac\nexec /usr/bin/git \"$@\"",
        );
        // In the middle of a revert: the second of its commits is being made.
        let hook = shop.path("repo/.git/hooks/prepare-commit-msg");
        let script = "echo x >> DIR/commits; [ \"$(wc -l < DIR/commits)\" -ne 2 ] || hold 'in revert'\n";
        let script = format!("#!/bin/sh\n{HOLD}{script}").replace("DIR", shop.dir());
        std::fs::write(&hook, script).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        Way { shop, sections, spec: spec("git", json!({})), once: &["revert", "push"] }
    };
    let points = [
        ("before revert", false),
        ("in revert", false),
        ("after revert", false),
        ("before push", true),
        ("after push", true),
    ];
    each(&points, way, |way, at| {
        let there = |args: &[&str]| super::says(&way.shop.path("remote.git"), "git", args);
        assert_eq!(there(&["rev-parse", "main^{tree}"]), there(&["rev-parse", "1.0^{tree}"]), "{at}");
        assert_eq!(there(&["rev-list", "--count", "2.0..main"]), "4", "{at}: each commit is reverted once");
        let here = super::says(&way.shop.path("repo"), "git", &["status", "--porcelain", "--branch"]);
        assert_eq!(here, "## main...origin/main", "{at}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_cut_off_is_run_anew_only_after_somebody_was_asked() {
    let way = async || {
        let shop = Shop::new("sed -n s/^SHOP_TAG=//p DIR/.env");
        let dir = shop.dir().to_owned();
        std::fs::write(shop.path("compose.yml"), "services: {}\n").unwrap();
        std::fs::write(shop.path(".env"), "SHOP_TAG=2.0\n").unwrap();
        shop.holdable(
            "docker",
            "case \"$*\" in *' pull '*) held pull true;; *' up '*) held up true;; *) exit 1;; esac",
        );
        assert_eq!(shop.start().await, "2.0");
        let sections = shop.sections(&format!(
            "[services.shop.rollback.strategies.image]\nkind = \"container\"\ntool = \"compose\"\n\
             file = \"{dir}/compose.yml\"\nservice = \"web\"\nvariable = \"SHOP_TAG\"\nafter = [\"start\"]"
        ));
        Way { shop, sections, spec: spec("image", json!({})), once: &["pull", "up"] }
    };
    let points = [("before pull", false), ("after pull", false), ("before up", true), ("after up", true)];
    each(&points, way, |way, at| {
        assert_eq!(std::fs::read_to_string(way.shop.path(".env")).unwrap(), "SHOP_TAG=1.0\n", "{at}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_cut_off_is_set_anew_only_after_somebody_was_asked() {
    let way = async || {
        let (shop, sections) = cluster::deployed().await;
        std::fs::rename(shop.path("bin/kubectl"), shop.path("bin/real-kubectl")).unwrap();
        let real = format!("{}/bin/real-kubectl", shop.dir());
        shop.holdable(
            "kubectl",
            &format!(
                "case \"$*\" in *' set image '*) held set-image {real} \"$@\";; *' rollout '*) held rollout {real} \"$@\";;\n\
                 *) exec {real} \"$@\";; esac"
            ),
        );
        Way { shop, sections, spec: spec("cluster", json!({})), once: &["set-image", "rollout"] }
    };
    let points =
        [("before set-image", true), ("after set-image", true), ("before rollout", false), ("after rollout", false)];
    each(&points, way, |way, at| {
        let image = std::fs::read_to_string(way.shop.path("image")).unwrap();
        assert_eq!(image, "registry.example.org/shop:1.0\n", "{at}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_cut_off_goes_back_once_and_no_row_is_lost() {
    let points = [("before save", true), ("after save", true), ("before down", true), ("after down", true)];
    for (at, asks) in points {
        let (shop, url, sections) = data::shop().await;
        upgraded(&url);
        // Done twice it is as once, as what may be asked to be done again should be.
        std::fs::write(shop.path("down.sql"), "alter table orders drop column if exists discount;\n").unwrap();
        let tool = binaries().join("psql").to_str().unwrap().to_owned();
        let script = format!(
            "case \"$*\" in *save.sql*) held save {tool} \"$@\";; *down.sql*) held down {tool} \"$@\";; *) exec {tool} \"$@\";; esac"
        );
        shop.holdable("held-psql", &script);
        let sections = sections.replace(&format!("[\"{tool}\""), &format!("[\"{}/bin/held-psql\"", shop.dir()));
        let more = json!({"migrations": ["0002_discount"], "migrate_to": "0001_orders"});
        let way = Way { shop, sections, spec: spec("schema", more), once: &["save", "down"] };
        let database = TestDatabase::sqlite();
        let home = Home::of(&database, &way.config());
        let job = way.killed(&database, &home, at, asks).await;
        let column =
            "select count(*) from information_schema.columns where table_name = 'orders' and column_name = 'discount'";
        assert_eq!(
            (psql(&url, column).as_str(), psql(&url, "select count(*) from orders").as_str()),
            ("0", "10"),
            "{at}"
        );
        let saved = std::fs::read_to_string(way.shop.path("saved")).unwrap();
        assert_eq!(saved.lines().count(), 10, "{at}: what would be lost was saved before");
        let result: Value = serde_json::from_str(&job.result.unwrap()).unwrap();
        assert_eq!(result["result"]["safety"].as_array().map(Vec::len), Some(1), "{at}: {result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_cut_off_is_done_anew_only_after_somebody_was_asked_and_is_whole() {
    for at in ["before pg_restore", "after pg_restore"] {
        let (shop, url, sections) = data::shop().await;
        // The programs of the server, one of which can be held.
        std::fs::create_dir_all(shop.path("bin")).unwrap();
        let tool = binaries().join("pg_restore").to_str().unwrap().to_owned();
        for name in ["pg_dump", "pg_dumpall", "psql"] {
            std::os::unix::fs::symlink(binaries().join(name), shop.path("bin").join(name)).unwrap();
        }
        let named = format!("service = \"shop\"\npg_bin = \"{}/bin\"\n", shop.dir());
        let sections = sections.replace("service = \"shop\"\n", &named);
        shop.holdable(
            "pg_restore",
            &format!("case \"$*\" in *--dbname=*) held pg_restore {tool} \"$@\"; exit $?;; esac\nexec {tool} \"$@\""),
        );
        let mut way = Way { shop, sections, spec: Value::Null, once: &["pg_restore"] };
        let database = TestDatabase::sqlite();
        let home = Home::of(&database, &way.config());
        let bot = TestBot::start(&database, way.setup(&home)).await;
        let object = copied(&bot).await;
        bot.finish().await;
        assert!(way.shop.done().is_empty(), "a copy restores nothing");
        upgraded(&url);
        psql(&url, "delete from orders where id > 3");
        way.spec = spec("full", json!({"object": object}));
        way.killed(&database, &home, at, true).await;
        assert_eq!(psql(&url, "select count(*) from orders"), "10", "{at}");
        let columns = "select count(*) from information_schema.columns where table_name = 'orders'";
        assert_eq!(psql(&url, columns), "2", "{at}");
    }
}
