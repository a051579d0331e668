//! The shipped program, killed while a stage of a rollback runs: no finished stage is done again, and one in doubt asks.

use super::{PLUGIN, Shop, command, is_in, spec};
use crate::support::bot::{PEOPLE, Setup, TestBot, from_file};
use crate::support::database::TestDatabase;
use crate::support::eventually;
use crate::support::process::Home;
use drillbell::clock::Clock;
use drillbell::jobs::AGAIN;
use drillbell::model::job::JobState;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_a_stage_it_asks_and_goes_on_from_there_without_doing_anything_twice() {
    let shop = Shop::released().await;
    let dir = shop.dir().to_owned();
    let slow =
        format!("echo slow >> {dir}/marks; until [ -e {dir}/go ]; do sleep 0.02; done; echo done >> {dir}/marks");
    let sections = shop
        .sections(&format!(
            "[services.shop.rollback.strategies.release]\nkind = \"release\"\nlink = \"{dir}/current\"\n\
             releases = \"{dir}/releases\"\nafter = [\"slow\", \"mark\"]\n[commands.slow]\nargv = [\"sh\", \"-c\", {slow:?}]\n"
        ))
        .replace(PLUGIN, &from_file(PLUGIN));
    let sections = format!("{sections}{PEOPLE}");
    let database = TestDatabase::sqlite();
    let home = Home::of(&database, &sections);
    let process = home.start(&[]).await;
    let asked = command(&spec("release", json!({})), "back");
    let slow = eventually("the slow stage runs", async || shop.marks().contains(&"slow".to_owned()).then_some(()));
    tokio::select! {
        answer = process.command("doomed", &asked) => panic!("the job ended: {answer:?}"),
        () = slow => {}
    }
    process.kill();
    let before = ["stop", "stop", "start", "slow"];
    assert_eq!(shop.marks(), before);

    let setup = Setup { config: sections, folder: home.folder, clock: Clock::system(), ..Setup::default() };
    let bot = TestBot::start(&database, setup).await;
    let job = is_in(&bot, "back", JobState::Lost).await;
    assert_eq!(shop.marks(), before, "nothing happens before somebody has decided");
    std::fs::write(shop.path("go"), "").unwrap();
    bot.clicks("ana", &job.card.unwrap(), AGAIN).await;
    let job = is_in(&bot, "back", JobState::Done).await;
    assert_eq!(
        shop.marks(),
        ["stop", "stop", "start", "slow", "slow", "done", "1.0"],
        "only the one in doubt, once more"
    );
    let result: Value = serde_json::from_str(&job.result.unwrap()).unwrap();
    assert_eq!((&result["result"]["status"], shop.get().as_deref()), (&json!("pass"), Some("1.0")));
    bot.finish().await;
}
