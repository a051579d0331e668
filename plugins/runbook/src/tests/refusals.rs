//! What cannot begin, what is not done, and what it says of that.

use super::*;

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
fn without_a_grant_a_step_is_unknown_and_says_so() {
    let mut bot = begun();
    bot.deny("jobs:steps");
    run(&mut bot, command("runbook run"));
    let step = &kept(&bot).steps[0];
    assert!(step.state.word() == "unknown" && step.said.contains("`jobs:steps` is not granted"), "{step:?}");
}
