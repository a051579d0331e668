//! How things fail: what the host says no to, and what a handler says when it gives up.
//! Every failure is somebody's to mend; the two words of `Error` say whose.

use std::fmt;

/// What a handler returns. The default reads as in `fn on_command(..) -> Result`.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// What a request to the host returns.
pub type HostResult<T = ()> = std::result::Result<T, HostError>;

/// Why a handler failed. Everything it asked for is dropped, as if it had not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The user's mistake: shown to them as it is. Say what is wrong and what to type instead.
    User(String),
    /// The plugin's own trouble: the user is told that it failed, the operator sees this text.
    Internal(String),
}

/// Why the host did not do what was asked. Nothing happened; the handler may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// Not granted. The text names the grant that would allow it and both places it must stand.
    Denied(String),
    /// The request makes no sense: an empty key, an unknown severity, an illegal state change.
    Invalid(String),
    /// Over a limit; the text names the limit.
    TooLarge(String),
    /// No such incident, message or timer.
    NotFound(String),
    /// The host could not answer now. The call will fail and the host will try it again.
    Unavailable(String),
}

/// The user's mistake, in a sentence they can act on.
pub fn user(text: impl Into<String>) -> Error {
    Error::User(text.into())
}

/// The plugin's own trouble, for the operator's log.
pub fn internal(text: impl Into<String>) -> Error {
    Error::Internal(text.into())
}

impl Error {
    /// The text without the blame.
    pub fn text(&self) -> &str {
        match self {
            Self::User(text) | Self::Internal(text) => text,
        }
    }
}

impl HostError {
    /// The text without the kind.
    pub fn text(&self) -> &str {
        match self {
            Self::Denied(text)
            | Self::Invalid(text)
            | Self::TooLarge(text)
            | Self::NotFound(text)
            | Self::Unavailable(text) => text,
        }
    }

    /// The kind as one word: `denied`, `invalid`, `too-large`, `not-found` or `unavailable`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::TooLarge(_) => "too-large",
            Self::NotFound(_) => "not-found",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// What `?` makes of a host's no. What the person typed leads to `invalid`, `too-large` and `not-found`, and the host's
/// sentence tells them so; a missing grant or an ailing host is the operator's to mend. Match before `?` where that is
/// not so.
impl From<HostError> for Error {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Invalid(text) | HostError::TooLarge(text) | HostError::NotFound(text) => Self::User(text),
            HostError::Denied(text) | HostError::Unavailable(text) => Self::Internal(text),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Error {}
impl std::error::Error for HostError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_on(error: HostError) -> Error {
        let handler = || -> Result { Err(error)? };
        handler().expect_err("it was an error")
    }

    #[test]
    fn a_hosts_no_blames_whoever_can_mend_it() {
        let text = String::from("why");
        assert_eq!(passed_on(HostError::Invalid(text.clone())), user("why"));
        assert_eq!(passed_on(HostError::TooLarge(text.clone())), user("why"));
        assert_eq!(passed_on(HostError::NotFound(text.clone())), user("why"));
        assert_eq!(passed_on(HostError::Denied(text.clone())), internal("why"));
        assert_eq!(passed_on(HostError::Unavailable(text)), internal("why"));
    }
}
