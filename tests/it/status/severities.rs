//! `[severities.NAME] status_page`: which incidents go onto the public page by themselves, when somebody asks, or never.

use super::{summary, waiting};
use crate::support::approvals::PEOPLE;
use crate::support::bot::{HERE, SEV, Setup, TestBot, with_bot_of};
use crate::support::eventually;
use crate::support::public::STATUS;
use drillbell::model::event::{ActionReceived, Argument, Event};
use drillbell::model::ids::{ApprovalId, fresh};
use drillbell::store::OutcomeStatus;
use std::collections::BTreeSet;

const SEVERITIES: &str = "[severities.sev1]\nstatus_page = \"propose\"\n[severities.sev2]\n\
                          [severities.sev4]\nstatus_page = \"never\"\n";

fn with_rules(rules: &'static str) -> impl Fn() -> Setup {
    move || Setup { config: format!("{SEV}\n{PEOPLE}\n{STATUS}\n{SEVERITIES}\n{rules}"), ..Setup::default() }
}

async fn approves(bot: &TestBot, who: &str, id: &str) -> drillbell::commands::CommandAnswer {
    bot.types(who, HERE, &format!("/drillbell approve {id}")).await
}

/// The public updates, newest first.
async fn published(bot: &TestBot, count: usize) -> Vec<String> {
    eventually(&format!("{count} updates are public"), async || {
        let feed = summary(bot);
        let updates = feed["incidents"][0]["incident_updates"].as_array()?.clone();
        let texts: Vec<_> = updates.iter().filter_map(|one| one["body"].as_str().map(str::to_owned)).collect();
        (texts.len() == count).then_some(texts)
    })
    .await
}

#[test]
fn where_updates_go_onto_the_page_an_answer_feeds_card_and_page_in_one_commit() {
    with_bot_of(with_rules(""), async |bot| {
        assert_eq!(bot.ana("/sev declare sev1 the vault leaks").await.status, OutcomeStatus::Ok);
        let begun = waiting(&bot).await;
        assert_eq!(approves(&bot, "ben", &begun).await.status, OutcomeStatus::Ok);
        assert_eq!(published(&bot, 1).await, ["We are looking into a problem."], "nothing of what insiders know");
        // The form of the card, filled in.
        let card = bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap().card.unwrap();
        let fields = [("text", "A disk is full."), ("status", "identified"), ("public", "propose")];
        let event = Event::ActionReceived(ActionReceived {
            card,
            action: "update".to_owned(),
            value: "INC-1".to_owned(),
            fields: fields.map(|(name, value)| Argument { name: name.to_owned(), value: value.to_owned() }).to_vec(),
            by: bot.app.person("console", "ana"),
            asserted_by: None,
        });
        let delivery = fresh();
        let answer = bot.delivers_event(&delivery, event).await;
        assert!(answer.text.contains("Not public yet"), "{answer:?}");
        assert_eq!(bot.app.store().incident(&"INC-1".into()).await.unwrap().unwrap().latest, "A disk is full.");
        let record = bot.record(&delivery).await;
        assert!(record["detail"]["asked"][0]["id"].is_string(), "one record has the update and its proposal: {record}");
        assert_eq!(approves(&bot, "ben", &waiting(&bot).await).await.status, OutcomeStatus::Ok);
        assert_eq!(published(&bot, 2).await[0], "A disk is full.");
        bot.ana("/sev update --internal It is db-7 of customer X.").await;
        assert!(bot.app.store().open_approvals(10).await.unwrap().is_empty(), "that is only for us");
    });
}

#[test]
fn who_may_not_propose_still_says_where_it_stands() {
    let rule = "[[policy]]\ncapability = \"status\"\napprovals = 1\nrole = \"commander\"";
    with_bot_of(with_rules(rule), async |bot| {
        assert_eq!(bot.ana("/sev declare sev1 trouble").await.status, OutcomeStatus::Ok);
        let said = bot.ana("/sev update A disk is full.").await;
        assert_eq!(said.status, OutcomeStatus::Ok, "{said:?}");
        assert!(bot.app.store().open_approvals(10).await.unwrap().is_empty(), "Ana is no commander");
        let said = bot.types("ben", HERE, "/sev update We replace it.").await;
        assert!(said.text.contains("Not public yet"), "{said:?}");
        assert_eq!(bot.app.store().open_approvals(10).await.unwrap().len(), 1);
    });
}

#[test]
fn a_severity_that_never_goes_there_is_refused_beneath_the_plugin() {
    with_bot_of(with_rules(""), async |bot| {
        bot.ana("/sev declare sev4 a typo").await;
        let refused = bot.ana("/sev update --public There is a typo.").await;
        assert_eq!(refused.status, OutcomeStatus::Refused, "{refused:?}");
        assert!(refused.text.contains("[severities.sev4] says status_page = \"never\""), "{refused:?}");
        bot.ana("/sev declare sev2 slow").await;
        assert!(bot.app.store().open_approvals(10).await.unwrap().is_empty(), "nobody asked for it");
    });
}

#[test]
fn what_was_over_before_anybody_read_of_it_is_not_published_afterwards() {
    with_bot_of(with_rules(""), async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        let begun = waiting(&bot).await;
        bot.ana("/sev resolve it was nothing").await;
        let open: BTreeSet<_> = bot.app.store().open_approvals(10).await.unwrap().into_iter().map(|it| it.id).collect();
        assert_eq!(open, [ApprovalId::new(begun.clone())].into(), "there is no end to propose of what nobody read");
        let late = approves(&bot, "ben", &begun).await;
        assert_eq!(late.status, OutcomeStatus::Refused, "{late:?}");
        assert!(late.text.contains("INC-1 was resolved before any of it was public"), "{late:?}");
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 0);
    });
}
