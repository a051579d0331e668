//! The configured severities as the rules of incidents know them.

use crate::config::Config;
use crate::incident::SeverityTable;
use crate::incident::severity::{Clocks, Severity};
use std::time::Duration;

fn millis(span: Option<Duration>) -> Option<i64> {
    span.and_then(|span| i64::try_from(span.as_millis()).ok())
}

/// The table of the configured severities, most severe first.
pub(super) fn table(config: &Config) -> SeverityTable {
    let configured = config.severities.0.iter().map(|severity| Severity {
        name: severity.name.clone(),
        title: severity.title.clone(),
        description: severity.description.clone(),
        clocks: Clocks {
            acknowledge_ms: millis(severity.acknowledge_within),
            decide_ms: millis(severity.decide_within),
            rollback_ms: millis(severity.rollback_within),
            update_every_ms: millis(severity.update_every),
        },
    });
    let table = SeverityTable::new(configured.collect());
    config.severities.0.iter().fold(table, |table, severity| table.with_aliases(&severity.name, &severity.aliases))
}
