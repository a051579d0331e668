//! What a successful call writes: its changes, what the rules make of the jobs that it starts, the cards of the approvals that
//! it asks for. Calling it is another matter (`call`).

use super::answer::{self, empty_commit};
use super::call::Task;
use super::{House, say, told};
use crate::model::approval::{Approval, State};
use crate::model::changes::{Cell, Changes};
use crate::model::effect::Effect;
use crate::model::event::Event;
use crate::model::ids::{self, MessageRef};
use crate::model::job::JobChange;
use crate::model::manifest::ReplyMode;
use crate::model::receipt::Receipt;
use crate::store::{CONSOLE, Commit, EventResult, OutcomeStatus};
use serde_json::json;

impl House {
    /// What a successful call writes, with the cards of the approvals that it asked for or took back. The error is a sentence:
    /// it started a job that it may not start.
    pub(super) fn written(
        &self,
        task: &Task<'_>,
        carries: Option<&str>,
        mut changes: Changes,
        receipt: Receipt,
        now_ms: i64,
        lost: u32,
    ) -> Result<Commit, String> {
        // What the rules make of its jobs is gathered apart, because they also change what the trail says of them.
        let mut admitted = empty_commit(task.delivery, task.plugin.clone(), OutcomeStatus::Ok, now_ms);
        admitted.incident = changes.incidents.keys().next().or(task.incident.as_ref()).cloned();
        self.admit(task.delivery, carries, &mut changes, &mut admitted)?;
        let approvals = std::mem::take(&mut changes.approvals);
        acknowledge(task, &mut changes.effects);
        let mut commit = commit(task, changes, receipt, now_ms, lost);
        take_over(admitted, &mut commit);
        let declared: Vec<_> =
            commit.incidents.iter().filter(|incident| incident.revision == 0).map(|it| it.id.clone()).collect();
        for incident in declared {
            commit.children.extend(self.told_of(task.delivery, &task.plugin, &incident));
        }
        for approval in approvals.into_values() {
            match (approval.revision, approval.state) {
                (0, State::Open) => {
                    let asserted_by = task.delivery.event.asserted_by().map(str::to_owned);
                    let root = task.delivery.root.clone();
                    let approval = self.admit_words(task.delivery, carries, approval)?;
                    self.begin(Approval { root, asserted_by, ..approval }, &mut commit, false);
                }
                // An approval that was given before, used up by a job that this call starts.
                (_, State::Approved) => commit.approvals.push(approval),
                // Asked for and taken back in one breath: nobody ever saw it.
                (0, _) => {}
                _ => self.settle(approval, &mut commit),
            }
        }
        told::complete(task, &mut commit);
        commit.via = self.registry.get(&task.plugin).map(|plugin| plugin.build());
        Ok(commit)
    }
}

/// A remote chat shows that a command is at hand until something answers it. A plugin that had nothing to say shall not leave its
/// asker waiting for the quarter of an hour that takes to run out. What was typed elsewhere, in the name of somebody there, is
/// waited for by nobody there.
fn acknowledge(task: &Task<'_>, effects: &mut Vec<Effect>) {
    let Event::CommandReceived(command) = &task.delivery.event else { return };
    let answers = |effect: &Effect| matches!(effect, Effect::PostMessage { reply: true, .. });
    let platform = task.delivery.conversation.platform();
    let typed_there = task.delivery.id.as_str().split('/').next() == Some(platform) && platform != CONSOLE;
    if !typed_there || effects.iter().any(answers) {
        return;
    }
    effects.push(Effect::PostMessage {
        message: MessageRef::new(ids::fresh()),
        to: task.delivery.conversation.clone(),
        view: say::done(&task.plugin),
        private_to: Some(command.by.id.clone()),
        reply: true,
    });
}

/// Adds what the rules made of a call's jobs.
fn take_over(admitted: Commit, commit: &mut Commit) {
    commit.notices.extend(admitted.notices);
    commit.approvals.extend(admitted.approvals);
    commit.timers.extend(admitted.timers);
    commit.timeline.extend(admitted.timeline);
    commit.publications.extend(admitted.publications);
    for key in ["asked", "announced"] {
        if let Some(entry) = admitted.audit.detail.get(key) {
            commit.audit.detail[key] = entry.clone();
        }
    }
}

/// What the audit trail says of a job that a call enqueued.
fn started(change: &JobChange) -> Option<serde_json::Value> {
    let JobChange::Start(job) = change else { return None };
    Some(json!({"id": job.id, "kind": job.kind, "title": job.title, "approval": job.approval}))
}

/// What a successful call writes.
fn commit(task: &Task<'_>, changes: Changes, receipt: Receipt, now_ms: i64, lost: u32) -> Commit {
    let Changes {
        mut reads,
        mut kv,
        incidents,
        timeline,
        timers,
        schedules,
        approvals: _,
        pins,
        jobs,
        mut effects,
        data,
    } = changes;
    if let (Some((key, _)), Some(by)) = (&task.once, task.delivery.event.by()) {
        reads.cells.insert(Cell::Kv(key.clone()), 0);
        kv.insert(key.clone(), Some(json!([by.name, now_ms]).to_string()));
    }
    let mut commit = empty_commit(task.delivery, task.plugin.clone(), OutcomeStatus::Ok, now_ms);
    let incident = incidents.keys().next().or(task.incident.as_ref()).cloned();
    let replies: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            crate::model::effect::Effect::PostMessage { view, reply: true, .. } => Some(view.to_plain()),
            _ => None,
        })
        .collect();
    commit.result =
        EventResult { status: OutcomeStatus::Ok, text: replies.join("\n\n"), data, incident: incident.clone() };
    commit.audit.incident.clone_from(&incident);
    for effect in &mut effects {
        // An incident declared in this very call is the one it pages about.
        if let crate::model::effect::Effect::Page { incident: of @ None, .. } = effect {
            of.clone_from(&incident);
        }
    }
    let detail = &mut commit.audit.detail;
    detail["effects"] = json!(effects.iter().map(crate::model::effect::Effect::kind).collect::<Vec<_>>());
    if !incidents.is_empty() {
        detail["incidents"] = json!(incidents.keys().collect::<Vec<_>>());
    }
    if !kv.is_empty() {
        detail["keys"] = json!(kv.len());
    }
    if !timers.is_empty() {
        detail["timers"] = json!(timers.iter().map(|timer| timer.name.as_str()).collect::<Vec<_>>());
    }
    if !schedules.is_empty() {
        detail["schedules"] = json!(schedules.iter().map(|schedule| schedule.name.as_str()).collect::<Vec<_>>());
    }
    if !pins.is_empty() {
        let pins =
            pins.iter().map(|(object, pin)| json!({"object": object, "reason": pin.as_ref().map(|pin| &pin.reason)}));
        detail["pins"] = pins.collect();
    }
    let started: Vec<_> = jobs.iter().filter_map(started).collect();
    if !started.is_empty() {
        detail["jobs"] = json!(started);
    }
    if lost > 0 {
        detail["ran_again"] = json!(lost);
    }
    commit.incident = incident;
    commit.echo = answer::echo(task.delivery, task.reply == ReplyMode::Private);
    commit.reads = reads;
    commit.kv = kv;
    commit.incidents = incidents.into_values().collect();
    commit.timeline = timeline;
    commit.timers = timers;
    commit.schedules = schedules;
    commit.pins = pins;
    commit.jobs = jobs;
    commit.effects = effects;
    commit.receipt = Some(receipt);
    commit
}
