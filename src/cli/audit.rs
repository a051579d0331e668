//! `drillbell audit verify|export|tail`: the trail, read beside the running bot without its lock. Writes nothing.

use super::failure::{FAILED, Failure};
use super::output::{print, tell};
use super::place::ConfigFlag;
use super::progress::Progress;
use super::signals::Stop;
use crate::audit::{Posted, SealedRecord, VerifyReport, read_checkpoints};
use crate::clock::Clock;
use crate::config::{Config, Env};
use crate::platform::console::clean_line;
use crate::store::Store;
use crate::verification;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;

/// Records read at a time.
const PAGE: i64 = 1_000;
/// How often `--follow` looks for more.
const LOOK: Duration = Duration::from_millis(500);

/// `drillbell audit …`.
#[derive(Subcommand, Clone, Debug)]
pub enum AuditVerb {
    /// Check every record against its hash, the chain, the head and the signed checkpoints; exit 1 names the first bad one
    Verify(VerifyArgs),
    /// Write every record and checkpoint to stdout, one JSON object a line
    Export(ConfigFlag),
    /// Show the last records
    Tail(TailArgs),
}

/// `drillbell audit verify …`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// Also compare a checkpoint that was posted in a chat, such as INC-7/12/HASH; may be given several times
    #[arg(long, value_name = "POSTED", value_parser = posted)]
    checkpoint: Vec<Posted>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn posted(text: &str) -> Result<Posted, String> {
    Posted::parse(text)
        .ok_or_else(|| "expected what was posted: INC-7/12/HASH, or 345/HASH of the audit trail".to_owned())
}

