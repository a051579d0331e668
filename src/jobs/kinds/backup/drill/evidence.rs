//! What a drill saw, signed with the key of the audit trail's checkpoints and kept beside the copies: something to show an auditor.

use crate::artifacts::{Key, PutOptions};
use crate::audit::CheckpointLog;
use crate::clock::rfc3339;
use crate::jobs::JobContext;
use crate::jobs::kinds::backup::source::Restoring;
use crate::model::canonical;
use crate::model::job::short;
use chrono::DateTime;
use serde_json::{Value, json};

/// What evidence of drills is called where it is signed.
const WHAT: &str = "drillbell drill evidence 1";

impl Restoring {
    /// Signs and keeps it; its name.
    pub(super) async fn keep_evidence(&self, job: &JobContext, result: &Value, now_ms: i64) -> Result<String, String> {
        let target = result["target"].as_str().unwrap_or_default();
        let at = DateTime::from_timestamp_millis(now_ms).unwrap_or_default().format("%Y%m%dT%H%M%SZ");
        let name = format!("drills/{target}/{at}-{}.json", short(job.id()));
        let key = Key::new(&name).map_err(|error| error.to_string())?;
        let evidence = json!({
            "drill": result,
            "at": rfc3339(now_ms),
            "job": job.id(),
            "asked_by": job.asked_by(),
            "made_by": format!("drillbell {}", env!("CARGO_PKG_VERSION")),
        });
        let data_dir = self.data_dir.clone();
        let text = canonical::text(&evidence);
        let signed = tokio::task::spawn_blocking(move || {
            let log = CheckpointLog::open(&data_dir).map_err(|error| error.to_string())?;
            Ok::<_, String>((log.sign(WHAT, &text), log.public_key()))
        });
        let (signature, public_key) = signed.await.map_err(|error| error.to_string())??;
        let whole = json!({
            "drillbell_drill_evidence": 1,
            "evidence": evidence,
            "algorithm": "ed25519",
            "signature": signature,
            "public_key": public_key,
        });
        let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())? + "\n";
        let options = PutOptions { media: Some("application/json"), ..PutOptions::default() };
        let put = self.copies.artifacts.put(&key, &mut text.as_bytes(), &options).await;
        put.map(|_| name).map_err(|error| error.to_string())
    }
}
