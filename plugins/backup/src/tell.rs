//! How this plugin raises its voice: trouble is told in the backups channel and where somebody asked, with what there is to fall back on and
//! what to do next; its end is told too.

use crate::memory::{Outcome, Started};
use crate::work::Work;
use crate::{catalogue, standing, words};
use drillbell_sdk::{Bot, Button, Conversation, Level, Once, Result, Tone, View};

/// How a job ended that did not do its work, in words.
pub struct Cause {
    /// What became of it: `failed`.
    pub did: String,
    /// Why, if the job itself does not say.
    pub why: &'static str,
    /// How much it matters.
    pub tone: Tone,
    /// What there is to do before it is tried again.
    pub first: &'static str,
}

/// What the status of a job that was not done means.
pub fn cause(status: &str) -> Cause {
    let (did, why, tone, first) = match status {
        "failed" => ("failed", "It does not say why.", Tone::Critical, "Mend the cause and try again"),
        "lost" => (
            "was lost",
            "The bot died while it ran, and nobody can tell how far it got.",
            Tone::Critical,
            "Find out why it died, then try again",
        ),
        "cancelled" => {
            ("was cancelled", "Somebody stopped it.", Tone::Warning, "When nothing stands against it, try again")
        }
        "denied" => ("was not approved", "Whoever was asked said no.", Tone::Warning, "Talk to them, then try again"),
        "expired" => (
            "was approved by nobody in time",
            "Whoever was asked did not answer.",
            Tone::Warning,
            "Tell them that you will ask, then try again",
        ),
        other => {
            let did = format!("ended as {other}");
            return Cause { did, why: "It does not say why.", tone: Tone::Critical, first: "Try again" };
        }
    };
    Cause { did: did.to_owned(), why, tone, first }
}

/// Tells trouble in the backups channel, and where somebody asked: what there is to fall back on, whom to ask, what to do next.
pub fn loud(
    bot: &mut impl Bot,
    started: &Started,
    mut view: View,
    (outcome, next): (&Outcome, &str),
    to: Option<&Conversation>,
) -> Result {
    if outcome.failures > 1 {
        view = view.field("In a row", outcome.failures.to_string());
    }
    if let Some(target) = bot.find_target(&started.target)? {
        let mut now = catalogue::now(bot, &target)?;
        if outcome.state == "broken" {
            // The catalogue may not know it yet.
            let found = now.copies.iter_mut().filter(|copy| Some(&copy.object) == started.copy.as_ref());
            found.for_each(|copy| copy.verdict = "broken".to_owned());
            now.standing = standing::of(&target, &now.policy, &now.copies, bot.now());
        }
        let fall_back = standing::whole(&now.copies).map_or_else(|| "none".to_owned(), words::copy);
        view = view.field("Newest copy known to be whole", fall_back).field("At risk now", now.standing.risk());
        if !target.owner.is_empty() {
            view = view.field("Owner", target.owner.clone());
        }
        if started.work.holds_retention() {
            view = view
                .context(format!("{next}: `/backup run {}`. Nothing is deleted today.", target.name))
                .button(Button::new("run", "Back up now").value(target.name.as_str()).primary().once(Once::Never));
        }
    }
    everywhere(bot, started, &view, to)
}

/// Tells in the backups channel, and where somebody asked.
pub fn everywhere(bot: &mut impl Bot, started: &Started, view: &View, to: Option<&Conversation>) -> Result {
    let channel = bot.backups_channel()?;
    if channel.is_none() && to.is_none() {
        bot.log(Level::Error, &format!("{}: {view}; there is no [channels] backups to tell it in", started.target));
    }
    if let Some(channel) = &channel {
        bot.post_or_log(channel, view.clone())?;
    }
    match to.filter(|to| channel.as_ref() != Some(*to)) {
        Some(to) => Ok(bot.post_or_log(to, view.clone()).map(drop)?),
        None => Ok(()),
    }
}

/// The end of trouble is told where the trouble was.
pub fn well_again(bot: &mut impl Bot, started: &Started, failures: u32, said: &str) -> Result {
    let Some(channel) = bot.backups_channel()?.filter(|_| failures > 0) else { return Ok(()) };
    let title = match started.work {
        Work::Backup => format!("{} is backed up again", started.target),
        _ => format!("A copy of {} was read back and is whole again", started.target),
    };
    bot.post_or_log(&channel, View::titled(title).tone(Tone::Good).text(had_failed(failures)).text(said))?;
    Ok(())
}

/// How often it had gone wrong before it went well.
pub fn had_failed(failures: u32) -> String {
    match failures {
        1 => "It had failed once before.".to_owned(),
        n => format!("It had failed {n} times in a row before."),
    }
}
