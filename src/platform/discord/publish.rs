//! Tells Discord which commands there are, until it has taken them; and says which channels the configuration names in vain.

use super::Discord;
use super::api::{Call, Refused};
use super::register::registration;
use crate::platform::door::Door;
use crate::platform::socket::Reconnect;
use reqwest::Method;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Begins to tell; nobody waits for it. A server's commands are known there at once (application-commands,
/// `bulk-overwrite-guild-application-commands`), and telling the same again changes nothing.
pub(super) fn publish(discord: &Arc<Discord>, door: &Door, stop: &CancellationToken) {
    let (discord, door, stop) = (discord.clone(), door.clone(), stop.clone());
    tokio::spawn(async move {
        let mut again = Reconnect::default();
        while let Err(wait) = tell(&discord, &door).await {
            tokio::select! {
                () = tokio::time::sleep(again.wait().max(wait)) => {}
                () = stop.cancelled() => return,
            }
        }
        if discord.channels.refresh(&discord.api).await.is_ok() {
            for name in discord.channels.missing() {
                tracing::warn!(
                    "the configuration names discord:{name}, which is not there or cannot be seen by the bot"
                );
            }
        }
    });
}

/// Once; the error is how long Discord wants to be left alone.
async fn tell(discord: &Discord, door: &Door) -> Result<(), std::time::Duration> {
    let registration = registration(&door.commands());
    for lost in &registration.left_out {
        tracing::warn!("{lost} finds no room among Discord's commands and can be used elsewhere only");
    }
    let body = match registration.body() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(error = %error, "the commands cannot be written for Discord, which is a bug");
            return Ok(());
        }
    };
    let path = format!("applications/{}/guilds/{}/commands", discord.application, discord.guild);
    match discord.api.send(Call::new(Method::PUT, path.clone(), path).json(body)).await {
        Ok(_) => {
            tracing::info!(commands = registration.commands.len(), "Discord knows the commands");
            Ok(())
        }
        Err(Refused::Later { reason, after }) => {
            tracing::warn!(error = %reason, "Discord cannot be told the commands; trying again");
            Err(after.unwrap_or_default())
        }
        Err(Refused::Never { reason, .. }) => {
            tracing::error!(error = %reason, "Discord does not take the commands; those that it had stay");
            Ok(())
        }
    }
}
