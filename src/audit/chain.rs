//! One record of the trail and the link that ties it to the one before.

use crate::clock::rfc3339;
use crate::model::canonical;
use crate::model::ids::{ConversationId, DeliveryId, IncidentId, PersonId, PluginId};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What stands in for the hash before the first record: 64 zeros.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a record: SHA-256 over the previous hash (hex), a line feed and the record's text; lower-case hex.
pub fn link(prev: &str, record: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(prev.as_bytes());
    hash.update(b"\n");
    hash.update(record.as_bytes());
    hex::encode(hash.finalize())
}

/// What is to be remembered of one thing that happened. Fields that do not apply are left out of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// What kind of thing: `command`, `refused`, `delivered`, `login`, …
    pub kind: String,
    /// Who caused it.
    pub actor: Option<PersonId>,
    /// The plugin that handled it.
    pub plugin: Option<PluginId>,
    /// Where.
    pub conversation: Option<ConversationId>,
    /// The incident it concerns.
    pub incident: Option<IncidentId>,
    /// The delivery it belongs to.
    pub delivery: Option<DeliveryId>,
    /// How it ended: `ok`, `refused`, `failed`, …; empty where there is no outcome.
    pub outcome: String,
    /// Everything else; `Null` for nothing. Never a secret.
    pub detail: Value,
}

/// A record with its place in the chain, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// Its canonical JSON text, which holds `seq` too.
    pub record: String,
    /// Lower-case hex, see [`link`].
    pub hash: String,
}

impl AuditRecord {
    /// A record of which only the time and the kind are known yet.
    pub fn new(at_ms: i64, kind: impl Into<String>) -> Self {
        Self {
            at_ms,
            kind: kind.into(),
            actor: None,
            plugin: None,
            conversation: None,
            incident: None,
            delivery: None,
            outcome: String::new(),
            detail: Value::Null,
        }
    }

    /// Gives the record its number and chains it to the hash before it ([`GENESIS`] for the first).
    pub fn seal(&self, seq: i64, prev: &str) -> SealedRecord {
        let record = self.text(seq);
        let hash = link(prev, &record);
        SealedRecord { seq, record, hash }
    }

    fn text(&self, seq: i64) -> String {
        let mut fields = Map::new();
        let mut put = |key: &str, text: Option<&str>| {
            if let Some(text) = text {
                fields.insert(key.to_owned(), Value::from(text));
            }
        };
        put("at", Some(&rfc3339(self.at_ms)));
        put("kind", Some(&self.kind));
        put("actor", self.actor.as_ref().map(PersonId::as_str));
        put("plugin", self.plugin.as_ref().map(PluginId::as_str));
        put("conversation", self.conversation.as_ref().map(ConversationId::as_str));
        put("incident", self.incident.as_ref().map(IncidentId::as_str));
        put("delivery", self.delivery.as_ref().map(DeliveryId::as_str));
        put("outcome", Some(self.outcome.as_str()).filter(|outcome| !outcome.is_empty()));
        fields.insert("seq".to_owned(), Value::from(seq));
        if !self.detail.is_null() {
            fields.insert("detail".to_owned(), self.detail.clone());
        }
        canonical::text(&Value::Object(fields))
    }
}

/// What a reader finds in a record's text.
pub(super) struct Reading {
    /// The number the record gives itself.
    pub(super) seq: Option<i64>,
    /// Its time, RFC 3339; empty if it has none.
    pub(super) at: String,
    /// The text is exactly what this program would have written.
    pub(super) canonical: bool,
}

/// Reads a record's text; `None` if it is no JSON object.
pub(super) fn read(record: &str) -> Option<Reading> {
    let value: Value = serde_json::from_str(record).ok()?;
    let fields = value.as_object()?;
    Some(Reading {
        seq: fields.get("seq").and_then(Value::as_i64),
        at: fields.get("at").and_then(Value::as_str).unwrap_or_default().to_owned(),
        canonical: canonical::text(&value) == record,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_canonical_json_and_leaves_out_what_does_not_apply() {
        let mut record = AuditRecord::new(1_000, "command");
        record.actor = Some("ana".into());
        record.outcome = "ok".to_owned();
        record.detail = json!({"text": "/sev list", "count": 3});
        let sealed = record.seal(7, GENESIS);
        insta::assert_snapshot!(sealed.record, @r#"{"actor":"ana","at":"1970-01-01T00:00:01.000Z","detail":{"count":3,"text":"/sev list"},"kind":"command","outcome":"ok","seq":7}"#);
        assert_eq!(sealed.hash, link(GENESIS, &sealed.record));
        let bare = AuditRecord::new(0, "started").seal(1, GENESIS);
        insta::assert_snapshot!(bare.record, @r#"{"at":"1970-01-01T00:00:00.000Z","kind":"started","seq":1}"#);
    }

    #[test]
    fn the_link_is_sha256_of_previous_hash_line_feed_and_record() {
        // printf '%064d\n{}' 0 | sha256sum
        assert_eq!(link(GENESIS, "{}"), "5649d09ed68c17156095d175eef152856c5b1a81c117c409c1e00f096aa6838e");
    }
}
