//! The configuration and the manifests in the words of the parts that need them.

use crate::config::Config;
use crate::incident::SeverityTable;
use crate::incident::severity::Severity;
use crate::plugin::PluginInfo;
use crate::router::Subscriber;

/// The configured severities.
pub(super) fn severity_table(config: &Config) -> SeverityTable {
    let configured = config.severities.0.iter().map(|severity| Severity {
        name: severity.name.clone(),
        title: severity.title.clone(),
        description: severity.description.clone(),
    });
    let table = SeverityTable::new(configured.collect());
    config.severities.0.iter().fold(table, |table, severity| table.with_aliases(&severity.name, &severity.aliases))
}

/// What a plugin hears of.
pub(super) fn subscriber(plugin: PluginInfo) -> Subscriber {
    Subscriber {
        plugin: plugin.id,
        handles: plugin.handlers.into_iter().map(str::to_owned).collect(),
        grants: plugin.effective.into_iter().collect(),
    }
}
