//! A step that asks a database. Whatever keeps it from an answer leaves open how things are: it looks, it changes nothing.

use super::one::{failed, judged, shown};
use super::plan::Unit;
use super::run::Current;
use super::state::{Done, Status};
use crate::config::limits::{STEP_OUTPUT_BYTES, STEP_PASSED_BYTES};
use crate::model::bound::number;
use crate::ops::http::{Capture, fill};
use crate::ops::judge::Found;
use crate::ops::sql::{Question, Rows, ask};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Current<'_> {
    /// Asks, and looks at the rows.
    pub(super) async fn question(
        &mut self,
        unit: &Unit,
        question: Option<&Question>,
        values: &BTreeMap<String, String>,
        capture: Option<&Capture>,
    ) -> Done {
        let unseen = |why: String| Done { unseen: true, ..failed(unit, why) };
        let Some(question) = question else { return unseen("asks nothing".to_owned()) };
        let Some(database) = self.runner.databases.get(&question.database) else {
            return unseen(format!("was not asked: there is no database `{}` any more", question.database));
        };
        let mut args = values.clone();
        for (name, text) in &question.args {
            match fill(text, values) {
                Ok(value) => drop(args.insert(name.clone(), value)),
                Err(why) => return unseen(format!("was not asked: {why}")),
            }
        }
        let asked = tokio::select! {
            asked = ask(database, question, &args, unit.time_limit) => asked,
            () = self.of.cancel.cancelled() => {
                return Done { cancelled: true, ..unseen("was cancelled".to_owned()) };
            }
        };
        let rows = match asked {
            Ok(rows) => rows,
            Err(why) => return unseen(format!("got no answer: {}", self.runner.scrub.text(&why))),
        };
        let mut done = Done::now(&unit.name, Status::Pass, told(&rows), 0);
        let text = self.runner.scrub.text(&json!(rows.rows).to_string()).into_owned();
        let one = rows.first.as_ref().filter(|_| rows.rows.len() == 1 && !rows.cut);
        let found = Found {
            text: &text,
            number: one.and_then(|value| value.as_f64().or_else(|| value.as_str().and_then(number))),
            count: Some(rows.rows.len()),
            cut: rows.cut,
        };
        judged(&question.expect, &found, &mut done);
        if let Some(capture) = capture.filter(|_| done.status == Status::Pass) {
            let cell = match &rows.first {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            self.capture(capture, if capture.json.is_some() { &text } else { &cell }, None, &mut done);
        }
        let most = if done.status == Status::Pass { STEP_PASSED_BYTES } else { STEP_OUTPUT_BYTES };
        done.output = shown(&text, most);
        done
    }
}

fn told(rows: &Rows) -> String {
    let many = match rows.rows.len() {
        1 => "1 row".to_owned(),
        n => format!("{n} rows"),
    };
    if rows.cut {
        format!("was answered with more than {many}, of which those were read")
    } else {
        format!("was answered with {many}")
    }
}
