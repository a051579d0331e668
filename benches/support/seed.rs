//! A database with years in it: a million audit records whose chain holds, ten thousand incidents, most of them resolved.

use drillbell::audit::{AuditRecord, GENESIS};
use drillbell::clock::Clock;
use drillbell::model::ids::{IncidentId, fresh};
use drillbell::store::Store;
use serde_json::json;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor};

const RECORDS: i64 = 1_000_000;
const INCIDENTS: i64 = 10_000;
/// Incidents that are still open, the newest ones.
const OPEN: i64 = 5;
const PIECE: i64 = 5_000;

/// Fills an empty database.
pub async fn fill(url: &str) {
    let (store, closing) = Store::open(url, 2, Clock::system()).await.expect("open");
    drop(store);
    closing.wait().await;
    let sqlite = url.starts_with("sqlite:");
    let pool = AnyPoolOptions::new()
        .max_connections(1)
        .connect(&url.replacen("sqlite:", "sqlite://", 1))
        .await
        .expect("connect");
    let rows = if sqlite { "json_each($1) as r" } else { "json_array_elements($1::json) as r(value)" };
    audit(&pool, rows).await;
    incidents(&pool, rows).await;
    // What a database that is years old has behind it: else the measurement would compete with the tidying up.
    let tidy = if sqlite { "analyze; pragma wal_checkpoint(truncate)" } else { "vacuum analyze" };
    pool.execute(sqlx::raw_sql(tidy)).await.expect("analyze");
    if !sqlite {
        pool.execute("checkpoint").await.expect("checkpoint");
    }
    pool.close().await;
}

async fn insert(pool: &AnyPool, sql: String, rows: Vec<serde_json::Value>) {
    sqlx::query(sqlx::AssertSqlSafe(sql)).bind(json!(rows).to_string()).execute(pool).await.expect("insert");
}

async fn audit(pool: &AnyPool, rows: &str) {
    let sql = format!(
        "insert into audit (seq, record, hash) select cast(r.value->>0 as bigint), r.value->>1, r.value->>2 from {rows} where true"
    );
    let mut prev = GENESIS.to_owned();
    let mut piece = Vec::new();
    for seq in 1..=RECORDS {
        let mut record = AuditRecord::new(1_700_000_000_000 + seq, "command");
        record.actor = Some("ana".into());
        record.detail = json!({"text": "/sev note the queue is draining", "effects": ["post_message"]});
        let sealed = record.seal(seq, &prev);
        prev.clone_from(&sealed.hash);
        piece.push(json!([seq, sealed.record, sealed.hash]));
        if seq % PIECE == 0 {
            insert(pool, sql.clone(), std::mem::take(&mut piece)).await;
        }
    }
    sqlx::query("update heads set audit_seq = $1, audit_hash = $2")
        .bind(RECORDS)
        .bind(prev)
        .execute(pool)
        .await
        .expect("move the head");
}

async fn incidents(pool: &AnyPool, rows: &str) {
    let sql = format!(
        "insert into incidents (id, number, conversation, is_open, body, revision) select r.value->>0, \
         cast(r.value->>1 as bigint), 'bench:#old', cast(r.value->>2 as bigint), r.value->>3, 1 from {rows} where true"
    );
    let lines = format!(
        "insert into timeline (id, incident, at_ms, kind, author, text) select r.value->>0, r.value->>1, 0, 'note', 'ana', \
         'a line' from {rows} where true"
    );
    let mut piece = Vec::new();
    let mut notes = Vec::new();
    for number in 1..=INCIDENTS {
        let open = number > INCIDENTS - OPEN;
        let id = IncidentId::numbered(number);
        let body = json!({
            "id": id, "title": "an old one", "severity": "sev3", "status": if open { "monitoring" } else { "resolved" },
            "conversation": "bench:#old", "service": null, "declared_by": "ana", "declared_ms": 0,
            "resolved_ms": if open { None } else { Some(1) }, "card": null, "latest": "", "revision": 1
        });
        piece.push(json!([id, number, i64::from(open), body.to_string()]));
        notes.extend((0..10).map(|_| json!([fresh(), id])));
        if number % 1_000 == 0 {
            insert(pool, sql.clone(), std::mem::take(&mut piece)).await;
            insert(pool, lines.clone(), std::mem::take(&mut notes)).await;
        }
    }
}
