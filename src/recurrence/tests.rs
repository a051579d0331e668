//! Expressions, zones and changes of clocks, against a second implementation that shares nothing with the first.

use super::*;
use crate::clock::rfc3339;
use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use std::str::FromStr;

fn ms(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

/// The next `count` moments after one, without the milliseconds.
fn series(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let recurrence = Recurrence::parse(expression, zone).unwrap();
    let mut at = ms(after);
    let mut found = Vec::new();
    while let Some(next) = recurrence.next(at).filter(|_| found.len() < count) {
        found.push(rfc3339(next).replace(".000Z", "Z"));
        at = next;
    }
    found
}

#[test]
fn what_is_not_understood_names_the_field_and_what_may_be_there() {
    let said = |text: &str| Recurrence::parse(text, "").unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            "", "0 2 * *", "0 0 2 * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
            "* * * foo *", "5/10 * * * *", "*/0 * * * *", "30-10 * * * *", "* * * * sat-tue", "1,,2 * * * *", "-1 * * * *",
            "* * L * *", "@reboot", "0 0 30 2 *", "0 0 31 apr,jun *",
        ]
        .map(said)
        .join("\n"),
        @r#"
    expression: it has 0 fields; expected five: minute, hour, day of month, month, day of week
    expression: it has 4 fields; expected five: minute, hour, day of month, month, day of week
    expression: it has 6 fields; expected five: minute, hour, day of month, month, day of week; seconds and years have no place in it
    minute: "60" is not one; expected 0 to 59, `*`, a-b, */n, or a list
    hour: "24" is not one; expected 0 to 23, `*`, a-b, */n, or a list
    day of month: "0" is not one; expected 1 to 31, `*`, a-b, */n, or a list
    month: "13" is not one; expected 1 to 12, jan and so on, `*`, a-b, */n, or a list
    day of week: "8" is not one; expected 0 to 7, sun and so on, `*`, a-b, */n, or a list
    month: "foo" is not one; expected 1 to 12, jan and so on, `*`, a-b, */n, or a list
    minute: a step needs a range: write 5-59/10 for from "5" on
    minute: "0" is no step; expected 1 to 59
    minute: "30" comes after "10"; write two ranges with a comma between them
    day of week: "sat" comes after "tue"; write two ranges with a comma between them
    minute: "" is not one; expected 0 to 59, `*`, a-b, */n, or a list
    minute: "" is not one; expected 0 to 59, `*`, a-b, */n, or a list
    day of month: "L" is not one; expected 1 to 31, `*`, a-b, */n, or a list
    expression: "@reboot" is none of @hourly, @daily, @weekly, @monthly, @yearly
    expression: no month named has a 30th day, so that it never comes
    expression: no month named has a 31th day, so that it never comes
    "#
    );
    let zone = |name: &str| Recurrence::parse("@daily", name).unwrap_err().to_string();
    insta::assert_snapshot!([zone("Europe/Lisboa"), zone("Mars/Olympus")].join("\n"), @r#"
    "Europe/Lisboa" is no time zone, did you mean Europe/Lisbon?; expected a name such as UTC or Europe/Lisbon
    "Mars/Olympus" is no time zone; expected a name such as UTC or Europe/Lisbon
    "#);
    assert_eq!(Recurrence::parse("@Daily", "europe/lisbon").unwrap().to_string(), "0 0 * * * Europe/Lisbon");
}

#[test]
fn zero_and_seven_are_sunday_and_names_go_in_any_case() {
    let sundays = ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"];
    for expression in ["0 0 * * 0", "0 0 * * 7", "0 0 * * SUN", "0 0 * * Sun", "@weekly", "0 0 * * 7-7"] {
        assert_eq!(series(expression, "", "2026-01-01T00:00:00Z", 2), sundays, "{expression}");
    }
    let friday_on = ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-09T00:00:00Z"];
    for expression in ["0 0 * * fri-sun", "0 0 * * 5-7", "0 0 * * 5-0", "0 0 * * 0,5,6"] {
        assert_eq!(series(expression, "", "2026-01-01T00:00:00Z", 4), friday_on, "{expression}");
    }
    assert_eq!(
        series("0 0 1 JAN,jul *", "", "2026-01-01T00:00:00Z", 2),
        ["2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"]
    );
}

