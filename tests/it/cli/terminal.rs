//! `drillbell chat` at a terminal, as somebody sits before it: completion, cards, buttons by their numbers, and a terminal that is as
//! it was found, however the console is left.

use super::bot::beside_a_bot;
use crate::support::bot::PATIENCE;
use crate::support::database::TestDatabase;
use crate::support::process::{Home, env_clear};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often the screen is looked at again.
const LOOK: Duration = Duration::from_millis(5);
const TAB: &str = "\t";
const ENTER: &str = "\r";
const CONTROL_C: &str = "\u{3}";
const CONTROL_D: &str = "\u{4}";

/// A terminal with the console in it.
struct Terminal {
    child: Child,
    keys: File,
    /// The far end, kept open so that its settings can be read when the program has gone.
    line: OwnedFd,
    /// The settings before the program came.
    found: Termios,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Somebody opens the console in a terminal of a hundred columns.
    fn open(folder: &Path, args: &[&str]) -> Self {
        let size = Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(Some(&size), None).unwrap();
        let found = tcgetattr(&slave).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        // In a session of its own, whose terminal this is: Ctrl-C is a signal then where nobody reads it as a key.
        let mut command = Command::new("/usr/bin/setsid");
        command.args(["--ctty", env!("CARGO_BIN_EXE_drillbell"), "chat"]).args(args).current_dir(folder);
        env_clear(&mut command).env("USER", "ana").env("TERM", "xterm");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let (keys, mut output) = (File::from(master.try_clone().unwrap()), File::from(master));
        let screen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let seen = screen.clone();
        // Ends with the terminal, whose last end is closed by the test.
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut piece) {
                seen.lock().unwrap().extend_from_slice(&piece[..length]);
            }
        });
        Self { child, keys, line: slave, found, screen }
    }

    /// Presses keys.
    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// All that was drawn, without colours and movements.
    fn text(&self) -> String {
        plain(&String::from_utf8_lossy(&self.screen.lock().unwrap()))
    }

    /// Waits until that was drawn after a place; the place behind it.
    fn shows(&self, from: usize, words: &str) -> usize {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if let Some(at) = text.get(from..).and_then(|rest| rest.find(words)) {
                return from + at + words.len();
            }
            assert!(begun.elapsed() < PATIENCE, "{words:?} does not come up: {}", text.get(from..).unwrap_or(&text));
            std::thread::sleep(LOOK);
        }
    }

    /// Where the screen ends now.
    fn here(&self) -> usize {
        self.text().len()
    }

    fn settings(&self) -> Termios {
        tcgetattr(&self.line).unwrap()
    }

    /// Waits until the line editor has taken the terminal: keys are its own to draw.
    fn is_edited(&self) {
        let begun = Instant::now();
        while self.settings().local_flags.contains(LocalFlags::ECHO) {
            assert!(begun.elapsed() < PATIENCE, "nobody edits lines: {}", self.text());
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until the program has ended; the terminal is as it was found.
    fn ended(mut self) -> (ExitStatus, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "the console does not end: {}", self.text());
            std::thread::sleep(LOOK);
        };
        assert_eq!(self.settings(), self.found, "the terminal is as it was found");
        (status, self.text())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Text without control sequences.
fn plain(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.next_if_eq(&'[').is_some() => {
                // Parameters, then one letter.
                while rest.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                rest.next();
            }
            '\u{1b}' | '\r' => {}
            c => plain.push(c),
        }
    }
    plain
}

/// The number of the button of that label, as it was shown last.
fn number(text: &str, label: &str) -> String {
    let (before, _) = text.rsplit_once(&format!("] {label}")).unwrap_or_else(|| panic!("no button {label}: {text}"));
    before.rsplit_once('[').unwrap().1.to_owned()
}

#[test]
fn somebody_at_a_terminal_completes_a_command_and_clicks_a_card_by_its_number() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    beside_a_bot(&home, |folder| {
        let mut terminal = Terminal::open(folder, &["--as", "ben"]);
        terminal.shows(0, "#incidents> ");
        terminal.is_edited();
        terminal.types("/se");
        terminal.types(TAB);
        let at = terminal.shows(0, "/sev");
        terminal.types(" decl");
        terminal.types(TAB);
        let at = terminal.shows(at, "/sev declare");
        terminal.types(" sev1 checkout is down");
        terminal.types(ENTER);
        let at = terminal.shows(at, "INC-1 · sev1 · checkout is down");
        terminal.shows(at, "] Resolve");
        terminal.shows(at, "#incidents> ");
        let resolve = number(&terminal.text(), "Resolve");

        // A line that is thrown away does nothing, and the console goes on.
        let at = terminal.here();
        terminal.types("/sev declare sev1 never meant");
        terminal.shows(at, "never meant");
        let at = terminal.here();
        terminal.types(CONTROL_C);
        // What is typed before the next line is edited would be thrown away with it.
        terminal.shows(at, "#incidents> ");
        terminal.is_edited();
        let at = terminal.here();
        terminal.types(&resolve);
        terminal.types(ENTER);
        let at = terminal.shows(at, "(updated)");
        terminal.shows(at, "resolved");
        let at = terminal.here();
        terminal.types("/sev list --all");
        terminal.types(ENTER);
        terminal.shows(at, "INC-1");

        terminal.types(CONTROL_D);
        let (status, text) = terminal.ended();
        assert!(status.success(), "{status}: {text}");
        assert!(!text.contains("INC-2"), "what was thrown away was never sent: {text}");
    });
}

#[test]
fn however_the_console_is_left_the_terminal_is_as_it_was_found() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    beside_a_bot(&home, |folder| {
        for (how, keys) in [("by Ctrl-D", CONTROL_D), ("by its own word", "/quit\r"), ("when it is told to stop", "")] {
            let mut terminal = Terminal::open(folder, &[]);
            terminal.shows(0, "#incidents> ");
            terminal.is_edited();
            if keys.is_empty() {
                // In the middle of a line.
                terminal.types("/sev decl");
                terminal.shows(0, "decl");
                kill(Pid::from_raw(i32::try_from(terminal.child.id()).unwrap()), Signal::SIGTERM).unwrap();
            }
            terminal.types(keys);
            let (status, text) = terminal.ended();
            assert!(status.success(), "{how}: {status}: {text}");
        }
    });
}

#[test]
fn a_console_that_is_the_bot_itself_ends_with_its_terminal_and_leaves_both_in_order() {
    let database = TestDatabase::sqlite();
    let home = Home::new(&database);
    let mut terminal = Terminal::open(home.folder.path(), &[]);
    terminal.shows(0, "this process is the bot");
    terminal.shows(0, "#incidents> ");
    terminal.is_edited();
    terminal.types("/sev declare sev3 a small thing");
    terminal.types(ENTER);
    terminal.shows(0, "INC-1 · sev3 · a small thing");
    terminal.types(CONTROL_D);
    let (status, text) = terminal.ended();
    assert!(status.success(), "{status}: {text}");
    assert!(!home.folder.path().join("data/api.json").exists());
    let verified = super::program::call(home.folder.path(), &["audit", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}
