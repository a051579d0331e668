//! What is public: incidents, maintenances and what was said of components. Written only with an approved publication, under
//! the head row's lock, so that two of them never overlook each other. The rules are in `crate::status`.

use super::error::StoreError;
use super::sql::{Engine, Sql, parameter, sql};
use crate::config::limits::STATUS_ENTRIES;
use crate::model::ids::{self, PersonId};
use crate::model::incident::Status;
use crate::status::{
    AboutNotice, Change, ComponentState, Maintenance, MaintenanceStatus, Public, PublicIncident, PublicThing,
    Publication, Said, Snapshot, apply, fits, fits_components,
};
use serde::de::DeserializeOwned;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Executor, Row};

const SAY: Sql = sql!(
    "insert into status_said (id, component, state, at_ms, reason, said_by, written_ms) \
     select r.value->>0, r.value->>1, r.value->>2, cast(r.value->>3 as bigint), r.value->>4, r.value->>5, \
     cast(r.value->>6 as bigint) from ",
    rows,
    " where true"
);
/// The last of each component, and all since a moment.
const SAID: &str = "select component, state, at_ms, coalesce(written_ms, at_ms) from status_said where at_ms >= $1 or not exists \
                    (select 1 from status_said newer where newer.component = status_said.component and newer.at_ms < $1 \
                    and (newer.at_ms > status_said.at_ms or (newer.at_ms = status_said.at_ms and newer.id > status_said.id))) \
                    order by at_ms, id";

fn corrupt(table: &'static str) -> impl Fn(String) -> StoreError {
    move |reason| StoreError::Corrupt { table, reason }
}

fn body<T: DeserializeOwned>(row: &AnyRow, table: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(row.get(0)).map_err(|error| corrupt(table)(error.to_string()))
}

/// Makes the page's own id, once.
pub(super) async fn ensure(connection: &mut AnyConnection, now_ms: i64) -> Result<(), StoreError> {
    sqlx::query(
        "insert into status_head (one, page, revision, changed_ms) values (1, $1, 0, $2) on conflict do nothing",
    )
    .bind(ids::fresh())
    .bind(now_ms)
    .execute(connection)
    .await
    .map_err(StoreError::doing("making the status page"))?;
    Ok(())
}

