//! Discord's ids hold the moment at which they were made (reference, `snowflakes`).

/// Discord's first moment, milliseconds since the epoch.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// When something came into being by its id, milliseconds since the epoch; `None` for what is no id of Discord's.
pub(super) fn made_ms(id: &str) -> Option<i64> {
    let id: u64 = id.parse().ok()?;
    // 42 bits, which fit.
    i64::try_from(id >> 22).ok().map(|ms| ms + EPOCH_MS)
}

/// The least id of a moment: for tests.
#[cfg(test)]
pub(super) fn id_at(ms: i64) -> String {
    ((ms - EPOCH_MS) << 22).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_its_moment() {
        // The example of the documentation.
        assert_eq!(made_ms("175928847299117063"), Some(1_462_015_105_796));
        assert_eq!(made_ms(&id_at(1_767_225_600_000)), Some(1_767_225_600_000));
        assert_eq!((made_ms(""), made_ms("-1"), made_ms("x")), (None, None, None));
        assert!(made_ms("18446744073709551615").is_some());
    }
}
