//! The database of a little shop, for `drillbell demo` to back up. Not the bot's own, and never opened by it again.

use super::connect::Address;
use super::error::StoreError;
use sqlx::Connection;
use std::path::Path;

/// Two hundred people, a dozen things, two thousand orders; always the same.
const SHOP: [&str; 6] = [
    "create table customers (id integer primary key, name text not null, mail text not null unique)",
    "create table products (id integer primary key, name text not null, cents integer not null)",
    "create table orders (id integer primary key, customer integer not null references customers (id), \
     product integer not null references products (id), pieces integer not null, ordered_at text not null)",
    "insert into products (id, name, cents) values (1, 'kite', 2490), (2, 'drum', 8900), (3, 'string', 190), (4, 'lantern', 1550), \
     (5, 'whistle', 420), (6, 'spinning top', 780), (7, 'puzzle', 1990), (8, 'marbles', 350), (9, 'paper boat', 90), \
     (10, 'music box', 4590), (11, 'yo-yo', 650), (12, 'chess set', 7900)",
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < 200) \
     insert into customers (id, name, mail) select i, 'Customer ' || i, 'customer' || i || '@example.org' from n",
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000) \
     insert into orders (id, customer, product, pieces, ordered_at) \
     select i, 1 + (i * 37) % 200, 1 + (i * 7) % 12, 1 + i % 3, datetime('2026-01-01', '+' || (i * 13) || ' minutes') from n",
];

/// Writes it to a file that is not there yet, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub async fn write_sample_shop(file: &Path) -> Result<(), StoreError> {
    sqlx::any::install_default_drivers();
    let doing = || StoreError::doing("writing the sample shop");
    let whole = std::path::absolute(file).map_err(|source| StoreError::File { path: file.to_owned(), source })?;
    // As the configuration does for the bot's own database.
    let name = whole.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    let mut connection = Address::parse(&format!("sqlite:{name}"))?.connection().await?;
    let mut transaction = connection.begin().await.map_err(doing())?;
    for statement in SHOP {
        sqlx::query(statement).execute(&mut *transaction).await.map_err(doing())?;
    }
    transaction.commit().await.map_err(doing())?;
    connection.close().await.map_err(doing())
}
