//! The program: for now only a name.

fn main() {}
