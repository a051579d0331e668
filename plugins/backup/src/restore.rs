//! `/backup restore`: which copy, what will be done step by step, what is missing for it, how long it took last time; and a button. The host
//! asks for the approvals itself and announces it.

use crate::memory::{self, Measured};
use crate::policy::{Policy, Service};
use crate::work::{self, Asked};
use crate::{catalogue, standing, words};
use drillbell_sdk::{Action, BackupCopy, Bot, Button, Command, Result, Target, Tone, View, internal, time, user};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Tables or paths that one restore may name.
const NAMES: usize = 50;
/// Characters of one of those names.
const NAME_CHARS: usize = 200;
/// Names of tables that a refusal lists.
const LISTED: usize = 12;

/// What a `restore` job is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The copy.
    pub object: String,
    /// The target it goes into.
    pub target: String,
    /// Only these tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// Only these files or folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Rows only, into tables that are there.
    pub data_only: bool,
    /// Drop what is in the way first.
    pub clean: bool,
    /// Take a copy of what is there first.
    pub safety: bool,
}

/// One step of the plan: the stage as the job calls it, and what is done.
type Step = (&'static str, String);

/// `/backup restore [COPY] [--before TIME] --into TARGET …`
pub fn plan(bot: &mut impl Bot, cmd: &Command) -> Result {
    let into = bot.need_target(cmd.required("into")?)?;
    let (copy, passed_over) = choose(bot, cmd, &into)?;
    let manifest: Value = serde_json::from_str(&bot.manifest(&copy.object)?).unwrap_or_default();
    let spec = spec(cmd, &copy, &into)?;
    fits(&spec, &copy, &into, &manifest)?;
    let now_ms = bot.now();
    let lost_ms = now_ms.saturating_sub(copy.taken_ms);
    let service = Served::of(&into)?;
    let (steps, missing) = (steps(&spec, &copy, &into, &service), missing(&copy, &into, &service, &manifest));
    let measured = memory::measured(bot, &into.name)?;
    bot.set_data(&json!({
        "copy": copy, "target": into.name, "minutes_lost": lost_ms / 60_000, "spec": spec,
        "steps": steps.iter().map(|(stage, text)| json!({ "stage": stage, "text": text })).collect::<Vec<_>>(),
        "missing": missing, "measured": measured,
    }))?;
    let mut view = View::titled(format!("Restore {} of {} into {}", copy.name(), copy.target, into.name))
        .tone(Tone::Warning)
        .time("State of", copy.taken_ms)
        .field("Lost", format!("{} of changes ({} min)", words::span(lost_ms), lost_ms / 60_000))
        .field("Copy", format!("{}, {}", words::bytes(copy.stored_bytes), copy.verdict));
    if let Some(at_ms) = cmd.time("before")? {
        let gap = words::span(at_ms.saturating_sub(copy.taken_ms));
        view = view.text(format!("It is the newest copy taken at or before {}, {gap} before that.", moment(at_ms)));
    }
    if !spec.safety {
        let lost = format!("Without a safety copy: what is in {} now is gone for good once this begins", into.name);
        view = view.text(format!("{lost}, and nothing can undo this restore."));
    }
    for (why, copy) in &passed_over {
        view = view.text(format!("Passed over because it {why}: {}.", words::copy(copy)));
    }
    let lines: Vec<_> =
        steps.iter().enumerate().map(|(nth, (stage, text))| line(nth + 1, stage, text, measured.as_ref())).collect();
    view = view.code(lines.join("\n"));
    for what in &missing {
        view = view.text(format!("Missing: {what}."));
    }
    view = match &measured {
        Some(known) => view.field("Expected to take", expected(known, &steps, &into, now_ms)),
        None => view.field("Expected to take", "nobody has measured it: no restore into this target has been done yet"),
    };
    if copy.target != into.name {
        view = view.context(format!("The copy is of {}, and goes into {}.", copy.target, into.name));
    }
    let value = serde_json::to_string(&spec).map_err(|error| internal(format!("the plan is not JSON: {error}")))?;
    let view =
        view.button(Button::new("restore", format!("Restore into {}", into.name)).value(value).danger()).context(
            "Nothing has been done yet. The bot asks whoever has to approve it, and announces it, before it begins.",
        );
    bot.reply(view)?;
    Ok(())
}

/// By when it was fixed what is in a copy: before that, what came meanwhile may be in it. Of an object that somebody else made nothing
/// better than its own moment is known.
fn fixed_ms(bot: &mut impl Bot, copy: &BackupCopy) -> Result<u64> {
    let manifest: Value = serde_json::from_str(&bot.manifest(&copy.object)?).unwrap_or_default();
    let said =
        ["snapshot_by", "finished_at"].into_iter().find_map(|field| time::parse_rfc3339(manifest[field].as_str()?));
    Ok(said.unwrap_or(copy.taken_ms))
}

/// The copy somebody means, and the newer ones that were passed over, each with why.
fn choose(bot: &mut impl Bot, cmd: &Command, into: &Target) -> Result<(BackupCopy, Vec<(&'static str, BackupCopy)>)> {
    let of = cmd.text("of").unwrap_or(&into.name).to_owned();
    match (cmd.text("copy"), cmd.time("before")?) {
        (Some(_), Some(_)) => Err(user("Name a copy, or a moment by --before, not both.")),
        (None, None) => Err(user(format!(
            "Which copy? `/backup list {of}` names those there are; --before TIME means the newest taken by then."
        ))),
        (Some(name), None) => Ok((bot.need_copy(name, None)?, Vec::new())),
        (None, Some(at_ms)) => {
            bot.need_target(&of)?;
            let mut taken_by_then = bot.copies(Some(&of), 500, Some(at_ms.saturating_add(1)))?;
            // What was there before a restore is what somebody wanted to be rid of: it has to be named.
            taken_by_then.retain(|copy| !copy.is_safety());
            let mut passed_over = Vec::new();
            for copy in taken_by_then {
                match copy.verdict == "broken" {
                    true => passed_over.push(("is broken", copy)),
                    // What it is restored for may have happened while it was taken.
                    false if fixed_ms(bot, &copy)? > at_ms => passed_over.push(("was still being taken then", copy)),
                    false => return Ok((copy, passed_over)),
                }
            }
            Err(user(format!(
                "There is no copy of {of} from {} or before that is not broken. `/backup list {of}` shows those there are.",
                moment(at_ms)
            )))
        }
    }
}

fn spec(cmd: &Command, copy: &BackupCopy, into: &Target) -> Result<Spec> {
    Ok(Spec {
        object: copy.object.clone(),
        target: into.name.clone(),
        tables: names(cmd.text("tables"), "--tables public.orders,public.users")?,
        paths: names(cmd.text("paths"), "--paths 2026/a.jpg,2025")?,
        data_only: cmd.flag("data-only"),
        clean: cmd.flag("clean"),
        safety: !cmd.flag("no-safety"),
    })
}

/// A list of names with commas between.
fn names(text: Option<&str>, example: &str) -> Result<Vec<String>> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let wrong = |name: &String| name.chars().count() > NAME_CHARS || name.chars().any(char::is_control);
    if names.is_empty() || names.len() > NAMES || names.iter().any(wrong) {
        return Err(user(format!("1 to {NAMES} names with commas between are expected, such as `{example}`.")));
    }
    Ok(names)
}

/// Refuses what cannot go well; the host looks at the bytes as well.
fn fits(spec: &Spec, copy: &BackupCopy, into: &Target, manifest: &Value) -> Result {
    if copy.kind != into.kind {
        return Err(user(format!(
            "{} is a copy of a {} target, and {} is {}: it cannot go there.",
            copy.name(),
            copy.kind,
            into.name,
            into.kind
        )));
    }
    if copy.verdict == "broken" {
        return Err(user(format!(
            "{} is broken ({}). `/backup restore --before TIME` finds the newest copy that is not.",
            copy.name(),
            copy.detail.trim_end_matches('.')
        )));
    }
    let files = copy.kind == "files";
    if files && (!spec.tables.is_empty() || spec.data_only) {
        return Err(user("Files have no tables: `--paths` names those to restore."));
    }
    if !files && !spec.paths.is_empty() {
        return Err(user("A database has no paths: `--tables` names what to restore."));
    }
    let there = catalogue::tables(manifest);
    let has = |name: &String| there.iter().any(|table| table.is_called(name));
    if let Some(absent) = spec.tables.iter().find(|name| !there.is_empty() && !has(name)) {
        let mut known: Vec<_> = there.iter().take(LISTED).map(catalogue::Table::qualified).collect();
        if there.len() > LISTED {
            known.push(format!("and {} more", there.len() - LISTED));
        }
        return Err(user(format!("The copy has no table `{absent}`; it has: {}.", known.join(", "))));
    }
    Ok(())
}

/// The service that writes to a target, and what of it is configured.
struct Served<'a> {
    /// Its name; empty if the target names none.
    name: &'a str,
    /// Its section, if there is one.
    has: Option<Service>,
}

