//! `/drillbell oncall` and `/drillbell contacts`: who is on call, and whether those who are to be paged can be. The test of all
//! contacts is a page like any other, clearly marked; once a month it happens by itself.

use super::answer::{echo, empty_commit};
use super::{HOST, House, Trouble};
use crate::clock::rfc3339;
use crate::config::limits::{CONTACT_TEST_EVERY, CONTACT_TEST_REPORT};
use crate::config::show_duration;
use crate::escalation::Path;
use crate::model::changes::TimerChange;
use crate::model::effect::Effect;
use crate::model::event::Delivery;
use crate::model::ids::{self, MessageRef};
use crate::model::page::{CONTACT_TEST, PageAction};
use crate::model::view::{Block, Tone, View};
use crate::store::{Commit, ContactRow, OutcomeStatus, StoreError, Timer};
use serde_json::{Value, json};
use std::time::Duration;

/// The timer of the monthly test.
pub(super) const TEST: &str = "contacts";
/// The timer of what is told of it.
pub(super) const REPORT: &str = "contacts-report";

/// Of a way that has not taken the test when it is told how it went.
const PENDING: &str = "not reached yet; it is tried again, and /drillbell contacts says how it went";

/// The first monthly test's timer, for a database that has none yet.
pub fn first_contact_test(now_ms: i64) -> Timer {
    Timer {
        plugin: HOST.into(),
        name: TEST.to_owned(),
        at_ms: now_ms + milliseconds(CONTACT_TEST_EVERY),
        payload: String::new(),
        set_by: "start".to_owned(),
    }
}

/// How the way of each path stood at its last test; `None` is never tested.
pub(super) struct Tested<'a> {
    path: &'a Path,
    last: Option<&'a ContactRow>,
}

impl House {
    /// Who is on call now, in every rotation.
    pub(super) fn on_call(&self) -> (View, Value) {
        let now_ms = self.store.now_ms();
        let mut view = View { title: "On call".to_owned(), tone: Tone::Info, blocks: Vec::new() };
        let mut data = Vec::new();
        for (rotation, _) in self.roster.rotations() {
            let Some(shift) = self.roster.on_call(rotation, now_ms) else { continue };
            let instead = shift.stands_in_for.as_deref();
            let name = self.roster.title(&shift.who);
            let after = self.roster.on_call(rotation, shift.until_ms).map(|next| next.who);
            let then = after.as_deref().map(|who| self.roster.title(who)).unwrap_or_default();
            let instead_of = instead.map(|who| format!(", for {}", self.roster.title(who))).unwrap_or_default();
            let value = format!("{name}{instead_of}, until {}, then {then}", rfc3339(shift.until_ms));
            view.blocks.push(Block::Field { name: rotation.to_owned(), value });
            data.push(json!({
                "rotation": rotation, "person": shift.who, "since": rfc3339(shift.from_ms),
                "until": rfc3339(shift.until_ms), "stands_in_for": instead, "next": after,
            }));
        }
        if data.is_empty() {
            let text = "No rotation is configured. Add a [rotations.NAME] section; docs/escalation.md shows how.";
            view.blocks.push(Block::Text { text: text.to_owned() });
        }
        (view, json!({"rotations": data}))
    }

    /// How the last test of each way to page somebody went.
    pub(super) async fn contacts(&self) -> Result<(View, Value), StoreError> {
        let rows = self.store.contacts().await?;
        let (paths, unreachable) = self.roster.paths();
        let now_ms = self.store.now_ms();
        let tested: Vec<_> = paths.iter().map(|path| Tested::of(path, &rows)).collect();
        let view = told("Contacts", ("never tested", Tone::Warning), &tested, &unreachable, now_ms);
        Ok((view, data(&tested, &unreachable)))
    }

