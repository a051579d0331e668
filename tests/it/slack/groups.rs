//! Who may do something because of a user group of Slack's: its members, nobody else, and nobody who has left it.

use super::{There, on_sqlite};
use crate::support::bot::Setup;
use crate::support::eventually;
use crate::support::slack::Slack;
use serde_json::json;

const GROUP: &str = "S0123456789";
const RULES: &str = "[severities.sev1]\n[roles.responder]\nmembers = [\"slack:group:S0123456789\"]\n\
                     [[policy]]\ncommand = \"sev declare\"\nrole = \"responder\"\n";

#[test]
fn members_of_a_user_group_are_let_and_others_and_who_left_it_are_not() {
    on_sqlite(async |database| {
        let slack = Slack::start().await;
        slack.state().groups.insert(GROUP.to_owned(), vec!["U00000000ANA".to_owned()]);
        let setup = Setup { config: RULES.to_owned(), ..Setup::default() };
        let there = There::with(database, slack, "socket", setup).await;
        let (slack, ana, ben) = (&there.slack, there.slack.ana(), there.slack.ben());
        // The first refusals may come before anybody has read who is in the group.
        eventually("the group is read", async || (slack.state().done("usergroups.users.list") > 0).then_some(())).await;
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        ana.reads("#incidents", "checkout is down").await;
        ben.types("#incidents", "/sev declare sev1 ben may not").await;
        let refused = ben.reads("#incidents", "slack:group:S0123456789").await;
        assert!(refused.only_for.is_some(), "what is refused is nobody else's business: {refused:?}");
        assert_eq!(there.incidents().await, 1);

        // She leaves the group, he joins it, and Slack tells of it.
        slack.state().groups.insert(GROUP.to_owned(), vec!["U00000000BEN".to_owned()]);
        let before = slack.state().done("usergroups.users.list");
        ana.tells(json!({"type": "subteam_members_changed", "subteam_id": GROUP})).await;
        eventually("the group is read anew", async || {
            (slack.state().done("usergroups.users.list") > before).then_some(())
        })
        .await;
        let refusals = || ana.sees("#incidents").iter().filter(|text| text.contains("slack:group:S0123456789")).count();
        // What was read is looked up from the next command on, or the one after it.
        eventually("she is refused", async || {
            ana.types("#incidents", "/sev declare sev1 ana may not any more").await;
            let answered = async || (refusals() > 0 || there.incidents().await > 1).then_some(());
            eventually("an answer", answered).await;
            (refusals() > 0).then_some(())
        })
        .await;
        let declared = there.incidents().await;
        ben.types("#incidents", "/sev declare sev1 and ben may now").await;
        ben.reads("#incidents", "and ben may now").await;
        assert_eq!(there.incidents().await, declared + 1);
        there.end().await;
    });
}
