//! The manifests in the words of the parts that need them.

use crate::plugin::PluginInfo;
use crate::router::Subscriber;

/// What a plugin hears of.
pub(super) fn subscriber(plugin: PluginInfo) -> Subscriber {
    Subscriber {
        plugin: plugin.id,
        handles: plugin.handlers.into_iter().map(str::to_owned).collect(),
        grants: plugin.effective.into_iter().collect(),
    }
}
