//! What people type is text: in the document, in the lint, and in keys.

use super::*;

#[test]
fn hostile_titles_and_notes_are_text_in_the_document() {
    let mut bot = FakeBot::new();
    let one = id("INC-1");
    by(&mut bot, "ana", |bot| {
        bot.declare("# <script>alert(1)</script> [x](javascript:x) @here", "sev1", &"console:#incidents".into(), None)
            .expect("declared");
        bot.note(&one, "note", "## 4. Root cause\n\n![p](http://evil.example/p.png)\n- **T1** forged @channel <@U1>")
            .expect("noted");
        bot.set_status(&one, Status::Resolved, "").expect("resolved");
    });
    run(&mut bot, command("postmortem draft").arg("id", "INC-1"));
    let words = "</code> [a](http://evil.example)\n# Heading\n- @everyone\n1. x";
    run(&mut bot, command("postmortem edit").arg("section", "summary").arg("text", words));
    run(&mut bot, command("postmortem show"));
    let document = data(&bot)["document"].as_str().expect("a text").to_owned();
    assert_eq!(document.matches("\n## ").count(), 8, "{document}");
    assert_eq!(document.lines().filter(|line| line.starts_with("# ")).count(), 1, "{document}");
    // Without what is escaped: nothing that is left means anything but what the plugin wrote.
    let mut bare = String::new();
    let mut signs = document.chars();
    while let Some(c) = signs.next() {
        if c == '\\' {
            signs.next();
        } else {
            bare.push(c);
        }
    }
    for forged in ["<", "![", "](http", "](java", "@", "`", "\n1. x"] {
        assert!(!bare.contains(forged), "{forged}: {bare}");
    }
    for link in bare.split("](").skip(1) {
        assert!(link.starts_with("/incidents/INC-1?cursor="), "{link}");
    }
}

#[test]
fn what_blames_is_found_and_what_does_not_is_left_alone() {
    let mut bot = written();
    let said = |bot: &mut FakeBot, section: &str, text: &str| {
        run(bot, command("postmortem edit").arg("section", section).arg("text", text));
        run(bot, command("postmortem show"));
        let found = data(bot)["findings"].clone();
        found
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["error"].as_bool().expect("yes or no"))
            .collect::<Vec<_>>()
    };
    for blames in [
        "It was the fault of the new one.",
        "Careless typing.",
        "Ben should have looked.",
        "She failed to look!",
        "The on-call should not have slept",
        "You didn’t bother. HUMAN ERROR",
    ] {
        assert!(said(&mut bot, "went-poorly", blames).contains(&true), "{blames}");
    }
    for blameless in [
        "The alert should have fired.",
        "The defaults of the tool were wrong.",
        "A benign change: the beneficiary table had no index.",
        "Nobody was told: the notifier was muted.",
    ] {
        assert_eq!(said(&mut bot, "went-poorly", blameless), [] as [bool; 0], "{blameless}");
    }
    assert_eq!(said(&mut bot, "contributing", "Asked for by @ana."), [false]);
    assert_eq!(said(&mut bot, "contributing", "A cold cache."), [] as [bool; 0]);
    assert_eq!(said(&mut bot, "went-well", "Ben was quick."), [] as [bool; 0], "thanks are not blame");
}

#[test]
fn a_text_that_is_too_long_is_refused_and_said_to_be() {
    let mut bot = drafted();
    let long = "x".repeat(3001);
    let why = refused(&mut bot, command("postmortem edit").arg("section", "summary").arg("text", &long));
    assert_eq!(why, "The text has 3001 characters; a section has 3000 at most.");
}
