//! The cluster read once, for those who do not stay: lists alone, and nothing is watched.

use std::time::Duration;

use anyhow::anyhow;
use futures::stream::{self, StreamExt as _};
use kube::Client;
use tokio::time::sleep;

use super::LISTS;
use super::decode::Status;
use super::discover;
use super::served::Served;
use super::wire::{self, Trouble};
use crate::object::Object;

/// How often a list is tried.
const TRIES: u32 = 3;
/// How long to wait before the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// A kind that is served, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// The kind.
    pub served: Served,
    /// What its objects were put into; or why they cannot be known, a phrase.
    pub objects: Result<T, String>,
}

/// Reads every kind that a verdict depends on and that is `wanted`, each object of a list as soon as
/// it is read. A list is whole, or its kind is not known. Nothing is written to the API server, and
/// Secrets are never asked for.
///
/// # Errors
/// When the API server does not say what it serves.
pub async fn read<T: Default>(
    client: &Client,
    wanted: impl Fn(&Served) -> bool,
    put: impl Fn(&mut T, Object),
) -> anyhow::Result<Vec<Seen<T>>> {
    let found = discover::discover(client).await;
    let found = found.map_err(|trouble| anyhow!("{trouble}"))?;
    let silent = found.silent.iter();
    let unseen = silent.flat_map(|group| discover::unseen(group));
    let kinds: Vec<Served> = found.kinds.iter().cloned().chain(unseen).collect();
    let kinds = kinds.into_iter().filter(|it| !it.names_only && wanted(it));
    let lists = kinds.map(|served| async {
        let objects = list(client, &served, &put).await;
        Seen { served, objects }
    });
    Ok(stream::iter(lists).buffered(LISTS).collect().await)
}

async fn list<T: Default>(
    client: &Client,
    served: &Served,
    put: impl Fn(&mut T, Object),
) -> Result<T, String> {
    if !served.watchable {
        return Err(served.out_of_reach());
    }
    let mut tries = 1;
    loop {
        let mut objects = T::default();
        match wire::list(client, served, |object| put(&mut objects, object)).await {
            Ok(_) => return Ok(objects),
            Err(trouble) if tries == TRIES || !may_pass(&trouble) => {
                return Err(why(served, &trouble));
            }
            Err(_) => sleep(PAUSE).await,
        }
        tries += 1;
    }
}

/// Whether it may go better next time.
fn may_pass(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Refused(status) => status.code == 429 || status.code >= 500,
        Trouble::Expired | Trouble::Broken(_) | Trouble::Silent(_) => true,
    }
}

fn why(served: &Served, trouble: &Trouble) -> String {
    let resource = served.resource();
    match trouble {
        Trouble::Refused(Status {
            code: 403, message, ..
        }) => format!("the right to list {resource} is missing: {message}"),
        Trouble::Refused(_) | Trouble::Expired | Trouble::Broken(_) | Trouble::Silent(_) => {
            format!("{resource} cannot be listed: {trouble}")
        }
    }
}
