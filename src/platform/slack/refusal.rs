//! Why a call of Slack's Web API was not answered as asked: whether to try again, whether it may have been done all the same, and
//! what somebody should do about it.

use crate::config::limits::SLACK_CALL;
use crate::platform::{DeliverError, http};
use reqwest::StatusCode;
use slack_morphism::errors::SlackClientError;
use std::time::Duration;

/// How long to leave Slack alone when it does not say, where only a person can mend it.
const UNTIL_MENDED: Duration = Duration::from_secs(30);

/// Slack's word for a token of another kind.
const SWAPPED: &str = "not_allowed_token_type";
const SWAPPED_REMEDY: &str = "bot_token and app_token are swapped, or one is a user's; look at chat.slack";
const APP_TOKEN_REMEDY: &str = "the token is not valid, or lacks connections:write; make one (Basic Information, App-Level Tokens) \
                                and set chat.slack.app_token";

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// Too many calls.
    Busy {
        /// How long to wait.
        after: Option<Duration>,
    },
    /// Slack understood, and will not.
    Refused {
        /// Its word for it: `channel_not_found`.
        code: String,
        /// What it says about it, where it does.
        detail: Option<String>,
    },
    /// The token that opens sockets is not taken.
    AppToken {
        /// Slack's word for it.
        code: String,
    },
    /// No answer, or none that means anything.
    Broken {
        /// What happened, without addresses.
        reason: String,
        /// It may have been done all the same.
        unclear: bool,
    },
}

impl CallError {
    /// Something broke on the way.
    pub(super) fn broken(reason: impl Into<String>, unclear: bool) -> Self {
        Self::Broken { reason: reason.into(), unclear }
    }

    /// The same, of a call that was made with the token that opens sockets.
    pub(super) fn by_app_token(self) -> Self {
        match self {
            Self::Refused { code, .. } if is_credential(&code) || code == "missing_scope" => Self::AppToken { code },
            other => other,
        }
    }

    /// Slack's word for its refusal; empty if it is none.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } | Self::AppToken { code } => code,
            _ => "",
        }
    }

    /// Whether it may have been done all the same.
    pub(super) fn is_unclear(&self) -> bool {
        match self {
            Self::Broken { unclear, .. } => *unclear,
            Self::Refused { code, .. } => is_passing(code),
            Self::Busy { .. } | Self::AppToken { .. } => false,
        }
    }

    /// Whether no token of ours will be taken until a person changes something.
    pub(super) fn is_for_good(&self) -> bool {
        matches!(self, Self::AppToken { .. }) || is_credential(self.code())
    }

    /// Whether Slack will not do just this: trying again changes nothing, and no token needs mending.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. }) && !self.is_unclear() && !self.is_for_good()
    }

    /// For what is not worth giving up the rest for: a refusal is a line in the log and no error.
    ///
    /// # Errors
    /// What may pass, which is to be tried again.
    pub(super) fn or_logged(self, what: &'static str) -> Result<(), Self> {
        if !self.is_refusal() {
            return Err(self);
        }
        tracing::warn!(error = self.sentence(), "{what}");
        Ok(())
    }

    /// In a sentence, with what to do.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Busy { .. } => "Slack asks to be called less often".to_owned(),
            Self::Broken { reason, .. } => format!("Slack does not answer: {reason}"),
            Self::AppToken { code } if code == SWAPPED => format!("Slack says {code}: {SWAPPED_REMEDY}"),
            Self::AppToken { code } => format!("Slack says {code}: {APP_TOKEN_REMEDY}"),
            Self::Refused { code, detail } => {
                let said = match detail {
                    Some(detail) => format!("{code} ({detail})"),
                    None => code.clone(),
                };
                match remedy(code) {
                    Some(remedy) => format!("Slack says {said}: {remedy}"),
                    None => format!("Slack says {said}"),
                }
            }
        }
    }

    /// What the outbox makes of it.
    pub(super) fn to_delivery(&self) -> DeliverError {
        let reason = self.sentence();
        match self {
            Self::Busy { after } => DeliverError::Later { reason, after: *after },
            Self::Broken { .. } => DeliverError::Later { reason, after: None },
            Self::Refused { code, .. } if is_passing(code) => DeliverError::Later { reason, after: None },
            // A token can be mended, and what is to be said is not lost meanwhile.
            Self::Refused { code, .. } if is_credential(code) => {
                DeliverError::Later { reason, after: Some(UNTIL_MENDED) }
            }
            Self::AppToken { .. } => DeliverError::Later { reason, after: Some(UNTIL_MENDED) },
            Self::Refused { .. } => DeliverError::Never { reason },
        }
    }
}

/// Slack's own troubles, which pass. <https://docs.slack.dev/reference/methods/chat.postMessage>
fn is_passing(code: &str) -> bool {
    matches!(
        code,
        "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org"
            | "message_limit_exceeded"
    )
}

