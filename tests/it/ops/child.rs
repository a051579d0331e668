//! One program under its guard: what it is given, what is kept of what it says, and the ways in which it ends.

use super::{Notes, runtime, shell, supervisor};
use drillbell::config::limits::{OUTPUT_HEAD_BYTES, OUTPUT_TAIL_BYTES};
use drillbell::ops::child::{Cut, Ended, Exit, Program, tree};
use drillbell::scrub::Scrub;
use secrecy::ExposeSecret;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn run_with(program: Program, notes: &Notes, scrub: &Scrub) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = supervisor(&folder.path().join("scratch"), scrub);
    supervisor.sweep().unwrap();
    let ended = supervisor.run(program, notes, &CancellationToken::new()).await;
    let left: Vec<_> = std::fs::read_dir(folder.path().join("scratch")).unwrap().collect();
    assert!(left.is_empty(), "files with secrets are removed: {left:?}");
    ended
}

fn run(program: Program) -> (Ended, String) {
    runtime().block_on(async {
        let notes = Notes::default();
        let ended = run_with(program, &notes, &Scrub::default()).await;
        for process in notes.processes.lock().unwrap().iter() {
            assert_eq!(tree::belonging_to(*process), Vec::<i32>::new(), "nothing of it is left");
        }
        (ended, notes.text())
    })
}

#[test]
fn a_program_has_exactly_the_environment_it_is_given() {
    let mut program = shell("env | grep -v '^\\(PWD\\|SHLVL\\|_\\|OLDPWD\\)='; pwd; cat; exit 7");
    program.env.insert("GREETING".to_owned(), "a b; $(c)".to_owned());
    program.cwd = Some(PathBuf::from("/usr"));
    program.stdin = Some(drillbell::ops::child::Input::Bytes(b"from stdin".to_vec()));
    program.capture = true;
    let (ended, lines) = run(program);
    assert_eq!((ended.exit.clone(), ended.cut, ended.left), (Exit::Code(7), None, 0), "{lines}");
    let mut shown: Vec<_> = lines.lines().collect();
    shown.sort_unstable();
    assert_eq!(shown, ["/usr", "GREETING=a b; $(c)", "PATH=/usr/bin:/bin", "from stdin"]);
    assert_eq!(ended.output.text().trim_end(), lines);
    assert_eq!(ended.stdout.expose_secret().trim_end(), lines);
    assert!(!ended.passed() && ended.sentence(Duration::ZERO) == "exited with 7");
}

#[test]
fn arguments_arrive_as_they_are() {
    let awkward = ["a b", "; rm -rf /", "$(reboot)", "`x`", "*", "'", "\"", "\\", "é\n", "-n", "--", ""];
    let mut program = shell("");
    program.argv = ["printf", "[%s]"].into_iter().chain(awkward).map(str::to_owned).collect();
    program.capture = true;
    let (ended, _) = run(program);
    let expected: String = awkward.iter().map(|one| format!("[{one}]")).collect();
    assert_eq!(ended.stdout.expose_secret(), expected);
}

#[test]
fn a_secret_is_in_no_argument_and_in_no_output() {
    runtime().block_on(async {
        let (scrub, _) = Scrub::new([("db".to_owned(), "correct horse".into())]);
        let mut program = shell(
            "echo \"$PW\"; printf 'corr'; sleep 0.1; echo 'ect horse'; echo \"$PW\" >&2; cat \"$PASSFILE\"; echo; \
             stat -c '%a %a' \"$PASSFILE\"; stat -c %a \"$(dirname \"$PASSFILE\")\"; echo \"$PW\" | base64; \
             cat /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c '^correct horse$'; true",
        );
        program.secrets.insert("PW".to_owned(), "correct horse".into());
        program.secret_files.insert("PASSFILE".to_owned(), "correct horse".into());
        program.capture = true;
        let notes = Notes::default();
        let ended = run_with(program, &notes, &scrub).await;
        let text = notes.text();
        assert!(!text.contains("horse") && !ended.output.text().contains("horse"), "{text}");
        assert_eq!(text.matches("[secret db]").count(), 5, "{text}");
        // What goes to standard error may come in between.
        assert!(text.contains("\n600 600\n") && text.contains("\n700\n") && text.ends_with("\n0"), "{text}");
        assert!(ended.stdout.expose_secret().starts_with("correct horse\n"), "what is captured is the truth");
        assert!(!format!("{ended:?}").contains("horse"));
    });
}

