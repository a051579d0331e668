//! A reader of server-sent events, as plain as can be.

use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;

/// An open stream.
pub struct Events {
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    text: String,
    /// The last id seen, as a browser keeps it.
    pub last_id: String,
}

impl Events {
    /// Reads what a request is answered with.
    pub async fn open(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let bytes = answer.bytes_stream().map(|chunk| chunk.map(Vec::from)).boxed();
        Self { bytes, text: String::new(), last_id: String::new() }
    }

    /// The next event's data; `None` when the stream ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let (mut data, mut id) = (String::new(), None);
                for line in event.lines() {
                    match line.split_once(':') {
                        Some(("data", text)) => data.push_str(text.trim_start()),
                        Some(("id", text)) => id = Some(text.trim_start().to_owned()),
                        _ => {}
                    }
                }
                let rest = rest.to_owned();
                self.text = rest;
                if let Some(id) = id {
                    self.last_id = id;
                }
                if !data.is_empty() {
                    return Some(serde_json::from_str(&data).unwrap());
                }
            }
            let chunk = self.bytes.next().await?.ok()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Reads until the first block, which only carries an id.
    pub async fn begin(&mut self) {
        while self.last_id.is_empty() {
            let chunk = self.bytes.next().await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            let (first, rest) = self.text.split_once("\n\n").unwrap();
            self.last_id = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
            self.text = rest.to_owned();
        }
    }
}
