//! Deciding, under the head row's lock, which commits of a batch still hold: what each read must be as it was. Decided
//! first and written afterwards, so that nothing ever has to be undone.

use super::commit::Commit;
use super::error::StoreError;
use super::known::Known;
use super::reserve::{Contended, Reservation};
use super::script::{Place, Script};
use super::sql::Engine;
use super::tail::Tail;
use super::{approvals, copies, incidents, jobs, kv, status, timeline};
use crate::model::changes::{Cell, KvKey, ListQuery, ListRead};
use crate::model::ids::{ApprovalId, IncidentId, PluginId};
use crate::model::incident::TimelineEntry;
use crate::model::job::JobChange;
use crate::model::public::PublicThing;
use sqlx::AnyConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The keys, incidents and approvals whose revisions a batch needs, and the timelines whose ends it does.
#[derive(Default)]
struct Needs<'a> {
    keys: BTreeSet<&'a KvKey>,
    ids: BTreeSet<&'a IncidentId>,
    approvals: BTreeSet<&'a ApprovalId>,
    /// With how many lines of each.
    timelines: BTreeMap<&'a IncidentId, i64>,
}

impl<'a> Needs<'a> {
    fn of(batch: &[&'a Commit]) -> Self {
        let mut needs = Self::default();
        for commit in batch {
            needs.keys.extend(commit.kv.keys());
            needs.ids.extend(commit.incidents.iter().map(|incident| &incident.id));
            needs.approvals.extend(commit.approvals.iter().map(|approval| &approval.id));
            for cell in commit.reads.cells.keys() {
                match cell {
                    Cell::Kv(key) => _ = needs.keys.insert(key),
                    Cell::Incident(id) => _ = needs.ids.insert(id),
                    Cell::Approval(id) => _ = needs.approvals.insert(id),
                    Cell::Public(_) => {}
                }
            }
            for list in &commit.reads.lists {
                if let ListQuery::Timeline { incident, limit } = &list.query {
                    let most = needs.timelines.entry(incident).or_default();
                    *most = (*most).max(*limit);
                }
            }
        }
        needs
    }
}

/// Where the answers to a batch's needs will be.
pub(super) struct Asked<'a> {
    needs: Needs<'a>,
    kv: Vec<(&'a PluginId, Place)>,
    incidents: Option<Place>,
    approvals: Option<Place>,
    timelines: Option<Place>,
}

/// What a batch leaves for the next one to remember.
pub(super) struct Seen {
    pub(super) kv: HashMap<KvKey, i64>,
    pub(super) incidents: HashMap<IncidentId, i64>,
    pub(super) timelines: HashMap<IncidentId, Tail<String>>,
    /// Lines of other timelines.
    pub(super) appended: Vec<(IncidentId, String)>,
}

/// The revisions of everything a batch read or writes, moved along as its winners are found.
pub(super) struct Revisions {
    kv: HashMap<KvKey, i64>,
    incidents: HashMap<IncidentId, i64>,
    timelines: HashMap<IncidentId, Tail<String>>,
    approvals: HashMap<ApprovalId, i64>,
    /// Keys that an unfinished job has.
    jobs: BTreeSet<(PluginId, String)>,
    public: BTreeMap<PublicThing, i64>,
    written_keys: BTreeSet<KvKey>,
    written_incidents: BTreeSet<IncidentId>,
    written_timelines: BTreeSet<IncidentId>,
    /// Lines of timelines that nobody in the batch read.
    appended: Vec<(IncidentId, String)>,
    written_copies: BTreeSet<String>,
}

/// The verdict on one commit.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    Holds,
    Lost(Vec<Contended>),
    Reserved,
}

impl Revisions {
    fn new(kv: HashMap<KvKey, i64>, incidents: HashMap<IncidentId, i64>) -> Self {
        Self {
            kv,
            incidents,
            timelines: HashMap::new(),
            approvals: HashMap::new(),
            jobs: BTreeSet::new(),
            public: BTreeMap::new(),
            written_keys: BTreeSet::new(),
            written_incidents: BTreeSet::new(),
            written_timelines: BTreeSet::new(),
            appended: Vec::new(),
            written_copies: BTreeSet::new(),
        }
    }

