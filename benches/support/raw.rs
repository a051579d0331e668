//! What the database layer can do at best: one-row durable commits, nothing else, by the same driver and settings.

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor};
use std::time::Instant;

/// Commits in the measurement.
const ROWS: usize = 40_000;
/// Connections: SQLite has one writer; PostgreSQL does best with a few times its cores.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Commits of the one that is alone.
const ALONE: usize = 2_000;

/// A pool as the store would have it, with a table to write to.
async fn pool(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    let sqlite = url.starts_with("sqlite:");
    let address = match url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite://{path}.raw?mode=rwc"),
        None => url.to_owned(),
    };
    let pool = AnyPoolOptions::new()
        .max_connections(if sqlite { 1 } else { POSTGRES_CONNECTIONS })
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if sqlite {
                    connection.execute(sqlx::raw_sql("pragma journal_mode=wal; pragma synchronous=full;")).await?;
                }
                Ok(())
            })
        })
        .connect(&address)
        .await
        .expect("connect");
    pool.execute("create table raw (id bigint primary key, body text not null)").await.expect("create");
    pool
}

async fn insert(pool: &AnyPool, id: usize) {
    sqlx::query("insert into raw (id, body) values ($1, $2)")
        .bind(i64::try_from(id).expect("small"))
        .bind("a row of the size of a short command, so that the comparison is fair")
        .execute(pool)
        .await
        .expect("insert");
}

async fn close(pool: AnyPool) {
    pool.execute("drop table raw").await.expect("drop");
    pool.close().await;
}

/// Half of the one-row commits take no longer than this, one at a time, milliseconds.
pub async fn commit_p50_ms(url: &str) -> f64 {
    let pool = pool(url).await;
    let mut took = Vec::with_capacity(ALONE);
    for id in 0..ALONE {
        let begun = Instant::now();
        insert(&pool, id).await;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    close(pool).await;
    took.sort_by(f64::total_cmp);
    took[ALONE / 2]
}

/// One-row commits per second, `tasks` of them in flight.
pub async fn commits_per_second(url: &str, tasks: usize) -> f64 {
    let pool = pool(url).await;
    let each = ROWS / tasks;
    let begun = Instant::now();
    let writers = (0..tasks).map(|task| {
        let pool = pool.clone();
        tokio::spawn(async move {
            for n in 0..each {
                insert(&pool, task * each + n).await;
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.expect("a writer");
    }
    let took = begun.elapsed();
    close(pool).await;
    (each * tasks) as f64 / took.as_secs_f64()
}
