//! Runs of steps with real programs and requests: order, places, captures, what is refused beforehand, and going on after a
//! crash without doing anything twice.

use super::server::{Names, Server, answer};
use super::{Bench, Notes, runtime};
use drillbell::ops::http::{Origin, Origins, SystemResolver};
use drillbell::ops::steps::{NotOurs, Outcome, State, Status};
use serde_json::json;
use std::sync::Arc;

pub const COMMANDS: &str = r#"
[secrets]
db = { env = "DB_PASSWORD" }
[commands.note]
argv = ["sh", "-c", "echo \"$1\" >> \"$2\"; echo noted \"$1\"", "--", "{word}", "FOLDER/notes"]
args.word = { type = "word" }
undo = "forget"
hosts = ["a.example", "b.example"]
[commands.forget]
argv = ["sh", "-c", "echo not \"$1\" >> \"$2\"", "--", "{word}", "FOLDER/notes"]
args.word = { type = "word" }
[commands.read]
argv = ["sh", "-c", "echo ready; cat \"$1\"", "--", "FOLDER/notes"]
changes = false
[commands.fail]
argv = ["sh", "-c", "echo to stdout; echo to stderr >&2; exit 3"]
[commands.pipe]
argv = ["sh", "-c", "false | true"]
[commands.secretive]
argv = ["sh", "-c", "echo \"$PGPASSWORD\"; wc -c < \"$PGPASSFILE\""]
secrets = { PGPASSWORD = "db" }
secret_files = { PGPASSFILE = "db" }
[commands.token]
argv = ["sh", "-c", "echo T0ken-of-the-hour"]
[commands.option]
argv = ["sh", "-c", "echo \"$@\"", "--", "{n}"]
args.n = { type = "int", min = -5, max = 5 }
[commands.loose]
argv = ["echo", "{n}"]
args.n = { type = "int", min = -5, max = 5 }
[commands.path]
argv = ["cat", "{file}"]
args.file = { type = "path", under = "FOLDER/tree" }
[commands.slow]
argv = ["sleep", "600"]
timeout = "1s"
"#;

pub fn bench() -> Bench {
    Bench::new(COMMANDS, &[("DB_PASSWORD", "correct horse")], Arc::new(SystemResolver))
}

#[test]
fn steps_run_in_order_and_each_goes_through_its_items() {
    runtime().block_on(async {
        let (bench, notes) = (bench(), Notes::default());
        let report = bench
            .run(
                r#"{"steps": [
                    {"command": "note", "args": {"word": "one"}, "name": "first"},
                    {"command": "note", "args": {"word": "{item}"}, "each": ["x", "y"]},
                    {"wait": "10ms"},
                    {"command": "note", "args": {"word": "{item}"}, "each": "hosts"},
                    {"command": "read"}
                ]}"#,
                &notes,
            )
            .await;
        assert_eq!((report.outcome, report.sentence.as_str()), (Outcome::Passed, "all 7 steps passed"));
        assert_eq!(bench.file("notes"), "one\nx\ny\na.example\nb.example\n");
        let lines: Vec<String> =
            notes.text().lines().map(|line| line.split(" after ").next().unwrap_or_default().to_owned()).collect();
        insta::assert_snapshot!(lines.join("\n"), @r##"
        ▶ 1/7 first
        noted one
        ✓ first exited with 0
        ▶ 2/7 note (x)
        noted x
        ✓ note (x) exited with 0
        ▶ 3/7 note (y)
        noted y
        ✓ note (y) exited with 0
        ▶ 4/7 wait 10ms
        ✓ wait 10ms is over
        ▶ 5/7 note (a.example)
        noted a.example
        ✓ note (a.example) exited with 0
        ▶ 6/7 note (b.example)
        noted b.example
        ✓ note (b.example) exited with 0
        ▶ 7/7 read
        ready
        one
        x
        y
        a.example
        b.example
        ✓ read exited with 0
        "##);
        assert_eq!(
            *notes.progress.lock().unwrap(),
            [
                "0/7 first",
                "1/7 note (x)",
                "2/7 note (y)",
                "3/7 wait 10ms",
                "4/7 note (a.example)",
                "5/7 note (b.example)",
                "6/7 read",
                "7/7"
            ]
        );
        let result = report.to_json();
        assert_eq!((&result["status"], &result["steps"][0]["exit"]), (&json!("pass"), &json!(0)));
        assert_eq!(result["steps"][0]["output"], "noted one");
    });
}

