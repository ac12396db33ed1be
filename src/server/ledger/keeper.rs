//! Keeps the ledgers in order: what has been seen is confirmed, what nobody has seen expires, what is over
//! is released when its victims are back.
//!
//! Two may do it at once, because every write replaces what was read. Where there is nothing to do, nothing
//! is written.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::store::{Page, Refused, Store};
use crate::schedule::{Reservation, settle};
use crate::server::view::Outlook;

/// How often the ledgers are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Since when a reservation is known here. Neither uid nor time alone tells two tries of one request apart.
type Known = HashMap<(String, String, String), Instant>;

/// Keeps the ledgers in order until it is cancelled.
pub async fn keep(store: Arc<dyn Store>, outlook: Arc<dyn Outlook>) {
    let mut known = Known::new();
    loop {
        if let Err(refused) = pass(store.as_ref(), outlook.as_ref(), &mut known).await {
            tracing::warn!(%refused, "the ledgers could not be read");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn pass(store: &dyn Store, outlook: &dyn Outlook, known: &mut Known) -> Result<(), Refused> {
    let pages = store.all().await?;
    let inventory = outlook.view(Timestamp::now()).inventory;
    let now = Instant::now();
    let keys = pages.iter().flat_map(|(name, page)| {
        let reservations = page.ledger.reservations.iter();
        reservations.map(|it| key(name, it))
    });
    *known = keys
        .map(|key| {
            let since = known.get(&key).copied().unwrap_or(now);
            (key, since)
        })
        .collect();
    for (name, page) in &pages {
        let waited = |it: &Reservation| {
            let since = known.get(&key(name, it)).copied().unwrap_or(now);
            now.saturating_duration_since(since)
        };
        let ledger = settle(&page.ledger, &inventory, waited);
        if ledger != page.ledger || ledger.reservations.is_empty() {
            let version = page.version.clone();
            put(store, name, &Page { ledger, version }).await;
        }
    }
    Ok(())
}

fn key(name: &str, it: &Reservation) -> (String, String, String) {
    (name.to_owned(), it.uid.clone(), it.since.clone())
}

/// Writes a ledger, or removes an empty one. A conflict means that it is looked at again next time.
async fn put(store: &dyn Store, name: &str, page: &Page) {
    let put = if page.ledger.reservations.is_empty() {
        store.remove(name, page).await
    } else {
        store.write(name, page).await
    };
    match put {
        Ok(()) | Err(Refused::Conflict) => {}
        Err(Refused::Failed(why)) => {
            tracing::warn!(ledger = name, why, "a ledger could not be put in order");
        }
    }
}
