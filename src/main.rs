//! The program: parses the command line, sets up logs and a runtime, and turns what came of it into an exit code.

use clap::Parser;
use drillbell::cli::Cli;
use drillbell::config::Env;
use drillbell::ops::child::{GUARD, guard};
use drillbell::scrub::Scrub;
use drillbell::shop::{SHOP, shop};
use drillbell::telemetry;
use std::process::ExitCode;
use std::time::Duration;

/// How long threads that are stuck in a system call may hold up the end; nothing acknowledged depends on them.
const LINGER: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    // The bot starts itself under this verb to guard a program; it is nobody else's, hence no part of the command line.
    if std::env::args_os().nth(1).is_some_and(|verb| verb == GUARD) {
        return guard();
    }
    // And the demo's shop under this one.
    if std::env::args_os().nth(1).is_some_and(|verb| verb == SHOP) {
        return shop();
    }
    drillbell::cli::stay_lean();
    let cli = Cli::parse();
    let scrub = Scrub::default();
    let env = Env::process();
    if let Err(error) = telemetry::init(cli.log_format(), &cli.log_env(&env), scrub.clone()) {
        return give_up(&error.to_string());
    }
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return give_up("the TLS provider was set up twice in one process");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_up(&format!("the system gives no threads: {error}")),
    };
    let code = runtime.block_on(cli.run(&env, &scrub));
    runtime.shutdown_timeout(LINGER);
    ExitCode::from(code)
}

fn give_up(sentence: &str) -> ExitCode {
    use std::io::Write;
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "error: {sentence}");
    ExitCode::FAILURE
}
