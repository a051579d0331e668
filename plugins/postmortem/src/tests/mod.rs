//! Every message of the plugin, as people read it, and the data beside it.

mod actions;
mod document;
mod edits;
mod hostile;
mod offers;
mod reminders;

use crate::Postmortem;
use crate::section::Section;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, command};
use drillbell_sdk::{Bot, Error, IncidentId, Status};
use serde_json::Value;
use std::time::Duration;

const DAY_MS: u64 = 86_400_000;
const MINUTE_MS: u64 = 60_000;

fn id(text: &str) -> IncidentId {
    IncidentId::from(text)
}

/// Somebody does something in an incident, as `/sev` would.
fn by(bot: &mut FakeBot, who: &str, does: impl FnOnce(&mut FakeBot)) {
    let before = bot.entries.len();
    bot.run(|bot| {
        does(bot);
        Ok(())
    })
    .expect("it is done");
    for (_, entry) in &mut bot.entries[before..] {
        who.clone_into(&mut entry.author);
    }
    let mine = |name: &mut String| {
        if name == "plugin:test" {
            who.clone_into(name);
        }
    };
    bot.incidents.iter_mut().for_each(|incident| mine(&mut incident.declared_by));
    for facts in bot.facts.values_mut() {
        facts.spans.iter_mut().filter_map(|span| span.acknowledged.as_mut()).for_each(|deed| mine(&mut deed.by));
        facts.tasks.iter_mut().for_each(|task| mine(&mut task.added.by));
    }
}

fn later(bot: &mut FakeBot, ms: u64) {
    bot.advance(Duration::from_millis(ms));
}

fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<Postmortem>(command).expect("the command succeeds");
}

