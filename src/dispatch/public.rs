//! The public status page as the middle sees it: whose approval its words need, whether they still fit when it is given, and
//! its line in the bot's own status. What becomes public does so in the commit that counts the deciding vote.

use super::{House, Trouble};
use crate::clock::rfc3339;
use crate::model::approval::{Approval, Holds};
use crate::model::changes::Cell;
use crate::model::event::Delivery;
use crate::model::incident::Status;
use crate::model::public::{PublicThing, Publication};
use crate::model::view::Block;
use crate::policy::{Asker, Decision, Subject};
use crate::probes;
use crate::status;
use crate::store::{Commit, StoreError};
use serde_json::{Value, json};

impl House {
    /// Why whoever caused an event may not propose public words, by the rules; none if they may.
    pub(super) fn public_refusal(&self, delivery: &Delivery, carries: Option<&str>) -> Option<String> {
        let asker = Asker { by: delivery.event.by(), carries };
        match self.policy.decide_for(Subject::Publication, asker, &delivery.conversation) {
            Decision::Refuse(sentence) => Some(sentence),
            Decision::Allow | Decision::NeedsApproval(_) => None,
        }
    }

    /// Whose approval proposed words need, by the rules; the error is the sentence for which the call is refused.
    pub(super) fn admit_words(
        &self,
        delivery: &Delivery,
        carries: Option<&str>,
        mut approval: Approval,
    ) -> Result<Approval, String> {
        if !matches!(approval.holds, Holds::Publication { .. }) {
            return Ok(approval);
        }
        let asker = Asker { by: delivery.event.by(), carries };
        match self.policy.decide_for(Subject::Publication, asker, &delivery.conversation) {
            Decision::Refuse(sentence) => return Err(sentence),
            // The rules cannot say that nobody has to read it.
            Decision::Allow => {}
            Decision::NeedsApproval(need) => {
                let timeout_ms = i64::try_from(need.timeout.as_millis()).unwrap_or(i64::MAX);
                approval.until_ms = approval.created_ms.saturating_add(timeout_ms);
                (approval.needed, approval.role, approval.break_glass) = (need.needed, need.role, need.break_glass);
            }
        }
        Ok(approval)
    }

    /// Why words that wait can no longer be published, if so; otherwise `commit` holds only if that stays so.
    pub(super) async fn words_gone(
        &self,
        approval: &Approval,
        commit: &mut Commit,
    ) -> Result<Option<String>, StoreError> {
        let Holds::Publication { publication } = &approval.holds else { return Ok(None) };
        if publication.components().is_some_and(|components| !components.is_empty()) {
            let snapshot = self.store.status_snapshot(self.store.now_ms()).await?;
            if let Err(refusal) = status::fits_components(publication, &snapshot.said) {
                return Ok(Some(refusal.to_string()));
            }
            commit.reads.cells.insert(Cell::Public(PublicThing::Components), snapshot.revision);
        }
        let Some(thing) = publication.of() else { return Ok(None) };
        let public = self.store.public(&thing).await?;
        if let Err(refusal) = status::fits(publication, &public, self.store.now_ms()) {
            return Ok(Some(refusal.to_string()));
        }
        if let Publication::Incident(about) = &**publication
            && about.status == Status::Resolved
            && let Some(incident) = self.store.incident(&about.incident).await?
        {
            if incident.status != Status::Resolved {
                return Ok(Some(format!("{} was opened again", incident.id)));
            }
            commit.reads.cells.insert(Cell::Incident(incident.id), incident.revision);
        }
        // Nobody is told that something goes on which is over, and which they never heard of.
        if let Publication::Incident(about) = &**publication
            && about.status != Status::Resolved
            && public.incident.is_none()
            && let Some(incident) = self.store.incident(&about.incident).await?
        {
            if incident.status == Status::Resolved {
                return Ok(Some(format!("{} was resolved before any of it was public", incident.id)));
            }
            commit.reads.cells.insert(Cell::Incident(incident.id), incident.revision);
        }
        commit.reads.cells.insert(Cell::Public(thing), public.revision);
        Ok(None)
    }

    /// What the bot's status says of the page: for people, and for machines.
    pub(super) async fn public_page(&self) -> Result<(Option<Block>, Value), Trouble> {
        let Some(page) = &self.about.page else { return Ok((None, Value::Null)) };
        let now_ms = self.store.now_ms();
        let snapshot = self.store.status_snapshot(now_ms).await?;
        let measured = probes::measured(&self.store, &self.about.probes, now_ms).await?;
        let standings = status::standings(&page.components, &snapshot, &measured, now_ms);
        let overall = status::overall(&standings, &snapshot);
        let since = match snapshot.revision {
            0 => "nothing published yet".to_owned(),
            _ => format!("last changed {}", rfc3339(snapshot.changed_ms)),
        };
        let at = format!("{}{}", self.about.base_url.as_deref().unwrap_or_default(), page.path);
        let value = format!("{}, {since}: {at}", overall.description);
        let data = json!({
            "indicator": overall.indicator.as_str(), "description": overall.description, "publications": snapshot.revision,
            "changed": (snapshot.revision > 0).then(|| rfc3339(snapshot.changed_ms)), "address": at,
        });
        Ok((Some(Block::Field { name: "status page".to_owned(), value }), data))
    }
}
