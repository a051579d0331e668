//! Jobs beneath the plugin: what changes production is held until somebody else agrees and announced when it begins, whatever
//! the plugin says.

use super::{approves, card, idle, kept, said_in};
use crate::support::approvals::{PEOPLE, id_of, plain};
use crate::support::bot::{HERE, Setup, TestBot, with_bot_of, with_database};
use crate::support::eventually;
use crate::support::kinds::ScriptedKind;
use crate::support::script::SameOnBoth;
use drillbell::jobs::AGAIN;
use drillbell::model::approval::{Approval, State};
use drillbell::model::ids::ApprovalId;
use drillbell::model::job::{Job, JobState};
use drillbell::store::OutcomeStatus;
use std::sync::Arc;

const PLUGIN: &str =
    "[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [\"kv\", \"jobs:*\", \"approvals\", \"timers\"]";

/// A bot with a kind `risky`, which changes production, and these rules.
fn risky(kind: &Arc<ScriptedKind>, rules: &str) -> Setup {
    Setup { config: format!("{PLUGIN}\n{PEOPLE}\n{rules}"), kinds: vec![kind.clone()], ..Setup::default() }
}

fn start(spec: &str, options: &str) -> String {
    format!("/misbehave job risky --spec '{spec}' {options} Restart shop")
}

async fn job(bot: &TestBot) -> Job {
    let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.into_iter().next().unwrap()
}

async fn is_in(bot: &TestBot, state: JobState) -> Job {
    let it = async || {
        let job = job(bot).await;
        (job.state == state).then_some(job)
    };
    eventually(&format!("the job is {}", state.as_str()), it).await
}

/// The approval that holds the only job.
async fn holding(bot: &TestBot) -> Approval {
    idle(bot).await;
    let open = bot.app.store().open_approvals(10).await.unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    open.into_iter().next().unwrap()
}

/// What stands in the operators' channel.
async fn announced(bot: &TestBot) -> Vec<String> {
    let id = ApprovalId::from("-");
    let mut said = said_in(bot, "console:#ops", &id).await;
    said.retain(|text| text.starts_with("Production is about to be changed"));
    said
}

