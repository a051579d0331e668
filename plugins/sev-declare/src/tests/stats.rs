//! The numbers, against a hand that counts along.

use super::{data, later, run};
use crate::SevDeclare;
use crate::stats::{Stats, of};
use drillbell_sdk::testing::{FakeBot, command};
use drillbell_sdk::{Bot, IncidentId};
use std::collections::BTreeMap;

/// What a patient person notes down of one incident.
#[derive(Clone, Debug, Default)]
struct Noted {
    severity: String,
    service: String,
    opened: Vec<u64>,
    closed: Vec<u64>,
    first_ack: Option<u64>,
    merged: bool,
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// A history of `steps` steps, and the notes beside it.
fn history(seed: u64, steps: usize) -> (FakeBot, Vec<Noted>) {
    let (mut bot, mut dice, mut notes) = (FakeBot::new(), Dice(seed), Vec::<Noted>::new());
    for _ in 0..steps {
        bot.now_ms += dice.roll(5_000_000) as u64;
        let now = bot.now_ms;
        let which = dice.roll(notes.len().max(1));
        let id = format!("INC-{}", which + 1);
        let open = notes.get(which).is_some_and(|note| !note.merged && note.opened.len() > note.closed.len());
        match dice.roll(6) {
            0 | 1 => {
                let severity = ["sev1", "sev2", "sev3"][dice.roll(3)];
                let service = ["", "shop", "mail"][dice.roll(3)];
                let declare = command("sev declare").arg("level", severity).arg("title", "trouble");
                run(&mut bot, if service.is_empty() { declare } else { declare.arg("service", service) });
                let (severity, service) = (severity.to_owned(), service.to_owned());
                notes.push(Noted { severity, service, opened: vec![now], ..Noted::default() });
            }
            2 if open => {
                run(&mut bot, command("sev ack").incident(&id));
                if notes[which].opened.len() == 1 {
                    let after = now - notes[which].opened[0];
                    notes[which].first_ack.get_or_insert(after);
                }
            }
            3 if open => {
                run(&mut bot, command("sev resolve").incident(&id));
                notes[which].closed.push(now);
            }
            4 if !open && !notes.is_empty() && !notes[which].merged => {
                run(&mut bot, command("sev reopen").arg("id", &id));
                notes[which].opened.push(now);
            }
            5 if !notes.is_empty() => {
                let into = dice.roll(notes.len());
                let target = format!("INC-{}", into + 1);
                let goes_on = !notes[into].merged && notes[into].opened.len() > notes[into].closed.len();
                let merge = command("sev merge").arg("id", &id).arg("into", &target);
                let may = which != into && goes_on && !notes[which].merged;
                let done = bot.command::<SevDeclare>(merge);
                if notes[which].merged && which != into {
                    // To the same place again is no mistake.
                    continue;
                }
                assert_eq!(done.is_ok(), may, "{done:?}");
                notes[which].merged |= may;
            }
            _ => {}
        }
    }
    (bot, notes)
}

/// The sum by hand: count, open, acknowledged, MTTA, resolved, MTTR.
fn by_hand<'a>(notes: impl Iterator<Item = &'a Noted>) -> (u64, u64, u64, Option<u64>, u64, Option<u64>) {
    let counted: Vec<&Noted> = notes.filter(|note| !note.merged).collect();
    let acks: Vec<u64> = counted.iter().filter_map(|note| note.first_ack).collect();
    let resolved: Vec<u64> = counted
        .iter()
        .filter(|note| note.opened.len() == note.closed.len())
        .map(|note| note.closed.iter().sum::<u64>() - note.opened.iter().sum::<u64>())
        .collect();
    let mean = |all: &[u64]| (!all.is_empty()).then(|| all.iter().sum::<u64>() / all.len() as u64);
    let count = counted.len() as u64;
    (count, count - resolved.len() as u64, acks.len() as u64, mean(&acks), resolved.len() as u64, mean(&resolved))
}

#[test]
fn the_numbers_are_those_of_a_hand_that_counts_along() {
    let mut seen = (0, 0, 0);
    for seed in 0..150 {
        let (mut bot, notes) = history(seed, 40);
        let past = bot.history(0, 1000).expect("readable");
        let Stats { all, merged, by_severity, by_service } = of(&past);
        let told = |tally: &crate::stats::Tally| {
            (tally.count, tally.open, tally.acknowledged, tally.mtta_ms, tally.resolved, tally.mttr_ms)
        };
        assert_eq!(told(&all), by_hand(notes.iter()), "seed {seed}");
        assert_eq!(merged, notes.iter().filter(|note| note.merged).count() as u64, "seed {seed}");
        let mut groups: BTreeMap<(bool, &str), Vec<&Noted>> = BTreeMap::new();
        for note in notes.iter().filter(|note| !note.merged) {
            groups.entry((true, note.severity.as_str())).or_default().push(note);
            groups.entry((false, note.service.as_str())).or_default().push(note);
        }
        assert_eq!(groups.len(), by_severity.len() + by_service.len(), "seed {seed}");
        for ((is_severity, name), of_it) in groups {
            let tally = if is_severity { &by_severity[name] } else { &by_service[name] };
            assert_eq!(told(tally), by_hand(of_it.into_iter()), "seed {seed}, {name}");
        }
        let reopened = notes.iter().filter(|note| note.opened.len() > 1).count();
        seen = (seen.0 + merged, seen.1 + reopened, seen.2 + notes.len());
    }
    assert!(seen.0 > 50 && seen.1 > 100 && seen.2 > 1000, "the histories hold what matters: {seen:?}");
}

