//! The network half of the shell: certificates, reviews, the webhook, and the process around it.

#![allow(
    clippy::disallowed_methods,
    reason = "the shell is where sockets and the clock belong"
)]

pub mod config;
pub mod telemetry;
pub mod metrics;
pub mod client;
mod decoded;
pub mod registration;
pub mod backup;
pub mod view;
pub mod watch;
pub mod certs;
pub mod review;
pub mod ledger;
pub mod probe;
pub mod scheduler;
pub mod status;
pub mod uses;
pub mod admission;
pub mod listener;
pub mod front;
pub mod ops;
pub mod leader;
pub mod serve;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;

/// What tells the time; tests pass their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What goes on beside answering.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;
