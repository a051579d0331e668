//! Who may do something because of a role of Discord's: those who have it, nobody else, and nobody who lost it.

use super::{World, on_threads, sections};
use crate::support::bot::Setup;
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, FakeDiscord, INCIDENTS};

const ROLE: &str = "1100000000000000077";
const RULES: &str = "[severities.sev2]\n[roles.responder]\nmembers = [\"discord:role:1100000000000000077\"]\n\
                     [[policy]]\ncommand = \"sev declare\"\nrole = \"responder\"\n";

#[test]
fn those_with_a_role_are_let_and_others_and_who_lost_it_are_not() {
    on_threads(async {
        let (database, discord) = (TestDatabase::sqlite(), FakeDiscord::start().await);
        let setup = Setup { config: sections() + RULES, ..Setup::default() };
        let world = World::of(&database, "gateway", &discord, setup).await;
        let declares = async |who: &str, title: &str| {
            discord.uses(who, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", title)]).await;
        };
        let declared = async || world.bot.app.store().next_incident_number().await.unwrap() - 1;
        discord.has_roles(ANA, &[ROLE]);
        declares(ANA, "checkout is down").await;
        discord.finds(ANA, INCIDENTS, "INC-1").await;
        declares(BEN, "ben may not").await;
        let refused = discord.finds(BEN, INCIDENTS, "discord:role:1100000000000000077").await;
        assert!(refused.text.starts_with("(only for you)"), "{refused:?}");
        assert_eq!(declared().await, 1);

        // The role goes from one to the other; Discord says so with the next thing that each does.
        discord.has_roles(ANA, &[]);
        discord.has_roles(BEN, &[ROLE]);
        declares(ANA, "ana may not any more").await;
        let refused = discord.finds(ANA, INCIDENTS, "discord:role:1100000000000000077").await;
        assert!(refused.text.starts_with("(only for you)"), "{refused:?}");
        declares(BEN, "and ben may now").await;
        discord.finds(BEN, INCIDENTS, "INC-2").await;
        assert_eq!(declared().await, 2);
        world.finish().await;
    });
}
