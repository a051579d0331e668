//! What a rollback would do: from what to what, by which way and why, with what it takes and what is lost. Computed anew each time, from
//! what is known then; nothing is changed here.

use crate::chain::{self, Between};
use crate::choose::{self, Considered, Known, Needs};
use crate::memory::{self, ATTEMPTS, Case, State, Took};
use crate::service::{Service, Strategy};
use drillbell_sdk::{Bot, Deployed, Result, time, user, words};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Deploys that are looked through.
const DEPLOYS: u32 = 100;
/// Copies of a target that are looked through.
const COPIES: u32 = 500;

/// What a `rollback` job is asked. The keys are the host's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// The service.
    pub service: String,
    /// The strategy.
    pub strategy: String,
    /// What runs.
    pub from: String,
    /// What shall run.
    pub to: String,
    /// The commit of that, or empty.
    pub commit: String,
    /// The commit of what runs, or empty.
    pub from_commit: String,
    /// The migrations between, oldest first.
    pub migrations: Vec<String>,
    /// The migration to go back to, or empty.
    pub migrate_to: String,
    /// The copy to restore, or empty.
    pub object: String,
    /// Take a copy of what is there first.
    pub safety: bool,
    /// Full maintenance while it lasts.
    pub maintenance: bool,
    /// The same was tried before and failed: what is back already is no reason to refuse.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// What somebody wants of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// The version to go back to.
    pub to: Option<&'a str>,
    /// By this strategy.
    pub strategy: Option<&'a str>,
    /// After two attempts have failed.
    pub again: bool,
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the job is asked.
    pub spec: Spec,
    /// The strategy.
    pub strategy: Strategy,
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// The others, and why not.
    pub others: Vec<(String, String)>,
    /// What lies between the versions.
    pub between: Between,
    /// Who has to agree.
    pub needs: Needs,
    /// Minutes of changes that would be lost; none: nothing is.
    pub minutes_lost: Option<u64>,
    /// What is not as it should be, a sentence each without a full stop.
    pub missing: Vec<String>,
    /// How long it took last time.
    pub took: Option<Took>,
}

/// What a rollback of a service would do now. Refused with the reason, and with what would do instead.
pub fn compute(bot: &mut impl Bot, service: &Service, wish: Wish<'_>) -> Result<Plan> {
    let name = &service.name;
    let strategies = service.ways().strategies;
    if strategies.is_empty() {
        let section = format!("[services.{name}.rollback.strategies.NAME]");
        return Err(user(format!("{name} has no strategy: {section} says how it is rolled back.")));
    }
    let deploys = bot.deploys(Some(name), DEPLOYS)?;
    let case = memory::case(bot, name)?;
    let between = which(bot, name, &deploys, &case, wish.to)?;
    let known = known(bot, service, &strategies, between, &case)?;
    let considered = choose::consider(&strategies, &known);
    let chosen = chosen(name, &considered, wish.strategy)?;
    let (strategy, between) = (chosen.strategy.clone(), known.between.clone());
    let copy = choose::copy_before(&strategy, &known).filter(|_| strategy.kind == "restore");
    let touches_data = !strategy.is_code_only();
    let spec = Spec {
        service: name.clone(),
        strategy: strategy.name.clone(),
        from: between.from.clone(),
        to: between.to.clone(),
        commit: between.commit.clone(),
        from_commit: between.from_commit.clone(),
        migrations: between.names(),
        migrate_to: between.before.clone().filter(|_| strategy.kind == "migration").unwrap_or_default(),
        object: copy.map(|copy| copy.object.clone()).unwrap_or_default(),
        safety: touches_data,
        maintenance: touches_data && service.maintenance,
        again: case.attempts.iter().any(|one| {
            let same = (one.strategy.as_str(), one.from.as_str(), one.to.as_str())
                == (strategy.name.as_str(), between.from.as_str(), between.to.as_str());
            same && matches!(one.state, State::Failed | State::Unknown)
        }),
    };
    let place = |name: &str| considered.iter().position(|one| one.strategy.name == name);
    let others = considered.iter().filter(|one| one.strategy.name != strategy.name).map(|one| {
        let more = choose::depth(&one.strategy).cmp(&choose::depth(&strategy));
        let why = match (&one.tried, one.refused.as_slice()) {
            (_, refused) if !refused.is_empty() => refused.join("; "),
            (Some(said), _) => format!("it was tried and failed: {}", said.trim_end_matches('.')),
            _ if more == Ordering::Greater => "it does more than is needed".to_owned(),
            _ if more == Ordering::Less => "it may be used too, and changes less".to_owned(),
            _ if place(&one.strategy.name) > place(&strategy.name) => "it stands later in `order`".to_owned(),
            _ => "it may be used too".to_owned(),
        };
        (one.strategy.name.clone(), why)
    });
    Ok(Plan {
        spec,
        reasons: chosen.reasons.clone(),
        others: others.collect(),
        needs: choose::needs(&strategy, &known, wish.again),
        minutes_lost: copy.map(|copy| known.now_ms.saturating_sub(copy.taken_ms) / 60_000),
        missing: missing(service, &strategy, &known),
        took: memory::took(bot, name, &strategy.name)?,
        between,
        strategy,
    })
}

