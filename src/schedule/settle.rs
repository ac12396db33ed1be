//! What becomes of reservations: they are confirmed, expire or are released, by what is seen in the
//! cluster.
//!
//! Nothing here reads a wall clock. Replicas whose clocks differ would drop what the other has just
//! entered; how long a reservation has been waiting is measured by whoever watches it.

use std::time::Duration;

use super::ledger::{Ledger, Reservation, State};
use crate::blast;
use crate::inventory::Inventory;

/// How long the object of a reservation may take to appear. Longer than a webhook may take (30 s) and an
/// API request (60 s).
pub const PATIENCE: Duration = Duration::from_secs(95);

/// The ledger as it should be, for what is in the cluster now. `waited` says how long this process has
/// seen a reservation there.
#[must_use]
pub fn settle(
    ledger: &Ledger,
    inventory: &Inventory,
    waited: impl Fn(&Reservation) -> Duration,
) -> Ledger {
    if inventory.unavailable().is_some() {
        return ledger.clone();
    }
    let state = |it: &Reservation| next(it, inventory, waited(it));
    let kept = ledger.reservations.iter().filter_map(|it| {
        let state = state(it)?;
        Some(Reservation {
            state,
            ..it.clone()
        })
    });
    Ledger {
        of: ledger.of.clone(),
        reservations: kept.collect(),
    }
}

/// What a reservation becomes; `None` when it is no longer needed. Time alone never ends one whose
/// object has been seen: the fault may still be there.
fn next(reservation: &Reservation, inventory: &Inventory, waited: Duration) -> Option<State> {
    let seen = inventory.has_seen(reservation.holder());
    match reservation.state {
        _ if reservation.is_live_in(inventory) => Some(State::Confirmed),
        State::Tentative if !seen => (waited < PATIENCE).then_some(State::Tentative),
        State::Tentative | State::Confirmed | State::Releasing => {
            (!victims_are_back(reservation, inventory)).then_some(State::Releasing)
        }
    }
}

/// Whether everything that it could hit has all its members healthy.
fn victims_are_back(reservation: &Reservation, inventory: &Inventory) -> bool {
    let live = reservation.live(inventory);
    let blasts = live.experiments.iter();
    let mut impacts =
        blasts.flat_map(|active| blast::measure(&active.experiment, inventory).impacts);
    impacts.all(|impact| impact.healthy >= impact.size)
}
