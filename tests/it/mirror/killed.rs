//! The shipped program, killed when one platform has what the other does not have yet: after the next start both have it, once.

use super::*;
use crate::support::discord::Mishap;
use crate::support::process::Home;
use crate::support::slack::Fault;
use std::sync::Mutex;
use tokio::sync::Notify;

/// How many cards with buttons, and how many messages at all, tell of it on each.
fn told(slack: &Arc<Slack>, discord: &FakeDiscord) -> [(usize, usize); 2] {
    let seen = slack.state().seen("#incidents", "U00000000BEN");
    let seen: Vec<_> = seen.iter().filter(|one| one.body.to_string().contains("said on both")).collect();
    let cards = seen.iter().filter(|one| !rules::actions(&one.body["blocks"]).is_empty()).count();
    let shown: Vec<_> =
        discord.sees(BEN, INCIDENTS).into_iter().filter(|shown| shown.text.contains("said on both")).collect();
    [(cards, seen.len()), (shown.iter().filter(|one| !one.controls.is_empty()).count(), shown.len())]
}

#[test]
fn a_kill_between_the_two_posts_doubles_and_loses_nothing() {
    on_each(async |database| {
        for silent in ["slack", "discord"] {
            let database = match database.url.starts_with("sqlite") {
                true => TestDatabase::sqlite(),
                false => TestDatabase::postgres(),
            };
            let (slack, discord) = (Slack::start().await, FakeDiscord::start().await);
            let home = Home::new(&database);
            home.configure(&database.url, &config(&slack, &discord, home.folder.path(), BOTH));
            let process = home.start(&[]).await;
            slack.connected().await;
            eventually("Discord is connected", async || {
                (discord.is_connected() && !discord.commands().is_empty()).then_some(())
            })
            .await;
            // One of them carries it out and never answers: whatever the program knows of it dies with it. The other has it or has not.
            let reached = Arc::new(Notify::new());
            if silent == "slack" {
                slack.state().fault("chat.postMessage", &[Fault::DoneButSilent]);
            } else {
                let (tell, seen) = (reached.clone(), Mutex::new(false));
                discord.faults(move |method, path| {
                    let here = method == "POST" && path.ends_with("/messages");
                    if !here || std::mem::replace(&mut *seen.lock().unwrap(), true) {
                        return None;
                    }
                    tell.notify_one();
                    Some(Mishap::CarriedOutAndSilent)
                });
            }
            slack.ana().types("#incidents", "/sev declare sev2 said on both").await;
            match silent {
                "slack" => {
                    eventually("Slack has it", async || (slack.state().done("chat.postMessage") >= 1).then_some(()))
                        .await
                }
                _ => reached.notified().await,
            }
            process.kill();
            discord.no_faults();
            let process = home.start(&[]).await;
            slack.connected().await;
            let card = slack.ana().reads("#incidents", "said on both").await;
            let copy = discord.finds(BEN, INCIDENTS, "said on both").await;
            // The card that survived is the one that counts, on both.
            slack.ana().clicks(&card, "Acknowledge").await;
            eventually("both cards are edited", async || {
                let there = discord.sees(BEN, INCIDENTS).into_iter().find(|shown| shown.id == copy.id)?;
                let here = slack.ana().now(&card).edits > 0;
                (here && there.text.contains("press Claim commander")).then_some(())
            })
            .await;
            assert!(process.end(false).await.success(), "a clean stop, with everything delivered");
            let [here, there] = told(&slack, &discord);
            assert_eq!((here.0, there.0), (1, 1), "killed while {silent} was silent: {here:?}, {there:?}");
            slack.was_strict();
            assert_eq!(discord.complaints(), Vec::<String>::new());
        }
    });
}
