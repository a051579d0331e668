//! What a job says while it runs, in a thread under its card: opened with the first line, a message at a time, bounded, gone on
//! with by whoever takes the job over, and still said where the platform has no thread for it.

use super::doomed::Doomed;
use super::{anew, is_in, job, row, told};
use crate::support::bot::{Setup, TestBot, with_bot_of, with_database};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::kinds::ScriptedKind;
use crate::support::platform::{Answer, Scripted};
use crate::support::script::SameOnBoth;
use drillbell::model::job::JobState;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where jobs are asked for.
const NEAR: &str = "slack:C1";
/// Lines that one message holds.
const A_PAGE: usize = 40;

fn lines(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("line {n}")).collect()
}

/// What stands in the thread of a job, whichever way it is called.
fn in_thread(slack: &Scripted, id: &str) -> Vec<String> {
    let ours = format!("slack:+job-{id}");
    let attempts = slack.attempts();
    let elsewhere = attempts.iter().filter(|one| one.conversation != NEAR && one.conversation != ours && one.delivered);
    elsewhere.map(|one| one.what.clone()).collect()
}

async fn says(slack: &Scripted, id: &str, count: usize) -> Vec<String> {
    eventually(&format!("{count} deliveries in the thread"), async || {
        let said = in_thread(slack, id);
        (said.len() >= count).then_some(said)
    })
    .await
}

/// The numbers that the platform gave to what it posted, which depend on who was first, without their values.
fn plain(text: &str, id: &str) -> String {
    let text = text.replace(id, "ID").replace(&id[id.len() - 8..], "ID");
    let mut words = text.split("native-");
    let mut plain = words.next().unwrap_or_default().to_owned();
    for word in words {
        plain.push_str("native-N");
        plain.push_str(word.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    plain
}

#[test]
fn what_a_job_says_is_said_in_a_thread_under_its_card() {
    let seen = SameOnBoth::default();
    let kind = ScriptedKind::new();
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, anew(&kind).on(slack.clone())).await;
        kind.hold("copy");
        let token = format!("ghp_{}", "a1B2".repeat(9));
        let spec = json!({"say": ["reading", format!("with {token}")], "then": ["written", "checked"]});
        bot.sends("ana", NEAR, &job("copy", &spec.to_string(), "")).await;
        let id = eventually("it is there", async || {
            let jobs = bot.app.store().jobs_of(&"misbehaving".into(), false, 10).await.unwrap();
            jobs.into_iter().next().map(|job| job.id)
        })
        .await;
        says(&slack, &id, 1).await;
        kind.release("copy");
        told(&bot, &id).await;
        let thread = says(&slack, &id, 2).await;
        let opened = slack.delivered(&format!("slack:+job-{id}"));
        let card = eventually("the card says how it ended", async || {
            slack.delivered(NEAR).into_iter().find(|what| what.contains("State: done"))
        })
        .await;
        let all = [opened, thread, vec![card]].concat();
        assert!(!format!("{:?}", slack.attempts()).contains(&token), "no secret leaves");
        seen.saw(plain(&all.join("\n---\n"), &id));
        bot.finish().await;
    });
    insta::assert_snapshot!(seen.text(), @r"
    open thread output of copy by slack:C1 (native-N)
    ---
    post reading
    with [secret]
    ---
    edit native-N: reading
    with [secret]
    written
    checked
    ---
    edit native-N: copy
    State: done
    Asked by: ana
    It is done.
    Took: less than a second
    with [secret]
    written
    checked
    job ID · scripted
    ");
}

