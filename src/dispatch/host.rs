//! The bot's own commands: who am I, how is the bot, what is loaded, what does the trail say. They only read.

use super::answer::Answer;
use super::approvals::{Cast, decision};
use super::{HOST, House, Mirroring, Trouble, deliveries, links, schedules};
use crate::clock::rfc3339;
use crate::config::limits::STATUS_PAGES;
use crate::config::probes::Probes;
use crate::config::status::StatusPage;
use crate::model::event::{Delivery, Event};
use crate::model::ids::ConversationId;
use crate::model::view::{Block, Tone, View};
use crate::plugin::{PluginInfo, PluginState};
use crate::policy::{Asker, Decision, Subject};
use crate::router::{DEMO_COMMAND, Invocation, shown};
use crate::signin;
use crate::store::{OpenPage, OutcomeStatus};
use crate::telemetry::Link;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Most audit records shown in a chat.
const MOST_RECORDS: i64 = 50;
/// Deliveries given up within this time are part of the bot's status.
pub(super) const RECENT_MS: i64 = 24 * 3_600_000;

/// What the bot knows of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// The program's version.
    pub version: &'static str,
    /// When it started, milliseconds since the epoch.
    pub started_ms: i64,
    /// Where the checkpoints of the audit trail are.
    pub data_dir: PathBuf,
    /// Under which address its web is reached; none without a web.
    pub base_url: Option<String>,
    /// Where the operators read what the bot says of itself.
    pub ops: Option<ConversationId>,
    /// Where they read it when the platform of `ops` is deaf.
    pub ops_elsewhere: Option<ConversationId>,
    /// Where one incident is shown on several platforms.
    pub mirroring: Mirroring,
    /// The public status page, if there is one.
    pub page: Option<Arc<StatusPage>>,
    /// The lines to chat platforms.
    pub links: Vec<Link>,
    /// What the bot measures by itself.
    pub probes: Arc<Probes>,
}

impl House {
    /// Answers one of the host's commands.
    pub(super) async fn host_command(&self, delivery: &Delivery, invocation: Invocation) -> Result<(), Trouble> {
        let argument = |name: &str| invocation.args.iter().find(|arg| arg.name == name).map(|arg| arg.value.as_str());
        let by = delivery.event.by();
        let subject = Subject::Host { command: &invocation.command, subcommand: &invocation.subcommand };
        let carries = signin::carried_role(&self.store, by).await?;
        let asker = Asker { by, carries: carries.as_deref() };
        if let Decision::Refuse(sentence) = self.policy.decide_for(subject, asker, &delivery.conversation) {
            return self.refuse(delivery, None, sentence).await;
        }
        if invocation.command == DEMO_COMMAND {
            return self.demo(delivery, &invocation.subcommand, argument("what")).await;
        }
        if let ("status", Some(job)) = (invocation.subcommand.as_str(), argument("cancel")) {
            return self.cancel_job(delivery, job).await;
        }
        if let ("status", Some(named)) = (invocation.subcommand.as_str(), argument("retry")) {
            return self.send_again(delivery, named).await;
        }
        if invocation.subcommand == "route" {
            return self.route(delivery, argument("labels"), argument("source")).await;
        }
        if let ("contacts", Some(_)) = (invocation.subcommand.as_str(), argument("test")) {
            return self.test_contacts(delivery).await;
        }
        let (view, data) = match invocation.subcommand.as_str() {
            "whoami" => self.whoami(delivery),
            "status" => self.status().await?,
            "plugins" => self.plugins(),
            "oncall" => self.on_call(),
            "contacts" => self.contacts().await?,
            word @ ("approve" | "deny") => {
                let words = [argument("id"), argument("reason")];
                match decision(word, words, argument("break-glass")) {
                    Ok(Some((id, verdict, reason))) => {
                        return self.vote(delivery, Cast { id: &id, verdict, reason: &reason }).await;
                    }
                    Ok(None) => self.waiting().await?,
                    Err(sentence) => return self.refuse(delivery, None, sentence).await,
                }
            }
            "login" => return self.login(delivery).await,
            "audit" if argument("verify").is_some() => self.audit_verify().await?,
            "audit" => self.audit_tail(argument("lines")).await?,
            _ => (self.directory.catalog.help(), Value::Null),
        };
        let answer = Answer { data: Some(data), ..Answer::private(OutcomeStatus::Ok, view) };
        self.answer(delivery, answer).await
    }

    fn whoami(&self, delivery: &Delivery) -> (View, Value) {
        let Event::CommandReceived(command) = &delivery.event else { return (View::default(), Value::Null) };
        let by = &command.by;
        let (roles, identities) = (self.policy.roles_of(&by.id), self.policy.identities(&by.id));
        let view = View {
            title: by.name.clone(),
            tone: Tone::Info,
            blocks: vec![
                field("id", by.id.as_str()),
                field("roles", &listed(&roles, "none")),
                field("identities", &listed(&identities, "only this one")),
                field("here", delivery.conversation.as_str()),
                Block::Context { text: "This is who the audit trail will name for what you do here.".to_owned() },
            ],
        };
        let data = json!({
            "id": by.id, "name": by.name, "conversation": delivery.conversation, "roles": roles, "identities": identities,
            "asserted_by": command.asserted_by,
        });
        (view, data)
    }

