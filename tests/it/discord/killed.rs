//! The shipped program, killed at every single thing that it has Discord do: Discord has done it, and what the program knew of that
//! dies with it. After the next start everything is as if nothing had happened: each thing there, once. A further answer that one person
//! alone sees, and that nobody can look for afterwards, is there at least once.

use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, BEN, FakeDiscord, INCIDENTS, Mishap, OPS};
use crate::support::eventually;
use crate::support::moment::{Moment, Picture, goes_on, killed_at_each, lasting};
use crate::support::process::Home;

/// Incidents with channels of their own.
fn sections() -> String {
    format!(
        "[channels]\nops = \"discord:#ops\"\nincidents = \"discord:#incidents\"\n\
         [plugins.sev-declare]\nsource = \"builtin:sev-declare\"\n\
         grants = [\"kv\", \"escalation\", \"incidents:write\", \"status\", \"post:*\", \"conversations\", \"reactions\"]\n\
         [severities.sev1]\nplace = \"channel\"\ninvite = [\"responder\"]\n[roles.responder]\nmembers = [\"ben\"]\n\
         [people.ana]\nname = \"Ana\"\nconsole = \"ana\"\ndiscord = \"{ANA}\"\n\
         [people.ben]\nname = \"Ben\"\nconsole = \"ben\"\ndiscord = \"{BEN}\"\n"
    )
}

/// Everything that people do, with the program killed at a moment; how much Discord was asked to do, and what stands there.
async fn story(database: &TestDatabase, at: usize) -> (usize, Picture) {
    let discord = FakeDiscord::start().await;
    let home = Home::new(database);
    home.configure(&database.url, &(discord.config(home.folder.path(), "gateway") + &sections()));
    let moment = Moment::new(at);
    discord.faults({
        let moment = moment.clone();
        // Which commands there are may be told at any time.
        move |method, path| {
            let changes = method != "GET" && !path.ends_with("/commands");
            (changes && moment.is_now()).then_some(Mishap::CarriedOutAndSilent)
        }
    });
    let mut process = home.start(&[]).await;
    is_up(&discord).await;
    let heard = async |up: bool| match up {
        true => is_up(&discord).await,
        false => eventually("its socket is gone", async || (!discord.is_connected()).then_some(())).await,
    };
    moment.arm();
    discord.uses(ANA, OPS, "sev declare", &[("level", "sev1"), ("title", "checkout is down")]).await;
    process = goes_on(&home, process, &moment, heard).await;
    discord.uses(ANA, OPS, "drillbell whoami", &[]).await;
    process = goes_on(&home, process, &moment, heard).await;
    let there = discord.opened(0)[0].id.clone();
    let card = discord.finds(ANA, &there, "checkout is down").await;
    discord.clicks(ANA, &card.id, "Acknowledge").await;
    process = goes_on(&home, process, &moment, heard).await;
    assert!(process.end(false).await.success(), "a clean stop");
    assert_eq!(moment.has_come(), at > 0, "the moment came");
    assert_eq!(discord.complaints(), Vec::<String>::new());
    (moment.asked(), picture(&discord))
}

async fn is_up(discord: &FakeDiscord) {
    eventually("it is up", async || (discord.is_connected() && !discord.commands().is_empty()).then_some(())).await;
}

fn picture(discord: &FakeDiscord) -> Picture {
    let (mut public, mut private) = (Vec::new(), Vec::new());
    let opened = discord.opened(0);
    let channels = [INCIDENTS, OPS].map(str::to_owned).into_iter().chain(opened.iter().map(|one| one.id.clone()));
    for (number, channel) in channels.enumerate() {
        for shown in discord.sees(ANA, &channel) {
            let text = format!("{number}: {} {:?}", lasting(shown.text.lines()), shown.controls);
            if shown.text.contains("(only for you)") { private.push(text) } else { public.push(text) }
        }
    }
    public.extend(opened.iter().map(|one| format!("{} {:?} {}", one.name, one.topic, one.pins)));
    Picture::of(public, private)
}

#[test]
fn killed_at_anything_that_discord_has_done_nothing_is_there_twice_and_nothing_is_missing() {
    killed_at_each(async |at| story(&TestDatabase::sqlite(), at).await, 1, 1);
}

#[test]
fn killed_at_anything_that_discord_has_done_it_is_the_same_on_postgres() {
    killed_at_each(async |at| story(&TestDatabase::postgres(), at).await, 2, 3);
}