    /// What the batch needs, if all of it is known; any other list than a timeline, a claim on a job, a job's key, an approval and what is public
    /// must be looked at under the lock.
    pub(super) fn from_memory(known: &Known, batch: &[&Commit]) -> Option<Self> {
        let asks = |commit: &&Commit| {
            commit.reads.lists.iter().any(|list| !matches!(list.query, ListQuery::Timeline { .. }))
                || commit.job.is_some()
                || job_keys(commit).next().is_some()
                || public_things(commit).next().is_some()
        };
        if batch.iter().any(asks) {
            return None;
        }
        let needs = Needs::of(batch);
        if !needs.approvals.is_empty() {
            return None;
        }
        let kv = needs.keys.iter().map(|key| Some(((*key).clone(), *known.kv.get(*key)?))).collect::<Option<_>>()?;
        let incidents =
            needs.ids.iter().map(|id| Some(((*id).clone(), *known.incidents.get(*id)?))).collect::<Option<_>>()?;
        let tail = |(id, limit): (&&IncidentId, &i64)| {
            let tail = known.timelines.get(*id).filter(|tail| tail.last(*limit).is_some())?;
            Some(((*id).clone(), tail.clone()))
        };
        let timelines = needs.timelines.iter().map(tail).collect::<Option<_>>()?;
        Some(Self { timelines, ..Self::new(kv, incidents) })
    }

