//! Files that somebody else keeps: read again when they change.
//!
//! They are compared by what they say. A Secret that is mounted changes by the swap of a link, which
//! no watch on the file itself sees; and to read a few thousand bytes every few seconds costs nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::Unusable;
use super::callers::Callers;
use super::live::Live;
use super::pair::Pair;
use crate::server::Clock;

/// How often files are looked at.
pub const EVERY: Duration = Duration::from_secs(3);

/// Presents what is in these files, for ever.
pub async fn follow_pair(
    live: Arc<Live>,
    [certificate, key]: [PathBuf; 2],
    now: Clock,
    every: Duration,
) {
    let paths = [certificate, key];
    follow(&paths, every, |contents| {
        let pair = contents.and_then(|[certificate, key]| Pair::read(certificate, key, now()));
        let facts = pair.as_ref().ok().map(|pair| pair.facts.clone());
        match (live.present(pair), facts) {
            (Ok(()), Some(facts)) => {
                tracing::info!(until = %facts.until, "certificate read");
            }
            (Ok(()), None) => {}
            (Err(error), _) => keep_on(&live, &paths[0], &error),
        }
    })
    .await;
}

/// Asks for certificates of the authorities in this file, for ever.
pub async fn follow_callers(live: Arc<Live>, path: PathBuf, every: Duration) {
    let paths = [path];
    follow(&paths, every, |contents| {
        let callers = contents.and_then(|[authorities]| Callers::read(authorities));
        match live.ask(callers) {
            Ok(()) => tracing::info!(file = %paths[0].display(), "authorities of callers read"),
            Err(error) => keep_on(&live, &paths[0], &error),
        }
    })
    .await;
}

fn keep_on(live: &Live, path: &Path, error: &Unusable) {
    let kept = if live.facts().is_some() {
        "what was read before stays"
    } else {
        "there is nothing else"
    };
    tracing::warn!(file = %path.display(), %error, kept, "file is of no use");
}

/// Gives what the files say, whenever it is not what they said before.
async fn follow<const N: usize>(
    paths: &[PathBuf; N],
    every: Duration,
    mut apply: impl FnMut(Result<[&[u8]; N], Unusable>),
) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = None;
    loop {
        ticks.tick().await;
        let now = read(paths);
        if before.as_ref() == Some(&now) {
            continue;
        }
        apply(match &now {
            Ok(contents) => Ok(std::array::from_fn(|at| {
                contents.get(at).map_or(&[][..], Vec::as_slice)
            })),
            Err(problem) => Err(Unusable::Refused(problem.clone())),
        });
        before = Some(now);
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    paths.iter().map(read).collect()
}
