//! Whose approval public words need, and what becomes of words that waited too long for it.

use super::{on_both, setup, summary, waiting};
use crate::support::approvals::PEOPLE;
use crate::support::bot::{HERE, SEV, Setup, TestBot, with_bot_of};
use crate::support::eventually;
use crate::support::public::STATUS;
use drillbell::model::approval::State;
use drillbell::model::ids::ApprovalId;
use drillbell::model::incident::Status;
use drillbell::status::{Public, PublicThing};
use drillbell::store::OutcomeStatus;

async fn decides(bot: &TestBot, who: &str, word: &str, id: &str) -> drillbell::commands::CommandAnswer {
    bot.types(who, HERE, &format!("/drillbell {word} {id}")).await
}

async fn public(bot: &TestBot) -> Public {
    bot.app.store().public(&PublicThing::Incident("INC-1".into())).await.unwrap()
}

/// The approval that waits besides these.
async fn newest(bot: &TestBot, but: &[&str]) -> String {
    let open = bot.app.store().open_approvals(10).await.unwrap();
    let mut others: Vec<_> = open.iter().filter(|it| !but.contains(&it.id.as_str())).collect();
    assert_eq!(others.len(), 1, "{open:?}");
    others.remove(0).id.to_string()
}

#[test]
fn words_that_waited_while_it_ended_do_not_open_it_again() {
    on_both(async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        bot.ana("/sev update --public --component checkout=partial A disk is full.").await;
        assert_eq!(decides(bot, "ben", "approve", &waiting(bot).await).await.status, OutcomeStatus::Ok);
        bot.ana("/sev update --public --component checkout=major It is worse than that.").await;
        let late = waiting(bot).await;
        bot.ana("/sev resolve The disk is larger now.").await;
        let end = newest(bot, &[&late]).await;
        assert_eq!(decides(bot, "ben", "approve", &end).await.status, OutcomeStatus::Ok);
        let answer = decides(bot, "ben", "approve", &late).await;
        assert_eq!(answer.status, OutcomeStatus::Refused, "{answer:?}");
        assert!(answer.text.contains("it was over for the public before this was approved"), "{answer:?}");
        let row = bot.app.store().approval(&ApprovalId::new(late)).await.unwrap().unwrap();
        assert_eq!(row.state, State::Void);
        let seen = public(bot).await;
        assert_eq!((seen.revision, seen.incident.unwrap().status), (2, Status::Resolved));
        eventually("the page says that all is well there", async || {
            let feed = summary(bot);
            let checkout = feed["components"].as_array()?.iter().find(|it| it["name"] == "Checkout")?.clone();
            (checkout["status"] == "operational" && feed["incidents"].as_array()?.is_empty()).then_some(())
        })
        .await;
        // Who knows that it was over may say that it is not.
        bot.ana("/sev reopen INC-1").await;
        bot.ana("/sev update --public It is back, and we look.").await;
        assert_eq!(decides(bot, "ben", "approve", &waiting(bot).await).await.status, OutcomeStatus::Ok);
        assert_ne!(public(bot).await.incident.unwrap().status, Status::Resolved);
    });
}

#[test]
fn of_yeses_to_old_and_new_words_at_one_moment_the_page_never_turns_back() {
    on_both(async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        bot.ana("/sev update --public A disk is full.").await;
        decides(bot, "ben", "approve", &waiting(bot).await).await;
        bot.ana("/sev update --public It is worse than that.").await;
        let late = waiting(bot).await;
        bot.ana("/sev resolve It is over.").await;
        let end = newest(bot, &[&late]).await;
        let (first, second) = (format!("/drillbell approve {late}"), format!("/drillbell approve {end}"));
        let (one, other) = tokio::join!(bot.types("ben", "console:#ops", &first), bot.types("ben", HERE, &second));
        assert_eq!(other.status, OutcomeStatus::Ok, "{other:?}");
        let seen = public(bot).await.incident.unwrap();
        // Whichever came first: it is over, and the old words are before the end or nowhere.
        assert_eq!(seen.status, Status::Resolved, "{seen:?}");
        assert_eq!(seen.updates.len(), if one.status == OutcomeStatus::Ok { 3 } else { 2 }, "{one:?} {seen:?}");
    });
}

