//! People write: section by section, by form or typed. Whoever writes on top of something else than stands there is told, and
//! nobody's text is lost.

use crate::card::{self, EDIT, TEXT};
use crate::draft;
use crate::md::moment;
use crate::paper::{self, Before, Paper, Words};
use crate::section::Section;
use drillbell_sdk::{Action, Bot, Command, IncidentId, Person, Result, View, internal, user, words};
use serde_json::json;

/// What somebody wants a section to say.
struct Wish<'a> {
    section: Section,
    text: &'a str,
    unknown: bool,
    by: &'a Person,
}

/// `/postmortem edit SECTION TEXT`
pub fn typed(bot: &mut impl Bot, cmd: &Command) -> Result {
    let paper = paper::meant(bot, None, cmd.incident.as_ref(), &cmd.conversation)?;
    let section = section(cmd.required("section")?)?;
    let (text, unknown) = (cmd.text("text").unwrap_or_default().trim(), cmd.flag("unknown"));
    if text.is_empty() && !unknown {
        let word = section.word();
        return Err(user(format!("{}? /postmortem edit {word} TEXT, or --unknown if nobody knows.", section.asks())));
    }
    let before = paper::words(bot, &paper.incident, section)?;
    let on = cmd.int("on")?;
    // Who says nothing of a revision has read what they wrote themselves.
    if on.is_none() && before.revision > 0 && before.by != cmd.by.id {
        return Err(user(format!(
            "{} of {} was written by {} ({}): \"{}\" To replace it, add --on {}; what stands there is kept.",
            section.title(),
            paper.incident,
            before.name,
            moment(before.at_ms),
            words::clip(&before.text, 300),
            before.revision
        )));
    }
    let on = on.map_or(before.revision, |on| u32::try_from(on).unwrap_or(0));
    write(bot, paper, before, on, &Wish { section, text, unknown, by: &cmd.by })
}

/// A form was submitted.
pub fn submitted(bot: &mut impl Bot, action: &Action) -> Result {
    let section = section(action.action.strip_prefix(EDIT).unwrap_or_default())?;
    let wrong = || internal(format!("a form has the value `{}`", action.value));
    let (id, on) = action.value.split_once(' ').ok_or_else(wrong)?;
    let on = on.parse().map_err(|_| wrong())?;
    let paper = paper::meant(bot, Some(IncidentId::from(id)), None, &action.conversation)?;
    let before = paper::words(bot, &paper.incident, section)?;
    let text = action.fields.text("text").unwrap_or_default().trim();
    let unknown = action.fields.text("state") == Some("unknown");
    write(bot, paper, before, on, &Wish { section, text, unknown, by: &action.by })
}

fn section(word: &str) -> Result<Section> {
    Section::parse(word).ok_or_else(|| internal(format!("`{word}` is no section that people write")))
}

fn write(bot: &mut impl Bot, mut paper: Paper, before: Words, on: u32, wish: &Wish<'_>) -> Result {
    let (id, section, now_ms) = (paper.incident.clone(), wish.section, bot.now());
    let count = wish.text.chars().count();
    if count > TEXT {
        return Err(user(format!("The text has {count} characters; a section has {TEXT} at most.")));
    }
    let same = before.text == wish.text && before.unknown == wish.unknown;
    bot.set_data(&json!({ "incident": id, "section": section.word(), "revision": before.revision + u32::from(!same), "changed": !same && on == before.revision }))?;
    if same {
        bot.reply(View::from(format!("{} of {id} says so already. Nothing changed.", section.title())))?;
        return Ok(());
    }
    if on != before.revision {
        return conflict(bot, &paper, &before, wish, now_ms);
    }
    let words = Words::said(wish.by, now_ms, wish.text, wish.unknown, before.revision + 1);
    paper::write(bot, &id, section, before, &words)?;
    let found = draft::refresh(bot, &mut paper)?;
    let errors = found.iter().filter(|finding| finding.error).count();
    let mut view =
        View::from(format!("{} of {id} is revision {} now, by {}.", section.title(), words.revision, wish.by.name));
    for finding in found.iter().filter(|finding| finding.section == section.word()) {
        view = view.context(finding.told());
    }
    let next = match errors {
        0 => format!("Nothing keeps it from being published: /postmortem publish {id}"),
        1 => String::from("One thing is to be mended before it is published."),
        many => format!("{many} things are to be mended before it is published."),
    };
    bot.reply(view.context(next))?;
    Ok(())
}

/// Somebody else was quicker. Both texts are shown; what was to be written is kept and stands in the form.
fn conflict(bot: &mut impl Bot, paper: &Paper, before: &Words, wish: &Wish<'_>, now_ms: u64) -> Result {
    let (id, section) = (&paper.incident, wish.section);
    let meant = Words::said(wish.by, now_ms, wish.text, wish.unknown, before.revision);
    paper::remember(bot, id, section, &Before { words: meant.clone(), kept: true })?;
    let now = match before.revision {
        0 => String::from("nothing stands there"),
        revision => format!("{} wrote revision {revision} at {}", before.name, moment(before.at_ms)),
    };
    let view = View::titled(format!("{id}: {} was changed meanwhile", section.title()))
        .tone(drillbell_sdk::Tone::Warning)
        .text(format!("You wrote on top of another revision: {now}. Nothing was replaced, and your text is kept."))
        .field("It says", before.text.clone())
        .field("You wrote", wish.text)
        .context("Open the form to bring both together; it begins with your text.")
        .form(card::edit(id.as_str(), section, before.revision), card::form(id.as_str(), section, &meant));
    bot.reply(view)?;
    Ok(())
}

/// `/postmortem show --history SECTION`
pub fn history(bot: &mut impl Bot, id: &IncidentId, word: &str) -> Result {
    let section = section(word)?;
    let (earlier, now) = (paper::history(bot, id, section)?, paper::words(bot, id, section)?);
    bot.set_data(&json!({ "incident": id, "section": word, "earlier": earlier, "now": now }))?;
    let mut view = View::titled(format!("{id}: {}, as it was and is", section.title()));
    for Before { words, kept } in &earlier {
        let what = if *kept { "was not taken" } else { "was replaced" };
        view = view.field(told(words), format!("{} ({what})", text(words)));
    }
    view = match now.revision {
        0 => view.text("Nobody has written it yet."),
        _ => view.field(format!("Now: {}", told(&now)), text(&now)),
    };
    bot.reply(view)?;
    Ok(())
}

fn told(words: &Words) -> String {
    format!("{}, {}, revision {}", words.name, moment(words.at_ms), words.revision)
}

fn text(words: &Words) -> String {
    match (words.unknown, words.text.is_empty()) {
        (true, true) => String::from("unknown"),
        (true, false) => format!("unknown: {}", words.text),
        (false, _) => words.text.clone(),
    }
}
