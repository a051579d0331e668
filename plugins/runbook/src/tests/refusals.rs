//! What cannot begin, what is not done, and what it says of that.

use super::*;

#[test]
fn an_input_that_nobody_gives_is_its_default() {
    let mut book = book();
    book["inputs"]["ticket"]["default"] = json!("none");
    let mut bot = FakeBot::new();
    bot.with_runbook(book, &[]);
    run(&mut bot, command("runbook start").arg("name", "db-down"));
    assert_eq!(kept(&bot).values["ticket"], "none");
    run(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket=A-17"));
    let second: crate::run::Run = serde_json::from_str(&bot.kv["run/R-2"]).expect("the run is kept");
    assert_eq!(second.values["ticket"], "A-17");
}

#[test]
fn a_run_that_cannot_begin_says_what_it_needs() {
    let mut bot = bot();
    let told = [
        refused(&mut bot, command("runbook start").arg("name", "db-down")),
        refused(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket=1 other=2")),
        refused(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket")),
        refused(&mut bot, command("runbook start").arg("name", "nothing")),
        refused(&mut bot, command("runbook run")),
        {
            bot.with_runbook(json!({"name": "raw", "unready": ["runbooks.values.url is missing: the address"]}), &[]);
            refused(&mut bot, command("runbook start").arg("name", "raw"))
        },
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    db-down needs
    - ticket: the provider's ticket
    Say `/runbook start db-down ticket=…`.
    db-down asks for no `other`.
    `ticket` is no input: write name=value, without spaces.
    there is no runbook `nothing`. `/runbook list` names them all.
    No runbook runs here. Start one with `/runbook start NAME`, or name a run with --run.
    raw is not ready:
    - runbooks.values.url is missing: the address
    ");
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_it_would_have_done() {
    let mut bot = bot();
    run(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket=A-17").arg("dry-run", "true"));
    run(&mut bot, command("runbook run"));
    end(&mut bot, "done", &result("pass", "was answered with 200", json!({})));
    run(&mut bot, command("runbook done"));
    run(&mut bot, command("runbook run"));
    assert!(bot.approvals.is_empty() && bot.jobs.len() == 1);
    assert_eq!(kept(&bot).steps[2].said, "dry run: it would have done restart-db name=main");
}

#[test]
fn a_runbook_that_changed_meanwhile_ends_its_run() {
    let mut bot = begun();
    let mut changed = book();
    changed["digest"] = json!("d2");
    bot.with_runbook(changed, &[]);
    assert!(refused(&mut bot, command("runbook run")).starts_with("The runbook db-down has changed since R-1 began."));
    run(&mut bot, command("runbook abort").arg("reason", "it changed"));
    assert_eq!(kept(&bot).aborted.as_deref(), Some("it changed (Ana)"));
    assert!(refused(&mut bot, command("runbook abort").arg("reason", "again")).starts_with("R-1 ended at"));
}

#[test]
fn what_came_of_a_step_is_kept_though_the_runbook_changed_while_it_ran() {
    let mut bot = begun();
    run(&mut bot, command("runbook run"));
    let mut changed = book();
    changed["digest"] = json!("d2");
    bot.with_runbook(changed, &[]);
    end(&mut bot, "done", &result("pass", "was answered with 200", json!({})));
    let run_1 = kept(&bot);
    assert_eq!((run_1.steps[0].state.word(), run_1.steps[0].said.as_str()), ("pass", "was answered with 200"));
    assert!(run_1.waiting.is_none() && !run_1.has_ended());
    assert!(bot.transcript().contains("It answers: pass, was answered with 200. The runbook db-down has changed"));
    run(&mut bot, command("runbook abort").arg("reason", "it changed"));
    assert_eq!(kept(&bot).tally(), "1 passed, 4 not done");
}

#[test]
fn a_run_that_is_ended_while_a_step_runs_does_not_know_of_it() {
    let mut bot = begun();
    run(&mut bot, command("runbook run"));
    assert_eq!(kept(&bot).tally(), "1 running, 4 not done");
    run(&mut bot, command("runbook abort").arg("reason", "enough"));
    let run_1 = kept(&bot);
    assert_eq!(
        (run_1.steps[0].said.as_str(), run_1.tally().as_str()),
        ("the run was ended while it ran", "1 unknown, 4 not done")
    );
    let mut bot = begun();
    run(&mut bot, command("runbook skip").arg("reason", "known"));
    run(&mut bot, command("runbook done"));
    run(&mut bot, command("runbook run"));
    run(&mut bot, command("runbook abort").arg("reason", "enough"));
    assert_eq!(kept(&bot).steps[2].said, "it was not begun: nobody had approved it");
}

#[test]
fn what_was_approved_is_what_runs() {
    let mut bot = bot();
    let mut of_backup = book();
    of_backup["steps"][0] = json!({"name": "It reads back", "section": "Symptoms", "kind": "backup", "risk": "dangerous",
        "takes_ms": 5_000, "does": {"do": "take", "target": "shop"}});
    bot.with_runbook(of_backup.clone(), &[]);
    run(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket=A-17"));
    run(&mut bot, command("runbook run"));
    // The file says something else by now, and nobody noticed.
    of_backup["steps"][0]["does"]["target"] = json!("other");
    bot.with_runbook(of_backup, &[]);
    bot.decide::<Runbook>(&ApprovalId::from("A-00000001"), "approved", vec![person("bo", "Bo")]).expect("it begins");
    assert_eq!(bot.jobs[0].0.kind, "backup");
    let asked: Value = serde_json::from_str(&bot.approvals[0].subject).expect("it is JSON");
    assert_eq!(asked["spec"].to_string(), bot.jobs[0].0.spec);
}

#[test]
fn the_way_back_is_shown_and_an_older_run_does_not_take_the_place_of_a_newer() {
    let mut bot = bot();
    let mut undone = book();
    undone["steps"][0] = json!({"name": "Drain it", "section": "Symptoms", "kind": "command", "risk": "change", "takes_ms": 5_000,
        "does": {"command": "drain", "args": {"host": "a"}, "undo": {"command": "fill", "args": {"host": "{ticket}"}}}, "places": ["ticket"]});
    bot.with_runbook(undone, &[]);
    for _ in 0..2 {
        run(&mut bot, command("runbook start").arg("name", "db-down").arg("inputs", "ticket=A-17"));
    }
    assert!(bot.transcript().contains("To take it back, which nothing does by itself: fill host=A-17"));
    run(&mut bot, command("runbook skip").arg("run", "R-1").arg("reason", "no"));
    run(&mut bot, command("runbook skip").arg("reason", "no"));
    let second: crate::run::Run = serde_json::from_str(&bot.kv["run/R-2"]).expect("it is kept");
    assert_eq!((kept(&bot).at, second.at), (1, 1));
}

#[test]
fn a_step_that_is_not_the_present_one_is_not_meant() {
    let mut bot = begun();
    let said = refused(&mut bot, command("runbook done").arg("step", "2"));
    assert_eq!(said, "R-1 is at step 1, \"It answers\", not at 2: nothing was done.");
    run(&mut bot, command("runbook done").arg("step", "1"));
    assert_eq!(
        refused(&mut bot, command("runbook skip").arg("reason", "x").arg("step", "1")),
        "R-1 is at step 2, \"The disk is not full\", not at 1: nothing was done."
    );
    assert_eq!((kept(&bot).at, bot.jobs.len()), (1, 0));
}

#[test]
fn without_a_grant_a_step_is_unknown_and_says_so() {
    let mut bot = begun();
    bot.deny("jobs:steps");
    run(&mut bot, command("runbook run"));
    let step = &kept(&bot).steps[0];
    assert!(step.state.word() == "unknown" && step.said.contains("`jobs:steps` is not granted"), "{step:?}");
}
