//! `/rollback check`: looks at every criterion now, lets people attest what no probe sees, and leads through the decision with its clock
//! running. What is decided is frozen with all that was known.

use crate::memory::{Started, Work};
use crate::service::{self, Service};
use crate::tree::{Clock, Leads, Tree};
use crate::verdict::{self, Advice, Assessed, Attestations, Attested, Verdict};
use crate::{card, evidence, look, picture};
use drillbell_sdk::{Action, Bot, Command, Conversation, IncidentId, Job, MessageRef, Result, Timer, View, user};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How often the clock on a card moves.
const TICK_MS: u64 = 60_000;

/// A look at the criteria, and what people made of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// When it was asked for, milliseconds since the epoch: which check it is.
    pub id: u64,
    /// When the answer came.
    pub at_ms: u64,
    /// Who asked.
    pub by: String,
    /// What was found.
    pub results: Vec<Verdict>,
    /// What people attested for a rollback.
    pub asks: Attestations,
    /// And against one.
    pub against: Attestations,
    /// How far the decision is.
    pub tree: Tree,
    /// What was decided.
    pub decided: Option<(Leads, Attested)>,
    /// How long there is to decide.
    pub clock: Option<Clock>,
    /// The incident.
    pub incident: Option<IncidentId>,
    /// Where its card is.
    pub to: Option<Conversation>,
    /// Its card.
    pub card: Option<MessageRef>,
}

fn key(service: &str) -> String {
    format!("check/{service}")
}

/// The last check of a service.
pub fn last(bot: &mut impl Bot, service: &str) -> Result<Option<Check>> {
    bot.get_json(&key(service))
}

/// `/rollback check SERVICE`
pub fn command(bot: &mut impl Bot, cmd: &Command) -> Result {
    let service = service::need(bot, cmd.required("service")?)?;
    begin(bot, &service, &cmd.by.name, &cmd.conversation, cmd.incident.as_ref())
}

/// Begins a check, and says so at once.
pub fn begin(
    bot: &mut impl Bot,
    service: &Service,
    by: &str,
    to: &Conversation,
    incident: Option<&IncidentId>,
) -> Result {
    let id = bot.now();
    let started = Started { about: id.to_string(), ..Started::asked(Work::Check, &service.name, by, to, incident) };
    let job = look::begin(bot, &started, look::What::Criteria)?;
    bot.set_data(&json!({ "service": service.name, "job": job, "criteria": service.criteria.len() }))?;
    let many = match service.criteria.len() {
        1 => "1 criterion".to_owned(),
        many => format!("{many} criteria"),
    };
    bot.reply(View::default().text(format!("Looking at {many} of {}.", service.name)))?;
    Ok(())
}

/// The look has come back, or did not.
pub fn ended(bot: &mut impl Bot, started: &Started, job: &Job) -> Result {
    let Some(service) = service::find(bot, &started.service)? else { return look::gone(bot, started) };
    let said: Assessed = bot.said_by(job);
    let results = verdict::complete(said.results, &service.criteria);
    picture::keep(bot, &service.name, &results)?;
    let mut check = Check {
        id: started.about.parse().unwrap_or_default(),
        at_ms: bot.now(),
        by: started.by.clone(),
        results,
        incident: started.incident.clone(),
        to: started.to.clone(),
        ..Check::default()
    };
    if let Some(id) = &started.incident {
        follow(bot, &mut check, id)?;
    }
    let view = card::check(&service, &check, bot.now());
    if let Some(to) = &started.to {
        check.card = bot.post_or_log(to, view)?;
    }
    keep(bot, &service.name, &check)
}

/// What the incident says of how bad it is, and for how long there has been time.
fn follow(bot: &mut impl Bot, check: &mut Check, id: &IncidentId) -> Result {
    let Ok(incident) = bot.incident(id) else { return Ok(()) };
    if !incident.is_open() {
        return Ok(());
    }
    let rank = bot.severities().iter().position(|severity| severity.name == incident.severity);
    check.tree.severe = rank.map(|rank| rank < 2);
    let since_ms = bot.facts(id).ok().and_then(|facts| facts.span().map(|span| span.opened_ms));
    let since_ms = since_ms.unwrap_or(incident.declared_ms);
    check.clock = clock(bot, &incident.severity, since_ms);
    // Less than P1 is not decided by the level alone: somebody clicks.
    check.tree.severe = check.tree.severe.filter(|severe| *severe);
    Ok(())
}

fn clock(bot: &mut impl Bot, severity: &str, since_ms: u64) -> Option<Clock> {
    let within_ms = bot.clocks(severity).rollback_ms?;
    Some(Clock { severity: severity.to_owned(), since_ms, within_ms, told: false })
}

