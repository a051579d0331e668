//! How the lines to chat platforms are, as numbers.

use super::{ByPlatform, Metrics};
use crate::telemetry::trip::{Trips, Way};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// By platform.
#[derive(Debug, Default)]
pub(super) struct Links {
    up: Family<ByPlatform, Gauge>,
    mute: Family<ByPlatform, Gauge>,
    round_trips: Family<ByWay, Gauge<f64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByWay {
    platform: String,
    way: &'static str,
}

impl Links {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("chat_link_up", "Whether the line to a chat platform is up", self.up.clone());
        registry.register("chat_mute", "Whether a chat platform takes nothing that is said there", self.mute.clone());
        let help = "The last round trip to a chat platform, by way: its line or its API";
        registry.register_with_unit("chat_round_trip", help, Unit::Seconds, self.round_trips.clone());
    }
}

impl Metrics {
    /// Whether the line to a platform is up.
    pub fn link(&self, platform: &str, is_up: bool) {
        self.0.links.up.get_or_create(&ByPlatform { platform: platform.to_owned() }).set(i64::from(is_up));
    }

    /// How the last round trips to a platform went.
    pub fn round_trips(&self, platform: &str, trips: &Trips) {
        let by = ByPlatform { platform: platform.to_owned() };
        self.0.links.mute.get_or_create(&by).set(i64::from(trips.mute.is_some()));
        for (way, trip) in [(Way::Line, &trips.line), (Way::Api, &trips.api)] {
            if let Some(trip) = trip {
                let by = ByWay { platform: platform.to_owned(), way: way.as_str() };
                self.0.links.round_trips.get_or_create(&by).set(trip.took.as_secs_f64());
            }
        }
    }
}
