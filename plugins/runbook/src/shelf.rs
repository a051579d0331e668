//! Looking: which runbooks there are, what one says, which helps, which runs go on.

use crate::symptoms::{self, Suggestion};
use crate::{act, card, run};
use drillbell_sdk::book;
use drillbell_sdk::{Action, Alert, Bot, Command, HostError, IncidentId, Level, Result, Tone, View, user, words};
use serde_json::json;
use std::collections::BTreeMap;

/// How long one runbook is not suggested again.
const AGAIN_MS: u64 = 30 * 60_000;
/// Open incidents that are looked through for one of a conversation.
const OPEN: u32 = 50;

/// `/runbook list`
pub fn list(bot: &mut impl Bot) -> Result {
    let all = bot.runbooks()?;
    bot.set_data(&json!({ "runbooks": all }))?;
    if all.is_empty() {
        bot.reply(View::default().text("There is no runbook. Put *.md files into the folder of `[runbooks] dir`."))?;
        return Ok(());
    }
    let today = drillbell_sdk::time::rfc3339(bot.now())[..10].to_owned();
    let width = all.iter().map(|one| one.name.len()).max().unwrap_or_default();
    let lines: Vec<_> = all
        .iter()
        .map(|one| {
            let ready = if one.unready.is_empty() { "" } else { "  not ready" };
            let overdue = if one.review < today { "  review overdue" } else { "" };
            format!("{:width$}  {:9}  {}{ready}{overdue}", one.name, one.risk, one.title)
        })
        .collect();
    let title = if all.len() == 1 { "1 runbook".to_owned() } else { format!("{} runbooks", all.len()) };
    bot.reply(View::listing(title, &lines).context("/runbook show NAME tells one, /runbook start NAME begins it."))?;
    Ok(())
}

/// `/runbook show NAME`
pub fn show(bot: &mut impl Bot, cmd: &Command) -> Result {
    let book = book::get(bot, cmd.required("name")?)?;
    let steps: Vec<_> =
        book.steps.iter().map(|step| json!({ "name": step.name, "kind": step.kind, "risk": step.risk })).collect();
    bot.set_data(
        &json!({ "name": book.name, "title": book.title, "risk": book.risk, "unready": book.unready, "steps": steps }),
    )?;
    let mut view = View::titled(book.title.clone()).text(words::clip(&book.about, 1200));
    view =
        view.field("Risk", book.risk.clone()).field("Owner", book.owner.clone()).field("Review", book.review.clone());
    view = view.field("Takes", words::span(book.takes_ms));
    for section in book.sections.iter().filter(|section| !section.text.is_empty()) {
        view = view.text(words::clip(&format!("{}: {}", section.heading, section.text), 600));
    }
    let lines =
        book.steps.iter().zip(1..).map(|(step, n)| format!("{n:2} {:8} {:9} {}", step.kind, step.risk, step.name));
    view = view.code(lines.collect::<Vec<_>>().join("\n"));
    for why in book.unready.iter().take(10) {
        view = view.context(format!("Not ready: {why}"));
    }
    bot.reply(if book.unready.is_empty() { view.tone(Tone::Good) } else { view.tone(Tone::Warning) })?;
    Ok(())
}

/// `/runbook status`
pub fn status(bot: &mut impl Bot) -> Result {
    let open = run::open(bot)?;
    let told: Vec<_> = open
        .iter()
        .map(|run| json!({ "run": run.id, "runbook": run.book, "at": run.at + 1, "steps": run.steps.len(), "lead": run.lead }))
        .collect();
    bot.set_data(&json!({ "open": told }))?;
    let mut view = View::titled(match open.len() {
        0 => "No runbook runs".to_owned(),
        1 => "1 runbook runs".to_owned(),
        n => format!("{n} runbooks run"),
    });
    for run in &open {
        let step = &run.steps[run.at];
        view = view.text(format!(
            "{} {}: step {} of {}, {}: {} ({})",
            run.id,
            run.title,
            run.at + 1,
            run.steps.len(),
            step.name,
            step.state.word(),
            run.lead
        ));
    }
    bot.reply(view)?;
    Ok(())
}

