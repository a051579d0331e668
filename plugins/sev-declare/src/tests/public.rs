//! The public page: proposed on request, and at the end of what is public.

use super::*;
use drillbell_sdk::Status;

fn last(bot: &FakeBot) -> String {
    bot.said.iter().map(|said| said.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_update_is_proposed_only_when_asked_for_and_says_that_it_waits() {
    let mut bot = with_page(with_incident());
    run(&mut bot, command("sev update").arg("text", "Inside only."));
    assert!(bot.public_updates.is_empty());
    let asked = command("sev update").arg("text", "A disk is full.").arg("status", "identified").arg("public", "true");
    run(&mut bot, asked.arg("title", "Slow checkout").arg("component", "api=degraded, checkout=partial"));
    let [update] = bot.public_updates.as_slice() else { panic!("{:?}", bot.public_updates) };
    assert_eq!(
        (update.title.as_str(), update.text.as_str(), update.status),
        ("Slow checkout", "A disk is full.", Status::Identified)
    );
    let pair = |name: &str, state: &str| (name.to_owned(), state.to_owned());
    assert_eq!(update.components, [pair("api", "degraded"), pair("checkout", "partial")]);
    assert!(last(&bot).contains("Not public yet: A-P0000001 waits for somebody else's approval."), "{}", last(&bot));
}

#[test]
fn what_makes_no_sense_for_the_public_is_refused_and_changes_nothing() {
    let mut bot = with_page(with_incident());
    let update = || command("sev update").arg("text", "A disk is full.");
    assert_eq!(
        refused(&mut bot, update().arg("component", "api=degraded")),
        "--title and --component are for the public page: say --public too."
    );
    assert_eq!(
        refused(&mut bot, update().arg("public", "true").arg("component", "api")),
        "\"api\" is no NAME=STATE, such as api=degraded; several are joined by commas."
    );
    assert!(bot.public_updates.is_empty() && bot.incidents[0].latest.is_empty());
}

#[test]
fn the_end_is_proposed_if_anything_is_public_and_not_otherwise() {
    let mut bot = with_page(with_incident());
    run(&mut bot, command("sev resolve"));
    assert!(bot.public_updates.is_empty());
    let mut bot = with_page(with_incident());
    bot.public.insert(bot.incidents[0].id.clone(), Status::Monitoring);
    run(&mut bot, command("sev resolve"));
    assert_eq!(bot.public_updates[0].text, "This incident has been resolved.");
    assert_eq!((bot.public_updates[0].status, bot.public_updates[0].title.as_str()), (Status::Resolved, ""));
    assert!(last(&bot).contains("The public page still shows it open"), "{}", last(&bot));
    let mut bot = with_page(with_incident());
    bot.denied.insert(String::from("status"));
    run(&mut bot, command("sev resolve"));
    assert!(bot.public_updates.is_empty(), "without the grant nothing can be public");
}

#[test]
fn what_insiders_wrote_at_the_end_is_not_proposed_and_the_end_is_proposed_again_when_asked() {
    let mut bot = with_page(with_incident());
    bot.public.insert("INC-1".into(), Status::Monitoring);
    run(&mut bot, command("sev resolve").arg("text", "Customer X rebooted db-7"));
    run(&mut bot, command("sev resolve").incident("INC-1"));
    let texts: Vec<_> = bot.public_updates.iter().map(|update| update.text.as_str()).collect();
    assert_eq!(texts, ["This incident has been resolved."; 2]);
    assert!(last(&bot).contains("already resolved"), "{}", last(&bot));
}

#[test]
fn what_cannot_be_proposed_resolves_nothing_less() {
    let mut bot = with_page(with_incident());
    bot.public.insert("INC-1".into(), Status::Monitoring);
    // The page was taken out of the configuration.
    bot.components.clear();
    run(&mut bot, command("sev resolve"));
    assert_eq!(bot.incidents[0].status, Status::Resolved);
    let still =
        "The public page still shows it open: there is no public status page: the configuration has no [status]";
    assert!(last(&bot).contains(still), "{}", last(&bot));
    assert!(
        bot.log.iter().any(|(_, line)| line.starts_with("the public end of INC-1 is not proposed")),
        "{:?}",
        bot.log
    );
}

#[test]
fn components_are_proposed_without_a_story() {
    let mut bot = with_page(with_incident());
    run(
        &mut bot,
        command("sev components").arg("states", "api=operational,checkout=operational").arg("reason", "looked"),
    );
    assert_eq!(bot.public_components.len(), 2);
    assert!(last(&bot).contains("api is operational, checkout is operational"), "{}", last(&bot));
    let wrong = command("sev components").arg("states", "api").arg("reason", "looked");
    assert!(refused(&mut bot, wrong).starts_with("\"api\" is no NAME=STATE"));
    assert_eq!(bot.public_components.len(), 2);
}
