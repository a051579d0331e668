//! Text from people who are tired, in a hurry or hostile: it is shown as it is, and breaks nothing.

use super::{later, run, with_incident};
use crate::SevDeclare;
use drillbell_sdk::Error;
use drillbell_sdk::testing::{FakeBot, command};

const HOSTILE: [&str; 8] = [
    "@everyone <!channel> <@U123>",
    "*bold* _it_ ~no~ `code` ```block``` [link](javascript:alert(1))",
    "<script>alert(1)</script> & <https://evil.example|safe>",
    "'; drop table incidents; --",
    "{{title}} %s %n ${HOME} $(reboot)",
    "\u{202e}gnp.exe \u{200b}zero\u{200d}width",
    "🔥🔥🔥 ﷽ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G",
    "INC-2 sev1 --status resolved",
];

#[test]
fn hostile_text_is_kept_and_shown_as_it_was_typed() {
    for text in HOSTILE {
        let mut bot = FakeBot::new();
        run(&mut bot, command("sev declare").arg("level", "sev1").arg("title", text).arg("service", text));
        assert_eq!(bot.incidents[0].title, text.split_whitespace().collect::<Vec<_>>().join(" "));
        run(&mut bot, command("sev update").arg("text", text).by(text, text));
        run(&mut bot, command("sev note").arg("text", text));
        run(&mut bot, command("sev level").arg("level", "sev2").arg("reason", text));
        bot.said.clear();
        for read in ["sev show", "sev timeline", "sev list"] {
            run(&mut bot, command(read));
        }
        run(&mut bot, command("sev resolve").arg("text", text));
        let shown = bot.transcript();
        assert!(shown.contains(text), "{text} is missing in {shown}");
    }
}

#[test]
fn control_characters_and_endless_text_are_refused_in_a_sentence() {
    let endless = "x".repeat(1_000_000);
    for text in ["\u{1b}[2J", "a\0b", "\u{7}", endless.as_str()] {
        let mut bot = with_incident();
        for command in [
            command("sev declare").arg("level", "sev1").arg("title", text),
            command("sev update").arg("text", text),
            command("sev note").arg("text", text),
            command("sev resolve").arg("text", text),
            command("sev level").arg("level", "sev2").arg("reason", text),
        ] {
            match bot.command::<SevDeclare>(command) {
                Err(Error::User(sentence)) => assert!(sentence.len() < 200, "{sentence}"),
                other => panic!("refused as the user's mistake, not {other:?}"),
            }
        }
        assert_eq!((bot.said.len(), bot.entries.len()), (0, 1), "nothing was done");
    }
}

#[test]
fn the_longest_texts_still_fit_into_one_answer() {
    // What the host takes at most, in bytes: one view, and the data of one answer.
    const MOST: usize = 256 * 1024;
    for text in ["🔥".repeat(4000), "\"".repeat(4000), format!("x{}x", "\n".repeat(3990))] {
        let mut bot = with_incident();
        for number in 0..60 {
            let title = format!("number {number}");
            run(&mut bot, command("sev declare").arg("level", "sev2").arg("title", &title));
            run(&mut bot, command("sev update").arg("text", &text).incident(&format!("INC-{}", number + 2)));
            run(&mut bot, command("sev update").arg("text", &text).incident("INC-1"));
        }
        for read in [command("sev list"), command("sev timeline").arg("id", "INC-1").arg("limit", "500")] {
            bot.said.clear();
            run(&mut bot, read);
            assert!(super::data(&bot).len() < MOST && bot.transcript().len() < MOST);
        }
    }
}

#[test]
fn a_clock_set_back_breaks_nothing() {
    let mut bot = with_incident();
    bot.now_ms -= 3_600_000;
    run(&mut bot, command("sev list"));
    run(&mut bot, command("sev resolve"));
    let shown = bot.transcript();
    assert!(shown.contains("INC-1 is resolved after 0 s."), "{shown}");
    later(&mut bot, 1);
}
