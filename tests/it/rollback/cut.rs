//! A way back on real things, the programs of which can be held right before they do their work, within it, and right after it: what was
//! done is counted on the thing itself.

use super::{PLUGIN, Shop, command, is_in, program};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::jobs::AGAIN;
use drillbell::model::job::{Job, JobState};
use serde_json::Value;

/// Writes down what begins and what has ended, and stands still once where the test says.
pub(super) const HOLD: &str = "hold() { echo \"$1\" >> DIR/done; [ \"$(cat DIR/hold 2>/dev/null)\" = \"$1\" ] || return 0; rm DIR/hold; : > DIR/held; while :; do sleep 0.05; done; }\n\
                    held() { what=$1; shift; hold \"before $what\"; \"$@\"; code=$?; hold \"after $what\"; return $code; }\n";

/// A way back on real things.
pub(super) struct Way {
    pub(super) shop: Shop,
    pub(super) sections: String,
    pub(super) spec: Value,
    /// The programs that are counted, each of which runs once when nobody is killed.
    pub(super) once: &'static [&'static str],
}

impl Shop {
    /// A program of the way back that can be held: `script` is what it does instead of the real one; `held WORD PROGRAM …` in it is counted.
    pub(super) fn holdable(&self, name: &str, script: &str) {
        program(self, name, &format!("{}{script}", HOLD.replace("DIR", self.dir())));
    }

    /// The same sections; the commands `stop`, `start` and `mark` can be held.
    pub(super) fn held_commands(&self, sections: &str) -> String {
        let dir = self.dir();
        self.holdable(
            "held-sh",
            "case \"$*\" in *' stop') held stop sh \"$@\";; */start.sh*) held start sh \"$@\";; */marks*) held mark sh \"$@\";; *) exit 9;; esac",
        );
        let held = format!("[\"{dir}/bin/held-sh\", ");
        let sections = sections.replace(&format!("[\"sh\", \"{dir}/start.sh\""), &format!("{held}\"{dir}/start.sh\""));
        sections.replace("[\"sh\", \"-c\", \"echo", &format!("{held}\"-c\", \"echo"))
    }

    pub(super) fn done(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("done")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Way {
    pub(super) fn setup(&self, home: &Home) -> Setup {
        let path = Some(self.path());
        let (config, folder) = (self.config(), home.folder.clone());
        Setup { config, folder, path, clock: Clock::system(), ..Setup::default() }
    }

    pub(super) fn path(&self) -> String {
        format!("{}/bin:/usr/local/bin:/usr/bin:/bin", self.shop.dir())
    }

    pub(super) fn config(&self) -> String {
        format!("{}{PEOPLE}", self.sections.replace(PLUGIN, &from_file(PLUGIN)))
    }

    /// Kills the program at a point, and lets another bot bring it to its end; `asks`: somebody has to say that it is done again.
    pub(super) async fn killed(&self, database: &TestDatabase, home: &Home, at: &str, asks: bool) -> Job {
        std::fs::write(self.shop.path("hold"), at).unwrap();
        let process = home.start(&[("PATH", self.path().as_str())]).await;
        let asked = command(&self.spec, "back");
        let held = eventually(at, async || self.shop.path("held").exists().then_some(()));
        tokio::select! {
            answer = process.command("doomed", &asked) => panic!("{at}: the job ended: {answer:?}"),
            () = held => {}
        }
        process.kill();
        let job = self.goes_on(database, home, at, asks).await;
        self.counts(at);
        job
    }

    /// Another bot brings it to its end.
    pub(super) async fn goes_on(&self, database: &TestDatabase, home: &Home, at: &str, asks: bool) -> Job {
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
        assert_eq!(self.shop.get().as_deref(), Some("1.0"), "{at}: the process that was restarted answers");
        job
    }

    /// How often each program has begun and ended.
    pub(super) fn ran(&self) -> Vec<(&'static str, usize, usize)> {
        let done = self.shop.done();
        let count = |word: String| done.iter().filter(|line| **line == word).count();
        self.once.iter().map(|word| (*word, count(format!("before {word}")), count(format!("after {word}")))).collect()
    }

    /// Each program has run once, but for the one that was cut off: that one twice at most.
    fn counts(&self, at: &str) {
        let cut = at.split_once(' ').unwrap().1;
        for (word, begun, ended) in self.ran() {
            let done = self.shop.done();
            match word == cut {
                true => assert!((1..=2).contains(&begun) && (1..=2).contains(&ended), "{at}: {done:?}"),
                false => assert_eq!((begun, ended), (1, 1), "{at}: {word} was finished: {done:?}"),
            }
        }
        let marks = self.shop.marks();
        let of = |word: &str| marks.iter().filter(|mark| *mark == word).count();
        let most = if cut == "start" { 2 } else { 1 };
        assert!(of("start") <= most, "{at}: it is started once: {marks:?}");
    }
}

/// Runs a way through its points, each on things of its own.
pub(super) async fn each(points: &[(&str, bool)], way: impl AsyncFn() -> Way, after: impl Fn(&Way, &str)) {
    for &(at, asks) in points {
        let database = TestDatabase::sqlite();
        let way = way().await;
        let home = Home::of(&database, &way.config());
        way.killed(&database, &home, at, asks).await;
        after(&way, at);
    }
}