    async fn status(&self) -> Result<(View, Value), Trouble> {
        let now_ms = self.store.now_ms();
        let waiting = self.store.open_events().await?;
        let backlog = self.store.outbox_backlog().await?;
        let dead = self.store.dead_deliveries(now_ms - RECENT_MS, deliveries::MOST).await?;
        let pages = self.store.open_pages(now_ms - RECENT_MS, STATUS_PAGES).await?;
        let open = self.store.incidents(true, 200).await?.len();
        let (seq, _) = self.store.audit_head().await?;
        let (schedules, schedule_data) = schedules::status(&self.store.schedules(None).await?);
        let (jobs, jobs_data) = self.jobs_at_hand().await?;
        let (page, page_data) = self.public_page().await?;
        let failed: Vec<_> = self.registry.list().into_iter().filter(is_failed).map(|p| p.id).collect();
        // A page that is just being sent troubles nobody.
        let paged = pages.iter().all(|page| !page.given_up && page.attempts == 0);
        let decided = jobs_data["lost"] == 0;
        let contacts = self.contacts_in_short().await?;
        let reachable = contacts.as_ref().is_none_or(|(_, _, calm)| *calm);
        let heard = self.about.links.iter().all(|link| link.trouble().is_none());
        let (probes, probes_data, measured) = self.probed(now_ms).await?;
        let calm = heard && measured && dead.is_empty() && failed.is_empty() && paged && decided && reachable;
        let mut view = View {
            title: format!("{HOST} {}", self.about.version),
            tone: if calm { Tone::Good } else { Tone::Warning },
            blocks: vec![
                Block::Time { name: "running since".to_owned(), at_ms: self.about.started_ms },
                field("database", self.store.engine().as_str()),
                // This very question is one of them.
                field("events in hand", &waiting.to_string()),
                field("open incidents", &open.to_string()),
                field("audit records", &seq.to_string()),
            ],
        };
        let (contacts, contacts_data) = contacts.map(|(block, data, _)| (block, data)).unzip();
        view.blocks.extend(contacts);
        view.blocks.extend(schedules);
        view.blocks.extend(jobs);
        view.blocks.extend(page);
        view.blocks.extend(probes);
        for link in &self.about.links {
            view.blocks.push(field(link.platform(), &link.in_words()));
        }
        for (platform, count, oldest_ms) in &backlog {
            let late_s = (now_ms - oldest_ms).max(0) / 1000;
            view.blocks.push(field(&format!("waiting for {platform}"), &format!("{count}, the oldest for {late_s} s")));
        }
        view.blocks.extend(pages.iter().map(|page| open_page(page, now_ms)));
        view.blocks.extend(deliveries::shown(&dead));
        if !failed.is_empty() {
            let names: Vec<_> = failed.iter().map(|id| id.as_str()).collect();
            view.blocks.push(field("plugins not loaded", &names.join(", ")));
        }
        let data = json!({
            "version": self.about.version,
            "started": rfc3339(self.about.started_ms),
            "database": self.store.engine().as_str(),
            "events_in_hand": waiting,
            "open_incidents": open,
            "audit_records": seq,
            "schedules": schedule_data,
            "contacts": contacts_data,
            "jobs": jobs_data,
            "status_page": page_data,
            "probes": probes_data,
            "outbox": backlog.iter().map(|(p, n, ms)| json!({"platform": p, "waiting": n, "oldest": rfc3339(*ms)})).collect::<Vec<_>>(),
            "given_up": dead.iter().map(deliveries::data).collect::<Vec<_>>(),
            "pages": pages.iter().map(page_json).collect::<Vec<_>>(),
            "plugins_not_loaded": failed,
            "links": self.about.links.iter().map(links::data).collect::<Vec<_>>(),
        });
        Ok((view, data))
    }

    fn plugins(&self) -> (View, Value) {
        let all = self.registry.list();
        let mut view = View { title: "Plugins".to_owned(), tone: Tone::Info, blocks: Vec::new() };
        if all.is_empty() {
            let text =
                "No plugin is configured. Add a [plugins.NAME] section to drillbell.toml; the example shows how.";
            view.blocks.push(Block::Text { text: text.to_owned() });
        }
        for plugin in &all {
            view.blocks.push(field(plugin.id.as_str(), &state_text(plugin)));
        }
        for clash in &self.directory.clashes {
            view.blocks.push(Block::Text { text: clash.to_string() });
        }
        if all.iter().any(is_failed) || !self.directory.clashes.is_empty() {
            view.tone = Tone::Warning;
        }
        let data = all.iter().map(plugin_json).collect::<Vec<_>>();
        let clashes: Vec<_> = self.directory.clashes.iter().map(ToString::to_string).collect();
        (view, json!({"plugins": data, "clashes": clashes}))
    }