/// Three incidents, one of them merged away.
fn month() -> FakeBot {
    let mut bot = FakeBot::new();
    let declare = |level: &str, title: &str| command("sev declare").arg("level", level).arg("title", title);
    run(&mut bot, declare("sev1", "checkout is down").arg("service", "shop"));
    later(&mut bot, 4);
    run(&mut bot, command("sev ack"));
    later(&mut bot, 56);
    run(&mut bot, command("sev resolve"));
    later(&mut bot, 60);
    run(&mut bot, command("sev reopen").arg("id", "INC-1"));
    later(&mut bot, 30);
    run(&mut bot, command("sev resolve"));
    later(&mut bot, 3 * 24 * 60);
    run(&mut bot, declare("sev3", "search is slow"));
    run(&mut bot, declare("sev3", "search is slow too"));
    run(&mut bot, command("sev merge").arg("id", "INC-3").arg("into", "INC-2"));
    bot.said.clear();
    bot
}

#[test]
fn the_numbers_read_well_and_have_a_chart() {
    let mut bot = month();
    run(&mut bot, command("sev stats").arg("since", "2592000000"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m10
    Incidents of the last 30 d (neutral)
    Declared: 2, 1 of them open; 1 more merged into others
    Acknowledged: 1 after 4 min on average (MTTA)
    Resolved: 1 after 1 h 30 min on average (MTTR)
    ```
    severity  count  open  MTTA   MTTR
    sev1      1      0     4 min  1 h 30 min
    sev3      1      1     -      -

    service       count  open  MTTA   MTTR
    (no service)  1      1     -      -
    shop          1      0     4 min  1 h 30 min
    ```
    ~ MTTR is all the time it was open, reopenings included. Merged incidents count where they went.
    chart Incidents declared each day (count), sev1 of 31 points, sev3 of 31 points
    ");
    insta::assert_snapshot!(data(&bot), @r#"
    {
      "all": {
        "acknowledged": 1,
        "count": 2,
        "mtta_ms": 240000,
        "mttr_ms": 5400000,
        "open": 1,
        "resolved": 1
      },
      "by_service": [
        {
          "name": "",
          "numbers": {
            "acknowledged": 0,
            "count": 1,
            "mtta_ms": null,
            "mttr_ms": null,
            "open": 1,
            "resolved": 0
          }
        },
        {
          "name": "shop",
          "numbers": {
            "acknowledged": 1,
            "count": 1,
            "mtta_ms": 240000,
            "mttr_ms": 5400000,
            "open": 0,
            "resolved": 1
          }
        }
      ],
      "by_severity": [
        {
          "name": "sev1",
          "numbers": {
            "acknowledged": 1,
            "count": 1,
            "mtta_ms": 240000,
            "mttr_ms": 5400000,
            "open": 0,
            "resolved": 1
          }
        },
        {
          "name": "sev3",
          "numbers": {
            "acknowledged": 0,
            "count": 1,
            "mtta_ms": null,
            "mttr_ms": null,
            "open": 1,
            "resolved": 0
          }
        }
      ],
      "complete": true,
      "merged": 1,
      "since": "2026-02-02T12:32:00.000Z",
      "until": "2026-03-04T12:32:00.000Z"
    }
    "#);
}

#[test]
fn only_what_was_declared_since_then_counts() {
    let mut bot = month();
    run(&mut bot, command("sev stats").arg("since", "86400000"));
    assert_eq!(bot.data.as_ref().expect("data")["all"]["count"], 1);
    bot.said.clear();
    bot.now_ms += 90 * 86_400_000;
    run(&mut bot, command("sev stats"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m11
    Incidents of the last 30 d (neutral)
    None since 3 May 12:32 UTC.
    ");
    assert_eq!(bot.data.as_ref().expect("data")["all"]["mtta_ms"], serde_json::Value::Null);
}

#[test]
fn hostile_services_and_endless_time_break_nothing() {
    let mut bot = FakeBot::new();
    for number in 0..40 {
        let service = format!("```\n@everyone <script> {number}");
        run(&mut bot, command("sev declare").arg("level", "sev2").arg("title", "x").arg("service", &service));
    }
    bot.said.clear();
    run(&mut bot, command("sev stats").arg("since", "315360000000"));
    let shown = bot.transcript();
    assert!(shown.contains("and 25 more") && shown.contains("``` @everyone <script> 0"), "{shown}");
    let facts = bot.facts(&IncidentId::from("INC-1")).expect("known");
    assert_eq!(facts.spans.len(), 1);
}