#[test]
fn a_secret_in_memory_is_read_like_a_file_by_whoever_inherits_it_and_lies_in_no_folder() {
    runtime().block_on(async {
        let (scrub, _) = Scrub::new([("db".to_owned(), "correct horse".into())]);
        // Twice, and by a child of a child: programs open it anew each time they connect.
        let mut program =
            shell("cat \"$HELD\"; echo; (cat \"$HELD\"); echo; stat -L -c '%a %F' \"$HELD\"; readlink \"$HELD\"");
        program.secret_memory.insert("HELD".to_owned(), "correct horse".into());
        let notes = Notes::default();
        run_with(program, &notes, &scrub).await;
        let text = notes.text();
        assert_eq!(text.matches("[secret db]").count(), 2, "{text}");
        assert!(text.contains("600 regular file") && text.contains("/memfd:") && !text.contains("horse"), "{text}");
    });
}

#[test]
fn a_program_that_cannot_be_started_says_why() {
    let mut nowhere = shell("");
    nowhere.argv = vec!["no-such-program".to_owned()];
    let mut folder = shell("true");
    folder.cwd = Some(PathBuf::from("/no/such"));
    let mut forbidden = shell("");
    forbidden.argv = vec!["/etc/passwd".to_owned()];
    for (program, expected) in [
        (nowhere, "there is no program `no-such-program` in its PATH"),
        (folder, "the folder /no/such is not there"),
        (forbidden, "the bot may not run `/etc/passwd`"),
    ] {
        assert_eq!(run(program).0.exit, Exit::NotStarted(expected.to_owned()));
    }
}

#[test]
fn nothing_runs_that_could_not_be_written_down() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("ran");
        let notes = Notes { refuse: true, ..Notes::default() };
        let ended = run_with(shell(&format!("touch {}", marker.display())), &notes, &Scrub::default()).await;
        assert_eq!(ended.exit, Exit::NotStarted("it cannot be written down".to_owned()));
        let process = notes.processes.lock().unwrap()[0];
        crate::support::eventually("the guard is gone", async || (!tree::is_alive(process)).then_some(())).await;
        assert!(!marker.exists());
    });
}

#[test]
fn much_output_is_kept_at_both_ends_and_counted_in_between() {
    let (ended, lines) = run(shell("seq 1 60000; echo bad >&2; exit 3"));
    let text = ended.output.text();
    assert!(text.starts_with("1\n2\n") && text.contains("60000\n"), "both ends");
    assert!(ended.output.dropped() > 0 && text.len() < OUTPUT_HEAD_BYTES + 2 * OUTPUT_TAIL_BYTES + 200);
    assert_eq!(lines.lines().count(), 60_001, "who follows sees every line");
    assert!(text.contains("bad"));
}

#[test]
fn a_program_that_takes_too_long_is_asked_to_end_and_then_made_to() {
    let mut polite = shell("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    polite.time_limit = Duration::from_millis(500);
    let (ended, lines) = run(polite);
    assert_eq!((ended.exit.clone(), ended.cut), (Exit::Code(3), Some(Cut::TimedOut)));
    // The shell may still say how its own child, which was asked too, ended.
    assert!(lines.lines().any(|line| line == "bye"), "{lines}");
    assert_eq!(ended.sentence(Duration::from_millis(500)), "was ended: it took longer than 500ms");

    let mut stubborn = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    stubborn.time_limit = Duration::from_millis(500);
    let (ended, _) = run(stubborn);
    assert_eq!((ended.exit, ended.cut), (Exit::Signal(9), Some(Cut::TimedOut)));
}

#[test]
fn a_program_can_be_cancelled_before_and_while_it_runs() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervisor(folder.path(), &Scrub::default());
        let (notes, cancel) = (Notes::default(), CancellationToken::new());
        let running = supervisor.run(shell("echo ready; sleep 600"), &notes, &cancel);
        let cancelling = async {
            crate::support::eventually("it runs", async || notes.text().contains("ready").then_some(())).await;
            cancel.cancel();
        };
        let (ended, ()) = tokio::join!(running, cancelling);
        assert_eq!((ended.exit, ended.cut), (Exit::Signal(15), Some(Cut::Cancelled)));
        let ended = supervisor.run(shell("echo never"), &notes, &cancel).await;
        assert_eq!(ended.cut, Some(Cut::Cancelled));
        assert!(!notes.text().contains("never"));
    });
}

#[test]
fn the_guard_is_no_verb_that_people_see_and_does_nothing_without_its_socket() {
    use std::process::{Command, Stdio};
    let program = crate::support::bot::guard();
    let help = Command::new(&program).arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("__guard"));
    let alone = Command::new(&program).arg("__guard").stdin(Stdio::null()).output().unwrap();
    assert!(alone.stdout.is_empty() && alone.stderr.is_empty(), "{alone:?}");
}
