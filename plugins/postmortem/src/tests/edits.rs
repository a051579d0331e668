//! People write, several at once, and nothing of anybody is lost.

use super::*;
use drillbell_sdk::testing::click;
use drillbell_sdk::{Action, Args, Block};

fn submit(value: &str, who: (&str, &str), text: &str, state: &str) -> Action {
    let mut action: Action = click("edit-root-cause", value).by(who.0, who.1).into();
    action.fields = [("text", text), ("state", state)].into_iter().collect::<Args>();
    action
}

#[test]
fn a_form_writes_a_section_and_the_card_shows_it() {
    let mut bot = drafted();
    let card = bot.said[0].message().expect("the card").clone();
    let form = bot.message(&card).expect("posted").blocks.iter().find_map(|block| match block {
        Block::Form(button, form) if button.action == "edit-root-cause" => Some((button.value.clone(), form.clone())),
        _ => None,
    });
    let (value, form) = form.expect("a form");
    assert_eq!((value.as_str(), form.fields[0].initial.as_str()), ("INC-1 0", ""));
    bot.action::<Postmortem>(submit(&value, ("ben", "Ben"), "A full queue.", "known")).expect("written");
    let now = bot.message(&card).expect("posted").to_string();
    assert!(now.contains("Root cause: A full queue. (Ben, revision 1)"), "{now}");
    assert!(now.contains("[Root cause] edit-root-cause INC-1 1"), "{now}");
    bot.action::<Postmortem>(submit("INC-1 1", ("ben", "Ben"), "", "unknown")).expect("written");
    let now = bot.message(&card).expect("posted").to_string();
    assert!(now.contains("Root cause: unknown (Ben, revision 2)"), "{now}");
}

#[test]
fn of_two_who_write_at_once_the_second_is_told_and_both_texts_stay() {
    let mut bot = drafted();
    bot.said.clear();
    bot.action::<Postmortem>(submit("INC-1 0", ("ben", "Ben"), "A full queue.", "known")).expect("written");
    bot.said.clear();
    bot.action::<Postmortem>(submit("INC-1 0", ("ana", "Ana"), "A slow disk.", "known")).expect("told");
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m3
    INC-1: Root cause was changed meanwhile (warning)
    You wrote on top of another revision: Ben wrote revision 1 at 2026-03-01 10:54 UTC. Nothing was replaced, and your text is kept.
    It says: A full queue.
    You wrote: A slow disk.
    ~ Open the form to bring both together; it begins with your text.
    [Root cause] edit-root-cause INC-1 1 opens (INC-1: Root cause: text, state)
    ");
    assert!(bot.kv["words/INC-1/root-cause"].contains("A full queue."), "nothing was replaced");
    bot.action::<Postmortem>(submit("INC-1 1", ("ana", "Ana"), "A full queue on a slow disk.", "known"))
        .expect("written");
    bot.said.clear();
    run(&mut bot, command("postmortem show").arg("history", "root-cause"));
    insta::assert_snapshot!(bot.transcript(), @r"
    reply m5
    INC-1: Root cause, as it was and is (neutral)
    Ana, 2026-03-01 10:54 UTC, revision 1: A slow disk. (was not taken)
    Ben, 2026-03-01 10:54 UTC, revision 1: A full queue. (was replaced)
    Now: Ana, 2026-03-01 10:54 UTC, revision 2: A full queue on a slow disk.
    ");
}

#[test]
fn who_types_over_another_says_which_revision_they_read() {
    let mut bot = drafted();
    let edit = |text: &str| command("postmortem edit").arg("section", "summary").arg("text", text);
    run(&mut bot, edit("It was down."));
    run(&mut bot, edit("It was down for long."));
    let why = refused(&mut bot, edit("It was up.").by("ben", "Ben"));
    insta::assert_snapshot!(why, @r#"Summary of INC-1 was written by Ana (2026-03-01 10:54 UTC): "It was down for long." To replace it, add --on 2; what stands there is kept."#);
    run(&mut bot, edit("It was up.").by("ben", "Ben").arg("on", "1"));
    assert_eq!(data(&bot)["changed"], false, "it is another revision");
    run(&mut bot, edit("It was up.").by("ben", "Ben").arg("on", "2"));
    assert_eq!((&data(&bot)["changed"], &data(&bot)["revision"]), (&Value::Bool(true), &Value::from(3)));
    run(&mut bot, edit("It was up.").by("ben", "Ben"));
    assert_eq!(data(&bot)["changed"], false);
    run(&mut bot, command("postmortem show").arg("history", "summary"));
    let earlier: Vec<_> = data(&bot)["earlier"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["words"]["text"].clone(), one["kept"].clone()))
        .collect();
    let all = [("It was down.", false), ("It was up.", true), ("It was down for long.", false)];
    assert_eq!(earlier, all.map(|(text, kept)| (Value::from(text), Value::from(kept))));
}

#[test]
fn a_new_draft_refreshes_facts_and_keeps_words() {
    let mut bot = written();
    let old = data(&bot);
    by(&mut bot, "ana", |bot| bot.note(&id("INC-1"), "note", "the cache was cold").expect("noted"));
    run(&mut bot, command("postmortem draft"));
    let document = data(&bot)["document"].as_str().expect("a text").to_owned();
    assert!(
        document.contains("the cache was cold") && document.contains("What is to be said of root-cause."),
        "{old} {document}"
    );
    let told = bot.transcript();
    assert!(told.contains("~ Its card is further down now."), "{told}");
    let items = bot.facts[&id("INC-1")].tasks.len();
    assert_eq!(items, 2, "what was learned is added once");
}
