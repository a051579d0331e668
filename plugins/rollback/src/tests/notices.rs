//! What the public reads of a closed service, and which way down there is: with the maintenance, or alone where that never began.

use super::*;

/// What the jobs of the kind `notice` were asked.
pub(super) fn notices(bot: &FakeBot) -> Vec<String> {
    bot.jobs.iter().filter(|(job, _)| job.kind == "notice").map(|(job, _)| job.spec.clone()).collect()
}

/// What a job is asked that takes the words of the shop down.
pub(super) const TAKEN_DOWN: &str = r#"{"on":false,"service":"shop"}"#;

#[test]
fn words_that_went_up_while_maintenance_did_not_are_taken_down_by_themselves() {
    for status in ["denied", "expired", "cancelled"] {
        let mut bot = with_notice();
        run(&mut bot, on("maintenance").arg("state", "on"));
        ends(&mut bot, "maintenance", status, &json!({ "error": "Bo said no" }));
        clicks(press(&bot, "maintenance", "Take the notice down"), &mut bot);
        assert_eq!(notices(&bot), [TAKEN_DOWN], "{status}");
        ends(&mut bot, "notice", "failed", &json!({ "error": "no" }));
        bot.transcript();
        run(&mut bot, on("maintenance").arg("state", "off"));
        let said = bot.transcript();
        assert!(said.contains("Turning off the public notice of shop. Maintenance itself was not turned on"), "{said}");
        assert_eq!(notices(&bot), [TAKEN_DOWN, TAKEN_DOWN], "{status}");
        ends(&mut bot, "notice", "done", &json!({ "status": "pass" }));
        run(&mut bot, on("maintenance").arg("state", "off"));
        let last = bot.jobs.last().map(|(job, _)| job.kind.clone());
        assert_eq!(last.as_deref(), Some("maintenance"), "it may be half on");
    }
}

/// The shop has words for the public, besides its maintenance.
fn with_notice() -> FakeBot {
    let mut bot = bot();
    let mut told = shop();
    told["notice"] = json!(true);
    bot.with_service(told);
    bot
}

#[test]
fn what_may_be_on_is_turned_off_before_the_public_reads_that_it_is_over() {
    // How the job that turns it on ends, what it says, and whether it had begun.
    let unknown = json!({ "status": "unknown", "sentence": "Whether it is on is not known." });
    let broke = json!({ "error": "exited with 1" });
    for (status, said, begun) in
        [("failed", &broke, true), ("cancelled", &broke, true), ("done", &unknown, true), ("failed", &unknown, false)]
    {
        let mut bot = with_notice();
        run(&mut bot, on("maintenance").arg("state", "on"));
        bot.jobs.last_mut().expect("it was begun").1.started_ms = begun.then_some(1);
        ends(&mut bot, "maintenance", status, said);
        press(&bot, "maintenance", "Take the notice down");
        run(&mut bot, on("maintenance").arg("state", "off"));
        assert_eq!(notices(&bot), [""; 0], "{status}");
        assert_eq!(bot.jobs.last().map(|(job, _)| job.kind.as_str()), Some("maintenance"), "{status}");
    }
}

#[test]
fn what_is_known_to_be_on_is_not_forgotten_when_turning_it_on_once_more_fails_or_is_denied() {
    for status in ["failed", "denied"] {
        let mut bot = with_notice();
        for status in ["done", status] {
            run(&mut bot, on("maintenance").arg("state", "on"));
            ends(&mut bot, "maintenance", status, &json!({ "error": "no" }));
        }
        clicks(press(&bot, "maintenance", "Turn it off"), &mut bot);
        assert_eq!(notices(&bot), [""; 0], "{status}");
        ends(&mut bot, "maintenance", "done", &json!({ "status": "pass" }));
        run(&mut bot, on("maintenance").arg("state", "on"));
        ends(&mut bot, "maintenance", "denied", &json!({ "error": "no" }));
        run(&mut bot, on("maintenance").arg("state", "off"));
        assert_eq!(notices(&bot), [TAKEN_DOWN], "it was turned off, and this time nothing was done");
    }
}

#[test]
fn words_of_an_alarm_that_could_not_ask_for_maintenance_are_taken_down_by_its_button() {
    let mut bot = with_notice();
    bot.deny("jobs:maintenance");
    attempt(&mut bot, "release", "fail");
    rolled_back(&mut bot);
    verification(&mut bot, "fail");
    ends(&mut bot, "notice", "done", &json!({ "status": "pass" }));
    clicks(press(&bot, "maintenance", "End maintenance"), &mut bot);
    assert_eq!(notices(&bot).last().map(String::as_str), Some(TAKEN_DOWN));
}

#[test]
fn what_is_on_is_turned_off_however_it_came_to_be_on() {
    let mut bot = with_notice();
    for (state, status) in [("on", "failed"), ("on", "done")] {
        run(&mut bot, on("maintenance").arg("state", state));
        ends(&mut bot, "maintenance", status, &json!({ "error": "no" }));
    }
    run(&mut bot, on("maintenance").arg("state", "off"));
    assert_eq!(notices(&bot), [""; 0]);
    ends(&mut bot, "maintenance", "done", &json!({ "status": "pass" }));
    run(&mut bot, on("maintenance").arg("state", "on"));
    ends(&mut bot, "maintenance", "failed", &json!({ "error": "no" }));
    run(&mut bot, on("run"));
    let mut left = done();
    left["maintenance"] = json!(true);
    ends(&mut bot, "rollback", "failed", &json!({ "error": "it broke", "detail": left }));
    run(&mut bot, on("maintenance").arg("state", "off"));
    assert_eq!(notices(&bot), [""; 0], "a rollback has turned it on");
}

#[test]
fn words_about_a_service_that_left_the_configuration_are_taken_down_by_its_name() {
    let mut bot = bot();
    bot.services.clear();
    let gone = refused(&mut bot, on("maintenance").arg("state", "on"));
    assert!(gone.contains("`shop` is no service"), "{gone}");
    run(&mut bot, on("maintenance").arg("state", "off"));
    assert_eq!(notices(&bot), [TAKEN_DOWN]);
    ends(&mut bot, "notice", "failed", &json!({ "error": "The public page has no notice of \"shop\"; none is up." }));
    let said = bot.transcript();
    assert!(said.contains("none is up"), "{said}");
}