impl<'a> Served<'a> {
    fn of(target: &'a Target) -> Result<Self> {
        Ok(Self { name: &target.service, has: target.policy::<Policy>()?.service })
    }

    /// Whether the section has a key.
    fn can(&self, key: fn(&Service) -> bool) -> bool {
        self.has.as_ref().is_some_and(key)
    }

    /// What of a restore nobody sees to, each with who has to (H15).
    fn missing(&self, target: &str) -> Vec<String> {
        let name = self.name;
        let (section, has) = match &self.has {
            _ if name.is_empty() => (format!("[targets.{target}] names no `service`"), Service::default()),
            None => (format!("there is no [services.{name}]"), Service::default()),
            Some(has) => (String::new(), *has),
        };
        if !section.is_empty() {
            let all =
                "nothing is configured to stop what writes to it, to migrate, to start it again or to ask how it is";
            return vec![format!("{all}, since {section}: do that by hand, and stop it before you click")];
        }
        let lack = |key: &str, what: &str| format!("nothing is configured to {what}: [services.{name}] has no `{key}`");
        let mut missing = Vec::new();
        if !has.stop {
            let lost = "stop it by hand before you click, or what is written meanwhile is lost";
            missing.push(format!("{}; {lost}", lack("stop", "stop what writes to it")));
        }
        let rest = [
            (has.migrate, "migrate", "migrate"),
            (has.start, "start", "start what writes to it again"),
            (has.health, "health", "ask how it is"),
        ];
        missing.extend(rest.into_iter().filter(|(there, ..)| !there).map(|(_, key, what)| lack(key, what)));
        missing
    }
}