fn refused(bot: &mut FakeBot, command: CommandBuilder) -> String {
    match bot.command::<Postmortem>(command) {
        Err(Error::User(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn data(bot: &FakeBot) -> Value {
    bot.data.clone().expect("the command set data")
}

/// INC-1, which was open for 42 minutes: acknowledged, raised, restored, resolved; with a runbook and a broken glass.
fn over() -> FakeBot {
    let mut bot = FakeBot::new();
    let one = id("INC-1");
    by(&mut bot, "ana", |bot| {
        bot.declare("checkout is down", "sev2", &"console:#incidents".into(), Some("shop")).expect("declared");
    });
    later(&mut bot, 2 * MINUTE_MS);
    by(&mut bot, "ben", |bot| drop(bot.acknowledge(&one).expect("acknowledged")));
    by(&mut bot, "plugin:alerts", |bot| bot.note(&one, "alert", "checkout 5xx (firing, prom 00ff)").expect("noted"));
    later(&mut bot, 8 * MINUTE_MS);
    by(&mut bot, "ana", |bot| drop(bot.set_severity(&one, "sev1", "nobody can pay").expect("raised")));
    by(&mut bot, "ben", |bot| bot.note(&one, "runbook", "R-1 db-down was started by Ben").expect("noted"));
    later(&mut bot, 20 * MINUTE_MS);
    by(&mut bot, "cleo", |bot| {
        bot.note(&one, "break-glass", "broke the glass on A-00000001 for Restore shop: no time").expect("noted");
    });
    by(&mut bot, "ana", |bot| drop(bot.set_status(&one, Status::Monitoring, "it serves").expect("moved")));
    later(&mut bot, 12 * MINUTE_MS);
    by(&mut bot, "ana", |bot| drop(bot.set_status(&one, Status::Resolved, "").expect("resolved")));
    later(&mut bot, 10 * MINUTE_MS);
    bot
}

/// The same with a draft.
fn drafted() -> FakeBot {
    let mut bot = over();
    run(&mut bot, command("postmortem draft").arg("id", "INC-1"));
    bot
}

/// Every section is written, and nothing is wrong with any.
fn written() -> FakeBot {
    let mut bot = drafted();
    for section in Section::written().filter(|section| *section != Section::ActionItems) {
        let text = format!("What is to be said of {}.", section.word());
        run(&mut bot, command("postmortem edit").arg("section", section.word()).arg("text", &text));
    }
    bot.said.clear();
    bot
}

#[test]
fn a_draft_says_what_the_timeline_says_and_that_the_rest_is_unknown() {
    let mut bot = drafted();
    let document = data(&bot)["document"].as_str().expect("a text").to_owned();
    insta::assert_snapshot!(document, @r"
    # Postmortem of INC-1: checkout is down

    Begun by Ana at 2026-03-01 10:54 UTC. What is marked with the numbers of lines, as in T1, was read from the timeline of INC-1; everything else was written by the people it names.

    ## 1. Summary

    - INC-1 was declared by ana at 2026-03-01 10:02 UTC, about the service shop: checkout is down. ([T1](/incidents/INC-1?cursor=e10#line-e1))

    Nobody has written anything here yet.

    ## 2. Impact

    - Acknowledged by ben after 2 min. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T2](/incidents/INC-1?cursor=e20#line-e2))
    - Restored after 30 min, at 2026-03-01 10:32 UTC. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T7](/incidents/INC-1?cursor=e70#line-e7))
    - Resolved after 42 min, at 2026-03-01 10:44 UTC. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T8](/incidents/INC-1?cursor=e80#line-e8))
    - Severity: sev2 from 2026-03-01 10:02 UTC, sev1 from 2026-03-01 10:12 UTC. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T4](/incidents/INC-1?cursor=e40#line-e4))
    - One line tells of alerts. ([T3](/incidents/INC-1?cursor=e30#line-e3))
    - *Not known:* Who was affected, and how many of them, the timeline does not say.
    - *Not known:* Whether data was lost, the timeline does not say.

    Nobody has written anything here yet.

    ## 3. Timeline

    - **[T1](/incidents/INC-1?cursor=e10#line-e1)** 2026-03-01 10:02 UTC, ana, declared: sev2: checkout is down (shop)
    - **[T2](/incidents/INC-1?cursor=e20#line-e2)** 2026-03-01 10:04 UTC, ben, acknowledged: taken up after 2 min
    - **[T3](/incidents/INC-1?cursor=e30#line-e3)** 2026-03-01 10:04 UTC, plugin\:alerts, alert: checkout 5xx (firing, prom 00ff)
    - **[T4](/incidents/INC-1?cursor=e40#line-e4)** 2026-03-01 10:12 UTC, ana, severity: sev2 → sev1: nobody can pay
    - **[T5](/incidents/INC-1?cursor=e50#line-e5)** 2026-03-01 10:12 UTC, ben, runbook: R-1 db-down was started by Ben
    - **[T6](/incidents/INC-1?cursor=e60#line-e6)** 2026-03-01 10:32 UTC, cleo, break-glass: broke the glass on A-00000001 for Restore shop: no time
    - **[T7](/incidents/INC-1?cursor=e70#line-e7)** 2026-03-01 10:32 UTC, ana, status: investigating → monitoring: it serves
    - **[T8](/incidents/INC-1?cursor=e80#line-e8)** 2026-03-01 10:44 UTC, ana, status: monitoring → resolved
    - **[T9](/incidents/INC-1?cursor=e100#line-e10)** 2026-03-01 10:54 UTC, ana, task: 1 added, ana, due 2026-03-15 10\:54 UTC: What the runbook R-1 db-down taught: mend what was wrong or missing in it
    - **[T10](/incidents/INC-1?cursor=e110#line-e11)** 2026-03-01 10:54 UTC, ana, task: 2 added, ana, due 2026-03-15 10\:54 UTC: Review: broke the glass on A-00000001 for Restore shop: no time

    ## 4. Root cause

    - *Not known:* Why it happened, no line of the timeline can say.

    Nobody has written anything here yet.

    ## 5. Contributing factors

    Nobody has written anything here yet.

    ## 6. What went well

    - Acknowledged after 2 min, within the 5 min expected of sev1. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T2](/incidents/INC-1?cursor=e20#line-e2))

    Nobody has written anything here yet.

    ## 7. What went poorly

    - Decided what to do after 30 min; 10 min are expected of sev1. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T7](/incidents/INC-1?cursor=e70#line-e7))
    - Restored after 30 min; 15 min are expected of sev1. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T7](/incidents/INC-1?cursor=e70#line-e7))
    - Without the approval it needed, at 2026-03-01 10:32 UTC: broke the glass on A-00000001 for Restore shop: no time ([T6](/incidents/INC-1?cursor=e60#line-e6))

    Nobody has written anything here yet.

    ## 8. Action items

    - **1** What the runbook R-1 db-down taught: mend what was wrong or missing in it. Owner: ana. Due: 2026-03-15 10:54 UTC. State: open. ([T9](/incidents/INC-1?cursor=e100#line-e10))
    - **2** Review: broke the glass on A-00000001 for Restore shop: no time. Owner: ana. Due: 2026-03-15 10:54 UTC. State: open. ([T10](/incidents/INC-1?cursor=e110#line-e11))
    ");
    insta::assert_snapshot!(bot.transcript(), @r"
    post m1 to console:#incidents
    INC-1 · Postmortem · checkout is down (warning)
    State: draft, begun by Ana on 2026-03-01 10:54 UTC
    Severity: sev1
    Summary: nobody has written it yet
    Impact: nobody has written it yet
    Root cause: nobody has written it yet
    Contributing factors: nobody has written it yet
    What went well: nobody has written it yet
    What went poorly: nobody has written it yet
    1 What the runbook R-1 db-down taught: mend what was wrong or missing in it (ana, due 2026-03-15 10:54 UTC)
    2 Review: broke the glass on A-00000001 for Restore shop: no time (ana, due 2026-03-15 10:54 UTC)
    ~ Error, Summary: nobody has written it. /postmortem edit summary TEXT, or, if nobody knows, /postmortem edit summary --unknown
    ~ Error, Impact: nobody has written it. /postmortem edit impact TEXT, or, if nobody knows, /postmortem edit impact --unknown
    ~ Error, Root cause: nobody has written it. /postmortem edit root-cause TEXT, or, if nobody knows, /postmortem edit root-cause --unknown
    ~ Error, Contributing factors: nobody has written it. /postmortem edit contributing TEXT, or, if nobody knows, /postmortem edit contributing --unknown
    ~ Error, What went well: nobody has written it. /postmortem edit went-well TEXT, or, if nobody knows, /postmortem edit went-well --unknown
    ~ Error, What went poorly: nobody has written it. /postmortem edit went-poorly TEXT, or, if nobody knows, /postmortem edit went-poorly --unknown
    chart INC-1: how bad it was (4 is sev1) (count), severity of 4 points, declared on 2026-03-01T10:02:00.000Z, acknowledged on 2026-03-01T10:04:00.000Z, monitoring on 2026-03-01T10:32:00.000Z, resolved on 2026-03-01T10:44:00.000Z
    [Summary] edit-summary INC-1 0 opens (INC-1: Summary: text, state)
    [Impact] edit-impact INC-1 0 opens (INC-1: Impact: text, state)
    [Root cause] edit-root-cause INC-1 0 opens (INC-1: Root cause: text, state)
    [Contributing factors] edit-contributing INC-1 0 opens (INC-1: Contributing factors: text, state)
    [What went well] edit-went-well INC-1 0 opens (INC-1: What went well: text, state)
    [What went poorly] edit-went-poorly INC-1 0 opens (INC-1: What went poorly: text, state)
    [Action items] edit-action-items INC-1 0 opens (INC-1: Action items: text, state)
    [Publish] publish INC-1
    ~ The whole document: /postmortem show INC-1. To read the timeline anew: /postmortem draft INC-1
    ");
}

#[test]
fn what_is_complete_is_published_as_a_document_and_put_on_the_web() {
    let mut bot = written();
    run(&mut bot, command("postmortem publish"));
    let said = bot.said.iter().map(ToString::to_string).find(|said| said.starts_with("reply")).expect("an answer");
    assert!(said.contains("## 4. Root cause") && said.contains("What is to be said of root-cause."), "{said}");
    let (job, info) = bot.jobs[0].clone();
    assert_eq!((job.kind.as_str(), job.key.as_deref()), ("document", Some("INC-1")));
    let spec: Value = serde_json::from_str(&job.spec).expect("JSON");
    assert_eq!((&spec["incident"], &spec["title"]), (&Value::from("INC-1"), &Value::from("checkout is down")));
    assert_eq!(spec["markdown"], data(&bot)["document"]);
    assert!(!bot.timers.contains_key("publish INC-1"), "nobody is reminded of what is done");
    bot.said.clear();
    let kept = r#"{"revision":1,"page":"/postmortems/INC-1?revision=1","objects":[]}"#;
    bot.end_job::<Postmortem>(&info.id, "done", kept).expect("it is handled");
    let told = bot.transcript();
    assert!(
        told.contains("INC-1: revision 1 of the postmortem is on the web (good)\nPage: /postmortems/INC-1?revision=1"),
        "{told}"
    );
    run(&mut bot, command("postmortem list"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m10
    Postmortems (neutral)
    INC-1 checkout is down: revision 1 published by Ana on 2026-03-01 10:54 UTC, /postmortems/INC-1?revision=1; 2 of 2 items open
    ");
    run(&mut bot, command("postmortem publish"));
    assert_eq!(data(&bot)["revision"], 2);
    let mine: Vec<_> = bot
        .entries
        .iter()
        .filter(|(_, entry)| entry.kind == "postmortem")
        .map(|(_, entry)| entry.text.clone())
        .collect();
    assert_eq!(mine, ["drafted by Ana", "revision 1 published by Ana", "revision 2 published by Ana"]);
}

#[test]
fn while_one_revision_is_being_kept_the_next_waits_and_loses_nothing() {
    let mut bot = written();
    run(&mut bot, command("postmortem publish"));
    run(&mut bot, command("postmortem edit").arg("section", "summary").arg("text", "It was said better."));
    insta::assert_snapshot!(refused(&mut bot, command("postmortem publish")), @"Not published: revision 1 is still being put into the artifact store (job job-1). Nothing is lost: what you wrote since is in the draft. Publish it once that has ended, or stop that job on its card first.");
    let published = |bot: &FakeBot| bot.entries.iter().filter(|(_, entry)| entry.text.contains("published by")).count();
    assert_eq!((bot.jobs.len(), published(&bot)), (1, 1), "nothing was begun, and nothing told that did not happen");
    bot.end_job::<Postmortem>("job-1", "done", r#"{"revision":1,"page":"/p","objects":[]}"#).expect("it is handled");
    run(&mut bot, command("postmortem publish"));
    assert_eq!((bot.jobs.len(), published(&bot)), (2, 2));
    assert!(bot.jobs[1].0.spec.contains("It was said better."));
}

#[test]
fn what_cannot_be_kept_is_said_and_what_may_not_be_kept_is_posted_all_the_same() {
    let mut bot = written();
    run(&mut bot, command("postmortem publish"));
    bot.said.clear();
    bot.end_job::<Postmortem>("job-1", "failed", r#"{"error":"the store is away","detail":null}"#)
        .expect("it is handled");
    let told = bot.transcript();
    assert!(told.contains("to console:#ops") && told.contains("the store is away"), "{told}");
    bot.deny("jobs:document");
    run(&mut bot, command("postmortem publish"));
    let told = bot.transcript();
    assert!(told.contains("It is not kept: grant jobs:document"), "{told}");
}

#[test]
fn the_check_is_the_gate_errors_are_mended_and_warnings_need_a_reason() {
    let mut bot = drafted();
    bot.said.clear();
    insta::assert_snapshot!(refused(&mut bot, command("postmortem publish")), @r"
    Not published. First mend what is wrong:
    Error, Summary: nobody has written it. /postmortem edit summary TEXT, or, if nobody knows, /postmortem edit summary --unknown
    Error, Impact: nobody has written it. /postmortem edit impact TEXT, or, if nobody knows, /postmortem edit impact --unknown
    Error, Root cause: nobody has written it. /postmortem edit root-cause TEXT, or, if nobody knows, /postmortem edit root-cause --unknown
    Error, Contributing factors: nobody has written it. /postmortem edit contributing TEXT, or, if nobody knows, /postmortem edit contributing --unknown
    Error, What went well: nobody has written it. /postmortem edit went-well TEXT, or, if nobody knows, /postmortem edit went-well --unknown
    Error, What went poorly: nobody has written it. /postmortem edit went-poorly TEXT, or, if nobody knows, /postmortem edit went-poorly --unknown
    ");
    let mut bot = written();
    let poorly = "It was human error. Ben started the deploy.\nThey should have asked; the alert should have fired.";
    run(&mut bot, command("postmortem edit").arg("section", "went-poorly").arg("text", poorly));
    insta::assert_snapshot!(refused(&mut bot, command("postmortem publish")), @r#"
    Not published. First mend what is wrong:
    Error, What went poorly: "human error" says whose fault it was, not what let it happen: "It was human error." Say what in the system made it easy to do, or hard to see.
    Error, What went poorly: "they should have" judges somebody with what is known only now: "They should have asked; the alert should have fired." Say what they saw at that time, and what would have shown them more.
    Warning, What went poorly: it names ben: "Ben started the deploy." Name the role or what was done, as in "the deploy was started", unless the name is needed.
    "#);
    let better = "Ben started the deploy, and nothing asked whether the queue was empty.";
    run(&mut bot, command("postmortem edit").arg("section", "went-poorly").arg("text", better));
    let warned = refused(&mut bot, command("postmortem publish"));
    assert!(
        warned
            .starts_with("Not published, because of warnings:\nWarning, What went poorly: it names ben: \"Ben started"),
        "{warned}"
    );
    run(&mut bot, command("postmortem publish").arg("passing", "Ben wants it so"));
    let document = data(&bot)["document"].as_str().expect("a text").to_owned();
    assert!(document.contains("Published although the check had warnings: Ben wants it so"), "{document}");
}

#[test]
fn what_nobody_knows_may_be_published_as_unknown_and_what_goes_on_may_not() {
    let mut bot = written();
    run(
        &mut bot,
        command("postmortem edit").arg("section", "root-cause").flag("unknown").arg("text", "The logs are gone."),
    );
    run(&mut bot, command("postmortem publish"));
    let document = data(&bot)["document"].as_str().expect("a text").to_owned();
    let cause =
        document.split("## 4. Root cause").nth(1).and_then(|rest| rest.split("## 5").next()).expect("the section");
    assert!(cause.contains("**Unknown.**\n\nThe logs are gone.\n"), "{cause}");
    by(&mut bot, "ana", |bot| drop(bot.reopen(&id("INC-1"), "it is back").expect("opened")));
    let why = refused(&mut bot, command("postmortem publish"));
    assert!(why.contains("INC-1 is not over"), "{why}");
    run(&mut bot, command("postmortem draft"));
    let document = data(&bot)["document"].as_str().expect("a text").to_owned();
    assert!(document.contains("- *Not known:* Opened again: It is not resolved."), "{document}");
    assert!(document.contains("- It came back, at "), "{document}");
    assert!(document.contains("What is to be said of summary."), "what people wrote stays: {document}");
}

#[test]
fn nobody_writes_into_the_wrong_one() {
    let mut bot = drafted();
    bot.kv.remove("here/console:#incidents");
    let why = refused(&mut bot, command("postmortem show"));
    assert!(why.starts_with("Of which incident?"), "{why}");
    let why = refused(&mut bot, command("postmortem show").arg("id", "INC-9"));
    assert_eq!(why, "There is no postmortem of INC-9 yet. To begin one: /postmortem draft INC-9");
    run(&mut bot, command("postmortem draft").arg("id", "INC-1"));
    by(&mut bot, "ana", |bot| {
        bot.declare("search is slow", "sev3", &"console:#incidents".into(), None).expect("declared");
    });
    let why = refused(&mut bot, command("postmortem edit").arg("section", "summary").arg("text", "x"));
    assert!(why.starts_with("Which one? INC-2 has no postmortem yet, INC-1 was drafted here."), "{why}");
    run(&mut bot, command("postmortem edit").arg("section", "summary").arg("text", "x").incident("INC-1"));
    assert_eq!(data(&bot)["incident"], "INC-1");
}
