//! What stays: by literal ids, by an oracle of another make, and over simulated years with failures.

use crate::policy::Keep;
use crate::retention::{BROKEN_MS, Plan, Rules, plan};
use drillbell_sdk::{BackupCopy, Pinned};
use std::collections::{BTreeMap, BTreeSet};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Monday, 5 January 2026, 00:00 UTC.
const MONDAY: u64 = 1_767_571_200_000;

fn copy(taken_ms: u64, verdict: &str) -> BackupCopy {
    let object = format!("{}", taken_ms / HOUR);
    BackupCopy { object, taken_ms, verdict: verdict.to_owned(), ..BackupCopy::default() }
}

/// A copy at each full hour, the last one at `MONDAY` plus so many hours.
fn hourly(from: u64, to: u64) -> Vec<BackupCopy> {
    (from..=to).map(|hour| copy(MONDAY + hour * HOUR, "verified")).collect()
}

/// Hours since `MONDAY` of the copies that stay, newest first.
fn kept(plan: &Plan) -> Vec<u64> {
    plan.kept.iter().map(|(object, _)| object.parse::<u64>().expect("hours") - MONDAY / HOUR).collect()
}

fn rules() -> Rules<'static> {
    Rules::default()
}

#[test]
fn of_hourly_copies_exactly_thirty_five_stay() {
    // Six weeks and three days of them; it is Thursday, 03:00.
    let now = 6 * 168 + 3 * 24 + 3;
    let plan = plan(&hourly(0, now), &rules(), MONDAY + now * HOUR);
    let hours = (0..24).map(|back| now - back);
    // The last copies of the seven days before those: Wednesday until 03:00, then whole days.
    let days = [now - 24].into_iter().chain((1..7).map(|back| 6 * 168 + 2 * 24 - (back - 1) * 24 - 1));
    // Then the last of each of four weeks. The seventh day was a Thursday, so the first of them ends with Wednesday.
    let weeks = [5 * 168 + 3 * 24 - 1, 5 * 168 - 1, 4 * 168 - 1, 3 * 168 - 1];
    let expected: Vec<u64> = hours.chain(days).chain(weeks).collect();
    assert_eq!(expected.len(), 35);
    assert_eq!(kept(&plan), expected);
    assert_eq!(plan.gone.len(), usize::try_from(now + 1).expect("few") - 35);
    assert_eq!(plan.deletes().len(), plan.gone.len());
    assert_eq!(plan.kept[24].1, "daily 1 of 7");
    assert_eq!(plan.kept[34].1, "weekly 4 of 4");
}

#[test]
fn months_count_after_weeks_and_a_tier_of_none_leaves_its_turn() {
    let keep = Keep { hourly: 0, daily: 2, weekly: 0, monthly: 3 };
    let copies: Vec<_> = (0..120).map(|day| copy(MONDAY + day * DAY, "verified")).collect();
    let plan = plan(&copies, &Rules { keep, ..rules() }, MONDAY + 119 * DAY);
    // 4 and 3 May; then the last of what is older: 2 May, and the Sundays of the last weeks that end in April and March.
    assert_eq!(kept(&plan).iter().map(|hour| hour / 24).collect::<Vec<_>>(), [119, 118, 117, 111, 83]);
}

#[test]
fn a_broken_copy_takes_no_place_and_goes_after_a_week() {
    let mut copies = hourly(0, 30);
    copies[29].verdict = "broken".to_owned();
    let keep = Keep { hourly: 3, daily: 0, weekly: 0, monthly: 0 };
    let rules = Rules { keep, ..rules() };
    let soon = plan(&copies, &rules, MONDAY + 30 * HOUR);
    assert_eq!(kept(&soon), [30, 29, 28, 27], "29 is there to be looked at");
    let later = plan(&copies, &rules, MONDAY + 29 * HOUR + BROKEN_MS);
    assert_eq!(kept(&later), [30, 28, 27]);
}

#[test]
fn what_something_else_made_takes_no_place_and_is_left_alone() {
    let mut copies: Vec<_> = (0..6).map(|hour| copy(MONDAY + hour * HOUR, "verified")).collect();
    for (nth, one) in copies.iter_mut().enumerate() {
        one.object = if nth % 2 == 0 { format!("backups/shop/{nth}") } else { format!("old/{nth}") };
    }
    let keep = Keep { hourly: 1, daily: 0, weekly: 0, monthly: 0 };
    let plan = plan(&copies, &Rules { keep, own: "backups/shop/", ..rules() }, MONDAY + 6 * HOUR);
    assert_eq!(plan.deletes(), ["backups/shop/2", "backups/shop/0"]);
    let kept: Vec<_> = plan.kept.iter().map(|(object, why)| (object.as_str(), why.starts_with("adopted"))).collect();
    assert_eq!(kept, [("old/5", true), ("backups/shop/4", false), ("old/3", true), ("old/1", true)]);
}

