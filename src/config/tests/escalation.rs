//! People's hours, rotations and ladders: what is understood, and what is refused before anybody depends on it.

use super::*;
use crate::config::escalation::Target;
use availability::Availability;

const PEOPLE: &str = "[people.ana]\nconsole = \"ana\"\n[people.ben]\nconsole = \"ben\"\n";

#[test]
fn a_ladder_names_people_rotations_and_notifiers() {
    let text = format!(
        "{PEOPLE}[people.dan]\nnotify = [\"room\"]\navailability = \"business\"\nhours = \"Sat-Mon,Wed 08:30-24:00\"\n\
         timezone = \"europe/lisbon\"\n[notify.room]\nkind = \"chat\"\nto = \"console:#ops\"\navailability = \"sev1-only\"\n\
         [rotations.primary]\nmembers = [\"ana\", \"ben\"]\nfrom = 2026-01-05\nhandover = \"sun 24:00\"\n"
    );
    // 24:00 is a time of an end, not of a handover.
    let said = complaint(&text);
    assert!(said.contains("rotations.primary.handover") && said.contains("such as \"Mon 09:00\""), "{said}");
    let text = text.replace("sun 24:00", "sun 23:00");
    let text = text
        + "[escalation.default]\nlevels = [{ notify = [\"primary\", \"dan\", \"room\"], repeat = 2 }]\n[severities.sev1]\nescalation = \"default\"";
    let config = parse(&text).unwrap_or_else(|e| panic!("{e}"));
    let Availability::Business(hours) = &config.people.0["dan"].availability else { panic!() };
    assert_eq!((hours.days, hours.from, hours.until), ([true, false, true, false, false, true, true], 510, 1440));
    assert_eq!(hours.zone.name(), "Europe/Lisbon");
    assert_eq!(config.notify.1["room"], Availability::WorstOnly);
    let level = &config.escalation.0["default"].levels[0];
    let [rotation, person, notifier] = ["primary", "dan", "room"].map(str::to_owned);
    assert_eq!(level.notify, [Target::Rotation(rotation), Target::Person(person), Target::Notifier(notifier)]);
    assert_eq!((level.after, level.repeat, level.every), (Duration::ZERO, 2, Duration::from_secs(300)));
    assert_eq!(config.severities.0[0].escalation.as_deref(), Some("default"));
    assert!(parse(&config.effective()).is_ok(), "{}", config.effective());
}