#[test]
fn of_two_restricted_day_fields_either_may_match() {
    let either = ["2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-06T00:00:00Z"];
    assert_eq!(series("0 0 13 * fri", "", "2026-02-06T00:00:00Z", 4), either);
    assert_eq!(series("0 0 13 * *", "", "2026-02-06T00:00:00Z", 1), ["2026-02-13T00:00:00Z"]);
    assert_eq!(series("0 0 29 2 *", "", "2026-01-01T00:00:00Z", 2), ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]);
}

#[test]
fn a_skipped_local_time_happens_once_at_the_end_of_the_gap() {
    // In Berlin 02:00 became 03:00 on 29 March 2026.
    let (zone, before) = ("Europe/Berlin", "2026-03-28T12:00:00Z");
    let once = ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"];
    assert_eq!(series("30 2 * * *", zone, before, 2), once);
    assert_eq!(series("15,30,45 2 * * *", zone, before, 2), ["2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"]);
    // By real hours nothing is made up for.
    let hourly = ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"];
    assert_eq!(series("30 * * * *", zone, "2026-03-29T00:00:00Z", 2), hourly);
    // A gap at midnight, and one of half an hour.
    assert_eq!(series("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", 1), ["2026-04-23T22:00:00Z"]);
    assert_eq!(series("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", 1), ["2026-10-03T15:30:00Z"]);
}

#[test]
fn a_repeated_local_time_happens_the_first_time_only() {
    // In Berlin 03:00 became 02:00 on 25 October 2026.
    let (zone, before) = ("Europe/Berlin", "2026-10-24T12:00:00Z");
    assert_eq!(series("30 2 * * *", zone, before, 2), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let by_name = ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z"];
    assert_eq!(series("*/30 2-3 * * *", zone, before, 3), by_name);
    let by_real_hours =
        ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"];
    assert_eq!(series("*/30 * * * *", zone, "2026-10-24T23:30:00Z", 4), by_real_hours);
}

#[test]
fn nothing_comes_after_the_end_of_the_calendar_and_nothing_panics() {
    let recurrence = Recurrence::parse("* * * * *", "Asia/Kathmandu").unwrap();
    for at in [i64::MIN, i64::MAX, ms("2101-01-01T00:00:00Z")] {
        assert_eq!(recurrence.next(at), None);
    }
    assert_eq!(recurrence.previous(i64::MIN), None);
    assert_eq!(recurrence.previous(-90_000_000), None, "before the epoch");
}

/// `(text, values)` of a field, small enough to multiply out.
fn field(least: u8, most: u8) -> impl Strategy<Value = String> {
    let value = least..=most;
    let span = most - least;
    prop_oneof![
        4 => value.clone().prop_map(|value| value.to_string()),
        2 => (value.clone(), 0..=span).prop_map(move |(from, more)| format!("{from}-{}", from.saturating_add(more).min(most))),
        1 => prop::collection::vec(value.clone(), 1..4).prop_map(|all| all.iter().map(u8::to_string).collect::<Vec<_>>().join(",")),
        1 => (1..=span).prop_map(|step| format!("*/{step}")),
        1 => (value, 1..=span).prop_map(move |(from, step)| format!("{from}-{most}/{step}")),
    ]
}

fn or_star(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop_oneof![1 => Just("*".to_owned()), 1 => inner]
}

fn weekday() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["SUN", "mon", "Tue", "wed", "thu", "fri", "sat"]).prop_map(str::to_owned);
    prop_oneof![2 => field(0, 7), 1 => name]
}

const ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Asia__Kathmandu,
    Tz::America__St_Johns,
    Tz::Africa__Cairo,
    Tz::Pacific__Chatham,
];

