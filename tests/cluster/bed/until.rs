//! Waiting for what will be true, with a bound and a clear failure.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take on a machine with other things to do.
const LONGEST: Duration = Duration::from_mins(1);
/// How often is looked.
const EVERY: Duration = Duration::from_millis(50);

/// Looks until there is something, and fails with what was last seen when that takes too long.
pub(crate) fn until<T, E: Display>(what: &str, look: impl FnMut() -> Result<T, E>) -> T {
    within(LONGEST, what, look)
}

/// The same, for as long as `longest`.
pub(crate) fn within<T, E: Display>(
    longest: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<T, E>,
) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if begun.elapsed() > longest => {
                panic!("{what}: not within {longest:?}; last seen: {seen}")
            }
            Err(_) => thread::sleep(EVERY),
        }
    }
}

/// Fails when what should stay so does not for as long as `span`.
pub(crate) fn stays(span: Duration, mut look: impl FnMut() -> Result<(), String>) {
    let begun = Instant::now();
    while begun.elapsed() < span {
        look().unwrap_or_else(|seen| panic!("after {:?}: {seen}", begun.elapsed()));
        thread::sleep(EVERY);
    }
}
