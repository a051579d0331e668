//! What most verbs need first: the configuration, who is typing, and in which channel.

use super::failure::Failure;
use crate::config::{Config, Env};
use crate::model::ids::ConversationId;
use crate::store::CONSOLE;
use clap::Args;
use std::path::{Path, PathBuf};

/// `--config`.
#[derive(Args, Clone, Debug)]
pub struct ConfigFlag {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "drillbell.toml")]
    pub config: PathBuf,
}

impl ConfigFlag {
    /// Reads it.
    ///
    /// # Errors
    /// It is not there, or something in it is wrong: everything at once.
    pub fn load(&self, env: &Env) -> Result<Config, Failure> {
        load(&self.config, env)
    }
}

/// Reads a configuration.
///
/// # Errors
/// See [`ConfigFlag::load`].
pub fn load(file: &Path, env: &Env) -> Result<Config, Failure> {
    if !file.exists() {
        return Err(Failure::new(format!(
            "there is no configuration at {}: name one with --config FILE, start from drillbell.example.toml, or try \
             `drillbell demo`, which needs none",
            file.display()
        )));
    }
    Ok(Config::load(file, env)?)
}

/// A console login, as `--as` takes it.
///
/// # Errors
/// It has other characters than a login may have.
pub fn user(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if !text.is_empty() && text.len() <= 40 && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a console login such as `ana`: at most 40 lower-case letters, digits, - _ .".to_owned())
    }
}

/// Who is typing: as asserted, else the system's name for them, else nobody in particular.
pub fn user_or_own(asserted: Option<&str>, env: &Env) -> String {
    let own = || ["USER", "LOGNAME"].iter().find_map(|name| user(&env.get(name).ok()?.to_lowercase()).ok());
    asserted.map(str::to_owned).or_else(own).unwrap_or_else(|| "operator".to_owned())
}

/// A channel of the console, `#ops`, as people name it (`ops`, `#ops`, `console:#ops`); by default the one where incidents go.
///
/// # Errors
/// There is no such channel.
pub fn channel(config: &Config, given: Option<&str>) -> Result<String, Failure> {
    let known = &config.console.channels;
    let Some(given) = given else {
        let usual = known.iter().find(|name| *name == "#incidents").or(known.first());
        return usual.cloned().ok_or_else(|| Failure::new("chat.console.channels names no channel"));
    };
    let bare = given.strip_prefix("console:").unwrap_or(given).trim_start_matches('#');
    known.iter().find(|name| name.trim_start_matches('#') == bare).cloned().ok_or_else(|| {
        Failure::usage(format!("there is no channel `{given}` in the console; there are: {}", known.join(", ")))
    })
}

/// A channel's conversation.
pub fn conversation(channel: &str) -> ConversationId {
    ConversationId::new(format!("{CONSOLE}:{channel}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::parse("", Path::new("drillbell.toml"), &Env::none()).unwrap()
    }

    #[test]
    fn a_channel_is_found_by_any_of_its_names() {
        for name in ["ops", "#ops", "console:#ops"] {
            assert_eq!(channel(&config(), Some(name)).unwrap(), "#ops");
        }
        assert_eq!(channel(&config(), None).unwrap(), "#incidents");
        let refusal = channel(&config(), Some("#opps")).unwrap_err();
        assert_eq!(refusal.code, 2);
        insta::assert_snapshot!(refusal, @"there is no channel `#opps` in the console; there are: #incidents, #ops");
    }

    #[test]
    fn the_user_is_the_asserted_one_else_the_systems_else_nobody_in_particular() {
        let env: Env = [("USER", "Root")].into_iter().collect();
        assert_eq!(user_or_own(Some("ana"), &env), "ana");
        assert_eq!(user_or_own(None, &env), "root");
        let env: Env = [("USER", "DOMAIN\\Ana"), ("LOGNAME", "ana")].into_iter().collect();
        assert_eq!(user_or_own(None, &env), "ana");
        assert_eq!(user_or_own(None, &Env::none()), "operator");
        assert!(user("Ana").is_err() && user("").is_err() && user(&"a".repeat(41)).is_err());
    }
}
