//! Where one drill restores to: made for it, and removed after it however it went.

use super::checks::Seen;
use crate::config::targets::{DrillPlace, Target, TargetPlace};
use crate::jobs::JobContext;
use crate::jobs::kinds::backup::source::{Chosen, JOBS_READ, Restoring};
use crate::model::job::{JobState, short};
use crate::ops::backup::contents::Contents;
use crate::ops::backup::{Meter, count};
use crate::ops::restore::cluster::{Cluster, Makings};
use crate::ops::restore::files::{self, Staged};
use crate::ops::restore::postgres::{Bytea, Database};
use crate::ops::restore::put::{How, Whose};
use crate::ops::restore::sqlite::{self, Fresh};
use crate::ops::restore::{Counted, NOBODY, Opened, RestoreError, TableName, scratch};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A place for one drill.
pub(super) struct Place {
    pub(super) name: String,
    at: At,
}

enum At {
    Server(Box<Database>),
    /// A server of the drill's own.
    Cluster(Cluster, Box<Database>),
    Folder {
        folder: PathBuf,
        kind: &'static str,
    },
}

/// A copy that was restored.
pub(super) enum Restored {
    Database(Box<Database>),
    File(Arc<Fresh>),
    Folder(Arc<Staged>),
}

/// Runs what blocks on a thread of its own.
pub(in super::super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RestoreError> + Send + 'static,
) -> Result<T, RestoreError> {
    let lost = |_| RestoreError::environment("a thread of the restore was lost; see the log");
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

/// What was written, if the copy was whole. Why it broke off is known to whoever opened it; why nobody took it to its end, to whoever
/// wrote.
pub(in super::super) fn both<T>(
    whole: Result<(), RestoreError>,
    written: Result<T, RestoreError>,
) -> Result<T, RestoreError> {
    match (whole, written) {
        (Err(error), Err(written)) if error.sentence == NOBODY => Err(written),
        (Err(error), _) => Err(error),
        (Ok(()), written) => written,
    }
}

impl Restoring {
    /// Which scratch is somebody's and which was left.
    async fn jobs(&self, job: &JobContext) -> Result<scratch::Jobs, RestoreError> {
        let own = short(job.id()).to_owned();
        let mut jobs = scratch::Jobs { own, ..scratch::Jobs::default() };
        let asked = |error: crate::store::StoreError| {
            RestoreError::environment(format!("the database does not answer: {error}"))
        };
        let store = &self.copies.store;
        let unfinished = store.unfinished_jobs(JOBS_READ).await.map_err(asked)?;
        let ours = store.jobs_of(job.plugin(), false, 500).await.map_err(asked)?;
        for other in unfinished.iter().chain(&ours).filter(|other| other.id != job.id()) {
            let short = short(&other.id).to_owned();
            if other.state == JobState::Running {
                jobs.running.insert(short)
            } else {
                jobs.ended.insert(short)
            };
        }
        Ok(jobs)
    }

    /// Makes room for a drill, and removes what dead ones left there.
    pub(super) async fn place(
        &self,
        job: &JobContext,
        target: &Target,
        chosen: &Chosen,
    ) -> Result<Place, RestoreError> {
        let now_ms = self.copies.clock.now_ms();
        let jobs = self.jobs(job).await?;
        let name = scratch::name(now_ms, &jobs.own);
        let at = match (&target.place, &target.drill.into) {
            (TargetPlace::Postgres { pg_bin, .. }, Some(DrillPlace::Server(url))) => {
                let tools = self.tools(job, job.cancel().clone());
                let pipes = self.copies.scratch.clone();
                let made_with =
                    chosen.manifest.as_ref().and_then(|manifest| manifest.contents.tool.as_deref()).and_then(major);
                let server = Database::of(tools, &url.url, pg_bin.as_deref(), pipes, made_with).await?;
                for left in server.sweep_scratch(now_ms, &jobs).await? {
                    job.say(&format!("{left} was left by a drill that is over and was dropped"));
                }
                At::Server(Box::new(server))
            }
            (TargetPlace::Postgres { pg_bin, .. }, _) => {
                let made_with =
                    chosen.manifest.as_ref().and_then(|manifest| manifest.contents.tool.as_deref()).and_then(major);
                let (tools, below) = (self.tools(job, job.cancel().clone()), self.copies.scratch.as_path());
                let (name, pg_bin) = (name.as_str(), pg_bin.as_deref());
                let makings = Makings { tools: &tools, pg_bin, made_with, below, name, now_ms, jobs };
                let (cluster, server) = Cluster::start(makings).await?;
                At::Cluster(cluster, Box::new(server))
            }
            (place, into) => {
                let below = match into {
                    Some(DrillPlace::Folder(folder)) => folder.clone(),
                    _ => self.copies.scratch.clone(),
                };
                let (made, at) = (name.clone(), below.clone());
                let folder = blocking(move || {
                    let failed = |error: std::io::Error| {
                        RestoreError::environment(format!("cannot make a folder in {}: {error}", at.display()))
                    };
                    scratch::folder(&at, &made, now_ms, &jobs).map_err(failed)
                });
                At::Folder { folder: folder.await?, kind: place.kind() }
            }
        };
        Ok(Place { name, at })
    }
}

/// The major version in `pg_dump 17.2 (Debian …)`.
pub(in super::super) fn major(tool: &str) -> Option<u32> {
    let number = tool.strip_prefix("pg_dump ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

impl Place {
    /// Restores into it; what was left out, if anything was.
    pub(super) async fn restore(
        &self,
        mut opened: Opened,
        cancel: &CancellationToken,
    ) -> Result<(Restored, Option<String>), RestoreError> {
        match &self.at {
            At::Server(server) | At::Cluster(_, server) => {
                let database = server.create(&self.name, opened.encoding().await.as_deref()).await?;
                let server = if let At::Cluster(..) = self.at { Whose::Ours } else { Whose::Anothers };
                let left_out = database.restore(opened, &How { server, ..How::default() }).await?;
                Ok((Restored::Database(Box::new(database)), left_out))
            }
            At::Folder { folder, kind } => {
                let (folder, kind, cancel) = (folder.clone(), *kind, cancel.clone());
                let Opened { format, dump, outcome } = opened;
                let written = blocking(move || match kind {
                    "sqlite" => {
                        let fresh = sqlite::write(format, dump, &folder.join("copy.db"))?;
                        Ok(Restored::File(Arc::new(fresh)))
                    }
                    _ => files::unpack(format, dump, &folder, &[], &cancel)
                        .map(|staged| Restored::Folder(Arc::new(staged))),
                });
                let written = written.await;
                let written = both(outcome.whole().await, written)?;
                if let Restored::File(fresh) = &written {
                    let fresh = fresh.clone();
                    blocking(move || fresh.check()).await?;
                }
                Ok((written, None))
            }
        }
    }

    /// Removes it, even after the drill was cancelled.
    pub(super) async fn drop(self, restoring: &Restoring, job: &JobContext) -> Result<(), RestoreError> {
        match self.at {
            At::Server(server) => {
                let server = server.with(restoring.tools(job, CancellationToken::new()));
                server.drop_scratch(&self.name).await
            }
            At::Cluster(cluster, _) => cluster.end().await,
            At::Folder { folder, .. } => {
                blocking(move || {
                    std::fs::remove_dir_all(&folder).map_err(|error| {
                        RestoreError::environment(format!("{} cannot be removed: {error}", folder.display()))
                    })
                })
                .await
            }
        }
    }
}

impl Restored {
    /// What people or an application would call it.
    pub(super) fn shown(&self, place: &Place) -> String {
        match self {
            Self::Database(_) => place.name.clone(),
            Self::File(fresh) => fresh.path().display().to_string(),
            Self::Folder(staged) => staged.path().display().to_string(),
        }
    }

    /// Counts and hashes all of it as a backup would.
    pub(super) async fn recount(
        &self,
        hashing: bool,
        cancel: &CancellationToken,
        meter: Meter,
    ) -> Result<Contents, RestoreError> {
        match self {
            Self::Database(database) => database.recount(hashing, Bytea::Hex, meter).await,
            Self::File(fresh) => {
                let (fresh, cancel) = (fresh.clone(), cancel.clone());
                blocking(move || fresh.recount(hashing, &cancel)).await
            }
            Self::Folder(staged) => {
                let dump = crate::ops::backup::files::Files {
                    root: staged.path(),
                    exclude: Vec::new(),
                    hashing,
                    cancel: cancel.clone(),
                };
                Ok(count(Box::new(dump), meter).await?)
            }
        }
    }

    /// The same as copies had it that were made before every one had bytes in the same form; nothing of what has one form only.
    pub(super) async fn recount_as_before(&self) -> Option<Contents> {
        match self {
            Self::Database(database) => database.recount(true, Bytea::Escape, Meter::default()).await.ok(),
            Self::File(_) | Self::Folder(_) => None,
        }
    }

    /// The rows of each table, in SQL where there is a server.
    pub(super) async fn counts(&self, tables: &[TableName], dumped: &Contents) -> Result<Vec<Counted>, RestoreError> {
        match self {
            Self::Database(database) => database.counts(tables).await,
            _ => {
                let found = |table: &TableName| {
                    let mut all = dumped.tables.iter().flatten();
                    all.find(|found| found.table == table.table)
                        .map_or(Counted::Missing, |found| Counted::Rows(found.rows))
                };
                Ok(tables.iter().map(found).collect())
            }
        }
    }

    /// Constraints and references; `None` where there are none to check.
    pub(super) async fn constraints(&self) -> Option<Result<Seen, RestoreError>> {
        match self {
            Self::Database(database) => {
                Some(database.constraints().await.and_then(|(constraints, indexes, invalid, open)| {
                    if invalid > 0 {
                        return Err(RestoreError::backup(format!("{invalid} of {indexes} indexes are not valid.")));
                    }
                    let said = format!(
                        "{constraints} constraints and {indexes} indexes were made anew over the restored rows and hold"
                    );
                    Ok(Seen::Passed(match open.is_empty() {
                        true => format!("{said}."),
                        false => format!("{said}; never validated, in the database that was copied neither: {open}."),
                    }))
                }))
            }
            Self::File(fresh) => {
                let fresh = fresh.clone();
                let found = blocking(move || fresh.dangling()).await;
                Some(found.and_then(|dangling| match dangling {
                    None => Ok(Seen::Passed("SQLite finds it whole, and every reference leads to a row.".to_owned())),
                    Some(what) => Err(RestoreError::check(format!("{what}."))),
                }))
            }
            Self::Folder(_) => None,
        }
    }

    /// What a query of the operator's answers.
    pub(super) async fn query(&self, query: &str) -> Result<Vec<Vec<String>>, RestoreError> {
        match self {
            Self::Database(database) => {
                let answer = database.query(query).await?;
                Ok(answer.lines.into_iter().map(|line| line.split('|').map(str::to_owned).collect()).collect())
            }
            Self::File(fresh) => {
                let (fresh, query) = (fresh.clone(), query.to_owned());
                blocking(move || fresh.query(&query)).await
            }
            Self::Folder(_) => Err(RestoreError::check("files cannot be asked a query")),
        }
    }
}
