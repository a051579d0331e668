//! People's hours, rotations and ladders: what is understood, and what is refused before anybody depends on it.

use super::*;
use availability::Availability;
use escalation::Target;

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
    ), @"");
}

#[test]
fn overrides_that_overlap_are_refused() {
    let said = complaint(&format!(
        "{PEOPLE}[rotations.r]\nmembers = [\"ana\"]\nfrom = \"2026-01-05\"\noverrides = [\n\
         {{ who = \"ben\", from = \"2026-03-02 09:00\", until = \"2026-03-04 09:00\" }},\n\
         {{ who = \"ana\", from = \"2026-03-04 08:59\", until = \"2026-03-05 09:00\" }}]\n"
    ));
    insta::assert_snapshot!(said, @"");
}
