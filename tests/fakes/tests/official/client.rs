//! A client as a process: node with a script of `clients/`.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// It ends with this.
pub struct Client {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Client {
    /// Starts a script with these arguments.
    pub fn start(script: &str, arguments: &[&str]) -> Self {
        let fakes = Path::new(env!("CARGO_MANIFEST_DIR"));
        let modules = fakes.join("../../target/clients/node_modules");
        assert!(modules.is_dir(), "{} is not there; run `scripts/prepare.sh clients`", modules.display());
        let mut command = Command::new("node");
        command.arg(fakes.join("clients").join(script)).args(arguments).env("NODE_PATH", modules);
        Self::of(command)
    }

    /// Starts any program that says JSON lines and ends with its standard input.
    pub fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (output, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        // Shown with the test, if that fails.
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                println!("{line}");
            }
        });
        Self { child, output: BufReader::new(output) }
    }

    /// The next line that it prints.
    pub fn says(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
