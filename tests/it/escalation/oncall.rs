//! Who is on call, asked in chat, from the command line without a bot, and as a calendar over HTTP.

use crate::support::bot::{SEV, Setup, TestBot, with_database};
use crate::support::web::TestWeb;
use std::process::Command;

const ROTATION: &str = "[rotations.primary]\nmembers = [\"ana\", \"ben\"]\nhandover = \"Mon 09:00\"\n\
                        timezone = \"Europe/Lisbon\"\nfrom = \"2026-01-05\"\n\
                        overrides = [{ who = \"ana\", from = \"2025-12-31 12:00\", until = \"2026-01-02 00:00\" }]\n";

#[test]
fn whoever_asks_reads_who_is_on_call_until_when_and_who_is_next() {
    with_database(async |database| {
        let bot = TestBot::start(database, Setup::of(&format!("{SEV}\n{ROTATION}"))).await;
        let answer = bot.ana("/drillbell oncall").await;
        assert_eq!(answer.text, "On call\nprimary: Ana, for Ben, until 2026-01-02T00:00:00.000Z, then Ben");
        assert_eq!(answer.data.unwrap()["rotations"][0]["stands_in_for"], "ben");
        bot.finish().await;
    });
}

#[test]
fn the_command_line_knows_without_a_bot_and_writes_a_calendar() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("drillbell.toml");
    std::fs::write(&config, format!("{ROTATION}{}", crate::support::bot::PEOPLE)).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drillbell"));
        let out = command.args(["oncall", "--config"]).arg(&config).args(args).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, said, _) = run(&["--at", "2026-01-13T00:00:00Z"]);
    assert_eq!((code, said.as_str()), (Some(0), "primary: Ben, until 2026-01-19T09:00:00.000Z\n"));
    let (code, said, _) = run(&["--at", "2026-01-13T00:00:00Z", "--ics", "primary"]);
    assert!(
        code == Some(0)
            && said.starts_with("BEGIN:VCALENDAR\r\n")
            && said.contains("SUMMARY:Ben is on call (primary)\r\n"),
        "{said}"
    );
    let (code, said, _) = run(&["--json", "--at", "2026-01-13T00:00:00Z"]);
    let object: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &object["rotations"][0]["person"]), (Some(0), &"ben".into()));
    let (code, _, told) = run(&["secondary"]);
    assert!(code == Some(2) && told.contains("there is no rotation `secondary`; there are: primary"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_is_for_those_who_are_signed_in() {
    let web = TestWeb::start().await;
    let stranger = web.client.get(web.url("/api/v1/oncall.ics")).send().await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
    let answer = web.get("/api/v1/oncall.ics").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/calendar; charset=utf-8");
    assert!(answer.text().await.unwrap().starts_with("BEGIN:VCALENDAR\r\n"));
    assert_eq!(web.get("/api/v1/oncall/secondary.ics").send().await.unwrap().status().as_u16(), 404);
    web.end().await;
}
