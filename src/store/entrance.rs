//! Deliveries on their way into the inbox, with what comes with them: the way back, and a deploy's row.

use super::error::StoreError;
use super::inbox::{self, Accepted};
use super::script::{Place, Script};
use super::session::Session;
use super::sql::Engine;
use super::work::Accept;
use super::{deploys, routes};
use crate::model::event::Delivery;
use crate::model::ids::DeliveryId;
use std::collections::HashSet;

/// Where it will stand how they were taken in.
#[derive(Default)]
pub(super) struct Entered {
    place: Option<Place>,
    /// Those that are stored as what they have become: done. If they are known, and not open and ours, the transaction fails.
    done: HashSet<DeliveryId>,
}

/// What is to be stored in one go.
#[derive(Default)]
pub(super) struct Entering<'a> {
    /// What came to the door.
    pub(super) accepts: &'a [&'a Accept],
    /// What follows from commits, whose own way back is their parent's.
    pub(super) children: &'a [&'a Delivery],
    /// Those of both that the caller stores, as what they have become.
    pub(super) done: HashSet<DeliveryId>,
}

/// Adds what stores them.
pub(super) fn push(
    script: &mut Script,
    engine: Engine,
    owner: &str,
    Entering { accepts, children, done }: Entering<'_>,
) -> Result<Entered, StoreError> {
    let ways: Vec<_> =
        accepts.iter().filter_map(|accept| Some((&accept.delivery.id, accept.route.as_ref()?))).collect();
    if !ways.is_empty() {
        script.push(routes::insert(engine, &ways));
    }
    let all: Vec<_> = accepts.iter().map(|accept| &accept.delivery).chain(children.iter().copied()).collect();
    script.extend(deploys::insert(engine, &all)?);
    let new: Vec<_> = all.into_iter().filter(|delivery| !done.contains(&delivery.id)).collect();
    let place = match new.is_empty() {
        true => None,
        false => Some(script.push(inbox::accept(engine, owner, &new)?)),
    };
    Ok(Entered { place, done })
}

/// What became of them, in order, once the script has been committed.
pub(super) async fn answers(
    session: &mut Session,
    script: &mut Script,
    entered: Entered,
    accepts: &[&Accept],
) -> Vec<Accepted> {
    let Entered { place, done } = entered;
    let is_done = |accept: &&&Accept| done.contains(&accept.delivery.id);
    let asked: Vec<_> = accepts.iter().filter(|accept| !is_done(accept)).map(|accept| &accept.delivery).collect();
    let mut answers = Vec::new();
    if let Some(place) = place.filter(|_| !asked.is_empty()) {
        let inserted = script.take(place);
        let engine = session.engine();
        answers = inbox::accepted(session.connection(), engine, &asked, &inserted).await;
    }
    let mut answers = answers.into_iter();
    let answer = |accept: &&Accept| if is_done(&accept) { Some(Accepted::New) } else { answers.next() };
    accepts.iter().map_while(answer).collect()
}
