//! The audit trail against somebody who can write to the database: whatever they change is named.

use crate::support::bot::{PEOPLE, SEV, Setup, TestBot};
use crate::support::database::TestDatabase;
use crate::support::proxy::Proxy;
use drillbell::audit::VerifyReport;
use drillbell::clock::Clock;
use drillbell::store::{Engine, Store};
use drillbell::verification::verify;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Row};

/// Records in the trail of these tests: one for the start and one for each command.
const RECORDS: i64 = 6;

/// Bytes of a row before its record: its length, its place, the kinds of its three columns (two of them long texts) and its number.
const HEAD: usize = 9;

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

#[test]
fn what_is_no_text_or_number_any_more_is_named() {
    on_both(async |scene| {
        scene.execute("update heads set name = 'other'").await;
        assert_eq!(scene.verify().await.first_bad.map(|found| found.seq), Some(RECORDS + 1), "no head");
        scene.execute("update heads set name = 'main'").await;
        if scene.bot.app.store().engine() == Engine::Postgres {
            // Its columns take nothing else.
            return assert!(scene.verify().await.ok);
        }
        for (column, change) in [
            ("record", "x'00ff00'"),
            ("record", "cast(x'7b22ff227d' as text)"),
            ("record", "cast(record as blob)"),
            ("hash", "x'00'"),
            ("hash", "cast(x'ff' as text)"),
            ("seq", "'abc'"),
            ("seq", "seq + 0.5"),
            ("seq", "x'01'"),
        ] {
            scene.execute("create table kept as select rowid as at, * from audit where seq = 3").await;
            scene.execute(&format!("update audit set {column} = {change} where seq = 3")).await;
            let found = scene.verify().await.first_bad;
            assert_eq!(found.as_ref().map(|found| found.seq), Some(3), "{column} {change}: {found:?}");
            let back =
                format!("update audit set {column} = (select {column} from kept) where rowid = (select at from kept)");
            scene.execute(&back).await;
            scene.execute("drop table kept").await;
        }
        for (column, change) in [("audit_seq", "'x'"), ("audit_hash", "x'00'")] {
            scene.execute(&format!("create table kept as select {column} as was from heads")).await;
            scene.execute(&format!("update heads set {column} = {change}")).await;
            assert!(!scene.verify().await.ok, "heads {column}");
            scene.execute(&format!("update heads set {column} = (select was from kept)")).await;
            scene.execute("drop table kept").await;
        }
        assert!(scene.verify().await.ok);
    });
}

/// Somebody who writes to the file itself, where no engine looks on.
#[test]
fn a_bit_flipped_in_the_file_of_the_database_is_named() {
    let database = TestDatabase::sqlite();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let scene = Crime::scene(&database).await;
        let records = scene.bot.app.store().audit_page(0, 100).await.unwrap();
        scene.database.close().await;
        scene.bot.app.stop().await;
        let file = std::path::Path::new(database.url.trim_start_matches("sqlite:"));
        let whole = std::fs::read(file).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("edited.db");
        let found = async |bytes: &[u8]| {
            std::fs::write(&copy, bytes).unwrap();
            let url = format!("sqlite:{}", copy.display());
            let store = Store::read_only(&url, Clock::system()).await.unwrap();
            verify(&store, folder.path()).await.unwrap()
        };
        assert!(found(&whole).await.ok);
        for record in &records {
            let text = format!("{}{}", record.record, record.hash);
            let begins =
                whole.windows(text.len()).position(|bytes| bytes == text.as_bytes()).expect("it is in the file");
            // The row's head with its number, bit by bit, and of what is written some bit of every seventh byte.
            let head = (begins - HEAD..begins).flat_map(|at| (0..8).map(move |bit| (at, bit)));
            let written = (begins..begins + text.len()).step_by(7).map(|at| (at, at % 8));
            for (at, bit) in head.chain(written) {
                let mut edited = whole.clone();
                edited[at] ^= 1 << bit;
                let report = found(&edited).await;
                let first = report.first_bad.unwrap_or_else(|| {
                    panic!("not noticed: bit {bit} of {at}, {} of {}", at - begins + HEAD, record.seq)
                });
                let is_head = at < begins;
                assert!(!report.ok && (first.seq == record.seq || is_head), "bit {bit} of {at}: {}", first.sentence);
            }
        }
    });
}

#[test]
fn a_database_that_does_not_answer_is_no_crime() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database = TestDatabase::postgres();
        let scene = Crime::scene(&database).await;
        let (through, wire) = Proxy::before(&database.url).await;
        let store = Store::read_only(&through, Clock::system()).await.unwrap();
        let data_dir = scene.bot.app.config().server.data_dir.clone();
        assert!(verify(&store, &data_dir).await.unwrap().ok);
        wire.cut();
        let away = verify(&store, &data_dir).await.unwrap_err();
        assert!(away.is_away(), "{away}");
    });
}
