//! A platform that takes nothing: the other goes on, and what was missed comes later, once and in order.

use super::*;
use crate::support::discord::Mishap;

#[test]
fn while_one_platform_is_down_the_other_goes_on_and_the_first_hears_it_later_once_in_order() {
    on_each(async |database| {
        let both = Both::start(database, BOTH).await;
        let (slack, discord) = (&both.slack, &both.discord);
        discord.faults(|method, path| (method != "GET" && path.ends_with("/messages")).then_some(Mishap::Status(503)));
        let ana = slack.ana();
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let card = ana.reads("#incidents", "checkout is down").await;
        ana.clicks(&card, "Acknowledge").await;
        for word in ["first", "second", "third"] {
            ana.types("#incidents", &format!("/sev update the {word} words")).await;
            both.slack_shows(&card, &format!("the {word} words")).await;
        }
        assert_eq!(discord.sees(ANA, INCIDENTS), [], "nothing has come through");
        discord.no_faults();
        let copy = discord.finds(BEN, INCIDENTS, "INC-1 · sev1").await;
        both.settled().await;
        both.discord_shows(INCIDENTS, &copy.id, "the third words").await;
        let said = both.on_discord(INCIDENTS, "Update by Ana");
        let said: Vec<_> = ["first", "second", "third"]
            .into_iter()
            .filter(|word| said.iter().filter(|shown| shown.text.contains(word)).count() == 1)
            .collect();
        assert_eq!(said, ["first", "second", "third"], "{:#?}", discord.sees(ANA, INCIDENTS));
        let order: Vec<_> = both.on_discord(INCIDENTS, "Update by Ana").into_iter().map(|shown| shown.text).collect();
        assert!(order[0].contains("first") && order[2].contains("third"), "{order:#?}");
        let cards = discord.sees(ANA, INCIDENTS).into_iter().filter(|shown| !shown.controls.is_empty()).count();
        assert_eq!(cards, 1);
        both.end().await;
    });
}
