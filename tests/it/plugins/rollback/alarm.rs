//! After the second failure, from end to end: one P0 with both versions, maintenance that the public reads at once, the last level and the
//! vendors paged, a postmortem that is due, and nothing tried a third time by itself (S3-21).

use super::*;
use crate::alerts::standing;
use crate::support::bot::POSTMORTEM;
use drillbell::cli::mount::Web;
use secrecy::SecretString;
use tokio::net::TcpListener;

/// A page, words for it that were approved by being written here, and who is paged.
const MORE: &str = r##"
[[policy]]
capability = "command:close-shop"
approvals = 0
[[policy]]
capability = "command:open-shop"
approvals = 0
[chat.console]
channels = ["#incidents", "#ops", "#first", "#chief", "#provider"]
[status]
title = "Shop status"
cache = "1s"
[status.components.web]
title = "Web shop"
[services.shop.notice]
text = "The shop is closed while we repair it. We expect this to take about 30 minutes."
components = ["web"]
[notify.first]
kind = "chat"
to = "console:#first"
[notify.chief]
kind = "chat"
to = "console:#chief"
[notify.provider]
kind = "chat"
to = "console:#provider"
[escalation.default]
severities = ["sev1"]
levels = [{ after = "0s", notify = ["first"] }, { after = "15m", notify = ["first"] }, { after = "30m", notify = ["chief"] }]
"##;

fn setup_of(more: &str) -> (Setup, Shop) {
    let (setup, shop) = setup(&format!("{FREE}{more}\n{POSTMORTEM}"));
    let keys = "vendors = [\"provider\"]\nmaintenance = { on = \"close-shop\", off = \"open-shop\" }\n";
    let at = shop.place.display();
    let command =
        |name: &str, word: &str| format!("[commands.{name}]\nargv = [\"sh\", \"-c\", \"echo {word} >> {at}/doors\"]\n");
    let commands = format!("{}{}", command("close-shop", "closed"), command("open-shop", "open"));
    let config = setup.config.replace("[services.shop]\n", &format!("{commands}[services.shop]\n{keys}"));
    (Setup { config, ..setup }, shop)
}

fn doors(shop: &Shop) -> String {
    std::fs::read_to_string(shop.place.join("doors")).unwrap_or_default()
}

/// What the configuration has for the public.
const WORDS: &str = "The shop is closed while we repair it. We expect this to take about 30 minutes.";

/// The notice among the maintenances of the feed.
fn noticed(feed: &Value) -> Option<Value> {
    let mut all = feed["scheduled_maintenances"].as_array()?.iter();
    all.find(|one| one["incident_updates"].as_array().is_some_and(|said| said.iter().any(|it| it["body"] == WORDS)))
        .cloned()
}

/// The bot's own web, and somebody who has no account there.
struct Public {
    web: Web,
    address: String,
    reader: reqwest::Client,
}

