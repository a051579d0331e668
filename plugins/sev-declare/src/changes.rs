//! Everything that changes an incident's words, severity or status. The answer says in a line what is so now and who did it;
//! then the card follows, the reminders and the incidents' channel. Asking for what is so already is no mistake: the answer
//! says since when.

use crate::grants::granted;
use crate::sight::Sight;
use crate::{card, escalation, place, prompts, public};
use drillbell_sdk::{Bot, Command, Incident, IncidentId, Person, Result, Status, Tone, View, time, user};
use serde_json::json;

/// The timeline is searched this far back for whoever made the last change.
const LOOK_BACK: u32 = 100;
/// What happened longer ago than this is told with its day, in milliseconds.
pub const SAME_DAY_MS: u64 = 20 * 3_600_000;

/// What came of it.
#[must_use]
pub struct Done {
    id: IncidentId,
    said: View,
    card: Card,
    /// The incidents' channel hears of it too.
    is_news: bool,
    /// Whose doing it was, if its ladder is to follow.
    climbs: Option<Person>,
}

/// What becomes of the card.
#[derive(PartialEq)]
enum Card {
    /// Nothing changed.
    Same,
    /// It is edited.
    Edited,
    /// A new one is posted; the old one says so.
    Anew,
}

impl Done {
    /// Something changed.
    pub fn of(id: &IncidentId, said: View) -> Self {
        Self { id: id.clone(), said, card: Card::Edited, is_news: false, climbs: None }
    }

    /// It was so already.
    pub fn same(id: &IncidentId, said: View) -> Self {
        Self { card: Card::Same, ..Self::of(id, said) }
    }

    /// Something changed that concerns everybody.
    fn news(id: &IncidentId, said: View) -> Self {
        Self { is_news: true, ..Self::of(id, said) }
    }

    /// Something changed that its ladder is to follow.
    fn climbing(self, by: &Person) -> Self {
        Self { climbs: Some(by.clone()), ..self }
    }

    /// Which incident it is about.
    pub fn id(&self) -> &IncidentId {
        &self.id
    }

    /// The same with a small line more.
    pub fn adding(self, line: String) -> Self {
        Self { said: self.said.context(line), ..self }
    }

    /// Answers whoever asked, in words and as data; brings card and reminders up to date, tells the incidents' channel and has the
    /// ladder follow.
    pub fn answer(self, bot: &mut impl Bot) -> Result {
        let Self { id, said, card, is_news, climbs } = self;
        bot.reply(&said)?;
        if card == Card::Same {
            let (incident, facts) = (bot.incident(&id)?, bot.facts(&id)?);
            return Ok(bot.set_data(&json!({ "incident": incident, "facts": facts, "changed": false }))?);
        }
        let sight = Sight::of(bot, &id)?;
        bot.set_data(&json!({ "incident": sight.incident, "facts": sight.facts, "changed": true }))?;
        // What is archived is opened before anything is said in it.
        place::follow(bot, &sight.incident, card == Card::Anew)?;
        match card {
            Card::Anew => card::renew(bot, &sight)?,
            _ => card::refresh(bot, &sight)?,
        }
        prompts::wind(bot, &sight)?;
        if is_news {
            digest(bot, &sight.incident, &said)?;
        }
        match climbs {
            Some(by) => escalation::follow(bot, &id, &by),
            None => Ok(()),
        }
    }
}

/// Tells it where incidents are told besides their own conversation.
pub fn digest(bot: &mut impl Bot, incident: &Incident, said: &View) -> Result {
    let Some(to) = bot.digest().filter(|to| *to != incident.conversation) else { return Ok(()) };
    let view = View { title: card::heading(incident), tone: said.tone, blocks: said.blocks.clone() };
    let posted = bot.post(&to, view);
    granted(bot, posted, "the incidents' channel is not told")?;
    Ok(())
}

