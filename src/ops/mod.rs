//! What the bot does outside its sandbox: programs and HTTP requests, alone or one step after another.
//! No SQL, no chat: who asked, what is granted and where it is shown is the business of those who call.

pub mod backup;
pub mod child;
pub mod http;
pub mod judge;
pub mod prometheus;
pub mod restore;
pub mod sql;
pub mod steps;
