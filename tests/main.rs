//! The one test program: a module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read files and start the program"
)]

mod architecture;
mod cron;
mod manifests_crds;
mod readme;
mod source;
mod ticks;
mod worst_case;
mod windows;
