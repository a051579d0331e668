//! The hidden verb: `drillbell __shop serve|restart|stop|start FOLDER`. The first is the shop itself; the others are what an
//! operator would have a service manager do, for commands and rollbacks.

use super::folder::Shop;
use super::pages;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// The hidden verb. The demo's configuration has it in its commands; nobody types it.
pub const SHOP: &str = "__shop";

/// Does what the arguments after the verb say.
pub fn shop() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(2).collect();
    let [word, folder] = args.as_slice() else {
        return told(Err(format!("usage: drillbell {SHOP} serve|restart|stop|start FOLDER")));
    };
    let shop = Shop::at(PathBuf::from(folder));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    told(match runtime {
        Ok(runtime) => runtime.block_on(carry_out(&word.to_string_lossy(), shop)),
        Err(error) => Err(format!("the system gives no runtime: {error}")),
    })
}

async fn carry_out(word: &str, shop: Shop) -> Result<String, String> {
    match word {
        "serve" => {
            let port = shop.port().map_or_else(|_| "?".to_owned(), |port| port.to_string());
            let cannot = |error| format!("the demo's shop cannot run on port {port}: {error}");
            pages::serve(shop).await.map_err(cannot).map(|()| String::new())
        }
        "restart" => shop.restart().await.map(|running| format!("the shop runs {}", running.version)),
        "start" => shop.start().await.map(|running| format!("the shop runs {}", running.version)),
        "stop" => shop.stop().await.map(|()| "the shop stands still".to_owned()),
        other => Err(format!("the shop knows no `{other}`: serve, restart, stop or start")),
    }
}

fn told(ended: Result<String, String>) -> ExitCode {
    // Nobody may be there to read it.
    match ended {
        Ok(sentence) if sentence.is_empty() => ExitCode::SUCCESS,
        Ok(sentence) => {
            let _ = writeln!(std::io::stdout(), "{sentence}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            let _ = writeln!(std::io::stderr(), "{sentence}");
            ExitCode::FAILURE
        }
    }
}