#[test]
fn components_are_set_by_an_approved_proposal_without_a_story() {
    on_both(async |bot| {
        let said = bot.ana("/sev components checkout=operational,api=operational Looked at all of it.").await;
        assert_eq!(said.status, OutcomeStatus::Ok, "{said:?}");
        assert_eq!(decides(bot, "ben", "approve", &waiting(bot).await).await.status, OutcomeStatus::Ok);
        let feed = eventually("all is well", async || {
            let feed = summary(bot);
            (feed["status"]["description"] == "All Systems Operational").then_some(feed)
        })
        .await;
        assert!(!feed.to_string().contains("Looked"), "the reason is not for the public: {feed}");
    });
}

#[test]
fn older_words_about_a_component_do_not_undo_newer_ones_of_another_story() {
    on_both(async |bot| {
        bot.ana("/sev components checkout=operational Looked at it.").await;
        let old = waiting(bot).await;
        bot.clock.advance(60_000);
        bot.ana("/sev declare sev1 trouble").await;
        bot.ana("/sev update --public --component checkout=major A disk is full.").await;
        let new = newest(bot, &[&old]).await;
        assert_eq!(decides(bot, "ben", "approve", &new).await.status, OutcomeStatus::Ok);
        let answer = decides(bot, "ben", "approve", &old).await;
        assert_eq!(answer.status, OutcomeStatus::Refused, "{answer:?}");
        assert!(answer.text.contains("newer words about `checkout` (major outage) are public by now"), "{answer:?}");
        // Two that were written in order and approved in order are both published, however late the first was approved.
        bot.ana("/sev components checkout=partial Better.").await;
        let first = waiting(bot).await;
        bot.clock.advance(60_000);
        bot.ana("/sev components checkout=operational Well.").await;
        let second = newest(bot, &[&first]).await;
        bot.clock.advance(60_000);
        for id in [first, second] {
            assert_eq!(decides(bot, "ben", "approve", &id).await.status, OutcomeStatus::Ok);
        }
    });
}

/// A bot with Ana, Ben, Carla and Dora, and these rules.
fn with_rules(rules: &'static str) -> impl Fn() -> Setup {
    move || Setup { config: format!("{SEV}\n{PEOPLE}\n{STATUS}\n{rules}"), ..Setup::default() }
}

#[test]
fn the_rules_say_whose_approval_public_words_need_and_how_many() {
    let rules = "[[policy]]\ncapability = \"status\"\napprovals = 2\napprover = \"commander\"\n\
                 approval_timeout = \"20m\"";
    with_bot_of(with_rules(rules), async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        bot.ana("/sev update --public A disk is full.").await;
        let id = waiting(&bot).await;
        let row = bot.app.store().approval(&ApprovalId::new(id.clone())).await.unwrap().unwrap();
        assert_eq!((row.needed, row.role.as_deref(), row.until_ms - row.created_ms), (2, Some("commander"), 1_200_000));
        assert_eq!(decides(&bot, "dora", "approve", &id).await.status, OutcomeStatus::Refused, "she is no commander");
        assert_eq!(decides(&bot, "ben", "approve", &id).await.status, OutcomeStatus::Ok);
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 0, "one of two");
        assert_eq!(decides(&bot, "carla", "approve", &id).await.status, OutcomeStatus::Ok);
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 1);
    });
}

