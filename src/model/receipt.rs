//! The receipt of a call: every request a plugin made of the host, with destination, size, time and whether it was denied.

use serde::{Deserialize, Serialize};

/// What a plugin asked of the host in one call, in first-asked order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The requests, those of the same function, destination and answer counted together.
    pub requests: Vec<HostRequest>,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostRequest {
    /// `kv.get`, `effects.post`, …
    pub function: String,
    /// What it was about: a conversation, an incident, a key's first segment; empty where there is no destination.
    pub destination: String,
    /// How often.
    pub count: u64,
    /// Bytes that crossed, both ways.
    pub bytes: u64,
    /// Time spent in the host, microseconds.
    pub duration_us: u64,
    /// It was refused for want of a grant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub denied: bool,
}

impl Receipt {
    /// Adds a request, counting it with its like.
    pub fn add(&mut self, function: &str, destination: &str, bytes: u64, duration_us: u64, denied: bool) {
        let known = self
            .requests
            .iter_mut()
            .find(|r| r.function == function && r.destination == destination && r.denied == denied);
        match known {
            Some(request) => {
                request.count += 1;
                request.bytes += bytes;
                request.duration_us += duration_us;
            }
            None => self.requests.push(HostRequest {
                function: function.to_owned(),
                destination: destination.to_owned(),
                count: 1,
                bytes,
                duration_us,
                denied,
            }),
        }
    }
}
