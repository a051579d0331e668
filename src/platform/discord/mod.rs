//! Discord as a chat platform. `outbound` says things, `inbound` hears them, `gateway` and `ingress` are the two ways by which they
//! come in, `api` is the way out; how a view looks is `render`'s and `rows`'.

mod answers;
mod api;
mod bodies;
mod channels;
mod check;
mod connection;
mod emoji;
mod forms;
mod gateway;
mod inbound;
mod ingress;
mod line;
mod members;
mod outbound;
mod places;
mod publish;
mod register;
mod render;
mod rows;
mod session;
mod snowflake;
mod spoken;
mod text;
mod wire;

pub use check::check;

use super::door::Door;
use super::{Chat, DeliverError, Inbound, Platform, Request};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::discord::DiscordMode;
use crate::config::limits::{DISCORD_CALLBACK_TIME, DISCORD_IN_HAND};
use crate::config::people::People;
use crate::config::secret::Secret;
use crate::model::ids::PersonId;
use crate::telemetry::Link;
use answers::Answers;
use api::{Api, Call, Refused};
use channels::Channels;
use ed25519_dalek::VerifyingKey;
use futures::FutureExt;
use futures::future::BoxFuture;
use inbound::{DISCORD, Ears};
use members::Members;
use outbound::Outbound;
use reqwest::Method;
use serde_json::Value;
use session::Hand;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::Interaction;

/// How soon a first answer that did not get through is given again.
const AGAIN: Duration = Duration::from_millis(150);
const NOT_TOLD: &str = "Discord could not be told in time that an interaction was heard";
/// `Interaction has already been acknowledged` (topics/opcodes-and-status-codes): by an earlier try of ours.
const ANSWERED: u64 = 40060;

/// What bytes of Discord's would be read as, with the bot's own commands declared: the line of a command, or of one that is being
/// typed; for everything else nothing, once all of it was looked at. For the fuzzer.
pub fn reading(bytes: &[u8]) -> Option<String> {
    let interaction: Interaction = serde_json::from_slice(bytes).ok()?;
    let (channels, commands) = (Channels::default(), crate::router::host_commands());
    let who = interaction.who()?;
    channels.conversation(&interaction.place(), &who.id);
    rows::ComponentId::read(&interaction.data.custom_id);
    interaction.data.values.iter().for_each(|value| drop(rows::More::read(value)));
    wire::entered(&interaction.data.components);
    let line = line::line(&interaction.data, &commands, &channels).ok();
    line::typing(&interaction.data, &commands, &channels).or(line)
}

/// Discord, both sides of it.
pub struct Discord {
    mode: DiscordMode,
    token: Secret,
    application: String,
    guild: String,
    key: Option<VerifyingKey>,
    api: Arc<Api>,
    channels: Arc<Channels>,
    answers: Arc<Answers>,
    members: Arc<Members>,
    people: People,
    link: Link,
    ears: Ears,
    outbound: Outbound,
    places: Arc<Semaphore>,
    clock: Clock,
}

impl Discord {
    /// The platform of `[chat.discord]`; `None` without that section.
    ///
    /// # Errors
    /// The HTTP client cannot be set up, or the public key is none; the sentence says which.
    pub fn configured(config: &Config, clock: &Clock) -> Result<Option<Chat>, String> {
        let Some(discord) = Self::new(config, clock)? else { return Ok(None) };
        let discord = Arc::new(discord);
        Ok(Some(Chat { platform: discord.clone(), inbound: discord }))
    }

    fn new(config: &Config, clock: &Clock) -> Result<Option<Self>, String> {
        let Some(settings) = &config.discord else { return Ok(None) };
        let key = settings.public_key.map(|key| VerifyingKey::from_bytes(&key)).transpose();
        let key = key.map_err(|_| "chat.discord.public_key is no Ed25519 key; copy it anew".to_owned())?;
        let api = Arc::new(Api::new(settings, clock.clone())?);
        let channels = Arc::new(Channels::new(config, &settings.guild_id));
        let answers = Arc::new(Answers::default());
        let members = Arc::new(Members::default());
        let (application, guild) = (settings.application_id.clone(), settings.guild_id.clone());
        Ok(Some(Self {
            mode: settings.mode,
            token: settings.token.clone(),
            ears: Ears {
                guild: guild.clone(),
                application: application.clone(),
                channels: channels.clone(),
                answers: answers.clone(),
                members: members.clone(),
                api: api.clone(),
                reads: settings.message_content,
                clock: clock.clone(),
            },
            outbound: Outbound {
                api: api.clone(),
                channels: channels.clone(),
                answers: answers.clone(),
                people: config.people.clone(),
                guild: guild.clone(),
                application: application.clone(),
                clock: clock.clone(),
            },
            people: config.people.clone(),
            members,
            link: Link::new(DISCORD, clock.clone()),
            places: Arc::new(Semaphore::new(DISCORD_IN_HAND)),
            clock: clock.clone(),
            application,
            guild,
            key,
            api,
            channels,
            answers,
        }))
    }

