//! `/drillbell login`: a one-time link to the web, for the eyes of whoever asked. The link stands in the answer, and so in the
//! database, until it runs out; that is why it is short-lived and opens once.

use super::answer::Answer;
use super::{House, Trouble};
use crate::config::limits::LOGIN_LINK_TIME;
use crate::model::event::Delivery;
use crate::model::view::{Block, Tone, View};
use crate::signin;
use crate::store::{OutcomeStatus, SignIn};
use serde_json::Value;

impl House {
    /// Answers with a link, or says why there is none.
    pub(super) async fn login(&self, delivery: &Delivery) -> Result<(), Trouble> {
        let Some(by) = delivery.event.by() else { return Ok(()) };
        let refused = |text: &str| Answer::private(OutcomeStatus::Refused, View::text(text).toned(Tone::Warning));
        // A session would outlive the token that asked for it.
        if signin::is_token_caller(&by.id) {
            return self.answer(delivery, refused("A token signs nobody in: the page is for people.")).await;
        }
        let Some(base) = &self.about.base_url else {
            let text = "This bot serves no web, so there is nothing to sign in to. Ask the one started with `serve`.";
            return self.answer(delivery, refused(text)).await;
        };
        // Whoever only a token vouches for is no better known for having come in by a link.
        let who = SignIn { person: by.clone(), asserted_by: delivery.event.asserted_by().map(str::to_owned) };
        let code = signin::new_code(&self.store, who, LOGIN_LINK_TIME).await?;
        let minutes = LOGIN_LINK_TIME.as_secs() / 60;
        let mut blocks = vec![
            Block::Link { label: format!("Sign in as {}", by.name), url: format!("{base}/login/{code}") },
            Block::Context {
                text: format!("It opens once, within {minutes} minutes. Whoever has it is you: pass it on to nobody."),
            },
        ];
        if is_loopback(base) {
            let text = "It works on the bot's own machine only; server.public_url would make it work elsewhere.";
            blocks.push(Block::Context { text: text.to_owned() });
        }
        let view = View { title: String::new(), tone: Tone::Info, blocks };
        // No data: what is for machines is kept and logged by more of them.
        self.answer(delivery, Answer { data: Some(Value::Null), ..Answer::private(OutcomeStatus::Ok, view) }).await
    }
}

fn is_loopback(base: &str) -> bool {
    let host = url::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn a_link_to_this_machine_is_known_as_one() {
        for base in ["http://127.0.0.1:8787", "http://[::1]:80", "http://localhost:1"] {
            assert!(is_loopback(base), "{base}");
        }
        assert!(!is_loopback("https://bell.example.org"));
    }
}
