//! Tells Discord which commands there are, until it has taken them; and says which channels the configuration names in vain.

use super::Discord;
use super::api::{Call, Refused};
use super::register::registration;
use crate::config::limits::DISCORD_FIRST_LOOK;
use crate::platform::door::Door;
use crate::platform::socket::Reconnect;
use reqwest::Method;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Begins to tell; nobody waits for it. A server's commands are known there at once (application-commands,
/// `bulk-overwrite-guild-application-commands`), and telling the same again changes nothing.
pub(super) fn publish(discord: &Arc<Discord>, door: &Door, stop: &CancellationToken) {
    let (discord, door, stop) = (discord.clone(), door.clone(), stop.clone());
    tokio::spawn(async move {
        let mut again = Reconnect::default();
        while let Err(wait) = tell(&discord, &door).await {
            tokio::select! {
                () = tokio::time::sleep(again.wait(Instant::now()).max(wait)) => {}
                () = stop.cancelled() => return,
            }
        }
    });
}

/// Begins to read the channels, until they are read: without their names a thread is called by its parent's id. Waits for the first
/// try, since what is heard before it would be called so; not for longer, since people wait for what is heard.
pub(super) async fn look(discord: &Arc<Discord>, stop: &CancellationToken) {
    let (discord, stop) = (discord.clone(), stop.clone());
    let (tried, first) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut again, mut tried) = (Reconnect::default(), Some(tried));
        loop {
            let read = discord.channels.refresh(&discord.api).await;
            // Nobody may wait any more.
            drop(tried.take());
            if read.is_ok() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(again.wait(Instant::now())) => {}
                () = stop.cancelled() => return,
            }
        }
        for name in discord.channels.missing() {
            tracing::warn!("the configuration names discord:{name}, which is not there or cannot be seen by the bot");
        }
    });
    // It is dropped, never sent.
    let _ = tokio::time::timeout(DISCORD_FIRST_LOOK, first).await;
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
        Err(Refused::Token { reason }) => {
            tracing::warn!(error = %reason, "Discord cannot be told the commands; trying again");
            Err(std::time::Duration::ZERO)
        }
        Err(Refused::Never { reason, .. }) => {
            tracing::error!(error = %reason, "Discord does not take the commands; those that it had stay");
            Ok(())
        }
    }
}