    /// Asks for the revisions that a batch needs: at most one query for incidents, one for approvals, one for timelines and
    /// one for each plugin's keys.
    pub(super) fn ask<'a>(engine: Engine, script: &mut Script, batch: &[&'a Commit]) -> Asked<'a> {
        let needs = Needs::of(batch);
        let mut by_plugin: BTreeMap<&PluginId, Vec<&str>> = BTreeMap::new();
        for key in &needs.keys {
            by_plugin.entry(&key.plugin).or_default().push(&key.key);
        }
        let kv = by_plugin
            .into_iter()
            .map(|(plugin, keys)| (plugin, script.push(kv::revisions(engine, plugin, &keys))))
            .collect();
        let ids: Vec<_> = needs.ids.iter().copied().collect();
        let incidents = (!ids.is_empty()).then(|| script.push(incidents::revisions(engine, &ids)));
        let ids: Vec<_> = needs.approvals.iter().copied().collect();
        let approvals = (!ids.is_empty()).then(|| script.push(approvals::revisions(engine, &ids)));
        let limit = needs.timelines.values().copied().max();
        let timelines = limit.map(|limit| {
            let ids: Vec<_> = needs.timelines.keys().copied().collect();
            script.push(timeline::ends(engine, &ids, limit))
        });
        Asked { needs, kv, incidents, approvals, timelines }
    }

    /// Reads what was asked for. What is not in the database is at revision 0.
    pub(super) fn read(script: &mut Script, asked: Asked<'_>) -> Self {
        let mut kv: HashMap<_, _> = asked.needs.keys.into_iter().map(|key| (key.clone(), 0)).collect();
        for (plugin, place) in asked.kv {
            kv.extend(script.take(place).iter().map(|row| kv::revision_of(plugin, row)));
        }
        let mut incidents: HashMap<_, _> = asked.needs.ids.into_iter().map(|id| (id.clone(), 0)).collect();
        if let Some(place) = asked.incidents {
            incidents.extend(script.take(place).iter().map(incidents::revision_of));
        }
        let mut read = Self::new(kv, incidents);
        if let Some(place) = asked.approvals {
            read.approvals.extend(script.take(place).iter().map(approvals::revision_of));
        }
        if let Some(place) = asked.timelines {
            let limit = asked.needs.timelines.values().copied().max().unwrap_or(0);
            let mut lines: HashMap<_, Vec<_>> =
                asked.needs.timelines.into_keys().map(|id| (id.clone(), Vec::new())).collect();
            for (incident, line) in script.take(place).iter().map(timeline::end_of) {
                lines.entry(incident).or_default().push(line);
            }
            read.timelines = lines.into_iter().map(|(id, lines)| (id, Tail::found(lines, limit))).collect();
        }
        read
    }

    /// Asks which keys of the jobs that the batch enqueues an unfinished job has.
    pub(super) async fn ask_job_keys(
        &mut self,
        connection: &mut AnyConnection,
        batch: &[&Commit],
    ) -> Result<(), StoreError> {
        let keys: Vec<_> = batch.iter().flat_map(|commit| job_keys(commit)).collect();
        self.jobs = jobs::taken_keys(connection, &keys).await?;
        Ok(())
    }

    /// Asks how often what the batch read of the public page was published about.
    pub(super) async fn ask_public(
        &mut self,
        connection: &mut AnyConnection,
        batch: &[&Commit],
    ) -> Result<(), StoreError> {
        let things: BTreeSet<_> = batch.iter().flat_map(|commit| public_things(commit)).collect();
        let things: Vec<_> = things.into_iter().collect();
        self.public = status::revisions(connection, &things).await?.into_iter().collect();
        Ok(())
    }

    /// What is so after the batch.
    pub(super) fn into_seen(self) -> Seen {
        let Self { kv, incidents, timelines, appended, .. } = self;
        Seen { kv, incidents, timelines, appended }
    }

    /// The revision that a key will have once it is written.
    pub(super) fn next_of_key(&self, key: &KvKey) -> i64 {
        self.kv.get(key).copied().unwrap_or(0) + 1
    }

    /// Whether a commit still holds, given those of its batch that were already found to.
    pub(super) async fn decide(
        &self,
        connection: &mut AnyConnection,
        commit: &Commit,
        reservations: &[Reservation],
    ) -> Result<Decision, StoreError> {
        if reservations.iter().any(|r| r.holder != commit.inbox && takes(commit, &r.of)) {
            return Ok(Decision::Reserved);
        }
        let mut lost = Vec::new();
        for (cell, seen) in &commit.reads.cells {
            match cell {
                Cell::Kv(key) if self.kv.get(key).copied().unwrap_or(0) != *seen => {
                    lost.push(Contended::Kv(key.plugin.clone(), key.key.clone()));
                }
                Cell::Incident(id) if self.incidents.get(id).copied().unwrap_or(0) != *seen => {
                    lost.push(Contended::Incident(id.clone()));
                }
                Cell::Approval(id) if self.approvals.get(id).copied().unwrap_or(0) != *seen => {
                    lost.push(Contended::Approval(id.clone()));
                }
                Cell::Public(thing) if self.public.get(thing).copied().unwrap_or(0) != *seen => {
                    lost.push(Contended::Public(thing.clone()));
                }
                _ => {}
            }
        }
        for approval in &commit.approvals {
            if self.approvals.get(&approval.id).copied().unwrap_or(0) != approval.revision {
                lost.push(Contended::Approval(approval.id.clone()));
            }
        }
        for incident in &commit.incidents {
            if self.incidents.get(&incident.id).copied().unwrap_or(0) != incident.revision {
                lost.push(Contended::Incident(incident.id.clone()));
            }
        }
        for (plugin, key) in job_keys(commit) {
            if self.jobs.contains(&(plugin.clone(), key.to_owned())) {
                lost.push(Contended::Job(plugin.clone(), key.to_owned()));
            }
        }
        for list in &commit.reads.lists {
            if self.touches(&list.query) || !self.still_shows(connection, list).await? {
                lost.push(Contended::of_list(&list.query));
            }
        }
        lost.sort();
        lost.dedup();
        Ok(if lost.is_empty() { Decision::Holds } else { Decision::Lost(lost) })
    }

    /// Counts a commit in, and the lines that tell of its pages: those decided later see what it writes.
    pub(super) fn count<'l>(&mut self, commit: &'l Commit, besides: impl Iterator<Item = &'l TimelineEntry>) {
        for key in commit.kv.keys() {
            *self.kv.entry(key.clone()).or_insert(0) += 1;
            self.written_keys.insert(key.clone());
        }
        self.jobs.extend(job_keys(commit).map(|(plugin, key)| (plugin.clone(), key.to_owned())));
        for incident in &commit.incidents {
            *self.incidents.entry(incident.id.clone()).or_insert(0) += 1;
            self.written_incidents.insert(incident.id.clone());
        }
        for approval in &commit.approvals {
            *self.approvals.entry(approval.id.clone()).or_insert(0) += 1;
        }
        for thing in commit.publications.iter().flat_map(|approved| approved.publication.touches()) {
            *self.public.entry(thing).or_insert(0) += 1;
        }
        self.written_copies.extend(commit.pins.keys().cloned());
        for line in commit.timeline.iter().chain(besides) {
            match self.timelines.get_mut(&line.incident) {
                Some(tail) => tail.add(line.id.clone()),
                None => self.appended.push((line.incident.clone(), line.id.clone())),
            }
            self.written_timelines.insert(line.incident.clone());
        }
    }

    /// Whether a list is as it was read, the batch itself apart.
    async fn still_shows(&self, connection: &mut AnyConnection, list: &ListRead) -> Result<bool, StoreError> {
        if let ListQuery::Timeline { incident, limit } = &list.query
            && let Some(lines) = self.timelines.get(incident).and_then(|tail| tail.last(*limit))
        {
            return Ok(lines.eq(list.seen.iter().map(|(line, _)| line)));
        }
        Ok(again(connection, &list.query).await? == list.seen)
    }

    fn touches(&self, query: &ListQuery) -> bool {
        match query {
            ListQuery::Kv { plugin, prefix, .. } => {
                self.written_keys.iter().any(|key| key.plugin == *plugin && key.key.starts_with(prefix))
            }
            ListQuery::Incidents { .. } => !self.written_incidents.is_empty(),
            ListQuery::Copy { object } => self.written_copies.contains(object),
            ListQuery::Timeline { incident, .. } => self.written_timelines.contains(incident),
        }
    }
}

