//! `drillbell runbook lint|import|export`: for those who write runbooks. Runs none.

use super::failure::{FAILED, Failure, USAGE};
use super::output::{print, tell};
use super::place;
use crate::config::limits::{IMPORT_BYTES, RUNBOOK_BYTES};
use crate::config::{Config, Env};
use crate::platform::console::clean_line;
use crate::runbook::{BUNDLED, File, Known, Library, MARK, documents, file, folder, import, read};
use crate::scrub::Scrub;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::{Path, PathBuf};

/// `drillbell runbook …`.
#[derive(Subcommand, Clone, Debug)]
pub enum RunbookVerb {
    /// Check runbooks; a line a finding, exit 1 when one is a problem
    Lint(LintArgs),
    /// Make a runbook out of a document: commands become proposed steps, hazards are named
    Import(ImportArgs),
    /// Write the nine documents of operations from the configuration and the runbooks; no secret is in them
    Export(ExportArgs),
}

/// `drillbell runbook export …`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "drillbell.toml")]
    config: PathBuf,
    /// The folder they go to; documents of an earlier export there are written anew
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// `drillbell runbook import …`.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// A Markdown document
    #[arg(value_name = "FILE.md")]
    file: PathBuf,
    /// Where the runbook goes; it must not be there. Default: stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `drillbell runbook lint …`.
#[derive(Args, Clone, Debug)]
pub struct LintArgs {
    /// The configuration whose values fill places. Default: drillbell.toml, if there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Runbooks. Default: the bundled ones, and those of `[runbooks] dir`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Does what the verb says.
pub fn run(verb: &RunbookVerb, env: &Env) -> Result<u8, Failure> {
    match verb {
        RunbookVerb::Lint(args) => lint(args, env),
        RunbookVerb::Import(args) => imported(args),
        RunbookVerb::Export(args) => exported(args, env),
    }
}

/// The configuration that was named; else the usual one, if it is there.
fn config(named: Option<&Path>, env: &Env) -> Result<Option<Config>, Failure> {
    let usual = Path::new("drillbell.toml");
    match named {
        Some(file) => place::load(file, env).map(Some),
        None if usual.exists() => place::load(usual, env).map(Some),
        None => Ok(None),
    }
}

fn lint(args: &LintArgs, env: &Env) -> Result<u8, Failure> {
    let config = config(args.config.as_deref(), env)?;
    let known = config.as_ref().map(Known::of);
    let (files, mut code) = files(args, config.as_ref());
    for one in &files {
        let values = config.as_ref().map(|config| config.runbooks.values_of(&one.name)).unwrap_or_default();
        let (runbook, findings) = read(&one.name, &one.text, &values);
        let path = one.path.display();
        for finding in &findings {
            print(&clean_line(&format!("{path}:{finding}")))?;
        }
        if findings.iter().any(|finding| finding.problem) {
            code = code.max(FAILED);
        } else if let Some(known) = &known {
            for why in known.unready(&runbook, &[]) {
                print(&clean_line(&format!("{path}:1: note: not ready: {why}")))?;
            }
        }
    }
    Ok(code)
}

/// What is looked at, and 2 if something of it could not be read, which was said then.
fn files(args: &LintArgs, config: Option<&Config>) -> (Vec<File>, u8) {
    let mut read = Vec::new();
    if args.files.is_empty() {
        let bundled = BUNDLED.iter().map(|(name, text)| File {
            name: (*name).to_owned(),
            path: format!("bundled/{name}.md").into(),
            text: (*text).to_owned(),
        });
        read.extend(bundled.map(Ok));
        match config.and_then(|config| config.runbooks.dir.as_deref()).map(folder) {
            Some(Ok(own)) => read.extend(own.into_iter().map(Ok)),
            Some(Err(why)) => read.push(Err(why)),
            None => {}
        }
    } else {
        read.extend(args.files.iter().map(|path| file(path, RUNBOOK_BYTES)));
    }
    let mut code = 0;
    let good = read.into_iter().filter_map(|one| {
        one.map_err(|why| {
            tell(&format!("error: {why}"));
            code = USAGE;
        })
        .ok()
    });
    let good = good.collect();
    (good, code)
}

fn imported(args: &ImportArgs) -> Result<u8, Failure> {
    let File { name, text, .. } = file(&args.file, IMPORT_BYTES).map_err(Failure::usage)?;
    let shown = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let imported = import(&name, &shown, &text);
    for hazard in &imported.hazards {
        tell(&format!("{}:{}: {}: {}", args.file.display(), hazard.line, hazard.id, hazard.advice));
    }
    match &args.out {
        None => print(imported.runbook.trim_end())?,
        Some(out) => {
            let cannot = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", out.display()));
            let mut file = std::fs::File::create_new(out).map_err(cannot)?;
            file.write_all(imported.runbook.as_bytes()).map_err(cannot)?;
        }
    }
    Ok(0)
}

fn exported(args: &ExportArgs, env: &Env) -> Result<u8, Failure> {
    let config = place::load(&args.config, env)?;
    let (library, why) = Library::load(&config);
    if let Some(why) = why {
        return Err(Failure::new(why));
    }
    // The configuration is masked already; whatever a runbook's value says is looked at too.
    let (scrub, _) = Scrub::new(config.all_secrets());
    let cannot = |path: &Path, why: String| Failure::new(format!("cannot write {}: {why}", path.display()));
    std::fs::create_dir_all(&args.dir).map_err(|error| cannot(&args.dir, error.to_string()))?;
    let all: Vec<_> =
        documents(&config, &library).into_iter().map(|(name, text)| (args.dir.join(name), text)).collect();
    for (path, _) in &all {
        let theirs = std::fs::read_to_string(path).is_ok_and(|text| !text.starts_with(MARK));
        if theirs {
            return Err(cannot(path, "it is there, and was not written by an export".to_owned()));
        }
    }
    for (path, text) in &all {
        std::fs::write(path, scrub.text(text).as_bytes()).map_err(|error| cannot(path, error.to_string()))?;
        print(&path.display().to_string())?;
    }
    Ok(0)
}
