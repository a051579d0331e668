//! What may come next on a line being typed: what the grammar knows, and where it does not, what the database or the owning
//! plugin says. Only reads.

use super::House;
use crate::model::event::Person;
use crate::model::ids::ConversationId;
use crate::plugin::SuggestQuery;
use crate::router::{Candidate, Completion, Owner, Source, SourceKind, quote};
use std::sync::Arc;

/// Incidents looked at; nobody completes among more.
const INCIDENTS: i64 = 50;

impl House {
    /// What may follow `line`, typed by somebody somewhere. What cannot be found out in time is left out.
    pub async fn complete(&self, line: &str, conversation: &ConversationId, by: &Person) -> Completion {
        let now_ms = self.store.now_ms();
        let mut completion = self.directory.catalog.complete(line, &self.names.world(conversation, now_ms));
        if let Some(source) = completion.wants.take() {
            let more = match &source.kind {
                SourceKind::Incidents => self.incidents(&source.prefix).await,
                // The configured ones are among the candidates already, and no others are known.
                SourceKind::Channels | SourceKind::Owner(Owner::Host) => Vec::new(),
                SourceKind::Owner(Owner::Plugin(plugin)) => match self.registry.get(plugin) {
                    Some(plugin) => {
                        let query = query(&source, conversation, by);
                        let suggested = plugin.suggest(query, now_ms, Arc::new(self.store.clone())).await;
                        suggested
                            .into_iter()
                            .map(|one| Candidate { value: typed(one.value), label: one.label })
                            .collect()
                    }
                    None => Vec::new(),
                },
            };
            completion.candidates.extend(more);
        }
        completion
    }

    /// Open incidents first.
    async fn incidents(&self, prefix: &str) -> Vec<Candidate> {
        let mut found = self.store.incidents(false, INCIDENTS).await.unwrap_or_default();
        found.sort_by_key(|incident| incident.resolved_ms.is_some());
        let prefix = prefix.to_lowercase();
        let fits = |id: &str| {
            let id = id.to_lowercase();
            id.starts_with(&prefix) || id.trim_start_matches("inc-").starts_with(&prefix)
        };
        let fitting = found.into_iter().filter(|incident| fits(incident.id.as_str()));
        fitting.map(|incident| Candidate { value: incident.id.to_string(), label: incident.title }).collect()
    }
}

fn query(source: &Source, conversation: &ConversationId, by: &Person) -> SuggestQuery {
    SuggestQuery {
        command: source.command.clone(),
        subcommand: source.subcommand.clone(),
        argument: source.argument.clone(),
        prefix: source.prefix.clone(),
        by: by.clone(),
        conversation: conversation.clone(),
    }
}

/// A value as it is typed: quoted if the grammar would read it as anything but one word.
fn typed(value: String) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || "-_.:/#@+".contains(c));
    if plain && !value.starts_with('-') { value } else { quote(&value) }
}
