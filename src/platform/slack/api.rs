//! The calls of Slack's Web API that the bot makes, with answers of only what it needs: what else Slack says may change.
//! Requests and blocks are slack-morphism's types. <https://docs.slack.dev/reference/methods>

use super::connector::{self, Connector};
use super::refusal::CallError;
use crate::clock::Clock;
use crate::config::limits::{SLACK_PAGE, SLACK_PAGES};
use crate::config::slack::Slack;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient};

/// Speaks with one workspace.
pub(super) struct Api {
    client: SlackClient<Connector>,
    bot: SlackApiToken,
    app: Option<SlackApiToken>,
}

/// Who the bot is. <https://docs.slack.dev/reference/methods/auth.test>
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Myself {
    pub(super) user_id: String,
    #[serde(default)]
    pub(super) user: String,
    #[serde(default)]
    pub(super) team: String,
    /// Where the workspace is in a browser.
    #[serde(default)]
    pub(super) url: String,
    /// The workspace that the token is of; the organisation, if the app is installed for one.
    #[serde(default)]
    pub(super) team_id: String,
    #[serde(default)]
    pub(super) enterprise_id: Option<String>,
    #[serde(default)]
    pub(super) is_enterprise_install: bool,
    #[serde(default)]
    pub(super) bot_id: Option<String>,
}

/// A page of the organisation's workspaces.
#[derive(Debug, Deserialize)]
struct Teams {
    #[serde(default)]
    teams: Vec<OneTeam>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Debug, Deserialize)]
struct OneTeam {
    id: String,
}

/// A channel as lists have it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Channel {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) is_member: bool,
    #[serde(default)]
    pub(super) is_archived: bool,
    /// Who made it, and when, seconds since the epoch.
    #[serde(default)]
    pub(super) creator: String,
    #[serde(default)]
    pub(super) created: u64,
}

/// A message of a history, as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Past {
    pub(super) ts: String,
    pub(super) thread_ts: Option<String>,
    pub(super) text: Option<String>,
    pub(super) metadata: Value,
}

#[derive(Deserialize)]
struct Channels {
    #[serde(default)]
    channels: Vec<Channel>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Debug, Default, Deserialize)]
struct Cursor {
    #[serde(default)]
    next_cursor: String,
}

#[derive(Deserialize)]
struct OneChannel {
    channel: Channel,
}

#[derive(Deserialize)]
struct History {
    #[serde(default)]
    messages: Vec<Past>,
}

#[derive(Deserialize)]
struct Users {
    #[serde(default)]
    users: Vec<String>,
}

#[derive(Deserialize)]
struct Opened {
    url: String,
}

#[derive(Deserialize)]
struct Posted {
    #[serde(default)]
    ts: String,
    #[serde(default)]
    channel: String,
}

#[derive(Deserialize)]
struct Place {
    upload_url: String,
    file_id: String,
}

/// Nothing that matters.
#[derive(Deserialize)]
struct Done {}

impl Api {
    /// Connects to nothing.
    pub(super) fn new(config: &Slack, clock: &Clock) -> Result<Self, reqwest::Error> {
        let token = |text: &str| SlackApiToken::new(SlackApiTokenValue(text.to_owned()));
        Ok(Self {
            client: SlackClient::new(Connector::new(&config.api_url, clock)?),
            bot: token(config.bot_token.expose()),
            app: config.app_token.as_ref().map(|app| token(app.expose())),
        })
    }

    async fn post<RQ: Serialize + Send + Sync, RS: DeserializeOwned + Send>(
        &self,
        method: &str,
        request: &RQ,
    ) -> Result<RS, CallError> {
        let session = self.client.open_session(&self.bot);
        session.http_session_api.http_post(method, request, None).await.map_err(CallError::from)
    }

    async fn get<RS: DeserializeOwned + Send>(&self, method: &str, query: &[(&str, &str)]) -> Result<RS, CallError> {
        let session = self.client.open_session(&self.bot);
        let query: Vec<(&str, Option<&str>)> = query.iter().map(|(name, value)| (*name, Some(*value))).collect();
        session.http_session_api.http_get(method, &query, None).await.map_err(CallError::from)
    }

    /// Who the bot is.
    pub(super) async fn myself(&self) -> Result<Myself, CallError> {
        self.post("auth.test", &json!({})).await
    }

