//! One step: a command, a request or a wait, with its places filled at the last moment.

use super::plan::Unit;
use super::run::Current;
use super::spec::Undo;
use super::state::{Done, Status};
use super::{Follow, RUN_VARIABLE, arguments};
use crate::config::commands::Command;
use crate::config::limits::{STEP_OUTPUT_BYTES, STEP_PASSED_BYTES};
use crate::config::parse_duration;
use crate::ops::child::{Cut, Exit, Process, Program, Watch};
use crate::ops::http::places;
use crate::ops::http::{self, Call, Capture, Response};
use crate::ops::judge::{Found, Wanted};
use crate::ops::sql::Question;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::time::Duration;

/// A run's follower as a program's watcher.
struct Watching<'a> {
    follow: &'a dyn Follow,
    /// What it says is not shown: it holds a secret that nobody knows yet.
    quiet: bool,
}

impl Watch for Watching<'_> {
    fn started(&self, process: Process) -> BoxFuture<'_, Result<(), String>> {
        self.follow.child_started(process)
    }

    fn line(&self, line: &str) {
        if !self.quiet {
            self.follow.line(line);
        }
    }
}

impl Current<'_> {
    /// Does one unit of the plan.
    pub(super) async fn unit(&mut self, at: usize, unit: &Unit) -> Done {
        let began_ms = self.runner.clock.now_ms();
        let plan = self.of.plan;
        let step = &plan.spec.steps[unit.step];
        let needed: Vec<_> = match &step.http {
            Some(call) => call.places(),
            None => step
                .args
                .values()
                .flat_map(|text| places(text))
                .chain(step.sql.iter().flat_map(Question::places))
                .collect(),
        };
        let outside = step.command.as_ref().and_then(|name| Some((name, self.is_outside(name)?)));
        let values = self.values(unit, &needed).and_then(|values| match outside {
            Some((name, window)) => Err(format!("was not started: `{name}` runs only in its window, {window}")),
            None => Ok(values),
        });
        let mut done = match (values, &step.command, &step.http) {
            (Err(why), ..) => Done { unseen: true, ..failed(unit, why) },
            (Ok(values), Some(command), _) => {
                let does = Does { name: command, args: &step.args, expect: step.expect.as_ref() };
                self.command(unit, does, &values, step.capture.as_ref()).await
            }
            (Ok(values), None, Some(call)) => self.request(at, unit, call, &values, step.capture.as_ref()).await,
            (Ok(values), None, None) if step.sql.is_some() => {
                self.question(unit, step.sql.as_ref(), &values, step.capture.as_ref()).await
            }
            (Ok(_), None, None) => match &step.promql {
                Some(query) => self.expression(unit, query).await,
                None => self.wait(unit, step.wait.as_deref().and_then(parse_duration).unwrap_or_default()).await,
            },
        };
        done.began_ms = began_ms;
        done.took_ms = (self.runner.clock.now_ms() - began_ms).max(0);
        done
    }

    /// Takes one unit back.
    pub(super) async fn undo(&mut self, _at: usize, unit: &Unit, undo: &Undo, name: &str) -> Done {
        let began_ms = self.runner.clock.now_ms();
        let limit = self.runner.commands.get(&undo.command).map_or(unit.time_limit, |command| command.timeout);
        let as_unit = Unit { name: name.to_owned(), time_limit: limit, ..unit.clone() };
        let needed: Vec<_> = undo.args.values().flat_map(|text| places(text)).collect();
        let mut done = match self.values(unit, &needed) {
            Err(why) => failed(&as_unit, why),
            Ok(values) => {
                let does = Does { name: &undo.command, args: &undo.args, expect: None };
                self.command(&as_unit, does, &values, None).await
            }
        };
        done.began_ms = began_ms;
        done.took_ms = (self.runner.clock.now_ms() - began_ms).max(0);
        done
    }

    /// What places may be filled with; an error if a secret that is needed is gone.
    fn values(&self, unit: &Unit, needed: &[String]) -> Result<BTreeMap<String, String>, String> {
        let mut values = self.state.captured.clone();
        for name in &self.state.secret {
            match self.secret.get(name) {
                Some(value) => drop(values.insert(name.clone(), value.expose_secret().to_owned())),
                None if needed.contains(name) => {
                    return Err(format!(
                        "the secret captured as `{name}` is gone with the bot's last process: run it all again"
                    ));
                }
                None => {}
            }
        }
        values.extend(unit.item.clone().map(|item| ("item".to_owned(), item)));
        Ok(values)
    }

    /// The window of a command that may not run now.
    fn is_outside(&self, command: &str) -> Option<String> {
        let window = self.runner.commands.get(command)?.window.as_ref()?;
        (!window.has(self.runner.clock.now_ms())).then(|| window.to_string())
    }

    async fn wait(&self, unit: &Unit, time: Duration) -> Done {
        tokio::select! {
            () = tokio::time::sleep(time) => Done::now(&unit.name, Status::Pass, "is over".to_owned(), 0),
            () = self.of.cancel.cancelled() => {
                Done { cancelled: true, ..failed(unit, "was cancelled".to_owned()) }
            }
        }
    }

    async fn command(
        &mut self,
        unit: &Unit,
        does: Does<'_>,
        values: &BTreeMap<String, String>,
        capture: Option<&Capture>,
    ) -> Done {
        let looked_at = does.expect.is_some() || capture.is_some();
        let program = match self.program(unit, does.name, does.args, values, looked_at).await {
            Ok(program) => program,
            Err(why) => {
                let why = format!("was not started: {}", self.runner.scrub.text(&why));
                return Done { unseen: true, ..failed(unit, why) };
            }
        };
        let quiet = capture.is_some_and(|capture| capture.secret);
        let watching = Watching { follow: self.of.follow, quiet };
        let ended = self.runner.supervisor.run(program, &watching, self.of.cancel).await;
        self.of.follow.child_ended().await;
        let blind = matches!(ended.exit, Exit::Code(code) if self.runner.commands.get(does.name).is_some_and(|command| command.unseen.contains(&code)));
        let status = match (&ended.exit, ended.cut) {
            (Exit::Unknown, None) => Status::Unknown,
            _ if blind => Status::Fail,
            (Exit::Code(code), None) if does.exits(*code) => Status::Pass,
            _ if ended.passed() && does.exits(0) => Status::Pass,
            _ => Status::Fail,
        };
        let mut done = Done::now(&unit.name, status, ended.sentence(unit.time_limit), 0);
        if !quiet {
            let most = if status == Status::Pass { STEP_PASSED_BYTES } else { STEP_OUTPUT_BYTES };
            done.output = ended.output.last(most);
        }
        done.cancelled = ended.cut == Some(Cut::Cancelled);
        if blind {
            done.unseen = true;
            done.sentence.push_str(", which says that it could not look");
        }
        match ended.exit {
            Exit::Code(code) => done.exit = Some(code),
            Exit::Signal(signal) => done.signal = Some(signal),
            Exit::NotStarted(_) => done.unseen = true,
            Exit::Unknown => {}
        }
        if let Some(wanted) = does.expect.filter(|_| status == Status::Pass && !quiet) {
            let text = self.runner.scrub.text(ended.stdout.expose_secret()).into_owned();
            judged(wanted, &Found { text: &text, cut: ended.stdout_cut, ..Found::default() }, &mut done);
        }
        if ended.left > 0 && !done.cancelled {
            done.sentence.push_str(&format!(" and left {} processes, which were ended", ended.left));
        }
        if let Some(capture) = capture.filter(|_| done.status == Status::Pass) {
            let text = ended.stdout.expose_secret().to_owned();
            self.capture(capture, &text, None, &mut done);
        }
        done
    }

    async fn program(
        &self,
        unit: &Unit,
        name: &str,
        args: &BTreeMap<String, String>,
        values: &BTreeMap<String, String>,
        capture: bool,
    ) -> Result<Program, String> {
        let commands = &self.runner.commands;
        let command = commands.get(name).ok_or_else(|| format!("there is no command `{name}` any more"))?;
        let mut given = BTreeMap::new();
        for (place, text) in args {
            if let Some(secret) = http::places(text).into_iter().find(|name| self.state.secret.contains(name)) {
                return Err(format!(
                    "the secret captured as `{secret}` would be an argument, where everybody who can list processes sees it"
                ));
            }
            given.insert(place.clone(), http::fill(text, values)?);
        }
        let argv = arguments::argv(command, &given)?;
        arguments::check_paths(command, &given).await?;
        let mut env = command.env.clone();
        env.insert("PATH".to_owned(), commands.path.clone());
        env.insert(RUN_VARIABLE.to_owned(), self.of.id.to_owned());
        Ok(Program {
            argv,
            cwd: command.cwd.clone(),
            env,
            secrets: self.exposed(command, &command.secrets)?,
            secret_files: self.exposed(command, &command.secret_files)?,
            // Who knows what closes everything before it does its work: `sudo` does.
            secret_memory: BTreeMap::new(),
            stdin: None,
            time_limit: unit.time_limit,
            background: command.background,
            capture,
        })
    }

    fn exposed(
        &self,
        command: &Command,
        handles: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, SecretString>, String> {
        let secret = |handle: &String| {
            let missing = || format!("`{}` needs the secret `{handle}`, which is not there", command.name);
            self.runner.secrets.get(handle).ok_or_else(missing)
        };
        handles.iter().map(|(variable, handle)| Ok((variable.clone(), secret(handle)?))).collect()
    }

    async fn request(
        &mut self,
        at: usize,
        unit: &Unit,
        call: &Call,
        values: &BTreeMap<String, String>,
        capture: Option<&Capture>,
    ) -> Done {
        let scrub = self.runner.scrub.clone();
        let secrets = self.runner.secrets.clone();
        let prepared = match call.prepare(values, &|handle| secrets.get(handle)) {
            Ok(prepared) => prepared,
            Err(why) => {
                let why = format!("was not sent: {}", scrub.text(&why));
                return Done { unseen: true, ..failed(unit, why) };
            }
        };
        let key = format!("{}-{at}", self.of.id);
        let sent = self.runner.http.send(prepared, &key, self.of.origins, unit.time_limit, self.of.cancel).await;
        let response = match sent {
            Ok(response) => response,
            Err(failure) => {
                let unknown = failure.sent && call.method.writes();
                let status = if unknown { Status::Unknown } else { Status::Fail };
                let end = if unknown { ", and whether it was done is not known" } else { "" };
                let sentence = format!("got no answer: {}{end}", scrub.text(&failure.why));
                let cancelled = self.of.cancel.is_cancelled() && !unknown;
                let unseen = !unknown && !failure.certificate;
                return Done { cancelled, unseen, ..Done::now(&unit.name, status, sentence, 0) };
            }
        };
        // Whether or not the secret in it is taken: until it is, nobody knows what to take out of the answer.
        let quiet = capture.is_some_and(|capture| capture.secret);
        let (problems, measured) = call.expect.problems(&response);
        let status = if problems.is_empty() { Status::Pass } else { Status::Fail };
        let mut sentence = match problems.is_empty() {
            true => format!("was answered with {}", response.status),
            false if quiet => "was not answered as expected; its answer holds a secret and is not shown".to_owned(),
            false => format!("was not answered as expected: {}", scrub.text(&problems.join("; "))),
        };
        if let Some(note) = call.expect.note(&response) {
            sentence.push_str(&format!(", but {note}"));
        }
        let value = measured.map(|value| value.to_string());
        let mut done = Done { http: Some(response.status), value, ..Done::now(&unit.name, status, sentence, 0) };
        if let Some(capture) = capture.filter(|_| status == Status::Pass) {
            self.capture(capture, &response.body, Some(&response), &mut done);
        }
        if !quiet {
            let most = if done.status == Status::Pass { STEP_PASSED_BYTES } else { STEP_OUTPUT_BYTES };
            done.output = shown(&scrub.text(&response.body), most);
        }
        done
    }

    /// Takes what a later step needs. A step whose outcome cannot be captured has not passed.
    pub(super) fn capture(&mut self, capture: &Capture, text: &str, response: Option<&Response>, done: &mut Done) {
        let name = &capture.name;
        let taken = capture.take(text, response).and_then(|value| {
            if !capture.secret {
                self.state.captured.insert(name.clone(), self.runner.scrub.text(&value).into_owned());
                return Ok(());
            }
            let value = SecretString::from(value);
            self.runner.scrub.capture(name, value.clone()).map_err(|refused| refused.to_string())?;
            self.state.secret.insert(name.clone());
            self.secret.insert(name.clone(), value);
            Ok(())
        });
        if let Err(why) = taken {
            done.status = Status::Fail;
            done.sentence = why;
        }
        // What it said before the secret was known may hold it.
        done.output = self.runner.scrub.text(&done.output).into_owned();
    }
}