/// From what to what.
fn which(bot: &mut impl Bot, name: &str, deploys: &[Deployed], case: &Case, to: Option<&str>) -> Result<Between> {
    let ran = memory::ran(bot, name)?;
    let Some(running) = ran.now(deploys) else {
        return Err(user(format!(
            "No deploy of {name} is recorded, so nobody knows what runs and what ran before. Whoever deploys says so: \
             `drillbell deploy record {name} --version V --previous P`."
        )));
    };
    // An attempt that did not help is tried again from where it began.
    let last = case.attempts.iter().rev().find(|attempt| attempt.state != State::NotDone);
    let last = last.filter(|last| matches!(last.state, State::Failed | State::Unknown));
    let newest = deploys.iter().find(|deploy| !chain::is_rollback(&deploy.by));
    let last = last.filter(|last| newest.is_none_or(|newest| newest.version == last.from));
    let from = last.map_or(running, |last| last.from.clone());
    let same = last.map(|last| last.to.clone());
    let known = chain::versions(deploys);
    let to = match to.map(str::to_owned).or(same).or_else(|| chain::version_before(deploys, &from, &ran.bad)) {
        Some(to) => to,
        None => {
            return Err(user(format!(
                "Nobody knows what ran before {from}: its deploy names no previous version, and none before it is recorded. \
                 Say it with --to, after `drillbell deploy record {name} --version V`."
            )));
        }
    };
    if to == from {
        return Err(user(format!("{name} is at {from} already.")));
    }
    if let Some(between) = chain::between(deploys, &from, &to) {
        return Ok(between);
    }
    if known.contains(&to) {
        return Err(user(format!("{to} of {name} is newer than {from}, which runs: that is no rollback.")));
    }
    let others: Vec<_> = known.into_iter().filter(|version| *version != from).collect();
    let others = if others.is_empty() { "none but that".to_owned() } else { others.join(", ") };
    Err(user(format!("No deploy of {name} {to} is recorded. {from} runs; recorded are besides: {others}.")))
}

fn known(
    bot: &mut impl Bot,
    service: &Service,
    strategies: &[Strategy],
    between: Between,
    case: &Case,
) -> Result<Known> {
    let mut known = Known { targets: service.targets.clone(), now_ms: bot.now(), between, ..Known::default() };
    let targets = strategies.iter().map(|strategy| &strategy.target).chain(&service.targets);
    for target in targets.filter(|target| !target.is_empty()) {
        if !known.copies.contains_key(target) {
            let mut copies = bot.copies(Some(target), COPIES, None)?;
            copies.retain(|copy| !copy.is_safety());
            known.copies.insert(target.clone(), copies);
        }
    }
    let same = |from: &str| from == known.between.from;
    let failed = case.attempts.iter().filter(|attempt| attempt.state == State::Failed && same(&attempt.from));
    known.failed = failed.map(|attempt| (attempt.strategy.clone(), attempt.said.clone())).collect();
    Ok(known)
}

