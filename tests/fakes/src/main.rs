//! `drillbell-fakes`: both fakes as a program. It prints one line of JSON that says where everything is, and serves until it is ended
//! or until its standard input is closed, so that it does not outlive whoever started it.

use clap::Parser;
use drillbell_fakes::control::{Fakes, serve};
use tokio::net::TcpListener;

/// Slack and Discord on this machine, for tests of whatever talks to them.
#[derive(Parser)]
struct Arguments {
    /// Where the control endpoint listens.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Goes on after standard input is closed.
    #[arg(long)]
    keep: bool,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(&arguments.listen).await?;
    let fakes = Fakes::start().await;
    let about = fakes.about(&format!("http://{}", listener.local_addr()?));
    println!("{about}");
    let serving = tokio::spawn(serve(fakes, listener));
    if !arguments.keep {
        // Whatever comes in there is of no interest.
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
        return Ok(());
    }
    serving.await?;
    Ok(())
}
