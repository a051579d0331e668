//! The functions of `drillbell:incidents` as the guest calls them: each is metered, done elsewhere and answered.

use super::words::{self, to_wit};
use super::{IncidentsHost, ROW_BYTES, wit};
use crate::bindings::latest::drillbell::types::types::HostError;
use crate::capability::grants::Need;
use crate::incident::{self, SeverityTable};
use crate::model::ids::PersonId;
use crate::model::incident::Incident;

impl wit::Host for IncidentsHost<'_> {
    async fn declare(
        &mut self,
        title: String,
        severity: String,
        conversation: String,
        service: Option<String>,
    ) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        let bytes = title.len() + severity.len() + conversation.len() + service.as_ref().map_or(0, String::len);
        self.caller.meter.begin("incidents.declare", &conversation, bytes)?;
        let answer = self.declaration(title, severity, conversation, service).await;
        self.caller.meter.end(answer, words::size)
    }

    async fn get(&mut self, id: String) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        self.caller.meter.begin("incidents.get", &id, id.len())?;
        let answer = match self.enter(Need::IncidentsRead) {
            Ok(()) => self.find(&id, true).await.map(|incident| to_wit(&incident)),
            Err(denied) => Err(denied),
        };
        self.caller.meter.end(answer, words::size)
    }

    async fn listing(
        &mut self,
        open_only: bool,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<wit::Incident>, HostError>> {
        self.caller.meter.begin("incidents.listing", "", 0)?;
        let answer = self.newest(open_only, limit).await;
        self.caller.meter.end(answer, |all| all.iter().map(words::size).sum())
    }

    async fn set_severity(
        &mut self,
        id: String,
        severity: String,
        reason: String,
    ) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        self.caller.meter.begin("incidents.set-severity", &id, id.len() + severity.len() + reason.len())?;
        let rule =
            |of: &Incident, table: &SeverityTable, stamp| incident::set_severity(of, &severity, &reason, table, stamp);
        let answer = self.change(&id, rule).await.map(|incident| to_wit(&incident));
        self.caller.meter.end(answer, words::size)
    }

    async fn set_status(
        &mut self,
        id: String,
        status: String,
        text: String,
    ) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        self.caller.meter.begin("incidents.set-status", &id, id.len() + status.len() + text.len())?;
        let answer = match words::status(&status) {
            Ok(status) => self
                .change(&id, |of, _, stamp| incident::set_status(of, status, &text, stamp))
                .await
                .map(|i| to_wit(&i)),
            Err(refused) => self.enter(Need::IncidentsWrite).and(Err(refused)),
        };
        self.caller.meter.end(answer, words::size)
    }

    async fn reopen(&mut self, id: String, reason: String) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        self.caller.meter.begin("incidents.reopen", &id, id.len() + reason.len())?;
        let answer = self
            .change(&id, |of, table, stamp| incident::reopen(of, &reason, table, stamp))
            .await
            .map(|incident| to_wit(&incident));
        self.caller.meter.end(answer, words::size)
    }

    async fn update(&mut self, id: String, text: String) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        self.caller.meter.begin("incidents.update", &id, id.len() + text.len())?;
        let answer = self
            .change(&id, |of, table, stamp| incident::update(of, &text, table, stamp))
            .await
            .map(|incident| to_wit(&incident));
        self.caller.meter.end(answer, words::size)
    }

    async fn set_title(&mut self, id: String, title: String) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        self.caller.meter.begin("incidents.set-title", &id, id.len() + title.len())?;
        let answer = self
            .change(&id, |of, _, stamp| incident::set_title(of, &title, stamp))
            .await
            .map(|incident| to_wit(&incident));
        self.caller.meter.end(answer, words::size)
    }

    async fn set_card(&mut self, id: String, card: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("incidents.set-card", &id, id.len() + card.len())?;
        let answer = self.name_card(&id, card).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn note(&mut self, id: String, kind: String, text: String) -> wasmtime::Result<Result<(), HostError>> {
        self.caller.meter.begin("incidents.note", &id, id.len() + kind.len() + text.len())?;
        let answer = self.write_note(&id, &kind, &text).await;
        self.caller.meter.end(answer, |()| 0)
    }

    async fn timeline(&mut self, id: String, limit: u32) -> wasmtime::Result<Result<Vec<wit::Entry>, HostError>> {
        self.caller.meter.begin("incidents.timeline", &id, id.len())?;
        let answer = self.lines(&id, limit).await;
        self.caller.meter.end(answer, |lines| lines.iter().map(|line| line.text.len() + ROW_BYTES).sum())
    }

    async fn written(
        &mut self,
        id: String,
        format: wit::Format,
        bytes: u32,
    ) -> wasmtime::Result<Result<String, HostError>> {
        self.caller.meter.begin("incidents.written", &id, id.len())?;
        let answer = self.document(&id, format, bytes).await;
        self.caller.meter.end(answer, String::len)
    }

    fn severities(&mut self) -> wasmtime::Result<Vec<wit::Severity>> {
        self.caller.meter.begin("incidents.severities", "", 0)?;
        let all: Vec<_> = self.incidents.severities.iter().map(words::severity).collect();
        self.caller.meter.done(all.len() * ROW_BYTES);
        Ok(all)
    }

    async fn facts_of(&mut self, id: String) -> wasmtime::Result<Result<wit::Facts, HostError>> {
        self.caller.meter.begin("incidents.facts-of", &id, id.len())?;
        let answer = self.known(&id).await;
        self.caller.meter.end(answer, words::facts_size)
    }

    async fn acknowledge(&mut self, id: String) -> wasmtime::Result<Result<wit::Facts, HostError>> {
        self.caller.meter.begin("incidents.acknowledge", &id, id.len())?;
        let answer = self.change_facts(&id, incident::acknowledge).await;
        self.caller.meter.end(answer, words::facts_size)
    }

    async fn take_role(&mut self, id: String, role: String) -> wasmtime::Result<Result<wit::Facts, HostError>> {
        self.caller.meter.begin("incidents.take-role", &id, id.len() + role.len())?;
        let answer = self.claim(&id, &role).await;
        self.caller.meter.end(answer, words::facts_size)
    }

    async fn give_role(
        &mut self,
        id: String,
        role: String,
        person: String,
        note: String,
    ) -> wasmtime::Result<Result<wit::Facts, HostError>> {
        let bytes = id.len() + role.len() + person.len() + note.len();
        self.caller.meter.begin("incidents.give-role", &id, bytes)?;
        let to = PersonId::new(person);
        let answer = self.change_facts(&id, |of, stamp| incident::give_role(of, &role, &to, &note, stamp)).await;
        self.caller.meter.end(answer, words::facts_size)
    }

    async fn release_role(
        &mut self,
        id: String,
        role: String,
        note: String,
    ) -> wasmtime::Result<Result<wit::Facts, HostError>> {
        self.caller.meter.begin("incidents.release-role", &id, id.len() + role.len() + note.len())?;
        let answer = self.change_facts(&id, |of, stamp| incident::release_role(of, &role, &note, stamp)).await;
        self.caller.meter.end(answer, words::facts_size)
    }

    async fn add_task(
        &mut self,
        id: String,
        text: String,
        owner: Option<String>,
        due: Option<u64>,
    ) -> wasmtime::Result<Result<wit::Task, HostError>> {
        let bytes = id.len() + text.len() + owner.as_ref().map_or(0, String::len);
        self.caller.meter.begin("incidents.add-task", &id, bytes)?;
        let (owner, due_ms) = (owner.map(PersonId::new), due.map(words::stored));
        let rule = |of: &Incident, stamp| incident::add_task(of, &text, owner.as_ref(), due_ms, stamp);
        let answer = self.change_task(&id, None, rule).await;
        self.caller.meter.end(answer, words::task_size)
    }

    async fn finish_task(&mut self, id: String, number: u32) -> wasmtime::Result<Result<wit::Task, HostError>> {
        self.caller.meter.begin("incidents.finish-task", &id, id.len())?;
        let rule = |of: &Incident, stamp| incident::finish_task(of, number, stamp);
        let answer = self.change_task(&id, Some(number), rule).await;
        self.caller.meter.end(answer, words::task_size)
    }

    async fn merge(&mut self, id: String, into: String) -> wasmtime::Result<Result<wit::Incident, HostError>> {
        self.caller.meter.begin("incidents.merge", &id, id.len() + into.len())?;
        let answer = self.join(&id, &into).await.map(|incident| to_wit(&incident));
        self.caller.meter.end(answer, words::size)
    }

    async fn put_off_update(&mut self, id: String, until: u64) -> wasmtime::Result<Result<wit::Facts, HostError>> {
        self.caller.meter.begin("incidents.put-off-update", &id, id.len())?;
        let until_ms = words::stored(until);
        let answer = self.change_facts(&id, |of, stamp| incident::put_off_update(of, until_ms, stamp)).await;
        self.caller.meter.end(answer, words::facts_size)
    }

    fn clocks_of(&mut self, severity: String) -> wasmtime::Result<wit::Clocks> {
        self.caller.meter.begin("incidents.clocks-of", "", severity.len())?;
        let clocks = words::clocks(self.incidents.severities.clocks(&severity));
        self.caller.meter.done(ROW_BYTES);
        Ok(clocks)
    }

    fn words_of(&mut self, severity: String) -> wasmtime::Result<Vec<String>> {
        self.caller.meter.begin("incidents.words-of", "", severity.len())?;
        let table = &self.incidents.severities;
        let configured = table.iter().find(|configured| configured.name == severity);
        let words = configured.map(|configured| table.aliases(configured)).unwrap_or_default();
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        self.caller.meter.done(words.len() * ROW_BYTES);
        Ok(words)
    }

    fn digest(&mut self) -> wasmtime::Result<Option<String>> {
        self.caller.meter.begin("incidents.digest", "", 0)?;
        self.caller.meter.done(ROW_BYTES);
        Ok(self.incidents.digest.as_ref().map(ToString::to_string))
    }

    async fn history(&mut self, since: u64, limit: u32) -> wasmtime::Result<Result<Vec<wit::Past>, HostError>> {
        self.caller.meter.begin("incidents.history", "", 0)?;
        let answer = self.past(words::stored(since), limit).await;
        self.caller.meter.end(answer, |all| all.iter().map(|past| ROW_BYTES * (2 + past.spans.len())).sum())
    }
}
