//! `drillbell demo`: everything embedded, nothing to configure. The folder it makes is an ordinary installation: the same
//! configuration file, the same bot.

mod browser;
mod samples;
mod welcome;

use super::bot::Bot;
use super::chat;
use super::failure::Failure;
use super::output::{print, tell};
use super::place;
use super::signals::Stop;
use crate::config::{self, Config, Env, server};
use crate::ops::child::Supervisor;
use crate::scrub::Scrub;
use crate::shop::{Keeper, Shop};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Who sits at the demo's terminal; the demo's configuration knows her.
const PERSON: &str = "ana";

/// `drillbell demo …`.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Where to listen. Default: what the folder's drillbell.toml says, at first 127.0.0.1:8787
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The folder that holds everything; made if need be
    #[arg(long, value_name = "DIR", default_value = "drillbell-demo")]
    data: PathBuf,
    /// Without the welcome
    #[arg(long)]
    no_scenario: bool,
    /// Without opening the console in a browser, which happens only where there is a screen
    #[arg(long)]
    no_open: bool,
}

/// Runs the demo until it is stopped, or until the console in this terminal is left.
pub async fn run(args: &DemoArgs, env: &Env, scrub: &Scrub) -> Result<u8, Failure> {
    let stop = Stop::listen()?;
    let (config, shop) = prepared(args, env).await?;
    let file = config.file.clone();
    let bot = start(config, args.listen.is_some(), scrub).await?;
    // Only now: a second demo on the same folder has been turned away.
    let supervisor = Supervisor::new(Supervisor::own_program(), shop.folder().to_owned(), scrub.clone());
    let keeper = Keeper::start(shop, supervisor);
    let ended = open(args, bot, &file, env, stop).await;
    keeper.stop().await;
    ended
}

/// Says where the console is, and keeps the bot open until it is stopped or left.
async fn open(args: &DemoArgs, bot: Bot, file: &Path, env: &Env, mut stop: Stop) -> Result<u8, Failure> {
    if !args.no_scenario {
        welcome::post(bot.store()).await?;
    }
    print_for_programs(&format!("console: {}", bot.login_link(PERSON).await?))?;
    if !args.no_open && browser::has_screen(env) {
        // A link of its own: the printed one stays good for whoever reads it.
        browser::open(&bot.login_link(PERSON).await?);
    }
    let file = file.display();
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    tell(&format!(
        "The link above signs you in once. From another terminal: drillbell run --config {file} '/sev list'"
    ));
    if !interactive {
        tell("Ctrl-C stops the demo; started again, it goes on with the same data.");
        bot.run_until(stop.asked()).await?;
        stop.insist();
        return Ok(0);
    }
    tell(
        "Type `/demo break`, `/sev declare sev1 checkout is down`, or /drillbell help. Tab completes, Ctrl-D leaves and stops the \
         demo.\n",
    );
    let session = chat::Seat::in_process(&bot, PERSON, env)?;
    let mut left = Ok(());
    bot.run_until(async { left = chat::interactive(session, &mut stop).await }).await?;
    stop.insist();
    left.map(|()| 0)
}

/// The folder with everything in it, its configuration and its shop. What is not there is laid first.
async fn prepared(args: &DemoArgs, env: &Env) -> Result<(Config, Shop), Failure> {
    let file = args.data.join("drillbell.toml");
    make_private(&args.data)?;
    let shop = samples::lay(&args.data).await?;
    if !file.exists() {
        let port = shop.port().map_err(|error| Failure::new(format!("the shop has no port: {error}")))?;
        write_new(&file, &config::demo(args.listen.unwrap_or(server::LISTEN), port))?;
    }
    let mut config = place::load(&file, env)?;
    config.demo = true;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    Ok((config, shop))
}

/// Makes a folder that nobody else can look into; one that is there stays as it is.
fn make_private(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))
}

fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let cannot = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", file.display()));
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(cannot)?;
    out.write_all(text.as_bytes()).map_err(cannot)
}

/// Starts the bot. Where nobody asked for a certain address, a taken one is no reason not to show anything.
async fn start(mut config: Config, insists: bool, scrub: &Scrub) -> Result<Bot, Failure> {
    let wanted = config.server.listen;
    let taken = std::net::TcpListener::bind(wanted).is_err_and(|e| e.kind() == std::io::ErrorKind::AddrInUse);
    if taken && !insists && super::reach::running(&config.server.data_dir, PERSON).await?.is_none() {
        tell(&format!("{wanted} is taken, so the demo takes a free port; --listen chooses another"));
        config.server.listen.set_port(0);
    }
    Bot::start(config, scrub).await
}

/// The one line that programs wait for. Without a reader the demo runs all the same.
fn print_for_programs(line: &str) -> Result<(), Failure> {
    match print(line) {
        Err(failure) if failure.sentence.is_empty() => Ok(()),
        other => other,
    }
}
