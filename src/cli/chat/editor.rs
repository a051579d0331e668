//! The line editor, on threads of its own: one reads lines, one prints above the prompt. The terminal is given back as it was
//! found, however the console ends.

use super::completer::Words;
use crate::cli::failure::Failure;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor as LineEditor, ExternalPrinter};
use std::io::stdin;
use std::path::PathBuf;
use std::sync::mpsc as blocking;
use std::thread;
use tokio::sync::mpsc;

/// Lines remembered from one session to the next.
const HISTORY_LINES: usize = 1000;

/// What the keyboard brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A line.
    Line(String),
    /// Ctrl-C: the line was thrown away.
    Interrupt,
    /// Ctrl-D.
    End,
}

/// The editor. After each key it waits to be asked again.
pub(super) struct Editor {
    keys: mpsc::Receiver<Key>,
    prompts: blocking::Sender<String>,
    prints: blocking::Sender<String>,
    _terminal: Terminal,
}

/// The terminal's settings as they were found; put back when dropped, also while a line is being edited.
struct Terminal(Option<Termios>);

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(found) = &self.0 {
            // There is nobody left to tell.
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, found);
        }
    }
}

impl Editor {
    /// Takes the terminal; `None` if it cannot edit lines (`TERM=dumb`).
    ///
    /// # Errors
    /// The terminal does not let itself be taken.
    pub(super) fn start(words: Words, history: PathBuf) -> Result<Option<Self>, Failure> {
        let cannot = |error: ReadlineError| Failure::new(format!("cannot use this terminal: {error}"));
        let terminal = Terminal(tcgetattr(stdin()).ok());
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_LINES)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(cannot)?
            .build();
        let mut editor = LineEditor::<Words, FileHistory>::with_config(config).map_err(cannot)?;
        let Ok(printer) = editor.create_external_printer() else { return Ok(None) };
        editor.set_helper(Some(words));
        // The first session has none yet.
        let _ = editor.load_history(&history);

        let (prompts, asked) = blocking::channel();
        let (prints, to_print) = blocking::channel();
        let (sender, keys) = mpsc::channel(1);
        thread::spawn(move || read_lines(editor, &history, &asked, &sender));
        // A thread of its own: between two lines a print may have to wait for the next prompt.
        thread::spawn(move || print_above(printer, &to_print));
        Ok(Some(Self { keys, prompts, prints, _terminal: terminal }))
    }

    /// Asks for the next line.
    pub(super) fn ask(&self, prompt: &str) {
        // The thread is gone only when the console is ending.
        let _ = self.prompts.send(prompt.to_owned());
    }

    /// Prints above the line being edited.
    pub(super) fn print(&self, text: &str) {
        let _ = self.prints.send(format!("{text}\n"));
    }

    /// The next key.
    pub(super) async fn next(&mut self) -> Key {
        self.keys.recv().await.unwrap_or(Key::End)
    }
}

fn read_lines(
    mut editor: LineEditor<Words, FileHistory>,
    history: &PathBuf,
    asked: &blocking::Receiver<String>,
    keys: &mpsc::Sender<Key>,
) {
    while let Ok(prompt) = asked.recv() {
        let key = match editor.readline(&prompt) {
            Ok(line) => {
                remember(&mut editor, &line, history);
                Key::Line(line)
            }
            Err(ReadlineError::Interrupted) => Key::Interrupt,
            // The window changed its size; the line is edited anew.
            Err(ReadlineError::Signal(_)) => Key::Interrupt,
            Err(_) => Key::End,
        };
        if keys.blocking_send(key).is_err() {
            return;
        }
    }
}

/// Keeps a line for later sessions; written at once, so that a killed console forgets nothing.
fn remember(editor: &mut LineEditor<Words, FileHistory>, line: &str, history: &PathBuf) {
    let number = line.trim().bytes().all(|b| b.is_ascii_digit());
    if !number && editor.add_history_entry(line).is_ok_and(|added| added) {
        // History is a comfort: without it the console works all the same.
        let _ = editor.append_history(history);
    }
}

fn print_above(mut printer: impl ExternalPrinter, to_print: &blocking::Receiver<String>) {
    while let Ok(text) = to_print.recv() {
        if printer.print(text).is_err() {
            return;
        }
    }
}
