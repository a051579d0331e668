//! Declaring, and the card it posts.

use super::{data, refused, run};
use drillbell_sdk::Tone;
use drillbell_sdk::testing::{FakeBot, command};

#[test]
fn declaring_posts_the_card_as_the_answer() {
    let mut bot = FakeBot::new();
    run(&mut bot, command("sev declare").arg("level", "sev1").arg("title", "checkout is down").arg("service", "shop"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m1
    INC-1 · sev1 · checkout is down (critical)
    No update yet.
    Status: investigating
    Severity: sev1 (Critical, P0): down, data leak or payments broken
    Service: shop
    Declared by: ana
    Declared: 2026-03-01T10:02:00.000Z
    Roles: nobody is commander, communications, scribe
    Acknowledge by: 2026-03-01T10:07:00.000Z
    Decide by: 2026-03-01T10:12:00.000Z
    Roll back by: 2026-03-01T10:17:00.000Z
    Next update by: 2026-03-01T10:32:00.000Z
    ~ Left at 10:02 UTC: 5 min to acknowledge, 10 min to decide, 15 min to roll back, 30 min to the next update.
    ~ Order: 1 restore the service (now), 2 find the cause, 3 prevent it.
    ~ Next: press Acknowledge, so that everybody knows that somebody is on it.
    [Acknowledge] ack INC-1, primary
    [Claim commander] claim-commander INC-1
    [Claim communications] claim-communications INC-1
    [Claim scribe] claim-scribe INC-1
    [Update] update INC-1 opens (Update INC-1: text!, status)
    [Identified] identified INC-1
    [Monitoring] monitoring INC-1
    [Resolve] resolve INC-1, danger, once
    [Show timeline] timeline INC-1
    ");
    assert_eq!(bot.incidents[0].card.as_ref().map(|card| card.as_str()), Some("m1"));
}

#[test]
fn declaring_answers_with_the_incident_as_data() {
    let mut bot = FakeBot::new();
    run(&mut bot, command("sev declare").arg("level", "sev2").arg("title", "search is slow"));
    insta::assert_snapshot!(data(&bot), @r#"
    {
      "changed": true,
      "facts": {
        "merged_into": null,
        "next_update_at": "2026-03-01T11:02:00.000Z",
        "roles": [],
        "spans": [
          {
            "acknowledged": null,
            "decided_at": null,
            "opened_at": "2026-03-01T10:02:00.000Z",
            "resolved_at": null,
            "restored_at": null
          }
        ],
        "tasks": []
      },
      "incident": {
        "conversation": "console:#incidents",
        "declared_at": "2026-03-01T10:02:00.000Z",
        "declared_by": "ana",
        "id": "INC-1",
        "latest": "",
        "resolved_at": null,
        "service": null,
        "severity": "sev2",
        "status": "investigating",
        "title": "search is slow"
      }
    }
    "#);
}

#[test]
fn the_colour_follows_the_rank_of_the_severity_not_its_name() {
    for (level, tone) in
        [("sev1", Tone::Critical), ("sev2", Tone::Warning), ("sev3", Tone::Info), ("sev4", Tone::Neutral)]
    {
        let mut bot = FakeBot::new();
        run(&mut bot, command("sev declare").arg("level", level).arg("title", "x"));
        assert_eq!(bot.said[0].view().expect("a card").tone, tone, "{level}");
    }
    let mut bot = FakeBot::new();
    bot.severities.truncate(1);
    bot.severities[0].name = String::from("fire");
    run(&mut bot, command("sev declare").arg("level", "fire").arg("title", "x"));
    assert_eq!(bot.said[0].view().expect("a card").tone, Tone::Critical);
}

#[test]
fn a_severity_that_is_configured_no_longer_still_warns() {
    let mut bot = super::with_incident();
    bot.severities.remove(0);
    run(&mut bot, command("sev update").arg("text", "still down"));
    assert_eq!(bot.said[1].view().expect("a card").tone, Tone::Warning);
}

#[test]
fn a_refused_declaration_says_why_and_leaves_nothing() {
    let mut bot = FakeBot::new();
    let long = "x".repeat(201);
    insta::assert_snapshot!(
        refused(&mut bot, command("sev declare").arg("level", "sev1").arg("title", &long)), @"The title has 201 characters; the limit is 200.");
    insta::assert_snapshot!(
        refused(&mut bot, command("sev declare").arg("level", "sev9").arg("title", "x")), @"There is no severity of that name; choose sev1, sev2, sev3, sev4.");
    insta::assert_snapshot!(
        refused(&mut bot, command("sev declare").arg("level", "sev1").arg("title", "  ")), @"The title is empty.");
    assert!(bot.incidents.is_empty() && bot.said.is_empty());
}

#[test]
fn without_the_grant_the_operator_is_told_and_not_the_user() {
    let mut bot = FakeBot::new();
    bot.deny("incidents:write");
    let command = command("sev declare").arg("level", "sev1").arg("title", "x");
    let error = bot.command::<crate::SevDeclare>(command).expect_err("denied");
    assert!(matches!(&error, drillbell_sdk::Error::Internal(text) if text.contains("incidents:write")), "{error:?}");
}

#[test]
fn a_severity_whose_title_only_repeats_its_name_is_explained() {
    let mut bot = FakeBot::new();
    bot.severities[0].title = String::from("SEV-1");
    run(&mut bot, command("sev declare").arg("level", "sev1").arg("title", "checkout is down"));
    let meaning = format!("Severity: sev1 (P0, critical): {}", bot.severities[0].description);
    assert!(!bot.severities[0].description.is_empty() && bot.transcript().contains(&meaning), "{}", bot.transcript());
}
