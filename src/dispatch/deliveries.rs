//! Messages that were given up: listed in the bot's status, and sent after all when somebody who mended what was wrong says so.

use super::answer::empty_commit;
use super::host::{RECENT_MS, field};
use super::say::{shown_of, which};
use super::{HOST, House, Trouble};
use crate::model::event::Delivery;
use crate::model::view::Block;
use crate::store::{DeadDelivery, OutcomeStatus};
use serde_json::{Value, json};

/// Fewer characters of an id may mean anything.
const LEAST_OF_ID: usize = 8;
/// So many are looked at, and sent again at once.
pub(super) const MOST: i64 = 100;
/// So many a status names; the others are counted.
const NAMED: usize = 5;

impl House {
    /// `/drillbell status --retry ID`, or `all`.
    pub(super) async fn send_again(&self, delivery: &Delivery, named: &str) -> Result<(), Trouble> {
        let Some(by) = delivery.event.by() else { return Ok(()) };
        let named = named.trim().to_lowercase();
        let all = self.store.dead_deliveries(self.store.now_ms() - RECENT_MS, MOST).await?;
        let of_that_name: Vec<_> = match named.as_str() {
            "all" => all.iter().filter(|dead| dead.can_go_again).collect(),
            _ => all.iter().filter(|dead| named.len() >= LEAST_OF_ID && dead.id.ends_with(&named)).collect(),
        };
        let refusal = match of_that_name.as_slice() {
            [] if named == "all" => Some("Nothing that was given up in the last day can still be sent.".to_owned()),
            [] => Some(format!(
                "No message that was given up in the last day is called `{}`. `/drillbell status` names the latest.",
                shown_of(&named)
            )),
            [one] if !one.can_go_again => Some(format!(
                "What was given up to {} is not sent any more: something newer was said in its place, or it was about the place itself.",
                one.conversation
            )),
            several if named != "all" && several.len() > 1 => {
                Some(which(several.iter().map(|dead| dead.id.as_str()), "messages"))
            }
            [..] => None,
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
    let named = dead.get(..NAMED).unwrap_or(dead);
    let mut blocks: Vec<_> =
        named.iter().map(|one| field(&format!("given up to {}", one.conversation), &one.reason)).collect();
    if let Some(more @ 1..) = dead.len().checked_sub(NAMED) {
        blocks.push(Block::Context { text: format!("{more} more were given up in the last day.") });
    }
    let names: Vec<_> = named.iter().filter(|one| one.can_go_again).map(DeadDelivery::short).collect();
    if !names.is_empty() {
        let text = format!(
            "Once what was wrong is mended, `/drillbell status --retry ID` sends one after all ({}), and `--retry all` every one that can \
             still be sent.",
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