/// `/sev declare`: the answer is the card itself, or where the card is.
pub fn declare(bot: &mut impl Bot, cmd: &Command) -> Result {
    let (title, level) = (cmd.required("title")?, cmd.required("level")?);
    let incident = bot.declare(title, level, &cmd.conversation, cmd.text("service"))?;
    let mut sight = Sight::fresh(bot, incident)?;
    if !place::declared(bot, &mut sight)? {
        let message = bot.reply(card::card(&sight))?;
        bot.set_card(&sight.incident.id, &message)?;
        place::card_moved(bot, &sight.incident, &message)?;
    }
    bot.set_data(&json!({ "incident": sight.incident, "facts": sight.facts, "changed": true }))?;
    prompts::wind(bot, &sight)?;
    let said = declared(&sight, &cmd.by.name);
    // Where it was declared, the answer says so already.
    if bot.digest().as_ref() != Some(&cmd.conversation) {
        digest(bot, &sight.incident, &said)?;
    }
    public::begin(bot, &sight.incident)?;
    escalation::start(bot, &sight.incident)
}

/// What the incidents' channel reads of a new one.
fn declared(sight: &Sight, by: &str) -> View {
    let (incident, id) = (&sight.incident, &sight.incident.id);
    View::from(format!("Declared by {by}."))
        .tone(card::tone(incident, &sight.severities))
        .context(format!("Who has it? /sev ack {id}. How it stands: /sev show {id}"))
}

/// An incident that another plugin declared gets what any other has: a card, clocks, first words for the
/// public, a ladder.
pub fn take_up(bot: &mut impl Bot, id: &IncidentId) -> Result {
    let incident = bot.incident(id)?;
    if incident.card.is_some() || !incident.is_open() {
        return Ok(());
    }
    let told_in = incident.conversation.clone();
    let mut sight = Sight::fresh(bot, incident)?;
    if !place::declared(bot, &mut sight)? {
        let message = bot.post(&told_in, card::card(&sight))?;
        bot.set_card(id, &message)?;
        place::card_moved(bot, &sight.incident, &message)?;
    }
    prompts::wind(bot, &sight)?;
    let said = declared(&sight, &sight.incident.declared_by);
    if bot.digest().as_ref() != Some(&told_in) {
        digest(bot, &sight.incident, &said)?;
    }
    public::begin(bot, &sight.incident)?;
    escalation::start(bot, &sight.incident)
}

/// New words for everyone, and a new status if one was given.
pub fn update(bot: &mut impl Bot, id: &IncidentId, text: &str, to: Option<Status>, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    let mut incident = bot.update(id, text)?;
    let mut context = format!("Update by {}.", by.name);
    if let Some(to) = to.filter(|to| *to != before.status) {
        incident = bot.set_status(id, to, "")?;
        context.push_str(&format!(" Now {to} (was {}).", before.status));
    }
    let said = View::from(format!("{id}: {}", incident.latest)).context(context);
    let said = match next(incident.status) {
        "" => said,
        next => said.context(next),
    };
    // When people hear of it again is what they ask next.
    Ok(Done::news(
        id,
        match bot.facts(id)?.next_update_ms {
            Some(at_ms) => said.time("Next update by", at_ms),
            None => said,
        },
    ))
}

/// Another severity.
pub fn level(bot: &mut impl Bot, id: &IncidentId, level: &str, reason: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.severity == level {
        let said = View::from(format!("{id} is already {level}. Nothing changed."));
        return Ok(Done::same(id, said));
    }
    let incident = bot.set_severity(id, level, reason)?;
    let now = format!("{id} is now {} (was {})", incident.severity, before.severity);
    let how = format!("Changed by {}. What now: the card says it, with the clocks of {}.", by.name, incident.severity);
    let said = View::from(because(&now, reason)).context(how);
    Ok(Done::news(id, said).climbing(by))
}

/// A line in the timeline. What was merged ends there: its notes belong where it goes on.
pub fn note(bot: &mut impl Bot, id: &IncidentId, text: &str, by: &Person) -> Result<Done> {
    if let Some(into) = bot.facts(id)?.merged_into {
        return Err(user(format!("{id} was merged into {into}; go on there: add --incident {into}")));
    }
    bot.note(id, "note", text)?;
    let how = format!("Noted in the timeline by {}. All of it: /sev timeline {id}", by.name);
    let said = View::from(format!("{id}: {}", text.trim())).context(how);
    Ok(Done::of(id, said))
}

