//! Any bytes as an archive of `pg_dump`: no panic, bounded memory, and the same answer however they are cut into pieces.

#![no_main]

use drillbell::ops::backup::archive::Archive;
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8], cut: usize) -> String {
    let mut archive = Archive::new(true);
    bytes.chunks(cut).for_each(|piece| archive.push(piece));
    format!("{:?}", archive.finish())
}

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes, usize::MAX);
    for cut in [1, 7, 4096] {
        assert_eq!(read(bytes, cut), whole);
    }
});
