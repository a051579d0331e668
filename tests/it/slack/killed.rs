//! The shipped program, killed at every single thing that it has Slack do: Slack has done it, and what the program knew of that dies
//! with it. After the next start everything is as if nothing had happened: each thing there, once. What Slack shows to one person alone
//! and nobody can look for afterwards is there at least once.

use super::{CHANNELS, PEOPLE};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::moment::{Moment, lasting};
use crate::support::process::{Home, Process};
use crate::support::slack::{Fault, Slack, rules};
use std::sync::Arc;

/// What changes nothing at Slack.
const READS: [&str; 8] = [
    "apps.connections.open",
    "auth.teams.list",
    "auth.test",
    "conversations.history",
    "conversations.info",
    "conversations.list",
    "conversations.replies",
    "usergroups.users.list",
];
/// Incidents with channels of their own.
const INCIDENTS: &str = "[plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
    grants = [\"kv\", \"escalation\", \"incidents:write\", \"status\", \"post:*\", \"conversations\", \"reactions\"]\n\
    [severities.sev1]\nplace = \"channel\"\ninvite = [\"responder\"]\n[roles.responder]\nmembers = [\"ben\"]\n";

/// What stands on Slack in the end.
#[derive(Debug, PartialEq, Eq)]
struct Picture {
    /// Channel by channel what everybody sees, without the moments.
    public: Vec<String>,
    /// What Ana alone was told, without repeats.
    private: Vec<String>,
    /// How often the most frequent of that was told.
    times: usize,
}

/// Everything that people do, with the program killed at a moment; how much Slack was asked to do, and what stands there.
async fn story(database: &TestDatabase, at: usize) -> (usize, Picture) {
    let slack = Slack::start().await;
    let home = Home::new(database);
    let chat = slack.config(home.folder.path(), "socket");
    home.configure(&database.url, &format!("{chat}{CHANNELS}{INCIDENTS}{PEOPLE}"));
    let moment = Moment::new(at);
    slack.state().decides = Some({
        let moment = moment.clone();
        Box::new(move |method, _| (!READS.contains(&method) && moment.is_now()).then_some(Fault::DoneButSilent))
    });
    let mut process = home.start(&[]).await;
    slack.connected().await;
    moment.arm();
    let ana = slack.ana();
    ana.types("#incidents", "/sev declare sev1 checkout is down").await;
    process = goes_on(&home, &slack, process, &moment).await;
    ana.types("#incidents", "/drillbell whoami").await;
    process = goes_on(&home, &slack, process, &moment).await;
    let there = slack.state().id_of("inc-1-checkout-is-down");
    let card = ana.reads(&there, "checkout is down").await;
    ana.clicks(&card, "Acknowledge").await;
    process = goes_on(&home, &slack, process, &moment).await;
    assert!(process.end(false).await.success(), "a clean stop");
    assert_eq!(moment.has_come(), at > 0, "the moment came");
    slack.was_strict();
    (moment.asked(), picture(&slack))
}

/// Until the program is quiet, killed and started again if the moment comes before.
async fn goes_on(home: &Home, slack: &Arc<Slack>, process: Process, moment: &Moment) -> Process {
    let had_come = moment.has_come();
    if had_come || !moment.or_quiet(&process).await {
        quiet(&process).await;
        return process;
    }
    process.kill();
    eventually("its socket is gone", async || (!slack.state().has_socket()).then_some(())).await;
    let process = home.start(&[]).await;
    slack.connected().await;
    quiet(&process).await;
    process
}

async fn quiet(process: &Process) {
    assert!(!Moment::new(0).or_quiet(process).await);
}

fn picture(slack: &Slack) -> Picture {
    let state = slack.state();
    let words = |body: &serde_json::Value| {
        let lines = rules::words(&body["blocks"]);
        lasting(lines.iter().flat_map(|line| line.lines()))
    };
    let mut public = Vec::new();
    for (id, channel) in &state.channels {
        let (members, pins) = (&channel.members, channel.pins.len());
        public.push(format!("#{}: {members:?}, {pins} pinned, {:?}", channel.name, channel.topic));
        let there = state.messages.iter().filter(|one| one.channel == *id && one.only_for.is_none());
        let buttons = |body: &serde_json::Value| rules::actions(&body["blocks"]).len();
        public.extend(there.map(|one| format!("  {} {} {:?}", words(&one.body), buttons(&one.body), one.reactions)));
    }
    let told: Vec<_> = state.messages.iter().filter(|one| one.only_for.is_some()).map(|one| words(&one.body)).collect();
    let times = told.iter().map(|one| told.iter().filter(|other| *other == one).count()).max().unwrap_or(0);
    let mut private = told;
    private.sort();
    private.dedup();
    Picture { public, private, times }
}

/// Kills it at every `step`-th thing it has Slack do, from `first`.
fn killed_at_each(database: impl Fn() -> TestDatabase, first: usize, step: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (all, undisturbed) = story(&database(), 0).await;
        assert!(all >= 8 && undisturbed.times == 1, "{all} things are done: {undisturbed:#?}");
        for at in (first..=all).step_by(step) {
            let (_, seen) = story(&database(), at).await;
            assert_eq!(seen.public, undisturbed.public, "killed at {at} of {all}");
            assert_eq!(seen.private, undisturbed.private, "killed at {at} of {all}");
            assert!(seen.times <= 2, "killed at {at} of {all}: {seen:#?}");
        }
    });
}

#[test]
fn killed_at_anything_that_slack_has_done_nothing_is_there_twice_and_nothing_is_missing() {
    killed_at_each(TestDatabase::sqlite, 1, 1);
}

#[test]
fn killed_at_anything_that_slack_has_done_it_is_the_same_on_postgres() {
    killed_at_each(TestDatabase::postgres, 2, 3);
}
