//! Copies as people read them; sizes, counts and spans are the SDK's words.

pub use drillbell_sdk::words::{bytes, number, sentence, span, took, took_ms};
use drillbell_sdk::{BackupCopy, time};

/// A copy in half a line: "`0badcafe` of 22 Nov 10:00, 3.2 MB".
pub fn copy(copy: &BackupCopy) -> String {
    let taken = time::day_hour_minute(copy.taken_ms);
    format!("`{}` of {taken}, {}", copy.name(), bytes(copy.stored_bytes))
}

/// `1 copy`, `2 copies`.
pub fn copies(count: usize) -> String {
    if count == 1 { "1 copy".to_owned() } else { format!("{count} copies") }
}

/// Sixteen digits that tell one list of texts from another. No secret depends on it.
pub fn fingerprint<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    // FNV-1a, each text with an end.
    let bytes = texts.into_iter().flat_map(|text| text.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
