//! A postmortem is begun, read anew, shown. Reading anew refreshes what the timeline says and leaves what people wrote.

use crate::card;
use crate::document::Written;
use crate::edit;
use crate::facts;
use crate::known::{KIND, Known};
use crate::lint::{self, Finding};
use crate::md::unlinked;
use crate::paper::{self, Paper, Words};
use crate::remind;
use crate::section::Section;
use crate::settings;
use drillbell_sdk::{Bot, Command, Conversation, IncidentId, Level, Person, Result, View, user};
use serde_json::json;

/// Action items that one draft adds by itself.
const LESSONS: usize = 10;

/// `/postmortem draft [INC-N]`
pub fn draft(bot: &mut impl Bot, cmd: &Command) -> Result {
    let named = cmd.args.incident("id").or_else(|| cmd.incident.clone());
    let begun = bot.get(&format!("here/{}", cmd.conversation))?.map(IncidentId::from);
    let ask = || user("Of which incident? Type, for example, /postmortem draft INC-1");
    begin(bot, &named.or(begun).ok_or_else(ask)?, &cmd.by, &cmd.conversation)
}

/// Begins a postmortem, or reads the timeline of one anew, and shows its card.
pub fn begin(bot: &mut impl Bot, id: &IncidentId, by: &Person, here: &Conversation) -> Result {
    let incident = bot.incident(id)?;
    let now_ms = bot.now();
    let known = paper::find(bot, id)?;
    let is_new = known.is_none();
    let mut paper = known.unwrap_or_else(|| Paper {
        incident: incident.id.clone(),
        by: by.name.clone(),
        at_ms: now_ms,
        card: None,
        taught: Vec::new(),
        replaced: Vec::new(),
        timed: Vec::new(),
        published: Vec::new(),
    });
    if is_new {
        bot.note(id, KIND, &format!("drafted by {}", by.name))?;
        remind::to_publish(bot, id, incident.resolved_ms)?;
    }
    learn(bot, &mut paper, by)?;
    paper::means(bot, here, id)?;
    let (known, words) = (Known::of(bot, id)?, paper::all_words(bot, id)?);
    remind::items_of(bot, &mut paper, &known.facts)?;
    let found = lint::check(&known, &paper, &words);
    let written = Written { known: &known, paper: &paper, words: &words, passed: None };
    bot.set_data(&data(&written, &found))?;
    let view = card::card(&written, &found);
    let message = bot.post(here, view)?;
    if let Some(old) = paper.card.replace(message) {
        let moved = View::titled(format!("{id} · Postmortem")).context("Its card is further down now.");
        after_all(bot, id, |bot| bot.edit(&old, moved))?;
    }
    paper::keep(bot, &paper)
}

/// A runbook that was used and a glass that was broken are looked at afterwards: an action item for each, once.
fn learn(bot: &mut impl Bot, paper: &mut Paper, by: &Person) -> Result {
    let id = paper.incident.clone();
    let known = Known::of(bot, &id)?;
    if known.facts.merged_into.is_some() {
        return Ok(());
    }
    let owner = known.facts.holder("commander").map_or(by.id.clone(), |holder| holder.person.clone());
    let due_ms = known.now_ms + settings::lessons_ms(bot);
    let new: Vec<_> = facts::lessons(&known).into_iter().filter(|(line, _)| !paper.taught.contains(line)).collect();
    for (line, text) in new.into_iter().take(LESSONS) {
        bot.add_task(&id, &text, Some(&owner), Some(due_ms))?;
        paper.taught.push(line);
    }
    Ok(())
}

/// The card says what is so now; what is still wrong.
pub fn refresh(bot: &mut impl Bot, paper: &mut Paper) -> Result<Vec<Finding>> {
    let id = paper.incident.clone();
    let (known, words) = (Known::of(bot, &id)?, paper::all_words(bot, &id)?);
    remind::items_of(bot, paper, &known.facts)?;
    let found = lint::check(&known, paper, &words);
    if let Some(message) = &paper.card {
        let view = card::card(&Written { known: &known, paper, words: &words, passed: None }, &found);
        after_all(bot, &id, |bot| bot.edit(message, view))?;
    }
    paper::keep(bot, paper)?;
    Ok(found)
}

/// A card that is gone keeps nobody from writing.
fn after_all<B: Bot>(bot: &mut B, id: &IncidentId, edit: impl FnOnce(&mut B) -> drillbell_sdk::HostResult) -> Result {
    use drillbell_sdk::HostError::{Denied, NotFound};
    match edit(bot) {
        Err(error @ (Denied(_) | NotFound(_))) => {
            bot.log(Level::Warn, &format!("the card of the postmortem of {id} stays as it is: {error}"));
            Ok(())
        }
        other => Ok(other?),
    }
}

/// `/postmortem show [INC-N] [--history SECTION]`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let paper = paper::meant(bot, cmd.args.incident("id"), cmd.incident.as_ref(), &cmd.conversation)?;
    if let Some(section) = cmd.text("history") {
        return edit::history(bot, &paper.incident, section);
    }
    let (known, words) = (Known::of(bot, &paper.incident)?, paper::all_words(bot, &paper.incident)?);
    let found = lint::check(&known, &paper, &words);
    let written = Written { known: &known, paper: &paper, words: &words, passed: None };
    bot.set_data(&data(&written, &found))?;
    let mut view = View::titled(format!("{} · Postmortem · {}", paper.incident, known.incident.title))
        .field("State", card::state(&paper))
        .code(unlinked(&written.markdown()));
    for line in card::told(&found) {
        view = view.context(line);
    }
    if found.is_empty() {
        view = view.context(format!("Nothing is wrong with it: /postmortem publish {}", paper.incident));
    }
    bot.reply(view)?;
    Ok(())
}

/// The same for machines.
fn data(written: &Written<'_>, found: &[Finding]) -> serde_json::Value {
    let sections: Vec<_> = written.words.iter().map(|(section, words)| state(*section, words)).collect();
    json!({
        "incident": written.known.incident, "sections": sections, "findings": found, "published": written.paper.published,
        "items": written.known.items(&written.paper.replaced).collect::<Vec<_>>(), "document": written.markdown(),
    })
}

fn state(section: Section, words: &Words) -> serde_json::Value {
    json!({ "section": section.word(), "said": words.is_said(), "unknown": words.unknown, "revision": words.revision })
}
