//! A postmortem as it is remembered: who began it, what people wrote in each section with its history, and what was published.

use crate::section::Section;
use drillbell_sdk::{Bot, Conversation, Error, IncidentId, MessageRef, Person, Result, internal, user};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Postmortems that a list reads.
pub const MOST: u32 = 200;
/// Earlier texts of a section that are read.
const HISTORY: u32 = 500;

/// A postmortem.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paper {
    /// Its incident.
    pub incident: IncidentId,
    /// The name of whoever began it.
    pub by: String,
    /// When.
    pub at_ms: u64,
    /// Its newest card.
    pub card: Option<MessageRef>,
    /// Lines of the timeline for which an action item was added.
    #[serde(default)]
    pub taught: Vec<String>,
    /// Tasks that go on as other ones.
    #[serde(default)]
    pub replaced: Vec<u32>,
    /// Action items that people are reminded of.
    #[serde(default)]
    pub timed: Vec<u32>,
    /// What was published, oldest first.
    #[serde(default)]
    pub published: Vec<Published>,
}

/// A revision that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// From 1.
    pub revision: u32,
    /// Who did it.
    pub by: String,
    /// When.
    pub at_ms: u64,
    /// Where it is on the web; none while that is not so.
    pub page: Option<String>,
}

/// What a section says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// What people wrote; of what is unknown, why.
    pub text: String,
    /// It is not known, somebody said.
    pub unknown: bool,
    /// The person's id.
    pub by: String,
    /// How they are called.
    pub name: String,
    /// When.
    pub at_ms: u64,
    /// Counts from 1; 0 is nothing yet.
    pub revision: u32,
}

/// What a section said before, or was meant to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The words.
    pub words: Words,
    /// They never stood there: somebody else was quicker.
    pub kept: bool,
}

impl Paper {
    /// Whether nothing of it is published yet.
    pub fn is_draft(&self) -> bool {
        self.published.is_empty()
    }
}

impl Words {
    /// Words as somebody says them now.
    pub fn said(by: &Person, at_ms: u64, text: &str, unknown: bool, revision: u32) -> Self {
        Self { text: text.to_owned(), unknown, by: by.id.clone(), name: by.name.clone(), at_ms, revision }
    }

    /// Whether somebody has said something.
    pub fn is_said(&self) -> bool {
        self.unknown || !self.text.is_empty()
    }
}

/// The postmortem of an incident, if there is one.
pub fn find(bot: &mut impl Bot, id: &IncidentId) -> Result<Option<Paper>> {
    bot.get_json(&format!("paper/{id}"))
}

/// Keeps it.
pub fn keep(bot: &mut impl Bot, paper: &Paper) -> Result {
    bot.set_json(&format!("paper/{}", paper.incident), paper)
}

/// All of them, those begun last first.
pub fn all(bot: &mut impl Bot) -> Result<Vec<Paper>> {
    let read = |(key, text): (String, String)| {
        serde_json::from_str(&text).map_err(|error| internal(format!("the key `{key}` reads wrong: {error}")))
    };
    let mut papers = bot.list("paper/", MOST)?.into_iter().map(read).collect::<Result<Vec<Paper>>>()?;
    papers.sort_by_key(|paper| Reverse(paper.at_ms));
    Ok(papers)
}

/// What a section says.
pub fn words(bot: &mut impl Bot, id: &IncidentId, section: Section) -> Result<Words> {
    Ok(bot.get_json(&format!("words/{id}/{}", section.word()))?.unwrap_or_default())
}

/// What every section says.
pub fn all_words(bot: &mut impl Bot, id: &IncidentId) -> Result<Vec<(Section, Words)>> {
    Section::written().map(|section| Ok((section, words(bot, id, section)?))).collect()
}

/// A section says something else from now on; what it said is history.
pub fn write(bot: &mut impl Bot, id: &IncidentId, section: Section, before: Words, words: &Words) -> Result {
    if before.revision > 0 {
        remember(bot, id, section, &Before { words: before, kept: false })?;
    }
    bot.set_json(&format!("words/{id}/{}", section.word()), words)
}

/// Adds to a section's history.
pub fn remember(bot: &mut impl Bot, id: &IncidentId, section: Section, before: &Before) -> Result {
    let prefix = format!("history/{id}/{}/", section.word());
    let number = bot.list(&prefix, HISTORY)?.len() + 1;
    bot.set_json(&format!("{prefix}{number:06}"), before)
}

/// A section's history, oldest first.
pub fn history(bot: &mut impl Bot, id: &IncidentId, section: Section) -> Result<Vec<Before>> {
    let found = bot.list(&format!("history/{id}/{}/", section.word()), HISTORY)?;
    let read = |(key, text): (String, String)| {
        serde_json::from_str(&text).map_err(|error| internal(format!("the key `{key}` reads wrong: {error}")))
    };
    found.into_iter().map(read).collect()
}

/// Here it is the postmortem of this incident that is meant.
pub fn means(bot: &mut impl Bot, here: &Conversation, id: &IncidentId) -> Result {
    Ok(bot.set(&format!("here/{here}"), id.as_str())?)
}

/// The postmortem that is meant: the named one, else that of the incident that the host found, or the one that was begun here last.
/// Where it could be either people are asked, since nobody should write into the wrong one.
pub fn meant(
    bot: &mut impl Bot,
    named: Option<IncidentId>,
    found: Option<&IncidentId>,
    here: &Conversation,
) -> Result<Paper> {
    if let Some(id) = named {
        return find(bot, &id)?.ok_or_else(|| none_of(&id));
    }
    let begun = bot.get(&format!("here/{here}"))?.map(IncidentId::from);
    let Some(found) = found else {
        let ask =
            || user("Of which incident? Add, for example, --incident INC-1. /postmortem list shows what there is.");
        let id = begun.ok_or_else(ask)?;
        return find(bot, &id)?.ok_or_else(|| none_of(&id));
    };
    match (find(bot, found)?, begun) {
        (Some(paper), _) => Ok(paper),
        (None, Some(other)) if other != *found => Err(user(format!(
            "Which one? {found} has no postmortem yet, {other} was drafted here. Add --incident {other}, or begin one: \
             /postmortem draft {found}"
        ))),
        (None, _) => Err(none_of(found)),
    }
}

fn none_of(id: &IncidentId) -> Error {
    user(format!("There is no postmortem of {id} yet. To begin one: /postmortem draft {id}"))
}
