//! One trait for each kind of event. What a plugin names in `export!` is what it is subscribed to, and nothing else.

use crate::bot::Bot;
use crate::error::Result;
use crate::events::{Action, Alert, Approval, Command, Declared, Deploy, Job, Query, Reaction, Suggestion, Timer};

/// Handles the commands that the manifest declares.
pub trait OnCommand {
    /// Called for each command, in order within its conversation or incident.
    fn on_command(bot: &mut impl Bot, command: Command) -> Result;
}

/// Handles clicks and form submissions on this plugin's cards.
pub trait OnAction {
    /// Called for each click that counts; see [`Once`](crate::Once).
    fn on_action(bot: &mut impl Bot, action: Action) -> Result;
}

/// Hears every accepted alert. Needs the grant `alerts`.
pub trait OnAlert {
    /// Called when an alert fires or resolves.
    fn on_alert(bot: &mut impl Bot, alert: Alert) -> Result;
}

/// Hears every deploy record. Needs the grant `deploys`.
pub trait OnDeploy {
    /// Called when a deploy is recorded.
    fn on_deploy(bot: &mut impl Bot, deploy: Deploy) -> Result;
}

/// Hears this plugin's timers.
pub trait OnTimer {
    /// Called once for each timer that came due.
    fn on_timer(bot: &mut impl Bot, timer: Timer) -> Result;
}

/// Hears the end of this plugin's jobs.
pub trait OnJob {
    /// Called once when a job ends, however it ends.
    fn on_job(bot: &mut impl Bot, job: Job) -> Result;
}

/// Hears the end of this plugin's approvals.
pub trait OnApproval {
    /// Called once when an approval is decided, runs out or is void.
    fn on_approval(bot: &mut impl Bot, approval: Approval) -> Result;
}

/// Hears reactions in conversations the bot is in. Needs the grant `reactions`.
pub trait OnReaction {
    /// Called for each reaction.
    fn on_reaction(bot: &mut impl Bot, reaction: Reaction) -> Result;
}

/// Hears of incidents that other plugins declared. Needs the grant `incidents:read` or `incidents:write`.
pub trait OnIncident {
    /// Called for each of them, once.
    fn on_incident(bot: &mut impl Bot, declared: Declared) -> Result;
}

/// Completes arguments. Read-only: whatever it asks to be done is dropped. It has one second.
pub trait Suggest {
    /// Called while somebody types; the host shows at most what the platform can.
    fn suggest(bot: &mut impl Bot, query: Query) -> Result<Vec<Suggestion>>;
}