#[test]
fn a_job_that_says_much_fills_one_message_after_another_and_no_faster_than_people_can_take() {
    let kind = ScriptedKind::new();
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, anew(&kind).on(slack.clone())).await;
        kind.hold("copy");
        let spec = json!({"say": {"from": 0, "to": 3 * A_PAGE}, "then": {"from": 3 * A_PAGE, "to": 1000}});
        bot.sends("ana", NEAR, &job("copy", &spec.to_string(), "")).await;
        kind.has_begun("copy", 1).await;
        let id = row(&bot, "copy").await.id;
        let first = says(&slack, &id, 2).await;
        assert_eq!(first, [page(0..A_PAGE), page(A_PAGE..2 * A_PAGE)], "the third waits for its moment");
        bot.clock.advance(2_000);
        let first = says(&slack, &id, 3).await;
        assert_eq!(first[2], page(2 * A_PAGE..3 * A_PAGE));
        kind.release("copy");
        told(&bot, &id).await;
        let all = says(&slack, &id, 7).await;
        let gap = "post 720 earlier lines are not shown.\nline 840\n";
        assert!(all[3].starts_with(gap) && all[6].ends_with("\nline 999"), "{all:#?}");
        assert_eq!(all.len(), 7, "each line once, or counted: {all:#?}");
        bot.finish().await;
    });
}

fn page(range: std::ops::Range<usize>) -> String {
    format!("post {}", lines(range).join("\n"))
}

#[test]
fn a_thread_is_no_longer_than_people_read_and_its_last_message_goes_on() {
    let kind = ScriptedKind::new();
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, anew(&kind).on(slack.clone())).await;
        let spec = json!({"say": lines(0..4 * A_PAGE), "end": "sixth"});
        bot.sends("ana", NEAR, &job("copy", &spec.to_string(), "--attempts 9")).await;
        for run in 1..=6 {
            kind.has_begun("copy", run).await;
            if run < 6 {
                is_in(&bot, "copy", JobState::Ready).await;
                bot.clock.advance(600_000);
            }
        }
        let id = row(&bot, "copy").await.id;
        told(&bot, &id).await;
        let last = eventually("the last lines are there", async || {
            let all = in_thread(&slack, &id);
            let runs: Vec<_> = all.iter().filter(|what| what.starts_with("post Run ")).cloned().collect();
            let last = all.last()?;
            (runs.len() == 5 && last.contains("earlier lines are not shown") && last.ends_with("line 159"))
                .then_some(all)
        })
        .await;
        let posts = last.iter().filter(|what| what.starts_with("post")).count();
        assert!(posts <= 21, "{posts} messages");
        let of_runs: Vec<_> =
            last.iter().filter(|what| what.starts_with("post Run ")).map(|what| &what[..10]).collect();
        assert_eq!(of_runs, ["post Run 2", "post Run 3", "post Run 4", "post Run 5", "post Run 6"]);
        assert_eq!(slack.delivered(&format!("slack:+job-{id}")).len(), 1, "one thread");
        bot.finish().await;
    });
}

#[test]
fn where_the_platform_opens_no_thread_it_is_said_below_the_card_in_one_message() {
    let kind = ScriptedKind::new();
    with_database(async |database| {
        let slack = Scripted::new("slack");
        slack.hold(NEAR);
        let bot = TestBot::start(database, anew(&kind).on(slack.clone())).await;
        kind.hold("copy");
        let spec = json!({"say": ["reading"], "then": lines(0..2 * A_PAGE)});
        bot.sends("ana", NEAR, &job("copy", &spec.to_string(), "")).await;
        kind.has_begun("copy", 1).await;
        let id = row(&bot, "copy").await.id;
        // The thread is not opened before its card is there.
        slack.answers(&format!("slack:+job-{id}"), &[Answer::Never]);
        slack.release(NEAR);
        let below = async |what: &str| {
            eventually(what, async || slack.delivered(NEAR).into_iter().find(|said| said.contains(what))).await
        };
        let why = "Its thread output of copy could not be opened (channel_not_found), so it is here.";
        assert_eq!(below("reading\nIts thread").await, format!("post reading\n{why}"));
        kind.release("copy");
        told(&bot, &id).await;
        let rest = below("line 79\nIts thread").await;
        assert!(rest.starts_with("edit native-") && rest.contains("41 earlier lines are not shown."), "{rest}");
        assert_eq!(in_thread(&slack, &id), Vec::<String>::new());
        bot.finish().await;
    });
}