/// `/runbook report`
pub fn report(bot: &mut impl Bot, cmd: &Command) -> Result {
    let run = run::meant(bot, cmd.text("run"), &cmd.conversation)?;
    let steps: Vec<_> = run.steps.iter().map(|step| json!({ "name": step.name, "state": step.state, "said": step.said, "by": step.by, "value": step.value })).collect();
    bot.set_data(&json!({ "run": run.id, "runbook": run.book, "ended": run.has_ended(), "aborted": run.aborted, "steps": steps }))?;
    bot.reply(card::report(&run))?;
    Ok(())
}

/// `/runbook suggest [LABELS]`
pub fn suggest(bot: &mut impl Bot, cmd: &Command) -> Result {
    let mut labels: Vec<(String, String)> = Vec::new();
    for word in cmd.text("labels").unwrap_or_default().split_whitespace() {
        let Some((name, value)) = word.split_once('=') else {
            return Err(user(format!("`{}` is no label: write name=value.", words::clip(word, 60))));
        };
        labels.push((name.to_owned(), value.trim_matches('"').to_owned()));
    }
    if labels.is_empty() {
        let Some(id) = &cmd.incident else {
            return Err(user(
                "Say which labels, as in `/runbook suggest service=shop`, or ask where an incident is worked on.",
            ));
        };
        let incident = bot.incident(id)?;
        labels.push(("severity".to_owned(), incident.severity.clone()));
        labels.extend(incident.service.clone().map(|service| ("service".to_owned(), service)));
    }
    let pairs: Vec<_> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let found = bot.suggest_runbooks(&pairs)?;
    bot.set_data(&json!({ "labels": labels, "suggested": found.iter().map(|one| json!({ "name": one.name, "score": one.because.len(), "because": one.because })).collect::<Vec<_>>() }))?;
    let said: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if found.is_empty() {
        let many = bot.runbooks()?.len();
        let text = format!(
            "No runbook matches {}: of each of the {many} there are, at least one matcher does not hold.",
            said.join(" ")
        );
        bot.reply(View::default().text(text))?;
        return Ok(());
    }
    bot.reply(Suggestion::of(&format!("for {}", said.join(" ")), &found).view())?;
    Ok(())
}

/// An alert fires: the runbook that helps with it is named where alerts go, once in a while.
pub fn alert(bot: &mut impl Bot, alert: &Alert) -> Result {
    if alert.status != "firing" {
        return Ok(());
    }
    let labels: Vec<_> = alert.labels.iter().collect();
    let found = bot.suggest_runbooks(&labels)?;
    let Some(best) = found.first() else { return Ok(()) };
    let (key, now_ms) = (format!("suggested/{}", best.name), bot.now());
    let last: Option<u64> = bot.get_json(&key)?;
    if last.is_some_and(|last| now_ms < last + AGAIN_MS) {
        return Ok(());
    }
    let Some(to) = bot.channel("alerts")? else {
        bot.log(
            Level::Info,
            &format!("{} helps with \"{}\"; [channels] has no `alerts` to say so", best.name, alert.title),
        );
        return Ok(());
    };
    bot.set_json(&key, &now_ms)?;
    let mut suggestion = Suggestion::of(&format!("for \"{}\"", words::clip(&alert.title, 120)), &found);
    match bot.post(&to, suggestion.view()) {
        Ok(message) => symptoms::arrange(bot, &message, &mut suggestion),
        Err(HostError::Denied(why)) => {
            bot.log(Level::Warn, &why);
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// A click on a suggestion. It was posted before anybody declared anything: the run belongs to the incident that is worked on there.
pub fn started(bot: &mut impl Bot, action: &Action) -> Result {
    let asked = (action.by.name.as_str(), &action.conversation);
    let incident = match &action.incident {
        Some(incident) => Some(incident.clone()),
        None => worked_on(bot, action)?,
    };
    act::begin(bot, &action.value, BTreeMap::new(), false, asked, incident.as_ref()).map(drop)
}

/// The one open incident of a conversation; of several nobody can tell which is meant.
fn worked_on(bot: &mut impl Bot, action: &Action) -> Result<Option<IncidentId>> {
    let open = bot.incidents(true, OPEN)?;
    let mut here = open.into_iter().filter(|incident| incident.conversation == action.conversation);
    Ok(match (here.next(), here.next()) {
        (Some(one), None) => Some(one.id),
        _ => None,
    })
}
