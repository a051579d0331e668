//! Time passes: counts are drawn, silences and maintenance windows end, flapping calms down, what is over is forgotten.

use crate::{declare, hear, memory, storm};
use drillbell_sdk::{Bot, Conversation, HostError, Level, Result, Timer, View, internal};

/// Timers about a group: these words and its name.
pub const DRAW: &str = "draw";
pub const UNMUTE: &str = "unmute";
pub const UNSILENCE: &str = "unsilence";
pub const CALM: &str = "calm";
/// The daily timer.
pub const SWEEP: &str = "sweep";
/// If there is more to forget, it goes on after so long.
const MORE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 3_600_000;

/// The name of a group's timer.
pub fn name(what: &str, group: &str) -> String {
    format!("{what}/{group}")
}

/// When the next day begins. The daily timer is set anew with each new group, and must not be put off by it.
pub fn next_day(now_ms: u64) -> u64 {
    (now_ms / DAY_MS + 1) * DAY_MS
}

pub fn timer(bot: &mut impl Bot, timer: &Timer) -> Result {
    let now_ms = bot.now();
    if timer.name == SWEEP {
        return match memory::sweep(bot, now_ms, &timer.payload)? {
            Some(on) => Ok(bot.set_timer(SWEEP, now_ms + MORE_MS, &on)?),
            None => Ok(bot.set_timer(SWEEP, next_day(now_ms), "")?),
        };
    }
    if let Some(at) = timer.name.strip_prefix(storm::TIMER) {
        return storm::draw(bot, &Conversation::from(at), now_ms);
    }
    let Some((what, id)) = timer.name.split_once('/') else {
        return Err(internal(format!("a timer `{}` that nothing here set", timer.name)));
    };
    let Some(mut group) = memory::group(bot, id)? else { return Ok(()) };
    match what {
        // The window may have been made longer meanwhile; the next alert says so.
        UNMUTE => {
            group.muted_until = None;
            declare::due(bot, &mut group, now_ms)?;
            hear::appear(bot, &mut group, now_ms)?;
        }
        UNSILENCE => {
            let Some(silence) = group.silence.take_if(|silence| silence.until_ms <= now_ms) else { return Ok(()) };
            declare::due(bot, &mut group, now_ms)?;
            hear::appear(bot, &mut group, now_ms)?;
            if group.firing > 0 {
                let text = format!(
                    "The silence of {} by {} is over, and it still fires: {}",
                    group.id, silence.by, group.title
                );
                match bot.post(&group.place(), View::from(text)) {
                    Ok(_) => {}
                    // The card says so too; the operator reads which grant is missing.
                    Err(HostError::Denied(why)) => bot.log(Level::Error, &why),
                    Err(other) => return Err(other.into()),
                }
            }
        }
        CALM => {
            declare::due(bot, &mut group, now_ms)?;
            hear::draw(bot, &mut group, now_ms)?;
        }
        DRAW => hear::draw(bot, &mut group, now_ms)?,
        _ => return Err(internal(format!("a timer `{}` that nothing here set", timer.name))),
    }
    memory::keep(bot, &group)
}