impl Public {
    async fn of(bot: &TestBot) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let web = Web::start(&bot.app, listener, &SecretString::from("nobody-has-it"));
        Self { web, address, reader: reqwest::Client::new() }
    }

    async fn reads(&self, path: &str) -> String {
        let answer = self.reader.get(format!("{}{path}", self.address)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn feed(&self) -> Value {
        serde_json::from_str(&self.reads("/status/api/v2/summary.json").await).unwrap()
    }
}

/// Two attempts have failed on a shop that stays broken, and the public reads of it.
async fn raised(bot: &TestBot, shop: &Shop) -> Public {
    deploys(bot, "v2", "v1", "none", &[]).await;
    sets(&shop.place, 50);
    fails_twice(bot).await;
    let public = Public::of(bot).await;
    eventually("the public reads it", async || noticed(&public.feed().await)).await;
    public
}

#[test]
fn after_the_second_failure_the_public_reads_of_the_maintenance_and_those_who_must_know_are_paged() {
    on(
        || setup_of(MORE),
        async |bot, shop| {
            deploys(bot, "v2", "v1", "none", &[]).await;
            sets(&shop.place, 50);
            fails_twice(bot).await;
            let incidents = bot.app.store().incidents(true, 10).await.unwrap();
            let [p0] = incidents.as_slice() else { panic!("exactly one: {incidents:?}") };
            assert_eq!((p0.severity.as_str(), p0.service.as_deref()), ("sev1", Some("shop")));
            let public = Public::of(bot).await;
            let (told, feed) = eventually("the public reads it", async || {
                let feed = public.feed().await;
                Some((noticed(&feed)?, feed))
            })
            .await;
            let page = public.reads("/status").await;
            assert_eq!((&told["name"], &told["status"]), (&json!("Maintenance"), &json!("in_progress")));
            assert_eq!(told["components"][0]["name"], "Web shop", "{told}");
            assert_eq!(feed["components"][0]["status"], "under_maintenance", "{feed}");
            assert!(page.contains(WORDS) && page.contains("Web shop"), "{page}");
            for inner in ["INC-", "rollback", "release"] {
                assert!(!told.to_string().contains(inner), "{inner} is nobody's business: {told}");
            }
            let history = public.reads("/status/history.atom").await;
            assert!(history.contains(WORDS), "{history}");
            assert!(bot.app.store().open_approvals(10).await.unwrap().is_empty(), "nobody is waited for");
            eventually("people are shut out", async || (doors(shop) == "closed\n").then_some(())).await;

            for (place, who) in [("console:#chief", "the last level"), ("console:#provider", "the vendor")] {
                let heard = eventually(who, async || {
                    let heard = standing(bot, place).await;
                    (!heard.is_empty()).then_some(heard)
                })
                .await;
                assert_eq!(heard.len(), 1, "{who} is paged once: {heard:?}");
                assert!(heard[0].contains("shop could not be rolled back"), "{heard:?}");
            }
            let here = standing(bot, HERE).await;
            assert!(here.iter().any(|text| text.contains("from v2, which is bad, to v1")), "both versions: {here:?}");
            let lines = bot.app.store().timeline(&p0.id, 500).await.unwrap();
            for said in ["two attempts have failed: P0", "Write the postmortem: shop could not be rolled back"] {
                assert!(lines.iter().any(|line| line.text.contains(said)), "{said}: {lines:?}");
            }

            // Nothing is tried a third time, and nothing is said or paged twice, whatever time it is.
            bot.clock.advance(3_600_000);
            bot.timers_handled().await;
            assert_eq!(jobs(bot, "rollback").await.len(), 2);
            assert_eq!(standing(bot, "console:#provider").await.len(), 1);
            assert_eq!(bot.app.store().incidents(false, 10).await.unwrap().len(), 1);

            // Whoever opens it takes the words down.
            bot.ana("/rollback maintenance shop off").await;
            eventually("the public reads that it is over", async || {
                let feed = public.feed().await;
                (noticed(&feed).is_none() && feed["components"][0]["status"] != "under_maintenance").then_some(())
            })
            .await;
            let page = public.reads("/status").await;
            assert!(page.contains("The maintenance is over."), "{page}");
            assert_eq!(doors(shop), "closed\nopen\n");
            public.web.stop().await;
        },
    );
}

#[test]
fn the_public_reads_of_it_even_while_turning_maintenance_on_waits_for_somebody() {
    let waits = MORE.replacen("approvals = 0", "approvals = 1", 1);
    on(
        || setup_of(&waits),
        async |bot, shop| {
            let public = raised(bot, shop).await;
            let asked = open_approval(bot).await;
            assert!(asked.title.contains("turn maintenance of shop on"), "{asked:?}");
            assert_eq!(doors(shop), "", "nobody is shut out before somebody agrees");
            assert_eq!(approves(bot, "ben").await.status, OutcomeStatus::Ok);
            eventually("people are shut out", async || (doors(shop) == "closed\n").then_some(())).await;
            eventually("it is said once", async || {
                let feed = public.feed().await;
                (feed["scheduled_maintenances"].as_array()?.len() == 1).then(|| noticed(&feed)).flatten()
            })
            .await;
            public.web.stop().await;
        },
    );
}

#[test]
fn what_the_public_reads_is_taken_down_although_maintenance_could_not_be_turned_on() {
    on(
        || {
            let (setup, shop) = setup_of(MORE);
            let config = setup.config.replacen("echo closed >>", "echo closed >> /dev/null; exit 1; echo >>", 1);
            (Setup { config, ..setup }, shop)
        },
        async |bot, shop| {
            let public = raised(bot, shop).await;
            eventually("maintenance was not turned on", async || {
                let broke = jobs(bot, "maintenance").await.iter().any(|job| job.state == JobState::Failed);
                let told = standing(bot, HERE).await;
                let told = told.iter().any(|text| text.contains("shop: maintenance was not turned on"));
                (broke && told).then_some(())
            })
            .await;
            // What failed may have done something: the whole way down is gone, and the notice goes with it.
            let off = bot.ana("/rollback maintenance shop off").await;
            assert!(off.text.contains("Turning off maintenance of shop"), "{off:?}");
            eventually("the public reads it no more", async || noticed(&public.feed().await).is_none().then_some(()))
                .await;
            assert_eq!((jobs(bot, "maintenance").await.len(), doors(shop)), (2, "open\n".to_owned()));
            public.web.stop().await;
        },
    );
}
