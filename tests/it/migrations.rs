//! Migrations, one after another, over a database that already holds rows of all the earlier ones; and then the bot's own
//! store reads them.

use crate::support::database::{NEW_YEAR_MS, TestDatabase};
use drillbell::clock::Clock;
use drillbell::model::ids::IncidentId;
use drillbell::model::job::JobState;
use drillbell::store::{Forgotten, Store};
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::{AnyPool, Row};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows that each migration ships, by its number.
fn seeds() -> BTreeMap<i64, PathBuf> {
    let files = std::fs::read_dir(root().join("tests/fixtures/migrations")).unwrap().map(|entry| entry.unwrap().path());
    let number = |path: &PathBuf| path.file_name()?.to_str()?.split('_').next()?.parse::<i64>().ok();
    files.map(|path| (number(&path).expect("NNNN_name.sql"), path)).collect()
}

async fn migrator() -> Migrator {
    Migrator::new(root().join("migrations")).await.unwrap()
}

async fn pool(database: &TestDatabase) -> AnyPool {
    sqlx::any::install_default_drivers();
    let url = match database.url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite://{path}?mode=rwc"),
        None => database.url.clone(),
    };
    AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap()
}

/// Rows in every table of the bot's own.
async fn counts(pool: &AnyPool, tables: &[String]) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for table in tables {
        let count = sqlx::query(sqlx::AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(pool).await;
        counts.insert(table.clone(), count.unwrap().get::<i64, _>(0));
    }
    counts
}

fn on_both(test: impl AsyncFn(TestDatabase)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for database in TestDatabase::both_empty() {
        runtime.block_on(test(database));
    }
}

#[tokio::test]
async fn every_migration_ships_rows_and_no_rows_lack_a_migration() {
    let migrations: Vec<i64> = migrator().await.iter().map(|migration| migration.version).collect();
    let seeds = seeds();
    assert_eq!(seeds.keys().copied().collect::<Vec<_>>(), migrations, "tests/fixtures/migrations against migrations");
    for path in seeds.values() {
        let text = std::fs::read_to_string(path).unwrap().to_lowercase();
        assert!(text.contains("insert into") || text.contains("update "), "{} seeds nothing", path.display());
    }
}

#[test]
fn each_migration_runs_on_a_database_that_holds_rows_of_the_earlier_ones() {
    on_both(async |database| {
        let pool = pool(&database).await;
        let (migrator, seeds) = (migrator().await, seeds());
        let mut tables = Vec::new();
        for migration in migrator.iter() {
            let before = counts(&pool, &tables).await;
            migrator.run_to(migration.version, &pool).await.unwrap();
            assert_eq!(counts(&pool, &tables).await, before, "{} took rows away", migration.description);
            let made = migration.sql.as_str().lines().filter_map(|line| line.strip_prefix("create table "));
            tables.extend(made.map(|rest| rest.trim_end_matches(" (").to_owned()));
            let seed = std::fs::read_to_string(&seeds[&migration.version]).unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(seed)).execute(&pool).await.unwrap();
        }
        let full = counts(&pool, &tables).await;
        assert!(full.len() >= 12 && full.values().all(|rows| *rows > 0), "every table holds something: {full:?}");
        pool.close().await;
        // Migrating what is migrated changes nothing, and what lies there can be read.
        let (store, closing) = Store::open(&database.url, 2, Clock::manual(NEW_YEAR_MS)).await.unwrap();
        read_everything(&store).await;
        drop(store);
        closing.wait().await;
    });
}

