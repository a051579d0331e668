//! Pages that a platform did not take yet: before each try of anything else there, each of them is tried once more. So what is urgent
//! is first whenever the platform takes something again. Not for ever: what stops a page may be its own conversation's trouble.

use crate::model::ids::ConversationId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How long anything else waits for the next try of a page at most: a little more than pages wait between two tries.
const MOST: Duration = Duration::from_secs(20);
/// Tries of a page, ten minutes of them or more, after which nothing waits for it any more: it may have a trouble of its own.
const TRIES: u64 = 300;
/// How soon after a try a page is tried once more for the sake of what waits for it.
pub(super) const APART: Duration = Duration::from_secs(2);

/// What waits, and for what.
pub(super) struct Urgent {
    state: Mutex<State>,
    changed: Notify,
    most: Duration,
}

#[derive(Default)]
struct State {
    /// How often the pages of a conversation were tried in vain.
    pages: HashMap<ConversationId, u64>,
    /// How many wait until the pages of a platform were tried.
    behind: HashMap<String, usize>,
}

impl Default for Urgent {
    fn default() -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), most: MOST }
    }
}

/// Somebody waits behind a platform's pages, until this is dropped.
struct Behind<'a>(&'a Urgent, &'a str);

impl<'a> Behind<'a> {
    fn new(urgent: &'a Urgent, platform: &'a str) -> Self {
        *urgent.state().behind.entry(platform.to_owned()).or_default() += 1;
        urgent.changed.notify_waiters();
        Self(urgent, platform)
    }
}

impl Drop for Behind<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.0.state().behind.get_mut(self.1) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Urgent {
    /// A page was tried, and must be tried again. If it was one call too many, so that the platform `asked` to be left alone, what
    /// waits behind it goes on waiting: its calls would be the ones too many. But nothing comes of waiting for longer than anybody
    /// waits.
    pub(super) fn waits(&self, page: &ConversationId, asked: Option<Duration>) {
        if asked.is_some_and(|asked| asked > self.most) {
            return self.is_over(page);
        }
        let mut state = self.state();
        *state.pages.entry(page.clone()).or_default() += u64::from(asked.is_none());
        drop(state);
        self.changed.notify_waiters();
    }

    /// No page waits there any more.
    pub(super) fn is_over(&self, page: &ConversationId) {
        self.state().pages.remove(page);
        self.changed.notify_waiters();
    }

    /// Waits until every page that waits for a platform now was tried once more.
    pub(super) async fn goes_first(&self, platform: &str) {
        let waiting = self.waiting(platform);
        if waiting.is_empty() {
            return;
        }
        let _behind = Behind::new(self, platform);
        let tried = self.until(|state| {
            let is_as_it_was = |(page, tries): (&ConversationId, &u64)| state.pages.get(page) == Some(tries);
            !waiting.iter().any(is_as_it_was)
        });
        let _ = tokio::time::timeout(self.most, tried).await;
    }

    /// Waits until somebody waits behind a page's platform.
    pub(super) async fn is_waited_for(&self, page: &ConversationId) {
        self.until(|state| state.behind.get(page.platform()).is_some_and(|count| *count > 0)).await;
    }

    fn waiting(&self, platform: &str) -> HashMap<ConversationId, u64> {
        let state = self.state();
        let there = state.pages.iter().filter(|(page, tries)| page.platform() == platform && **tries <= TRIES);
        there.map(|(page, tries)| (page.clone(), *tries)).collect()
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no news is missed.
            changed.as_mut().enable();
            if is_so(&self.state()) {
                return;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::sync::Arc;
    use tokio::task::yield_now;

    const LIMITED: Option<Duration> = Some(Duration::from_secs(1));

    fn page() -> ConversationId {
        ConversationId::from("slack:#oncall")
    }

    #[tokio::test]
    async fn whatever_is_no_page_waits_for_one_more_try_of_those_that_wait() {
        let urgent = Arc::new(Urgent::default());
        assert!(urgent.goes_first("slack").now_or_never().is_some(), "no page waits");
        urgent.waits(&page(), LIMITED);
        assert!(urgent.goes_first("discord").now_or_never().is_some(), "that is another platform");
        assert!(urgent.is_waited_for(&page()).now_or_never().is_none());
        let again: fn(&Urgent, &ConversationId) = |urgent, page| urgent.waits(page, None);
        let ends = [again, Urgent::is_over];
        for ends in ends {
            let waiting = tokio::spawn({
                let urgent = urgent.clone();
                async move { urgent.goes_first("slack").await }
            });
            urgent.is_waited_for(&page()).await;
            yield_now().await;
            assert!(!waiting.is_finished());
            urgent.waits(&page(), LIMITED);
            yield_now().await;
            assert!(!waiting.is_finished(), "it was one call too many");
            ends(&urgent, &page());
            waiting.await.unwrap();
            assert!(urgent.is_waited_for(&page()).now_or_never().is_none(), "nobody waits any more");
        }
        assert!(urgent.goes_first("slack").now_or_never().is_some(), "it is there");
    }

    #[tokio::test]
    async fn a_page_that_is_not_tried_or_tried_in_vain_stops_nobody_for_ever() {
        let urgent = Urgent { most: Duration::from_millis(1), ..Urgent::default() };
        urgent.waits(&page(), None);
        urgent.goes_first("slack").await;
        let urgent = Urgent::default();
        (0..=TRIES).for_each(|_| urgent.waits(&page(), None));
        assert!(urgent.goes_first("slack").now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_page_that_may_not_be_tried_for_an_hour_delays_nobody() {
        let urgent = Arc::new(Urgent::default());
        urgent.waits(&page(), LIMITED);
        let waiting = tokio::spawn({
            let urgent = urgent.clone();
            async move { urgent.goes_first("slack").await }
        });
        urgent.is_waited_for(&page()).await;
        urgent.waits(&page(), Some(Duration::from_secs(3600)));
        waiting.await.unwrap();
        assert!(urgent.goes_first("slack").now_or_never().is_some(), "nor whoever comes later");
        urgent.waits(&page(), None);
        assert!(urgent.goes_first("slack").now_or_never().is_none(), "it is tried again");
    }
}
