//! Whose a target is: somebody of `[people]`, who is told in a direct message too, or words that only people understand.

use crate::policy;
use drillbell_sdk::{Bot, Conversation, Level, Result, Target, View};

/// Whom to show as the owner; empty if nobody is named.
pub fn shown(target: &Target) -> String {
    match policy::owner(target) {
        Ok(Some(owner)) => owner.name,
        _ => target.owner.clone(),
    }
}

/// Says something in the backups channel, and to the owner where a direct message reaches them. Whether there is such a channel.
pub fn tell(bot: &mut impl Bot, target: &Target, view: &View) -> Result<bool> {
    let channel = bot.backups_channel()?;
    if let Some(channel) = &channel {
        bot.post_or_log(channel, view.clone())?;
    }
    let chat = policy::owner(target)?.and_then(|owner| owner.chat).map(Conversation::from);
    let Some(chat) = chat.filter(|chat| Some(chat) != channel.as_ref()) else { return Ok(channel.is_some()) };
    // The channel has it: what the owner cannot be sent is no reason to say nothing.
    if let Err(error) = bot.post_or_log(&chat, view.clone()) {
        if matches!(error, drillbell_sdk::HostError::Unavailable(_)) {
            return Err(error.into());
        }
        bot.log(Level::Error, &format!("the owner of {} is not told: {error}", target.name));
    }
    Ok(channel.is_some())
}
