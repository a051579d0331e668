//! Reminders: an update that is due, an incident that nobody leads, a clock that runs out. Each is a timer of the incident's
//! own; when it fires, the incident is looked at anew, so that what has happened meanwhile counts and what is over stays quiet.

use crate::changes::{self, Done};
use crate::grants::granted;
use crate::public::Offer;
use crate::settings::{self, COMMANDER};
use crate::sight::Sight;
use crate::{card, clocks, public};
use drillbell_sdk::{
    Action, Bot, Button, Form, FormField, HostError, Incident, IncidentId, Once, Result, Status, Timer, Tone, View,
    internal, time,
};
use std::time::Duration;

/// The button that opens the form; also on the card.
pub const UPDATE: &str = "update";
/// Buttons of the question.
pub const SNOOZE: &str = "snooze";
/// See [`SNOOZE`].
pub const SKIP: &str = "skip";

/// The field of the form about the public page, and its yes.
const PUBLIC: &str = "public";
/// See [`PUBLIC`].
const PROPOSE: &str = "propose";
/// A second after a clock has run out, it has run out.
const AFTER_MS: u64 = 1_000;

/// Adds the button that opens the update form. Where the words could be for the public too, it asks.
pub fn form(view: View, incident: &Incident, is_next: bool, offer: Option<Offer>) -> View {
    let id = incident.id.as_str();
    let same = format!("as it is ({})", incident.status);
    let statuses = [Status::Investigating, Status::Identified, Status::Monitoring];
    let choices = statuses.into_iter().filter(|status| *status != incident.status);
    let choices = std::iter::once((String::from("same"), same))
        .chain(choices.map(|status| (status.as_str().to_owned(), status.as_str().to_owned())));
    let form = Form::new(format!("Update {id}"), "Tell everybody")
        .command(format!("/sev update --incident {id} TEXT"))
        .field(
            FormField::new("text", "What is so now?").required().paragraph().hint("What you know, what happens next"),
        )
        .field(FormField::new("status", "Status").select(choices).initial("same"));
    let form = match offer {
        Some(offer) => form.field(public_field(offer)),
        None => form,
    };
    let button = Button::new(UPDATE, "Update").value(id).once(Once::Never);
    view.form(if is_next { button.primary() } else { button }, form)
}

/// Whether the words are for everybody too.
fn public_field(offer: Offer) -> FormField {
    let choices = [("no", "only here"), (PROPOSE, "here, and propose them for the status page")];
    let (hint, initial) = match offer {
        Offer::Shown => ("The page still shows this incident; somebody else approves every word", "no"),
        Offer::Wanted => ("Somebody else approves every word before anybody reads it there", PROPOSE),
    };
    FormField::new(PUBLIC, "Public page")
        .hint(hint)
        .select(choices.map(|(value, label)| (value.to_owned(), label.to_owned())))
        .initial(initial)
}

/// The form was submitted. What it answered, if that was a question, says so.
pub fn answered(bot: &mut impl Bot, id: &IncidentId, action: &Action) -> Result {
    let (text, status) = (action.fields.required("text")?, action.fields.text("status").and_then(Status::parse));
    let done = changes::update(bot, id, text, status, &action.by)?;
    // Who was not asked meant only those here: a form asks or not by whoever had its card drawn.
    let is_for_all = action.fields.text(PUBLIC) == Some(PROPOSE);
    let done = if is_for_all { public::words(bot, done, text)? } else { done };
    done.answer(bot)?;
    let incident = bot.incident(id)?;
    if incident.card.as_ref() == Some(&action.card) {
        return Ok(());
    }
    settle(bot, action, &format!("Answered by {}.", action.by.name))
}

/// "Not now": the question comes again in a while.
pub fn snooze(bot: &mut impl Bot, id: &IncidentId, action: &Action) -> Result {
    let wait_ms = settings::snooze_ms(bot);
    put_off(bot, id, action, wait_ms, "Put off")
}

/// "Not this time": the next is due when it would have been anyway.
pub fn skip(bot: &mut impl Bot, id: &IncidentId, action: &Action) -> Result {
    let incident = bot.incident(id)?;
    let wait_ms = match bot.clocks(&incident.severity).update_every_ms {
        Some(every_ms) => every_ms,
        None => settings::snooze_ms(bot),
    };
    put_off(bot, id, action, wait_ms, "Skipped")
}

fn put_off(bot: &mut impl Bot, id: &IncidentId, action: &Action, wait_ms: u64, what: &str) -> Result {
    let until_ms = bot.now() + wait_ms;
    bot.put_off_update(id, until_ms)?;
    let (at, by) = (time::hour_minute(until_ms), &action.by.name);
    let said = View::from(format!("{id}: the next update is due at {at}."))
        .context(format!("{what} by {by}. Until then nobody is asked; whoever knows more says so: /sev update TEXT"));
    settle(bot, action, &format!("{what} by {by} until {at}."))?;
    Done::of(id, said).answer(bot)
}

/// The question without its buttons, and what became of it.
fn settle(bot: &mut impl Bot, action: &Action, what: &str) -> Result {
    let asked = View::from("An update was due.").context(what);
    match bot.edit(&action.card, asked) {
        // The button was not on a message of ours: an older form of it, or a copy.
        Err(HostError::Denied(_) | HostError::NotFound(_)) => Ok(()),
        other => Ok(other?),
    }
}

