//! Into how large parts an object is cut, and filling one from a stream.

use super::{Patience, Source};
use crate::config::limits::{ARTIFACT_CHUNK_BYTES, MIB, S3_PART_MAX_BYTES, S3_PARTS};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

/// From this part on parts are larger: a hint that was too small, or none, must not end an upload at its 10,000th part.
const LATE: u64 = S3_PARTS / 2;
/// How many times larger.
const GROWTH: u64 = 4;
/// Of the equal parts this share (per mille) is planned with for a hinted size; compressed data can be larger than said.
const PLANNED: u64 = 950;

/// Sizes of the parts of one upload. All are equal until late, because some stores want that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan(u64);

impl Plan {
    /// For about this many bytes.
    pub fn new(size_hint: Option<u64>, patience: &Patience) -> Self {
        // What was said to be larger than fits into the equal parts of the largest size goes on in larger ones all the same.
        let planned = (LATE * PLANNED / 1000).max(1);
        let least = if size_hint.is_some() { patience.part_bytes } else { patience.unhinted_part_bytes };
        let needed = size_hint.unwrap_or(0).div_ceil(planned);
        // Whole mebibytes, as far as we choose.
        let needed = if needed > least { needed.div_ceil(MIB) * MIB } else { least };
        Self(needed.clamp(1, S3_PART_MAX_BYTES.max(patience.part_bytes)))
    }

    /// Bytes of part `number`, from 1; `None` when there may be no such part.
    pub fn bytes_of(self, number: u64) -> Option<usize> {
        let bytes =
            if number > LATE { self.0.saturating_mul(GROWTH).min(S3_PART_MAX_BYTES.max(self.0)) } else { self.0 };
        (number <= S3_PARTS).then(|| usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    /// How many parts may be on their way at once.
    pub fn in_flight(self, number: u64, patience: &Patience) -> usize {
        let bytes = self.bytes_of(number).unwrap_or(usize::MAX) as u64;
        let fitting = usize::try_from(patience.in_flight_bytes / bytes.max(1)).unwrap_or(usize::MAX);
        fitting.clamp(1, patience.in_flight.max(1))
    }
}

/// Reads until `bytes` are there or the stream ends, and adds them to the checksum. Shorter only at the end.
pub(super) async fn fill(source: Source<'_>, bytes: usize, sum: &mut Sha256) -> std::io::Result<Bytes> {
    // Grows with what comes, so that a small object does not take a whole part.
    let mut part = BytesMut::new();
    while part.len() < bytes {
        let before = part.len();
        let step = ARTIFACT_CHUNK_BYTES.min(bytes - before);
        if part.capacity() - before < step {
            part.reserve(before.clamp(step, bytes - before));
        }
        let mut limited = (&mut *source).take(step as u64);
        if limited.read_buf(&mut part).await? == 0 {
            break;
        }
        sum.update(part.get(before..).unwrap_or_default());
    }
    Ok(part.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The largest object of S3.
    const MOST: u64 = 5 * 1024 * 1024 * MIB;

    fn capacity(plan: Plan) -> u64 {
        (1..=S3_PARTS).filter_map(|n| plan.bytes_of(n)).map(|bytes| bytes as u64).sum()
    }

    #[test]
    fn without_a_hint_what_the_manual_says_fits_and_a_small_line_is_held() {
        let patience = Patience::default();
        let plan = Plan::new(None, &patience);
        assert_eq!(capacity(plan) / (1024 * MIB), 390);
        assert_eq!((plan.in_flight(1, &patience), plan.in_flight(LATE + 1, &patience)), (1, 1));
        assert_eq!(Plan::new(Some(MIB), &patience).in_flight(1, &patience), 2);
    }

    #[tokio::test]
    async fn a_part_is_full_unless_the_stream_ends() {
        let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut source = bytes.as_slice();
        let (mut sum, mut seen) = (Sha256::new(), Vec::new());
        loop {
            let part = fill(&mut source, 1_500_000, &mut sum).await.unwrap();
            seen.extend_from_slice(&part);
            if part.len() < 1_500_000 {
                break;
            }
        }
        assert!(seen == bytes && sum.finalize() == Sha256::digest(&bytes));
    }

    proptest! {
        #[test]
        fn a_hinted_size_fits_into_ten_thousand_parts_with_room_to_spare(hint in 0..=MOST) {
            let plan = Plan::new(Some(hint), &Patience::default());
            prop_assert!(capacity(plan) >= hint + hint / 50);
            prop_assert!(plan.bytes_of(S3_PARTS).is_some() && plan.bytes_of(S3_PARTS + 1).is_none());
            prop_assert!(plan.bytes_of(1).unwrap() as u64 >= 5 * MIB, "S3 takes no smaller parts");
        }
    }
}