#[test]
fn no_rule_makes_words_public_that_only_their_author_has_read() {
    let rules = "[[policy]]\ncapability = \"status\"\napprovals = 0\nrole = \"commander\"";
    with_bot_of(with_rules(rules), async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        let refused = bot.ana("/sev update --public A disk is full.").await;
        assert_eq!(refused.status, OutcomeStatus::Refused, "{refused:?}");
        assert_eq!(refused.text, "An update of the public status page is for the role commander: ask Ben or Carla.");
        assert_eq!(bot.app.store().timeline(&"INC-1".into(), 10).await.unwrap().len(), 1, "nothing of it was done");
        bot.types("ben", HERE, "/sev update --public A disk is full.").await;
        let id = waiting(&bot).await;
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 0);
        assert_eq!(decides(&bot, "ben", "approve", &id).await.status, OutcomeStatus::Refused);
        assert_eq!(decides(&bot, "carla", "approve", &id).await.status, OutcomeStatus::Ok);
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 1);
    });
}

#[test]
fn no_glass_is_broken_for_words() {
    let rules = "[[policy]]\ncapability = \"status\"\napprovals = 1\nbreak_glass = \"commander\"";
    with_bot_of(with_rules(rules), async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        bot.types("ben", HERE, "/sev update --public A disk is full.").await;
        let id = waiting(&bot).await;
        let alone = bot.types("ben", HERE, &format!("/drillbell approve {id} --break-glass now")).await;
        assert_eq!(alone.status, OutcomeStatus::Refused, "{alone:?}");
        assert_eq!(bot.app.store().status_revision().await.unwrap(), 0);
    });
}

#[test]
fn the_end_of_what_was_opened_again_is_not_published() {
    on_both(async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        bot.ana("/sev update --public --component checkout=partial A disk is full.").await;
        decides(bot, "ben", "approve", &waiting(bot).await).await;
        bot.ana("/sev resolve It is over.").await;
        let end = waiting(bot).await;
        bot.ana("/sev reopen INC-1").await;
        let late = decides(bot, "ben", "approve", &end).await;
        assert!(late.status == OutcomeStatus::Refused && late.text.contains("INC-1 was opened again"), "{late:?}");
        assert_ne!(public(bot).await.incident.unwrap().status, Status::Resolved);
    });
}

#[test]
fn where_nobody_else_could_approve_nobody_waits_for_it() {
    let alone = || Setup {
        config: format!("{SEV}\n[people.ana]\nname = \"Ana\"\nconsole = \"ana\"\n{STATUS}"),
        ..Setup::default()
    };
    with_bot_of(alone, async |bot| {
        bot.ana("/sev declare sev1 trouble").await;
        let refused = bot.ana("/sev update --public A disk is full.").await;
        assert_eq!(refused.status, OutcomeStatus::Refused, "{refused:?}");
        assert!(
            refused.text.contains("there is nobody else: an operator has to add somebody to [people]"),
            "{refused:?}"
        );
    });
}

#[test]
fn a_maintenance_is_proposed_approved_begun_and_ended_by_words() {
    with_bot_of(setup, async |bot| {
        let said = bot
            .ana("/sev maintenance new-database --title \"New database\" --at 2026-01-01T00:10:00Z --for 1h --component api Orders wait.")
            .await;
        assert_eq!(said.status, OutcomeStatus::Ok, "{said:?}");
        decides(&bot, "ben", "approve", &waiting(&bot).await).await;
        let stands = async |status: &str| {
            eventually(&format!("it is {status}"), async || {
                (summary(&bot)["scheduled_maintenances"][0]["status"] == status).then_some(())
            })
            .await;
        };
        stands("scheduled").await;
        bot.clock.advance(600_000);
        stands("in_progress").await;
        let said = bot.ana("/sev maintenance new-database --status completed All is well.").await;
        assert_eq!(said.status, OutcomeStatus::Ok, "{said:?}");
        decides(&bot, "ben", "approve", &waiting(&bot).await).await;
        eventually("it is over", async || summary(&bot)["scheduled_maintenances"].as_array()?.is_empty().then_some(()))
            .await;
        let said = bot.ana("/drillbell status").await;
        assert!(
            said.text.contains("status page: State of Some Systems Unknown, last changed 2026-01-01T00:10:00.000Z: "),
            "{said:?}"
        );
        let page = &said.data.unwrap()["status_page"];
        assert_eq!((&page["publications"], &page["indicator"]), (&2.into(), &"minor".into()));
    });
}