fn chosen<'a>(name: &str, considered: &'a [Considered], wish: Option<&str>) -> Result<&'a Considered> {
    let first = choose::first(considered);
    let instead = match first {
        Some(first) => {
            format!(" {} may be used: `/rollback plan {name} --strategy {}`.", first.strategy.name, first.strategy.name)
        }
        None => " No other may be used either.".to_owned(),
    };
    let Some(wish) = wish else {
        return first.ok_or_else(|| {
            let lines = considered.iter().map(|one| match &one.tried {
                Some(said) if one.refused.is_empty() => format!("{}: it was tried and failed: {said}", one.strategy.name),
                _ => format!("{}: {}.", one.strategy.name, one.refused.join("; ")),
            });
            let lines = lines.collect::<Vec<_>>().join(" ");
            user(format!("No strategy of {name} may be used by itself. {lines} Fix it forward, or name one that failed with --strategy."))
        });
    };
    match considered.iter().find(|one| one.strategy.name == wish) {
        None => {
            let names: Vec<_> = considered.iter().map(|one| one.strategy.name.as_str()).collect();
            Err(user(format!("`{wish}` is no strategy of {name}; there are: {}.", names.join(", "))))
        }
        Some(one) if !one.refused.is_empty() => {
            Err(user(format!("{wish} is refused: {}.{instead} Nothing was done.", one.refused.join("; "))))
        }
        Some(one) => Ok(one),
    }
}

/// What whoever agrees to it should know is not there.
fn missing(service: &Service, strategy: &Strategy, known: &Known) -> Vec<String> {
    let (name, mut missing) = (&service.name, Vec::new());
    let section = format!("[services.{name}]");
    if !service.restart {
        missing.push(format!(
            "{section} names neither `restart` nor `stop` and `start`: what was switched has to take effect by itself"
        ));
    }
    if !service.health && service.verify.is_empty() && service.ways().smoke == 0 {
        missing.push(format!(
            "{section} has no `health`, no `verify` and no `smoke`: nobody can tell afterwards whether it helped"
        ));
    }
    if !strategy.is_code_only() && !service.maintenance {
        missing.push(format!("{section} has no `maintenance`: people meet errors while it lasts"));
    }
    let targets =
        if strategy.kind == "restore" { std::slice::from_ref(&strategy.target) } else { &service.targets[..] };
    for target in targets.iter().filter(|_| !strategy.is_code_only()) {
        let newest = known.copies.get(target).and_then(|copies| copies.first());
        match newest {
            None => missing.push(format!("there is no copy of {target} at all")),
            Some(copy) if !matches!(copy.verdict.as_str(), "verified" | "proven") => missing.push(format!(
                "the newest copy of {target}, {} of {}, is {}",
                copy.name(),
                time::day_hour_minute(copy.taken_ms),
                copy.verdict
            )),
            Some(_) => {}
        }
    }
    missing
}

impl Plan {
    /// How long it is expected to take, and how long it took.
    pub fn expected(&self, now_ms: u64) -> String {
        let expected = words::span(self.strategy.takes_ms);
        match &self.took {
            Some(took) => {
                let ago = words::span(now_ms.saturating_sub(took.at_ms));
                format!("{expected}; it took {} the last time, {ago} ago", words::took_ms(took.all_ms))
            }
            None => format!("{expected}; nobody has measured it yet"),
        }
    }

    /// The steps in clear.
    pub fn steps(&self) -> Vec<String> {
        let lines = self.strategy.stages.iter().enumerate();
        lines.map(|(nth, stage)| format!("{}. {stage}", nth + 1)).collect()
    }

    /// How long each of its stages took the last time: `check 12 ms, switch 3 ms`.
    pub fn measured(&self) -> Option<String> {
        let took = self.took.as_ref()?;
        let stages = took.stages.iter().map(|(name, ms)| format!("{name} {}", words::took_ms(*ms)));
        Some(stages.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
    }
}

/// Whether a further attempt takes a person's word for it.
pub fn is_used_up(case: &Case) -> bool {
    !case.is_over() && case.failed() >= ATTEMPTS
}
