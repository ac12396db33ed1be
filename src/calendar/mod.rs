//! When things happen: durations as Go writes them, schedules, windows.
