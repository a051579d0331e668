//! A timeline as a document: what was committed, the newest lines that fit.

use super::{IncidentsHost, ROW_BYTES};
use crate::bindings::latest::drillbell::incidents::incidents as wit;
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::capability::grants::Need;
use crate::config::limits::{DATA_BYTES, EXPORT_LINES};
use crate::incident::export;
use crate::model::incident::LastLines;

impl IncidentsHost<'_> {
    pub(super) async fn document(&mut self, id: &str, format: wit::Format, bytes: u32) -> Result<String, HostError> {
        self.enter(Need::IncidentsRead)?;
        let incident = self.find(id, true).await?;
        // Not part of the read set: a document is of its moment, and a line that comes meanwhile is in the next one.
        let answer = self.caller.reads.lines(&incident.id, EXPORT_LINES).await;
        let LastLines { lines, earlier } = self.caller.settle(answer)?;
        let most = usize::try_from(bytes).unwrap_or(usize::MAX).min(DATA_BYTES);
        let document = match format {
            wit::Format::Markdown => export::markdown(&incident, (&lines, earlier), most),
            wit::Format::Json => export::json(&incident, (&lines, earlier), most),
        };
        self.caller.meter.hold(document.len() + ROW_BYTES)?;
        Ok(document)
    }
}