/// Reads every seeded row by the store's own functions.
async fn read_everything(store: &Store) {
    let id = IncidentId::numbered(1);
    let incident = store.incident(&id).await.unwrap().expect("the incident");
    assert_eq!(store.incidents(true, 10).await.unwrap(), std::slice::from_ref(&incident));
    assert_eq!(store.next_incident_number().await.unwrap(), 2);
    assert_eq!(store.timeline(&id, 10).await.unwrap().len(), 1);
    assert!(store.message(&incident.card.unwrap()).await.unwrap().is_some());
    assert_eq!(store.result(&"done".into()).await.unwrap().expect("an answer").text, "INC-1 is open.");
    assert_eq!(store.receipts(&"done".into()).await.unwrap().len(), 1);
    assert_eq!(store.due_timers(NEW_YEAR_MS, 10).await.unwrap().len(), 1);
    assert_eq!(store.kv_list(&"sev-declare".into(), "", 10).await.unwrap().len(), 1);
    assert_eq!(store.kv_get(&"sev-declare".into(), "gone").await.unwrap().revision, 2);
    assert_eq!(store.stream_after(0, None, &"ana".into(), 10).await.unwrap().len(), 1);
    let folder = tempfile::tempdir().unwrap();
    let report = drillbell::verification::verify(store, folder.path()).await.unwrap();
    assert!(report.ok && report.checked == 1, "{report:?}");
    assert_eq!(store.session("a session").await.unwrap().map(|person| person.name), Some("Ana".to_owned()));
    assert_eq!(store.sessions(None, 10).await.unwrap().len(), 3, "one of before sessions had a browser's name");
    let vouched = store.session("a vouched session").await.unwrap().expect("a session");
    assert_eq!(vouched.asserted_by.as_deref(), Some("local token"));
    let tokens: Vec<_> =
        store.tokens(10).await.unwrap().iter().map(|t| (t.name.clone(), t.is_live(NEW_YEAR_MS))).collect();
    assert_eq!(tokens, [("old".to_owned(), false), ("ci".to_owned(), false), ("ci".to_owned(), true)]);
    assert_eq!(store.token("a token").await.unwrap().map(|token| token.name), Some("ci".to_owned()));
    assert_eq!(store.lease("scheduler").await.unwrap(), Some(8), "the old holder's lease has run out");
    let events = store.claim_events(10, true).await.unwrap();
    assert_eq!(events.iter().map(|event| event.delivery.id.as_str()).collect::<Vec<_>>(), ["open"]);
    let rows = store.claim_outbox(10, true).await.unwrap();
    let public = store.status_snapshot(NEW_YEAR_MS).await.unwrap();
    assert_eq!((public.incidents.len(), public.maintenances.len(), public.said.len(), public.revision), (1, 1, 2, 1));
    let written: Vec<_> = public.said.iter().map(|said| said.at_ms - said.written_ms).collect();
    assert_eq!(written, [0, 900_000], "what was said before this was kept was written when it was said");
    assert_eq!(rows.iter().map(|row| row.effect.kind()).collect::<Vec<_>>(), ["page", "post_message"]);
    assert_eq!(store.attempts("o3").await.unwrap().len(), 1);
    assert_eq!(store.open_pages(0, 10).await.unwrap().len(), 1);
    let jobs = store.jobs_under(&"done".into()).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Running, JobState::Done]);
    assert_eq!(store.unfinished_jobs(10).await.unwrap().len(), 2);
    let copies = store.copies(Some("shop"), 10, None).await.unwrap();
    assert_eq!(copies.iter().map(|copy| copy.short()).collect::<Vec<_>>(), [Some("0badcafe")], "one of two is gone");
    for what in Forgotten::ALL {
        store.find_forgotten(what, i64::MAX / 2).await.unwrap();
    }
}

#[test]
fn a_database_of_another_version_is_refused_with_a_sentence() {
    let changed = "update _sqlx_migrations set checksum = (select checksum from _sqlx_migrations where version = 2) \
                   where version = 1";
    let newer = "insert into _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                 select 9999, 'newer', installed_on, success, checksum, execution_time from _sqlx_migrations \
                 where version = 2";
    on_both(async |database| {
        let mut sentences = Vec::new();
        for change in [newer, changed] {
            let (store, closing) = Store::open(&database.url, 2, Clock::manual(NEW_YEAR_MS)).await.unwrap();
            drop(store);
            closing.wait().await;
            let pool = pool(&database).await;
            sqlx::query(change).execute(&pool).await.unwrap();
            let refused = Store::open(&database.url, 2, Clock::manual(NEW_YEAR_MS)).await.err().expect("refused");
            sentences.push(refused.to_string());
            sqlx::query("delete from _sqlx_migrations where version = 9999").execute(&pool).await.unwrap();
            pool.close().await;
        }
        insta::allow_duplicates! {
            insta::assert_snapshot!(sentences.join("\n"), @r"
            the database is newer than this program, which does not know its migration 9999: start the newer program, or restore a backup from before it
            the database was made by another build: its migration 1 is not the one that this program has. Start the program that made it
            ");
        }
    });
}
