//! The shipped program, killed at every single thing that it has Slack do: Slack has done it, and what the program knew of that dies
//! with it. After the next start everything is as if nothing had happened: each thing there, once. What Slack shows to one person alone
//! and nobody can look for afterwards is there at least once.

use super::{CHANNELS, PEOPLE};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::moment::{Moment, Picture, goes_on, killed_at_each, lasting};
use crate::support::process::Home;
use crate::support::slack::{Fault, Slack, rules};

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
    let heard = async |up: bool| match up {
        true => slack.connected().await,
        false => eventually("its socket is gone", async || (!slack.state().has_socket()).then_some(())).await,
    };
    moment.arm();
    let ana = slack.ana();
    ana.types("#incidents", "/sev declare sev1 checkout is down").await;
    process = goes_on(&home, process, &moment, heard).await;
    ana.types("#incidents", "/drillbell whoami").await;
    process = goes_on(&home, process, &moment, heard).await;
    let there = slack.state().id_of("inc-1-checkout-is-down");
    let card = ana.reads(&there, "checkout is down").await;
    ana.clicks(&card, "Acknowledge").await;
    process = goes_on(&home, process, &moment, heard).await;
    assert!(process.end(false).await.success(), "a clean stop");
    assert_eq!(moment.has_come(), at > 0, "the moment came");
    slack.was_strict();
    (moment.asked(), picture(&slack))
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
    let private = state.messages.iter().filter(|one| one.only_for.is_some()).map(|one| words(&one.body));
    Picture::of(public, private.collect())
}

#[test]
fn killed_at_anything_that_slack_has_done_nothing_is_there_twice_and_nothing_is_missing() {
    killed_at_each(async |at| story(&TestDatabase::sqlite(), at).await, 1, 1);
}

#[test]
fn killed_at_anything_that_slack_has_done_it_is_the_same_on_postgres() {
    killed_at_each(async |at| story(&TestDatabase::postgres(), at).await, 2, 3);
}