#[test]
fn what_would_page_nobody_or_the_wrong_one_is_refused() {
    insta::assert_snapshot!(complaint(
        r#"
[people.ana]
notify = ["roam"]
hours = "Mon-Fri 09:00-17:00"
[people.ben]
availability = "busness"
timezone = "Europe/Lissabon"
[people.room]
availability = "business"
hours = "Mon-Fri 17:00-09:00"
[notify.room]
kind = "chat"
to = "console:#ops"
[rotations.primary]
members = ["ana", "bem"]
overrides = [
  { who = "ana", from = "2026-03-02 09:00", until = "2026-03-02 08:00" },
  { who = "ana", from = "2026-03-02T10:00:00Z", until = "2026-03-04 09:00" },
]
[rotations.empty]
members = []
from = "soon"
[severities.sev1]
escalation = "defualt"
[escalation.default]
services = ["checkout"]
levels = [
  { after = "5m", notify = ["ana"], every = "1m" },
  { after = "5m", notify = ["primray", "room"] },
  { notify = [] },
]
[escalation.other]
services = ["Checkout"]
severities = ["p0", "sev9"]
[escalation.third]
services = ["checkout"]
levels = []
"#
    ), @r#"
    drillbell.toml has 24 problems:

      1. drillbell.toml:3:11: people.ana.notify
         found:    "roam"
         expected: a notifier of [notify]
         fix:      did you mean `room`?

      2. drillbell.toml:4:9: people.ana.hours
         found:    "Mon-Fri 09:00-17:00"
         expected: availability = "business" beside it, or it has no effect

      3. drillbell.toml:6:16: people.ben.availability
         found:    "busness"
         expected: one of always, business, sev1-only
         fix:      did you mean `business`?

      4. drillbell.toml:7:12: people.ben.timezone
         found:    "Europe/Lissabon"
         expected: a time zone such as "UTC" or "Europe/Lisbon"
         fix:      did you mean `Europe/Lisbon`?

      5. drillbell.toml:10:9: people.room.hours
         found:    "Mon-Fri 17:00-09:00"
         expected: days and times such as "Mon-Fri 09:00-17:00" or "Mon,Wed 08:30-12:00"
         fix:      the end comes after the beginning; who is there at night is "always"

      6. drillbell.toml:14:12: rotations.primary
         found:    no `from`
         expected: the day from which the first member has the first week, such as "2026-01-05"

      7. drillbell.toml:15:19: rotations.primary.members
         found:    "bem"
         expected: a person of [people]
         fix:      did you mean `ben`?

      8. drillbell.toml:17:53: rotations.primary.overrides.1.until
         found:    "2026-03-02 08:00"
         expected: a time after `from`

      9. drillbell.toml:18:25: rotations.primary.overrides.2.from
         found:    "2026-03-02T10:00:00Z"
         expected: a local time such as "2026-03-02 09:00", without a zone

     10. drillbell.toml:21:11: rotations.empty.members
         found:    a list of 0
         expected: 1 to 60 people

     11. drillbell.toml:22:8: rotations.empty.from
         found:    "soon"
         expected: a day such as "2026-01-05"

     12. drillbell.toml:24:14: severities.sev1.escalation
         found:    "defualt"
         expected: a ladder of [escalation]
         fix:      did you mean `default`?

     13. drillbell.toml:28:45: escalation.default.levels.1.every
         found:    "1m"
         expected: `repeat` beside it, or it has no effect
         fix:      write repeat = 3

     14. drillbell.toml:29:13: escalation.default.levels.2.after
         found:    "5m"
         expected: a time after that of the level before

     15. drillbell.toml:29:29: escalation.default.levels.2.notify
         found:    "primray"
         expected: a person of [people], a rotation of [rotations] or a notifier of [notify]

     16. drillbell.toml:29:40: escalation.default.levels.2.notify
         found:    "room", which is a person and a notifier at once
         expected: a name that means one of them
         fix:      give one another name

     17. drillbell.toml:30:3: escalation.default.levels.3
         found:    no `after`
         expected: `after`: how long after the beginning, such as "10m"

     18. drillbell.toml:30:14: escalation.default.levels.3.notify
         found:    a list of 0
         expected: 1 to 20 names

     19. drillbell.toml:32:13: escalation.other
         found:    no `levels`
         expected: levels = [{ after = "0s", notify = ["ana"] }, …]

     20. drillbell.toml:32:13: escalation.other
         found:    the service checkout
         expected: one ladder for each; [escalation.default] has it too

     21. drillbell.toml:34:15: escalation.other.severities
         found:    "p0"
         expected: a severity: sev1

     22. drillbell.toml:34:21: escalation.other.severities
         found:    "sev9"
         expected: a severity: sev1
         fix:      did you mean `sev1`?

     23. drillbell.toml:35:13: escalation.third
         found:    the service checkout
         expected: one ladder for each; [escalation.other] has it too

     24. drillbell.toml:37:10: escalation.third.levels
         found:    a list of 0
         expected: 1 to 10 levels
    "#);
}

#[test]
fn overrides_that_overlap_are_refused() {
    let said = complaint(&format!(
        "{PEOPLE}[rotations.r]\nmembers = [\"ana\"]\nfrom = \"2026-01-05\"\noverrides = [\n\
         {{ who = \"ben\", from = \"2026-03-02 09:00\", until = \"2026-03-04 09:00\" }},\n\
         {{ who = \"ana\", from = \"2026-03-04 08:59\", until = \"2026-03-05 09:00\" }}]\n"
    ));
    insta::assert_snapshot!(said, @r#"
    drillbell.toml has 1 problem:

      1. drillbell.toml:10:1: rotations.r.overrides.2
         found:    this section
         expected: one who stands in at a time; the one at drillbell.toml:9:1 overlaps it
    "#);
}
