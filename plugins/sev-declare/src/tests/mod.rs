//! Every message of the plugin, as people read it, and the data beside it.

mod acknowledged;
mod again;
mod clicks;
mod climbing;
mod declare;
mod hostile;
mod interrupted;
mod life;
mod maintenance;
mod merging;
mod onpage;
mod pins;
mod place;
mod prompts;
mod public;
mod readiness;
mod reading;
mod roles;
mod settings;
mod stats;
mod which;

use crate::SevDeclare;
use drillbell_sdk::testing::{CommandBuilder, FakeBot, Said, command};
use drillbell_sdk::{Bot, Contact, Error, MessageRef};
use serde_json::json;
use std::time::Duration;

/// The timer of INC-1's climb.
const CLIMB: &str = "escalation:INC-1";

/// A bot with INC-1 `checkout is down`, sev1, declared by Ana; nothing said yet.
fn with_incident() -> FakeBot {
    let mut bot = FakeBot::new();
    declare(&mut bot, "sev1", "checkout is down");
    bot
}

fn declare(bot: &mut FakeBot, level: &str, title: &str) {
    run(bot, command("sev declare").arg("level", level).arg("title", title));
    bot.transcript();
}

/// Runs a command that succeeds.
fn run(bot: &mut FakeBot, command: CommandBuilder) {
    bot.command::<SevDeclare>(command).expect("the command succeeds");
}

/// Runs a command that is refused, and gives the sentence the user reads.
fn refused(bot: &mut FakeBot, command: CommandBuilder) -> String {
    match bot.command::<SevDeclare>(command) {
        Err(Error::User(text)) => text,
        other => panic!("it is the user's mistake, not {other:?}"),
    }
}

fn later(bot: &mut FakeBot, minutes: u64) {
    bot.advance(Duration::from_secs(minutes * 60));
}

/// A timer rings that is due now or was on its way.
fn fire(bot: &mut FakeBot, timer: &str) {
    bot.fire_timer::<SevDeclare>(timer).expect("it is handled");
}

/// So many minutes pass, and INC-1 climbs.
fn climb(bot: &mut FakeBot, minutes: u64) {
    later(bot, minutes);
    fire(bot, CLIMB);
}

/// sev1 climbs from Ana over Ben (after 10 minutes) to a room (after 30); sev2 goes to Ben at once.
fn with_ladders() -> FakeBot {
    let (ana, ben, room) =
        (Contact::new("ana", "Ana (on call: primary)"), Contact::new("ben", "Ben"), Contact::new("room", "room"));
    let mut bot = FakeBot::new();
    bot.with_ladder("sev1", "default", &[(0, &[ana]), (600_000, std::slice::from_ref(&ben)), (1_800_000, &[room])]);
    bot.with_ladder("sev2", "calm", &[(0, &[ben])]);
    bot
}

/// The same bot with INC-1 `checkout is down`; what was said about it is there to look at.
fn declared(mut bot: FakeBot, level: &str) -> FakeBot {
    run(&mut bot, command("sev declare").arg("level", level).arg("title", "checkout is down"));
    bot
}

/// Who was paged and how, since the last look.
fn pages(bot: &mut FakeBot) -> Vec<String> {
    let page = |said: Said| match said {
        Said::Page { notifier, action, .. } => Some(format!("{action:?} {notifier}")),
        _ => None,
    };
    std::mem::take(&mut bot.said).into_iter().filter_map(page).collect()
}

/// With a public page of three components.
fn with_page(mut bot: FakeBot) -> FakeBot {
    bot.components = ["api", "checkout", "web"].map(String::from).into();
    bot
}

fn card_of(bot: &FakeBot, number: usize) -> MessageRef {
    bot.incidents[number - 1].card.clone().expect("it has a card")
}

fn data(bot: &FakeBot) -> String {
    serde_json::to_string_pretty(bot.data.as_ref().expect("the command set data")).expect("it is JSON")
}

/// The last command's data is the incident and its facts as they are now, and says whether anything changed.
fn answered(bot: &mut FakeBot, id: &str, changed: bool) {
    let (incident, facts) = (bot.incident(&id.into()).expect("known"), bot.facts(&id.into()).expect("known"));
    let whole = json!({ "incident": incident, "facts": facts, "changed": changed });
    assert_eq!(bot.data.as_ref().expect("the command set data"), &whole);
}
