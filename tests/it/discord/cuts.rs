//! Five hundred commands over a line that is cut twenty times, in every way that Discord has, with repeats and with redeliveries over
//! the next socket: each is done once and answered once.

use super::{World, on_discord};
use crate::support::discord::{ANA, Cut, OPS, Used};
use crate::support::eventually;
use std::collections::BTreeMap;

/// Commands between two cuts.
const EACH: usize = 25;
/// Where among them the line is cut.
const AMID: usize = 12;
const CUTS: [Cut; 20] = [
    Cut::Drop,
    Cut::Close(None),
    Cut::Close(Some(4000)),
    Cut::Reconnect,
    Cut::Drop,
    Cut::Close(Some(4008)),
    Cut::Close(Some(1006)),
    Cut::Reconnect,
    Cut::Invalid(true),
    Cut::Invalid(false),
    Cut::Drop,
    Cut::Close(None),
    Cut::Close(Some(4001)),
    Cut::Reconnect,
    Cut::Drop,
    Cut::Close(Some(4002)),
    Cut::Close(Some(4005)),
    Cut::Reconnect,
    Cut::Drop,
    Cut::Close(Some(4009)),
];

/// Whether the session is over with the socket: what nobody heard of it is not told again, and Discord says so to whoever asked.
fn loses(cut: Cut) -> bool {
    matches!(cut, Cut::Invalid(false) | Cut::Close(Some(4009)))
}

/// The numbers in what stands in the channel, and how often each.
fn answered(world: &World) -> BTreeMap<usize, usize> {
    let mut count = BTreeMap::new();
    for shown in world.discord.sees(ANA, OPS) {
        let number = shown.text.split("note-").nth(1).and_then(|rest| rest.split('.').next()?.parse().ok());
        *count.entry(number.unwrap_or(usize::MAX)).or_default() += 1;
    }
    count
}

#[test]
fn five_hundred_commands_on_a_line_cut_twenty_times_each_have_one_effect_and_one_answer() {
    on_discord("gateway", async |world| {
        let discord = &world.discord;
        for (number, cut) in CUTS.into_iter().enumerate() {
            let mut used: Vec<Used> = Vec::new();
            for part in 0..EACH {
                let n = number * EACH + part;
                used.push(discord.sends_command(ANA, OPS, "misbehave echo", &[("first", &format!("note-{n}."))]));
                if n.is_multiple_of(3) {
                    discord.repeats_last("INTERACTION_CREATE");
                }
                if part == AMID && !loses(cut) {
                    discord.cut(cut);
                }
            }
            if loses(cut) {
                for one in &used {
                    discord.first_answer_to(one).await;
                }
                let (_, sessions) = discord.sockets();
                discord.cut(cut);
                eventually("another session", async || (discord.sockets().1 > sessions).then_some(())).await;
            }
            eventually("it is back", async || discord.is_connected().then_some(())).await;
            if !loses(cut) {
                // Heard before the line was cut, and told once more over the next one.
                discord.repeats_last("INTERACTION_CREATE");
            }
            let sent = (number + 1) * EACH;
            eventually("what was sent is answered", async || {
                let answered = answered(world);
                (0..sent).all(|n| answered.contains_key(&n)).then_some(())
            })
            .await;
        }
        let twice: Vec<_> = answered(world).into_iter().filter(|(_, count)| *count != 1).collect();
        assert_eq!(twice, Vec::new(), "each once, and nothing else");
        let trail = world.bot.trail().await;
        let done = trail.iter().filter(|record| record["kind"] == "command" && record["plugin"] == "misbehaving");
        assert_eq!(done.count(), CUTS.len() * EACH, "each was done once");
        world.is_up().await;
    });
}
