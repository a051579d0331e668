//! What plugins may have done, asked beneath them: when a job is asked for, and again when it runs.

use crate::capability::grants::{Grants, Need};
use crate::capability::operations::Operating;
use crate::model::ids::PluginId;
use crate::ops::http::{Judge, Reach};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use url::Url;

/// Both keys of every plugin, as they are now. Clones are one.
#[derive(Clone, Default)]
pub struct Rights(Arc<RwLock<BTreeMap<PluginId, Arc<Grants>>>>);

/// Where one plugin's requests may go.
pub(super) struct Bounds<'a> {
    rights: &'a Rights,
    plugin: &'a PluginId,
}

impl Rights {
    /// From now on these count.
    pub fn set(&self, grants: BTreeMap<PluginId, Arc<Grants>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = grants;
    }

    /// Whether both keys of a plugin open that door; one that is not loaded has none.
    ///
    /// # Errors
    /// A sentence that names the grant and where it is missing.
    pub(super) fn check(&self, plugin: &PluginId, what: Operating<'_>) -> Result<(), String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match known.get(plugin) {
            Some(grants) => grants.check(Need::Operation(what)).map_err(|denial| denial.to_string()),
            None => Err(format!("`{plugin}` is not loaded, so it may do nothing")),
        }
    }

    /// Where the requests of a plugin may go.
    pub(super) fn of<'a>(&'a self, plugin: &'a PluginId) -> Bounds<'a> {
        Bounds { rights: self, plugin }
    }
}

impl Judge for Bounds<'_> {
    fn judge(&self, url: &Url) -> Result<Reach, String> {
        if self.rights.check(self.plugin, Operating::HttpPrivate(url)).is_ok() {
            return Ok(Reach::Any);
        }
        self.rights.check(self.plugin, Operating::Http(url)).map(|()| Reach::Public)
    }
}
