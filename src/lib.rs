//! firebreak stands between chaos experiments and the databases of a Kubernetes cluster.
//!
//! Six verbs are the whole core: [`fault::read`] turns a chaos object into an experiment,
//! [`blast::measure`] computes the worst it could do to the [`inventory`], [`policy::evaluate`]
//! compares that with what is permitted, and [`judge::judge`] is the three together. The modules
//! stand in dependency order: each uses only those above it.

// ── core: pure, no I/O, no clock ─────────────────────────────────────────────────────────────
pub mod object;
pub mod selector;
pub mod selector_text;
pub mod request;
pub mod calendar;
pub mod yaml;
pub mod hashed;
pub mod fault;
pub mod inventory;
pub mod blast;
pub mod cel;
pub mod policy;
pub mod judge;
pub mod backup;
pub mod schedule;
// ── shell: cluster, network, terminal, files ─────────────────────────────────────────────────
pub mod server;
pub mod cli;
