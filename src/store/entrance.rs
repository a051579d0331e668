//! Deliveries on their way into the inbox, with what comes with them: the way back, and a deploy's row.

use super::error::StoreError;
use super::inbox::{self, Accepted};
use super::script::{Place, Script};
use super::session::Session;
use super::sql::Engine;
use super::work::Accept;
use super::{deploys, routes};
use crate::model::event::Delivery;

/// Adds what stores them, and `children` beside them, whose own way back is their parent's. `None` if there is nothing to store.
pub(super) fn push(
    script: &mut Script,
    engine: Engine,
    owner: &str,
    accepts: &[&Accept],
    children: &[&Delivery],
) -> Result<Option<Place>, StoreError> {
    let ways: Vec<_> =
        accepts.iter().filter_map(|accept| Some((&accept.delivery.id, accept.route.as_ref()?))).collect();
    if !ways.is_empty() {
        script.push(routes::insert(engine, &ways));
    }
    let deliveries: Vec<_> = accepts.iter().map(|accept| &accept.delivery).chain(children.iter().copied()).collect();
    if deliveries.is_empty() {
        return Ok(None);
    }
    let place = script.push(inbox::accept(engine, owner, &deliveries)?);
    script.extend(deploys::insert(engine, &deliveries)?);
    Ok(Some(place))
}

/// What became of them, in order, once the script has been committed.
pub(super) async fn answers(
    session: &mut Session,
    script: &mut Script,
    place: Option<Place>,
    accepts: &[&Accept],
) -> Vec<Accepted> {
    let Some(place) = place.filter(|_| !accepts.is_empty()) else { return Vec::new() };
    let inserted = script.take(place);
    let deliveries: Vec<_> = accepts.iter().map(|accept| &accept.delivery).collect();
    let engine = session.engine();
    inbox::accepted(session.connection(), engine, &deliveries, &inserted).await
}
