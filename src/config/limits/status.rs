//! The bounds of the public status page, each with its reason.

use std::time::Duration;

/// Characters of a public title: what a line of the page and a feed reader show.
pub const STATUS_TITLE_CHARS: usize = 200;
/// Characters of a public update: what fits the approval card that shows all of it.
pub const STATUS_TEXT_CHARS: usize = 2000;
/// Public updates of one incident or maintenance: more is a log, not news.
pub const STATUS_UPDATES: usize = 200;
/// Longest window of a maintenance, milliseconds: 30 days; what lasts longer is no maintenance.
pub const STATUS_WINDOW_MS: i64 = 30 * 86_400_000;
/// For how long work on production is announced, milliseconds: nobody knows, and its end is told when it comes.
pub const STATUS_WORK_MS: i64 = 3_600_000;
/// How long a proposal waits for somebody's yes, milliseconds: news that is older than an hour is written anew.
pub const STATUS_APPROVAL_MS: i64 = 3_600_000;
/// Components of the page: beyond it nobody finds theirs.
pub const STATUS_COMPONENTS: usize = 100;
/// Incidents, and maintenances, that are shown or fed at once: what Statuspage's feeds hold.
pub const STATUS_ENTRIES: usize = 50;
/// The least time between two renderings, so that a storm of changes costs one page a second.
pub const STATUS_RENDER_EVERY: Duration = Duration::from_secs(1);
/// How long changes are gathered before the page is copied to the artifact store.
pub const STATUS_EXPORT_AFTER: Duration = Duration::from_secs(3);
/// How often it is copied although nothing changed: the copy promises at least once an hour.
pub const STATUS_EXPORT_EVERY: Duration = Duration::from_secs(20 * 60);
/// How long until a copy that failed is tried again.
pub const STATUS_EXPORT_AGAIN: Duration = Duration::from_secs(60);
/// How long the database may take to say what is public before it counts as silent.
pub const STATUS_LOOK: Duration = Duration::from_secs(10);
/// How long the page may go unrefreshed before it says so: longer than a database takes to restart.
pub const STATUS_STALE: Duration = Duration::from_secs(120);
