//! A story as it is played: each step is done, everything that it asks for comes to its end, and what has changed for anybody is
//! written down.

use super::Given;
use super::way::{Said, Seen, Way, Who};
use crate::support::bot::TestBot;
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::script::changed;
use drillbell::model::ids::IncidentId;
use drillbell::model::job::JobState;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Told {
    /// What somebody did, or that time passed.
    Step(String),
    /// A message that was not there before.
    New(Seen),
    /// One that is another now: where, its first line, and the lines that went and came.
    Changed { place: String, head: String, lines: String },
}

/// A story under way.
pub struct Scene {
    way: Way,
    _database: TestDatabase,
    told: RefCell<Vec<Told>>,
    before: RefCell<BTreeMap<String, Seen>>,
}

impl Scene {
    /// The beginning, on that platform in that mode.
    pub async fn begin(way: &str, given: Given) -> Self {
        let database = TestDatabase::sqlite();
        let way = super::start(&database, way, given).await;
        Self { way, _database: database, told: RefCell::default(), before: RefCell::default() }
    }

    /// The bot.
    pub fn bot(&self) -> &TestBot {
        self.way.bot()
    }

    /// Somebody types a command in a channel.
    pub async fn types(&self, who: Who, channel: &str, command: &str, arguments: &[(&str, &str)]) {
        let said = Said { command, arguments };
        self.step(format!("{who} types in {channel}: {}", said.line()));
        self.way.types(who, channel, said).await;
        self.settles().await;
    }

    /// Somebody presses what is called that, on a message as it stands by now.
    pub async fn presses(&self, who: Who, on: &Seen, label: &str) {
        self.step(format!("{who} presses [{label}]"));
        let now = self.now(who, on).await;
        assert!(now.offers(label), "there is no [{label}] on:\n{}", now.drawn());
        self.way.presses(who, &now, label).await;
        self.settles().await;
    }

    /// Somebody fills in the form behind what is called that.
    pub async fn fills(&self, who: Who, on: &Seen, label: &str, entries: &[(&str, &str)]) {
        let written: Vec<_> = entries.iter().map(|(field, value)| format!("{field} {value}")).collect();
        self.step(format!("{who} presses [{label}] and fills in: {}", written.join(" / ")));
        let now = self.now(who, on).await;
        assert!(now.offers(label), "there is no [{label}] on:\n{}", now.drawn());
        self.way.fills(who, &now, label, entries).await;
        self.settles().await;
    }

    /// Something happens that nobody did in the chat.
    pub async fn happens(&self, what: &str, happening: impl Future<Output = ()>) {
        self.step(what.to_owned());
        happening.await;
        self.settles().await;
    }

    /// Minutes go by.
    pub async fn later(&self, minutes: i64) {
        self.step(format!("{minutes} min later"));
        self.bot().clock.advance(minutes * 60_000);
        self.way.moved();
        self.settles().await;
    }

    /// Waits until somebody sees a message with these words; the newest of them.
    pub async fn reads(&self, who: Who, words: &str) -> Seen {
        let look = async || self.way.sees(who).await.into_iter().rev().find(|seen| seen.text().contains(words));
        let found = tokio::time::timeout(std::time::Duration::from_secs(28), eventually(words, look)).await;
        if let Ok(found) = found {
            return found;
        }
        let seen: Vec<_> = self.way.sees(who).await.iter().map(Seen::drawn).collect();
        panic!("{who} does not read {words:?}, but:\n{}", seen.join("\n\n"));
    }

    /// The message as it stands by now.
    pub async fn now(&self, who: Who, on: &Seen) -> Seen {
        let seen = self.way.sees(who).await;
        seen.into_iter().find(|seen| seen.id == on.id).unwrap_or_else(|| panic!("{who} does not see {}", on.drawn()))
    }

    /// Whether somebody sees these words anywhere.
    pub async fn can_read(&self, who: Who, words: &str) -> bool {
        self.way.sees(who).await.iter().any(|seen| seen.text().contains(words))
    }

