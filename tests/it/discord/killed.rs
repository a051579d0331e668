//! The real program, killed between what it does for Discord and what it writes down of it: after the next start each thing is there,
//! once.

use super::{on_threads, sections};
use crate::support::database::TestDatabase;
use crate::support::discord::{ANA, FakeDiscord, INCIDENTS, Mishap, OPS};
use crate::support::eventually;
use crate::support::process::Home;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Where the program is when it dies: Discord has carried this request out and not answered yet.
const MOMENTS: [(&str, &str); 4] = [
    // The first answer that says that the command was heard.
    ("POST", "callback"),
    // The answer, in the place that was kept for it.
    ("PATCH", "@original"),
    // The news of it in another channel.
    ("POST", "/messages"),
    // The card once more, changed.
    ("PATCH", "/messages/"),
];

#[test]
fn killed_between_send_and_record_nothing_is_said_twice() {
    on_threads(async {
        for (method, end) in MOMENTS {
            let discord = FakeDiscord::start().await;
            let database = TestDatabase::sqlite();
            let home = Home::new(&database);
            let own = std::fs::read_to_string(&home.config).unwrap();
            let own = own.split("[plugins").next().unwrap().to_owned();
            let sections = sections();
            let sections =
                [sections.split("[plugins.misb").next().unwrap(), "[people", sections.split_once("[people").unwrap().1];
            let text = own + &discord.config(home.folder.path(), "gateway") + &sections.concat();
            std::fs::write(&home.config, text).unwrap();
            let process = home.start(&[]).await;
            eventually("it is up", async || (discord.is_connected() && !discord.commands().is_empty()).then_some(()))
                .await;

            let (reached, seen) = (Arc::new(Notify::new()), Arc::new(Mutex::new(false)));
            let (tell, once) = (reached.clone(), seen.clone());
            discord.faults(move |asked, path| {
                let here = asked == method && path.contains(end) && (end == "@original" || !path.contains("webhooks"));
                if !here || std::mem::replace(&mut *once.lock().unwrap(), true) {
                    return None;
                }
                tell.notify_one();
                Some(Mishap::CarriedOutAndSilent)
            });
            let options = [("level", "sev2"), ("title", "checkout is down")];
            let used = discord.sends_command(ANA, OPS, "sev declare", &options);
            if end == "/messages/" {
                let card = discord.finds(ANA, OPS, "INC-1 · sev2").await;
                discord.clicks(ANA, &card.id, "Acknowledge").await;
            }
            reached.notified().await;
            process.kill();
            discord.no_faults();

            let process = home.start(&[]).await;
            discord.finds(ANA, OPS, "INC-1 · sev2").await;
            let answer = process.command("after", "/sev list").await.unwrap();
            assert!(answer["text"].as_str().unwrap().contains("INC-1"), "{method} {end}: {answer}");
            eventually("nothing is promised any more", async || {
                let open = discord.sees(ANA, OPS).iter().any(|shown| shown.text.contains("thinking…"));
                (!open).then_some(())
            })
            .await;
            assert!(process.end(false).await.success(), "{method} {end}: a clean stop, with everything delivered");
            let shown = [discord.sees(ANA, OPS), discord.sees(ANA, INCIDENTS)].concat();
            let cards = shown.iter().filter(|shown| !shown.controls.is_empty()).count();
            assert_eq!(cards, 1, "{method} {end}: {shown:#?}");
            let texts: BTreeSet<_> = shown.iter().map(|shown| shown.text.clone()).collect();
            assert_eq!(texts.len(), shown.len(), "{method} {end}: something was said twice: {shown:#?}");
            assert!(discord.sees(ANA, INCIDENTS).len() <= 1, "{method} {end}: {shown:#?}");
            assert_eq!(discord.complaints(), Vec::<String>::new(), "{method} {end}");
            drop(used);
        }
    });
}