/// How many publications there have been.
pub(super) async fn revision(pool: &AnyPool) -> Result<i64, StoreError> {
    let row = sqlx::query("select revision from status_head where one = 1")
        .fetch_optional(pool)
        .await
        .map_err(StoreError::doing("asking whether the status page changed"))?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// Everything that is public: what is open, and what was since a moment.
pub(super) async fn snapshot(pool: &AnyPool, since_ms: i64) -> Result<Snapshot, StoreError> {
    let limit = i64::try_from(STATUS_ENTRIES).unwrap_or(i64::MAX);
    let reading = || StoreError::doing("reading the status page");
    // The counter first: what changes while the rest is read is then read once more, not overlooked.
    let head = sqlx::query("select page, revision, changed_ms from status_head where one = 1")
        .fetch_optional(pool)
        .await
        .map_err(reading())?;
    let incidents = sqlx::query(
        "select body from status_incidents where is_open = 1 or started_ms >= $1 or changed_ms >= $1 \
         order by is_open desc, started_ms desc, id desc limit $2",
    );
    let incidents = incidents.bind(since_ms).bind(limit).fetch_all(pool).await.map_err(reading())?;
    let maintenances = sqlx::query(
        "select body from status_maintenances where is_open = 1 or ends_ms >= $1 \
         order by is_open desc, starts_ms desc, id desc limit $2",
    );
    let maintenances = maintenances.bind(since_ms).bind(limit).fetch_all(pool).await.map_err(reading())?;
    let said = sqlx::query(SAID).bind(since_ms).fetch_all(pool).await.map_err(reading())?;
    let said = said.iter().map(said_in).collect::<Result<_, _>>()?;
    let mut incidents: Vec<PublicIncident> =
        incidents.iter().map(|row| body(row, "status_incidents")).collect::<Result<_, _>>()?;
    incidents.sort_by(|a, b| (b.started_ms, &b.id).cmp(&(a.started_ms, &a.id)));
    let mut maintenances: Vec<Maintenance> =
        maintenances.iter().map(|row| body(row, "status_maintenances")).collect::<Result<_, _>>()?;
    maintenances.sort_by(|a, b| (b.starts_ms, &b.id).cmp(&(a.starts_ms, &a.id)));
    let (page, revision, changed_ms) = head.map_or((String::new(), 0, 0), |row| (row.get(0), row.get(1), row.get(2)));
    Ok(Snapshot { page, revision, changed_ms, incidents, maintenances, said })
}

/// What is public of one thing.
pub(super) async fn public(
    executor: impl Executor<'_, Database = sqlx::Any>,
    thing: &PublicThing,
) -> Result<Public, StoreError> {
    let (statement, name, table) = match thing {
        PublicThing::Incident(of) => {
            ("select body, revision from status_incidents where incident = $1", of.as_str(), "status_incidents")
        }
        PublicThing::Maintenance(name) => {
            ("select body, revision from status_maintenances where name = $1", name.as_str(), "status_maintenances")
        }
        PublicThing::Components => {
            ("select page, revision from status_head where $1 = '' and one = 1", "", "status_head")
        }
    };
    let row = sqlx::query(statement)
        .bind(name)
        .fetch_optional(executor)
        .await
        .map_err(StoreError::doing("reading what is public"))?;
    let Some(row) = row else { return Ok(Public::default()) };
    let mut public = Public { revision: row.get(1), ..Public::default() };
    match thing {
        PublicThing::Incident(_) => public.incident = Some(body(&row, table)?),
        PublicThing::Maintenance(_) => public.maintenance = Some(body(&row, table)?),
        PublicThing::Components => {}
    }
    Ok(public)
}

/// How often each thing was published about; what never was is left out.
pub(super) async fn revisions(
    connection: &mut AnyConnection,
    things: &[&PublicThing],
) -> Result<Vec<(PublicThing, i64)>, StoreError> {
    let mut known = Vec::with_capacity(things.len());
    // Few: each is somebody's decision about one of them.
    for thing in things {
        let statement = match thing {
            PublicThing::Incident(_) => "select revision from status_incidents where incident = $1",
            PublicThing::Maintenance(_) => "select revision from status_maintenances where name = $1",
            PublicThing::Components => "select revision from status_head where $1 = '' and one = 1",
        };
        let name = match thing {
            PublicThing::Incident(of) => of.as_str(),
            PublicThing::Maintenance(name) => name,
            PublicThing::Components => "",
        };
        let row = sqlx::query(statement)
            .bind(name)
            .fetch_optional(&mut *connection)
            .await
            .map_err(StoreError::doing("checking what is public"))?;
        known.extend(row.map(|row| ((*thing).clone(), row.get(0))));
    }
    Ok(known)
}

fn said_in(row: &AnyRow) -> Result<Said, StoreError> {
    let word: String = row.get(1);
    let state = ComponentState::parse(&word).ok_or_else(|| corrupt("status_said")(format!("the state `{word}`")))?;
    Ok(Said { component: row.get(0), state, at_ms: row.get(2), written_ms: row.get(3) })
}

/// What was last said of each component.
async fn standing(connection: &mut AnyConnection) -> Result<Vec<Said>, StoreError> {
    let rows = sqlx::query(SAID)
        .bind(i64::MAX)
        .fetch_all(connection)
        .await
        .map_err(StoreError::doing("reading how components stand"))?;
    rows.iter().map(said_in).collect()
}

/// The notice of a service that is up, found by how its name begins: one at most, as none is put up beside another.
async fn open_notice(connection: &mut AnyConnection, prefix: &str) -> Result<Public, StoreError> {
    // Few are open at once. Of names nothing is told apart by the database's own order or patterns.
    let rows = sqlx::query("select name, body, revision from status_maintenances where is_open = 1 order by starts_ms desc, id desc limit $1")
        .bind(i64::try_from(STATUS_ENTRIES).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
        .map_err(StoreError::doing("reading which notices are up"))?;
    let Some(row) = rows.iter().find(|row| row.get::<String, _>(0).starts_with(prefix)) else {
        return Ok(Public::default());
    };
    let read = serde_json::from_str(row.get(1));
    let maintenance = read.map_err(|error| corrupt("status_maintenances")(error.to_string()))?;
    Ok(Public { revision: row.get(2), maintenance: Some(maintenance), ..Public::default() })
}

/// The services whose notice is up.
pub(super) async fn notices_up(pool: &sqlx::AnyPool) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query("select name from status_maintenances where is_open = 1 order by starts_ms, id")
        .fetch_all(pool)
        .await
        .map_err(StoreError::doing("reading which notices are up"))?;
    let service = |row: &AnyRow| AboutNotice::service_of(&row.get::<String, _>(0)).map(str::to_owned);
    Ok(rows.iter().filter_map(service).collect())
}

async fn has_ended(connection: &mut AnyConnection, job: &str) -> Result<bool, StoreError> {
    let ended = sqlx::query("select id from jobs where id = $1 and ended_ms is not null")
        .bind(job)
        .fetch_optional(connection)
        .await
        .map_err(StoreError::doing("asking whether a job has ended"))?;
    Ok(ended.is_some())
}

/// Makes a publication public. The head row of the trail must be locked.
pub(super) async fn publish(
    connection: &mut AnyConnection,
    engine: Engine,
    publication: &Publication,
    by: &PersonId,
    now_ms: i64,
) -> Result<(), StoreError> {
    let known = match (publication, publication.of()) {
        // The one that is up, whichever job put it up.
        (Publication::Notice(notice), _) => open_notice(&mut *connection, &notice.of_service()).await?,
        (_, Some(thing)) => public(&mut *connection, &thing).await?,
        (_, None) => Public::default(),
    };
    if let Publication::Work(work) = publication {
        let over = match &work.begins {
            // A job of which nothing was said has nothing to end.
            None => known.maintenance.is_none(),
            // It was ended while somebody still decided about it: what begins now would never end.
            Some(_) => has_ended(connection, &work.job).await?,
        };
        if over {
            return Ok(());
        }
    }
    if let (Publication::Notice(AboutNotice { begins: None, .. }), None) = (publication, &known.maintenance) {
        // None is up to be taken down.
        return Ok(());
    }
    ensure(connection, now_ms).await?;
    let standing = standing(connection).await?;
    if let Err(refusal) = fits(publication, &known, now_ms).and_then(|()| fits_components(publication, &standing)) {
        // Whoever decided has looked, and this transaction makes sure of it; what is left is never worth a failed batch.
        tracing::warn!(reason = %refusal, "something that no longer fits was not published");
        return Ok(());
    }
    let revision = known.revision + 1;
    let now = standing.iter().map(|said| (said.component.clone(), said.state)).collect();
    let mut change = apply(publication, known, &now, now_ms, ids::fresh);
    if change == Change::default() {
        return Ok(());
    }
    for (said, _) in &mut change.said {
        // Older words that say the same do not make way for others as old.
        let before = standing.iter().find(|it| it.component == said.component).map_or(0, |it| it.written_ms);
        said.written_ms = said.written_ms.max(before);
    }
    write(connection, engine, &change, revision, by).await?;
    sqlx::query(
        "update status_head set revision = revision + 1, changed_ms = case when changed_ms > $1 then changed_ms else $1 end",
    )
    .bind(now_ms)
    .execute(connection)
    .await
    .map_err(StoreError::doing("counting a publication"))?;
    Ok(())
}

async fn write(
    connection: &mut AnyConnection,
    engine: Engine,
    change: &Change,
    revision: i64,
    by: &PersonId,
) -> Result<(), StoreError> {
    let writing = || StoreError::doing("publishing");
    if let Some(incident) = &change.incident {
        let body = serde_json::to_string(incident).map_err(|e| corrupt("status_incidents")(e.to_string()))?;
        sqlx::query(
            "insert into status_incidents (id, incident, is_open, started_ms, changed_ms, revision, body) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update set is_open = excluded.is_open, \
             changed_ms = excluded.changed_ms, revision = excluded.revision, body = excluded.body",
        )
        .bind(&incident.id)
        .bind(incident.incident.as_str())
        .bind(i64::from(incident.status != Status::Resolved))
        .bind(incident.started_ms)
        .bind(incident.changed_ms)
        .bind(revision)
        .bind(body)
        .execute(&mut *connection)
        .await
        .map_err(writing())?;
    }
    if let Some(maintenance) = &change.maintenance {
        let body = serde_json::to_string(maintenance).map_err(|e| corrupt("status_maintenances")(e.to_string()))?;
        sqlx::query(
            "insert into status_maintenances (id, name, is_open, starts_ms, ends_ms, revision, body) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update set is_open = excluded.is_open, \
             starts_ms = excluded.starts_ms, ends_ms = excluded.ends_ms, revision = excluded.revision, body = excluded.body",
        )
        .bind(&maintenance.id)
        .bind(&maintenance.name)
        // One that ends by itself is over when its time is, whoever still calls it open.
        .bind(i64::from(maintenance.said != MaintenanceStatus::Completed && !maintenance.ends_itself))
        .bind(maintenance.starts_ms)
        .bind(maintenance.ends_ms)
        .bind(revision)
        .bind(body)
        .execute(&mut *connection)
        .await
        .map_err(writing())?;
    }
    if !change.said.is_empty() {
        let rows: Vec<_> = change
            .said
            .iter()
            .map(|(said, reason)| {
                json!([ids::fresh(), said.component, said.state, said.at_ms, reason, by, said.written_ms])
            })
            .collect();
        sqlx::query(SAY.on(engine)).bind(parameter(&json!(rows))).execute(connection).await.map_err(writing())?;
    }
    Ok(())
}