#[test]
fn the_first_failure_ends_the_run_and_says_what_stands() {
    runtime().block_on(async {
        let (bench, notes) = (bench(), Notes::default());
        let steps = r#"{"steps": [{"command": "note", "args": {"word": "one"}}, {"command": "fail"}, {"command": "note", "args": {"word": "two"}}]}"#;
        let report = bench.run(steps, &notes).await;
        assert_eq!(report.outcome, Outcome::Failed);
        assert_eq!(report.sentence, "step 2 of 3, fail, exited with 3; the step before it stands");
        assert_eq!(bench.file("notes"), "one\n");
        let failed = &report.state.done[1];
        assert_eq!((failed.status, failed.exit), (Status::Fail, Some(3)));
        assert!(failed.output.contains("to stdout") && failed.output.contains("to stderr"));
        let report = bench.run(r#"{"steps": [{"command": "slow"}]}"#, &notes).await;
        assert_eq!(report.sentence, "step 1 of 1, slow, was ended: it took longer than 1s; nothing was done before it");
    });
}

#[test]
fn escapes_are_refused_before_anything_runs() {
    let bench = bench();
    let escapes = [
        "; rm",
        "$(touch x)",
        "`touch x`",
        "../../etc/passwd",
        "--upload-pack=touch x",
        "a\u{0}b",
        "a\nb",
        "-x",
        " a",
        "a b",
        "a|b",
        "a>b",
    ];
    for escape in escapes {
        let step = |args: serde_json::Value| json!({"steps": [{"command": "note", "args": args}]}).to_string();
        let refused = bench.plan(&step(json!({"word": escape}))).unwrap_err();
        assert!(refused.starts_with("step 1: `word` of `note`: ") && !refused.contains(char::is_control), "{refused}");
        let each =
            json!({"steps": [{"command": "note", "args": {"word": "{item}"}, "each": ["ok", escape]}]}).to_string();
        assert!(bench.plan(&each).is_err(), "{escape:?} as an item");
        let path = json!({"steps": [{"command": "path", "args": {"file": escape}}]}).to_string();
        assert!(bench.plan(&path).is_err(), "{escape:?} as a path");
    }
    let option = |command: &str| json!({"steps": [{"command": command, "args": {"n": "-5"}}]}).to_string();
    let refused = bench.plan(&option("loose")).unwrap_err();
    assert!(refused.contains("would be read as an option; put \"--\" before {n}"), "{refused}");
    assert!(bench.plan(&option("option")).is_ok());
}

#[test]
fn a_plan_that_cannot_work_is_refused_in_words() {
    let bench = bench();
    let mut said = Vec::new();
    for steps in [
        r#"{"steps": []}"#,
        r#"{"steps": [{"command": "nope"}]}"#,
        r#"{"steps": [{"command": "note", "agrs": {}}]}"#,
        r#"{"steps": [{"command": "note"}]}"#,
        r#"{"steps": [{"command": "read", "args": {"a;b": "x"}}]}"#,
        r#"{"steps": [{"command": "read", "wait": "1s"}]}"#,
        r#"{"steps": [{}]}"#,
        r#"{"steps": [{"wait": "2d"}]}"#,
        r#"{"steps": [{"command": "note", "args": {"word": "{later}"}}]}"#,
        r#"{"steps": [{"command": "read", "each": "hosts"}]}"#,
        r#"{"steps": [{"command": "note", "args": {"word": "{item}"}, "each": "things"}]}"#,
        r#"{"steps": [{"command": "read", "capture": {"name": "Item"}}]}"#,
        r#"{"steps": [{"http": {"url": "https://{host}/"}}]}"#,
        r#"{"steps": [{"http": {"url": "https://a/", "headers": {"A": {"secret": "nope"}}}}]}"#,
        r#"{"steps": [{"http": {"url": "https://a/", "expect": {"status": "ok"}}}]}"#,
        r#"{"steps": [{"command": "read", "undo": {"command": "note"}}]}"#,
        r#"{"steps": [{"command": "note", "args": {"word": "a"}}], "on_failure": "go-on"}"#,
        r#"{"steps": [{"promql": {"query": "up[$window]", "expect": {"value": "= 1"}}}]}"#,
        r#"{"steps": [{"promql": {"query": "up", "expect": {"value": "= 1"}}, "each": ["a"]}]}"#,
    ] {
        said.push(bench.plan(steps).unwrap_err());
    }
    insta::assert_snapshot!(said.join("\n"), @r##"
    there are no steps
    step 1: there is no command `nope`: the operator configures it as [commands.nope]
    the steps cannot be read: steps[0].agrs: unknown field `agrs`, expected one of `name`, `command`, `args`, `http`, `sql`, `promql`, `expect`, `wait`, `each`, `undo`, `time_limit`, `capture` at line 1 column 37
    step 1: `note` needs `word`: at most 64 letters, digits and . _ - that begin with a letter or digit
    step 1: `read` takes no `a;b`; it takes nothing
    step 1: a step is exactly one of `command`, `http`, `sql`, `promql` and `wait`
    step 1: a step is exactly one of `command`, `http`, `sql`, `promql` and `wait`
    step 1: `wait` is a duration up to a day, such as "30s"
    step 1: nothing is captured as `later` before this step
    step 1: `each` has nothing to go through
    step 1: `each` is a list, or "hosts" for a command's hosts
    step 1: what is captured is called in lower-case letters, digits and _, and not `item`
    step 1: a URL has places in its path and query only, and no user or password
    step 1: there is no secret `nope` under [secrets]
    step 1: a status is a number such as 200, a list of them, or a class such as "2xx"
    step 1: `note` needs `word`: at most 64 letters, digits and . _ - that begin with a letter or digit
    `on_failure` is "go-on" only where no step changes anything
    step 1: $window stands in `query`, and there is no `window`
    step 1: an expression is not asked for each of something: it answers with many series
    "##);
    let many = json!({"steps": [{"wait": "1s", "each": vec!["x"; 501]}]}).to_string();
    assert!(bench.plan(&many).unwrap_err().contains("more than 500 steps"));
}

#[test]
fn a_path_cannot_leave_its_folder_by_a_link() {
    runtime().block_on(async {
        let (bench, notes) = (bench(), Notes::default());
        let tree = bench.folder.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(tree.join("inside"), "harmless").unwrap();
        std::fs::write(bench.folder.path().join("outside"), "private").unwrap();
        std::os::unix::fs::symlink(bench.folder.path(), tree.join("up")).unwrap();
        std::os::unix::fs::symlink(tree.join("inside"), tree.join("alias")).unwrap();
        let cat = |file: &str| json!({"steps": [{"command": "path", "args": {"file": file}}]}).to_string();
        for file in ["inside", "alias"] {
            assert_eq!(bench.run(&cat(file), &notes).await.state.done[0].output, "harmless");
        }
        let report = bench.run(&cat("up/outside"), &notes).await;
        assert!(
            report.sentence.contains("leads out of") && report.sentence.contains("by a symbolic link"),
            "{}",
            report.sentence
        );
        assert!(!notes.text().contains("private"));
    });
}

#[test]
fn secrets_reach_the_program_and_nobody_else() {
    runtime().block_on(async {
        let (bench, notes) = (bench(), Notes::default());
        let report = bench.run(r#"{"steps": [{"command": "secretive"}]}"#, &notes).await;
        assert_eq!(report.state.done[0].output, "[secret db]\n13");
        assert!(!notes.text().contains("horse"));
    });
}

#[test]
fn what_is_captured_stays_secret_and_is_used_in_a_request() {
    runtime().block_on(async {
        let server = Server::start(|asked| {
            let body = match asked.line.as_str() {
                "POST /login" => r#"{"auth": {"token": "fresh-Token-1"}, "user": 7}"#.to_owned(),
                _ => format!(r#"{{"you sent": {:?}, "state": "done"}}"#, asked.headers["authorization"]),
            };
            Some(answer(200, &[], &body))
        })
        .await;
        let names = Names::default().with("api.example", &[&[server.address]]);
        let mut bench = Bench::new(COMMANDS, &[("DB_PASSWORD", "correct horse")], Arc::new(names));
        let origin = server.origin("api.example");
        bench.origins.private = vec![Origin::parse(&origin).unwrap()];
        let notes = Notes::default();
        let steps = json!({"steps": [
            {"command": "token", "capture": {"name": "hour", "secret": true}},
            {"http": {"method": "POST", "url": format!("{origin}/login"), "body": {"hour": "{hour}"}},
             "capture": {"name": "token", "json": "/auth/token", "secret": true}},
            {"http": {"url": format!("{origin}/deploys/{{item}}"), "headers": {"Authorization": "Bearer {token}"},
                      "expect": {"json": [{"pointer": "/state", "equals": "done"}], "within": "30s"}},
             "each": ["a", "b"], "capture": {"name": "state", "json": "/state"}},
            {"command": "note", "args": {"word": "{state}"}}
        ]});
        let report = bench.run(&steps.to_string(), &notes).await;
        assert_eq!(report.outcome, Outcome::Passed, "{}", report.sentence);
        let asked = server.asked();
        assert_eq!(asked[0].body, r#"{"hour":"T0ken-of-the-hour"}"#);
        assert_eq!(asked[2].headers["authorization"], "Bearer fresh-Token-1");
        assert_eq!(bench.file("notes"), "done\n");
        let told = format!("{}\n{}\n{:?}", notes.text(), report.to_json(), notes.states());
        assert!(!told.contains("fresh-Token-1") && !told.contains("T0ken-of"), "{told}");
        assert!(told.contains("[secret token]"), "{told}");
        let as_argument = json!({"steps": [
            {"command": "token", "capture": {"name": "hour", "secret": true}},
            {"command": "note", "args": {"word": "{hour}"}}
        ]});
        let report = bench.run(&as_argument.to_string(), &notes).await;
        assert!(report.sentence.contains("would be an argument"), "{}", report.sentence);
    });
}

#[test]
fn an_answer_that_is_not_as_expected_fails_the_step_with_its_numbers() {
    runtime().block_on(async {
        let server = Server::start(|asked| match asked.line.as_str() {
            "POST /drop" => Some(Vec::new()),
            _ => Some(answer(503, &[("x-version", "6")], r#"{"state": "draining", "n": 2}"#)),
        })
        .await;
        let names = Names::default().with("api.example", &[&[server.address]]);
        let mut bench = Bench::new(COMMANDS, &[("DB_PASSWORD", "correct horse")], Arc::new(names));
        let origin = server.origin("api.example");
        bench.origins.private = vec![Origin::parse(&origin).unwrap()];
        let expect = json!({"status": [200, 204], "headers": {"X-Version": "7", "X-None": "1"}, "contains": "ready",
                            "json": [{"pointer": "/state", "equals": "ready"}, {"pointer": "/no", "equals": 1}]});
        let steps = json!({"steps": [{"name": "smoke", "http": {"url": format!("{origin}/"), "expect": expect}}]});
        let report = bench.run(&steps.to_string(), &Notes::default()).await;
        insta::assert_snapshot!(report.sentence, @r##"step 1 of 1, smoke, was not answered as expected: the status is 503, expected 200 or 204; the header X-None is missing; the header X-Version is "6", expected "7"; the body does not contain "ready"; /state is "draining", expected "ready"; there is nothing at /no; nothing was done before it"##);
        assert_eq!((report.outcome, report.state.done[0].http), (Outcome::Failed, Some(503)));

        let steps =
            json!({"steps": [{"http": {"method": "POST", "url": format!("{origin}/drop")}}], "on_failure": "undo"});
        let report = bench.run(&steps.to_string(), &Notes::default()).await;
        assert_eq!(report.outcome, Outcome::Unknown, "nobody knows what became of it: {}", report.sentence);
        let plan = bench.plan(&steps.to_string()).unwrap();
        assert!(plan.check_origins(&Origins::default()).unwrap_err().contains("needs the grant `http:"));
    });
}

const THREE: &str = r#"{"steps": [{"command": "note", "args": {"word": "one"}}, {"command": "note", "args": {"word": "two"}}, {"command": "read"}]}"#;

#[test]
fn from_every_state_that_was_kept_the_run_goes_on_and_repeats_nothing() {
    runtime().block_on(async {
        let first = Notes::default();
        bench().run(THREE, &first).await;
        for state in first.states() {
            let (bench, notes) = (bench(), Notes::default());
            // As the process that died had left it.
            let done = state.done.iter().filter(|done| done.name == "note").count();
            std::fs::write(bench.folder.path().join("notes"), ["", "one\n", "one\ntwo\n"][done]).unwrap();
            let resumed = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            let report = bench.resume(THREE, &notes, resumed).await.unwrap();
            if state.running && state.done.len() < 2 {
                // It changes something, and may have been done: a person is asked, and says.
                assert_eq!(report.outcome, Outcome::Unknown, "{}", report.sentence);
                assert!(report.sentence.contains("whether it was done is not known"), "{}", report.sentence);
                let mut settled = report.state.clone();
                settled.settle(Status::Pass, "note", "was said to be done", 0);
                let before = bench.file("notes");
                let report = bench.resume(THREE, &notes, settled).await.unwrap();
                assert_eq!(report.outcome, Outcome::Passed);
                assert_eq!(bench.file("notes").lines().count(), before.lines().count() + 1 - state.done.len());
            } else {
                assert_eq!(
                    (report.outcome, bench.file("notes").as_str()),
                    (Outcome::Passed, "one\ntwo\n"),
                    "{state:?}"
                );
            }
        }
    });
}

#[test]
fn one_that_lost_its_run_to_another_stops_at_once() {
    runtime().block_on(async {
        for after in 0..5 {
            let (bench, notes) = (bench(), Notes { taken_over_after: Some(after), ..Notes::default() });
            assert_eq!(bench.resume(THREE, &notes, State::default()).await, Err(NotOurs));
            assert_eq!(bench.file("notes").lines().count(), after.div_ceil(2), "nothing begins that is not kept");
        }
    });
}
