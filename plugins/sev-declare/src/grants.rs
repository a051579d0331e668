//! What the operator may not have granted: the plugin does without, and the log says so.

use drillbell_sdk::{Bot, HostError, HostResult, Level};

/// The answer to what needs a grant; `None` when it is not given, with a line in the log that says what is left out.
pub fn granted<T>(bot: &mut impl Bot, answer: HostResult<T>, without: &str) -> HostResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(HostError::Denied(text)) => {
            bot.log(Level::Warn, &format!("{without}: {text}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What is done beside the matter and must not undo it: an error is a line in the log. Only a host that cannot answer now ends the
/// call, which is then tried again.
pub fn aside<T>(bot: &mut impl Bot, level: Level, answer: HostResult<T>, what: &str) -> HostResult<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error @ HostError::Unavailable(_)) => Err(error),
        Err(error) => {
            bot.log(level, &format!("{what}: {error}"));
            Ok(None)
        }
    }
}
