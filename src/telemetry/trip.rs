//! Round trips over the line to a chat platform: what the bot asks and the platform answers. One goes over the socket by which it
//! hears, one to the API by which it speaks; of a platform that does not answer the second, nothing that is said there arrives.

use std::time::Duration;

/// By which way a round trip went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The socket by which the bot hears.
    Line,
    /// The API by which it speaks.
    Api,
}

impl Way {
    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Api => "api",
        }
    }
}

/// The last round trips.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trips {
    /// Over the socket; none where there is no socket.
    pub line: Option<Trip>,
    /// To the API.
    pub api: Option<Trip>,
    /// The API does not answer as it should, since when and why.
    pub mute: Option<(i64, String)>,
}

/// One that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// When the answer came, milliseconds since the epoch.
    pub at_ms: i64,
    /// How long it took.
    pub took: Duration,
}

impl Trips {
    /// One more was answered.
    pub(super) fn answered(&mut self, way: Way, trip: Trip) {
        match way {
            Way::Line => self.line = Some(trip),
            Way::Api => (self.api, self.mute) = (Some(trip), None),
        }
    }

    /// The API was asked in vain; whether that is news.
    pub(super) fn failed(&mut self, now_ms: i64, why: &str) -> bool {
        let since_ms = self.mute.as_ref().map(|(since_ms, _)| *since_ms);
        self.mute = Some((since_ms.unwrap_or(now_ms), why.to_owned()));
        since_ms.is_none()
    }

    /// In words, to stand behind how the line is; empty if nothing is known.
    pub(super) fn in_words(&self) -> String {
        let one = |what: &str, trip: &Trip| format!("its {what} answers in {} ms", trip.took.as_millis());
        let answered = [("socket", &self.line), ("API", &self.api)];
        let mut words: Vec<_> =
            answered.iter().filter_map(|(what, trip)| trip.as_ref().map(|trip| one(what, trip))).collect();
        if let Some((since_ms, why)) = &self.mute {
            words.retain(|word| !word.contains("API"));
            words.push(format!("takes nothing that is said since {}: {why}", crate::clock::rfc3339(*since_ms)));
        }
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_said_and_a_platform_that_takes_nothing_is_mute_since_the_first_time() {
        let mut trips = Trips::default();
        assert_eq!(trips.in_words(), "");
        let trip = |at_ms, ms| Trip { at_ms, took: Duration::from_millis(ms) };
        trips.answered(Way::Line, trip(1, 12));
        trips.answered(Way::Api, trip(2, 35));
        assert_eq!(trips.in_words(), "its socket answers in 12 ms, its API answers in 35 ms");
        assert!(trips.failed(3, "HTTP 502") && !trips.failed(4, "HTTP 503"));
        assert_eq!(
            trips.in_words(),
            "its socket answers in 12 ms, takes nothing that is said since 1970-01-01T00:00:00.003Z: HTTP 503"
        );
        trips.answered(Way::Api, trip(5, 36));
        assert_eq!(trips.in_words(), "its socket answers in 12 ms, its API answers in 36 ms");
    }
}
