//! A status page for tests, and what may be published on it.

use super::commits::{commit, delivery};
use drillbell::config::status::StatusPage;
use drillbell::config::{Config, Env};
use drillbell::model::ids::{IncidentId, PersonId};
use drillbell::model::incident::Status;
use drillbell::status::{
    AboutComponents, AboutIncident, AboutMaintenance, ComponentState, MaintenanceStatus, Publication, Written,
};
use drillbell::store::{Approved, CommitOutcome, Store};
use std::path::Path;

/// Two components, looked at every second.
pub const STATUS: &str = "[status]\ntitle = \"Shop status\"\ncache = \"1s\"\n\
                          [status.components.checkout]\ntitle = \"Checkout\"\ngroup = \"Shop\"\n\
                          [status.components.api]\ntitle = \"Public API\"\n";

/// The page of `STATUS`.
pub fn page() -> StatusPage {
    Config::parse(STATUS, Path::new("drillbell.toml"), &Env::none()).expect("a good config").status.expect("a page")
}

/// An update of the public incident behind an incident.
pub fn update(of: i64, status: Status, title: &str, text: &str, states: &[(&str, ComponentState)]) -> Publication {
    Publication::Incident(AboutIncident {
        incident: IncidentId::numbered(of),
        title: title.to_owned(),
        status,
        text: text.to_owned(),
        components: states.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect(),
        written: Written::default(),
    })
}

/// A maintenance of the API.
pub fn maintenance(name: &str, starts_ms: i64, ends_ms: i64) -> Publication {
    Publication::Maintenance(AboutMaintenance {
        name: name.to_owned(),
        title: "New database".to_owned(),
        status: MaintenanceStatus::Scheduled,
        text: "Orders wait meanwhile.".to_owned(),
        components: ["api".to_owned()].into(),
        starts_ms,
        ends_ms,
        ends_itself: false,
        written: Written::default(),
    })
}

/// Components, without a story.
pub fn components(states: &[(&str, ComponentState)]) -> Publication {
    let components = states.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect();
    Publication::Components(AboutComponents { reason: "a secret reason".to_owned(), components, written_ms: 0 })
}

/// Commits an event that publishes these, approved by Ben.
pub async fn publish(store: &Store, id: &str, publications: impl IntoIterator<Item = Publication>) {
    store.accept(delivery(id)).await.expect("the database answers");
    let approved = |publication| Approved { publication, by: PersonId::from("ben") };
    let mut commit = commit(id);
    commit.publications = publications.into_iter().map(approved).collect();
    let outcome = store.commit(commit).await.expect("the database answers");
    assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
}
