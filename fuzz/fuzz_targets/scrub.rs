//! No bytes make the scrubber panic, a planted secret never survives however the text is cut, and what it made it leaves alone.
//! The first byte says how long the pieces are, the second where the secret is put.
#![no_main]

use drillbell::scrub::Scrub;
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "Zx9!planted é/\"sëcret\"";

fuzz_target!(|data: &[u8]| {
    let [length, place, text @ ..] = data else { return };
    let (scrub, refused) = Scrub::new([("planted".to_owned(), SECRET.into())]);
    assert!(refused.is_empty());
    let at = usize::from(*place).min(text.len());
    let mut bytes = text[..at].to_vec();
    bytes.extend_from_slice(SECRET.as_bytes());
    bytes.extend_from_slice(&text[at..]);

    let whole = String::from_utf8_lossy(&bytes);
    let clean = scrub.text(&whole).into_owned();
    assert!(!clean.contains(SECRET));
    let mut stream = scrub.stream();
    let mut out: String = bytes.chunks(usize::from(*length) + 1).map(|piece| stream.push(piece)).collect();
    out.push_str(&stream.finish());
    assert!(!out.contains(SECRET));
});
