//! Server-sent events out of a stream of bytes, as the HTML standard reads them. Knows nothing of what they mean.

/// The most that one event may hold, bytes: many times what the largest message is.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// Its id, if it had one.
    pub id: Option<String>,
    /// Its kind; empty for the ordinary one.
    pub event: String,
    /// Its data, lines joined by line feeds.
    pub data: String,
}

/// An event was larger than anything a bot sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Takes bytes as they come and gives events when they are whole.
#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    event: SseEvent,
    any_data: bool,
    last_id: Option<String>,
}

impl SseParser {
    /// Takes some bytes; returns the events that they complete.
    ///
    /// # Errors
    /// An event grew beyond all bounds; the stream is not to be trusted any further.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, TooLarge> {
        let mut events = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => {
                    self.after_return = false;
                    if self.line.len() + self.event.data.len() >= MOST_BYTES {
                        return Err(TooLarge);
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(events)
    }

    /// The last id seen, also of what was no event: where to go on from after a break.
    pub fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            self.last_id = event.id.clone().or(self.last_id.take());
            // An event without data is none, whatever else it says.
            return std::mem::take(&mut self.any_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if std::mem::replace(&mut self.any_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "event" => self.event.event = value.to_owned(),
            // Comments (an empty field) keep the connection alive; `retry` is our own affair.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> Vec<SseEvent> {
        SseParser::default().push(text).unwrap()
    }

    fn event(id: Option<&str>, event: &str, data: &str) -> SseEvent {
        SseEvent { id: id.map(str::to_owned), event: event.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn reads_events_with_id_kind_and_lines_of_data() {
        let text = b": hello\n\nid: 7\nevent: item\ndata: {\"a\":1,\ndata:\"b\":2}\n\ndata\n\nid: 8\n\n";
        assert_eq!(all(text), [event(Some("7"), "item", "{\"a\":1,\n\"b\":2}"), event(None, "", "")]);
    }

    #[test]
    fn an_id_without_data_still_says_where_we_are() {
        let mut parser = SseParser::default();
        assert_eq!(parser.push(b": begin\nid: 41\nretry: 1000\n\n"), Ok(Vec::new()));
        assert_eq!(parser.last_id(), Some("41"));
        parser.push(b"data: x\n\n").unwrap();
        assert_eq!(parser.last_id(), Some("41"));
    }

    #[test]
    fn any_line_end_will_do() {
        assert_eq!(all(b"data: a\r\n\r\ndata: b\r\rdata: c\n\n").len(), 3);
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut parser = SseParser::default();
        let piece = vec![b'x'; MOST_BYTES];
        assert_eq!(parser.push(&piece), Ok(Vec::new()));
        assert_eq!(parser.push(b"x"), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_does_not_matter(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(b':')], 0..200),
            text in "(id: [0-9]\ndata: [a-zé ]{0,5}\n\n|data: x\r\n\r\n){0,5}",
            cut in 0_usize..300,
        ) {
            for whole in [bytes.as_slice(), text.as_bytes()] {
                let (a, b) = whole.split_at(cut.min(whole.len()));
                let mut parser = SseParser::default();
                let mut events = parser.push(a).unwrap();
                events.extend(parser.push(b).unwrap());
                prop_assert_eq!(events, all(whole));
            }
        }
    }
}
