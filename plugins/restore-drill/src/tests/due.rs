//! When drills are due and overdue: by literal moments, and by what must hold for any.

use crate::due::{Due, GRACE_MS, Known, WITHIN_MS, alarm_at_ms, due, reminder, reminders_to_come};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// 1 January 2026, 05:00 UTC.
const JANUARY: u64 = 1_767_243_600_000;

/// Good enough to be unpredictable, and the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn maybe(&mut self, moment: u64) -> Option<u64> {
        (self.roll(3) > 0).then_some(moment)
    }
}

#[test]
fn what_was_put_off_waits_and_what_has_passed_is_due_now() {
    let known = Known { scheduled_ms: Some(JANUARY), since_ms: JANUARY - DAY, ..Known::default() };
    assert_eq!(due(&known, JANUARY - HOUR).next_ms, Some(JANUARY));
    assert_eq!(due(&known, JANUARY + HOUR).next_ms, Some(JANUARY + HOUR));
    let put_off = Known { put_off_ms: Some(JANUARY + 3 * DAY), ..known };
    assert_eq!(due(&put_off, JANUARY - HOUR).next_ms, Some(JANUARY + 3 * DAY));
    assert_eq!(due(&put_off, JANUARY + 3 * DAY).next_ms, Some(JANUARY + 3 * DAY), "its moment has come");
    assert_eq!(due(&Known { scheduled_ms: None, ..known }, JANUARY).next_ms, None);
}

#[test]
fn overdue_is_what_was_proven_more_than_31_days_ago() {
    let known = Known { proven_ms: Some(JANUARY), since_ms: 0, ..Known::default() };
    let at = |days: u64| due(&known, JANUARY + days * DAY);
    assert_eq!((at(31).overdue_ms, at(32).overdue_ms), (None, Some(DAY)));
    assert_eq!(alarm_at_ms(&at(0), JANUARY), JANUARY + WITHIN_MS + GRACE_MS);
    assert_eq!(alarm_at_ms(&at(33), JANUARY + 33 * DAY), JANUARY + 33 * DAY + GRACE_MS, "daily from then on");
}

#[test]
fn for_any_moments_the_answers_agree_with_each_other() {
    let mut dice = Dice(1);
    for _ in 0..20_000 {
        let now = JANUARY + dice.roll(400 * DAY);
        let (a, b, c) = (dice.roll(500 * DAY), dice.roll(500 * DAY), dice.roll(500 * DAY));
        let known = Known {
            scheduled_ms: dice.maybe(JANUARY + a),
            put_off_ms: dice.maybe(JANUARY + b),
            proven_ms: dice.maybe((JANUARY + c).min(now)),
            since_ms: JANUARY,
        };
        let then = due(&known, now);
        let waits = known.put_off_ms.is_some_and(|until| until > now);
        assert_eq!(then.next_ms.is_none(), known.scheduled_ms.is_none() && !waits, "{known:?}");
        assert!(then.next_ms.is_none_or(|next| next >= now), "nothing is planned for the past: {known:?}");
        if waits {
            assert_eq!(then.next_ms, known.put_off_ms, "nobody's word is overruled: {known:?}");
        }
        let age = now - known.proven_ms.unwrap_or(JANUARY);
        assert_eq!(then.overdue_ms, age.checked_sub(WITHIN_MS).filter(|late| *late > 0), "{known:?}");
        let later = due(&known, now + 1 + dice.roll(DAY));
        assert!(later.overdue_ms >= then.overdue_ms, "time mends nothing: {known:?}");
        let proven = due(&Known { proven_ms: Some(now), ..known }, now);
        assert_eq!(proven.overdue_ms, None, "a proof mends it at once");
        let alarm = alarm_at_ms(&then, now);
        assert!(alarm > now && alarm >= then.overdue_at_ms + GRACE_MS, "{known:?}");
        assert!(alarm <= now + DAY || then.overdue_at_ms + GRACE_MS > now, "one a day: {known:?}");
        assert_eq!(alarm_at_ms(&then, now + dice.roll(alarm - now)), alarm, "setting it again moves nothing");
    }
}

#[test]
fn whenever_the_bot_looks_each_reminder_is_told_once_at_most_and_none_too_early_or_too_late() {
    let mut dice = Dice(2);
    for _ in 0..3_000 {
        let due_ms = JANUARY + 60 * DAY;
        let mut offsets: Vec<u64> = (0..=dice.roll(4)).map(|_| 1 + dice.roll(3 * DAY)).collect();
        offsets.sort_unstable();
        offsets.dedup();
        let outage = dice.roll(3) == 0;
        let (mut now, mut told, mut all) = (due_ms - 4 * DAY, None, Vec::new());
        while now < due_ms + DAY {
            if let Some(before) = reminder(due_ms, &offsets, told, now) {
                assert!(now < due_ms && due_ms - before <= now, "not before its moment, not after the drill");
                assert!(told.is_none_or(|told| before < told), "each once, in their order");
                (told, _) = (Some(before), all.push(before));
            }
            let next = reminders_to_come(due_ms, &offsets, now).into_iter().map(|(_, at)| at).min();
            let wake = next.unwrap_or(due_ms + DAY);
            now = if outage { wake + dice.roll(2 * DAY) } else { wake };
        }
        if !outage {
            assert_eq!(all, offsets.into_iter().rev().collect::<Vec<_>>(), "who is there hears all");
        }
    }
}

/// Whoever drills every month on the first, and passes, is never cried at.
#[test]
fn a_year_of_monthly_drills_that_pass_raises_no_alarm() {
    let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut began, mut dice) = (JANUARY, Dice(3));
    let mut alarm: Option<(Due, u64)> = None;
    for month in days {
        let ended = began + 1 + dice.roll(2 * HOUR);
        if let Some((_, at)) = alarm {
            assert!(at >= ended, "the one before still stands for it");
        }
        let proven = Known { proven_ms: Some(ended), since_ms: JANUARY, ..Known::default() };
        let then = due(&proven, ended);
        alarm = Some((then, alarm_at_ms(&then, ended)));
        began += month * DAY;
    }
    let (then, at) = alarm.expect("a year");
    assert_eq!(at, then.overdue_at_ms + GRACE_MS, "and the month without one is told");
}
