//! When things happen: durations as Go writes them, schedules, windows.

pub mod duration;

pub use duration::{DurationError, GoDuration, format_duration, parse_duration, parse_go_duration};