/// `drillbell audit tail …`.
#[derive(Args, Clone, Debug)]
pub struct TailArgs {
    #[command(flatten)]
    config: ConfigFlag,
    /// How many
    #[arg(short = 'n', long = "lines", value_name = "COUNT", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    lines: u32,
    /// Go on with new ones as they come, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Does what the verb says.
pub async fn run(verb: &AuditVerb, env: &Env) -> Result<u8, Failure> {
    match verb {
        AuditVerb::Verify(args) => verify(args, env).await,
        AuditVerb::Export(flag) => export(flag, env).await,
        AuditVerb::Tail(args) => tail(args, env).await,
    }
}

async fn open(config: &Config) -> Result<Store, Failure> {
    Ok(Store::read_only(config.database.connect_url().expose_secret(), Clock::system()).await?)
}

async fn verify(args: &VerifyArgs, env: &Env) -> Result<u8, Failure> {
    let config = args.config.load(env)?;
    let progress = Progress::start("the verification");
    let store = open(&config).await?;
    let report = verification::verify(&store, &config.server.data_dir).await?;
    let mut compared = Vec::new();
    for posted in &args.checkpoint {
        compared.push((posted, verification::posted(&store, posted).await?));
    }
    drop(progress);
    let hold = compared.iter().all(|(_, wrong)| wrong.is_none());
    let bad = report.first_bad.as_ref();
    if args.json {
        let checkpoint = report.last_checkpoint.as_ref().map(|last| json!({"seq": last.seq, "at": last.at}));
        let since = report.unanchored_since.as_ref().map(|since| json!({"seq": since.seq, "at": since.at}));
        let bad = bad.map(|bad| json!({"seq": bad.seq, "finding": bad.sentence}));
        let compared = compared
            .iter()
            .map(|(posted, wrong)| json!({"checkpoint": posted.to_string(), "ok": wrong.is_none(), "finding": wrong}));
        let object = json!({
            "ok": report.ok && hold, "checkpoints": compared.collect::<Vec<_>>(), "checked": report.checked, "first_bad": bad,
            "last_checkpoint": checkpoint, "unanchored_since": since,
        });
        print(&object.to_string())?;
    } else {
        for line in sentences(&report) {
            print(&line)?;
        }
        for (posted, wrong) in &compared {
            print(&match wrong {
                None => format!("ok: {posted} is what was posted"),
                Some(wrong) => format!("TAMPERED: {}: {posted} was posted", clean_line(wrong)),
            })?;
        }
    }
    Ok(if report.ok && hold { 0 } else { FAILED })
}

/// What a verification found, for people.
fn sentences(report: &VerifyReport) -> Vec<String> {
    let mut lines = vec![match &report.first_bad {
        None => format!("ok: all {} records are as they were written", report.checked),
        Some(bad) => format!(
            "TAMPERED: {}. The {} records before it are as they were written. Keep this database as it is, and compare \
             with the last `audit export`",
            clean_line(&bad.sentence),
            report.checked
        ),
    }];
    if let Some(last) = &report.last_checkpoint {
        lines.push(format!("anchored: the checkpoint signed at {} agrees up to record {}", last.at, last.seq));
    }
    if let Some(since) = &report.unanchored_since {
        let at = clean_line(&since.at);
        lines.push(format!(
            "unanchored since record {} ({at}): no signed checkpoint vouches for the rest yet",
            since.seq
        ));
    }
    lines
}

async fn export(flag: &ConfigFlag, env: &Env) -> Result<u8, Failure> {
    let config = flag.load(env)?;
    let store = open(&config).await?;
    let mut last = i64::MIN;
    loop {
        let page = store.audit_page(last, PAGE).await?;
        let Some(end) = page.last().map(|record| record.seq) else { break };
        let lines: Vec<_> = page.iter().map(json_line).collect();
        print(&lines.join("\n"))?;
        last = end;
    }
    let checkpoints = read_checkpoints(&config.server.data_dir).map_err(|error| Failure::new(error.to_string()))?;
    for checkpoint in &checkpoints.valid {
        print(&format!("{{\"checkpoint\":{}}}", checkpoint.line()))?;
    }
    match checkpoints.bad {
        None => Ok(0),
        Some(bad) => Err(Failure::new(format!("the checkpoints are not all as they were signed: {}", bad.sentence))),
    }
}

/// A record with its own bytes, so that whoever reads the export can compute the hashes again.
fn json_line(record: &SealedRecord) -> String {
    let text = &record.record;
    let text = match serde_json::from_str::<Value>(text) {
        // A text with line breaks was not written by us; as a string it stays on its line.
        Ok(_) if !text.contains(['\n', '\r']) => text.clone(),
        _ => json!(text).to_string(),
    };
    format!("{{\"seq\":{},\"hash\":{},\"record\":{text}}}", record.seq, json!(record.hash))
}

async fn tail(args: &TailArgs, env: &Env) -> Result<u8, Failure> {
    let mut stop = Stop::listen()?;
    let config = args.config.load(env)?;
    let store = open(&config).await?;
    let show = |records: &[SealedRecord]| -> Result<(), Failure> {
        for record in records {
            print(&if args.json { json_line(record) } else { human_line(record) })?;
        }
        Ok(())
    };
    let records = store.audit_tail(i64::from(args.lines)).await?;
    show(&records)?;
    let mut last = records.last().map_or(0, |record| record.seq);
    if !args.follow {
        if records.is_empty() {
            tell("the trail is empty: nothing has happened yet");
        }
        return Ok(0);
    }
    loop {
        tokio::select! {
            _ = stop.asked() => return Ok(0),
            () = tokio::time::sleep(LOOK) => {}
        }
        let records = store.audit_page(last, PAGE).await?;
        show(&records)?;
        last = records.last().map_or(last, |record| record.seq);
    }
}

/// `#12 2026-01-01T00:00:00.000Z ana command ok sev-declare console:#incidents INC-1: /sev list`.
fn human_line(record: &SealedRecord) -> String {
    let Ok(fields) = serde_json::from_str::<Value>(&record.record) else {
        return format!("#{} is not readable: {}", record.seq, clean_line(&record.record));
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let mut line = format!("#{}", record.seq);
    for (name, absent) in [("at", "-"), ("actor", "-"), ("kind", "-"), ("outcome", "-")] {
        line.push_str(&format!(" {}", text(name).unwrap_or(absent)));
    }
    for name in ["plugin", "conversation", "incident"] {
        line.extend(text(name).map(|value| format!(" {value}")));
    }
    let detail = fields.get("detail").map(|detail| match detail.get("text").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => detail.to_string(),
    });
    line.extend(detail.map(|detail| format!(": {detail}")));
    clean_line(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditRecord, GENESIS};

    fn sealed() -> SealedRecord {
        let mut record = AuditRecord::new(1_767_225_600_000, "command");
        record.actor = Some("ana".into());
        record.plugin = Some("sev-declare".into());
        record.conversation = Some("console:#incidents".into());
        record.outcome = "ok".to_owned();
        record.detail = json!({"text": "/sev note \u{1b}[31m\nforged"});
        record.seal(12, GENESIS)
    }

    #[test]
    fn a_record_is_one_harmless_line() {
        insta::assert_snapshot!(human_line(&sealed()), @"#12 2026-01-01T00:00:00.000Z ana command ok sev-declare console:#incidents: /sev note ␛[31m forged");
    }

    #[test]
    fn an_exported_record_keeps_the_bytes_that_were_hashed() {
        let record = sealed();
        let line = json_line(&record);
        assert!(line.contains(&record.record) && !line.contains('\n'), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["hash"], json!(record.hash));
        let forged = SealedRecord { seq: 1, record: "{}\n{\"seq\":2}".to_owned(), hash: "x".to_owned() };
        let line = json_line(&forged);
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["record"], json!("{}\n{\"seq\":2}"));
    }
}