#[test]
fn a_job_that_changes_production_waits_is_announced_and_then_runs() {
    let seen = SameOnBoth::default();
    let kind = ScriptedKind::named("risky", true);
    with_bot_of(
        || risky(&kind, ""),
        async |bot| {
            kind.hold("Restart shop");
            let before = kind.runs().len();
            let asked = bot.delivers("asked", "ana", HERE, &start("{\"to\": \"v1\"}", "")).await;
            assert_eq!(asked.status, OutcomeStatus::Pending, "{asked:?}");
            let approval = holding(&bot).await;
            let mut told = vec![asked.text, card(&bot, &approval.id).await];
            assert_eq!((job(&bot).await.state, kind.runs().len()), (JobState::Held, before));
            assert!(announced(&bot).await.is_empty(), "nothing begins yet");
            let own = approves(&bot, "ana", &approval.id).await;
            assert_eq!(own.status, OutcomeStatus::Refused);
            let given = approves(&bot, "ben", &approval.id).await;
            told.push(given.text);
            is_in(&bot, JobState::Running).await;
            told.extend(announced(&bot).await.into_iter().map(|text| text.split("\njob ").next().unwrap().to_owned()));
            kind.release("Restart shop");
            let done = is_in(&bot, JobState::Done).await;
            assert_eq!((done.attempts, announced(&bot).await.len()), (1, 1));
            let again = bot.delivers("asked", "ana", HERE, "/misbehave ok").await;
            assert_eq!(again.status, OutcomeStatus::Ok, "{again:?}");
            let trail = bot.trail().await;
            let record =
                trail.iter().find(|record| record["detail"]["announced"].is_array()).expect("the announcement");
            assert_eq!(record["detail"]["decided"]["verdict"], "approve", "the same transaction: {record}");
            seen.saw(told.iter().map(|text| plain(text, &approval.id)).collect::<Vec<_>>().join("\n--\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r#"
    started Restart shop
    Restart shop: held. it waits for an approval.
    --
    Approval A-1: Restart shop
    {"kind":"risky","spec":{"to":"v1"}}
    asked by: Ana
    waits for: 1 approval (Ben, Carla or Dora)
    until: 2026-01-01T00:15:00.000Z
    Or type /drillbell approve A-1, or /drillbell deny A-1 and why.
    [Approve] [Deny]
    --
    Approved: Restart shop starts now.
    --
    Production is about to be changed: Restart shop
    asked by: Ana
    decided: approved by Ben
    "#);
}

#[test]
fn denied_expired_and_taken_back_it_never_begins_and_the_plugin_hears_it() {
    for (how, state, status) in [
        ("deny", JobState::Denied, "denied"),
        ("expire", JobState::Expired, "expired"),
        ("back", JobState::Denied, "denied"),
    ] {
        let kind = ScriptedKind::named("risky", true);
        with_bot_of(
            || risky(&kind, ""),
            async |bot| {
                bot.ana(&start("{}", "")).await;
                let id = holding(&bot).await.id;
                match how {
                    "deny" => drop(bot.types("ben", HERE, &format!("/drillbell deny {id} no")).await),
                    "back" => drop(bot.ana(&format!("/drillbell deny {id}")).await),
                    _ => bot.clock.advance(15 * 60_000),
                }
                let ended = is_in(&bot, state).await;
                let key = format!("seen:job:{}", ended.id);
                let heard = async || bot.app.store().kv_get(&"misbehaving".into(), &key).await.unwrap().value;
                let heard = eventually("the plugin hears of it", heard).await;
                assert!(heard.contains(&format!("\"status\":\"{status}\"")), "{heard}");
                assert_eq!((ended.started_ms, announced(&bot).await.len(), kind.runs().len()), (None, 0, 0));
                assert_eq!(approves(&bot, "ben", &id).await.status, OutcomeStatus::Refused);
            },
        );
    }
}

#[test]
fn without_an_operators_channel_nothing_that_changes_production_begins() {
    let kind = ScriptedKind::named("risky", true);
    let nowhere = |rules: &str| {
        let setup = risky(&kind, rules);
        Setup { config: setup.config.replace("[channels]\nops = \"console:#ops\"", ""), ..setup }
    };
    for rules in ["", "[[policy]]\njob = \"risky\""] {
        with_bot_of(
            || nowhere(rules),
            async |bot| {
                let refused = bot.ana(&start("{}", "")).await;
                assert_eq!(refused.status, OutcomeStatus::Refused, "{refused:?}");
                insta::allow_duplicates! {
                    insta::assert_snapshot!(refused.text, @"Restart shop changes production, which has to be announced first, and there is nowhere to: an operator has to set `ops` in [channels].");
                }
                assert!(bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap().is_empty());
            },
        );
    }
    // The channel goes away while the job waits.
    with_database(async |database| {
        let first = risky(&kind, "");
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let bot = TestBot::start(database, first).await;
        bot.ana(&start("{}", "")).await;
        let id = holding(&bot).await.id;
        bot.app.stop().await;
        let bot = TestBot::start(database, Setup { folder, clock, ..nowhere("") }).await;
        let refused = approves(&bot, "ben", &id).await;
        assert!(refused.status == OutcomeStatus::Refused && refused.text.contains("nowhere to"), "{refused:?}");
        assert_eq!(kept(&bot, &id).await.state, State::Void);
        is_in(&bot, JobState::Denied).await;
        bot.finish().await;
    });
    assert!(kind.runs().is_empty());
}

#[test]
fn rules_decide_about_jobs_by_kind_and_what_needs_no_approval_is_announced_all_the_same() {
    let kind = ScriptedKind::named("risky", true);
    with_bot_of(
        || risky(&kind, "[[policy]]\njob = \"risky\"\nrole = \"commander\""),
        async |bot| {
            let refused = bot.ana(&start("{}", "")).await;
            assert_eq!(refused.text, "A `risky` job is for the role commander: ask Ben or Carla.");
            assert!(announced(&bot).await.is_empty());
            let done = bot.types("ben", HERE, &start("{}", "")).await;
            assert_eq!(done.status, OutcomeStatus::Ok, "{done:?}");
            let announced = announced(&bot).await;
            assert!(announced.len() == 1 && announced[0].contains("decided: needs no approval"), "{announced:?}");
        },
    );
    let harmless = ScriptedKind::named("risky", false);
    with_bot_of(
        || risky(&harmless, ""),
        async |bot| {
            assert_eq!(bot.ana(&start("{}", "")).await.status, OutcomeStatus::Ok);
            assert!(announced(&bot).await.is_empty(), "what changes nothing is not announced");
        },
    );
}

#[test]
fn a_plugin_cannot_approve_for_itself_nor_use_an_approval_for_something_else() {
    let kind = ScriptedKind::named("risky", true);
    with_bot_of(
        || risky(&kind, ""),
        async |bot| {
            for forged in ["a1", "A-00000000"] {
                let refused = bot.ana(&start("{}", &format!("--approval {forged}"))).await;
                assert_ne!(refused.status, OutcomeStatus::Ok, "{refused:?}");
            }
            let subject = "{\"kind\": \"risky\", \"spec\": {\"to\": \"v1\"}}";
            let ask = format!("/misbehave approval --json '{subject}'");
            let id = id_of(&bot.ana(&ask).await);
            let with = |spec: &str| start(spec, &format!("--approval {id}"));
            assert_ne!(bot.ana(&with("{\"to\":\"v1\"}")).await.status, OutcomeStatus::Ok, "it is not given yet");
            approves(&bot, "ben", &id).await;
            idle(&bot).await;
            assert_ne!(bot.ana(&with("{\"to\":\"v2\"}")).await.status, OutcomeStatus::Ok, "it is for something else");
            assert!(bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap().is_empty());

            let done = bot.ana(&with("{\"to\":\"v1\"}")).await;
            assert_eq!(done.status, OutcomeStatus::Ok, "{done:?}");
            assert_eq!(job(&bot).await.state, JobState::Done);
            let told = announced(&bot).await;
            assert!(told.len() == 1 && told[0].contains("decided: approved by Ben"), "{told:?}");
            let twice = bot.ana(&with("{\"to\":\"v1\"}")).await;
            assert_ne!(twice.status, OutcomeStatus::Ok, "each is good for one job");
            assert_eq!(job(&bot).await.state, JobState::Done);
        },
    );
}

#[test]
fn what_a_plugin_was_given_does_not_suffice_where_the_policy_asks_for_more() {
    let kind = ScriptedKind::named("risky", true);
    with_bot_of(
        || risky(&kind, "[[policy]]\njob = \"risky\"\napprovals = 2\napprover = \"commander\""),
        async |bot| {
            let subject = "{\"kind\": \"risky\", \"spec\": {}}";
            let id = id_of(&bot.ana(&format!("/misbehave approval --json '{subject}'")).await);
            approves(&bot, "dora", &id).await;
            let refused = bot.ana(&start("{}", &format!("--approval {id}"))).await;
            assert_eq!(refused.status, OutcomeStatus::Refused, "{refused:?}");
            assert!(refused.text.contains("needs other approvals"), "{}", refused.text);
            assert!(bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap().is_empty());
        },
    );
}

#[test]
fn a_job_that_was_cancelled_while_it_waited_is_not_begun_by_a_late_yes() {
    let kind = ScriptedKind::named("risky", true);
    with_bot_of(
        || risky(&kind, ""),
        async |bot| {
            bot.ana(&start("{}", "")).await;
            let id = holding(&bot).await.id;
            let waiting = job(&bot).await.id;
            bot.ana(&format!("/drillbell status --cancel {waiting}")).await;
            is_in(&bot, JobState::Cancelled).await;
            let late = approves(&bot, "ben", &id).await;
            assert!(late.status == OutcomeStatus::Refused && late.text.contains("was cancelled"), "{late:?}");
            assert_eq!((kept(&bot, &id).await.state, announced(&bot).await.len()), (State::Void, 0));
        },
    );
}

#[test]
fn whoever_could_have_approved_a_job_may_have_it_run_again() {
    let kind = ScriptedKind::named("risky", true);
    let rules = "[[policy]]\njob = \"risky\"\napprovals = 1\napprover = \"chief\"\n[roles.chief]\nmembers = [\"ben\"]";
    with_bot_of(
        || risky(&kind, rules),
        async |bot| {
            bot.ana(&start("{\"end\": \"ask\"}", "")).await;
            approves(&bot, "ben", &holding(&bot).await.id).await;
            let card = is_in(&bot, JobState::Lost).await.card.unwrap();
            let own = bot.clicks("ana", &card, AGAIN).await;
            assert!(own.status == OutcomeStatus::Refused && own.text.contains("somebody else"), "{own:?}");
            let other = bot.clicks("carla", &card, AGAIN).await;
            assert!(other.status == OutcomeStatus::Refused && other.text.contains("ask Ben"), "{other:?}");
            let given = bot.clicks("ben", &card, AGAIN).await;
            assert_eq!(given.status, OutcomeStatus::Ok, "the only one of the role: {given:?}");
            assert_eq!(is_in(&bot, JobState::Done).await.attempts, 2);
        },
    );
}

#[test]
fn a_restart_between_asking_and_agreeing_changes_nothing() {
    let kind = ScriptedKind::named("risky", true);
    with_database(async |database| {
        let first = risky(&kind, "");
        let (folder, clock) = (first.folder.clone(), first.clock.clone());
        let bot = TestBot::start(database, first).await;
        bot.ana(&start("{}", "")).await;
        let id = holding(&bot).await.id;
        bot.app.stop().await;
        let bot = TestBot::start(database, Setup { folder, clock, ..risky(&kind, "") }).await;
        assert_eq!(job(&bot).await.state, JobState::Held);
        assert_eq!(approves(&bot, "ben", &id).await.status, OutcomeStatus::Ok);
        assert_eq!(is_in(&bot, JobState::Done).await.attempts, 1);
        assert_eq!(announced(&bot).await.len(), 1);
        bot.finish().await;
    });
}
