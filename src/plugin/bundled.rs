//! The plugins inside the binary: those that `plugins/bundled.txt` listed when it was built, byte for byte what
//! `make plugins` left. Written by `build.rs`; a debug build may hold none. Loading them is the registry's business.

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