    /// One field for the bot's status, and the same for programs; whether all is well. `None` where nobody is to be paged.
    pub(super) async fn contacts_in_short(&self) -> Result<Option<(Block, Value, bool)>, StoreError> {
        let (paths, unreachable) = self.roster.paths();
        if paths.is_empty() && unreachable.is_empty() {
            return Ok(None);
        }
        let rows = self.store.contacts().await?;
        let tested: Vec<_> = paths.iter().map(|path| Tested::of(path, &rows)).collect();
        let failed: Vec<_> = tested.iter().filter(|one| one.last.is_some_and(|last| !last.reached)).collect();
        let reached = tested.iter().filter(|one| one.last.is_some_and(|last| last.reached)).count();
        let text = match tested.iter().filter_map(|one| Some(one.last?.at_ms)).max() {
            None => "never tested: drillbell check --contacts".to_owned(),
            Some(at_ms) => {
                let ago = ago(self.store.now_ms(), at_ms);
                let names: Vec<_> = failed.iter().map(|one| one.path.notifier.as_str()).collect();
                let failed = if names.is_empty() { String::new() } else { format!("; failed: {}", names.join(", ")) };
                format!("last tested {ago} ago, {reached} of {} reached{failed}", paths.len())
            }
        };
        let calm = failed.is_empty() && unreachable.is_empty();
        let text = match unreachable.as_slice() {
            [] => text,
            names => format!("{text}; nobody can reach {}", names.join(", ")),
        };
        let block = Block::Field { name: "contacts".to_owned(), value: text };
        Ok(Some((block, data(&tested, &unreachable), calm)))
    }

    /// `/drillbell contacts --test`: pages everybody, with a message that says that it is a test.
    pub(super) async fn test_contacts(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let (paths, unreachable) = self.roster.paths();
        let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, self.store.now_ms());
        let mut view = View::text(match paths.len() {
            0 => "There is no way to page anybody: add a [notify.NAME] section.".to_owned(),
            n => format!("{n} ways to page somebody are tested now, with a message that says so."),
        });
        for name in &unreachable {
            view.blocks.push(Block::Text { text: format!("Nobody can reach {name}: add `notify` or a chat.") });
        }
        view.blocks.push(Block::Context { text: "How it went: /drillbell contacts".to_owned() });
        commit.result.text = view.to_plain();
        commit.result.data = Some(
            json!({"paths": paths.iter().map(|path| &path.notifier).collect::<Vec<_>>(), "unreachable": unreachable}),
        );
        self.pages(&paths, &mut commit);
        if let Some(by) = delivery.event.by() {
            commit.echo = echo(delivery, true);
            commit.effects.push(Effect::PostMessage {
                message: MessageRef::new(ids::fresh()),
                to: delivery.conversation.clone(),
                view,
                private_to: Some(by.id.clone()),
                reply: true,
            });
        }
        self.commit_plainly(commit).await
    }

    /// The monthly test, and what is told of it a while later.
    pub(super) async fn contact_timer(&self, name: &str, commit: &mut Commit) -> Result<(), StoreError> {
        let now_ms = commit.now_ms;
        let mut again = |name: &str, after: Duration| {
            let set = Some((now_ms + milliseconds(after), String::new()));
            commit.timers.push(TimerChange { plugin: HOST.into(), name: name.to_owned(), set });
        };
        if name == TEST {
            again(TEST, CONTACT_TEST_EVERY);
            // Without a ladder nobody expects to be paged, be it for a test.
            if self.roster.has_ladders() {
                again(REPORT, CONTACT_TEST_REPORT);
                let (paths, _) = self.roster.paths();
                self.pages(&paths, commit);
            }
            return Ok(());
        }
        let Some(ops) = &self.about.ops else { return Ok(()) };
        let rows = self.store.contacts().await?;
        let (paths, unreachable) = self.roster.paths();
        // What was kept before this test tells nothing about it: a page that is still tried has no outcome yet.
        let since_ms = now_ms - 2 * milliseconds(CONTACT_TEST_REPORT);
        let rows: Vec<_> = rows.into_iter().filter(|row| row.at_ms >= since_ms).collect();
        let tested: Vec<_> = paths.iter().map(|path| Tested::of(path, &rows)).collect();
        commit.effects.push(Effect::PostMessage {
            message: MessageRef::new(ids::fresh()),
            to: ops.clone(),
            view: told("Monthly test of contacts", (PENDING, Tone::Critical), &tested, &unreachable, now_ms),
            private_to: None,
            reply: false,
        });
        Ok(())
    }

    fn pages(&self, paths: &[Path], commit: &mut Commit) {
        for path in paths {
            let page = |action| Effect::Page {
                message: MessageRef::new(ids::fresh()),
                to: path.route.to.clone(),
                view: test_page(path),
                private_to: path.route.private_to.clone(),
                notifier: path.notifier.clone(),
                key: CONTACT_TEST.to_owned(),
                action,
                incident: None,
            };
            commit.effects.push(page(PageAction::Trigger));
            if path.keeps_alerts {
                // An alert that nobody closes would wake people for nothing.
                commit.effects.push(page(PageAction::Resolve));
            }
        }
    }
}

