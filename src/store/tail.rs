//! The end of a timeline as it was last seen: what a card shows of it and a commit compares. Kept in two places: the writer's memory
//! (`known`) has the ids, which are exact, the readers' (`memo`) has the lines, which may be behind.

use crate::model::incident::TimelineEntry;
use std::collections::VecDeque;

/// What a tail is made of.
pub(super) trait Line: Clone {
    fn id(&self) -> &str;
    /// What it takes up, roughly.
    fn bytes(&self) -> usize;
}

impl Line for String {
    fn id(&self) -> &str {
        self
    }

    fn bytes(&self) -> usize {
        64
    }
}

impl Line for TimelineEntry {
    fn id(&self) -> &str {
        &self.id
    }

    fn bytes(&self) -> usize {
        256 + self.text.len()
    }
}

/// The last lines of a timeline, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tail<L> {
    lines: VecDeque<L>,
    /// Nothing comes before them.
    whole: bool,
}

impl<L: Line> Tail<L> {
    /// What a search for the last `limit` lines found, oldest first.
    pub(super) fn found(lines: impl IntoIterator<Item = L>, limit: i64) -> Self {
        let lines: VecDeque<L> = lines.into_iter().collect();
        let whole = i64::try_from(lines.len()).is_ok_and(|found| found < limit);
        Self { lines, whole }
    }

    /// The last `limit` lines, oldest first; `None` if fewer are known than there may be.
    pub(super) fn last(&self, limit: i64) -> Option<impl Iterator<Item = &L>> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let covered = self.whole || limit <= self.lines.len();
        covered.then(|| self.lines.range(self.lines.len().saturating_sub(limit)..))
    }

    /// A line was appended. Its id may be older than the last one's, of which two calls at once can be the reason.
    pub(super) fn add(&mut self, line: L) {
        let at = self.lines.iter().rposition(|known| known.id() <= line.id()).map_or(0, |before| before + 1);
        if self.lines.get(at.wrapping_sub(1)).is_some_and(|known| known.id() == line.id()) {
            return;
        }
        // Before everything that is known, it may have others behind it that are not.
        if at > 0 || self.whole {
            self.lines.insert(at, line);
        }
    }

    /// Forgets the oldest lines, until what is left takes up no more than that.
    pub(super) fn trim(&mut self, bytes: usize) {
        let mut left = 0;
        let kept = self.lines.iter().rev().take_while(|line| {
            left += line.bytes();
            left <= bytes
        });
        let kept = kept.count();
        self.whole &= kept == self.lines.len();
        self.lines.drain(..self.lines.len() - kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(tail: &Tail<String>, limit: i64) -> Option<Vec<String>> {
        tail.last(limit).map(|lines| lines.cloned().collect())
    }

    #[test]
    fn more_is_not_told_than_is_known() {
        let mut tail = Tail::found(["b".to_owned(), "c".to_owned()], 2);
        assert_eq!(ids(&tail, 2), Some(vec!["b".to_owned(), "c".to_owned()]));
        assert_eq!(ids(&tail, 3), None, "there may be an `a`");
        tail.add("d".to_owned());
        assert_eq!(ids(&tail, 3).map(|ids| ids.concat()), Some("bcd".to_owned()));
        let whole = Tail::found(["b".to_owned()], 2);
        assert_eq!(ids(&whole, 9).map(|ids| ids.concat()), Some("b".to_owned()));
    }

    proptest! {
        /// A tail that saw everything that was written since tells of any length that it tells of at all what a search
        /// would find now, in whatever order it was written, and however much of it was forgotten.
        #[test]
        fn a_tail_that_is_told_everything_is_as_good_as_a_search(
            before in prop::collection::btree_set("[a-m]{2}", 0..12),
            limit in 0..8_i64,
            written in prop::collection::vec(("[a-z]{2}", prop::option::of(0..12_usize)), 0..12),
        ) {
            let mut all = before;
            let last = |all: &std::collections::BTreeSet<String>, limit: i64| -> Vec<String> {
                all.iter().skip(all.len().saturating_sub(usize::try_from(limit).unwrap())).cloned().collect()
            };
            let mut tail = Tail::found(last(&all, limit), limit);
            for (line, keep) in written {
                all.insert(line.clone());
                tail.add(line);
                if let Some(keep) = keep {
                    tail.trim(keep * 64);
                }
            }
            for asked in 0..20 {
                if let Some(told) = ids(&tail, asked) {
                    prop_assert_eq!(told, last(&all, asked));
                }
            }
        }
    }
}
