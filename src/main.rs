//! The `firebreak` command.

fn main() {}
