//! What is posted of a timeline: the same on each platform, and whatever is changed afterwards disagrees with it.

use super::*;
use crate::cli::program::call;
use crate::support::process::Home;
use drillbell::audit::Posted;

/// The checkpoints in what somebody sees.
fn checkpoints(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let words = texts.into_iter().filter(|text| text.contains("checkpoint"));
    words
        .flat_map(|text| {
            text.split_whitespace().filter_map(Posted::parse).map(|one| one.to_string()).collect::<Vec<_>>()
        })
        .collect()
}

/// Handles an incident to its end; the checkpoint that both platforms have then.
async fn posted(both: &Both) -> String {
    let ana = both.slack.ana();
    ana.types("#incidents", "/sev declare sev1 checkout is down").await;
    let there = both.discord.finds(BEN, INCIDENTS, "checkout is down").await;
    both.discord.clicks(BEN, &there.id, "Acknowledge").await;
    both.discord_shows(INCIDENTS, &there.id, "press Claim commander").await;
    ana.types("#incidents", "/sev resolve it serves again").await;
    let last = eventually("a checkpoint is posted on both", async || {
        let here = checkpoints(both.slack.ana().sees("#incidents"));
        let there = checkpoints(both.discord.sees(ANA, INCIDENTS).into_iter().map(|shown| shown.text));
        (!here.is_empty() && here == there).then(|| here.last().cloned()).flatten()
    })
    .await;
    both.settled().await;
    last
}

#[test]
fn the_end_of_a_timeline_is_posted_to_each_platform_and_holds() {
    on_each(async |database| {
        let both = Both::start(database, BOTH).await;
        let last = posted(&both).await;
        let read = Posted::parse(&last).unwrap();
        let Posted::Timeline { lines, .. } = &read else { panic!("{last}") };
        assert_eq!(*lines, i64::try_from(both.lines().await.len()).unwrap(), "all that happened");
        let store = both.bot.app.store();
        assert_eq!(drillbell::verification::posted(store, &read).await.unwrap(), None);
        // While it is open, what is new is posted at the end of the quarter of an hour.
        both.slack.ana().types("#incidents", "/sev reopen INC-1").await;
        both.slack.ana().reads("#incidents", "is open again").await;
        both.settled().await;
        both.bot.clock.advance(15 * 60_000);
        let next = eventually("the next one is posted", async || {
            let all = checkpoints(both.slack.ana().sees("#incidents"));
            all.last().filter(|one| **one != last).cloned()
        })
        .await;
        for posted in [&last, &next] {
            assert_eq!(drillbell::verification::posted(store, &Posted::parse(posted).unwrap()).await.unwrap(), None);
        }
        let record = both.bot.trail().await.into_iter().find(|one| one["detail"]["timeline"] == next.as_str());
        assert!(record.is_some(), "the audit trail has it too");
        both.end().await;
    });
}

/// What somebody who owns the database does, and what is then said.
const DEEDS: [(&str, &str); 4] = [
    ("update timeline set text = 'nobody was told' where kind = 'acknowledged'", "was changed"),
    ("update timeline set author = 'ana' where kind = 'acknowledged'", "was changed"),
    ("delete from timeline where kind = 'acknowledged'", "is gone"),
    ("delete from seals where position > 1", "of them are there"),
];

#[test]
fn whatever_is_changed_afterwards_disagrees_with_what_was_posted() {
    on_each(async |database| {
        for (deed, said) in DEEDS {
            let fresh = match database.url.starts_with("sqlite") {
                true => TestDatabase::sqlite(),
                false => TestDatabase::postgres(),
            };
            let both = Both::start(&fresh, BOTH).await;
            let last = posted(&both).await;
            both.end().await;
            let home = Home::new(&fresh);
            let verify = || call(home.folder.path(), &["audit", "verify", "--checkpoint", &last]);
            let before = verify();
            assert!(before.code == 0 && before.stdout.contains("is what was posted"), "{before:?}");
            fresh.execute(deed).await;
            let after = verify();
            assert!(after.code == 1 && after.stdout.contains("TAMPERED") && after.stdout.contains(said), "{after:?}");
            let json = call(home.folder.path(), &["audit", "verify", "--json", "--checkpoint", &last]).json();
            assert_eq!((&json["ok"], &json["checkpoints"][0]["ok"]), (&false.into(), &false.into()), "{json}");
        }
    });
}

#[test]
fn a_timeline_written_anew_with_its_chain_is_not_the_one_that_was_posted() {
    on_each(async |database| {
        let both = Both::start(database, BOTH).await;
        let last = posted(&both).await;
        // Everything is made to fit again, by the program's own means.
        database.execute("update timeline set text = 'nobody was told' where kind = 'acknowledged'").await;
        database.execute("delete from seals").await;
        let store = both.bot.app.store();
        store.seal_timeline(IncidentId::numbered(1)).await.unwrap();
        let said = drillbell::verification::posted(store, &Posted::parse(&last).unwrap()).await.unwrap();
        assert!(said.as_deref().is_some_and(|said| said.contains("written anew")), "{said:?}");
        let end = store.audit_head().await.unwrap();
        let trail = Posted::Trail { seq: end.0, hash: end.1 };
        assert_eq!(drillbell::verification::posted(store, &trail).await.unwrap(), None);
        let Posted::Trail { seq, .. } = trail else { unreachable!() };
        let forged = Posted::Trail { seq, hash: "0".repeat(64) };
        assert!(drillbell::verification::posted(store, &forged).await.unwrap().is_some());
        both.end().await;
    });
}
