//! `drillbell run`: one command through the same door as chat, followed to its end. Through the running bot if there is
//! one; else this process is the bot for as long as it takes.

use super::bot::LocalBot;
use super::client::{Client, ClientError, Request, What};
use super::failure::{DETACHED, FAILED, Failure, PENDING, USAGE};
use super::output::{look, print, tell};
use super::place::{self, ConfigFlag};
use super::progress::Progress;
use super::reach;
use super::signals::Stop;
use crate::commands::CommandAnswer;
use crate::config::{Config, Env};
use crate::platform::console::{Look, Numbers, Style, card, clean, clean_line};
use crate::scrub::Scrub;
use crate::store::OutcomeStatus;
use clap::Args;
use serde_json::json;

/// `drillbell run …`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// In whose name: a console login; recorded as asserted. Default: your system login
    #[arg(long = "as", value_name = "USER", value_parser = place::user)]
    user: Option<String>,
    /// In which channel of the console. Default: #incidents
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Print one JSON object instead of cards
    #[arg(long)]
    json: bool,
    /// The slash command, quoted: '/sev list'
    #[arg(value_name = "COMMAND")]
    text: String,
}

/// Runs the command. Exit code: 0 it succeeded, 1 it was refused or failed, 2 the command line makes no sense, 3 it waits for
/// an approval, 130 Ctrl-C stopped the following.
pub async fn run(args: &RunArgs, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    let ended = outcome(args, env, scrub).await;
    match ended {
        Ok(Outcome { answer, code }) => {
            if args.json {
                print_json(&answer)?
            } else {
                print_cards(&answer, look(env))?
            }
            Ok(code)
        }
        Err(failure) if args.json && failure.code != USAGE && !failure.sentence.is_empty() => {
            let status = if failure.code == DETACHED { OutcomeStatus::Pending } else { OutcomeStatus::Failed };
            print_json(&said(status, failure.sentence))?;
            Ok(failure.code)
        }
        Err(failure) => Err(failure),
    }
}

impl RunArgs {
    /// One command in one's own name.
    pub(super) fn of(config: ConfigFlag, text: String) -> Self {
        Self { config, user: None, channel: None, json: false, text }
    }
}

/// Runs the command; its answer is for a program and not shown.
///
/// # Errors
/// As [`run`].
pub(super) async fn answered(args: &RunArgs, env: &Env, scrub: &Scrub) -> Result<CommandAnswer, Failure> {
    outcome(args, env, scrub).await.map(|outcome| outcome.answer)
}

struct Outcome {
    answer: CommandAnswer,
    code: u8,
}

async fn outcome(args: &RunArgs, env: &Env, scrub: &Scrub) -> Result<Outcome, Failure> {
    let text = args.text.trim();
    if !text.starts_with('/') {
        return Err(Failure::usage("a command begins with a slash: drillbell run '/sev list'"));
    }
    let mut stop = Stop::listen()?;
    let config = args.config.load(env)?;
    let channel = place::channel(&config, args.channel.as_deref())?;
    let user = place::user_or_own(args.user.as_deref(), env);
    let request = Request::new(What::Command { text: text.to_owned(), channel: channel.clone() });
    let progress = Progress::start("the answer");
    let answer = tokio::select! {
        answer = carry_out(config, scrub, &user, &channel, text, &request) => answer,
        _ = stop.asked() => Err(detached(&request)),
    };
    drop(progress);
    let answer = answer?;
    let code = exit_code(answer.status);
    Ok(Outcome { answer, code })
}

async fn carry_out(
    config: Config,
    scrub: &Scrub,
    user: &str,
    channel: &str,
    text: &str,
    request: &Request,
) -> Result<CommandAnswer, Failure> {
    let data_dir = config.server.data_dir.clone();
    if let Some(client) = reach::running(&data_dir, user).await? {
        return through(&client, &data_dir, request).await;
    }
    let bot = LocalBot::start(config, scrub).await?;
    let answer = bot.carry_out(&request.key, user, channel, text).await;
    bot.stop().await;
    answer
}

/// Through the running bot. What it does not even take in is an answer too.
async fn through(client: &Client, data_dir: &std::path::Path, request: &Request) -> Result<CommandAnswer, Failure> {
    match reach::carry_out(client, data_dir, request).await {
        Ok(ended) => Ok(ended.answer),
        Err(ClientError::Problem { status: 400..=499, detail }) => Ok(said(OutcomeStatus::Refused, detail)),
        Err(ClientError::Problem { detail, .. }) => Ok(said(OutcomeStatus::Failed, detail)),
        Err(error) => Err(Failure::new(format!(
            "{error}. Whether the command was carried out is not known: ask with `/drillbell audit` once it is back"
        ))),
    }
}

fn detached(request: &Request) -> Failure {
    let sentence = format!(
        "detached: what was taken in goes on, or is done at the bot's next start. `drillbell audit tail` shows it under {}",
        request.key
    );
    Failure { sentence, code: DETACHED }
}

/// An answer of one sentence.
fn said(status: OutcomeStatus, text: String) -> CommandAnswer {
    CommandAnswer { status, text, data: None, messages: Vec::new(), incident: None }
}

fn exit_code(status: OutcomeStatus) -> u8 {
    match status {
        OutcomeStatus::Ok => 0,
        OutcomeStatus::Refused | OutcomeStatus::Failed => FAILED,
        OutcomeStatus::Pending => PENDING,
    }
}

/// One object, always with the same keys; `data` is `{}` where the command has none.
fn print_json(answer: &CommandAnswer) -> Result<(), Failure> {
    let CommandAnswer { status, text, data, messages, incident } = answer;
    let data = data.clone().filter(|data| !data.is_null()).unwrap_or_else(|| json!({}));
    let object = json!({"status": status, "text": text, "data": data, "messages": messages, "incident": incident});
    nobody_minds(print(&object.to_string()))
}

fn print_cards(answer: &CommandAnswer, look: Look) -> Result<(), Failure> {
    let mut pages = Vec::new();
    for message in &answer.messages {
        let mut lines = Vec::new();
        if answer.messages.iter().any(|other| other.conversation != message.conversation) {
            let place = clean_line(message.conversation.as_str());
            lines.push(look.ink.paint(Style::Dim, &format!("in {place}")));
        }
        lines.extend(card(&message.view, look, Numbers::None, &[]));
        pages.push(lines.join("\n"));
    }
    if pages.is_empty() {
        match (answer.status, answer.text.is_empty()) {
            (OutcomeStatus::Ok, true) => tell("done"),
            (OutcomeStatus::Ok | OutcomeStatus::Pending, _) => pages.push(clean(&answer.text)),
            (status, true) => tell(&format!("the command was {}", status.as_str())),
            (status, false) => tell(&format!("{}: {}", status.as_str(), answer.text)),
        }
    }
    if answer.status == OutcomeStatus::Pending {
        tell("it waits for an approval");
    }
    nobody_minds(if pages.is_empty() { Ok(()) } else { print(&pages.join("\n\n")) })
}

/// The command's end decides the exit code, even if nobody reads its answer.
fn nobody_minds(printed: Result<(), Failure>) -> Result<(), Failure> {
    match printed {
        Err(failure) if failure.sentence.is_empty() => Ok(()),
        other => other,
    }
}
