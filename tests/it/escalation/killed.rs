//! The real program, killed in the middle of a ladder: whoever is next hears once, and nobody hears again.

use super::{Levels, heard, hears};
use crate::support::bot::{SEV, SEV_TIMED, with_database};
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::store::Store;

#[test]
fn killed_between_two_levels_the_second_hears_once_and_the_first_not_again() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let home = Home::new(database);
        let text = std::fs::read_to_string(&home.config).unwrap().replace(SEV, SEV_TIMED);
        std::fs::write(&home.config, text + "\n" + &levels.config()).unwrap();
        std::fs::write(home.folder.path().join("hook"), "the secret hook of this test").unwrap();

        let process = home.start(&[]).await;
        let answer = process.command("k1", "/sev declare sev1 checkout is down").await.unwrap();
        assert_eq!(answer["status"], "ok", "{answer}");
        // Declaring is answered once the first level has been reached.
        assert_eq!(hears(&levels.first, 1).await, ["trigger INC-1"]);
        process.kill();

        let process = home.start(&[]).await;
        let again = process.command("k1", "/sev declare sev1 checkout is down").await.unwrap();
        assert_eq!(again["incident"], "INC-1", "the same declaration, not another one: {again}");
        assert_eq!(hears(&levels.second, 1).await, ["trigger INC-1"]);
        // Whatever else was to be said has been said once this is answered and delivered.
        process.command("k2", "/sev ack").await.unwrap();
        assert_eq!(hears(&levels.second, 2).await, ["trigger INC-1", "acknowledge INC-1"]);
        assert_eq!(hears(&levels.first, 2).await, ["trigger INC-1", "acknowledge INC-1"]);
        assert!(process.end(false).await.success(), "a clean stop");

        let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
        let timers = store.due_timers(i64::MAX, 10).await.unwrap();
        assert!(timers.iter().all(|timer| !timer.name.starts_with("escalation")), "nothing is to come: {timers:?}");
        drop(store);
        closing.wait().await;
    });
}

#[test]
fn acknowledged_before_it_is_killed_nobody_hears_after_the_restart() {
    with_database(async |database| {
        let levels = Levels::start().await;
        let home = Home::new(database);
        let text = std::fs::read_to_string(&home.config).unwrap().replace(SEV, SEV_TIMED);
        // Long enough for the slowest machine to acknowledge in time.
        let config = levels.config().replace("3s", "1h");
        std::fs::write(&home.config, text + "\n" + &config).unwrap();
        std::fs::write(home.folder.path().join("hook"), "the secret hook of this test").unwrap();
        let process = home.start(&[]).await;
        process.command("k1", "/sev declare sev1 checkout is down").await.unwrap();
        process.command("k2", "/sev ack").await.unwrap();
        process.kill();
        let process = home.start(&[]).await;
        let listed = process.command("k3", "/sev timeline INC-1").await.unwrap();
        assert!(listed.to_string().contains("taken up after"), "{listed}");
        assert!(process.end(false).await.success(), "a clean stop");
        let (store, closing) = Store::open(&database.url, 2, Clock::system()).await.unwrap();
        let timers = store.due_timers(i64::MAX, 10).await.unwrap();
        assert!(timers.iter().all(|timer| !timer.name.starts_with("escalation")), "nothing is to come: {timers:?}");
        assert_eq!((heard(&levels.first).len(), heard(&levels.second).len()), (2, 0));
        drop(store);
        closing.wait().await;
    });
}
