//! The HTTP surface, over real connections.

mod backups;
mod channels;
mod commands;
mod deploys;
mod drills;
mod load;
mod login;
mod pages;
mod postmortems;
mod refusals;
mod runbooks;
mod serving;
mod sessions;
mod status;
mod stream;
mod surface;
mod tokens;
