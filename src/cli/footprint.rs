//! What a bot does not keep: memory of large pieces once they are freed; and, when it has started, what was freed until then and the
//! pages of its own program that only the start needed. The kernel maps a program in pieces far larger than what is run of it, and a bot starts once and waits for weeks.

use std::time::Duration;

/// After this long the start is over: links are up, caches are warm.
const STARTED: Duration = Duration::from_secs(1);

/// From this size on, freed memory goes back to the system at once, bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1024 * 1024;

/// Has large pieces of memory go back when they are freed; to be called before there are threads. By itself glibc takes the first
/// large piece that is freed for a sign that more will come, and keeps all of that size from then on, for each thread anew: a bot
/// that had made a copy held 18 MB more.
pub fn stay_lean() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::give_back_from(LARGE);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use nix::libc::{M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, malloc_trim, mallopt};

    #[expect(unsafe_code, reason = "the allocator is told how to behave; there is no safe call for that")]
    pub(super) fn give_back_from(bytes: i32) {
        // SAFETY: both are thresholds that glibc reads when it allocates and frees, and any number is a good one; no other thread
        // runs yet. That it does not know one changes nothing, so what it returns says nothing that we need.
        unsafe {
            mallopt(M_MMAP_THRESHOLD, bytes);
            // What is given back at the end of the heap: twice as much, as glibc itself would have it.
            mallopt(M_TRIM_THRESHOLD, bytes.saturating_mul(2));
        }
    }

    #[expect(unsafe_code, reason = "the allocator is asked for something; there is no safe call for that")]
    pub(super) fn give_back_freed() {
        // SAFETY: it touches nothing but pages of which glibc itself knows that nobody has them.
        unsafe { malloc_trim(0) };
    }

    #[cfg(test)]
    mod tests {
        use super::super::{LARGE, stay_lean};

        /// Whether anything is mapped at an address.
        fn is_mapped(at: usize) -> bool {
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            let number = |text| usize::from_str_radix(text, 16).unwrap();
            maps.lines()
                .filter_map(|line| line.split_once(' ')?.0.split_once('-'))
                .any(|(from, to)| (number(from)..number(to)).contains(&at))
        }

        #[test]
        fn a_large_piece_goes_back_however_often_one_was_freed() {
            stay_lean();
            let goes_back = |_| {
                let piece = vec![1_u8; 8 * LARGE as usize];
                let middle = piece.as_ptr() as usize + piece.len() / 2;
                assert!(is_mapped(middle));
                drop(piece);
                !is_mapped(middle)
            };
            // By itself glibc gives the first back, and keeps those after it. Another test may have got the same place meanwhile.
            assert!((0..20).map(goes_back).skip(2).any(|went| went));
        }
    }
}

/// Waits until the start is over, and gives back what it needed. What is run again is mapped again when it is, from memory that
/// the kernel may meanwhile have used for something else; only the first commands notice, by less than a millisecond.
pub async fn settle() {
    tokio::time::sleep(STARTED).await;
    // A first start compiles the plugins for all later ones, which leaves a hundred megabytes that nobody needs any more.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    glibc::give_back_freed();
    #[cfg(target_os = "linux")]
    match linux::give_back() {
        Ok(bytes) => tracing::debug!(bytes, "pages of the program that only the start needed are given back"),
        Err(error) => tracing::debug!(error = %error, "pages of the program that only the start needed stay"),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use nix::sys::mman::{MmapAdvise, madvise};
    use std::ffi::c_void;
    use std::io;
    use std::ops::Range;
    use std::ptr::NonNull;

    /// Gives back what is mapped of the program's file as it is there; how many bytes of address space that was.
    pub(super) fn give_back() -> io::Result<usize> {
        let program = std::env::current_exe()?;
        let maps = std::fs::read_to_string("/proc/self/smaps")?;
        let mut bytes = 0;
        for range in as_on_disk(&maps, &program.to_string_lossy()) {
            drop_pages(&range)?;
            bytes += range.len();
        }
        Ok(bytes)
    }

    /// The places where a file is mapped and nothing of it was ever changed: read-only, without a page of our own. What the loader
    /// has relocated has such pages, and would be lost.
    pub(super) fn as_on_disk(smaps: &str, file: &str) -> Vec<Range<usize>> {
        let mut all = Vec::new();
        let mut at = None;
        for line in smaps.lines() {
            if let Some((range, of)) = head(line) {
                at = of.ends_with(file).then_some(range).filter(|_| of.starts_with("r--p ") || of.starts_with("r-xp "));
            } else if line.starts_with("Anonymous:") {
                let is_clean = line.split_whitespace().nth(1) == Some("0");
                all.extend(at.take().filter(|_| is_clean));
            }
        }
        all
    }

    /// `55d0-55d8 r-xp 00001000 fe:00 17 /usr/bin/drillbell` as the range and all that follows.
    fn head(line: &str) -> Option<(Range<usize>, &str)> {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        Some((number(from)?..number(to)?, rest))
    }

    #[expect(unsafe_code, reason = "the kernel is told about memory, which no type can vouch for")]
    fn drop_pages(range: &Range<usize>) -> io::Result<()> {
        let Some(start) = NonNull::new(range.start as *mut c_void) else { return Ok(()) };
        // SAFETY: the range is a private, read-only mapping of our program's file in which, as the kernel has just said, no page
        // differs from the file. Its pages are read from the file again when they are next used: what is there never changes.
        unsafe { madvise(start, range.len(), MmapAdvise::MADV_DONTNEED) }.map_err(io::Error::from)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const SMAPS: &str = "\
1000-2000 r--p 00000000 fe:00 17                         /opt/drillbell
Size:                  4 kB
Anonymous:             0 kB
2000-9000 r-xp 00001000 fe:00 17                         /opt/drillbell
Anonymous:             0 kB
VmFlags: rd ex mr mw me
9000-a000 r--p 00008000 fe:00 17                         /opt/drillbell
Anonymous:             4 kB
a000-b000 rw-p 00009000 fe:00 17                         /opt/drillbell
Anonymous:             0 kB
b000-c000 rw-p 00000000 00:00 0                          [heap]
Anonymous:             0 kB
c000-d000 r-xp 00000000 fe:00 18                         /lib/libc.so.6
Anonymous:             0 kB
d000-e000 r-xp 00000000 00:00 0
Anonymous:             0 kB
";

        #[test]
        fn only_what_is_as_the_file_has_it_is_given_back() {
            assert_eq!(as_on_disk(SMAPS, "/opt/drillbell"), [0x1000..0x2000, 0x2000..0x9000]);
            assert!(as_on_disk("", "/opt/drillbell").is_empty());
            assert!(as_on_disk("Anonymous: 0 kB\n1-g r-xp x\nnonsense", "x").is_empty());
        }

        #[test]
        fn a_program_goes_on_without_the_pages_that_it_gave_back() {
            let before: Vec<String> = (0..200).map(|n| format!("{:?}", std::time::Duration::from_millis(n))).collect();
            assert!(give_back().unwrap() > 0);
            let after: Vec<String> = (0..200).map(|n| format!("{:?}", std::time::Duration::from_millis(n))).collect();
            assert_eq!(before, after);
        }
    }
}
