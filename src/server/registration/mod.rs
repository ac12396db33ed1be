//! What the API server is told of us: which requests it asks us about, and what we may do.
//!
//! `resources` is the one table of every kind that is read or watched. `entries` says what is asked
//! about them, `conditions` what need not be; from both come the `webhooks`, the
//! `injections` from the databases that can be given backups, and the `rights` from
//! what is watched.

mod unguarded;
pub mod resources;
pub mod conditions;
pub mod entries;
pub mod webhooks;
pub mod injections;
pub mod rights;

use serde_json::{Value, json};

/// The name of almost everything of ours in a cluster.
pub const NAME: &str = "firebreak";
/// The namespace in which we run.
pub const NAMESPACE: &str = "firebreak";

/// The labels of every object of ours.
fn labels() -> Value {
    json!({"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": NAME})
}