    /// Every workspace of our organisation in which the app is approved. <https://docs.slack.dev/reference/methods/auth.teams.list>
    pub(super) async fn teams(&self) -> Result<Vec<String>, CallError> {
        let (mut teams, mut cursor) = (Vec::new(), String::new());
        for _ in 0..SLACK_PAGES {
            let page: Teams = self.post("auth.teams.list", &json!({"limit": SLACK_PAGE, "cursor": cursor})).await?;
            teams.extend(page.teams.into_iter().map(|team| team.id));
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                break;
            }
        }
        Ok(teams)
    }

    /// The same with the scopes that the token has, as Slack tells them in a header of every answer.
    pub(super) async fn scopes(&self) -> Result<Vec<String>, CallError> {
        let connector = &self.client.http_api.connector;
        let request = connector.http().post(connector.url("auth.test")).bearer_auth(&self.bot.token_value.0);
        let response = request.send().await.map_err(connector::broken)?;
        let scopes = response.headers().get("x-oauth-scopes").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(scopes.split(',').map(|scope| scope.trim().to_owned()).filter(|scope| !scope.is_empty()).collect())
    }

    /// Where a socket may be opened, once.
    pub(super) async fn socket_url(&self) -> Result<String, CallError> {
        let Some(app) = &self.app else {
            return Err(CallError::Refused { code: "no app_token is configured".to_owned(), detail: None });
        };
        let session = self.client.open_session(app);
        let opened = session.http_session_api.http_post("apps.connections.open", &json!({}), None).await;
        let opened: Opened = opened.map_err(|error| CallError::from(error).by_app_token())?;
        Ok(opened.url)
    }

    /// Posts a message; its `ts` and the channel that it is really in.
    pub(super) async fn post_message<RQ: Serialize + Send + Sync>(
        &self,
        message: &RQ,
    ) -> Result<(String, String), CallError> {
        let posted: Posted = self.post("chat.postMessage", message).await?;
        Ok((posted.channel, posted.ts))
    }

    /// Replaces a message.
    pub(super) async fn update<RQ: Serialize + Send + Sync>(&self, message: &RQ) -> Result<(), CallError> {
        self.post::<_, Done>("chat.update", message).await.map(drop)
    }

    /// Posts what only one person sees.
    pub(super) async fn post_ephemeral<RQ: Serialize + Send + Sync>(&self, message: &RQ) -> Result<(), CallError> {
        self.post::<_, Done>("chat.postEphemeral", message).await.map(drop)
    }

    /// Answers by a `response_url`, which is a secret and no method.
    pub(super) async fn respond<RQ: Serialize + Send + Sync>(&self, url: &str, message: &RQ) -> Result<(), CallError> {
        let connector = &self.client.http_api.connector;
        let body = serde_json::to_vec(message).map_err(|error| CallError::broken(error.to_string(), false))?;
        let request = connector.http().post(url).header("content-type", "application/json; charset=utf-8").body(body);
        let response = request.send().await.map_err(connector::broken)?;
        let (status, wait) = (response.status(), connector.wait(response.headers()));
        let body = connector::read(response).await?;
        if status == reqwest::StatusCode::TOO_MANY_REQUESTS {
            return Err(CallError::Busy { after: wait });
        }
        if status.is_server_error() {
            return Err(CallError::broken(format!("HTTP {}", status.as_u16()), true));
        }
        // `ok` as plain text, or JSON that says why not.
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        let refused = said.as_ref().is_some_and(|said| said["ok"] == false);
        if status.is_success() && !refused {
            return Ok(());
        }
        let code = said.as_ref().and_then(|said| said["error"].as_str()).unwrap_or("the way back has expired");
        Err(CallError::Refused { code: code.chars().take(60).collect(), detail: None })
    }

    /// Opens a modal for whoever has just clicked.
    pub(super) async fn open_view<V: Serialize + Send + Sync>(&self, trigger: &str, view: &V) -> Result<(), CallError> {
        self.post::<_, Done>("views.open", &json!({"trigger_id": trigger, "view": view})).await.map(drop)
    }

    /// Adds a reaction; one that is there already is there.
    pub(super) async fn react(&self, channel: &str, ts: &str, emoji: &str) -> Result<(), CallError> {
        let request = json!({"channel": channel, "timestamp": ts, "name": emoji});
        done("already_reacted", self.post::<_, Done>("reactions.add", &request).await.map(drop))
    }

    /// Pins a message or takes its pin off; what is so already stays so.
    pub(super) async fn pin(&self, channel: &str, ts: &str, pinned: bool) -> Result<(), CallError> {
        let request = json!({"channel": channel, "timestamp": ts});
        if pinned {
            return done("already_pinned", self.post::<_, Done>("pins.add", &request).await.map(drop));
        }
        // Slack has two words for it.
        done("no_pin", done("not_pinned", self.post::<_, Done>("pins.remove", &request).await.map(drop)))
    }

    /// The direct conversation with a person.
    pub(super) async fn direct(&self, user: &str) -> Result<String, CallError> {
        let opened: OneChannel = self.post("conversations.open", &json!({"users": user})).await?;
        Ok(opened.channel.id)
    }

    /// A page of channels that are not archived, and where the next one begins.
    pub(super) async fn channels(&self, cursor: &str, page: u16) -> Result<(Vec<Channel>, String), CallError> {
        let page = page.to_string();
        let mut query =
            vec![("types", "public_channel,private_channel"), ("exclude_archived", "true"), ("limit", page.as_str())];
        if !cursor.is_empty() {
            query.push(("cursor", cursor));
        }
        let page: Channels = self.get("conversations.list", &query).await?;
        Ok((page.channels, page.response_metadata.next_cursor))
    }

    /// Becomes a member of a public channel.
    pub(super) async fn join(&self, id: &str) -> Result<(), CallError> {
        self.post::<_, Done>("conversations.join", &json!({"channel": id})).await.map(drop)
    }

    /// Makes a public channel.
    pub(super) async fn create(&self, name: &str) -> Result<Channel, CallError> {
        let one: OneChannel = self.post("conversations.create", &json!({"name": name})).await?;
        Ok(one.channel)
    }

    /// Brings people into a channel; those who are in it stay.
    pub(super) async fn invite(&self, channel: &str, users: &[String]) -> Result<(), CallError> {
        let request = json!({"channel": channel, "users": users.join(","), "force": true});
        let invited = self.post::<_, Done>("conversations.invite", &request).await.map(drop);
        done("cant_invite_self", done("already_in_channel", invited))
    }

    /// Sets what stands at a channel's head.
    pub(super) async fn set_topic(&self, channel: &str, topic: &str) -> Result<(), CallError> {
        self.post::<_, Done>("conversations.setTopic", &json!({"channel": channel, "topic": topic})).await.map(drop)
    }

    /// Makes a channel read-only, or opens it again; one that is so already is so.
    pub(super) async fn archive(&self, channel: &str, archived: bool) -> Result<(), CallError> {
        let (method, already) = match archived {
            true => ("conversations.archive", "already_archived"),
            false => ("conversations.unarchive", "not_archived"),
        };
        done(already, self.post::<_, Done>(method, &json!({"channel": channel})).await.map(drop))
    }

    /// What was said in a conversation since a moment (`ts`), or under one of its messages, the newest first.
    pub(super) async fn history(
        &self,
        channel: &str,
        thread: Option<&str>,
        oldest: &str,
        limit: u16,
    ) -> Result<Vec<Past>, CallError> {
        let limit = limit.to_string();
        let mut query = vec![
            ("channel", channel),
            ("oldest", oldest),
            ("inclusive", "true"),
            ("include_all_metadata", "true"),
            ("limit", limit.as_str()),
        ];
        let method = match thread {
            Some(ts) => {
                query.push(("ts", ts));
                "conversations.replies"
            }
            None => "conversations.history",
        };
        Ok(self.get::<History>(method, &query).await?.messages)
    }

    /// One message, of a channel itself or of a thread there; `None` if it is not there any more.
    pub(super) async fn message(&self, channel: &str, ts: &str) -> Result<Option<Past>, CallError> {
        let is_it = |message: &Past| message.ts == ts;
        let query = [("channel", channel), ("latest", ts), ("inclusive", "true"), ("limit", "1")];
        let past = self.get::<History>("conversations.history", &query).await?.messages;
        if let Some(found) = past.into_iter().find(is_it) {
            return Ok(Some(found));
        }
        // The first message of a thread may come along.
        Ok(self.history(channel, Some(ts), ts, 2).await?.into_iter().find(is_it))
    }

    /// Who is in a user group.
    pub(super) async fn group(&self, id: &str) -> Result<Vec<String>, CallError> {
        Ok(self.get::<Users>("usergroups.users.list", &[("usergroup", id)]).await?.users)
    }

    /// Puts a file into a conversation, or under a message of it.
    pub(super) async fn upload(
        &self,
        channel: &str,
        thread: Option<&str>,
        name: &str,
        title: &str,
        bytes: Vec<u8>,
    ) -> Result<(), CallError> {
        let length = bytes.len().to_string();
        let place: Place =
            self.get("files.getUploadURLExternal", &[("filename", name), ("length", length.as_str())]).await?;
        let http = self.client.http_api.connector.http();
        let put = http.post(&place.upload_url).header("content-type", "application/octet-stream").body(bytes);
        let answer = put.send().await.map_err(connector::broken)?;
        if !answer.status().is_success() {
            return Err(CallError::broken(format!("the upload answered HTTP {}", answer.status().as_u16()), false));
        }
        let files = json!([{"id": place.file_id, "title": title}]);
        let mut request = json!({"files": files, "channel_id": channel});
        if let Some(thread) = thread {
            request["thread_ts"] = json!(thread);
        }
        self.post::<_, Done>("files.completeUploadExternal", &request).await.map(drop)
    }
}

/// A refusal that says that it is done already is none.
fn done(already: &str, result: Result<(), CallError>) -> Result<(), CallError> {
    match result {
        Err(CallError::Refused { code, .. }) if code == already => Ok(()),
        other => other,
    }
}