impl<'a> Tested<'a> {
    fn of(path: &'a Path, rows: &'a [ContactRow]) -> Self {
        Self { path, last: rows.iter().find(|row| row.notifier == path.notifier) }
    }
}

fn test_page(path: &Path) -> View {
    let whom = if path.people.is_empty() { String::new() } else { format!(" for {}", path.people.join(", ")) };
    View {
        title: "TEST: nothing is wrong".to_owned(),
        tone: Tone::Info,
        blocks: vec![Block::Text {
            text: format!(
                "This is a test of {}{whom}: by this way you would be paged. There is nothing to do.",
                path.notifier
            ),
        }],
    }
}

/// `missing` says, and in which tone, that nothing is known of a way.
fn told(title: &str, missing: (&str, Tone), tested: &[Tested<'_>], unreachable: &[&str], now_ms: i64) -> View {
    let mut view = View { title: title.to_owned(), tone: Tone::Good, blocks: Vec::new() };
    for Tested { path, last } in tested {
        let whom = if path.people.is_empty() { String::new() } else { format!(" ({})", path.people.join(", ")) };
        let value = match last {
            None => missing.0.to_owned(),
            Some(ContactRow { reached: true, at_ms, .. }) => format!("reached {} ago", ago(now_ms, *at_ms)),
            Some(ContactRow { at_ms, detail, .. }) => format!("not reached {} ago: {detail}", ago(now_ms, *at_ms)),
        };
        match last {
            Some(row) if !row.reached => view.tone = Tone::Critical,
            None if view.tone != Tone::Critical => view.tone = missing.1,
            _ => {}
        }
        view.blocks.push(Block::Field { name: format!("{}{whom}", path.notifier), value });
    }
    for name in unreachable {
        view.tone = Tone::Critical;
        let value = "cannot be reached: has no `notify` and no chat".to_owned();
        view.blocks.push(Block::Field { name: (*name).to_owned(), value });
    }
    if tested.is_empty() && unreachable.is_empty() {
        view.blocks.push(Block::Text { text: "Nobody is configured to be paged.".to_owned() });
    }
    view.blocks.push(Block::Context { text: "To test all of them: drillbell check --contacts".to_owned() });
    view
}

fn data(tested: &[Tested<'_>], unreachable: &[&str]) -> Value {
    let one = |one: &Tested<'_>| {
        json!({
            "notifier": one.path.notifier, "people": one.path.people, "tested": one.last.map(|last| rfc3339(last.at_ms)),
            "reached": one.last.map(|last| last.reached), "detail": one.last.map_or("", |last| last.detail.as_str()),
        })
    };
    json!({"contacts": tested.iter().map(one).collect::<Vec<_>>(), "unreachable": unreachable})
}

/// `12d`, `3h`, `5m`: how long ago, in its largest unit.
fn ago(now_ms: i64, at_ms: i64) -> String {
    let seconds = u64::try_from((now_ms - at_ms).max(0) / 1000).unwrap_or_default();
    let unit = [86_400, 3600, 60].into_iter().find(|unit| seconds >= *unit).unwrap_or(1);
    show_duration(Duration::from_secs(seconds / unit * unit))
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
