//! What cannot wait for a plugin does not: first answers while handlers sleep or break, forms, completion, who sees what.

use super::on_discord;
use crate::support::discord::{ANA, BEN, INCIDENTS, OPS};
use crate::support::eventually;
use serde_json::json;
use std::time::Duration;

#[test]
fn fifty_at_once_in_fifty_channels_are_all_heard_in_time_though_one_sleeps_and_one_breaks() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        let rooms: Vec<String> = (0..50).map(|_| discord.opens_thread(OPS)).collect();
        let used: Vec<_> = rooms
            .iter()
            .enumerate()
            .map(|(number, room)| match number {
                0 => discord.sends_command(ANA, room, "misbehave sleep", &[]),
                1 => discord.sends_command(ANA, room, "misbehave panic", &[]),
                _ => discord.sends_command(BEN, room, "sev list", &[]),
            })
            .collect();
        for one in &used {
            discord.first_answer_to(one).await;
            // Discord's own deadline; the machine is shared, so that no shorter one is asked for.
            assert!(discord.took(one).unwrap() < Duration::from_secs(3));
        }
        // The one that sleeps is cut off after two seconds, and says so; the others wait for nobody.
        for room in &rooms[2..] {
            discord.finds(BEN, room, "No incident is open").await;
        }
        let broken = discord.finds(ANA, &rooms[1], "crashed").await;
        assert!(broken.text.contains("Nothing was changed"), "{}", broken.text);
        discord.finds(ANA, &rooms[0], "was stopped").await;
        eventually("nothing is promised any more", async || {
            let open =
                rooms.iter().any(|room| discord.sees(ANA, room).iter().any(|one| one.text.contains("thinking…")));
            (!open).then_some(())
        })
        .await;
    });
}

#[test]
fn a_form_opens_at_once_and_what_was_entered_arrives() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        discord.uses(ANA, INCIDENTS, "misbehave form-card", &[]).await;
        let card = discord.finds(ANA, INCIDENTS, "Fill this in").await;
        assert_eq!(card.controls, ["Report…", "Colour"]);
        let values = [("Title", " fire "), ("More", "line\nline"), ("Level", "High")];
        discord.fills(BEN, &card.id, "Report…", &values).await;
        discord.finds(ANA, INCIDENTS, "Ben sent report \\(v5\\): title=fire, more=line\nline, level=high").await;
        discord.fills(BEN, &card.id, "Report…", &[("Title", "x"), ("Count", "many")]).await;
        discord.finds(BEN, INCIDENTS, "Count must be a whole number.").await;
        assert!(discord.sees(ANA, INCIDENTS).iter().all(|shown| !shown.text.contains("whole number")), "for Ben alone");
        discord.chooses(ANA, &card.id, "Colour", "Green").await;
        discord.finds(BEN, INCIDENTS, "Ana pressed pick \\(green\\)").await;
        discord.chooses(BEN, &card.id, "Colour", "Red").await;
        discord.finds(BEN, INCIDENTS, "Colour: already done by Ana").await;
    });
}

#[test]
fn what_is_being_typed_is_completed_from_what_is_known() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        discord.uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "checkout is down")]).await;
        discord.finds(ANA, INCIDENTS, "INC-1").await;
        let offered = discord.types(BEN, INCIDENTS, "sev show", &[], ("id", "inc")).await;
        assert_eq!(offered, ["INC-1 · checkout is down=INC-1"]);
        let offered = discord.types(BEN, INCIDENTS, "sev note", &[("text", "x")], ("incident", "")).await;
        assert_eq!(offered, ["INC-1 · checkout is down=INC-1"]);
    });
}

#[test]
fn a_click_on_something_made_up_or_old_is_told_so_and_does_nothing() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        for id in ["", "x", "no:such:1:thing", "0199:b:0:ack", "0199:f:0:update", "0199:m:0:"] {
            let data = json!({"custom_id": id, "component_type": 2});
            let used = discord.sends(BEN, INCIDENTS, 3, data, None);
            discord.first_answer_to(&used).await;
        }
        let told = async || {
            let shown = discord.sees(BEN, INCIDENTS);
            shown.iter().filter(|shown| shown.text.contains("older version of the message")).count()
        };
        eventually("each is told so", async || (told().await == 6).then_some(())).await;
        assert!(
            world.bot.trail().await.iter().all(|record| record["kind"] != "action" || record["outcome"] == "refused")
        );
    });
}

#[test]
fn only_the_asker_sees_what_is_private_and_a_refusal_takes_the_public_place_away() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        discord.uses(ANA, INCIDENTS, "drillbell whoami", &[]).await;
        discord.finds(ANA, INCIDENTS, "(only for you)").await;
        assert_eq!(discord.sees(BEN, INCIDENTS), []);
        // Promised to everybody, and refused: the promise goes, and its asker alone is told.
        discord.uses(ANA, INCIDENTS, "sev resolve", &[]).await;
        discord.finds(ANA, INCIDENTS, "No incident is open").await;
        eventually("the promise is gone", async || discord.sees(BEN, INCIDENTS).is_empty().then_some(())).await;
    });
}
