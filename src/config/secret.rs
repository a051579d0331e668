//! Secrets: named in the file, kept elsewhere, read once at load, and never shown.

use super::limits::SECRET_FILE_BYTES;
use super::problem::Refusal;
use super::section::Context;
use super::tree::{Node, Table, Value};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

const FORM: &str = "{ env = \"NAME\" } or { file = \"PATH\" }";

/// A secret with where it came from. `Debug` and `Display` show the source only.
#[derive(Clone)]
pub struct Secret {
    source: Source,
    value: SecretString,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Env(String),
    File(PathBuf),
}

impl Secret {
    /// The secret itself: for the one place that needs it.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// Reads `{ env = "NAME" }` or `{ file = "PATH" }`; anything written in the file itself is refused.
    pub(super) fn read(cx: &Context<'_>, node: &Node) -> Result<Self, Refusal> {
        let secret = Self::parse(cx, node)?;
        let name = match &secret.source {
            Source::Env(name) => name.clone(),
            Source::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        cx.note_secret(&name, secret.expose());
        Ok(secret)
    }

    /// The same; where it is masked, it is called `name`.
    pub(super) fn read_as(cx: &Context<'_>, name: &str, node: &Node) -> Result<Self, Refusal> {
        let secret = Self::parse(cx, node)?;
        cx.note_secret(name, secret.expose());
        Ok(secret)
    }

    fn parse(cx: &Context<'_>, node: &Node) -> Result<Self, Refusal> {
        match &node.value {
            Value::Table(table) => Self::resolve(cx, table),
            _ => Err(Refusal::expected(FORM).found("a value written in the file").fix(
                "a secret in this file ends up in backups and in version control: keep it in a variable or a file",
            )),
        }
    }

    fn resolve(cx: &Context<'_>, table: &Table) -> Result<Self, Refusal> {
        let [entry] = &table.0[..] else {
            return Err(Refusal::expected(format!("{FORM}, and nothing else in it")));
        };
        let Value::Text(text) = &entry.node.value else {
            return Err(Refusal::expected(FORM));
        };
        match entry.key.as_str() {
            // Not a name: somebody may have put the secret itself there, so it is not repeated.
            "env" if !is_variable_name(text) => {
                Err(Refusal::expected("the name of a variable: letters, digits and `_`").found("something else"))
            }
            "env" => {
                let found = |why| Refusal::expected(FORM).found(format!("the variable {}, which {why}", shown(text)));
                let value = cx.env.get(text).map_err(|why| found(why).fix("set it where drillbell is started"))?;
                if value.is_empty() {
                    return Err(found("is empty"));
                }
                Ok(Self { source: Source::Env(text.clone()), value: value.into() })
            }
            "file" => {
                let path = cx.resolve(text);
                let value = read_file(&path).map_err(|why| {
                    let found = format!("the file {}, which {why}", shown(&path.display().to_string()));
                    Refusal::expected("a readable file holding nothing but the secret").found(found)
                })?;
                Ok(Self { source: Source::File(path), value: value.into() })
            }
            other => Err(Refusal::expected(FORM).maybe_fix(super::problem::did_you_mean(other, ["env", "file"]))),
        }
    }

    /// Where it comes from, in the words of the file.
    pub(super) fn source(&self) -> toml::Value {
        let (key, value) = match &self.source {
            Source::Env(name) => ("env", name.clone()),
            Source::File(path) => ("file", path.display().to_string()),
        };
        toml::Value::Table([(key.to_owned(), toml::Value::String(value))].into_iter().collect())
    }
}

fn is_variable_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

fn shown(text: &str) -> String {
    super::mask::clip(text, 120)
}

fn read_file(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    // A device or pipe would never end.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    let size = file.take(SECRET_FILE_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if size as u64 > SECRET_FILE_BYTES {
        return Err("is larger than any secret".to_owned());
    }
    let value = text.trim_end_matches(['\r', '\n']);
    if value.is_empty() { Err("is empty".to_owned()) } else { Ok(value.to_owned()) }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Env(name) => write!(f, "the variable {name}"),
            Source::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}
