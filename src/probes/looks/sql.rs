//! A query that answers with one number. A database that cannot be reached says nothing; whether it is there, a `tcp` probe tells.

use super::Finding;
use crate::config::probes::Address;
use crate::ops::sql::{Asked, number};
use std::time::Duration;

pub(super) async fn look(address: &Address, query: &str, limit: Duration) -> Finding {
    let of = match address.file() {
        Some(file) => Asked::Sqlite(file),
        None => Asked::Postgres(address.expose()),
    };
    Finding::number(match number(of, query, limit).await {
        Ok(None) => Err("the query answers with nothing".to_owned()),
        Ok(Some(text)) => text.trim().parse::<f64>().map_err(|_| "the query's answer is no number".to_owned()),
        Err(why) => Err(why),
    })
}