/// A command as a step, or a way back, wants it.
struct Does<'a> {
    name: &'a str,
    args: &'a BTreeMap<String, String>,
    expect: Option<&'a Wanted>,
}

impl Does<'_> {
    /// Whether it is well when the program ends so.
    fn exits(&self, code: i32) -> bool {
        self.expect.and_then(|expect| expect.exit.as_ref()).map_or(code == 0, |exits| exits.has(code))
    }
}

/// Looks at what came of a step, and says what is wrong with it.
pub(super) fn judged(wanted: &Wanted, found: &Found<'_>, done: &mut Done) {
    if wanted.is_open(found) {
        let got = found.count.map_or_else(|| format!("{} bytes", found.text.len()), |count| format!("{count} rows"));
        (done.status, done.unseen) = (Status::Fail, true);
        done.sentence = format!("got more than {got}; not all were seen");
        return;
    }
    let (problems, measured) = wanted.judge(found);
    done.value = measured.map(|value| value.to_string());
    if !problems.is_empty() {
        done.status = Status::Fail;
        done.sentence = format!("came out other than expected: {}", problems.join("; "));
    }
}

pub(super) fn failed(unit: &Unit, why: String) -> Done {
    Done::now(&unit.name, Status::Fail, why, 0)
}

/// The beginning of a body, for people.
pub(super) fn shown(body: &str, most: usize) -> String {
    let end = body.floor_char_boundary(most.min(body.len()));
    let clean: String = body[..end].chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    if end < body.len() { format!("{clean}…") } else { clean }
}