/// What a commit read of the public page.
fn public_things(commit: &Commit) -> impl Iterator<Item = &PublicThing> {
    commit.reads.cells.keys().filter_map(|cell| match cell {
        Cell::Public(thing) => Some(thing),
        _ => None,
    })
}

/// The keys of the jobs that a commit enqueues.
fn job_keys(commit: &Commit) -> impl Iterator<Item = (&PluginId, &str)> {
    commit.jobs.iter().filter_map(|change| match change {
        JobChange::Start(job) => Some((&job.plugin, job.key.as_deref()?)),
        _ => None,
    })
}

fn takes(commit: &Commit, held: &[Contended]) -> bool {
    held.iter().any(|held| {
        commit.kv.keys().any(|key| held.covers_key(key))
            || commit.incidents.iter().any(|incident| held.covers_incident(&incident.id))
            || commit.timeline.iter().any(|entry| held.covers_timeline(&entry.incident))
            || commit.approvals.iter().any(|approval| *held == Contended::Approval(approval.id.clone()))
            || job_keys(commit).any(|(plugin, key)| held.covers_job(plugin, key))
            || commit
                .publications
                .iter()
                .flat_map(|it| it.publication.touches())
                .any(|it| *held == Contended::Public(it))
    })
}

/// Asks a list again, in the form in which a read set remembers it.
async fn again(connection: &mut AnyConnection, query: &ListQuery) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(match query {
        ListQuery::Kv { plugin, prefix, limit } => {
            let rows = kv::list(connection, plugin, prefix, *limit).await?;
            rows.into_iter().map(|row| (row.key, row.revision)).collect()
        }
        ListQuery::Copy { object } => copies::held(connection, object).await?,
        ListQuery::Incidents { open_only, limit } => incidents::listed(connection, *open_only, *limit).await?,
        ListQuery::Timeline { incident, limit } => {
            let rows = timeline::list(connection, incident, *limit).await?;
            rows.into_iter().map(|entry| (entry.id, 0)).collect()
        }
    })
}
