//! A database with a table that somebody has locked, so that a dump of it comes to a halt.

use super::psql;
use crate::support::eventually;
use crate::support::postgres::fresh_database;
use std::process::{Child, Command, Stdio};

/// One, locked for as long as this lives and was not freed.
pub struct Locked {
    /// Its address.
    pub url: String,
    holder: Child,
}

impl Locked {
    /// A database whose second table is locked: a dump comes to a halt when it has begun.
    pub async fn halfway() -> Self {
        let url = fresh_database();
        psql(
            &url,
            "create table a as select n, repeat('x', 300) from generate_series(1, 5000) n; create table b (n int)",
        );
        Self::of(url, "b").await
    }

    /// This table of this database.
    pub async fn of(url: String, table: &str) -> Self {
        let mut holder =
            Command::new("psql").args(["-Xq", "-d", &url]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let lock = format!("begin; lock table {table};\n");
        std::io::Write::write_all(holder.stdin.as_mut().unwrap(), lock.as_bytes()).unwrap();
        let locked = format!(
            "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = '{table}'::regclass"
        );
        eventually("the table is locked", async || (psql(&url, &locked) == "1").then_some(())).await;
        Self { url, holder }
    }

    /// Waits until a dump is under way.
    pub async fn waited_for(&self) {
        let waiting = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'drillbell-backup' and wait_event_type = 'Lock'";
        eventually("pg_dump waits", async || (psql(&self.url, waiting) == "1").then_some(())).await;
    }

    /// Waits until none is.
    pub async fn left_alone(&self) {
        let any = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'drillbell-backup'";
        eventually("no session is left", async || (psql(&self.url, any) == "0").then_some(())).await;
    }

    /// The table is free again.
    pub fn free(&mut self) {
        drop(self.holder.stdin.take());
        self.holder.wait().unwrap();
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
