//! What belongs to a whole server and to none of its databases, as `pg_dumpall --globals-only` says it: roles without their passwords,
//! who is a member of what, their settings, tablespaces. It is small, and is packed as a copy is, into a text for the manifest.

use super::pack::compress;
use super::postgres::{Ready, Tools, said};
use super::seal::Seal;
use crate::config::limits::{GLOBALS_BYTES, PROBE_TOOL_TIME};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::io;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStdout;
use tokio::sync::oneshot;

impl Tools {
    /// The globals of the server that a database is on: SQL, zstd, age if there are recipients, base64.
    ///
    /// # Errors
    /// They cannot be had; a sentence.
    pub async fn globals(&self, ready: &Ready, recipients: &[String]) -> Result<String, String> {
        let database = ready.server.env.get("PGDATABASE").map(|name| format!("--database={name}"));
        let args = ["--globals-only", "--no-role-passwords", "--no-password"].into_iter().chain(database.as_deref());
        let args: Vec<_> = args.collect();
        let program = self.program(&ready.folder, "pg_dumpall", &args, Some(&ready.server), PROBE_TOOL_TIME);
        let (give, stdout) = oneshot::channel::<ChildStdout>();
        let read = async {
            let mut text = Vec::new();
            if let Ok(stdout) = stdout.await {
                stdout.take(GLOBALS_BYTES + 1).read_to_end(&mut text).await?;
            }
            io::Result::Ok(text)
        };
        let (ended, text) = tokio::join!(self.supervisor.run_into(program, &*self.watch, &self.cancel, give), read);
        let text = text.map_err(|error| format!("the roles were not kept: pg_dumpall cannot be read: {error}"))?;
        if text.len() as u64 > GLOBALS_BYTES {
            let most = crate::config::show_bytes(GLOBALS_BYTES);
            return Err(format!("the roles were not kept: all together they are more than {most}"));
        }
        if !ended.passed() {
            let how = said(&ended, PROBE_TOOL_TIME);
            return Err(format!("the roles were not kept: pg_dumpall of {} {how}", ready.server.shown));
        }
        let sealed = Seal::new(Vec::new(), recipients).and_then(|seal| compress(&text[..], seal)?.finish());
        sealed
            .map(|bytes| BASE64_STANDARD.encode(bytes))
            .map_err(|error| format!("the roles were not kept: they cannot be packed: {error}"))
    }
}
