//! Whether those who are to be paged could be reached now. Nobody is paged: an SMTP server is greeted and signed in to, an
//! HTTP address is asked for its head.

use super::Check;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::notify::Notifier;
use crate::notify::Notifiers;

/// A check for each notifier, all asked at once.
pub(super) async fn all(config: &Config) -> Vec<Check> {
    let notifiers = match Notifiers::new(config, &Clock::system()) {
        Ok(notifiers) => notifiers,
        Err(error) => return vec![Check::fail("notify", error.to_string())],
    };
    let looks = config.notify.0.iter().map(|(name, notifier)| look(&notifiers, name, notifier));
    futures::future::join_all(looks).await
}

async fn look(notifiers: &Notifiers, name: &str, notifier: &Notifier) -> Check {
    let shown = format!("notify {name}");
    match notifier {
        // Whether that is connected was checked with the configuration.
        Notifier::Chat { written, .. } => Check::pass(&shown, format!("chat {written}")),
        other => match notifiers.probe(name).await {
            Ok(text) => Check::pass(&shown, format!("{}: {text}", other.kind())),
            Err(text) => Check::fail(&shown, format!("{}: {text}", other.kind())),
        },
    }
}
