//! Who may: asked before any plugin runs, for commands, buttons and the bot's own commands alike.

use crate::support::approvals::ruled;
use crate::support::bot::{HERE, with_bot_of};
use crate::support::script::{SameOnBoth, told};
use drillbell::store::OutcomeStatus;

const RULES: &str = "[[policy]]\ncommand = \"sev\"\nrole = \"commander\"\n\
                     [[policy]]\ncommand = \"sev list\"\n\
                     [[policy]]\ncommand = \"misbehave kv-counter\"\nchannels = [\"console:#ops\"]\n\
                     [[policy]]\ncommand = \"misbehave action user\"\nrole = \"oncall\"\n\
                     [[policy]]\ncommand = \"drillbell audit\"\nrole = \"commander\"";

#[test]
fn who_may_not_is_told_who_may_and_nothing_is_done() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(RULES),
        async |bot| {
            let mut script = Vec::new();
            for line in ["/sev declare sev1 checkout is down", "/sev list", "/misbehave kv-counter", "/drillbell audit"]
            {
                script.push(told(line, &bot.ana(line).await));
            }
            let refused = bot.trail().await.into_iter().filter(|record| record["outcome"] == "refused").count();
            assert_eq!(refused, 3, "each refusal is on record");
            assert_eq!(bot.app.store().next_incident_number().await.unwrap(), 1);
            for (who, place, line) in [
                ("ben", HERE, "/sev declare sev1 checkout is down"),
                ("ana", "console:#ops", "/misbehave kv-counter"),
                ("carla", HERE, "/drillbell audit"),
            ] {
                let answer = bot.types(who, place, line).await;
                assert_eq!(answer.status, OutcomeStatus::Ok, "{line}: {answer:?}");
            }
            seen.saw(script.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > /sev declare sev1 checkout is down
    [refused]
    (console:#incidents, only for you)
    /sev declare is for the role commander: ask Ben or Carla.

    > /sev list
    (console:#incidents, only for you)
    No incident is open.
    If something is wrong: /sev declare sev1 what is wrong (levels: sev1, sev2, sev3, sev4)

    > /misbehave kv-counter
    [refused]
    (console:#incidents, only for you)
    /misbehave kv-counter is kept to console:#ops: use it there.

    > /drillbell audit
    [refused]
    (console:#incidents, only for you)
    /drillbell audit is for the role commander: ask Ben or Carla.
    ");
}

#[test]
fn a_button_is_under_the_rules_of_its_plugins_command() {
    with_bot_of(
        || ruled(RULES),
        async |bot| {
            let declared = bot.types("ben", HERE, "/sev declare sev1 checkout is down").await;
            let card = declared.messages[0].message.clone();
            let refused = bot.clicks("ana", &card, "resolve").await;
            assert_eq!(refused.status, OutcomeStatus::Refused);
            assert_eq!(refused.text, "The button `resolve` of /sev is for the role commander: ask Ben or Carla.");
            assert_eq!(bot.clicks("carla", &card, "resolve").await.status, OutcomeStatus::Ok);

            let card = bot.ana("/misbehave card").await.messages[0].message.clone();
            assert_eq!(bot.clicks("ben", &card, "user").await.status, OutcomeStatus::Refused);
            assert_eq!(bot.clicks("ana", &card, "user").await.status, OutcomeStatus::Ok);
            assert_eq!(bot.clicks("ben", &card, "never").await.status, OutcomeStatus::Ok, "no rule is about it");
        },
    );
}

#[test]
fn whoami_tells_roles_and_identities() {
    let seen = SameOnBoth::default();
    with_bot_of(
        || ruled(""),
        async |bot| {
            let mut script = Vec::new();
            for who in ["ana", "dora", "stranger"] {
                let answer = bot.types(who, HERE, "/drillbell whoami").await;
                script.push(told("/drillbell whoami", &answer));
            }
            let help = bot.ana("/drillbell help drillbell").await;
            assert!(help.text.contains("/drillbell approve") && help.text.contains("--break-glass"), "{}", help.text);
            seen.saw(script.join("\n\n"));
        },
    );
    insta::assert_snapshot!(seen.text(), @r"
    > /drillbell whoami
    (console:#incidents, only for you)
    Ana
    id: ana
    roles: oncall
    identities: console:ana, slack:U1
    here: console:#incidents
    This is who the audit trail will name for what you do here.

    > /drillbell whoami
    (console:#incidents, only for you)
    Dora
    id: dora
    roles: none
    identities: console:dora
    here: console:#incidents
    This is who the audit trail will name for what you do here.

    > /drillbell whoami
    (console:#incidents, only for you)
    stranger
    id: console:stranger
    roles: none
    identities: only this one
    here: console:#incidents
    This is who the audit trail will name for what you do here.
    ");
}

#[test]
fn what_could_never_be_approved_is_refused_at_once() {
    let rules =
        "[roles.alone]\nmembers = [\"ana\"]\n[[policy]]\ncommand = \"misbehave\"\nrole = \"alone\"\napprovals = 1";
    with_bot_of(
        || ruled(rules),
        async |bot| {
            let answer = bot.ana("/misbehave ok").await;
            assert_eq!(answer.status, OutcomeStatus::Refused, "{answer:?}");
            assert!(answer.text.contains("there is nobody else"), "{}", answer.text);
            assert!(bot.app.store().open_approvals(10).await.unwrap().is_empty());
        },
    );
}