/// Somebody begins a rollback: that decides what was open, whoever clicked before, and the clock stops.
pub fn rolling_back(bot: &mut impl Bot, service: &Service, by: &str) -> Result {
    let name = &service.name;
    let Some(mut check) = last(bot, name)?.filter(|check| check.decided.is_none()) else { return Ok(()) };
    let now_ms = bot.now();
    check.decided = Some((Leads::RollBack, Attested { by: by.to_owned(), at_ms: now_ms }));
    keep(bot, name, &check)?;
    match &check.card {
        Some(card) => Ok(bot.edit(card, card::check(service, &check, now_ms))?),
        None => Ok(()),
    }
}

fn keep(bot: &mut impl Bot, service: &str, check: &Check) -> Result {
    bot.set_json(&key(service), check)?;
    let timer = format!("clock/{service}");
    match &check.clock {
        Some(clock) if check.decided.is_none() && !clock.told => {
            let at_ms = (bot.now() + TICK_MS).min(clock.until_ms().max(bot.now()));
            Ok(bot.set_timer(&timer, at_ms, &check.id.to_string())?)
        }
        _ => Ok(bot.cancel_timer(&timer)?),
    }
}

/// The clock moves on; when it runs out, that is said once.
pub fn tick(bot: &mut impl Bot, name: &str, timer: &Timer) -> Result {
    let Some(mut check) = last(bot, name)? else { return Ok(()) };
    if check.decided.is_some() || check.id.to_string() != timer.payload {
        return Ok(());
    }
    let Some(service) = service::find(bot, name)? else { return Ok(()) };
    let now_ms = bot.now();
    let over = check.clock.as_ref().is_some_and(|clock| clock.until_ms() <= now_ms);
    if let Some(card) = &check.card {
        bot.edit(card, card::check(&service, &check, now_ms))?;
    }
    if over && let Some(to) = check.to.clone() {
        bot.post_or_log(&to, card::undecided(&service, &check))?;
        if let Some(clock) = &mut check.clock {
            clock.told = true;
        }
    }
    keep(bot, name, &check)
}

/// Somebody clicked on the card of a check: `SERVICE|CHECK|WORD[|NUMBER]`.
pub fn clicked(bot: &mut impl Bot, action: &Action) -> Result {
    let mut parts = action.value.split('|');
    let (name, id, word) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let service = service::need(bot, name)?;
    let Some(mut check) = last(bot, name)?.filter(|check| check.id.to_string() == id) else {
        return Err(user(format!(
            "There is a newer check of {name}; this one is over. `/rollback check {name}` looks again."
        )));
    };
    let now_ms = bot.now();
    let attested = Attested { by: action.by.name.clone(), at_ms: now_ms };
    match word {
        "ask" | "against" => {
            let number: usize = parts.next().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX);
            toggle(bot, &service, &mut check, (word, number), attested)?;
        }
        answer => {
            if check.decided.is_some() && answer != "anew" {
                let said = "That is decided already. `Decide anew` on the card begins again.";
                return Err(user(said));
            }
            if !check.tree.answer(answer) {
                return Err(user("Somebody has answered that already; the card shows what is open."));
            }
            check.decided = check.tree.leads().map(|leads| (leads, attested.clone()));
            if answer == "severe" && check.clock.is_none() {
                // Whoever says P0 or P1 without an incident gets the shorter of their clocks.
                let worst = bot.severities().first().map(|severity| severity.name.clone());
                check.clock = worst.and_then(|worst| clock(bot, &worst, check.at_ms));
            }
            if answer == "anew" {
                say(bot, &service, &check, &format!("the decision is open again, by {}", attested.by))?;
            }
        }
    }
    // What is frozen has this answer in it.
    keep(bot, name, &check)?;
    if let (Some((leads, who)), false) = (&check.decided, matches!(word, "ask" | "against")) {
        let advice = verdict::advice(&check.results, &check.asks, &check.against);
        let more = json!({ "advice": advice, "decided": leads });
        evidence::freeze(bot, name, (leads.words(), &who.by), check.incident.as_ref(), more)?;
    }
    bot.edit(&action.card, card::check(&service, &check, now_ms))?;
    Ok(())
}

fn toggle(
    bot: &mut impl Bot,
    service: &Service,
    check: &mut Check,
    (word, number): (&str, usize),
    attested: Attested,
) -> Result {
    let ways = service.ways();
    let (texts, all) = match word {
        "ask" => (ways.asks, &mut check.asks),
        _ => (ways.against, &mut check.against),
    };
    let Some(text) = texts.get(number) else {
        return Err(user("The configuration has changed since, and nobody is asked that any more. Check again."));
    };
    let by = attested.by.clone();
    let said = match all.remove(&number) {
        Some(before) => format!("{by} takes back \"{text}\", which {} attested", before.by),
        None => {
            all.insert(number, attested);
            format!("{by} attests: {text}")
        }
    };
    say(bot, service, check, &said)
}

fn say(bot: &mut impl Bot, service: &Service, check: &Check, text: &str) -> Result {
    match &check.incident {
        Some(incident) => evidence::noted(bot, incident, "rollback", &format!("{}: {text}", service.name)),
        None => Ok(()),
    }
}

/// What a check recommends.
pub fn advice(check: &Check) -> Advice {
    verdict::advice(&check.results, &check.asks, &check.against)
}