#[test]
fn an_old_copy_that_was_found_broken_only_now_stays_a_week_from_now() {
    let mut copies = hourly(0, 2000);
    copies[3].verdict = "broken".to_owned();
    copies[3].checked_ms = Some(MONDAY + 1999 * HOUR);
    let keep = Keep { hourly: 2, daily: 0, weekly: 0, monthly: 0 };
    let rules = Rules { keep, ..rules() };
    assert_eq!(kept(&plan(&copies, &rules, MONDAY + 2000 * HOUR)), [2000, 1999, 3]);
    assert_eq!(kept(&plan(&copies, &rules, MONDAY + 1999 * HOUR + BROKEN_MS)), [2000, 1999]);
}

#[test]
fn pins_the_newest_proven_copy_and_the_newest_copy_stay_beyond_all_tiers() {
    let mut copies = hourly(0, 30);
    copies[2].pinned = Some(Pinned { by: "ana".to_owned(), at_ms: 1, reason: "the sale".to_owned() });
    copies[4].verdict = "proven".to_owned();
    copies[3].verdict = "proven".to_owned();
    let keep = Keep { hourly: 2, daily: 0, weekly: 0, monthly: 0 };
    let plan = plan(&copies, &Rules { keep, expires_ms: Some(HOUR / 2), ..rules() }, MONDAY + 31 * HOUR);
    let told: Vec<_> = kept(&plan).into_iter().zip(plan.kept.iter().map(|(_, why)| why.as_str())).collect();
    assert_eq!(told, [(30, "the newest copy"), (4, "the newest proven copy"), (2, "pinned by ana: the sale")]);
}

#[test]
fn nothing_goes_when_something_is_wrong() {
    let now = MONDAY + 60 * HOUR;
    let copies = hourly(0, 60);
    let held = |copies: &[BackupCopy], rules: &Rules<'_>, now_ms| {
        let plan = plan(copies, rules, now_ms);
        assert_eq!((plan.deletes().len(), plan.gone.is_empty()), (0, false));
        plan.held.expect("held")
    };
    let failed = Rules { failure: Some("the disk was full"), ..rules() };
    let mut broken = copies.clone();
    broken[60].verdict = "broken".to_owned();
    let unseen: Vec<_> = (0..60).map(|hour| copy(MONDAY + hour * HOUR, "unverified")).collect();
    let strict = Rules { max_age_ms: Some(2 * HOUR), ..rules() };
    insta::assert_snapshot!(
        [
            held(&copies, &failed, now),
            held(&broken, &rules(), now),
            held(&copies, &strict, now + 3 * HOUR),
            held(&unseen, &rules(), now),
        ]
        .join("\n"),
        @r"
    nothing is deleted on a day with failures: the disk was full
    the newest copy, 491052, is broken
    the newest copy, 491052, is 3 h old: take one first
    no copy is known to be whole: verify one first
    "
    );
    assert_eq!(plan(&hourly(0, 5), &failed, now).held, None, "there is nothing to hold");
    assert_eq!(plan(&[], &rules(), now), Plan::default());
}

/// The same rules in other words: groups instead of a walk.
fn oracle(copies: &[BackupCopy], keep: Keep) -> BTreeSet<u64> {
    let mut left: BTreeSet<u64> = copies.iter().map(|copy| copy.taken_ms).collect();
    let mut stay = BTreeSet::new();
    let month = |ms: u64| {
        let sunday = (ms - MONDAY % (7 * DAY)) / (7 * DAY) * 7 * DAY + MONDAY % (7 * DAY) + 6 * DAY;
        let text = drillbell_sdk::time::rfc3339(sunday);
        text[..4].parse::<u64>().expect("a year") * 12 + text[5..7].parse::<u64>().expect("a month")
    };
    let week = |ms: u64| (ms - MONDAY % (7 * DAY)) / (7 * DAY);
    let tiers: [(usize, &dyn Fn(u64) -> u64); 4] =
        [(keep.hourly, &|ms| ms / HOUR), (keep.daily, &|ms| ms / DAY), (keep.weekly, &week), (keep.monthly, &month)];
    for (count, bucket) in tiers {
        let mut last_of: BTreeMap<u64, u64> = BTreeMap::new();
        for ms in &left {
            last_of.insert(bucket(*ms), *ms);
        }
        let chosen: Vec<_> = last_of.into_iter().rev().take(count).collect();
        let Some((oldest, _)) = chosen.last().copied() else { continue };
        stay.extend(chosen.into_iter().map(|(_, ms)| ms));
        left.retain(|ms| bucket(*ms) < oldest);
    }
    stay
}