#[test]
fn what_is_asked_for_in_a_thread_is_said_there() {
    let kind = ScriptedKind::new();
    with_database(async |database| {
        let slack = Scripted::new("slack");
        let bot = TestBot::start(database, anew(&kind).on(slack.clone())).await;
        let there = "slack:C1/1700000000.000100";
        bot.sends("ana", there, &job("copy", r#"{"say":["reading"],"then":["written"]}"#, "")).await;
        is_in(&bot, "copy", JobState::Done).await;
        let said = eventually("it is said", async || {
            slack.delivered(there).into_iter().find(|said| said.contains("Output of copy\nreading\nwritten"))
        });
        said.await;
        assert!(slack.attempts().iter().all(|one| one.conversation == there), "{:?}", slack.attempts());
        bot.finish().await;
    });
}

/// The bot is cut off as by `kill -9` while the first run of a job is under way; the next one runs it again.
#[test]
fn whoever_takes_a_job_over_goes_on_in_its_thread() {
    for database in TestDatabase::both() {
        let (kind, slack) = (ScriptedKind::new(), Scripted::new("slack"));
        kind.hold("copy");
        let first = Doomed::start(&database, anew(&kind).on(slack.clone()));
        let spec = json!({"say": ["reading"], "then": ["written"]});
        let id = first.run(async |bot| {
            bot.sends("ana", NEAR, &job("copy", &spec.to_string(), "--lost repeat")).await;
            kind.has_begun("copy", 1).await;
            let id = row(bot, "copy").await.id;
            says(&slack, &id, 1).await;
            eventually("all is on record", async || {
                bot.app.store().outbox_backlog().await.unwrap().is_empty().then_some(())
            })
            .await;
            id
        });
        let again: Setup = first.setup(&kind).on(slack.clone());
        first.cut();
        let second = Doomed::start(&database, again);
        second.run(async |bot| {
            kind.has_begun("copy", 2).await;
            says(&slack, &id, 2).await;
            kind.release("copy");
            told(bot, &id).await;
        });
        let all = second.run(async |_| says(&slack, &id, 3).await);
        assert_eq!(all[..2], ["post reading".to_owned(), "post Run 2\nreading".to_owned()]);
        assert!(all[2].ends_with(": Run 2\nreading\nwritten"), "{all:?}");
        let there: BTreeSet<_> = slack.attempts().into_iter().map(|one| one.conversation).collect();
        assert_eq!(there.len(), 3, "the card's place, the thread by our name, and by the platform's: {there:?}");
        assert_eq!(slack.delivered(&format!("slack:+job-{id}")).len(), 1, "it is opened once");
        second.finish();
    }
}

#[test]
fn a_console_has_no_threads_and_shows_it_below_the_card() {
    let kind = ScriptedKind::new();
    with_bot_of(
        || anew(&kind),
        async |bot: Arc<TestBot>| {
            let spec: Value = json!({"say": lines(0..A_PAGE + 1), "then": ["written"]});
            let answer = bot.ana(&job("copy", &spec.to_string(), "")).await;
            assert!(answer.text.contains("copy: done"), "{}", answer.text);
            let ended = is_in(&bot, "copy", JobState::Done).await;
            let output = eventually("it is said", async || {
                let stream = bot.app.store().stream_after(0, None, &"ana".into(), 100).await.unwrap();
                stream.into_iter().rev().find(|item| item.payload["title"] == "Output of copy")
            })
            .await;
            assert_eq!(output.conversation, ended.conversation);
            let text = output.payload.to_string();
            assert!(text.contains("2 earlier lines are not shown.") && text.contains("written"), "{text}");
        },
    );
}
