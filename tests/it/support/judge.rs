//! Bodies judged by what the platforms publish: the types of their own clients as JSON schemas, read by a validator in node.
//! `tests/fakes/clients/kinds.cjs` says which body is of which type.

use drillbell_fakes::journal::Sent;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What came of it.
pub struct Judged {
    /// How many different bodies there were of each published type.
    pub types: BTreeMap<String, u64>,
    /// What does not fit: what it is, what is wrong with it, and the body.
    pub wrong: Vec<Value>,
}

impl Judged {
    /// Everything fits, and there was something of each of these types.
    #[track_caller]
    pub fn all_fit(&self, types: &[&str]) {
        let wrong: Vec<_> = self.wrong.iter().map(|one| format!("{one:#}")).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for name in types {
            assert!(self.types.contains_key(*name), "nothing of {name} was sent: {:?}", self.types);
        }
    }
}

/// Judges what was sent.
pub fn judge(sent: &[Sent]) -> Judged {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let installed = root.join("target/clients");
    let schemas = installed.join("schemas.json");
    assert!(schemas.is_file(), "{} is not there; run `scripts/prepare.sh clients`", schemas.display());
    let mut judge = Command::new("node")
        .arg(root.join("tests/fakes/clients/judge.cjs"))
        .arg(schemas)
        .env("NODE_PATH", installed.join("node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start node");
    let lines: String = sent.iter().map(|one| serde_json::to_string(one).expect("JSON") + "\n").collect();
    judge.stdin.take().expect("it is piped").write_all(lines.as_bytes()).expect("it reads");
    let output = judge.wait_with_output().expect("it ends");
    let said: Value = serde_json::from_slice(&output.stdout).expect("it says what came of it");
    let types = serde_json::from_value(said["judged"].clone()).expect("counts");
    let wrong = said["wrong"].as_array().cloned().expect("a list");
    assert_eq!(output.status.success(), wrong.is_empty(), "{said}");
    Judged { types, wrong }
}
