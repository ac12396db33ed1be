//! When things happen: durations as Go writes them, ticks of schedules, windows of policies.
//!
//! It stands above the readers of chaos objects and above the policies because both ask it: a
//! reader how often a schedule fires and for how long an experiment lasts, a policy whether its
//! windows are open.

pub mod duration;
pub mod zone;

mod field;
mod gap;
mod notation;
mod span;
mod walk;

pub mod tick;

mod opening;

pub mod window;

pub use duration::{DurationError, GoDuration, format_duration, parse_duration, parse_go_duration};
pub use notation::{Dialect, ScheduleError};
pub use tick::Schedule;
pub use window::{Blackout, Closed, Closing, Closure, Opening, Period, WindowError, Windows};
pub use zone::{UnknownZone, zone};
