//! The WIT of `wit/` as Rust types and traits. Nothing is implemented here (that is `capability`) and nothing is called
//! (that is `plugin`); a second live version would stand beside `v0_1`.

pub mod draft;
pub mod v0_1;

pub use v0_1 as latest;
