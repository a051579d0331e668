//! A target with all that is known of its drills: what status, reminders and alarms look at.

use crate::due::{self, Due, Known};
use crate::history::{self, Drill, PutOff};
use crate::{policy, run};
use drillbell_sdk::words;
use drillbell_sdk::{BackupCopy, Bot, JobInfo, Result, Scheduled, Target};

/// Copies that are looked at: among more than these the newest proven one may be missed, and our own history has it.
const COPIES: u32 = 500;

/// A target as it is now.
pub struct Subject {
    /// The target.
    pub target: Target,
    /// What is wanted of its drills.
    pub drill: policy::Drill,
    /// Drills, newest first.
    pub drills: Vec<Drill>,
    /// When the next one is.
    pub due: Due,
    /// Who put it off.
    pub put_off: Option<PutOff>,
    /// The newest copy that is not known to be broken.
    pub newest: Option<BackupCopy>,
    /// When a copy was last proven, and which.
    pub proven: Option<(u64, String)>,
    /// The drill that is under way.
    pub running: Option<JobInfo>,
}

/// The name of the schedule of a target's drills.
pub fn schedule_of(target: &str) -> String {
    format!("drill/{target}")
}

/// What a target's drills stand like, by these schedules.
pub fn of(bot: &mut impl Bot, target: &Target, schedules: &[Scheduled]) -> Result<Subject> {
    let (drill, drills, now_ms) = (policy::of(target)?, history::drills(bot, &target.name)?, bot.now());
    let copies = bot.copies(Some(&target.name), COPIES, None)?;
    let ours = drills.iter().find(|drill| drill.passed()).map(|drill| (drill.at_ms, drill.copy.clone()));
    let theirs = copies
        .iter()
        .filter(|copy| !copy.is_safety())
        .filter_map(|copy| Some((copy.proven_ms?, copy.name().to_owned())))
        .max();
    let proven = ours.into_iter().chain(theirs).max_by_key(|(at_ms, _)| *at_ms);
    let put_off = history::put_off(bot, &target.name)?.filter(|put_off| put_off.until_ms > now_ms);
    let name = schedule_of(&target.name);
    let known = Known {
        scheduled_ms: schedules.iter().find(|known| known.name == name).and_then(|known| known.next_ms),
        put_off_ms: put_off.as_ref().map(|put_off| put_off.until_ms),
        proven_ms: proven.as_ref().map(|(at_ms, _)| *at_ms),
        since_ms: history::told(bot, &target.name)?.since_ms,
    };
    Ok(Subject {
        target: target.clone(),
        drill,
        drills,
        due: due::due(&known, now_ms),
        put_off,
        newest: copies.into_iter().find(|copy| copy.verdict != "broken" && !copy.is_safety()),
        proven,
        running: bot.job_with_key(&run::key(&target.name))?,
    })
}

impl Subject {
    /// The last drill that measured how long a restore takes.
    pub fn measured(&self) -> Option<&Drill> {
        self.drills.iter().find(|drill| drill.passed() && drill.rto_ms > 0)
    }

    /// What would be lost if the target were lost now, against what may be.
    pub fn at_risk(&self, now_ms: u64) -> String {
        match &self.newest {
            Some(copy) => against(now_ms.saturating_sub(copy.taken_ms), self.target.rpo_ms, words::span),
            None => "everything: there is no copy that is not broken".to_owned(),
        }
    }

    /// How long the last restore took, against what it may.
    pub fn took(&self) -> String {
        match self.measured() {
            Some(drill) => against(drill.rto_ms, self.target.rto_ms, words::took_ms),
            None => "never measured".to_owned(),
        }
    }
}

/// Something measured against what is allowed: `42 min of the 1 h allowed`.
pub fn against(measured_ms: u64, allowed_ms: Option<u64>, say: fn(u64) -> String) -> String {
    let measured = say(measured_ms);
    match allowed_ms {
        Some(allowed) if measured_ms > allowed => {
            format!("{measured}: {} more than the {} allowed", say(measured_ms - allowed), words::span(allowed))
        }
        Some(allowed) => format!("{measured} of the {} allowed", words::span(allowed)),
        None => measured,
    }
}
