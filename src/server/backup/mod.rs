//! Backups by default at admission: what the core asks of the cluster, who answers it, and whether
//! BackupDefaults that somebody writes can be used.
//!
//! What the watch keeps (`beside`) is at hand. The rest is asked for when a database is written
//! (`lookup`, `definitions`), and only that which the core wants to know: it is asked without, it tells
//! what it missed (`asked`), and it is asked again (`injector`). No answer in time is an unknown, and
//! where something is unknown nothing is added.
//!
//! The leader keeps the objects beside databases (`looked`, `steps`), and says in the status of
//! BackupDefaults what is protected by them (`status`, `upkeep`) and, where that is wanted, whether their
//! storage takes backups (`storage`, `bucket`).

mod asked;
mod beside;
mod bucket;
mod definitions;
mod injector;
mod looked;
mod lookup;
mod rule;
mod status;
mod steps;
mod storage;
mod upkeep;

pub use asked::{Answer, Awaited, Question, Source};
pub use beside::Beside;
pub use bucket::{Keys, Unreachable, probe};
pub use injector::Injector;
pub use rule::verdict;
pub use storage::verify;
pub use upkeep::keep;
