//! How a drill went, as it is remembered when its job is forgotten: read out of what the job said when it ended.

use super::job::JobState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of job that is a drill.
pub const DRILL: &str = "drill";

/// A drill that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// The job.
    pub job: String,
    /// Of what.
    pub target: String,
    /// The copy that was restored, or was to be; nobody may have come so far as to choose one.
    pub object: Option<String>,
    /// The moment whose state the copy holds, milliseconds since the epoch.
    pub taken_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: i64,
    /// `pass`, `fail` or `unknown`; how its job ended if that did not finish.
    pub status: String,
    /// What is to blame: `backup`, `environment` or `check`.
    pub cause: Option<String>,
    /// The sentence that says most.
    pub sentence: String,
    /// How long it took from its start until the last check, milliseconds.
    pub rto_ms: Option<i64>,
    /// How old the copy was then.
    pub age_ms: Option<i64>,
    /// How long each stage took.
    pub stages: Vec<DrillStage>,
    /// What was checked.
    pub checks: Vec<DrillCheck>,
    /// The object with the signed evidence.
    pub evidence: Option<String>,
}

/// A stage of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DrillStage {
    /// Its name: `fetch+restore`, `check`, `drop`.
    pub name: String,
    /// Milliseconds.
    pub took_ms: i64,
}

/// A check of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DrillCheck {
    /// Its name: `restore`, `counts`, `query 1`.
    pub name: String,
    /// `pass`, `fail` or `unknown`.
    pub status: String,
    /// For people.
    pub sentence: String,
    /// Milliseconds.
    pub took_ms: i64,
}

/// What a job of this kind is asked for.
#[derive(Deserialize)]
struct Asked {
    target: String,
    #[serde(default)]
    object: Option<String>,
}

/// What a job says when it ends.
#[derive(Deserialize)]
struct Ended {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    result: Value,
}

/// What a drill says that came to a verdict.
#[derive(Deserialize)]
struct Said {
    status: String,
    #[serde(default)]
    object: Option<String>,
    #[serde(default)]
    taken_ms: Option<i64>,
    #[serde(default)]
    cause: Option<String>,
    #[serde(default)]
    sentence: String,
    #[serde(default)]
    rto_ms: Option<i64>,
    #[serde(default)]
    age_ms: Option<i64>,
    #[serde(default)]
    stages: Vec<DrillStage>,
    #[serde(default)]
    checks: Vec<DrillCheck>,
    #[serde(default)]
    evidence: Option<String>,
}

impl Drill {
    /// Reads it out of a job's spec and of what the job said when it ended; `None` if the spec names no target.
    pub fn read(job: &str, spec: &str, state: JobState, result: &str, ended_ms: i64) -> Option<Self> {
        let asked: Asked = serde_json::from_str(spec).ok()?;
        let ended = serde_json::from_str(result).unwrap_or(Ended { outcome: String::new(), result: Value::Null });
        let bare = Self {
            job: job.to_owned(),
            target: asked.target,
            object: asked.object,
            taken_ms: None,
            ended_ms,
            status: state.as_str().to_owned(),
            // Whoever broke off has said nothing about the copy.
            cause: Some("environment".to_owned()),
            sentence: ended.outcome,
            rto_ms: None,
            age_ms: None,
            stages: Vec::new(),
            checks: Vec::new(),
            evidence: None,
        };
        if state != JobState::Done {
            return Some(bare);
        }
        let known = |said: &Said| matches!(said.status.as_str(), "pass" | "fail");
        let unknown = || Self { status: "unknown".to_owned(), cause: None, ..bare.clone() };
        Some(match serde_json::from_value::<Said>(ended.result) {
            // Somebody said that it was done; what it found nobody knows.
            Err(_) => unknown(),
            Ok(said) => Self {
                status: if known(&said) { said.status } else { "unknown".to_owned() },
                object: said.object.or(bare.object),
                taken_ms: said.taken_ms,
                cause: said.cause,
                sentence: said.sentence,
                rto_ms: said.rto_ms.filter(|ms| *ms > 0),
                age_ms: said.age_ms,
                stages: said.stages,
                checks: said.checks,
                evidence: said.evidence,
                ..bare
            },
        })
    }

    /// Whether it proved its copy.
    pub fn passed(&self) -> bool {
        self.status == "pass"
    }

    /// How long a restore took until everything was well; of one that did not pass nobody knows.
    pub fn measured_ms(&self) -> Option<i64> {
        self.rto_ms.filter(|_| self.passed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(state: JobState, result: &Value) -> Drill {
        Drill::read("j", r#"{"target": "shop", "object": "a"}"#, state, &result.to_string(), 7).unwrap()
    }

    #[test]
    fn what_a_drill_says_is_read_and_what_it_does_not_say_is_not_made_up() {
        let said = json!({"outcome": "so", "result": {"status": "pass", "object": "b", "taken_ms": 1, "cause": null, "sentence": "Good.",
            "rto_ms": 1500, "age_ms": 6, "stages": [{"name": "drop", "took_ms": 3}], "evidence": "e", "tables": [], "dropped": true,
            "checks": [{"name": "counts", "status": "pass", "cause": null, "sentence": "So.", "took_ms": 2}]}});
        let drill = read(JobState::Done, &said);
        assert_eq!((drill.object.as_deref(), drill.measured_ms(), drill.taken_ms), (Some("b"), Some(1500), Some(1)));
        assert_eq!((drill.stages.len(), drill.checks[0].name.as_str(), drill.cause.clone()), (1, "counts", None));
        let failed = json!({"result": {"status": "fail", "cause": "backup", "rto_ms": 9}});
        let drill = read(JobState::Done, &failed);
        assert_eq!(
            (drill.status.as_str(), drill.cause.as_deref(), drill.measured_ms()),
            ("fail", Some("backup"), None)
        );
        let odd = read(JobState::Done, &json!({"outcome": "ben says that it had done its work.", "result": null}));
        assert_eq!((odd.status.as_str(), odd.cause, odd.object.as_deref()), ("unknown", None, Some("a")));
        let new = read(JobState::Done, &json!({"result": {"status": "splendid"}}));
        assert_eq!(new.status, "unknown");
    }

    #[test]
    fn one_that_did_not_finish_says_nothing_about_the_copy() {
        for state in [JobState::Failed, JobState::Cancelled, JobState::Denied] {
            let drill = read(state, &json!({"outcome": "It was stopped.", "result": {"status": "pass"}}));
            assert_eq!((drill.status.as_str(), drill.cause.as_deref()), (state.as_str(), Some("environment")));
            assert_eq!((drill.sentence.as_str(), drill.passed()), ("It was stopped.", false));
        }
        assert!(Drill::read("j", "{}", JobState::Done, "{}", 7).is_none(), "of nothing");
        assert_eq!(read(JobState::Failed, &Value::Null).sentence, "");
    }
}
