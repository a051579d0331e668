//! The memory of one call: all linear memories of its guest counted together. Growing beyond the limit ends the call,
//! because a guest that is merely refused dies of a panic that explains nothing.

use super::exceeded::Exceeded;
use crate::config::limits::CALL_TABLE_ELEMENTS;
use wasmtime::ResourceLimiter;

/// Core instances, tables and memories that one component may consist of; the Python runtime is the largest known.
const PARTS: usize = 200;
/// Linear memories of one component.
const MEMORIES: usize = 20;

/// How much memory a call may have and has.
#[derive(Debug)]
pub struct MemoryCeiling {
    limit_bytes: u64,
    used_bytes: u64,
}

impl MemoryCeiling {
    /// Nothing used of `limit_bytes`.
    pub fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, used_bytes: 0 }
    }
}

impl ResourceLimiter for MemoryCeiling {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used_bytes + desired.saturating_sub(current) as u64;
        if used > self.limit_bytes {
            return Err(Exceeded::Memory { limit_bytes: self.limit_bytes }.into());
        }
        self.used_bytes = used;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > CALL_TABLE_ELEMENTS {
            return Err(Exceeded::Table { elements: desired }.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        PARTS
    }

    fn tables(&self) -> usize {
        PARTS
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denies_memory_beyond_the_limit_summed_over_all_memories() {
        let mut ceiling = MemoryCeiling::new(100);
        assert!(ceiling.memory_growing(0, 60, None).unwrap());
        assert!(ceiling.memory_growing(0, 40, None).unwrap());
        let refused = ceiling.memory_growing(40, 41, None).unwrap_err();
        assert_eq!(refused.downcast_ref(), Some(&Exceeded::Memory { limit_bytes: 100 }));
    }

    #[test]
    fn denies_a_table_beyond_the_limit() {
        let mut ceiling = MemoryCeiling::new(100);
        assert!(ceiling.table_growing(0, CALL_TABLE_ELEMENTS, None).unwrap());
        assert!(ceiling.table_growing(0, CALL_TABLE_ELEMENTS + 1, None).is_err());
    }
}
