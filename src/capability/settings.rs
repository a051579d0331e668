//! `drillbell:settings`: what the operator wrote under `[plugins.NAME.settings]`. A plugin sees its own and no other's,
//! so there is no grant to ask.

use super::caller::Caller;
use crate::bindings::latest::drillbell::settings::settings as wit;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::HasData;

/// One plugin's settings: key to JSON text.
pub type Settings = Arc<BTreeMap<String, String>>;

/// The capability with its caller.
pub struct SettingsHost<'a> {
    /// Who asks.
    pub caller: &'a mut Caller,
    /// What the operator wrote.
    pub settings: &'a Settings,
}

/// Names `SettingsHost` to the linker.
pub struct HasSettings;

impl HasData for HasSettings {
    type Data<'a> = SettingsHost<'a>;
}

impl wit::Host for SettingsHost<'_> {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.caller.meter.begin("settings.get", &key, key.len())?;
        let value = self.settings.get(&key).cloned();
        self.caller.meter.done(value.as_ref().map_or(0, String::len));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::caller;
    use super::wit::Host;
    use super::*;

    #[test]
    fn gives_a_setting_as_json_text() {
        let settings: Settings = Arc::new([("channel".to_owned(), "\"console:#ops\"".to_owned())].into());
        let mut caller = caller(&[]);
        let mut host = SettingsHost { caller: &mut caller, settings: &settings };
        assert_eq!(host.get("channel".into()).unwrap().as_deref(), Some("\"console:#ops\""));
    }

    #[test]
    fn denies_what_the_operator_did_not_write() {
        let mut caller = caller(&[]);
        let mut host = SettingsHost { caller: &mut caller, settings: &Settings::default() };
        assert_eq!(host.get("PATH".into()).unwrap(), None);
    }
}
