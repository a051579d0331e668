//! What the bot's own status says of its probes: one line for each that fails or is not known, and how many are well.

use super::host::field;
use super::{House, Trouble};
use crate::clock::rfc3339;
use crate::model::view::Block;
use crate::probes::{self, Verdict};
use serde_json::{Value, json};

impl House {
    /// For people, for programs, and whether all is well. What is not known is said, and alarms nobody.
    pub(super) async fn probed(&self, now_ms: i64) -> Result<(Vec<Block>, Value, bool), Trouble> {
        let shown = probes::shown(&self.store, &self.about.probes, now_ms).await?;
        if shown.is_empty() {
            return Ok((Vec::new(), Value::Null, true));
        }
        let well = shown.iter().filter(|probe| probe.state == Verdict::Pass).count();
        let mut blocks = vec![field("probes", &format!("{well} of {} well", shown.len()))];
        let troubled = shown.iter().filter(|probe| probe.state != Verdict::Pass);
        blocks.extend(troubled.map(|probe| field(&format!("probe {}", probe.name), &probe.in_words(now_ms))));
        let data = shown.iter().map(|probe| {
            json!({
                "name": probe.name, "state": probe.state, "failing_since": probe.since_ms.map(rfc3339),
                "looked": probe.looked_ms.map(rfc3339), "value": probe.found.value, "detail": probe.found.detail,
            })
        });
        let calm = shown.iter().all(|probe| probe.state != Verdict::Fail);
        Ok((blocks, data.collect(), calm))
    }
}
