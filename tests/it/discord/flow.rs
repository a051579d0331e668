//! A whole incident by people who can only use what they are shown, by the gateway and by HTTP: the same in the end.

use super::{World, on_discord};
use crate::support::discord::{ANA, BEN, INCIDENTS, Shown, Used};
use crate::support::eventually;
use crate::support::script::{SameOnBoth, changed};
use drillbell::model::ids::IncidentId;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What is seen, step by step.
#[derive(Default)]
struct Transcript {
    lines: Mutex<Vec<String>>,
    before: Mutex<BTreeMap<String, Shown>>,
}

impl Transcript {
    /// Writes down what has changed for Ana and Ben once somebody's step has been carried out and everything it asked for was
    /// delivered.
    async fn after(&self, world: &World, step: &str, used: &Used) {
        settled(world, used).await;
        let mut lines = self.lines.lock().unwrap();
        lines.push(format!("\n# {step}"));
        let mut before = self.before.lock().unwrap();
        let mut now = world.discord.sees(ANA, INCIDENTS);
        now.extend(
            world.discord.sees(BEN, INCIDENTS).into_iter().filter(|shown| shown.text.contains("(only for you)")),
        );
        for shown in now {
            match before.insert(shown.id.clone(), shown.clone()) {
                None => lines.push(format!("{}\n{:?}", shown.text, shown.controls)),
                Some(old) if old != shown => lines.push(format!("~\n{}", changed(&old.text, &shown.text))),
                Some(_) => {}
            }
        }
    }
}

/// Waits until a step was handled and nothing of it is left to deliver.
async fn settled(world: &World, used: &Used) {
    let id = drillbell::model::ids::DeliveryId::new(format!("discord/{}", used.id));
    world.bot.handled(&id).await;
    eventually("everything is delivered", async || {
        let store = world.bot.app.store();
        (store.outbox_backlog().await.unwrap().is_empty() && store.open_events().await.unwrap() == 0).then_some(())
    })
    .await;
}

async fn incident(world: &World, told: &Transcript) {
    let discord = &world.discord;
    let used = discord
        .uses(ANA, INCIDENTS, "sev declare", &[("level", "sev2"), ("title", "checkout is down"), ("service", "shop")])
        .await;
    told.after(world, "Ana uses /sev declare", &used).await;
    let card = discord.finds(ANA, INCIDENTS, "INC-1 · sev2").await.id;
    told.after(world, "Ben clicks Acknowledge", &discord.clicks(BEN, &card, "Acknowledge").await).await;
    told.after(world, "Ana clicks Claim scribe", &discord.clicks(ANA, &card, "Claim scribe").await).await;
    let values = [("What is so now?", "still looking; <@&1> [x](https://evil.example)")];
    told.after(world, "Ana fills in Update", &discord.fills(ANA, &card, "Update", &values).await).await;
    let used = discord.uses(BEN, INCIDENTS, "sev role", &[("role", "commander")]).await;
    told.after(world, "Ben uses /sev role commander", &used).await;
    let options = [("action", "add"), ("text", "move \"traffic\" --now"), ("owner", ANA), ("due", "+10m")];
    let used = discord.uses(BEN, INCIDENTS, "sev task", &options).await;
    told.after(world, "Ben uses /sev task add", &used).await;
    let used = discord.uses(BEN, INCIDENTS, "sev level", &[("level", "sev1"), ("reason", "payments fail too")]).await;
    told.after(world, "Ben uses /sev level", &used).await;
    let used = discord.uses(ANA, INCIDENTS, "sev update", &[("text", "traffic moved"), ("status", "identified")]).await;
    told.after(world, "Ana uses /sev update", &used).await;
    let used = discord.uses(ANA, INCIDENTS, "sev show", &[("id", "INC-7")]).await;
    told.after(world, "Ana uses /sev show with a wrong number", &used).await;
    let used = discord.uses(ANA, INCIDENTS, "sev resolve", &[("text", "it serves again")]).await;
    told.after(world, "Ana uses /sev resolve", &used).await;
    let used = discord.uses(BEN, INCIDENTS, "sev timeline", &[("id", "INC-1")]).await;
    told.after(world, "Ben uses /sev timeline", &used).await;
}

/// What every step must show somewhere, in words without markup.
const SHOWN: [&str; 8] = [
    "INC-1 · sev2 · checkout is down",
    "is now sev1",
    "+ INC-1 · sev1 · checkout is down",
    "+ Status: identified",
    "move \"traffic\"",
    "INC-7",
    "+ Status: resolved",
    "(only for you)",
];

#[test]
fn an_incident_goes_the_same_way_by_the_gateway_and_by_http() {
    let seen = SameOnBoth::default();
    for mode in ["gateway", "http"] {
        let told = Transcript::default();
        on_discord(mode, async |world| {
            incident(world, &told).await;
            let store = world.bot.app.store();
            let lines = store.timeline(&IncidentId::numbered(1), 100).await.unwrap();
            let lines = lines.iter().map(|line| format!("{} {} {}", line.author, line.kind, line.text));
            told.lines.lock().unwrap().push(lines.collect::<Vec<_>>().join("\n"));
        });
        seen.saw(told.lines.into_inner().unwrap().join("\n").replace('\u{200b}', ""));
    }
    let text = seen.text();
    println!("{text}");
    for words in SHOWN {
        assert!(text.contains(words), "nobody sees {words:?}:\n{text}");
    }
    assert!(!text.contains("thinking…"), "every step is answered:\n{text}");
}
