//! What programs may ask beside commands: one file a part of `/api/v1`. The pages show the same, through the same functions.

pub(super) mod audit;
pub(super) mod backups;
mod catalog;
pub(super) mod changes;
pub(super) mod conversations;
mod deploys;
pub(super) mod drills;
pub(super) mod incidents;
mod oncall;
pub(super) mod overview;
pub(super) mod paging;
pub(super) mod plugins;
pub(super) mod postmortems;
mod reactions;
pub(super) mod runbooks;
pub(super) mod sessions;
pub(super) mod tokens;

use super::route::Route;

/// All of their routes.
pub(super) fn routes() -> Vec<Route> {
    [
        overview::routes(),
        incidents::routes(),
        audit::routes(),
        backups::routes(),
        runbooks::routes(),
        deploys::routes(),
        drills::routes(),
        plugins::routes(),
        postmortems::routes(),
        catalog::routes(),
        conversations::routes(),
        reactions::routes(),
        oncall::routes(),
        sessions::routes(),
        tokens::routes(),
        changes::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
