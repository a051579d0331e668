//! A command's arguments out of the values for its places: the border where escapes end.

use crate::config::commands::{Arg, Command, Kind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The program and its arguments.
///
/// # Errors
/// A value is missing, superfluous, not of its type, or would be read as an option; the sentence names place and command.
pub(super) fn argv(command: &Command, given: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let name = &command.name;
    if let Some(stranger) = given.keys().find(|place| !command.args.contains_key(*place)) {
        let known: Vec<_> = command.args.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        let stranger: String = stranger.chars().take(40).flat_map(char::escape_debug).collect();
        return Err(format!("`{name}` takes no `{stranger}`; it takes {known}"));
    }
    let mut values = BTreeMap::new();
    for (place, arg) in &command.args {
        values.insert(place.as_str(), accepted(name, place, arg, given)?);
    }
    let mut argv = Vec::with_capacity(command.argv.len());
    let mut options = true;
    for piece in &command.argv {
        let Some(place) = &piece.place else {
            options &= piece.before != "--";
            argv.push(piece.before.clone());
            continue;
        };
        let value = values.get(place.as_str()).ok_or_else(|| format!("`{name}` has no type for `{place}`"))?;
        if options && piece.before.is_empty() && value.starts_with('-') {
            return Err(format!(
                "`{place}` of `{name}` begins with `-` and would be read as an option; put \"--\" before {{{place}}} in \
                 [commands.{name}] argv if it is meant"
            ));
        }
        argv.push(piece.filled(value));
    }
    Ok(argv)
}

fn accepted(command: &str, place: &str, arg: &Arg, given: &BTreeMap<String, String>) -> Result<String, String> {
    let value = given.get(place).or(arg.default.as_ref());
    let value = value.ok_or_else(|| format!("`{command}` needs `{place}`: {}", arg.kind.expected()))?;
    arg.kind.accept(value).map_err(|bad| format!("`{place}` of `{command}`: {bad}"))
}

/// Looks whether every path among the arguments really lies where it must, symbolic links followed: as far as it is there.
///
/// # Errors
/// One leads elsewhere; the sentence names it.
pub(super) async fn check_paths(command: &Command, given: &BTreeMap<String, String>) -> Result<(), String> {
    for (place, arg) in &command.args {
        let Kind::Path(under) = &arg.kind else { continue };
        let path = PathBuf::from(accepted(&command.name, place, arg, given)?);
        let real = real(&path).await;
        let under = tokio::fs::canonicalize(under).await.unwrap_or_else(|_| under.clone());
        if !real.starts_with(&under) {
            return Err(format!("`{place}` of `{}` leads out of {} by a symbolic link", command.name, under.display()));
        }
    }
    Ok(())
}

/// The path without symbolic links, as far as it is there.
async fn real(path: &Path) -> PathBuf {
    let (mut there, mut rest) = (path.to_owned(), Vec::new());
    loop {
        if let Ok(real) = tokio::fs::canonicalize(&there).await {
            return rest.iter().rev().fold(real, |path, part| path.join(part));
        }
        // A link to nowhere may lead somewhere later.
        if let Ok(target) = tokio::fs::read_link(&there).await {
            return target;
        }
        match (there.file_name().map(ToOwned::to_owned), there.pop()) {
            (Some(name), true) => rest.push(name),
            _ => return path.to_owned(),
        }
    }
}