/// What the other implementation says. Of several named times in one expression it makes an interval, which does not happen in
/// a gap and happens twice when clocks go back; asked for each time by itself it agrees on what named times mean.
fn other(expression: &str, zone: Tz, after_ms: i64) -> Option<i64> {
    let fields: Vec<&str> = expression.split(' ').collect();
    let whole = croner::Cron::from_str(expression).unwrap();
    let singles: Vec<croner::Cron> = if fields[1].starts_with('*') {
        vec![whole]
    } else {
        // The values of a field, found by asking on which of them it matches.
        let matches = |minute: u32, hour: u32| {
            let only = croner::Cron::from_str(&format!("{} {} * * *", fields[0], fields[1])).unwrap();
            only.is_time_matching(&Utc.with_ymd_and_hms(2026, 1, 1, hour, minute, 0).unwrap()).unwrap()
        };
        let hours = (0..24).filter(|hour| (0..60).any(|minute| matches(minute, *hour)));
        let rest = fields[2..].join(" ");
        hours
            .flat_map(|hour| (0..60).filter(move |minute| matches(*minute, hour)).map(move |minute| (minute, hour)))
            .map(|(minute, hour)| croner::Cron::from_str(&format!("{minute} {hour} {rest}")).unwrap())
            .collect()
    };
    let after = zone.timestamp_millis_opt(after_ms).unwrap();
    let found = singles.iter().filter_map(|cron| cron.find_next_occurrence(&after, false).ok());
    found.map(|at| at.timestamp_millis()).min()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn it_agrees_with_an_independent_implementation(
        minute in or_star(field(0, 59)),
        hour in or_star(field(0, 23)),
        day in or_star(field(1, 31)),
        month in or_star(field(1, 12)),
        weekday in or_star(weekday()),
        zone in prop::sample::select(ZONES.to_vec()),
        // Whole seconds of 2024 to 2030, half of them within two days of a change of clocks.
        at in prop_oneof![1_704_067_200..1_893_456_000_i64, change_of_clocks()],
    ) {
        // Every minute of every hour by name is 1440 expressions for the other.
        prop_assume!(hour.starts_with('*') || minute.len() <= 2 && minute != "*");
        let expression = format!("{minute} {hour} {day} {month} {weekday}");
        let Ok(ours) = Recurrence::parse(&expression, zone.name()) else {
            prop_assert!(day != "*" && weekday == "*", "only what never comes is refused: {}", expression);
            return Ok(());
        };
        let next = ours.next(at * 1000);
        prop_assert_eq!(next, other(&expression, zone, at * 1000), "{} {} after {}", expression, zone, rfc3339(at * 1000));
        let next = next.unwrap();
        // Backwards it is the same series.
        prop_assert_eq!(ours.previous(next), Some(next));
        prop_assert_eq!(ours.previous(next + 999), Some(next));
        prop_assert!(ours.previous(next - 1).is_none_or(|before| before <= at * 1000));
    }

    #[test]
    fn whatever_is_written_never_panics(expression in "[-0-9*/,@a-z \u{e9}]{0,30}|\\PC{0,60}", zone in "[A-Za-z/_ ]{0,20}") {
        if let Ok(recurrence) = Recurrence::parse(&expression, "UTC") {
            let next = recurrence.next(1_767_225_600_000);
            prop_assert!(next.is_none_or(|next| next > 1_767_225_600_000 && next % 60_000 == 0));
        }
        let _ = Recurrence::parse("@daily", &zone);
    }
}

/// Seconds around the moments at which one of the zones changes its clocks.
fn change_of_clocks() -> impl Strategy<Value = i64> {
    let changes: Vec<i64> = [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
        "2026-03-08T05:30:00Z",
        "2026-11-01T04:30:00Z",
        "2026-04-23T22:00:00Z",
        "2026-10-29T21:00:00Z",
        "2026-04-04T14:00:00Z",
        "2026-09-26T14:00:00Z",
    ]
    .map(|at| ms(at) / 1000)
    .to_vec();
    (prop::sample::select(changes), -100_000..100_000_i64).prop_map(|(at, off)| at + off)
}