/// Good enough to be unpredictable, and the same every time.
struct Dice(u64);

impl Dice {
    fn one_in(&mut self, sides: u64) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).is_multiple_of(sides)
    }
}

/// A year of hourly runs, some of which fail, whole days of outage, several copies in an hour; retention at 03:00 unless the day before had a
/// failure. Deleting a little every day must leave what deleting once at the end would.
#[test]
fn after_a_year_with_failures_exactly_the_expected_copies_are_left_and_the_newest_proven_always() {
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let keep = [
            Keep::default(),
            Keep { hourly: 12, daily: 30, weekly: 8, monthly: 12 },
            Keep { hourly: 0, daily: 7, weekly: 0, monthly: 2 },
            Keep { hourly: 3, daily: 0, weekly: 5, monthly: 0 },
        ][usize::try_from(seed % 4).expect("small")];
        let (mut there, mut ever): (Vec<BackupCopy>, Vec<BackupCopy>) = (Vec::new(), Vec::new());
        let (mut failed_at, mut down_until, mut held) = (None, 0, 0);
        for hour in 0..365 * 24_u64 {
            let now = MONDAY + hour * HOUR;
            if dice.one_in(24 * 40) {
                down_until = now + 30 * HOUR;
            }
            let fails = now < down_until || dice.one_in(60);
            if fails {
                failed_at = Some(now);
            } else {
                let extra = dice.one_in(50).then(|| copy(now + HOUR / 3, "verified"));
                let taken = copy(now, "verified");
                for mut one in [Some(taken), extra].into_iter().flatten() {
                    one.object = one.taken_ms.to_string();
                    ever.push(one.clone());
                    there.push(one);
                }
            }
            if dice.one_in(24 * 30)
                && let Some(newest) = there.iter_mut().max_by_key(|copy| copy.taken_ms)
            {
                newest.verdict = "proven".to_owned();
                let object = newest.object.clone();
                ever.iter_mut()
                    .filter(|copy| copy.object == object)
                    .for_each(|copy| copy.verdict = "proven".to_owned());
            }
            if hour % 24 != 3 {
                continue;
            }
            let failure = failed_at.filter(|at| now - at < DAY).map(|_| "it failed");
            let newest_proven =
                there.iter().filter(|copy| copy.verdict == "proven").max_by_key(|copy| copy.taken_ms).cloned();
            let plan = plan(&there, &Rules { keep, failure, max_age_ms: Some(2 * HOUR), ..rules() }, now);
            if plan.held.is_some() {
                held += 1;
                assert!(plan.deletes().is_empty());
                continue;
            }
            let gone: BTreeSet<_> = plan.deletes().into_iter().map(str::to_owned).collect();
            there.retain(|copy| !gone.contains(&copy.object));
            // The oracle looks at the whole year each time: once a week is enough to see where they part, daily towards the end.
            if (hour / 24) % 7 != 0 && hour < 358 * 24 {
                continue;
            }
            let mut expected = oracle(&ever, keep);
            expected.extend(newest_proven.iter().map(|copy| copy.taken_ms));
            let best = ever.iter().filter(|copy| copy.verdict == "proven").max_by_key(|copy| copy.taken_ms);
            let best = best.or_else(|| ever.iter().max_by_key(|copy| copy.taken_ms));
            expected.extend(best.map(|copy| copy.taken_ms));
            expected.extend(ever.iter().map(|copy| copy.taken_ms).max());
            let left: BTreeSet<_> = there.iter().map(|copy| copy.taken_ms).collect();
            assert_eq!(left, expected, "seed {seed}, hour {hour}");
            assert!(newest_proven.is_none_or(|copy| left.contains(&copy.taken_ms)));
        }
        assert!(held > 20, "failures hold retention back: {held}");
    }
}
