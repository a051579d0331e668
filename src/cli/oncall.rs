//! `drillbell oncall`: who is on call, from the configuration alone, so that it can be asked when everything else is down; and
//! the same as a calendar.

use super::failure::Failure;
use super::output::print;
use super::place::ConfigFlag;
use crate::clock::{Clock, rfc3339};
use crate::config::Env;
use crate::escalation::{Roster, calendar};
use crate::platform::console::clean_line;
use chrono::DateTime;
use clap::Args;
use serde_json::json;

/// `drillbell oncall …`.
#[derive(Args, Clone, Debug)]
pub struct OncallArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// At which moment, RFC 3339. Default: now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<i64>,
    /// Print a calendar (iCalendar) of the half year from then on
    #[arg(long, conflicts_with = "json")]
    ics: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Only this rotation
    #[arg(value_name = "ROTATION")]
    rotation: Option<String>,
}

fn moment(text: &str) -> Result<i64, String> {
    let read = DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_millis());
    read.map_err(|_| "a moment such as 2026-03-01T10:00:00Z".to_owned())
}

/// Prints it.
pub fn run(args: &OncallArgs, env: &Env) -> Result<u8, Failure> {
    let config = args.config.load(env)?;
    let roster = Roster::of(&config);
    let at_ms = args.at.unwrap_or_else(|| Clock::system().now_ms());
    let names: Vec<&str> = roster.rotations().map(|(name, _)| name).collect();
    if let Some(asked) = &args.rotation
        && !names.contains(&asked.as_str())
    {
        let known =
            if names.is_empty() { "there is none".to_owned() } else { format!("there are: {}", names.join(", ")) };
        return Err(Failure::usage(format!("there is no rotation `{asked}`; {known}")));
    }
    if args.ics {
        let text = calendar(&roster, args.rotation.as_deref(), at_ms).unwrap_or_default();
        print(text.trim_end())?;
        return Ok(0);
    }
    let mut objects = Vec::new();
    for name in names.iter().filter(|name| args.rotation.as_deref().is_none_or(|asked| asked == **name)) {
        let Some(shift) = roster.on_call(name, at_ms) else { continue };
        let (who, until) = (roster.title(&shift.who), rfc3339(shift.until_ms));
        if args.json {
            objects.push(json!({
                "rotation": name, "person": shift.who, "name": who, "since": rfc3339(shift.from_ms), "until": until,
                "stands_in_for": shift.stands_in_for,
            }));
        } else {
            let instead =
                shift.stands_in_for.map(|other| format!(", for {}", roster.title(&other))).unwrap_or_default();
            print(&clean_line(&format!("{name}: {who}{instead}, until {until}")))?;
        }
    }
    if args.json {
        print(&json!({"at": rfc3339(at_ms), "rotations": objects}).to_string())?;
    } else if names.is_empty() {
        print("No rotation is configured: add a [rotations.NAME] section; docs/escalation.md shows how.")?;
    }
    Ok(0)
}
