//! What suggests a runbook: its matchers, and the read-only steps that it names as `symptoms`, which are looked at by a job while the
//! suggestion stands already. What does not hold says that it is not this one; what nobody could see says nothing.

use crate::run::State;
use drillbell_sdk::book;
use drillbell_sdk::{
    Bot, Button, HostError, Job, Level, MessageRef, NewJob, OnLost, Once, Result, Suggested, Tone, View, words,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// Runbooks that are suggested at once.
const SUGGESTED: usize = 3;
/// What a symptom counts beside a matcher.
const WEIGHT: i64 = 2;
/// How long looking at symptoms may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A suggestion as it was posted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Suggestion {
    /// For what.
    what: String,
    /// Those that may help.
    found: Vec<Candidate>,
}

/// A runbook that may help.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Candidate {
    name: String,
    title: String,
    /// The matchers that hold.
    because: Vec<String>,
    /// A job looks at its symptoms.
    looking: bool,
    /// What came of each symptom that was looked at.
    symptoms: Vec<(String, State, String)>,
}

impl Candidate {
    fn count(&self, state: State) -> usize {
        self.symptoms.iter().filter(|(_, found, _)| *found == state).count()
    }

    /// How much speaks for it: its matchers, and twice its symptoms; against it those that do not hold.
    fn score(&self) -> i64 {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let symptoms = number(self.count(State::Pass)) - number(self.count(State::Fail));
        number(self.because.len()) + WEIGHT * symptoms
    }

    fn reasons(&self) -> String {
        let symptoms = self.symptoms.iter().map(|(step, state, said)| match state {
            State::Pass => format!("\"{step}\" holds"),
            State::Fail => format!("\"{step}\" does not hold: {said}"),
            _ => format!("\"{step}\" is unknown: {said}"),
        });
        let looking = self.looking.then(|| "its symptoms are being looked at".to_owned());
        self.because.iter().cloned().chain(symptoms).chain(looking).collect::<Vec<_>>().join(" and ")
    }
}

impl Suggestion {
    /// What the labels say.
    pub fn of(what: &str, found: &[Suggested]) -> Self {
        let candidate = |one: &Suggested| Candidate {
            name: one.name.clone(),
            title: one.title.clone(),
            because: one.because.clone(),
            looking: false,
            symptoms: Vec::new(),
        };
        Self { what: what.to_owned(), found: found.iter().take(SUGGESTED).map(candidate).collect() }
    }

    /// As people read it, what most speaks for first. What does not match says so, and has no button.
    pub fn view(&self) -> View {
        let mut view = View::titled(format!("Runbook {}", self.what)).tone(Tone::Info);
        let mut found: Vec<&Candidate> = self.found.iter().collect();
        found.sort_by_key(|one| (one.count(State::Fail) > 0, -one.score()));
        for one in found {
            let (score, reasons) = (one.score(), one.reasons());
            let fits = one.count(State::Fail) == 0;
            let word = if fits { "" } else { " does not match" };
            view = view.text(format!("{}: {}{word} (score {score}, because {reasons})", one.name, one.title));
            if fits {
                let start = Button::new("start", format!("Start {}", one.name)).value(one.name.clone());
                view = view.button(start.once(Once::Card));
            }
        }
        view
    }
}

/// Posted: its symptoms are looked at next. From a timer, so that the jobs have no cards of their own where alerts go.
pub fn arrange(bot: &mut impl Bot, message: &MessageRef, suggestion: &mut Suggestion) -> Result {
    for one in &mut suggestion.found {
        let book = book::get(bot, &one.name)?;
        one.looking = book.unready.is_empty() && !book.symptoms.is_empty();
    }
    if suggestion.found.iter().any(|one| one.looking) {
        let now_ms = bot.now();
        bot.set_json(&format!("looks/{message}"), &(message, &*suggestion))?;
        bot.set_timer(&format!("look/{message}"), now_ms, "")?;
        bot.edit(message, suggestion.view())?;
    }
    Ok(())
}

/// Begins to look at the symptoms of a suggestion.
pub fn look(bot: &mut impl Bot, id: &str) -> Result {
    let key = format!("looks/{id}");
    let Some((message, mut suggestion)) = bot.get_json::<(MessageRef, Suggestion)>(&key)? else { return Ok(()) };
    let mut refused = false;
    for one in suggestion.found.iter_mut().filter(|one| one.looking) {
        let book = book::get(bot, &one.name)?;
        let steps: Vec<Value> = book
            .symptoms
            .iter()
            .filter_map(|name| book.steps.iter().find(|step| step.name == *name))
            .map(|step| step.as_job(&Default::default()))
            .collect();
        let names = book.symptoms.clone();
        let title = words::clip(&format!("Does {} help? Its symptoms", one.name), 110);
        let spec = json!({ "steps": steps, "on_failure": "go-on" });
        let job = NewJob::new("steps", title, &spec)?.on_lost(OnLost::Repeat).attempts(2).run_limit(LIMIT);
        match bot.start_job(job) {
            Ok(id) => bot.set_json(&format!("look-of/{id}"), &(key.clone(), one.name.clone(), names))?,
            Err(HostError::Invalid(why) | HostError::Denied(why)) => {
                (refused, one.looking) = (true, false);
                one.symptoms = names.into_iter().map(|name| (name, State::Unknown, why.clone())).collect();
            }
            Err(other) => return Err(other.into()),
        }
    }
    if refused { show(bot, &key, &message, &suggestion) } else { Ok(()) }
}

fn show(bot: &mut impl Bot, key: &str, message: &MessageRef, suggestion: &Suggestion) -> Result {
    match suggestion.found.iter().any(|one| one.looking) {
        true => bot.set_json(key, &(message, suggestion))?,
        false => bot.delete(key)?,
    }
    match bot.edit(message, suggestion.view()) {
        Ok(()) => Ok(()),
        // The message is gone, and nobody waits for it.
        Err(HostError::NotFound(why)) => {
            bot.log(Level::Info, &why);
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// A job has ended; `false` if it looked at no symptoms.
pub fn looked(bot: &mut impl Bot, job: &Job) -> Result<bool> {
    let Some((key, name, names)) = bot.take_json::<(String, String, Vec<String>)>(&format!("look-of/{}", job.id))?
    else {
        return Ok(false);
    };
    let Some((message, mut suggestion)) = bot.get_json::<(MessageRef, Suggestion)>(&key)? else { return Ok(true) };
    let detail: Value = serde_json::from_str(&job.detail).unwrap_or_default();
    let result = if job.status == "done" { &detail } else { &detail["detail"] };
    let steps = result["steps"].as_array().cloned().unwrap_or_default();
    for one in suggestion.found.iter_mut().filter(|one| one.name == name) {
        one.looking = false;
        one.symptoms = names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let (state, said) = steps.get(at).map_or((State::Unknown, "nobody looked".to_owned()), found);
                (name.clone(), state, said)
            })
            .collect();
    }
    show(bot, &key, &message, &suggestion)?;
    Ok(true)
}

fn found(step: &Value) -> (State, String) {
    let said = words::clip(step["sentence"].as_str().unwrap_or_default().trim_end_matches('.'), 200);
    let state = match step["status"].as_str() {
        Some("pass") => State::Pass,
        Some("fail") if step["unseen"] != true => State::Fail,
        _ => State::Unknown,
    };
    (state, said)
}