    /// Takes an interaction in hand: stores it and gives the first answer, beside all others. One that panics takes nobody with it.
    async fn take(self: Arc<Self>, door: Door, interaction: Interaction, hand: Hand) {
        let came = Instant::now();
        // Never closed; if it were, an interaction too many is better than one too few.
        let place = self.places.clone().acquire_owned().await.ok();
        tokio::spawn(async move {
            let (id, token) = (interaction.id.clone(), interaction.token.clone());
            let _told = Told(self.answers.clone(), id.clone());
            if let Some(answer) = self.ears.hear(&door, interaction).await {
                self.call_back(&id, &token, answer, came + DISCORD_CALLBACK_TIME).await;
            }
            drop((hand, place));
        });
    }

    /// Gives the first answer, as often as there is time for it (interactions/receiving-and-responding,
    /// `create-interaction-response`).
    async fn call_back(&self, id: &str, token: &str, answer: Value, until: Instant) {
        loop {
            let path = format!("interactions/{id}/{token}/callback");
            let call = Call::new(Method::POST, path, format!("interactions/{id}")).interaction().json(answer.clone());
            match tokio::time::timeout_at(until, self.api.send(call)).await {
                Ok(Ok(_)) => return,
                Ok(Err(refused)) if refused.code() == ANSWERED => return,
                Ok(Err(Refused::Never { reason, .. } | Refused::Token { reason })) => {
                    tracing::warn!(error = %reason, "Discord does not take the first answer to an interaction");
                    return self.answers.dead(id);
                }
                Ok(Err(Refused::Later { reason, after })) => {
                    let wait = after.unwrap_or(AGAIN).max(AGAIN);
                    if Instant::now() + wait >= until {
                        tracing::warn!(error = %reason, ?wait, "{NOT_TOLD}");
                        return self.answers.dead(id);
                    }
                    tokio::time::sleep(wait).await;
                }
                // It may have arrived all the same.
                Err(_) => return tracing::warn!("{NOT_TOLD}"),
            }
        }
    }
}

/// Whatever happens, the answers to an interaction do not wait longer than its first one took.
struct Told(Arc<Answers>, String);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.told(&self.1);
    }
}

impl Platform for Discord {
    fn name(&self) -> &str {
        DISCORD
    }

    fn deliver<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Option<String>, DeliverError>> {
        self.outbound.deliver(request).boxed()
    }
}

impl Inbound for Discord {
    fn link(&self) -> &Link {
        &self.link
    }

    fn test(&self) -> Option<BoxFuture<'_, Result<(), String>>> {
        let test = async {
            let asked = Call::new(Method::GET, "applications/@me", "applications/@me");
            match self.api.send(asked).await {
                Ok(_) => Ok(()),
                // It answered, and takes more in a moment.
                Err(Refused::Later { after: Some(_), .. }) => Ok(()),
                Err(Refused::Later { reason, .. } | Refused::Token { reason } | Refused::Never { reason, .. }) => {
                    Err(reason)
                }
            }
        };
        Some(test.boxed())
    }

    fn in_group(&self, group: &str, person: &PersonId) -> bool {
        self.members.has(&self.people, group, person)
    }

    fn run(self: Arc<Self>, door: Door, stop: CancellationToken) -> BoxFuture<'static, ()> {
        match self.mode {
            DiscordMode::Gateway => gateway::run(self, door, stop).boxed(),
            DiscordMode::Http => ingress::run(self, door, stop).boxed(),
        }
    }

    fn routes(self: Arc<Self>, door: Door) -> Option<axum::Router> {
        let key = self.key.filter(|_| self.mode == DiscordMode::Http)?;
        Some(ingress::routes(self, key, door))
    }
}