/// Another status, by a button.
pub fn status(bot: &mut impl Bot, id: &IncidentId, to: Status, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.status == to {
        let said = already(bot, id, to)?;
        return Ok(Done::same(id, said));
    }
    bot.set_status(id, to, "")?;
    let said = View::from(format!("{id} is now {to} (was {}).", before.status));
    Ok(Done::news(id, said.context(format!("Changed by {}. {}", by.name, next(to)).trim_end().to_owned())))
}

/// What is to be done next.
fn next(status: Status) -> &'static str {
    match status {
        Status::Investigating => "What now: decide what restores the service, then press Identified.",
        Status::Identified => "What now: restore the service, then press Monitoring.",
        Status::Monitoring => "What now: see that it stays well, then press Resolve.",
        Status::Resolved => "",
    }
}

/// The end of it. The words, if any, are its last update, so that the card shows them. Asked again, the end of what is still public
/// is proposed anew: it may have been denied, or nobody may have decided in time.
pub fn resolve(bot: &mut impl Bot, id: &IncidentId, text: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if !before.is_open() {
        let said = match bot.facts(id)?.merged_into {
            Some(into) => View::from(format!("{id} was merged into {into}; it goes on there. Nothing changed.")),
            None => already(bot, id, Status::Resolved)?,
        };
        return Ok(Done::same(id, public::resolve(bot, id, said)?));
    }
    if !text.trim().is_empty() {
        bot.update(id, text)?;
    }
    let incident = bot.set_status(id, Status::Resolved, "")?;
    let until_ms = incident.resolved_ms.unwrap_or(incident.declared_ms);
    let now = format!("{id} is resolved after {}", card::lasted(&incident, until_ms));
    let said = View::from(because(&now, text))
        .tone(Tone::Good)
        .context(format!("Resolved by {}. If that was too early: /sev reopen {id}", by.name));
    let said = public::resolve(bot, id, said)?;
    place::let_go(bot, &incident, incident.card.as_ref())?;
    Ok(Done::news(id, said).climbing(by))
}

/// Open again. The old card is far up by now and its buttons are spent, so there is a new one. The reason, if any, is its
/// latest word: what was said when it seemed over would read as if it still were.
pub fn reopen(bot: &mut impl Bot, id: &IncidentId, reason: &str, by: &Person) -> Result<Done> {
    let before = bot.incident(id)?;
    if before.is_open() {
        let said = View::from(format!("{id} is open already ({}). Nothing changed.", before.status));
        return Ok(Done::same(id, said));
    }
    let mut incident = bot.reopen(id, "")?;
    if !reason.trim().is_empty() {
        incident = bot.update(id, reason)?;
    }
    let now = format!("{id} is open again ({})", incident.status);
    let said =
        View::from(because(&now, reason)).context(format!("Reopened by {}. What now: its new card says it.", by.name));
    Ok(Done { card: Card::Anew, ..Done::news(id, said).climbing(by) })
}

/// `INC-3 is already resolved: done by ana at 10:02 UTC. Nothing changed.`, as far as the timeline tells.
fn already(bot: &mut impl Bot, id: &IncidentId, status: Status) -> Result<View> {
    let (arrival, now_ms) = (format!("→ {status}"), bot.now());
    let entries = bot.timeline(id, LOOK_BACK)?;
    let line = entries.iter().rev().find(|entry| entry.kind == "status" && entry.text.contains(&arrival));
    let done =
        line.map_or_else(String::new, |entry| format!(": done by {} {}", entry.author, when(entry.at_ms, now_ms)));
    Ok(View::from(format!("{id} is already {status}{done}. Nothing changed.")))
}

/// `at 10:04 UTC`, or with its day.
pub fn when(at_ms: u64, now_ms: u64) -> String {
    if now_ms.saturating_sub(at_ms) > SAME_DAY_MS {
        format!("on {} UTC", time::day_hour_minute(at_ms))
    } else {
        format!("at {}", time::hour_minute(at_ms))
    }
}

/// `what.` or `what: why`, without a full stop after somebody else's words.
pub fn because(what: &str, why: &str) -> String {
    match why.trim() {
        "" => format!("{what}."),
        why => format!("{what}: {why}"),
    }
}
