//! The terminal, files and standard streams: everything `firebreak` does without a cluster.
#![allow(
    clippy::disallowed_methods,
    reason = "the shell is where files and the terminal may be touched"
)]

pub mod yaml;
pub mod files;
pub mod manifests;
