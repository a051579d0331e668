//! A game day: how far it is and what came of each step. All of it is kept; its revision tells a click on what is shown from one on what
//! was shown before.

use drillbell_sdk::book::{self, Book};
use drillbell_sdk::{Bot, Conversation, MessageRef, Result, user};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Digits of a number in a key, so that keys sort as numbers do.
const DIGITS: usize = 8;

/// A runbook as an exercise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Game {
    /// `G-3`.
    pub id: String,
    /// The runbook.
    pub book: String,
    /// Its title, when it began.
    pub title: String,
    /// Its digest, when it began.
    pub digest: String,
    /// Where it is practised: a name of `[gamedays]`.
    pub on: String,
    /// Where it runs.
    pub thread: Conversation,
    /// Where it was started.
    pub channel: Conversation,
    /// The card with the present step.
    pub card: Option<MessageRef>,
    /// Who leads it.
    pub lead: String,
    /// When it began.
    pub began_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// Why it was ended early.
    pub early: Option<String>,
    /// Inputs, and what steps captured.
    pub values: BTreeMap<String, String>,
    /// Goes up with every change.
    pub revision: u64,
    /// The present step, from 0.
    pub at: usize,
    /// What came of each step.
    pub steps: Vec<Step>,
    /// The job that the present step waits for.
    pub job: Option<String>,
}

/// What came of a step, and how long it took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// One sentence.
    pub said: String,
    /// Who did or decided it.
    pub by: String,
    /// When its turn came.
    pub turn_ms: u64,
    /// When it was over.
    pub ended_ms: u64,
    /// How long the runbook says that it takes.
    pub takes_ms: u64,
}

/// How a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its turn has not come, or nobody has done it yet.
    #[default]
    Open,
    /// It goes on.
    Running,
    Pass,
    Fail,
    Unknown,
    Skipped,
    /// It would have been production's: the host did not do it.
    Withheld,
}

impl State {
    /// All, with a mark for lists, the word, and how many of them are told.
    const ALL: [(Self, &'static str, &'static str, &'static str); 7] = [
        (Self::Pass, "✓", "pass", "passed"),
        (Self::Fail, "✗", "fail", "failed"),
        (Self::Unknown, "?", "unknown", "unknown"),
        (Self::Withheld, "⊘", "withheld", "withheld"),
        (Self::Skipped, "–", "skipped", "skipped"),
        (Self::Running, "▶", "running", "running"),
        (Self::Open, "·", "open", "not done"),
    ];

    fn told(self) -> (&'static str, &'static str) {
        let found = Self::ALL.iter().find(|(state, ..)| *state == self);
        found.map_or(("·", "open"), |(_, mark, word, _)| (mark, word))
    }

    /// A mark for lists.
    pub fn mark(self) -> &'static str {
        self.told().0
    }

    /// The word.
    pub fn word(self) -> &'static str {
        self.told().1
    }
}

impl Step {
    /// From when its turn came until it was over; `None` while it is not.
    pub fn took_ms(&self) -> Option<u64> {
        (self.turn_ms > 0 && self.ended_ms >= self.turn_ms).then(|| self.ended_ms - self.turn_ms)
    }
}

impl Game {
    /// Nothing more will happen to it.
    pub fn has_ended(&self) -> bool {
        self.ended_ms.is_some()
    }

    /// What people read before anything of it.
    pub fn mark(&self) -> String {
        format!("{} {}", super::MARK, self.id)
    }

    /// What came of the present step.
    pub fn now(&mut self) -> &mut Step {
        let last = self.steps.len().saturating_sub(1);
        &mut self.steps[self.at.min(last)]
    }

    /// How many steps came out so.
    pub fn count(&self, state: State) -> usize {
        self.steps.iter().filter(|step| step.state == state).count()
    }

    /// `3 passed, 1 withheld`.
    pub fn tally(&self) -> String {
        let told = State::ALL.iter().map(|(state, _, _, word)| (self.count(*state), word));
        told.filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect::<Vec<_>>().join(", ")
    }
}

/// A new one's id.
pub fn new_id(bot: &mut impl Bot) -> Result<String> {
    let last: u64 = bot.get_json("last-game")?.unwrap_or_default();
    bot.set_json("last-game", &(last + 1))?;
    Ok(format!("G-{}", last + 1))
}

/// The key of one, by its id.
pub fn key(id: &str) -> Option<String> {
    let number: u64 = id.strip_prefix("G-")?.parse().ok()?;
    Some(format!("game/{number:0DIGITS$}"))
}

/// Keeps one; whatever was shown of it before is old from now on.
pub fn keep(bot: &mut impl Bot, game: &mut Game) -> Result {
    game.revision += 1;
    if let Some(key) = key(&game.id) {
        bot.set_json(&key, game)?;
    }
    Ok(())
}

/// One by its id.
pub fn get(bot: &mut impl Bot, id: &str) -> Result<Game> {
    let id = id.trim().to_uppercase();
    let found = match key(&id) {
        Some(key) => bot.get_json(&key)?,
        None => None,
    };
    found.ok_or_else(|| user(format!("There is no game day `{id}`. `/drill gameday list` names those there are.")))
}

/// All that are remembered, the newest first.
pub fn all(bot: &mut impl Bot) -> Result<Vec<Game>> {
    let mut games = Vec::new();
    for (key, text) in bot.list("game/", 1_000)?.into_iter().rev() {
        match serde_json::from_str(&text) {
            Ok(game) => games.push(game),
            // Another version wrote it; it is no reason to lose the others.
            Err(error) => bot.log(drillbell_sdk::Level::Warn, &format!("the key `{key}` reads wrong: {error}")),
        }
    }
    Ok(games)
}

/// The one that was named, else the last one here.
pub fn meant(bot: &mut impl Bot, named: Option<&str>, here: &Conversation) -> Result<Game> {
    if let Some(id) = named {
        return get(bot, id);
    }
    match bot.get(&format!("game-here/{here}"))? {
        Some(id) => get(bot, &id),
        None => Err(user(
            "No game day runs here. Begin one with `/drill gameday start RUNBOOK --on PLACE`, or name one with --game.",
        )),
    }
}

/// The runbook as it was when the game day began.
pub fn book_of(bot: &mut impl Bot, game: &Game) -> Result<Book> {
    book::as_begun(bot, &game.book, &game.digest, &game.id, "End it with `/drill gameday end` and begin anew.")
}

/// It goes on: refused once it has ended.
pub fn must_go_on(game: &Game) -> Result {
    book::must_go_on(&game.id, game.ended_ms, || game.tally())
}
