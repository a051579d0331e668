//! What a probe looks at, by its kind: found from how its address begins, or from the key that only one kind has.

use super::address::Address;
use crate::config::problem::Refusal;
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::tree::{Node, Value};
use crate::config::values;
use std::time::Duration;

/// What is looked at.
#[derive(Clone, Debug)]
pub enum Look {
    /// An HTTP request, and what its answer must be.
    Http {
        /// Where.
        url: Address,
        /// What the answer must be.
        expect: Expect,
    },
    /// Whether somebody takes a connection.
    Tcp(Address),
    /// Until when a server's certificate is good.
    Tls(Address),
    /// A query that answers with one number.
    Sql {
        /// Which database.
        url: Address,
        /// What is asked.
        query: String,
    },
    /// What a Redis says of itself.
    Redis {
        /// Which.
        url: Address,
        /// What of it.
        read: RedisRead,
    },
    /// An expression, asked of the Prometheus of `[metrics]`.
    Promql(String),
    /// What another probe's results add up to.
    Results {
        /// Which probe.
        of: String,
        /// What is added up.
        measure: Measure,
    },
    /// Somebody else says regularly that it lives.
    Heartbeat {
        /// What it must show.
        token: Secret,
        /// By how much a beat may be late.
        grace: Duration,
    },
}

/// What is read of a Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedisRead {
    /// A field of `INFO`.
    Field(String),
    /// How many of the lookups within the window found something.
    HitRatio,
}

/// What another probe's results are made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The time that 95 of 100 answers took at most.
    P95,
    /// The part of looks that failed.
    ErrorRate,
}

/// What an answer must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Its status. Default: any 2xx.
    pub status: Option<Statuses>,
    /// A text within its body.
    pub contains: Option<String>,
    /// How long it may take; a slower answer fails.
    pub within: Option<Duration>,
}

/// One status, some, or a class such as `2xx`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the meaning")]
pub enum Statuses {
    Some(Vec<u16>),
    Class(String),
}

impl Measure {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P95 => "p95",
            Self::ErrorRate => "error-rate",
        }
    }
}

impl Look {
    /// The word in the file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Tcp(_) => "tcp",
            Self::Tls(_) => "tls",
            Self::Sql { .. } => "sql",
            Self::Redis { .. } => "redis",
            Self::Promql(_) => "promql",
            Self::Results { .. } => "results",
            Self::Heartbeat { .. } => "heartbeat",
        }
    }

    /// Where it looks, if it has an address of its own.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Http { url, .. } | Self::Sql { url, .. } | Self::Redis { url, .. } => Some(url),
            Self::Tcp(url) | Self::Tls(url) => Some(url),
            Self::Promql(_) | Self::Results { .. } | Self::Heartbeat { .. } => None,
        }
    }

    /// Its number is one moment's, and says nothing of the time before.
    pub fn is_momentary(&self) -> bool {
        matches!(self, Self::Sql { .. } | Self::Redis { read: RedisRead::Field(_), .. })
    }

    /// It has a number that a threshold is for, taken over a window or lasting for one.
    pub fn is_measured(&self) -> bool {
        matches!(self, Self::Sql { .. } | Self::Redis { .. } | Self::Promql(_) | Self::Results { .. })
    }

    /// What it says of whether somebody can be reached: an address that is silent is the very thing it looks for.
    pub fn is_about_reach(&self) -> bool {
        matches!(self, Self::Http { .. } | Self::Tcp(_) | Self::Heartbeat { .. })
    }
}

impl Expect {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let span = |node| values::duration(node, Duration::from_millis(1)..=crate::config::limits::PROBE_TIMEOUT_MAX);
        let contains = |node| values::text(node).map(str::to_owned);
        let expect = Self {
            status: section.read("status", statuses),
            contains: section.read("contains", contains),
            within: section.read("within", span),
        };
        section.finish();
        expect
    }
}

fn statuses(node: &Node) -> Result<Statuses, Refusal> {
    const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    let expected = || Refusal::expected("a status such as 200, a list such as [200, 204], or a class such as \"2xx\"");
    let one = |node: &Node| match &node.value {
        Value::Int(number) if (100..600).contains(number) => u16::try_from(*number).map_err(|_| expected()),
        _ => Err(expected()),
    };
    match &node.value {
        Value::Int(_) => Ok(Statuses::Some(vec![one(node)?])),
        Value::List(items) if !items.is_empty() => Ok(Statuses::Some(items.iter().map(one).collect::<Result<_, _>>()?)),
        Value::Text(text) if CLASSES.contains(&text.as_str()) => Ok(Statuses::Class(text.clone())),
        _ => Err(expected()),
    }
}
