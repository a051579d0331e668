//! Lists in pages. A cursor says where the next page begins by the last row's own key, so that rows that come or go meanwhile
//! neither repeat nor hide any.

use crate::config::limits::{FILTER_CHARS, PAGE_ROWS, PAGE_ROWS_MAX};
use crate::web::error::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(in crate::web) struct Page<T> {
    /// The rows.
    pub(in crate::web) items: Vec<T>,
    /// What to give as `cursor` for the next page; null when this is the last.
    pub(in crate::web) next: Option<String>,
}

impl<T> Page<T> {
    /// A page of `rows`, of which one more than `limit` was asked for.
    pub(in crate::web) fn of(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(key);
        Self { items: rows, next }
    }
}

/// How many rows, as asked for.
pub(in crate::web) fn limit(asked: Option<u32>) -> Result<i64, Problem> {
    let limit = asked.map_or(PAGE_ROWS, i64::from);
    if !(1..=PAGE_ROWS_MAX).contains(&limit) {
        return Err(Problem::unfit("limit", format!("`limit` is a number of rows, 1 to {PAGE_ROWS_MAX}.")));
    }
    Ok(limit)
}

/// A cursor that is a number; from the end when there is none.
pub(in crate::web) fn before(cursor: Option<&str>) -> Result<i64, Problem> {
    match cursor {
        None | Some("") => Ok(i64::MAX),
        Some(cursor) => cursor.parse().map_err(|_| not_ours()),
    }
}

/// A text that is looked for or begun at: short, and nothing in it that no keyboard has.
pub(in crate::web) fn plain(field: &str, text: Option<&str>) -> Result<String, Problem> {
    let text = text.unwrap_or_default();
    if text.chars().count() > FILTER_CHARS || text.chars().any(char::is_control) {
        let detail = format!("`{field}` is at most {FILTER_CHARS} characters, without control characters.");
        return Err(Problem::unfit(field, detail));
    }
    Ok(text.to_owned())
}

fn not_ours() -> Problem {
    Problem::unfit("cursor", "`cursor` is what an earlier page gave as `next`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_next_page_only_when_a_row_is_left_over() {
        let page = Page::of(vec![3, 2, 1], 2, ToString::to_string);
        assert_eq!((page.items, page.next), (vec![3, 2], Some("2".to_owned())));
        assert_eq!(Page::of(vec![3, 2], 2, ToString::to_string).next, None);
        assert_eq!(Page::of(Vec::<i64>::new(), 2, ToString::to_string).next, None);
    }

    #[test]
    fn limits_cursors_and_filters_are_checked() {
        assert!(limit(Some(0)).is_err() && limit(Some(201)).is_err() && limit(Some(200)).is_ok());
        assert_eq!(limit(None).unwrap(), PAGE_ROWS);
        assert_eq!(before(None).unwrap(), i64::MAX);
        assert!(before(Some("x")).is_err());
        assert!(plain("text", Some("a\u{0}b")).is_err() && plain("text", Some(&"x".repeat(201))).is_err());
    }
}
