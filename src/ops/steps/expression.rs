//! A step that asks Prometheus. It looks, it changes nothing: whatever keeps it from an answer leaves open how things are.

use super::one::failed;
use super::plan::Unit;
use super::run::Current;
use super::state::{Done, Status};
use crate::ops::prometheus::instant::{Query, Verdict, ask};

impl Current<'_> {
    /// Asks, and holds every sample against what is expected.
    pub(super) async fn expression(&mut self, unit: &Unit, query: &Query) -> Done {
        let unseen = |why: String| Done { unseen: true, ..failed(unit, why) };
        let (runner, asked) = (self.runner, (query.query.as_str(), query.window()));
        let answer = ask(&runner.http, &runner.metrics, asked, unit.time_limit, self.of.cancel).await;
        if self.of.cancel.is_cancelled() {
            return Done { cancelled: true, ..unseen("was cancelled".to_owned()) };
        }
        let samples = match answer {
            Ok(samples) => samples,
            Err(why) => return unseen(format!("got no answer: {}", runner.scrub.text(&why))),
        };
        let told = |number: Option<f64>| number.map(|number| number.to_string());
        match query.judge(&samples, runner.clock.now_ms()) {
            Verdict::Unseen(why) => unseen(format!("was not answered: {}", runner.scrub.text(&why))),
            Verdict::Breaks(why, number) => Done {
                value: told(number),
                ..failed(unit, format!("came out other than expected: {}", runner.scrub.text(&why)))
            },
            Verdict::Holds(number) => {
                let many = match samples.all.len() {
                    1 => "1 series".to_owned(),
                    n => format!("{n} series"),
                };
                Done {
                    value: told(number),
                    ..Done::now(&unit.name, Status::Pass, format!("was answered with {many}"), 0)
                }
            }
        }
    }
}
