//! A plugin that wants people woken: without the grant it learns nothing and reaches nobody; with it, only about incidents that
//! there are, and only those whom the operator named.

use super::{Levels, heard};
use crate::support::bot::{HERE, TestBot, with_database};

fn misbehaving(grants: &str) -> String {
    format!("[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\ngrants = [{grants}]\n")
}

#[test]
fn without_the_grant_nobody_is_woken_and_nothing_is_learnt() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let config = misbehaving("\"page:*\", \"kv\", \"incidents:write\", \"timers\"");
        let bot = TestBot::start(database, levels.setup(&config)).await;
        bot.ana("/sev declare sev2 search is slow").await;
        let told = bot.types("ana", HERE, "/misbehave ask-escalation first").await.text;
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines.len(), 8, "{told}");
        assert!(lines.iter().all(|line| line.contains(" denied: ") && line.contains("`escalation`")), "{told}");
        assert_eq!(heard(&levels.first), [""; 0]);
        bot.finish().await;
    });
}

#[test]
fn with_the_grant_only_known_people_are_woken_about_incidents_that_there_are() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let bot = TestBot::start(database, levels.setup(&misbehaving("\"escalation\""))).await;
        bot.ana("/sev declare sev2 search is slow").await;
        let told = bot.types("ana", HERE, "/misbehave ask-escalation first").await.text;
        let expected = "ladder allowed|steps allowed|level allowed|beyond not-found: there is no level 0 in a ladder `default`|\
                        find allowed|page allowed|lost not-found: there is no incident `INC-999`|tell allowed";
        assert_eq!(told.replace('\n', "|"), expected);
        super::hears(&levels.first, 1).await;
        let told = bot.types("ana", HERE, "/misbehave ask-escalation hook").await.text;
        assert_eq!(told.matches("nobody is called `hook`").count(), 2, "{told}");
        assert_eq!(heard(&levels.first).len(), 1);
        bot.finish().await;
    });
}
