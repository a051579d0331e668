//! `drillbell check`, the doctor: looks at everything the bot stands on and says how it is, a line each. Changes nothing but
//! for probes that it takes away again, and does not disturb a running bot; with `--contacts` it pages people.

mod contacts;
mod discord;
mod location;
mod looks;
mod notices;
mod notifiers;
mod presence;
mod slack;
mod targets;

use super::failure::{FAILED, Failure};
use super::output::print;
use super::place::ConfigFlag;
use super::progress::Progress;
use crate::config::{Config, Env};
use crate::model::verdict::Verdict;
use crate::platform::console::clean_line;
use crate::scrub::Scrub;
use clap::Args;
use serde::Serialize;
use serde_json::json;

/// `drillbell check …`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Also show the configuration as it applies: defaults filled in, secrets masked
    #[arg(long)]
    effective: bool,
    /// Also page everybody who is configured to be paged, with a message that says that it is a test
    #[arg(long)]
    contacts: bool,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: `config`, `database`, `plugin sev-declare`.
    pub name: String,
    /// How it is.
    pub status: Verdict,
    /// In numbers and words; for a failure what to do.
    pub text: String,
}

impl Check {
    /// It is well.
    pub fn pass(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), status: Verdict::Pass, text: text.into() }
    }

    /// It is not.
    pub fn fail(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), status: Verdict::Fail, text: text.into() }
    }

    /// It could not be told.
    pub fn unknown(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), status: Verdict::Unknown, text: text.into() }
    }
}

/// Looks at everything. Exit code 1 when anything fails; what is unknown is shown, and is no failure.
pub async fn run(args: &CheckArgs, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    let progress = Progress::start("the checks");
    let (checks, warnings, config) = match args.config.load(env) {
        Ok(config) => {
            let mut checks = all(&config).await;
            match args.contacts {
                true => checks.extend(contacts::test(&config, env, scrub).await),
                false => checks.extend(contacts::last(&config).await),
            }
            (checks, config.warnings(), Some(config))
        }
        Err(failure) => (vec![Check::fail("config", failure.sentence)], Vec::new(), None),
    };
    drop(progress);
    let failed = checks.iter().any(|check| check.status == Verdict::Fail);
    let effective = config.filter(|_| args.effective).map(|config| config.effective());
    if args.json {
        let status = if failed { Verdict::Fail } else { Verdict::Pass };
        let mut object = json!({"status": status, "checks": checks, "warnings": warnings});
        if let Some(effective) = effective {
            object["effective"] = json!(effective);
        }
        print(&object.to_string())?;
    } else {
        for check in &checks {
            print(&line(check))?;
        }
        for warning in &warnings {
            print(&clean_line(&format!("warning  {warning}")))?;
        }
        if let Some(effective) = effective {
            print(&format!("\n{effective}"))?;
        }
    }
    Ok(if failed { FAILED } else { 0 })
}

async fn all(config: &Config) -> Vec<Check> {
    let plugins = config.plugins.iter().filter(|plugin| plugin.enabled).count();
    let people = config.people.0.len();
    let text = format!("{}: no problems (plugins: {plugins}, people: {people})", config.file.display());
    let mut checks = vec![Check::pass("config", text), looks::data_dir(&config.server.data_dir)];
    checks.push(looks::bot(&config.server.data_dir).await);
    checks.extend(looks::database(config).await);
    checks.push(looks::artifacts(config).await);
    checks.extend(looks::plugins(config).await);
    checks.extend(targets::all(config).await);
    checks.extend(presence::all(config).await);
    checks.extend(notifiers::all(config).await);
    checks.extend(slack::all(config).await);
    checks.extend(discord::all(config).await);
    checks
}

/// `pass     database  sqlite:data/drillbell.db: 12 of 12 migrations`. A configuration's problems keep their lines.
fn line(check: &Check) -> String {
    let text = crate::platform::console::clean(&check.text);
    format!("{:<8} {}  {text}", check.status.as_str(), clean_line(&check.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_a_line_that_begins_with_its_verdict() {
        let checks = [
            Check::pass("config", "drillbell.toml: no problems"),
            Check::fail("plugin x\u{1b}[2J", "it is no WebAssembly component"),
            Check::unknown("bot", "none is running"),
        ];
        let lines: Vec<_> = checks.iter().map(line).collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        pass     config  drillbell.toml: no problems
        fail     plugin x␛[2J  it is no WebAssembly component
        unknown  bot  none is running
        ");
    }
}