/// Ours, which a person must mend.
fn is_credential(code: &str) -> bool {
    matches!(
        code,
        "invalid_auth"
            | "not_authed"
            | "account_inactive"
            | "token_revoked"
            | "token_expired"
            | SWAPPED
            | "org_login_required"
            | "ekm_access_denied"
    )
}

/// What to do about a refusal.
fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "not_in_channel" => "the bot is not in that channel; type /invite @ and its name there",
        "channel_not_found" => {
            "there is no such channel that the bot can see; if it is private, type /invite @ and the bot's name there"
        }
        "is_archived" => "the channel is archived; unarchive it, or name another in the configuration",
        "missing_scope" => {
            "the app lacks a scope; update it from `drillbell slack manifest` and install it again (drillbell check names it)"
        }
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            "the token is not valid any more; install the app again and set chat.slack.bot_token"
        }
        SWAPPED => SWAPPED_REMEDY,
        "restricted_action" | "restricted_action_read_only_channel" => {
            "the workspace's settings keep the bot from it; ask an admin"
        }
        "name_taken" => "a channel of that name is there already",
        "expired_trigger_id" => "it took longer than three seconds; click again",
        "message_not_found" | "cant_update_message" => "the message is gone",
        _ => return None,
    })
}

impl From<SlackClientError> for CallError {
    fn from(error: SlackClientError) -> Self {
        match error {
            SlackClientError::RateLimitError(limit) => Self::Busy { after: limit.retry_after },
            SlackClientError::ApiError(refusal) => Self::Refused {
                code: refusal.code.chars().take(60).collect(),
                detail: refusal.errors.map(|errors| errors.join("; ").chars().take(300).collect()),
            },
            SlackClientError::HttpError(answer) => {
                let status: StatusCode = answer.status_code;
                match status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
                    true => Self::broken(format!("HTTP {}", status.as_u16()), true),
                    false => Self::Refused { code: format!("HTTP {}", status.as_u16()), detail: None },
                }
            }
            SlackClientError::HttpProtocolError(error) => {
                let cause = error.cause.and_then(|cause| cause.downcast::<reqwest::Error>().ok());
                match cause {
                    // If it could not even connect, nothing was done.
                    Some(error) => Self::broken(http::reason(&error, SLACK_CALL), !error.is_connect()),
                    None => Self::broken("the connection broke", true),
                }
            }
            SlackClientError::ProtocolError(_) => Self::broken("an answer that is not what its page says", true),
            _ => Self::broken("the call could not be made", false),
        }
    }
}

/// A call whose answer somebody waits for.
pub(super) async fn within<T>(
    time: Duration,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(time, call).await {
        Ok(answer) => answer,
        Err(_) => Err(CallError::broken(format!("no answer within {} ms", time.as_millis()), true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_says_what_to_do() {
        let refused = |code: &str| CallError::Refused { code: code.to_owned(), detail: None };
        let all = [
            refused("internal_error"),
            refused("not_in_channel"),
            refused("token_revoked"),
            refused("something_new"),
            refused("message_limit_exceeded"),
            refused("token_revoked").by_app_token(),
            refused("missing_scope").by_app_token(),
            refused(SWAPPED).by_app_token(),
            refused("internal_error").by_app_token(),
            CallError::Busy { after: Some(Duration::from_secs(3)) },
            CallError::broken("HTTP 503", true),
        ];
        let lines: Vec<_> = all
            .iter()
            .map(|error| match error.to_delivery() {
                DeliverError::Later { reason, after } => format!("later {after:?}: {reason}"),
                DeliverError::Never { reason } => format!("never: {reason}"),
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        later None: Slack says internal_error
        never: Slack says not_in_channel: the bot is not in that channel; type /invite @ and its name there
        later Some(30s): Slack says token_revoked: the token is not valid any more; install the app again and set chat.slack.bot_token
        never: Slack says something_new
        later None: Slack says message_limit_exceeded
        later Some(30s): Slack says token_revoked: the token is not valid, or lacks connections:write; make one (Basic Information, App-Level Tokens) and set chat.slack.app_token
        later Some(30s): Slack says missing_scope: the token is not valid, or lacks connections:write; make one (Basic Information, App-Level Tokens) and set chat.slack.app_token
        later Some(30s): Slack says not_allowed_token_type: bot_token and app_token are swapped, or one is a user's; look at chat.slack
        later None: Slack says internal_error
        later Some(3s): Slack asks to be called less often
        later None: Slack does not answer: HTTP 503
        ");
        assert!(all[0].is_unclear() && all[10].is_unclear() && !all[1].is_unclear() && all[2].is_for_good());
        let refusals: Vec<_> = all.iter().filter(|one| one.is_refusal()).map(CallError::code).collect();
        assert_eq!(refusals, ["not_in_channel", "something_new"], "of just that; all else may pass");
    }
}
