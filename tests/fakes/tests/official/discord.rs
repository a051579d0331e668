//! The fake Discord and discord.js on the gateway, and Discord's own check of signed interactions.

use crate::client::Client;
use drillbell_fakes::discord::{ANA, APPLICATION, BEN, Cut, FakeDiscord, GUILD, INCIDENTS, Mishap, TOKEN};
use drillbell_fakes::eventually;
use serde_json::json;
use std::sync::Arc;

/// A Discord with a bot on discord.js whose commands are registered.
async fn with_discord_js() -> (Arc<FakeDiscord>, Client) {
    let discord = FakeDiscord::start().await;
    discord.serves_anyone();
    let about = json!({"api_url": discord.api_url(), "token": TOKEN, "guild_id": GUILD});
    let client = Client::start("discord.cjs", &[&about.to_string()]);
    eventually("its commands are registered", async || (discord.commands().len() == 3).then_some(())).await;
    (discord, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discord_js_takes_it_for_discord() {
    let (discord, _client) = with_discord_js().await;
    assert_eq!(discord.types(ANA, INCIDENTS, "hello", &[], ("name", "An")).await, ["Ana=ana", "Anton=anton"]);
    // Deferred, edited, followed up.
    discord.uses(ANA, INCIDENTS, "hello", &[("name", "world"), ("times", "2")]).await;
    let card = discord.finds(BEN, INCIDENTS, "hello hello world of ana").await;
    assert!(card.text.contains("A card") && card.edits == 0, "in the place of the first answer: {card:?}");
    assert_eq!(card.controls, ["Press", "Change", "Ask", "Level"]);
    discord.finds(ANA, INCIDENTS, "that was all").await;
    assert!(discord.sees(BEN, INCIDENTS).iter().all(|shown| !shown.text.contains("that was all")), "for Ana alone");
    // Answered at once, with what Discord made of it.
    discord.uses(ANA, INCIDENTS, "quick", &[]).await;
    discord.finds(BEN, INCIDENTS, "the answer is at once").await;
    discord.uses(BEN, INCIDENTS, "group one", &[("level", "high")]).await;
    discord.finds(BEN, INCIDENTS, "one is high").await;
    let becomes = async |words: &str| {
        let shown = discord.finds(BEN, INCIDENTS, words).await;
        assert_eq!(shown.id, card.id, "the card itself says {words:?}");
    };
    discord.clicks(BEN, &card.id, "Press").await;
    becomes("pressed by ben").await;
    discord.clicks(ANA, &card.id, "Change").await;
    becomes("changed from pressed by ben").await;
    discord.fills(ANA, &card.id, "Ask", &[("Why?", "because")]).await;
    discord.finds(BEN, INCIDENTS, "ana says because").await;
    discord.chooses(ANA, &card.id, "Level", "High").await;
    discord.finds(BEN, INCIDENTS, "level high").await;
    discord.says(ANA, INCIDENTS, "good morning");
    discord.finds(BEN, INCIDENTS, "heard: good morning").await;
    discord.reacts(BEN, &card.id, "🔥");
    let seen = discord.finds(BEN, INCIDENTS, &format!("🔥 by {BEN}, seen")).await;
    eventually("it reacts as well", async || {
        discord.sees(BEN, INCIDENTS).iter().any(|one| one.id == seen.id && one.text.contains('👀')).then_some(())
    })
    .await;
    assert_eq!(discord.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discord_js_comes_back_after_every_cut_and_has_missed_nothing() {
    let (discord, _client) = with_discord_js().await;
    let resumes = [Cut::Drop, Cut::Close(None), Cut::Close(Some(4000)), Cut::Reconnect, Cut::Invalid(true)];
    for (number, cut) in resumes.into_iter().enumerate() {
        discord.cut(cut);
        let words = format!("number {number}");
        if !matches!(cut, Cut::Reconnect | Cut::Invalid(_)) {
            // Nobody is there to hear it: it comes with the resume.
            discord.says(ANA, INCIDENTS, &words);
        }
        eventually(&format!("{cut:?} is resumed"), async || {
            (discord.resumed() > number && discord.is_connected()).then_some(())
        })
        .await;
        if matches!(cut, Cut::Reconnect | Cut::Invalid(_)) {
            discord.says(ANA, INCIDENTS, &words);
        }
        discord.finds(BEN, INCIDENTS, &format!("heard: {words}")).await;
    }
    // The session is void: a new one.
    discord.cut(Cut::Invalid(false));
    eventually("it begins anew", async || (discord.sockets().1 == 2 && discord.is_connected()).then_some(())).await;
    // Limits and failures of the API are waited for.
    let mut mishaps = vec![Mishap::Status(502), Mishap::Limited(0.1, true), Mishap::Limited(0.1, false)];
    discord
        .faults(move |method, path| (method == "POST" && path.ends_with("/messages")).then(|| mishaps.pop()).flatten());
    discord.says(ANA, INCIDENTS, "number 5");
    discord.finds(BEN, INCIDENTS, "heard: number 5").await;
    let all = discord.sees(BEN, INCIDENTS).into_iter().map(|shown| shown.text);
    let heard: Vec<_> = all.filter(|text| text.starts_with("heard: ")).collect();
    assert_eq!(heard, (0..6).map(|n| format!("heard: number {n}")).collect::<Vec<_>>());
    assert_eq!(discord.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discords_own_check_takes_its_signatures_and_no_others() {
    let discord = FakeDiscord::start().await;
    discord.serves_anyone();
    let mut client = Client::start("interactions.cjs", &[&discord.public_key()]);
    let url = format!("http://127.0.0.1:{}/", client.says()["port"]);
    let ping = json!({"type": 1, "id": "1", "application_id": APPLICATION, "token": "t", "version": 1}).to_string();
    assert_eq!(discord.posts(&url, &ping, None).await, (200, "{\"type\":1}".to_owned()));
    assert_eq!(discord.posts(&url, &ping, Some((&"00".repeat(64), "1"))).await.0, 401);
    discord.interactions_go_to(url);
    let used = discord.sends(ANA, INCIDENTS, 2, json!({"id": "1", "name": "hello", "type": 1}), None);
    discord.first_answer_to(&used).await;
    assert_eq!(discord.finds(BEN, INCIDENTS, "answered hello").await.edits, 0);
    assert_eq!(discord.complaints(), Vec::<String>::new());
}
