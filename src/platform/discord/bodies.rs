//! What is sent to Discord for one message: serenity's builders as JSON, with the files that go along. Nobody is ever pinged by it.

use super::api::{self, File, Refused};
use super::render::{self, Drawn, WHOLE};
use crate::chart::{self, Theme};
use crate::config::limits::{DISCORD_FILE_BYTES, DISCORD_NONCE, DISCORD_PICTURES};
use crate::model::ids::MessageRef;
use crate::model::view::View;
use serde::Serialize;
use serde_json::{Value, json};
use serenity::all::{MessageFlags, Nonce};
use serenity::builder::{
    CreateAllowedMentions, CreateInteractionResponseFollowup, CreateMessage, EditInteractionResponse, EditMessage,
};
use sha2::{Digest, Sha256};

/// How large pictures are drawn: right for today's screens.
const SCALE: f32 = 2.0;

/// A message with its files, to be sent once.
pub(super) struct Body {
    drawn: Drawn,
    pub(super) files: Vec<File>,
}

/// Draws a view and its pictures. A picture that cannot be drawn is said in words.
pub(super) async fn draw(message: &MessageRef, view: &View) -> Body {
    let drawn = render::draw(message, view, DISCORD_PICTURES);
    let charts = drawn.pictures.clone();
    let pictures = match charts.is_empty() {
        true => Some(Vec::new()),
        // Drawing takes long enough to keep others waiting.
        false => tokio::task::spawn_blocking(move || {
            let picture = |chart| chart::png(chart, Theme::Dark, SCALE).ok();
            let bytes: Option<Vec<_>> = charts.iter().map(picture).collect();
            bytes.map(|bytes| bytes.into_iter().zip(charts.iter().map(ToString::to_string)).collect())
        })
        .await
        .ok()
        .flatten(),
    };
    let size = |pictures: &Vec<(Vec<u8>, String)>| pictures.iter().map(|(bytes, _)| bytes.len()).sum::<usize>();
    let whole = drawn.whole.as_ref().map_or(0, String::len);
    let (drawn, pictures) = match pictures.filter(|pictures| size(pictures) + whole < DISCORD_FILE_BYTES) {
        Some(pictures) => (drawn, pictures),
        None => (render::draw(message, view, 0), Vec::new()),
    };
    let picture = |(number, (bytes, description))| File {
        name: render::picture_name(number),
        bytes,
        kind: "image/png",
        description,
    };
    let mut files: Vec<_> = pictures.into_iter().enumerate().map(picture).collect();
    files.extend(drawn.whole.clone().map(|whole| File {
        name: WHOLE.to_owned(),
        bytes: whole.into_bytes(),
        kind: "text/plain",
        description: "the whole message".to_owned(),
    }));
    Body { drawn, files }
}

impl Body {
    /// A new message in a channel. `row` makes Discord recognise a second try: it then answers with the first message
    /// (resources/message, `create-message`).
    pub(super) fn create(&self, row: &str) -> Result<Value, Refused> {
        let builder = CreateMessage::new()
            .content(&self.drawn.content)
            .embeds(self.drawn.embeds.clone())
            .components(self.drawn.rows.clone())
            .allowed_mentions(CreateAllowedMentions::new())
            .nonce(Nonce::String(nonce(row)))
            .enforce_nonce(true);
        let mut body = self.with_files(&builder)?;
        // The builder says that there is none; Discord's own types know one to three, or nothing of them.
        if let Some(body) = body.as_object_mut() {
            body.remove("sticker_ids");
        }
        Ok(body)
    }

    /// The new content of a message: whatever it had, files included, is replaced.
    pub(super) fn edit(&self) -> Result<Value, Refused> {
        let builder = EditMessage::new()
            .content(&self.drawn.content)
            .embeds(self.drawn.embeds.clone())
            .components(self.drawn.rows.clone())
            .allowed_mentions(CreateAllowedMentions::new());
        self.with_files(&builder)
    }

    /// The first answer to an interaction, in the place that was kept for it.
    pub(super) fn original(&self) -> Result<Value, Refused> {
        let builder = EditInteractionResponse::new()
            .content(&self.drawn.content)
            .embeds(self.drawn.embeds.clone())
            .components(self.drawn.rows.clone())
            .allowed_mentions(CreateAllowedMentions::new());
        self.with_files(&builder)
    }

    /// A further answer that only the asker sees.
    pub(super) fn whisper(&self) -> Result<Value, Refused> {
        let builder = CreateInteractionResponseFollowup::new()
            .content(&self.drawn.content)
            .embeds(self.drawn.embeds.clone())
            .components(self.drawn.rows.clone())
            .allowed_mentions(CreateAllowedMentions::new())
            .flags(MessageFlags::EPHEMERAL);
        self.with_files(&builder)
    }

    fn with_files(&self, builder: &impl Serialize) -> Result<Value, Refused> {
        let cannot =
            |_| Refused::Never { status: 0, code: 0, reason: "a message cannot be written, which is a bug".to_owned() };
        let mut body = serde_json::to_value(builder).map_err(cannot)?;
        body["attachments"] = api::attachments(&self.files);
        // Of a picture that goes along only its place is known; Discord's own types know no nulls for the rest.
        for embed in body["embeds"].as_array_mut().into_iter().flatten() {
            if let Some(image) = embed.get_mut("image").and_then(Value::as_object_mut) {
                image.retain(|_, value| !value.is_null());
            }
        }
        Ok(body)
    }

    /// Whether a message of Discord's shows the same words: what it was sent is not told apart otherwise.
    pub(super) fn is_shown_by(&self, message: &Value) -> bool {
        let ours = json!({"content": self.drawn.content, "embeds": self.drawn.embeds});
        words(&ours) == words(message)
    }
}

/// The words of a message in a form that survives what Discord adds to it.
fn words(message: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut words = vec![text(&message["content"])];
    for embed in list(&message["embeds"]) {
        words.extend([text(&embed["title"]), text(&embed["description"]), text(&embed["footer"]["text"])]);
        words.extend(list(&embed["fields"]).iter().flat_map(|field| [text(&field["name"]), text(&field["value"])]));
    }
    words
}

/// The same for the same row, in as many characters as a nonce may have.
pub(super) fn nonce(row: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(row));
    digest.truncate(DISCORD_NONCE);
    digest
}
