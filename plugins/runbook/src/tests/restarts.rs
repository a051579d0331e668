//! The bot is started again at every point of a run: nothing is done twice, nothing is lost.

use super::*;

/// Something that happens to a run.
type Deed = Box<dyn Fn(&mut FakeBot)>;

/// The same bot after a restart: the plugin has nothing but what the host keeps for it, as texts.
fn restarted(mut bot: FakeBot) -> FakeBot {
    let texts = serde_json::to_string(&bot.kv).expect("texts are JSON");
    bot.kv = serde_json::from_str(&texts).expect("they read back");
    bot
}

#[test]
fn a_restart_at_any_step_changes_nothing() {
    let script: Vec<Deed> = vec![
        Box::new(|bot| run(bot, command("runbook run"))),
        Box::new(|bot| end(bot, "done", &result("pass", "was answered with 200", json!({})))),
        Box::new(|bot| run(bot, command("runbook done"))),
        Box::new(|bot| run(bot, command("runbook run"))),
        Box::new(|bot| {
            bot.decide::<Runbook>(&ApprovalId::from("A-00000001"), "approved", Vec::new()).expect("it begins")
        }),
        Box::new(|bot| end(bot, "done", &result("pass", "exited with 0", json!({})))),
        Box::new(|bot| run(bot, command("runbook run"))),
        Box::new(|bot| end(bot, "done", &result("pass", "was answered with 1 row", json!({"value": "3"})))),
        Box::new(|bot| run(bot, command("runbook run"))),
    ];
    let mut straight = begun();
    script.iter().for_each(|deed| deed(&mut straight));
    for at in 0..=script.len() {
        let mut bot = begun();
        script[..at].iter().for_each(|deed| deed(&mut bot));
        let mut bot = restarted(bot);
        script[at..].iter().for_each(|deed| deed(&mut bot));
        assert_eq!(bot.kv, straight.kv, "restarted before deed {at}");
        assert_eq!(bot.jobs, straight.jobs, "restarted before deed {at}");
    }
    assert_eq!(kept(&straight).tally(), "5 passed");
}

#[test]
fn a_step_that_takes_too_long_is_said_once() {
    let mut bot = begun();
    run(&mut bot, command("runbook run"));
    drop(bot.transcript());
    bot.advance(std::time::Duration::from_secs(5));
    bot.fire_timer::<Runbook>("takes/R-1").expect("it is said");
    assert!(bot.transcript().ends_with("R-1: \"It answers\" takes longer than 5 s, which it should take."));
    end(&mut bot, "done", &result("pass", "was answered with 200", json!({})));
    assert!(bot.timers.is_empty());
}

#[test]
fn a_job_that_ends_after_the_run_went_on_changes_nothing() {
    let mut bot = begun();
    run(&mut bot, command("runbook run"));
    let (card, value) = (card(&bot), format!("R-1 {}", kept(&bot).revision));
    bot.action::<Runbook>(click("stop", &value).card(&card)).expect("it stops");
    assert_eq!(bot.jobs[0].1.state, "cancelled");
    run(&mut bot, command("runbook skip").arg("reason", "it hangs"));
    let before = kept(&bot);
    bot.jobs[0].1.state = "running".to_owned();
    bot.end_job::<Runbook>("job-1", "cancelled", "{}").expect("it is heard");
    assert_eq!(kept(&bot).revision, before.revision);
    assert_eq!(
        before.steps[0].said,
        "it hangs (before: unknown, it was stopped; how far it came is on its job's card)"
    );
}
