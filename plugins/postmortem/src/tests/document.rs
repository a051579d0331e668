//! The document has what is on the incident's timeline and nothing else, each fact with its lines, whatever happened.

use super::*;
use std::collections::BTreeSet;

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Something happens in an incident that nobody has seen before; the word that it can be known by.
fn happens(bot: &mut FakeBot, dice: &mut Dice, of: &IncidentId, word: &str) {
    later(bot, dice.roll(40) * 30_000);
    let who = ["ana", "ben", "slack:U0CLEO", "plugin:alerts"][dice.roll(4) as usize];
    let kinds = ["note", "alert", "deploy", "job", "approval", "break-glass", "runbook", "pinned", "page"];
    let kind = kinds[dice.roll(9) as usize];
    let text = match dice.roll(4) {
        0 => format!("Restore shop {word}: done. shop was restored. What was written in the 12 minutes is not in it."),
        1 => format!("approved A-00000001 for the public update of {word}"),
        2 => format!("{word} was started by Ben"),
        _ => format!("{word}: failed. it broke"),
    };
    by(bot, who, |bot| {
        let refused = match dice.roll(6) {
            0 => bot.set_severity(of, ["sev1", "sev2", "sev3"][dice.roll(3) as usize], word).err(),
            1 => bot.set_status(of, Status::ALL[dice.roll(4) as usize], word).err(),
            2 => bot.reopen(of, word).err(),
            3 => bot.acknowledge(of).err(),
            _ => None,
        };
        drop(refused);
        bot.note(of, kind, &text).expect("noted");
    });
}

fn document(bot: &mut FakeBot, of: &str) -> String {
    run(bot, command("postmortem draft").arg("id", of));
    data(bot)["document"].as_str().expect("a text").to_owned()
}

/// The nonces in a text.
fn nonces(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.len() == 9 && (word.starts_with("mine") || word.starts_with("decoy"))).collect()
}

#[test]
fn nothing_is_in_it_that_is_not_on_the_timeline_and_nothing_of_another() {
    for seed in 1..=60 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let mut bot = FakeBot::new();
        let here = "console:#incidents".into();
        by(&mut bot, "ana", |bot| {
            bot.declare("mine00000 is down", "sev2", &here, None).expect("declared");
        });
        by(&mut bot, "ben", |bot| {
            bot.declare("decoy0000 is down", "sev1", &here, Some("decoy0000")).expect("declared");
        });
        let (mine, other) = (id("INC-1"), id("INC-2"));
        for turn in 1..=12 {
            happens(&mut bot, &mut dice, &mine, &format!("mine{:05}", turn + seed * 100));
            happens(&mut bot, &mut dice, &other, &format!("decoy{turn:04}"));
        }
        let document = document(&mut bot, "INC-1");
        let told: String =
            bot.entries.iter().filter(|(of, _)| *of == mine).map(|(_, entry)| format!("{} ", entry.text)).collect();
        assert!(nonces(&document).iter().all(|word| nonces(&told).contains(word)), "seed {seed}: {document}");
        let timeline = document.split("## 3. Timeline").nth(1).and_then(|rest| rest.split("## 4.").next()).expect("it");
        assert_eq!(nonces(timeline), nonces(&told), "seed {seed}: every line is there");
        // Whatever is a fact names lines, and whatever it quotes is in one of them.
        let lines: Vec<&str> = timeline.lines().filter(|line| line.starts_with("- ")).collect();
        for fact in document.lines().filter(|line| line.starts_with("- ") && !line.starts_with("- *Not known:*")) {
            let cited: Vec<usize> = fact
                .split("[T")
                .skip(1)
                .map(|rest| rest.split(']').next().and_then(|n| n.parse().ok()).expect("a number"))
                .collect();
            assert!(!cited.is_empty(), "seed {seed}: {fact}");
            let there: String = cited.iter().map(|number| lines[number - 1]).collect();
            let quoted = nonces(fact);
            assert!(quoted.iter().all(|word| nonces(&there).contains(word)), "seed {seed}: {fact}");
        }
        // Times are those of the record, to the minute.
        let facts = bot.facts[&mine].clone();
        for span in &facts.spans {
            for at_ms in [span.restored_ms, span.resolved_ms].into_iter().flatten() {
                assert!(document.contains(&format!("at {}.", crate::md::moment(at_ms))), "seed {seed}: {document}");
            }
        }
    }
}

