//! Discord as a chat platform.

mod render;
mod rows;
mod text;