/// Sets the timers to what the incident needs now. Called with every change.
pub fn wind(bot: &mut impl Bot, sight: &Sight) -> Result {
    let id = sight.incident.id.as_str();
    let is_open = sight.incident.is_open();
    let mut timers: Vec<(&str, Option<u64>)> = Vec::new();
    match sight.facts.next_update_ms.filter(|_| is_open) {
        // It is overdue and was asked for: the timer that asks again is set.
        Some(at_ms) if at_ms <= sight.now_ms => {}
        at_ms => timers.push(("update", at_ms)),
    }
    timers.push(("clock", clocks::next_deadline(sight).filter(|_| is_open).map(|at_ms| at_ms + AFTER_MS)));
    let opened_ms = sight.facts.span().map_or(sight.incident.declared_ms, |span| span.opened_ms);
    let nudge_at = settings::nudge_ms(bot).map(|wait_ms| opened_ms + wait_ms);
    let leaderless = is_open && sight.facts.holder(COMMANDER).is_none();
    timers.push(("nudge", nudge_at.filter(|at_ms| leaderless && *at_ms > sight.now_ms)));
    for (what, at_ms) in timers {
        let name = format!("{what} {id}");
        let set = match at_ms {
            Some(at_ms) => bot.set_timer(&name, at_ms, id),
            None => bot.cancel_timer(&name),
        };
        if granted(bot, set, "no reminders")?.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

/// A timer came due.
pub fn rings(bot: &mut impl Bot, timer: &Timer) -> Result {
    let Some((what, id)) = timer.name.split_once(' ') else {
        return Err(internal(format!("the timer `{}` is none of this plugin's", timer.name)));
    };
    let sight = Sight::of(bot, &IncidentId::from(id))?;
    if !sight.incident.is_open() {
        return Ok(());
    }
    match what {
        "update" => ask(bot, &sight),
        "nudge" => nudge(bot, &sight),
        // The card says what was missed; the next clock has its own turn.
        "clock" => {
            card::refresh(bot, &sight)?;
            wind(bot, &sight)
        }
        _ => Err(internal(format!("the timer `{}` is none of this plugin's", timer.name))),
    }
}

fn ask(bot: &mut impl Bot, sight: &Sight) -> Result {
    let incident = &sight.incident;
    // It was put off or given meanwhile; that set a timer of its own.
    let Some(due_ms) = sight.facts.next_update_ms.filter(|due_ms| *due_ms <= sight.now_ms) else { return Ok(()) };
    let id = incident.id.as_str();
    let whom = ["communications", COMMANDER].into_iter().find_map(|role| sight.facts.holder(role));
    let whom = whom.map_or_else(|| String::from("Whoever knows"), |holder| holder.person.clone());
    let snooze_ms = settings::snooze_ms(bot);
    let latest = if incident.latest.is_empty() { String::new() } else { format!(" The last was: {}", incident.latest) };
    let view = View::titled(format!("{id}: an update is due")).tone(Tone::Warning).text(format!(
        "{whom}, what is so now? People expect to hear of {} since {}.{latest}",
        incident.title,
        at(due_ms)
    ));
    let button = |action: &str, label: String| Button::new(action, label).value(id);
    let offer = match sight.offer {
        None if public::is_open(bot, &incident.id)? => Some(Offer::Shown),
        offer => offer,
    };
    let view = form(view, incident, true, offer)
        .button(button(SNOOZE, format!("Snooze {}", time::span(Duration::from_millis(snooze_ms)))))
        .button(button(SKIP, String::from("Skip this one")));
    let posted = bot.post(&incident.conversation, view);
    granted(bot, posted, "nobody is asked for an update")?;
    if let Some(every_ms) = sight.clocks.update_every_ms {
        let again = bot.set_timer(&format!("update {id}"), sight.now_ms + every_ms, id);
        granted(bot, again, "no reminders")?;
    }
    card::refresh(bot, sight)
}

fn nudge(bot: &mut impl Bot, sight: &Sight) -> Result {
    let incident = &sight.incident;
    if sight.facts.holder(COMMANDER).is_some() {
        return Ok(());
    }
    let id = incident.id.as_str();
    let opened_ms = sight.facts.span().map_or(incident.declared_ms, |span| span.opened_ms);
    let for_ms = sight.now_ms.saturating_sub(opened_ms);
    let claim =
        Button::new(format!("{}{COMMANDER}", card::CLAIM), "Claim commander").value(id).primary().once(Once::Never);
    let view = View::titled(format!("{id}: nobody leads"))
        .tone(Tone::Warning)
        .text(format!(
            "{} has been open for {} and has no commander. Who leads?",
            incident.title,
            time::span(Duration::from_millis(for_ms))
        ))
        .context(format!("Press Claim commander, or name somebody: /sev role {COMMANDER} @SOMEBODY --incident {id}"))
        .button(claim);
    let posted = bot.post(&incident.conversation, view);
    granted(bot, posted, "nobody is told that nobody leads")?;
    Ok(())
}

fn at(at_ms: u64) -> String {
    time::hour_minute(at_ms)
}
