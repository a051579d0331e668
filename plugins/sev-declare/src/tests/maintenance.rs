//! Maintenances: told whole once, then by their words alone.

use super::*;

fn planned() -> CommandBuilder {
    command("sev maintenance").arg("name", "New-Database").arg("text", "Orders wait meanwhile.")
}

fn whole() -> CommandBuilder {
    planned()
        .arg("title", "New database")
        .arg("at", "2026-03-01T10:00:00.000Z")
        .arg("for", "7200000")
        .arg("component", "api, web")
}

#[test]
fn a_maintenance_is_proposed_whole_and_remembered_for_the_news_of_it() {
    let mut bot = with_page(FakeBot::new());
    run(&mut bot, whole());
    run(&mut bot, planned().arg("status", "completed"));
    let [first, last] = bot.public_maintenances.as_slice() else { panic!("{:?}", bot.public_maintenances) };
    assert_eq!(
        (first.name.as_str(), first.title.as_str(), first.status.as_str()),
        ("new-database", "New database", "scheduled")
    );
    assert_eq!(
        (first.components.join(" "), first.lasts, first.ends_itself),
        ("api web".into(), Duration::from_secs(7200), false)
    );
    assert_eq!(drillbell_sdk::time::rfc3339(first.starts_ms), "2026-03-01T10:00:00.000Z");
    let same = drillbell_sdk::PublicMaintenance { status: String::from("completed"), ..first.clone() };
    assert_eq!(*last, same, "what was not said again is as it was");
    let said = bot.said.last().expect("an answer").to_string();
    assert!(said.contains("New database: completed") && said.contains("A-P0000002 waits for somebody else"), "{said}");
}

#[test]
fn a_new_one_says_what_it_lacks_and_nothing_is_remembered_of_a_refused_one() {
    let mut bot = with_page(FakeBot::new());
    let lacking = "The maintenance new-database is new: say --title, --at and --for, such as --title \"New database\" \
                   --at 2026-03-01T10:00Z --for 2h.";
    assert_eq!(refused(&mut bot, planned()), lacking);
    assert!(
        bot.command::<SevDeclare>(
            planned()
                .arg("component", "nothing-such")
                .arg("title", "x")
                .arg("at", "2026-03-01T10:00:00.000Z")
                .arg("for", "1")
        )
        .is_err()
    );
    assert_eq!(refused(&mut bot, planned()), lacking);
    let name = "x".repeat(61);
    let names = ["two words", " ", name.as_str()];
    for name in names {
        let asked = command("sev maintenance").arg("name", name).arg("text", "x");
        assert!(refused(&mut bot, asked).starts_with("The name is one word of at most 60 characters"), "{name}");
    }
    assert!(bot.public_maintenances.is_empty());
}
