//! Bounds of alerts and deploy records on their way in.

use std::time::Duration;

/// Bytes of a notification: an Alertmanager that groups a thousand alerts sends about one and a half MiB.
pub const HOOK_BODY_BYTES: usize = 2 * 1024 * 1024;
/// Notifications in hand at once; more are answered 503. With the body's bound it limits the memory that senders can take.
pub const HOOKS_IN_FLIGHT: usize = 128;
/// Besides these, notifications in hand that only a signature over the whole body vouches for: strangers can fill these
/// places, so they are few and apart.
pub const HOOKS_UNKNOWN: usize = 16;
/// Alerts of one notification: more is a mistake of grouping, and refused as a whole so that none is dropped unseen.
pub const ALERTS_PER_NOTIFICATION: usize = 2_000;
/// Alerts that one event carries, and one call of a plugin handles. One whose card is drawn asks some twenty-five things of
/// the host, so that all together stay at half of what a call may ask (`HOST_CALLS`).
pub const ALERTS_PER_EVENT: usize = 20;
/// Labels of one alert, and as many annotations. Alertmanager itself knows no bound; people use some ten.
pub const ALERT_LABELS: usize = 64;
/// Characters of a label's or annotation's name.
pub const ALERT_NAME_CHARS: usize = 128;
/// Characters of a label's value; the rest is cut.
pub const ALERT_LABEL_CHARS: usize = 512;
/// Characters of an annotation's value; the rest is cut.
pub const ALERT_ANNOTATION_CHARS: usize = 2_000;
/// Characters of an alert's title: one line on a telephone, and a little.
pub const ALERT_TITLE_CHARS: usize = 200;
/// Characters of an address that an alert brings.
pub const ALERT_URL_CHARS: usize = 1_000;
/// Rejects that an answer names; the rest are counted.
pub const REJECTS_NAMED: usize = 100;
/// A notification that its sender did not name is recognised as a repeat within this time, by its bytes. Longer than any
/// sender retries by itself, shorter than Alertmanager's usual `repeat_interval`.
pub const REPEAT_WITHIN: Duration = Duration::from_secs(300);
/// Routes of one source, and matchers or mute times of one route: more than anybody keeps in their head.
pub const ROUTES_MAX: usize = 200;
/// Matchers of one route.
pub const MATCHERS_MAX: usize = 20;
/// Bytes of a certificate or of the answer to a confirmation.
pub const FETCH_BYTES: usize = 64 * 1024;
/// How long fetching one may take: SNS waits fifteen seconds for our answer.
pub const FETCH_TIME: Duration = Duration::from_secs(8);
/// Bytes of an Alertmanager's list of silences, the largest answer of its API: some eight thousand.
pub const SILENCES_BYTES: usize = 4 * 1024 * 1024;
/// How long one request to an Alertmanager's API may take.
pub const SILENCE_REQUEST_TIME: Duration = Duration::from_secs(20);
