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

    /// Commits a crime, expects it to be named, and undoes it.
    async fn expect_named(&self, crime: &str, undo: &str, at: i64) {
        self.execute(crime).await;
        let report = self.verify().await;
        let finding = report.first_bad.unwrap_or_else(|| panic!("not noticed: {crime}"));
        assert!(!report.ok);
        assert_eq!(finding.seq, at, "{crime}: {}", finding.sentence);
        self.execute(undo).await;
        assert!(self.verify().await.ok, "undone: {undo}");
    }
}

fn on_both(test: impl AsyncFn(Crime)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for database in TestDatabase::both() {
        runtime.block_on(async { test(Crime::scene(&database).await).await });
    }
}

#[test]
fn an_edited_byte_of_any_record_is_named() {
    on_both(async |scene| {
        for seq in 1..=RECORDS {
            let row = sqlx::query("select record, hash from audit where seq = $1").bind(seq);
            let row = row.fetch_one(&scene.database).await.unwrap();
            for column in ["record", "hash"] {
                let text: String = row.get(column);
                for at in [0, text.chars().count() / 2, text.chars().count() - 1] {
                    let edited: String = text
                        .chars()
                        .enumerate()
                        .map(|(n, c)| if n == at { if c == 'x' { 'y' } else { 'x' } } else { c })
                        .collect();
                    let set = |value: &str| {
                        format!("update audit set {column} = '{}' where seq = {seq}", value.replace('\'', "''"))
                    };
                    scene.expect_named(&set(&edited), &set(&text), seq).await;
                }
            }
        }
    });
}

#[test]
fn a_removed_or_renumbered_record_is_named() {
    on_both(async |scene| {
        for seq in 1..RECORDS {
            scene
                .expect_named(
                    &format!("update audit set seq = {} where seq = {seq}", seq + 1_000),
                    &format!("update audit set seq = {seq} where seq = {}", seq + 1_000),
                    seq,
                )
                .await;
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
