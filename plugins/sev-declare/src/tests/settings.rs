//! A slip in a setting costs a line in the log, and nothing else.

use super::{later, run};
use drillbell_sdk::Level;
use drillbell_sdk::testing::{FakeBot, command};
use serde_json::{Value, json};

fn declare_with(settings: &[(&str, Value)]) -> FakeBot {
    let mut bot = FakeBot::new();
    bot.settings = settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    run(&mut bot, command("sev declare").arg("level", "sev1").arg("title", "checkout is down"));
    bot
}

fn errors(bot: &FakeBot) -> String {
    let mut lines: Vec<_> =
        bot.log.iter().filter(|(level, _)| *level == Level::Error).map(|(_, line)| line.as_str()).collect();
    lines.dedup();
    lines.join("\n")
}

#[test]
fn a_setting_of_the_wrong_kind_is_as_if_it_were_not_there() {
    let wrong = [("roles", json!("liaison")), ("nudge_minutes", json!("soon")), ("snooze_minutes", json!(-1))];
    let mut bot = declare_with(&wrong);
    assert_eq!(bot.incidents.len(), 1);
    insta::assert_snapshot!(errors(&bot), @r#"
    setting `roles` is "liaison": invalid type: string "liaison", expected a sequence at line 1 column 9: the default is used
    setting `nudge_minutes` is "soon": invalid type: string "soon", expected u64 at line 1 column 6: the default is used
    "#);
    assert_eq!(bot.timers["nudge INC-1"].0, bot.now_ms + 5 * 60_000);
    later(&mut bot, 30);
    super::fire(&mut bot, "update INC-1");
    assert!(bot.transcript().contains("Snooze 10 min"));
}

#[test]
fn a_setting_out_of_range_is_the_default_and_the_log_says_so() {
    let bot = declare_with(&[("nudge_minutes", json!(1_000_000))]);
    insta::assert_snapshot!(errors(&bot), @"setting `nudge_minutes` is 1000000, at most 10080 minutes make sense: it is 5");
    assert_eq!(bot.timers["nudge INC-1"].0, bot.now_ms + 5 * 60_000);
}

#[test]
fn a_role_that_is_no_word_is_left_out_and_there_are_at_most_twenty() {
    let many: Vec<String> = (1..=30).map(|n| format!("role-{n}")).collect();
    let mut bot = declare_with(&[("roles", json!(["Liaison", "two words", "1st", "liaison"]))]);
    insta::assert_snapshot!(errors(&bot), @r"
    setting `roles`: `two words` is left out, a role is one word of a-z, 0-9 and -
    setting `roles`: `1st` is left out, a role is one word of a-z, 0-9 and -
    ");
    run(&mut bot, command("sev role").arg("role", "liaison"));
    let said = bot.transcript();
    assert!(said.contains("[Claim liaison] claim-liaison INC-1") && !said.contains("claim-two"), "{said}");
    let mut bot = declare_with(&[("roles", json!(many))]);
    insta::assert_snapshot!(errors(&bot), @"setting `roles`: only the first 20 of 33 roles count");
    assert_eq!(bot.transcript().matches("] claim-").count(), 20);
}
