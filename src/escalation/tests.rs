//! Every instant has exactly one who is on call, hours are local hours, and what is exported is what is asked.

use super::calendar::{escaped, folded, shifts};
use super::*;
use crate::clock::rfc3339;
use crate::config::{Config, Env};
use chrono::{DateTime, NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

fn ms(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

fn roster(text: &str) -> Roster {
    let people = "[people.ana]\nname = \"Ana\"\nconsole = \"ana\"\n[people.ben]\nconsole = \"ben\"\n[people.cid]\nconsole = \"cid\"\n";
    let file = std::path::Path::new("drillbell.toml");
    let config = Config::parse(&format!("{text}\n{people}"), file, &Env::none()).unwrap_or_else(|e| panic!("{e}"));
    Roster::of(&config)
}

const PRIMARY: &str = r#"
[rotations.primary]
members = ["ana", "ben"]
handover = "Mon 09:00"
timezone = "Europe/Lisbon"
from = "2026-01-05"
overrides = [
  { who = "cid", from = "2026-01-07 18:00", until = "2026-01-08 08:00" },
  { who = "ana", from = 2026-01-15T00:00:00, until = 2026-01-16T00:00:00 },
]
"#;

#[test]
fn weeks_go_round_and_an_override_goes_before_them() {
    let roster = roster(PRIMARY);
    let told = |at: &str| {
        let shift = roster.on_call("primary", ms(at)).unwrap();
        let instead = shift.stands_in_for.map(|who| format!(" for {who}")).unwrap_or_default();
        format!("{}{instead} {} {}", shift.who, rfc3339(shift.from_ms), rfc3339(shift.until_ms))
    };
    insta::assert_snapshot!([
        "2025-12-30T00:00:00Z",
        "2026-01-05T08:59:59Z",
        "2026-01-05T09:00:00Z",
        "2026-01-08T00:00:00Z",
        "2026-01-08T08:00:00Z",
        "2026-01-15T12:00:00Z",
    ].map(told).join("\n"), @"
    ben 2025-12-29T09:00:00.000Z 2026-01-05T09:00:00.000Z
    ben 2025-12-29T09:00:00.000Z 2026-01-05T09:00:00.000Z
    ana 2026-01-05T09:00:00.000Z 2026-01-07T18:00:00.000Z
    cid for ana 2026-01-07T18:00:00.000Z 2026-01-08T08:00:00.000Z
    ana 2026-01-08T08:00:00.000Z 2026-01-12T09:00:00.000Z
    ana for ben 2026-01-15T00:00:00.000Z 2026-01-16T00:00:00.000Z
    ");
}

#[test]
fn a_handover_is_at_its_local_time_before_and_after_clocks_change() {
    let sunday = "[rotations.r]\nmembers = [\"ana\", \"ben\"]\nfrom = \"2026-01-01\"\ntimezone = \"Europe/Berlin\"\n";
    let at = |handover: &str, at: &str| {
        let shift = roster(&format!("{sunday}handover = \"{handover}\"\n")).on_call("r", ms(at)).unwrap();
        format!("{} {}", rfc3339(shift.from_ms), rfc3339(shift.until_ms))
    };
    // In Berlin 02:00 became 03:00 on 29 March 2026, a Sunday, and 03:00 became 02:00 on 25 October.
    assert_eq!(at("Mon 09:00", "2026-03-28T00:00:00Z"), "2026-03-23T08:00:00.000Z 2026-03-30T07:00:00.000Z");
    assert_eq!(at("Sun 02:30", "2026-03-28T00:00:00Z"), "2026-03-22T01:30:00.000Z 2026-03-29T01:00:00.000Z");
    assert_eq!(at("Sun 02:30", "2026-10-25T00:30:00Z"), "2026-10-25T00:30:00.000Z 2026-11-01T01:30:00.000Z");
    assert_eq!(at("Sun 02:30", "2026-10-25T00:29:59Z"), "2026-10-18T00:30:00.000Z 2026-10-25T00:30:00.000Z");
}

#[test]
fn business_hours_are_local_and_the_worst_severity_is_the_first_one() {
    let roster = roster(
        "[people.dan]\nconsole = \"dan\"\navailability = \"business\"\nhours = \"Fri-Sat,Mon 22:00-24:00\"\ntimezone = \"America/New_York\"\n\
         [people.eve]\nconsole = \"eve\"\navailability = \"sev1-only\"\n",
    );
    let there = |who: &str, severity: &str, at: &str| roster.find(who, severity, ms(at)).unwrap().left_out.is_none();
    // 22:00 in New York is 03:00 the next day in winter, 02:00 in summer.
    assert!(there("dan", "sev4", "2026-01-03T03:00:00Z") && there("dan", "sev4", "2026-07-04T02:00:00Z"));
    assert!(!there("dan", "sev4", "2026-01-03T02:59:59Z") && !there("dan", "sev4", "2026-01-03T05:00:00Z"));
    assert!(!there("dan", "sev1", "2026-01-05T03:30:00Z"), "Sunday evening there");
    assert!(there("dan", "sev1", "2026-01-06T03:30:00Z"), "Monday evening there");
    assert!(there("eve", "sev1", "2026-01-03T03:00:00Z") && !there("eve", "sev2", "2026-01-03T03:00:00Z"));
    let why = roster.find("eve", "sev2", 0).unwrap().left_out.unwrap();
    assert_eq!(why, "only for sev1");
}

#[test]
fn the_most_particular_ladder_is_climbed() {
    let level = "levels = [{ notify = [\"ana\"] }]\n";
    let roster = roster(&format!(
        "[severities.sev1]\nescalation = \"hard\"\n[severities.sev2]\n[severities.sev3]\n\
         [escalation.hard]\n{level}[escalation.soft]\nseverities = [\"sev2\"]\n{level}\
         [escalation.shop]\nservices = [\"Checkout\"]\n{level}\
         [escalation.quiet]\nservices = [\"checkout\"]\nseverities = [\"sev3\"]\n{level}\
         [escalation.data]\nservices = [\"warehouse\"]\n{level}",
    ));
    let ladder = |severity, service| roster.ladder_for(severity, service).unwrap_or("-").to_owned();
    let all: Vec<String> = ["sev1", "sev2", "sev3", "gone"]
        .into_iter()
        .map(|severity| {
            let of = [None, Some("CHECKOUT "), Some("warehouse"), Some("else")];
            format!("{severity}: {}", of.map(|service| ladder(severity, service)).join(" "))
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"), @"
    sev1: hard shop data hard
    sev2: soft shop data soft
    sev3: - quiet - -
    gone: - - - -
    ");
    assert_eq!(roster.idle(), [""; 0]);
}

#[test]
fn a_person_is_reached_by_their_own_ways_else_in_their_chat() {
    let text = r##"
[people.dan]
notify = ["day", "night"]
[people.mute]
[notify.day]
kind = "chat"
to = "console:#ops"
availability = "business"
[notify.night]
kind = "chat"
to = "console:#incidents"
[rotations.r]
members = ["mute", "ben"]
from = "2026-01-05"
[escalation.default]
levels = [{ notify = ["dan", "ana", "r", "day"], repeat = 2, every = "1m" }, { after = "90s", notify = ["ana"] }]
"##;
    let roster = roster(text);
    let (noon, night) = (ms("2026-01-06T12:00:00Z"), ms("2026-01-06T23:00:00Z"));
    let told = |at| {
        let level = roster.level("default", 1, "sev1", at).unwrap();
        let line = |c: &Contact| format!("{}: {} {}", c.title, c.ways.join("+"), c.left_out.as_deref().unwrap_or(""));
        level.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(format!("{}\n--\n{}", told(noon), told(night)), @"
    dan: day+night 
    Ana: @ana 
    mute (on call: r):  cannot be reached: [people.mute] has no `notify` and no chat
    day: day 
    --
    dan: night 
    Ana: @ana 
    mute (on call: r):  cannot be reached: [people.mute] has no `notify` and no chat
    day: day only in business hours, Mon-Fri 09:00-17:00 UTC
    ");
    let steps: Vec<_> = roster.steps("default").unwrap().iter().map(|s| (s.after_ms, s.level, s.round)).collect();
    assert_eq!(steps, [(0, 1, 0), (60_000, 1, 1), (90_000, 2, 0), (120_000, 1, 2)]);
    let (paths, unreachable) = roster.paths();
    let paths: Vec<_> = paths.iter().map(|p| format!("{} {} {}", p.notifier, p.route.to, p.people.join("+"))).collect();
    insta::assert_snapshot!(paths.join("\n"), @"
    @ana console:#incidents Ana
    @ben console:#incidents ben
    day console:#ops dan
    night console:#incidents dan
    ");
    assert_eq!(unreachable, ["mute"]);
    assert_eq!(roster.find("@ana", "sev1", noon).unwrap().who, "ana");
    assert!(roster.find("night", "sev1", noon).is_none(), "no ladder names it, and it is Dan's");
}

#[test]
fn a_calendar_says_who_is_on_call_and_keeps_foreign_text_in_its_place() {
    let named = PRIMARY.replace("[rotations", "[people.eve]\nname = \"Eve; DROP, \\\\ END:VEVENT\"\n[rotations");
    let roster = roster(&named.replace("\"cid\"", "\"eve\""));
    let text = calendar(&roster, Some("primary"), ms("2026-01-05T09:00:00Z")).unwrap();
    let first: String = text.split("END:VEVENT\r\n").take(2).collect::<String>().replace("\r\n", "\n");
    insta::assert_snapshot!(first, @r"
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//drillbell//on call//EN
    CALSCALE:GREGORIAN
    METHOD:PUBLISH
    X-WR-CALNAME:On call: primary
    BEGIN:VEVENT
    UID:primary-1767603600000@drillbell
    DTSTAMP:20260105T090000Z
    DTSTART:20260105T090000Z
    DTEND:20260107T180000Z
    SUMMARY:Ana is on call (primary)
    TRANSP:TRANSPARENT
    BEGIN:VEVENT
    UID:primary-1767808800000@drillbell
    DTSTAMP:20260105T090000Z
    DTSTART:20260107T180000Z
    DTEND:20260108T080000Z
    SUMMARY:Eve\; DROP\, \\ END:VEVENT is on call (primary)
    DESCRIPTION:Eve\; DROP\, \\ END:VEVENT stands in for Ana.
    TRANSP:TRANSPARENT
    ");
    assert!(calendar(&roster, Some("secondary"), 0).is_none());
    assert!(calendar(&roster, None, 0).unwrap().contains("CALNAME:On call: all rotations"));
}

/// Events of a calendar as a parser of its own reads them, escapes undone.
fn parsed(text: &str) -> Vec<Vec<(String, String)>> {
    let whole = icalendar::parser::unfold(text);
    let mut calendars = icalendar::parser::read_components(&whole).unwrap();
    assert_eq!(calendars.len(), 1);
    let properties = |event: icalendar::parser::Component<'_>| {
        let pair = |p: &icalendar::parser::Property<'_>| (p.name.as_str().to_owned(), p.val.as_str().to_owned());
        event.properties.iter().map(pair).collect()
    };
    calendars.remove(0).components.into_iter().map(properties).collect()
}

const ZONES: [Tz; 6] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Africa__Cairo,
];

prop_compose! {
    fn any_rotation()(
        members in 1_usize..5,
        day in 0_u8..7,
        minute in 0_u32..1440,
        zone in prop::sample::select(ZONES.to_vec()),
        from in 0_i64..20_000,
        gaps in prop::collection::vec((1_i64..20_000, 1_i64..5000), 0..6),
    ) -> Rotation {
        let at = |minutes: i64| DateTime::from_timestamp(1_767_225_600 + minutes * 60, 0).unwrap().naive_utc();
        let mut overrides = Vec::new();
        let mut end = 0;
        for (n, (gap, length)) in gaps.into_iter().enumerate() {
            let begin = end + gap;
            end = begin + length;
            overrides.push(crate::config::rotations::Override { who: format!("o{n}"), from: at(begin), until: at(end) });
        }
        Rotation {
            members: (0..members).map(|n| format!("m{n}")).collect(),
            day: Weekday::try_from(day).unwrap(),
            time: NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).unwrap(),
            zone,
            from: NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::Days::new(from.unsigned_abs()),
            overrides,
        }
    }
}

fn with_rotation(rotation: &Rotation) -> Roster {
    Roster { rotations: [("r".to_owned(), rotation.clone())].into(), ..Roster::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_instant_has_exactly_one_who_is_on_call(rotation in any_rotation(), at in 1_700_000_000_000..1_860_000_000_000_i64) {
        let shift = rotation::shift(&rotation, at);
        prop_assert!(shift.from_ms <= at && at < shift.until_ms, "{shift:?}");
        // Its whole length is one and the same turn, and the next begins where it ends.
        for inside in [shift.from_ms, shift.until_ms - 1] {
            // For whom somebody stands in may change within an override: the week behind it does.
            let found = rotation::shift(&rotation, inside);
            prop_assert_eq!((found.who, found.from_ms, found.until_ms), (shift.who.clone(), shift.from_ms, shift.until_ms));
        }
        let next = rotation::shift(&rotation, shift.until_ms);
        prop_assert_eq!(next.from_ms, shift.until_ms);
        let within = |entry: &&crate::config::rotations::Override| {
            // Far from any change of clocks local and real order agree.
            let local = DateTime::from_timestamp_millis(at).unwrap().with_timezone(&rotation.zone).naive_local();
            entry.from <= local && local < entry.until
        };
        if let Some(entry) = rotation.overrides.iter().find(within).filter(|_| shift.until_ms - shift.from_ms > 2 * 7_200_000) {
            prop_assert!(shift.who == entry.who || at - shift.from_ms < 7_200_000 || shift.until_ms - at < 7_200_000);
        }
        if shift.stands_in_for.is_none() {
            prop_assert!(rotation.members.contains(&shift.who));
        }
    }

    #[test]
    fn without_overrides_everybody_has_a_week_in_turn(rotation in any_rotation(), at in 1_700_000_000_000..1_860_000_000_000_i64) {
        let rotation = Rotation { overrides: Vec::new(), ..rotation };
        let mut shift = rotation::shift(&rotation, at);
        let mut seen = Vec::new();
        for _ in 0..rotation.members.len() {
            let hours = (shift.until_ms - shift.from_ms) as f64 / 3_600_000.0;
            prop_assert!((168.0 - 25.0..=168.0 + 25.0).contains(&hours), "{hours} hours");
            seen.push(shift.who);
            shift = rotation::shift(&rotation, shift.until_ms);
        }
        seen.sort();
        prop_assert_eq!(seen, rotation.members);
    }

    #[test]
    fn a_calendar_read_back_is_the_rotation(rotation in any_rotation(), at in 1_767_225_600_000..1_780_000_000_000_i64) {
        let at = at / 1000 * 1000;
        let roster = with_rotation(&rotation);
        let events = parsed(&calendar(&roster, Some("r"), at).unwrap());
        let shifts = shifts(&roster, "r", at);
        prop_assert_eq!(events.len(), shifts.len());
        for (event, shift) in events.iter().zip(&shifts) {
            let value = |name: &str| event.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap();
            let moment = |text| chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").unwrap().and_utc().timestamp_millis();
            prop_assert_eq!((moment(value("DTSTART")), moment(value("DTEND"))), (shift.from_ms, shift.until_ms));
            let summary = value("SUMMARY");
            prop_assert!(summary.starts_with(&format!("{} is on call", shift.who)), "{}", summary);
        }
    }

    #[test]
    fn no_text_gets_out_of_its_line(text in "\\PC*|[\\x00-\\x20a:;,\\\\BEGIN\\n]*") {
        let folded = folded(&format!("SUMMARY:x{}", escaped(&text)));
        prop_assert!(folded.ends_with("\r\n"));
        for line in folded.split_terminator("\r\n") {
            prop_assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line:?}");
        }
        let whole = format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{folded}END:VEVENT\r\nEND:VCALENDAR\r\n");
        let events = parsed(&whole);
        prop_assert_eq!(events.len(), 1);
        let kept: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        // The parser drops blanks at the ends of lines.
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert_eq!(dense(&events[0][0].1), dense(&format!("x{kept}")));
    }
}
