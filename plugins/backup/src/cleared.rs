//! Copies were deleted or adopted, or the catalogue was made anew.

use crate::ended::note;
use crate::memory::Started;
use crate::words;
use drillbell_sdk::{Bot, Conversation, Job, Result, Tone, View, time};
use serde::Deserialize;

/// Adopted copies that are told.
const ADOPTED: usize = 20;
/// Refusals that are told; more are in the job's result.
const REFUSALS: usize = 20;

/// What a `backup-prune` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Pruned {
    deleted: Vec<String>,
    refused: Vec<Refused>,
}

/// A copy with which something was not done.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Refused {
    object: String,
    why: String,
}

/// What a `backup-rebuild` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Rebuilt {
    entered: u64,
    new: u64,
    without_manifest: Few<serde_json::Value>,
    unreadable: Few<Refused>,
    without_copy: Few<serde_json::Value>,
}

/// So many, and the first of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Few<T: Default> {
    count: u64,
    first: Vec<T>,
}

/// What a `backup-adopt` job says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Adopted {
    prefix: String,
    entered: u64,
    known: u64,
    refused: Vec<Refused>,
    copies: Vec<Seen>,
}

/// A copy that somebody else made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Seen {
    object: String,
    format: String,
    compression: String,
    encrypted: bool,
    /// Unknown, if neither the object nor its name tells.
    taken_ms: Option<u64>,
}

/// A `backup-prune` job has done its work.
pub fn pruned(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let pruned: Pruned = bot.said_by(job);
    let (deleted, refused) = (pruned.deleted.len(), pruned.refused.len());
    let mut said = format!("{} of {} deleted", words::copies(deleted), started.target);
    if refused > 0 {
        said = format!("{said}, {} refused", words::copies(refused));
    }
    note(bot, started, "ok", &format!("{said}."))?;
    let channel = bot.backups_channel()?;
    // What went well by the schedule is in `/backup status`; what the house refused is a disagreement that somebody should hear of.
    let Some(to) = to.or(channel.as_ref().filter(|_| refused > 0)) else { return Ok(()) };
    let tone = if refused > 0 { Tone::Warning } else { Tone::Good };
    bot.post_or_log(to, refusals(View::titled(said).tone(tone), &pruned.refused))?;
    Ok(())
}

/// A `backup-rebuild` job has done its work.
pub fn rebuilt(bot: &mut impl Bot, job: &Job, to: Option<&Conversation>) -> Result {
    let rebuilt: Rebuilt = bot.said_by(job);
    let Some(to) = to else { return Ok(()) };
    let wrong = rebuilt.unreadable.count + rebuilt.without_manifest.count + rebuilt.without_copy.count;
    let tone = if wrong == 0 { Tone::Good } else { Tone::Warning };
    let new = if rebuilt.new > 0 { format!(", {} of them new", rebuilt.new) } else { String::new() };
    let title = format!("The catalogue is made anew: {} entered{new}", copies_of(rebuilt.entered));
    let mut view = refusals(View::titled(title).tone(tone), &rebuilt.unreadable.first);
    for (count, what) in [
        (rebuilt.unreadable.count, "With a manifest that cannot be used"),
        (rebuilt.without_manifest.count, "Without a manifest (not finished, or from elsewhere)"),
        (rebuilt.without_copy.count, "Gone, with only the manifest left"),
    ] {
        if count > 0 {
            view = view.text(format!("{what}: {}.", copies_of(count)));
        }
    }
    let next = "What was verified before is not known to the manifests: `/backup verify` reads copies back.";
    bot.post_or_log(to, view.context(next))?;
    Ok(())
}

/// A `backup-adopt` job has done its work.
pub fn adopted(bot: &mut impl Bot, started: &Started, job: &Job, to: Option<&Conversation>) -> Result {
    let adopted: Adopted = bot.said_by(job);
    let Some(to) = to else { return Ok(()) };
    let (target, prefix) = (&started.target, &adopted.prefix);
    let title = match adopted.entered {
        0 => format!("Nothing new of {target} lies below {prefix}"),
        n => format!("{} of {target} adopted from {prefix}", copies_of(n)),
    };
    let tone = match (adopted.entered, adopted.refused.is_empty()) {
        (0, _) | (_, false) => Tone::Warning,
        _ => Tone::Good,
    };
    let mut view = View::titled(title).tone(tone);
    if adopted.known > 0 {
        view = view.text(format!("Known before: {}.", copies_of(adopted.known)));
    }
    let line = |copy: &Seen| {
        let taken = copy.taken_ms.map_or_else(|| "nobody knows when".to_owned(), time::day_hour_minute);
        let shape: Vec<_> =
            [copy.format.as_str(), copy.compression.as_str(), if copy.encrypted { "encrypted" } else { "" }]
                .into_iter()
                .filter(|word| !word.is_empty() && *word != "none")
                .collect();
        format!("{taken:<17}  {:<28}  {}", shape.join(", "), copy.object)
    };
    if !adopted.copies.is_empty() {
        let mut lines: Vec<_> = adopted.copies.iter().take(ADOPTED).map(line).collect();
        if adopted.copies.len() > ADOPTED {
            lines.push(format!("… and {} more", adopted.copies.len() - ADOPTED));
        }
        view = view.code(lines.join("\n"));
    }
    view = refusals(view, &adopted.refused);
    if adopted.entered > 0 {
        view = view.context(format!(
            "Nobody has looked into them: `/backup verify {target}` reads the newest back, `/backup list {target}` names them all."
        ));
    }
    bot.post_or_log(to, view)?;
    Ok(())
}

fn refusals(view: View, refused: &[Refused]) -> View {
    refused.iter().take(REFUSALS).fold(view, |view, one| view.text(format!("`{}`: {}", one.object, one.why)))
}

fn copies_of(count: u64) -> String {
    words::copies(usize::try_from(count).unwrap_or(usize::MAX))
}
