//! The doctor on what the public page says of services that are closed: it says so until somebody takes it down, and what the
//! configuration knows nothing of any more is nobody's to remember.

use super::Check;
use crate::config::Config;
use crate::store::Store;

/// The notices that are up.
pub(super) async fn all(store: &Store, config: &Config) -> Vec<Check> {
    match store.notices_up().await {
        Ok(up) => up.iter().map(|service| one(service, config)).collect(),
        Err(error) => vec![Check::unknown("notices", format!("the public page cannot be read: {error}"))],
    }
}

fn one(service: &str, config: &Config) -> Check {
    let name = format!("notice {service}");
    let says = format!("the public page says that {service} is closed");
    let ends = format!("`/rollback maintenance {service} off` takes it down");
    match config.services.get(service).is_some_and(|service| service.notice.is_some()) {
        true => Check::pass(&name, format!("{says}; {ends}")),
        false => Check::fail(&name, format!("{says}, and the configuration has no notice of it any more: {ends}")),
    }
}
