//! The audit trail against somebody who can write to the database: whatever they change is named.

use crate::support::bot::{PEOPLE, SEV, Setup, TestBot};
use crate::support::database::TestDatabase;
use drillbell::audit::VerifyReport;
use drillbell::verification::verify;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Row};

/// Records in the trail of these tests: one for the start and one for each command.
const RECORDS: i64 = 6;

struct Crime {
    bot: TestBot,
    database: AnyPool,
}

impl Crime {
    /// A bot with some history, and a second way into its database.
    async fn scene(database: &TestDatabase) -> Self {
        let setup = Setup { config: format!("{SEV}\n{PEOPLE}"), ..Setup::default() };
        let bot = TestBot::start(database, setup).await;
        bot.ana("/sev declare sev1 checkout is down").await;
        for n in 1..RECORDS - 1 {
            bot.ana(&format!("/sev note number {n} with \"quotes\" and ümlauts")).await;
        }
        let url = database.url.replacen("sqlite:", "sqlite://", 1);
        let database = AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        Self { bot, database }
    }

    async fn execute(&self, sql: &str) {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&self.database).await.unwrap();
    }

    async fn verify(&self) -> VerifyReport {
        verify(self.bot.app.store(), &self.bot.app.config().server.data_dir).await.unwrap()
    }

    /// Writes over a column of a record.
    async fn write(&self, column: &str, seq: i64, text: &str) {
        let sql = format!("update audit set {column} = $1 where seq = $2");
        let written = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(text).bind(seq).execute(&self.database).await.unwrap();
        assert_eq!(written.rows_affected(), 1);
    }

    async fn renumber(&self, seq: i64, other: i64) {
        self.execute(&format!("update audit set seq = {other} where seq = {seq}")).await;
    }
}

fn on_both(test: impl AsyncFn(Crime)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for database in TestDatabase::both() {
        runtime.block_on(async { test(Crime::scene(&database).await).await });
    }
}

/// Another character for the one at a place; which, depends on the place.
fn other(c: char, at: usize) -> char {
    const OTHERS: [char; 8] = ['x', '0', '"', ' ', '\\', 'é', '}', 'F'];
    let other = OTHERS[at % OTHERS.len()];
    if other == c { 'y' } else { other }
}

#[test]
fn an_edited_byte_of_any_record_is_named() {
    on_both(async |scene| {
        for seq in 1..=RECORDS {
            let row = sqlx::query("select record, hash from audit where seq = $1").bind(seq);
            let row = row.fetch_one(&scene.database).await.unwrap();
            for column in ["record", "hash"] {
                let text: String = row.get(column);
                for at in 0..text.chars().count() {
                    let edited = text.chars().enumerate().map(|(n, c)| if n == at { other(c, at) } else { c });
                    scene.write(column, seq, &edited.collect::<String>()).await;
                    let report = scene.verify().await;
                    let found = report.first_bad.unwrap_or_else(|| panic!("not noticed: {column} {seq} at {at}"));
                    assert_eq!((report.ok, found.seq), (false, seq), "{column} at {at}: {}", found.sentence);
                }
                scene.write(column, seq, &text).await;
                assert!(scene.verify().await.ok, "{column} of {seq} is as it was");
            }
        }
    });
}

#[test]
fn a_byte_taken_from_any_record_or_added_to_it_is_named() {
    on_both(async |scene| {
        for seq in 1..=RECORDS {
            let row = sqlx::query("select record, hash from audit where seq = $1").bind(seq);
            let row = row.fetch_one(&scene.database).await.unwrap();
            for column in ["record", "hash"] {
                let text: String = row.get(column);
                let shorter = text.chars().skip(1).collect::<String>();
                for edited in [shorter, format!("{text} "), format!(" {text}"), String::new()] {
                    scene.write(column, seq, &edited).await;
                    let report = scene.verify().await;
                    assert_eq!(report.first_bad.map(|found| found.seq), Some(seq), "{column}: {edited:?}");
                }
                scene.write(column, seq, &text).await;
            }
        }
        assert!(scene.verify().await.ok);
    });
}

#[test]
fn a_removed_or_renumbered_record_is_named() {
    on_both(async |scene| {
        for seq in 1..=RECORDS {
            // Each digit of it, its sign, and where no digit was.
            for other in [0, -seq, seq + 10, seq + 1_000, i64::MAX - seq] {
                scene.renumber(seq, other).await;
                let report = scene.verify().await;
                let found = report.first_bad.unwrap_or_else(|| panic!("not noticed: {seq} as {other}"));
                let expected = if other < 1 { [other, other] } else { [seq, other] };
                assert!(!report.ok && expected.contains(&found.seq), "{seq} as {other}: {}", found.sentence);
                scene.renumber(other, seq).await;
                assert!(scene.verify().await.ok, "{seq} is as it was");
            }
        }
    });
}

#[test]
fn a_cut_tail_is_named_even_when_the_head_is_cut_with_it() {
    on_both(async |scene| {
        scene.execute(&format!("update audit set seq = -{RECORDS} where seq = {RECORDS}")).await;
        assert!(!scene.verify().await.ok);
        scene.execute(&format!("update audit set seq = {RECORDS} where seq = -{RECORDS}")).await;

        // With a checkpoint outside the database, a cut that also moves the head is seen as well.
        let (seq, hash) = scene.bot.app.store().audit_head().await.unwrap();
        let log = drillbell::audit::CheckpointLog::open(&scene.bot.app.config().server.data_dir).unwrap();
        log.append(seq, &hash, 0).unwrap();
        scene.execute(&format!("delete from audit where seq = {RECORDS}")).await;
        scene
            .execute(&format!(
                "update heads set audit_seq = {0}, audit_hash = (select hash from audit where seq = {0})",
                RECORDS - 1
            ))
            .await;
        let report = scene.verify().await;
        assert!(!report.ok, "{report:?}");
        assert_eq!(report.first_bad.unwrap().seq, RECORDS);
    });
}

#[test]
fn a_rewritten_chain_is_named_by_its_checkpoint() {
    on_both(async |scene| {
        let (seq, hash) = scene.bot.app.store().audit_head().await.unwrap();
        let data_dir = scene.bot.app.config().server.data_dir.clone();
        drillbell::audit::CheckpointLog::open(&data_dir).unwrap().append(seq, &hash, 0).unwrap();
        // Somebody rewrites a record and recomputes every hash after it, head included.
        let mut prev = drillbell::audit::GENESIS.to_owned();
        for record in scene.bot.app.store().audit_page(0, 100).await.unwrap() {
            let text = record.record.replace("number 2", "number 9");
            prev = drillbell::audit::link(&prev, &text);
            sqlx::query("update audit set record = $1, hash = $2 where seq = $3")
                .bind(text)
                .bind(prev.as_str())
                .bind(record.seq)
                .execute(&scene.database)
                .await
                .unwrap();
        }
        sqlx::query("update heads set audit_hash = $1").bind(prev).execute(&scene.database).await.unwrap();
        let report = scene.verify().await;
        assert!(!report.ok, "{report:?}");
    });
}