fn steps(spec: &Spec, copy: &BackupCopy, into: &Target, service: &Served<'_>) -> Vec<Step> {
    let decrypt = if copy.object.ends_with(".age") { "decrypt it with [artifacts] identity, " } else { "" };
    let what = match (spec.tables.as_slice(), spec.paths.as_slice()) {
        ([], []) if spec.data_only => "all rows, into tables that are there".to_owned(),
        ([], []) => "all of it".to_owned(),
        (tables, []) if spec.data_only => format!("the rows of {}", tables.join(", ")),
        (tables, []) => format!("only {}", tables.join(", ")),
        (_, paths) => format!("only {}", paths.join(", ")),
    };
    let rows = spec.data_only || !spec.tables.is_empty();
    let clean = match (spec.clean, rows) {
        (true, false) => "; what is in the way is dropped first",
        (true, true) => "; rows that are there are deleted first",
        (false, false) => "; refused if something is in the way (--clean drops it first)",
        (false, true) => "; rows that are in the way make it fail (--clean deletes them first)",
    };
    let name = service.name;
    let when = |there: bool, stage: &'static str, text: String| there.then_some((stage, text));
    let stop = format!("stop what writes to it, by `stop` of [services.{name}]");
    let start = format!("start what writes to it, by `start` of [services.{name}]");
    let steps = [
        Some(("fetch", format!("fetch {} ({}) from the store", copy.name(), words::bytes(copy.stored_bytes)))),
        Some(("check", format!("{decrypt}unpack it, and compare it with its manifest"))),
        when(service.can(|has| has.stop), "stop-writers", stop),
        when(spec.safety, "safety", format!("take a safety copy of {} as it is then", into.name)),
        Some(("restore", format!("restore {what} into {}{clean}", into.name))),
        Some(("counts", "count what is there and compare it with the manifest".to_owned())),
        when(service.can(|has| has.migrate), "migrate", format!("migrate, by `migrate` of [services.{name}]")),
        when(service.can(|has| has.start), "start-writers", start),
        when(service.can(|has| has.health), "health", format!("ask `health` of [services.{name}]")),
    ];
    steps.into_iter().flatten().collect()
}

