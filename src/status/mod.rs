//! The public status page as pure rules: the words, what they add up to, and how they look as a page, as feeds in the shape
//! that Statuspage clients read, and as Atom. No I/O and no clock: what is true now is computed from what was published.
//! Nothing here knows an incident's own title, people or channels; what was not published cannot be shown.

mod atom;
mod days;
mod feed;
mod notice;
mod overall;
mod own;
mod page;
mod rules;
mod site;

pub use crate::model::public::{
    AboutComponents, AboutIncident, AboutMaintenance, AboutNotice, AboutWork, ComponentState, Indicator,
    MaintenanceStatus, NoticeWords, PublicThing, Publication, WorkWords, Written,
};
pub use days::{Day, days_of};
pub use notice::{Affected, Maintenance, MaintenanceUpdate, PublicIncident, PublicUpdate, Said, Snapshot};
pub use overall::{Overall, Standing, overall, standings};
pub use rules::{Change, Public, Refusal, apply, check, fits, fits_components, proposal_text};
pub use site::{File, Frame, Kind, Site, render};

#[cfg(test)]
mod tests;
