//! What differs between the two engines, and nothing else: how to unnest one JSON parameter, how to match a set of keys,
//! how to begin, how the database tells its own time.

/// The database engine behind the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite in WAL mode, one process.
    Sqlite,
    /// PostgreSQL, any number of replicas.
    Postgres,
}

impl Engine {
    /// `sqlite` or `postgres`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// How a writing transaction begins: SQLite takes the write lock at once, so that it never fails half-way.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "begin immediate",
            Self::Postgres => "begin",
        }
    }
}

/// One statement in both dialects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sql {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl Sql {
    pub(super) fn on(self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// The text of a statement's JSON parameter. PostgreSQL keeps no NUL in a text, and would fail the whole batch for one:
/// it becomes the character that stands for what cannot be shown, on both engines alike.
pub(super) fn parameter(rows: &serde_json::Value) -> String {
    const NUL: &str = "\\u0000";
    let text = rows.to_string();
    if !text.contains(NUL) {
        return text;
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        clean.push_str(&rest[..at]);
        // An escape is taken whole, so that an escaped backslash before `u0000` is not mistaken for one.
        let (escape, after) = match rest[at..].starts_with(NUL) {
            true => ("\\ufffd", &rest[at + NUL.len()..]),
            false => rest[at..].split_at(2),
        };
        clean.push_str(escape);
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// `sql!("insert … select … from ", rows, " where …")`: literals joined, `rows` being `$1` unnested as `r(value)`, `keys`
/// the set of first columns of `$1` (`number_keys`: as numbers), `skip` the clause that lets replicas claim side by side, `hold` the one that keeps what was read as it is until the
/// transaction ends (SQLite's one writer needs none), `now` the database's time in
/// milliseconds. Multi-row statements take one JSON parameter, so that their text, and with it the plan, never varies.
macro_rules! sql {
    ($($part:tt),+ $(,)?) => {
        $crate::store::sql::Sql {
            sqlite: concat!($($crate::store::sql::sqlite_part!($part)),+),
            postgres: concat!($($crate::store::sql::postgres_part!($part)),+),
        }
    };
}

macro_rules! sqlite_part {
    (rows) => {
        "json_each($1) as r"
    };
    (keys) => {
        "in (select k.value->>0 from json_each($1) as k)"
    };
    (number_keys) => {
        "in (select cast(k.value->>0 as bigint) from json_each($1) as k)"
    };
    (skip) => {
        ""
    };
    (hold) => {
        ""
    };
    (now) => {
        "cast(unixepoch('subsec') * 1000 as bigint)"
    };
    ($text:literal) => {
        $text
    };
}

macro_rules! postgres_part {
    (rows) => {
        // `jsonb` is parsed once; a `json` row would be read from its beginning for every column that is taken from it.
        "jsonb_array_elements($1::jsonb) as r(value)"
    };
    (keys) => {
        "= any(array(select k.value->>0 from jsonb_array_elements($1::jsonb) as k(value)))"
    };
    (number_keys) => {
        "= any(array(select cast(k.value->>0 as bigint) from jsonb_array_elements($1::jsonb) as k(value)))"
    };
    (skip) => {
        " for update skip locked"
    };
    (hold) => {
        " for update"
    };
    (now) => {
        "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    };
    ($text:literal) => {
        $text
    };
}

pub(super) use {postgres_part, sql, sqlite_part};

#[cfg(test)]
mod tests {
    use super::parameter;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn a_parameter_is_what_was_given_without_its_nuls(texts in proptest::collection::vec("[\u{0}\\\\u0a\"é]{0,12}", 0..6)) {
            let clean: serde_json::Value = serde_json::from_str(&parameter(&json!([texts]))).unwrap();
            let expected: Vec<String> = texts.iter().map(|text| text.replace('\0', "\u{fffd}")).collect();
            prop_assert_eq!(clean, json!([expected]));
        }
    }
}
