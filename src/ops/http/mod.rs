//! HTTP requests as steps: to origins that are granted, at addresses that were looked at, with answers that are bounded.
//! A name is resolved by us and the connection goes to the very address that was checked; every redirect is checked anew.

mod address;
mod answer;
mod fill;
mod origin;
mod send;

pub use super::judge::JsonExpect;
pub use crate::config::origin::Origin;
pub use address::{Resolve, SystemResolver, is_private};
pub use answer::{Capture, Expect, Statuses};
pub use fill::{Given, HeaderText, Prepared};
pub use origin::{Judge, Named, Origins, Reach};
pub use send::{Client, Failure, Response};

pub(in crate::ops) use fill::{fill, places};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A request as a step describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What to do. Default GET.
    #[serde(default)]
    pub method: Method,
    /// Where; `{name}` in its path or query stands for a value.
    pub url: String,
    /// Values for those places.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Given>,
    /// Headers; a secret is named by its handle.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, HeaderText>,
    /// The body, sent as JSON; `{name}` in its texts stands for a value, `{"$secret": "handle"}` for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What the answer must be. Default: any 2xx.
    #[serde(default)]
    pub expect: Expect,
}

/// A method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// It may change something where it goes.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::Head)
    }
}
