//! A chat platform that has been deaf or mute for a while, and that is well again: said where people still read, because there they
//! do not.

use super::{House, say};
use crate::clock::rfc3339;
use crate::model::effect::Effect;
use crate::model::event::{Delivery, Event};
use crate::model::ids::{self, ConversationId, MessageRef};
use crate::model::view::{Block, Tone, View};
use crate::store::{Commit, StoreError};
use crate::telemetry::{Link, Trip};
use serde::Deserialize;
use serde_json::{Value, json};

/// The timer's name when a platform has been deaf or mute for a while.
pub const LINK_LOST: &str = "link-lost";
/// When it is well again.
pub const LINK_BACK: &str = "link-back";

/// What is known of the line.
#[derive(Deserialize)]
struct Lost {
    platform: String,
    /// It hears; what is said there does not arrive.
    #[serde(default)]
    mute: bool,
    since_ms: i64,
    reason: String,
}

impl House {
    /// Says it in the operators' channel, or in the one beside it where that is on the deaf platform.
    pub(super) async fn link_trouble(&self, delivery: &Delivery, commit: &mut Commit) -> Result<(), StoreError> {
        let Event::TimerElapsed(timer) = &delivery.event else { return Ok(()) };
        let Ok(lost) = serde_json::from_str::<Lost>(&timer.payload) else { return Ok(()) };
        commit.audit.detail["platform"] = lost.platform.clone().into();
        let waiting = self.store.outbox_backlog().await?;
        let waiting =
            waiting.iter().find(|(platform, ..)| *platform == lost.platform).map_or(0, |(_, count, _)| *count);
        let view = match timer.name.as_str() {
            LINK_LOST => deaf(&lost, waiting),
            _ => heard(&lost, waiting),
        };
        for to in self.elsewhere(&lost.platform) {
            commit.effects.push(Effect::PostMessage {
                message: MessageRef::new(ids::fresh()),
                to,
                view: view.clone(),
                private_to: None,
                reply: false,
            });
        }
        Ok(())
    }

    /// Where operators read although a platform is deaf.
    fn elsewhere(&self, platform: &str) -> Vec<ConversationId> {
        let about = &self.about;
        let all = about.ops.iter().chain(&about.ops_elsewhere);
        all.filter(|to| to.platform() != platform).take(1).cloned().collect()
    }
}

/// How a line is, as data.
pub(super) fn data(link: &Link) -> Value {
    let (state, trips, trouble) = (link.state(), link.trips(), link.trouble());
    let ms = |trip: Option<Trip>| trip.map(|trip| trip.took.as_secs_f64() * 1000.0);
    json!({
        "platform": link.platform(), "up": state.is_well(), "mute": trouble.is_some_and(|trouble| trouble.mute),
        "state": link.in_words(), "line_round_trip_ms": ms(trips.line), "api_round_trip_ms": ms(trips.api),
    })
}

fn deaf(lost: &Lost, waiting: i64) -> View {
    let platform = say::platform(&lost.platform);
    let (how, what) = match lost.mute {
        true => ("mute", "takes nothing that this bot says: what is typed there is done, and not answered"),
        false => ("deaf", "does not reach this bot: commands and clicks there go unheard"),
    };
    let mut view = View::text(format!(
        "{platform} {what}. It is tried again and again; what people need now they can type here, in the web console or with \
         `drillbell run`."
    ));
    view.title = format!("{platform} is {how}");
    view.tone = Tone::Critical;
    view.blocks.push(Block::Time { name: "since".to_owned(), at_ms: lost.since_ms });
    view.blocks.push(Block::Field { name: "why".to_owned(), value: lost.reason.clone() });
    if waiting > 0 {
        view.blocks.push(Block::Field { name: "messages that wait for it".to_owned(), value: waiting.to_string() });
    }
    view
}

fn heard(lost: &Lost, waiting: i64) -> View {
    let platform = say::platform(&lost.platform);
    let since = rfc3339(lost.since_ms);
    let still = match waiting {
        0 => "No message waits for it any more.".to_owned(),
        1 => "1 message that waited is delivered now.".to_owned(),
        n => format!("{n} messages that waited are delivered now."),
    };
    let what = match lost.mute {
        true => "takes again what this bot says; it was mute",
        false => "reaches this bot again; it was deaf",
    };
    View::text(format!("{platform} {what} since {since}. {still}")).toned(Tone::Good)
}