    async fn audit_tail(&self, lines: Option<&str>) -> Result<(View, Value), Trouble> {
        let lines = lines.and_then(|n| n.parse().ok()).unwrap_or(10_i64).clamp(1, MOST_RECORDS);
        let records = self.store.audit_tail(lines).await?;
        let mut view = View { title: "Audit trail".to_owned(), tone: Tone::Info, blocks: Vec::new() };
        let mut data = Vec::new();
        for record in records {
            let Ok(parsed) = serde_json::from_str::<Value>(&record.record) else { continue };
            view.blocks.push(Block::Text { text: audit_line(record.seq, &parsed) });
            data.push(json!({"seq": record.seq, "hash": record.hash, "record": parsed}));
        }
        Ok((view, json!({"records": data})))
    }

    async fn audit_verify(&self) -> Result<(View, Value), Trouble> {
        let report = crate::verification::verify(&self.store, &self.about.data_dir).await?;
        let (tone, text) = match &report.first_bad {
            None => {
                (Tone::Good, format!("All {} records of the audit trail are as they were written.", report.checked))
            }
            Some(finding) => (Tone::Critical, format!("The audit trail was tampered with: {}.", finding.sentence)),
        };
        let mut view = View::text(text).toned(tone);
        if let Some(since) = &report.unanchored_since {
            let text = format!("Records from {} on ({}) have no signed checkpoint yet.", since.seq, since.at);
            view.blocks.push(Block::Context { text });
        }
        let bad = report.first_bad.as_ref().map(|f| json!({"seq": f.seq, "finding": f.sentence}));
        Ok((view, json!({"ok": report.ok, "checked": report.checked, "first_bad": bad})))
    }
}

fn listed(words: &[impl AsRef<str>], nothing: &str) -> String {
    let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
    if words.is_empty() { nothing.to_owned() } else { words.join(", ") }
}

pub(super) fn field(name: &str, value: &str) -> Block {
    Block::Field { name: name.to_owned(), value: value.to_owned() }
}

/// `page waiting for oncall`: `INC-1, for 90 s, tried 3 times: HTTP 503`.
fn open_page(page: &OpenPage, now_ms: i64) -> Block {
    let OpenPage { notifier, key, action, given_up, created_ms, attempts, error } = page;
    let late_s = (now_ms - created_ms).max(0) / 1000;
    let tried = match attempts {
        0 => "not tried yet".to_owned(),
        1 => format!("tried once: {error}"),
        n => format!("tried {n} times: {error}"),
    };
    let (name, since) = match given_up {
        true => (format!("page given up to {notifier}"), String::new()),
        false => (format!("page waiting for {notifier}"), format!(" for {late_s} s")),
    };
    field(&name, &format!("{} {key}{since}, {tried}", action.as_str()))
}

fn page_json(page: &OpenPage) -> Value {
    let OpenPage { notifier, key, action, given_up, created_ms, attempts, error } = page;
    json!({
        "notifier": notifier, "key": key, "action": action, "given_up": given_up, "since": rfc3339(*created_ms),
        "attempts": attempts, "error": error,
    })
}

fn is_failed(plugin: &PluginInfo) -> bool {
    matches!(plugin.state, PluginState::Failed(_))
}

fn state_text(plugin: &PluginInfo) -> String {
    match &plugin.state {
        PluginState::Failed(reason) => format!("not loaded: {reason}"),
        PluginState::Outdated(reason) => format!("runs as before; its newest version was not loaded: {reason}"),
        PluginState::Loaded => {
            let version = plugin.manifest.as_ref().map_or("?", |manifest| manifest.version.as_str());
            let may = if plugin.effective.is_empty() { "nothing".to_owned() } else { plugin.effective.join(", ") };
            let mut text = format!("{version}, handles {}, may {may}", plugin.handlers.join(", "));
            if !plugin.missing.is_empty() {
                text.push_str(&format!("; asked for but not granted: {}", plugin.missing.join(", ")));
            }
            text
        }
    }
}

fn plugin_json(plugin: &PluginInfo) -> Value {
    let (loaded, reason) = match &plugin.state {
        PluginState::Failed(reason) => (false, Some(reason)),
        PluginState::Outdated(reason) => (true, Some(reason)),
        PluginState::Loaded => (true, None),
    };
    let version = plugin.manifest.as_ref().map(|manifest| &manifest.version);
    json!({
        "name": plugin.id, "version": version, "sha256": plugin.digest, "loaded": loaded, "reason": reason,
        "handles": plugin.handlers, "grants": plugin.grants, "effective": plugin.effective, "missing": plugin.missing,
    })
}

/// `#12 2026-01-01T00:00:00.000Z ana command ok: /sev list`.
fn audit_line(seq: i64, record: &Value) -> String {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or("-");
    let what = record.pointer("/detail/text").and_then(Value::as_str).map(shown).unwrap_or_default();
    format!("#{seq} {} {} {} {}: {what}", text("at"), text("actor"), text("kind"), text("outcome"))
}
