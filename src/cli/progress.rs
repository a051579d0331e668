//! A line on a terminal's stderr that moves while something takes longer than two seconds. Nothing at all in a pipe.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Before this long nobody wonders.
const QUIET: Duration = Duration::from_secs(2);
/// How often the line moves.
const TICK: Duration = Duration::from_millis(120);
const SIGNS: [char; 4] = ['|', '/', '-', '\\'];

/// Shown until dropped.
pub struct Progress {
    line: Arc<Mutex<Line>>,
    task: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Line {
    drawn: bool,
    ended: bool,
}

impl Progress {
    /// Begins to wait for `what` ("the answer"); needs a tokio runtime around it.
    pub fn start(what: &str) -> Self {
        let line = Arc::new(Mutex::new(Line::default()));
        let task = io::stderr().is_terminal().then(|| tokio::spawn(draw(line.clone(), what.to_owned())));
        Self { line, task }
    }
}

async fn draw(line: Arc<Mutex<Line>>, what: String) {
    let began = Instant::now();
    tokio::time::sleep(QUIET).await;
    for sign in SIGNS.iter().cycle() {
        {
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            if line.ended {
                return;
            }
            line.drawn = true;
            let _ = write!(io::stderr(), "\r{sign} waiting for {what}, {} s\u{1b}[K", began.elapsed().as_secs());
        }
        tokio::time::sleep(TICK).await;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.ended = true;
        if line.drawn {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