    /// The timeline of an incident, without what differs by platform: where it was, and the quotes that a line composed from options has.
    pub async fn timeline(&self, number: i64) -> Vec<String> {
        let lines = self.bot().app.store().timeline(&IncidentId::numbered(number), 500).await.unwrap();
        let text =
            |text: &str| ["slack:", "discord:", "console:", "\""].iter().fold(text.to_owned(), |t, p| t.replace(p, ""));
        let line = |at_ms: i64, author: &str, kind: &str, said: &str| {
            format!("{:>3} min {} {}: {}", (at_ms - super::BEGIN_MS) / 60_000, text(author), kind, text(said))
        };
        // How deliveries went is written when they have gone, in no order that would mean anything; a line that was typed is composed
        // anew where there are options.
        let lines = lines.iter().filter(|one| !(one.kind == "page" && one.author.as_str() == "drillbell"));
        let lines = lines.map(|one| {
            let said: Vec<_> = one.text.split(' ').take(if one.kind == "command" { 2 } else { usize::MAX }).collect();
            line(one.at_ms, one.author.as_str(), &one.kind, &said.join(" "))
        });
        lines.collect()
    }

    /// The end; what was told.
    pub async fn ends(self) -> Vec<Told> {
        self.way.finish().await;
        self.told.into_inner()
    }

    fn step(&self, what: String) {
        self.told.borrow_mut().push(Told::Step(what));
    }

    /// Waits until nothing goes on any more: no timer is due, no job runs, nothing waits to be handled or delivered. Then writes down
    /// what has changed.
    async fn settles(&self) {
        let store = self.bot().app.store();
        let quiet = async || {
            let due = store.due_timers(store.now_ms(), 10).await.unwrap();
            let mut works = false;
            for plugin in ["runbook", "rollback", "postmortem"] {
                let jobs = store.jobs_of(&plugin.into(), true, 100).await.unwrap();
                works |= jobs.iter().any(|job| matches!(job.state, JobState::Ready | JobState::Running));
            }
            let open = store.open_events().await.unwrap();
            due.is_empty() && !works && open == 0 && store.outbox_backlog().await.unwrap().is_empty()
        };
        // What is done last may have begun something that was looked at first.
        eventually("nothing goes on any more", async || (quiet().await && quiet().await).then_some(())).await;
        let mut now: Vec<Seen> = self.way.sees(Who::Ana).await;
        let known: Vec<_> = now.iter().map(|seen| seen.id.clone()).collect();
        now.extend(self.way.sees(Who::Ben).await.into_iter().filter(|seen| !known.contains(&seen.id)));
        // Messages in different places overtake each other.
        now.sort_by_key(|seen| (seen.place.clone(), seen.only_for));
        let (mut told, mut before) = (self.told.borrow_mut(), self.before.borrow_mut());
        for seen in now {
            match before.insert(seen.id.clone(), seen.clone()) {
                None => told.push(Told::New(seen)),
                Some(old) if old != seen => {
                    let head = seen.text().lines().next().unwrap_or_default().to_owned();
                    let lines = changed(&old.drawn(), &seen.drawn());
                    told.push(Told::Changed { place: seen.place, head, lines });
                }
                Some(_) => {}
            }
        }
    }
}

/// A line without the deliveries that an export names.
fn named(line: &str) -> &str {
    let cut = [" \\[delivery", " \\[page"].into_iter().find_map(|mark| line.find(mark));
    cut.map_or(line, |at| &line[..at]).trim_end()
}

/// A story as text.
pub fn text(told: &[Told]) -> String {
    let parts = told.iter().map(|one| match one {
        Told::Step(what) => format!("> {what}"),
        Told::New(seen) => {
            let only = seen.only_for.map(|who| format!(", only for {who}")).unwrap_or_default();
            format!("({}{only})\n{}", seen.place, seen.drawn())
        }
        Told::Changed { place, head, lines } => format!("({place}, changed: {head})\n{lines}"),
    });
    let all = parts.collect::<Vec<_>>().join("\n\n");
    all.lines().map(named).collect::<Vec<_>>().join("\n")
}