/// What whoever approves it should know is not there.
fn missing(copy: &BackupCopy, into: &Target, service: &Served<'_>, manifest: &Value) -> Vec<String> {
    let mut missing = service.missing(&into.name);
    match copy.verdict.as_str() {
        "unverified" => missing.push(format!("nobody has read this copy back; `/backup verify {}` does", copy.name())),
        "unknown" => {
            missing.push(format!("whoever looked at this copy could not tell whether it is whole: {}", copy.detail))
        }
        _ => {}
    }
    if copy.kind != "files" && catalogue::tables(manifest).is_empty() {
        missing.push("the manifest counts no tables, so that nothing can be compared afterwards".to_owned());
    }
    if into.rto_ms.is_none() {
        missing.push(format!("[targets.{}] has no `rto`, so that nobody said how long it may take", into.name));
    }
    missing
}

fn line(nth: usize, stage: &str, text: &str, measured: Option<&Measured>) -> String {
    let took = measured.and_then(|known| known.took_ms(stage));
    let took = took.map_or_else(String::new, |ms| format!("  ({} last time)", words::took_ms(ms)));
    format!("{nth}. {stage:<13}  {text}{took}")
}

/// The sum of the parts that were measured, never a guess (H16).
fn expected(known: &Measured, steps: &[Step], into: &Target, now_ms: u64) -> String {
    let parts: Vec<_> = steps.iter().filter_map(|(stage, _)| known.took_ms(stage)).collect();
    let sum: u64 = parts.iter().sum();
    let ago = words::span(now_ms.saturating_sub(known.at_ms));
    let allowed = into.rto_ms.map_or_else(String::new, |rto| format!(" of the {} allowed", words::span(rto)));
    let of = format!("{} of {} steps were measured", parts.len(), steps.len());
    format!("{}{allowed}; {of}, by the last restore, {ago} ago", words::took_ms(sum))
}

fn moment(at_ms: u64) -> String {
    time::rfc3339(at_ms).replace(".000Z", "Z")
}

/// Somebody clicked "Restore": what the plan was made for must still be so.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let wrong = |error| internal(format!("a button holds what this plugin did not give it: {error}"));
    let spec: Spec = serde_json::from_str(&action.value).map_err(wrong)?;
    let into = bot.need_target(&spec.target)?;
    let copy = bot.need_copy(&spec.object, None)?;
    fits(&spec, &copy, &into, &Value::Null)?;
    let job = work::restore(bot, &spec, &copy, Asked::Here(&action.conversation))?;
    let newest = standing::newest_usable(&bot.copies(Some(&copy.target), 50, None)?).cloned();
    let mut view = View::titled(format!("Restore of {} into {} asked for", copy.name(), into.name)).tone(Tone::Info);
    view = view.text(format!("{} wants it: job {job}.", action.by.name));
    if !spec.safety {
        view = view.text(format!("It takes no safety copy: what is in {} now is gone for good.", into.name));
    }
    if let Some(newest) = newest.filter(|newest| newest.taken_ms > copy.taken_ms) {
        view = view.context(format!("There is a newer copy that is not known to be broken: {}.", words::copy(&newest)));
    }
    bot.edit(&action.card, view)?;
    Ok(())
}
