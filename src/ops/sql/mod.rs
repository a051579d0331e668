//! SQL that reads: one statement as a step of a plugin's, what is asked and what may be asked at all; and one number, as a probe of the
//! operator's.

mod archiving;
mod ask;
mod check;
mod number;

pub use archiving::archiving;
pub use ask::{Rows, ask};
pub use check::check;
pub use number::{Asked, number};

use super::judge::Wanted;
use crate::model::places;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A question as a step describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Which of `[databases]`.
    pub database: String,
    /// One statement; `{name}` is a parameter.
    pub query: String,
    /// Values for its places, as texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// At most so many rows are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// What the rows must be.
    #[serde(default)]
    pub expect: Wanted,
}

impl Question {
    /// The names of all places in the statement and in the values.
    pub fn places(&self) -> Vec<String> {
        let texts = std::iter::once(&self.query).chain(self.args.values());
        texts.flat_map(|text| places::names(text)).collect()
    }
}
