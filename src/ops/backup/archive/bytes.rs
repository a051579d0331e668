//! The numbers and texts of an archive, read from a piece that may not hold all of them.

/// Longest text that is kept; what is longer is passed over, and only its beginning stays.
const KEPT: usize = 4096;

/// Reads from the beginning of a slice.
pub(super) struct Reading<'a> {
    rest: &'a [u8],
    int_size: usize,
}

impl<'a> Reading<'a> {
    /// Reads integers of so many bytes.
    pub(super) fn new(rest: &'a [u8], int_size: usize) -> Self {
        Self { rest, int_size }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// From now on integers have so many bytes.
    pub(super) fn set_int_size(&mut self, size: usize) {
        self.int_size = size;
    }

    /// So many bytes.
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (now, later) = self.rest.split_at_checked(length)?;
        self.rest = later;
        Some(now)
    }

    /// One byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    /// A number: its sign, then its bytes, the lowest first.
    pub(super) fn int(&mut self) -> Result<Option<i64>, String> {
        let Some(bytes) = self.take(1 + self.int_size) else { return Ok(None) };
        let (sign, digits) = (bytes[0], &bytes[1..]);
        let value =
            digits.iter().rev().try_fold(0_i64, |value, byte| value.checked_mul(256)?.checked_add(i64::from(*byte)));
        match (sign, value) {
            (0, Some(value)) => Ok(Some(value)),
            (1, Some(value)) => Ok(Some(-value)),
            _ => Err("a number in it is none".to_owned()),
        }
    }

    /// A text, its beginning if it is long; `Some(None)` for one that is not there.
    pub(super) fn text(&mut self) -> Result<Option<Option<String>>, String> {
        let Some(length) = self.int()? else { return Ok(None) };
        let Ok(length) = usize::try_from(length) else { return Ok(Some(None)) };
        let Some(bytes) = self.take(length) else { return Ok(None) };
        Ok(Some(Some(String::from_utf8_lossy(&bytes[..length.min(KEPT)]).into_owned())))
    }
}
