//! The demo's shop: a small service in a process of its own, with releases that can be switched, so that there is something that
//! really runs and really breaks. Only `drillbell demo` starts it.

mod folder;
mod keeper;
mod order;
mod pages;
mod release;
#[cfg(test)]
mod tests;
mod verb;

pub use folder::{Fault, Running, Shop};
pub use keeper::Keeper;
pub use release::{BAD, GOOD, Release};
pub use verb::{SHOP, shop};
