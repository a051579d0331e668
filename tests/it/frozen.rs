//! A replica stopped by SIGSTOP in the middle of a burst of timers and schedules, far past its lease, and then thawed: the other
//! one fires what is left, and everything has happened once. Stopped within a transaction, it holds nobody up for long.

use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::store::Store;
use nix::sys::signal::Signal;
use sqlx::any::AnyPoolOptions;
use std::collections::BTreeMap;

/// Enough to be stopped among.
const TIMERS: u64 = 60;
const SCHEDULES: u64 = 6;

fn sections() -> String {
    let grants = "grants = [\"kv\", \"timers\", \"schedules\"]";
    from_file(&format!("{PEOPLE}\n[plugins.misbehaving]\nsource = \"builtin:misbehaving\"\n{grants}"))
}

/// How often each timer and each occurrence of a schedule was carried out, by the trail.
async fn carried_out(store: &Store) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    for row in store.audit_page(0, 100_000).await.unwrap() {
        let record: serde_json::Value = serde_json::from_str(&row.record).unwrap();
        let Some(delivery) = record["delivery"].as_str() else { continue };
        let name = match delivery.split('/').collect::<Vec<_>>()[..] {
            ["timer", _, name, _, _] | ["schedule", _, name, _] => name.to_owned(),
            _ => continue,
        };
        assert_eq!(record["outcome"], "ok", "{record}");
        // Later occurrences of the same schedule are others.
        let of = if delivery.starts_with("schedule/") { delivery.to_owned() } else { name };
        *times.entry(of).or_default() += 1;
    }
    times
}

/// Makes every schedule due a moment from now: nobody wants to wait for the next full minute.
async fn soon(database: &TestDatabase, at_ms: i64) {
    sqlx::any::install_default_drivers();
    let pool = AnyPoolOptions::new().max_connections(1).connect(&database.url).await.unwrap();
    let moved = sqlx::query("update schedules set next_ms = $1").bind(at_ms).execute(&pool).await.unwrap();
    assert_eq!(moved.rows_affected(), SCHEDULES);
    pool.close().await;
}

#[test]
fn timers_and_schedules_of_a_frozen_replica_happen_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let home = Home::of(&database, &sections());
        let process = home.start(&[]).await;
        let clock = Clock::system();
        // Once a year: each has one occurrence that concerns this test, wherever it is moved to.
        let schedules = (0..SCHEDULES).map(|n| format!("/misbehave set-schedule yearly-{n} \"{n} 0 1 1 *\""));
        // Spread over two seconds, so that the stop comes between two looks and two writes.
        let timers = (0..TIMERS).map(|n| format!("/misbehave set-timer t-{n} {}ms", 4000 + n * 33));
        let process = &process;
        let set = schedules.chain(timers).enumerate().map(|(n, text)| async move {
            // A caller whose line was lost says it again under the same key.
            let key = format!("set-{n}");
            let answer = eventually("an answer", async || process.command(&key, &text).await).await;
            assert_eq!(answer["status"], "ok", "{answer}");
        });
        futures::future::join_all(set).await;
        soon(&database, clock.now_ms() + 1).await;

        let (store, closing) = Store::open(&database.url, 2, clock.clone()).await.unwrap();
        let some = usize::try_from(SCHEDULES).unwrap() + 5;
        eventually("some timers have fired too", async || (carried_out(&store).await.len() > some).then_some(())).await;
        process.signal(Signal::SIGSTOP);
        let wanted = usize::try_from(TIMERS + SCHEDULES).unwrap();
        assert!(carried_out(&store).await.len() < wanted, "it was stopped among them");
        let setup = Setup { config: sections(), clock, ..Setup::default() };
        let bot = TestBot::start(&database, setup).await;
        eventually("the other one fires the rest", async || {
            (carried_out(&store).await.len() == wanted && store.open_events().await.unwrap() == 0).then_some(())
        })
        .await;
        process.signal(Signal::SIGCONT);
        // Thawed, it finishes what it had begun, and looks again.
        let set_another = async || process.command("thawed", "/misbehave set-timer after 1ms").await;
        let answer = eventually("the thawed one answers", set_another).await;
        assert_eq!(answer["status"], "ok", "{answer}");
        eventually("the clock goes on", async || carried_out(&store).await.contains_key("after").then_some(())).await;
        let times = carried_out(&store).await;
        assert!(times.len() == wanted + 1 && times.values().all(|n| *n == 1), "{times:?}");
        let seen = store.kv_list(&"misbehaving".into(), "seen:timer:", 1000).await.unwrap();
        assert_eq!(seen.len(), wanted + 1);
        assert!(seen.iter().all(|row| row.revision == 1), "the plugin heard of each once: {seen:?}");
        drop(store);
        closing.wait().await;
        bot.finish().await;
    });
}
