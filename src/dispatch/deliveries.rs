//! Messages that were given up: listed in the bot's status, and sent after all when somebody who mended what was wrong says so.

use super::answer::empty_commit;
use super::host::{RECENT_MS, field};
use super::{HOST, House, Trouble};
use crate::model::event::Delivery;
use crate::model::view::Block;
use crate::store::{DeadDelivery, OutcomeStatus};
use serde_json::{Value, json};

/// Characters of an id by which people name a delivery: its random end.
const SHORT: usize = 8;
/// So many are sent again at once.
const MOST: i64 = 100;

impl House {
    /// `/drillbell status --retry ID`, or `all`.
    pub(super) async fn send_again(&self, delivery: &Delivery, named: &str) -> Result<(), Trouble> {
        let Some(by) = delivery.event.by() else { return Ok(()) };
        let named = named.trim().to_lowercase();
        let all = self.store.dead_deliveries(self.store.now_ms() - RECENT_MS, MOST).await?;
        let of_that_name: Vec<_> = match named.as_str() {
            "all" => all.iter().filter(|dead| dead.can_go_again).collect(),
            _ => all.iter().filter(|dead| named.len() >= SHORT && dead.id.ends_with(&named)).collect(),
        };
        let refusal = match of_that_name.as_slice() {
            [] if named == "all" => Some("Nothing that was given up in the last day can still be sent.".to_owned()),
            [] => {
                let shown: String = named.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
                Some(format!(
                    "No message that was given up in the last day is called `{shown}`. `/drillbell status` names them."
                ))
            }
            [one] if !one.can_go_again => Some(format!(
                "What was given up to {} is not sent any more: something newer was said in its place, or it was about the place itself.",
                one.conversation
            )),
            [_] | [..] => None,
        };
        if let Some(sentence) = refusal {
            return self.refuse(delivery, None, sentence).await;
        }
        let ids: Vec<_> = of_that_name.iter().map(|dead| dead.id.clone()).collect();
        let text = match of_that_name.as_slice() {
            [one] => format!(
                "It is sent again, to {}. `/drillbell status` says if it is given up once more.",
                one.conversation
            ),
            several => format!(
                "{} messages are sent again. `/drillbell status` says what is given up once more.",
                several.len()
            ),
        };
        let mut commit = empty_commit(delivery, HOST.into(), OutcomeStatus::Ok, self.store.now_ms());
        commit.result.text.clone_from(&text);
        commit.result.data = Some(json!({"sent_again": ids}));
        commit.audit.detail["sent_again"] = json!(ids);
        commit.resend = ids;
        self.done(delivery, commit, by, text).await
    }
}

/// What a status says of what was given up, and how it is sent after all.
pub(super) fn shown(dead: &[DeadDelivery]) -> Vec<Block> {
    let mut blocks: Vec<_> =
        dead.iter().map(|one| field(&format!("given up to {}", one.conversation), &one.reason)).collect();
    let names: Vec<_> = dead.iter().filter(|one| one.can_go_again).map(|one| short(&one.id)).collect();
    if !names.is_empty() {
        let text = format!(
            "Once what was wrong is mended, `/drillbell status --retry ID` sends one after all, and `--retry all` every one of them: {}.",
            names.join(", ")
        );
        blocks.push(Block::Context { text });
    }
    blocks
}

/// The same for machines.
pub(super) fn data(dead: &DeadDelivery) -> Value {
    json!({
        "id": dead.id, "conversation": dead.conversation, "reason": dead.reason, "can_be_sent": dead.can_go_again,
    })
}

fn short(id: &str) -> &str {
    id.get(id.len().saturating_sub(SHORT)..).unwrap_or(id)
}
