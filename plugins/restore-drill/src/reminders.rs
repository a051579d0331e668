//! What people are told beforehand: a drill is near, or one is overdue.

use crate::history;
use crate::subject::Subject;
use crate::{due, owner, postpone};
use drillbell_sdk::words;
use drillbell_sdk::{Bot, Button, Result, Tone, View};

/// A drill is near: told once for each reminder, in the backups channel and to its owner.
pub fn remind(bot: &mut impl Bot, subject: &Subject) -> Result {
    let (name, now_ms) = (&subject.target.name, bot.now());
    let Some(due_ms) = subject.due.next_ms.filter(|_| subject.running.is_none()) else { return Ok(()) };
    let mut told = history::told(bot, name)?;
    let before = told.reminded.filter(|(of_ms, _)| *of_ms == due_ms).map(|(_, before_ms)| before_ms);
    let Some(before_ms) = due::reminder(due_ms, &subject.drill.reminders(), before, now_ms) else { return Ok(()) };
    told.reminded = Some((due_ms, before_ms));
    history::set_told(bot, name, &told)?;
    let left = words::span(due_ms - now_ms);
    let mut view = View::titled(format!("{name} is drilled in {left}")).tone(Tone::Info).time("It begins", due_ms);
    if let Some(put_off) = &subject.put_off {
        view = view.text(format!("{} put it off until then: {}", put_off.by, put_off.reason));
    }
    let what = "The newest copy is restored into a scratch place, checked there and dropped; nothing else is touched.";
    let view = standing(view, subject, now_ms).context(what);
    owner::tell(bot, &subject.target, &with_buttons(view, name)).map(drop)
}

/// No copy has been proven for too long: loud, every day until one is.
pub fn alarm(bot: &mut impl Bot, subject: &Subject) -> Result {
    let (name, now_ms) = (&subject.target.name, bot.now());
    let Some(late_ms) = subject.due.overdue_ms.filter(|late_ms| *late_ms >= due::GRACE_MS) else { return Ok(()) };
    if subject.drill.schedule.is_none() || subject.running.is_some() {
        return Ok(());
    }
    let days = due::WITHIN_MS / 86_400_000;
    let mut view = View::titled(format!("The drill of {name} is overdue by {}", words::span(late_ms)))
        .tone(Tone::Critical)
        .text(format!(
            "A copy is to be proven by a restore within {days} days; until one is, nobody knows whether any is of use."
        ));
    if let Some(last) = subject.drills.first().filter(|last| !last.passed()) {
        let ago = words::span(now_ms.saturating_sub(last.at_ms));
        view = view.field("Last drill", format!("{} {ago} ago: {}", last.status, last.sentence));
    }
    if let Some(put_off) = &subject.put_off {
        view = view.field("Put off", format!("by {}: {}", put_off.by, put_off.reason)).time("Until", put_off.until_ms);
    }
    if !owner::tell(bot, &subject.target, &with_buttons(standing(view, subject, now_ms), name))? {
        bot.log(drillbell_sdk::Level::Error, &format!("{name}: a drill is overdue; there is no [channels] backups"));
    }
    Ok(())
}

fn standing(view: View, subject: &Subject, now_ms: u64) -> View {
    let proven = match &subject.proven {
        Some((at_ms, copy)) => format!("`{copy}`, {} ago", words::span(now_ms.saturating_sub(*at_ms))),
        None => "never".to_owned(),
    };
    let mut view = view.field("Last proven", proven).field("Time to restore", subject.took());
    view = view.field("At risk now", subject.at_risk(now_ms));
    match owner::shown(&subject.target).as_str() {
        "" => view,
        owner => view.field("Owner", owner),
    }
}

fn with_buttons(view: View, target: &str) -> View {
    let (button, form) = postpone::button(target);
    view.button(Button::new("run", "Run it now").value(target).primary()).form(button, form)
}
