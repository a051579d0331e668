//! The picture on a card: what the alert's expression, or the probe that it is of, was around the event. The card is posted without it;
//! a job of the kind `samples` reads it, and the card is edited when it is there. Whatever goes wrong with it, the card stands.

use crate::group::Group;
use crate::memory;
use drillbell_sdk::{Alert, Bot, Chart, HostError, Job, Level, NewJob, OnLost, Result, Unit, words};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The kind of job.
pub const KIND: &str = "samples";
/// Tries of one job: a picture that comes late is of no use.
const ATTEMPTS: u32 = 2;
/// How long before the event it begins, and at most how long it is in all.
const BEFORE_MS: u64 = 30 * 60_000;
const LONGEST_MS: u64 = 24 * 3_600_000;
/// The source of the bot's own probes.
const PROBES: &str = "probes";
/// What the address of a Prometheus' page calls the expression.
const EXPR: &str = "g0.expr";
/// Characters of the title.
const TITLE_CHARS: usize = 120;

/// What can be drawn of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drawn {
    /// An expression.
    Expr(String),
    /// One of the bot's own probes.
    Probe(String),
}

/// What was read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Picture {
    about: String,
    from_ms: u64,
    to_ms: u64,
    unit: String,
    series: Vec<Line>,
    threshold: Option<Threshold>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    name: String,
    points: Vec<(u64, Option<f64>)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Threshold {
    label: String,
    value: f64,
}

/// What can be drawn of an alert, if anything can.
pub fn of(alert: &Alert) -> Option<Drawn> {
    if alert.source == PROBES {
        return alert.labels.text("probe").map(|name| Drawn::Probe(name.to_owned()));
    }
    let query = alert.url.split('#').next()?.split_once('?')?.1;
    let (_, value) = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == EXPR)?;
    unescaped(value).filter(|expr| !expr.trim().is_empty()).map(Drawn::Expr)
}

/// The text of a form's value.
fn unescaped(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Has a group's picture read: as it is now, so that its beginning and its end each have one.
pub fn ask(bot: &mut impl Bot, group: &Group, now_ms: u64) -> Result {
    let Some(drawn) = &group.drawn else { return Ok(()) };
    let from_ms = group.since_ms.saturating_sub(BEFORE_MS).max(now_ms.saturating_sub(LONGEST_MS));
    let (key, value) = match drawn {
        Drawn::Expr(expr) => ("expr", expr),
        Drawn::Probe(name) => ("probe", name),
    };
    let spec = json!({"about": group.id, "from_ms": from_ms, "to_ms": now_ms, key: value});
    let job = NewJob::new(KIND, format!("the picture of {}", group.id), &spec)?;
    match bot.start_job(job.on_lost(OnLost::Repeat).attempts(ATTEMPTS).key(format!("samples/{}/{now_ms}", group.id))) {
        Ok(_) => Ok(()),
        // No Prometheus, no grant, or nothing that can be drawn: the card does without.
        Err(HostError::Denied(why) | HostError::Invalid(why)) => {
            bot.log(Level::Debug, &format!("{}: no picture: {why}", group.id));
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// A job has ended: the group whose card shows what was read, if that is news.
pub fn ended(bot: &mut impl Bot, job: &Job) -> Result<Option<Group>> {
    if job.status != "done" {
        bot.log(Level::Debug, &format!("a picture could not be read: {}", job.detail));
        return Ok(None);
    }
    let Ok(picture) = serde_json::from_str::<Picture>(&job.detail) else { return Ok(None) };
    let Some(mut group) = memory::group(bot, &picture.about)? else { return Ok(None) };
    let older = memory::picture(bot, &group)?.is_some_and(|known| known.to_ms > picture.to_ms);
    let empty = picture.series.iter().all(|line| line.points.iter().all(|(_, value)| value.is_none()));
    if older || empty || picture.to_ms < group.since_ms {
        return Ok(None);
    }
    memory::keep_picture(bot, &group, &picture)?;
    group.pictured = true;
    Ok(Some(group))
}

impl Picture {
    /// The chart, with the group's own moments.
    pub fn chart(&self, group: &Group) -> Chart {
        let unit = match self.unit.as_str() {
            "percent" => Unit::Percent,
            "milliseconds" => Unit::Milliseconds,
            "seconds" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            _ => Unit::Count,
        };
        let title = match &group.drawn {
            Some(Drawn::Expr(expr)) => expr.as_str(),
            Some(Drawn::Probe(name)) => name.as_str(),
            None => group.title.as_str(),
        };
        let mut chart = Chart::new(words::clip(title, TITLE_CHARS), unit).between(self.from_ms, self.to_ms);
        for line in &self.series {
            chart = chart.series(&line.name, line.points.iter().copied());
        }
        if let Some(threshold) = &self.threshold {
            chart = chart.threshold(&threshold.label, threshold.value);
        }
        chart = chart.mark(group.since_ms, "fires");
        match group.ended_ms.filter(|ended| *ended <= self.to_ms) {
            Some(ended) => chart.mark(ended, "over"),
            None => chart,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn an_expression_is_read_as_browsers_write_it() {
        assert_eq!(unescaped("rate%28x%5B5m%5D%29+%3E+0.05").as_deref(), Some("rate(x[5m]) > 0.05"));
        assert_eq!(unescaped("%C3%A4").as_deref(), Some("ä"));
        for broken in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(unescaped(broken), None, "{broken}");
        }
    }
}
