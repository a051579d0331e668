//! Game days: a runbook written for production is practised on what stands in for it, and of production nothing is touched, asked or told,
//! whatever the runbook says and the operator granted.

use super::runbook::says;
use crate::alerts::standing;
use crate::support::bot::{PEOPLE, Setup, TestBot, with_database};
use drillbell::model::job::Job;
use drillbell::store::OutcomeStatus;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const OPS: &str = "console:#ops";

/// A site that counts who asks it: as ready as a file says, and `/moved` leads to another one.
struct Site {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Site {
    fn start(state: &Path, other: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let (counter, state) = (asked.clone(), state.to_owned());
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                counter.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap_or(0);
                let moved = request[..read].starts_with(b"GET /moved");
                let ready = std::fs::read_to_string(&state).is_ok_and(|state| state.trim() == "up");
                let head = match (moved, ready) {
                    (true, _) => format!("302 X\r\nlocation: http://127.0.0.1:{other}/"),
                    (false, true) => "200 X".to_owned(),
                    (false, false) => "503 X".to_owned(),
                };
                let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Production and where it is practised for.
struct World {
    folder: Arc<tempfile::TempDir>,
    production: Site,
    practice: Site,
}

impl World {
    fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let place = folder.path();
        std::fs::write(place.join("production-state"), "up").unwrap();
        std::fs::write(place.join("practice-state"), "up").unwrap();
        std::fs::write(place.join("token"), "correct horse battery staple").unwrap();
        for (name, carts) in [("shop", 2), ("practice", 7), ("ledger", 0)] {
            let file = rusqlite::Connection::open(place.join(format!("{name}.db"))).unwrap();
            file.execute_batch("create table carts (id)").unwrap();
            for n in 0..carts {
                file.execute("insert into carts values (?1)", [n]).unwrap();
            }
        }
        let production = Site::start(&place.join("production-state"), 1);
        let practice = Site::start(&place.join("practice-state"), production.port);
        Self { folder, production, practice }
    }

    fn setup(&self) -> Setup {
        let place = self.folder.path().display().to_string();
        std::fs::create_dir_all(self.folder.path().join("runbooks")).unwrap();
        for (name, steps) in [("outage", OUTAGE), ("reckless", RECKLESS)] {
            let text = format!("{HEAD}{steps}{TAIL}").replace("PRODUCTION", &self.production.port.to_string());
            let text = text.replace("PRACTICE", &self.practice.port.to_string());
            std::fs::write(self.folder.path().join(format!("runbooks/{name}.md")), text).unwrap();
        }
        // What production's commands do is seen in a file that none of the tests may find.
        let touch = |name: &str| {
            format!("[commands.{name}]\nargv = [\"sh\", \"-c\", \"echo {name} >> {place}/production-touched\"]\n")
        };
        let production: String =
            ["stop-shop", "start-shop", "shop-log", "rollback-shop", "wipe-shop"].map(touch).concat();
        let practice = |name: &str, does: &str| {
            format!("[commands.{name}]\nargv = [\"sh\", \"-c\", \"{does}\"]\nchanges = false\n")
        };
        let practice = [
            practice("stop-practice", &format!("echo down > {place}/practice-state")),
            practice("start-practice", &format!("echo up > {place}/practice-state")),
            practice("practice-log", &format!("echo the database is $(cat {place}/practice-state)")),
        ]
        .concat();
        let config = format!(
            "[runbooks]\ndir = \"{place}/runbooks\"\n\
             [chat.console]\nchannels = [\"#incidents\", \"#ops\"]\n[channels]\nops = \"{OPS}\"\n\
             [metrics]\nprometheus = \"http://127.0.0.1:{production_port}\"\n\
             [secrets]\nshop-token = {{ file = \"{place}/token\" }}\n\
             {production}{practice}\
             [databases.shop]\nurl = \"sqlite:{place}/shop.db\"\n[databases.ledger]\nurl = \"sqlite:{place}/ledger.db\"\n\
             [databases.practice]\nurl = \"sqlite:{place}/practice.db\"\n\
             [targets.shop]\nkind = \"sqlite\"\npath = \"{place}/shop.db\"\n\
             [gamedays.practice]\nabout = \"the practice shop\"\n\
             [gamedays.practice.commands]\nstop-shop = \"stop-practice\"\nstart-shop = \"start-practice\"\nshop-log = \"practice-log\"\n\
             [gamedays.practice.databases]\nshop = \"practice\"\n\
             [gamedays.practice.origins]\n\"http://127.0.0.1:{production_port}\" = \"http://127.0.0.1:{practice_port}\"\n\
             [plugins.restore-drill]\nsource = \"builtin:restore-drill\"\n\
             grants = [\"kv\", \"timers\", \"schedules\", \"backups\", \"runbooks\", \"conversations\", \"post:*\", \"jobs:*\", \
             \"command:*\", \"sql:*\", \"promql\", \"secret:*\", \"http-private:*\", \"http:*\", \"page:*\", \"status\", \
             \"escalation\", \"incidents:write\"]\n{PEOPLE}",
            production_port = self.production.port,
            practice_port = self.practice.port,
        );
        Setup { config, folder: self.folder.clone(), ..Setup::default() }
    }

    /// Nothing of production was touched or asked.
    async fn is_untouched(&self, bot: &TestBot) {
        assert_eq!(self.production.asked(), 0, "nobody asked production");
        assert!(!self.folder.path().join("production-touched").exists(), "no command of production's ran");
        assert_eq!(standing(bot, OPS).await, Vec::<String>::new(), "nobody was told anything outside of the exercise");
        assert!(bot.app.store().copies(None, 10, None).await.unwrap().is_empty(), "no copy was taken");
        let jobs = jobs(bot).await;
        assert!(jobs.iter().all(|job| job.kind == "exercise"), "{jobs:?}");
    }
}

async fn jobs(bot: &TestBot) -> Vec<Job> {
    bot.app.store().jobs_of(&"restore-drill".into(), false, 100).await.unwrap()
}

const HEAD: &str = "+++\ntitle = \"The shop is gone\"\nowner = \"Ana\"\nreview = \"2099-01-01\"\nrisk = \"dangerous\"\n+++\n\n\
                    Stops the shop's database and starts it again.\n\n## Symptoms\n\nIt does not answer.\n\n";
const TAIL: &str = "\n## Escalation contacts\n\nAna, at any time.\n\n## Post-incident actions\n\nNothing.\n";

/// As S0-25 has it, in the names of production.
const OUTAGE: &str = r#"### It is ready

```http
url = "http://127.0.0.1:PRODUCTION/readyz"
on_fail = "stop"
```

## Diagnosis

Nothing.

## Mitigation

### Stop the database

```command
command = "stop-shop"
risk = "dangerous"
undo = { command = "start-shop" }
```

### It says that it is not ready

```http
url = "http://127.0.0.1:PRODUCTION/readyz"
expect = { status = 503 }
```

### Its log says what is wrong

```command
command = "shop-log"
expect = { contains = "the database is down" }
```

### Start it again

```command
command = "start-shop"
```

### It recovers

```http
url = "http://127.0.0.1:PRODUCTION/readyz"
```

### Its data are there

```sql
database = "shop"
query = "select count(*) from carts"
expect = { value = "= 7" }
```

### People know

```chat
say = "The shop is back."
channel = "ops"
```
"#;

/// What nothing stands in for.
const RECKLESS: &str = r#"### Production answers

```http
url = "http://localhost:PRODUCTION/readyz"
```

### Practice leads to production

```http
url = "http://127.0.0.1:PRACTICE/moved"
```

### It is asked with production's token

```http
url = "http://127.0.0.1:PRACTICE/readyz"
headers = { Authorization = { secret = "shop-token", prefix = "Bearer " } }
```

### The ledger is whole

```sql
database = "ledger"
query = "select count(*) from carts"
```

### Few errors

```promql
query = "vector(0)"
expect = { value = "< 1" }
```

### The copy is fresh

```backup
do = "fresh"
target = "shop"
max_age = "1h"
```

## Diagnosis

Nothing.

## Mitigation

### A copy first

```backup
do = "take"
target = "shop"
```

### Order it

```http
url = "http://localhost:PRODUCTION/orders"
method = "POST"
body = { all = true }
```

### Roll it back

```command
command = "rollback-shop"
risk = "dangerous"
```

### Stop it in a way that is taken back by production's

```command
command = "stop-shop"
undo = { command = "wipe-shop" }
```

### Wipe it

```command
command = "wipe-shop"
risk = "dangerous"
```
"#;

#[test]
fn what_is_written_for_production_is_practised_elsewhere_and_each_step_is_timed() {
    with_database(async |database| {
        let world = World::new();
        let first = world.setup();
        let (config, clock) = (first.config.clone(), first.clock.clone());
        let mut bot = TestBot::start(database, first).await;
        for game in ["G-1", "G-2"] {
            let begun = says(&bot, "/drill gameday start outage --on practice").await;
            assert_eq!((&begun["game"], &begun["steps"]), (&json!(game), &json!(8)));
            let thread = begun["thread"].as_str().unwrap().to_owned();
            for _ in 0..8 {
                bot.clock.advance(20_000);
                says(&bot, &format!("/drill gameday run --game {game}")).await;
                // Whatever dies in between, the exercise goes on where it was.
                let (config, clock) = (config.clone(), clock.clone());
                bot.finish().await;
                let again = Setup { config, clock, folder: world.folder.clone(), ..Setup::default() };
                bot = TestBot::start(database, again).await;
            }
            let all = standing(&bot, &thread).await;
            assert!(all.len() > 8 && all.iter().all(|text| text.contains("EXERCISE")), "{all:#?}");
            assert!(thread.to_lowercase().contains("exercise"), "{thread}");
            assert!(all.iter().any(|text| text.contains("The shop is back.")), "{all:#?}");
        }
        let report = says(&bot, "/drill gameday report G-2").await;
        for step in report["steps"].as_array().unwrap() {
            assert_eq!((&step["state"], &step["took_ms"]), (&json!("pass"), &json!(20_000)), "{step}");
        }
        let told = bot.ana("/drill gameday report G-2").await.text;
        assert!(told.contains("EXERCISE G-2") && told.contains("Practised on"), "{told}");
        let list = says(&bot, "/drill gameday list").await;
        assert_eq!(list["games"].as_array().unwrap().len(), 2);
        let here = standing(&bot, "console:#incidents").await;
        assert!(here.iter().any(|text| text.contains("EXERCISE G-1 The shop is gone: 8 passed")), "{here:#?}");
        assert!(world.practice.asked() >= 6);
        world.is_untouched(&bot).await;
        bot.finish().await;
    });
}

#[test]
fn what_is_productions_is_refused_beneath_the_plugin_and_nothing_of_it_runs() {
    with_database(async |database| {
        let world = World::new();
        let bot = TestBot::start(database, world.setup()).await;
        says(&bot, "/drill gameday start reckless").await;
        let mut states: Vec<(String, String)> = Vec::new();
        for at in 0..11 {
            bot.ana(&format!("/drill gameday run --step {}", at + 1)).await;
            let report = says(&bot, "/drill gameday report").await;
            let step: &Value = &report["steps"][at];
            states.push((step["state"].as_str().unwrap().to_owned(), step["said"].as_str().unwrap().to_owned()));
        }
        for (at, (state, said)) in states.iter().enumerate() {
            match at {
                // It was sent where it may go, and did not follow from there.
                1 => assert!(state != "pass" && said.contains("production's"), "{states:#?}"),
                _ => assert_eq!(state, "withheld", "step {}: {said}", at + 1),
            }
        }
        let report = says(&bot, "/drill gameday report").await;
        assert!(report["ended_ms"].is_number(), "it went to its end: {report}");
        assert_eq!(jobs(&bot).await.len(), 1, "of all others there was not even a job");
        world.is_untouched(&bot).await;
        bot.finish().await;
    });
}

#[test]
fn of_two_people_on_one_button_one_is_told_and_beside_an_incident_nobody_practises() {
    with_database(async |database| {
        let world = World::new();
        let sev = crate::support::bot::SEV;
        let setup = world.setup();
        let setup = Setup { config: format!("{}\n{sev}", setup.config), ..setup };
        let bot = TestBot::start(database, setup).await;
        let begun = says(&bot, "/drill gameday start outage").await;
        let (a, b) = tokio::join!(
            bot.ana("/drill gameday run --game G-1 --step 1"),
            bot.types("ben", "console:#incidents", "/drill gameday run --game G-1 --step 1"),
        );
        let refused = [&a, &b].into_iter().filter(|one| one.status == OutcomeStatus::Refused).count();
        assert_eq!((refused, jobs(&bot).await.len()), (1, 1), "{a:?} {b:?}");

        bot.ana("/sev declare sev2 the real shop is gone").await;
        let beside = bot.ana("/drill gameday run --game G-1").await;
        assert!(beside.status == OutcomeStatus::Refused && beside.text.contains("INC-1"), "{}", beside.text);
        let thread = begun["thread"].as_str().unwrap();
        assert!(bot.types("ana", thread, "/drill gameday start outage").await.status == OutcomeStatus::Refused);
        says(&bot, "/drill gameday end there is a real one").await;
        let report = says(&bot, "/drill gameday report G-1").await;
        assert_eq!(report["early"], "there is a real one (Ana)");
        bot.finish().await;
    });
}