#[test]
fn a_fact_leads_to_its_line() {
    let mut bot = over();
    let document = document(&mut bot, "INC-1");
    let restored = document.lines().find(|line| line.starts_with("- Restored after 30 min, at ")).expect("the fact");
    let (number, (_, entry)) =
        bot.entries.iter().enumerate().find(|(_, (_, entry))| entry.text.contains("→ monitoring")).expect("it");
    let link = format!("[T{}](/incidents/INC-1?cursor={id}0#line-{id})", number + 1, id = entry.id);
    assert!(restored.contains(&link), "{restored} has no {link}");
}

#[test]
fn a_timeline_without_end_gives_way_and_says_so() {
    let mut bot = over();
    let one = id("INC-1");
    for _ in 0..600 {
        by(&mut bot, "ana", |bot| bot.note(&one, "note", &"*".repeat(500)).expect("noted"));
    }
    let document = document(&mut bot, "INC-1");
    assert!(crate::document::weight(&document) < 62 * 1024, "{}", document.len());
    assert!(document.contains("Earlier lines were not read") && document.contains("later lines have no room here"));
    assert!(document.contains("## 8. Action items"), "the other sections are whole");
}

#[test]
fn deploys_restores_and_what_the_public_read_stand_where_they_matter() {
    let mut bot = over();
    let one = id("INC-1");
    by(&mut bot, "plugin:backup", |bot| {
        let restored = "Restore shop: done. shop was restored. What was written in the 12 minutes since the copy was taken is not in it.";
        bot.note(&one, "job", restored).expect("noted");
        bot.note(&one, "job", "Restart web: failed. It exited with 1").expect("noted");
        bot.note(&one, "deploy", "shop 1.4.2 deployed by ci").expect("noted");
    });
    by(&mut bot, "ben", |bot| {
        bot.note(&one, "approval", "approved A-00000002 for the public update of INC-1").expect("noted");
        bot.note(&one, "approval", "asked for approval A-00000003 of the public update of INC-1").expect("noted");
    });
    let document = document(&mut bot, "INC-1");
    let section = |number: usize| {
        let rest = document.split(&format!("\n## {number}. ")).nth(1).expect("the section");
        rest.split("\n## ").next().unwrap_or_default().to_owned()
    };
    let impact = section(2);
    assert!(
        impact.contains("A restore, at ") && impact.contains("the 12 minutes since the copy was taken"),
        "{impact}"
    );
    assert!(impact.contains("Said to the public, at ") && !impact.contains("Whether data was lost"), "{impact}");
    assert_eq!(impact.matches("Said to the public").count(), 1, "only what was approved: {impact}");
    assert!(section(5).contains("A deploy, at ") && section(5).contains("shop 1.4.2 deployed by ci"), "{document}");
    assert!(section(7).contains("Work that failed, at ") && section(7).contains("Restart web"), "{document}");
    assert!(!section(4).contains("[T"), "no line is taken for a cause: {document}");
}

#[test]
fn what_is_read_in_a_chat_has_no_addresses_in_it_and_what_people_wrote_stays() {
    let said = "- It began. ([T1](/incidents/INC-1?cursor=e10#line-e1), [T2](/incidents/INC-1?cursor=e20#line-e2))\n\\[so\\](/incidents/x) [T";
    assert_eq!(crate::md::unlinked("Nothing to follow."), "Nothing to follow.");
    let plain = crate::md::unlinked(said);
    assert!(plain.starts_with("- It began. (T1, T2)\n"), "{plain}");
    assert!(plain.ends_with("\\[so\\](/incidents/x) [T"), "{plain}");
}
