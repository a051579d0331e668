//! An incident on Slack, by a person who can use only what is shown, in both modes.

use super::{MODES, There, on_sqlite};

#[test]
fn an_incident_is_handled_by_what_slack_shows_in_both_modes() {
    on_sqlite(async |database| {
        let mode = MODES[0];
        let there = There::start(database, mode).await;
        let (ana, ben) = (there.slack.ana(), there.slack.ben());
        ana.types("#incidents", "/sev declare sev1 checkout is down").await;
        let card = ben.reads("#incidents", "checkout is down").await;
        println!("{}", ben.sees("#incidents").join("\n=====\n"));
        println!("{}", serde_json::to_string_pretty(&card.body).unwrap());
        there.end().await;
    });
}
