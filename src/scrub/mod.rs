//! Takes secrets out of everything that leaves: known values in all their spellings, and tokens known by their shape.
//! One object, made at the start and handed down; a secret learnt later (a captured token) is added to it.
//! Not a permission system: what must not be read is not given in the first place.

mod forms;
mod json;
mod known;
mod shapes;
mod stream;
#[cfg(test)]
mod tests;
mod view;

pub use known::TooCommon;
pub use stream::Stream;

use known::Known;
use secrecy::SecretString;
use shapes::Shapes;
use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

/// What every marker begins with; text that begins so has been scrubbed already.
const MARK: &str = "[secret";

/// The scrubber. Cheap to clone: all clones are one, and what one learns all know.
#[derive(Clone)]
pub struct Scrub(Arc<Inner>);

struct Inner {
    shapes: Arc<Shapes>,
    known: RwLock<Arc<Known>>,
}

/// A stretch of text that must not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    /// Where what tells of it begins: the `password=` before the password.
    from: usize,
    start: usize,
    end: usize,
    /// Which known secret; `None` for a shape.
    name: Option<usize>,
    /// It may go on beyond the end of the text.
    open: bool,
}

impl Default for Scrub {
    fn default() -> Self {
        Self(Arc::new(Inner { shapes: Arc::new(Shapes::new()), known: RwLock::default() }))
    }
}

impl std::fmt::Debug for Scrub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrub({} secrets)", self.known().len())
    }
}

impl Scrub {
    /// One that knows these secrets by name, and what could not be taken in: such a value cannot be told from ordinary text.
    pub fn new(secrets: impl IntoIterator<Item = (String, SecretString)>) -> (Self, Vec<TooCommon>) {
        let scrub = Self::default();
        let refused = scrub.learn(secrets);
        (scrub, refused)
    }

    /// Learns the configuration's secrets, which are never forgotten; returns those that cannot be told from ordinary text.
    pub fn learn(&self, secrets: impl IntoIterator<Item = (String, SecretString)>) -> Vec<TooCommon> {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Known::clone(&known);
        let refused = secrets.into_iter().filter_map(|(name, value)| next.learn(&name, value).err()).collect();
        *known = Arc::new(next.built());
        refused
    }

    /// Learns a value that was captured at run time. The oldest captured ones are forgotten when there are too many.
    ///
    /// # Errors
    /// It is so short or so common that it cannot be told from ordinary text.
    pub fn capture(&self, name: &str, value: SecretString) -> Result<(), TooCommon> {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Known::clone(&known);
        next.capture(name, value)?;
        *known = Arc::new(next.built());
        Ok(())
    }

    /// The text without secrets; borrowed if there is none in it.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known();
        let spans = self.spans(&known, text);
        if spans.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(replaced(&known, text, &spans)) }
    }

    /// Scrubs a text in place.
    pub fn string(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.text(text) {
            *text = clean;
        }
    }

    /// The same for text that comes in pieces.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone())
    }

    fn known(&self) -> Arc<Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What must not leave, merged and in order.
    fn spans(&self, known: &Known, text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        known.find(text, &mut spans);
        self.0.shapes.find(text, &mut spans);
        merged(spans)
    }
}

/// Overlapping spans become one; a known name is kept.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => {
                last.end = last.end.max(span.end);
                last.from = last.from.min(span.from);
                last.name = last.name.or(span.name);
                last.open |= span.open;
            }
            _ => merged.push(span),
        }
    }
    merged
}

fn replaced(known: &Known, text: &str, spans: &[Span]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        clean.push_str(&text[from..span.start]);
        clean.push_str(&marker(known, span));
        from = span.end;
    }
    clean.push_str(&text[from..]);
    clean
}

fn marker(known: &Known, span: &Span) -> String {
    match span.name.and_then(|name| known.name(name)) {
        Some(name) => format!("{MARK} {name}]"),
        None => format!("{MARK}]"),
    }
}
