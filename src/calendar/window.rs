//! Windows of a policy: the hours in which chaos is allowed, and the blackouts in which it is not.
//!
//! Everything is decided on instants. A blackout begins by the clock on the wall and keeps its length
//! through a change of that clock.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use thiserror::Error;

use super::notation::{Dialect, ScheduleError};
use super::tick::Schedule;

pub use super::opening::Opening;

/// How many openings without a break are followed; more than a year of days.
const OPENINGS: usize = 400;

/// How many closures in a row are followed.
const CLOSURES: usize = 64;

/// How many days ahead an opening is looked for: a week, and one more that a change of clocks took.
const AHEAD: i64 = 15;

/// Text or times that make no window.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WindowError {
    /// The beginning of hours.
    #[error("from {0:?} is not a time of day; 00:00 to 23:59 is accepted")]
    From(String),
    /// The end of hours.
    #[error("to {0:?} is not a time of day; 00:00 to 24:00 is accepted")]
    To(String),
    /// The beginning of a blackout.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A blackout on a date that never comes.
    #[error("schedule {0:?} names no date that ever comes; a day that some month has is accepted")]
    Impossible(String),
    /// A blackout that begins at no time of day.
    #[error("schedule {0:?} counts from no fixed time; five cron fields are accepted")]
    Beat(String),
    /// A blackout that takes no time.
    #[error("duration \"0s\" closes nothing; more than zero is accepted")]
    NoTime,
    /// A blackout that ends before it begins.
    #[error("to {to:?} is not after from {from:?}; a later time is accepted")]
    Backward {
        /// When it begins.
        from: String,
        /// When it ends.
        to: String,
    },
}

/// When a policy allows chaos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// Where the hours are read.
    pub zone: TimeZone,
    /// The hours allowed; empty: all.
    pub allow: Vec<Opening>,
    /// What closes them.
    pub blackouts: Vec<Blackout>,
}

/// A time in which no chaos may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blackout {
    /// Its name, for messages.
    pub name: String,
    /// When it is.
    pub period: Period,
    /// Whether what runs when it begins is stopped.
    pub halt_running: bool,
}

/// When a blackout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Period {
    /// From each tick on, for a time.
    Recurring {
        /// When it begins.
        schedule: Schedule,
        /// How long it lasts.
        duration: Duration,
    },
    /// Once.
    Once {
        /// When it begins.
        from: Timestamp,
        /// When it has ended.
        to: Timestamp,
    },
}

/// What keeps chaos out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closure {
    /// The hours allowed do not hold now.
    OutsideHours,
    /// A blackout, by name.
    Blackout(String),
}

/// Chaos is not allowed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Why.
    pub by: Closure,
    /// When it will be allowed again; none when that is not in sight.
    pub until: Option<Timestamp>,
}

/// Chaos will not be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Why.
    pub by: Closure,
    /// From when on.
    pub at: Timestamp,
}

impl fmt::Display for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideHours => f.write_str("outside the hours allowed"),
            Self::Blackout(name) => write!(f, "blackout {name}"),
        }
    }
}

impl Period {
    /// A blackout of ours: it begins by five cron fields in a zone.
    ///
    /// # Errors
    ///
    /// When the schedule cannot be read, never comes or counts from nowhere, or no time is taken.
    pub fn recurring(text: &str, zone: &TimeZone, duration: Duration) -> Result<Self, WindowError> {
        let schedule = Schedule::parse(text, Dialect::Ours, zone)?;
        if schedule.is_beat() {
            return Err(WindowError::Beat(text.to_owned()));
        }
        if !schedule.is_possible() {
            return Err(WindowError::Impossible(text.to_owned()));
        }
        if duration.is_zero() {
            return Err(WindowError::NoTime);
        }
        Ok(Self::Recurring { schedule, duration })
    }

    /// A blackout that happens once.
    ///
    /// # Errors
    ///
    /// When it ends before it begins.
    pub fn once(from: Timestamp, to: Timestamp) -> Result<Self, WindowError> {
        if to <= from {
            return Err(WindowError::Backward {
                from: from.to_string(),
                to: to.to_string(),
            });
        }
        Ok(Self::Once { from, to })
    }

    /// When it ends, if an instant lies in it. A beat that nobody knows the start of may always be
    /// in it, and ends out of sight.
    fn end_at(&self, instant: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Recurring { schedule, .. } if schedule.is_adrift() => Some(Timestamp::MAX),
            Self::Recurring { schedule, duration } => {
                let start = schedule.previous_before_or_at(instant)?;
                Some(later(start, *duration)).filter(|end| instant < *end)
            }
            Self::Once { from, to } => (*from <= instant && instant < *to).then_some(*to),
        }
    }

    /// When it begins next.
    fn start_after(&self, instant: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Recurring { schedule, duration } => {
                schedule.next_after(instant).filter(|_| !duration.is_zero())
            }
            Self::Once { from, to } => Some(*from).filter(|from| instant < *from && from < to),
        }
    }
}

impl Windows {
    /// Whether chaos is not allowed at an instant: why, and until when.
    #[must_use]
    pub fn closed(&self, now: Timestamp) -> Option<Closed> {
        let (by, end) = self.closure_at(now)?;
        let next = |end: &Option<Timestamp>| {
            let (_, next) = self.closure_at((*end)?)?;
            Some(next)
        };
        // One closure may end inside another: the last in the row counts.
        let mut row = std::iter::successors(Some(end), next).take(CLOSURES + 1);
        let last = row.by_ref().take(CLOSURES).last().flatten();
        let until = last.filter(|end| row.next().is_none() && *end < Timestamp::MAX);
        Some(Closed { by, until })
    }

    /// Whether something that starts now and lasts `duration` would still run when chaos is no
    /// longer allowed: why, and from when on. Ending at the very moment is in time.
    #[must_use]
    pub fn closes_within(&self, now: Timestamp, duration: Duration) -> Option<Closing> {
        if let Some((by, _)) = self.closure_at(now) {
            return Some(Closing { by, at: now });
        }
        let blackouts = self.blackouts.iter().filter_map(|blackout| {
            let at = blackout.period.start_after(now)?;
            Some(Closing {
                by: Closure::Blackout(blackout.name.clone()),
                at,
            })
        });
        let hours = self.close_of_hours(now).map(|at| Closing {
            by: Closure::OutsideHours,
            at,
        });
        let first = blackouts.chain(hours).min_by_key(|closing| closing.at)?;
        Some(first).filter(|first| first.at < later(now, duration))
    }

    /// The blackouts an instant lies in.
    pub fn blackouts_at(&self, now: Timestamp) -> impl Iterator<Item = &Blackout> {
        self.blackouts
            .iter()
            .filter(move |blackout| blackout.period.end_at(now).is_some())
    }

    /// Why chaos is not allowed at an instant, and when that reason ends: of several blackouts the
    /// longest, and hours only where there is no blackout.
    fn closure_at(&self, now: Timestamp) -> Option<(Closure, Option<Timestamp>)> {
        let ends = self
            .blackouts
            .iter()
            .filter_map(|b| Some((b, b.period.end_at(now)?)));
        if let Some((blackout, end)) = ends.max_by_key(|(_, end)| *end) {
            return Some((Closure::Blackout(blackout.name.clone()), Some(end)));
        }
        let closed = !self.allow.is_empty() && self.open_until(now).is_none();
        closed.then(|| (Closure::OutsideHours, self.next_opening(now)))
    }

    /// When the hours end that an instant lies in, following those that go on without a break; none
    /// when there is no end in sight.
    fn close_of_hours(&self, now: Timestamp) -> Option<Timestamp> {
        let open = std::iter::successors(Some(now), |end| self.open_until(*end));
        let ends: Vec<_> = open.skip(1).take(OPENINGS).collect();
        ends.last().copied().filter(|_| ends.len() < OPENINGS)
    }

    /// The latest end of an opening that an instant lies in.
    fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        let openings = self.openings(now, -1..1);
        openings
            .filter(|(from, to)| *from <= now && now < *to)
            .map(|(_, to)| to)
            .max()
    }

    fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        self.openings(now, 0..AHEAD)
            .map(|(from, _)| from)
            .filter(|from| now < *from)
            .min()
    }

    /// The openings that begin some days around an instant.
    fn openings(
        &self,
        now: Timestamp,
        days: std::ops::Range<i64>,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = self.zone.to_offset(now).to_datetime(now).date();
        let dates = days.filter_map(move |days| today.checked_add(days.days()).ok());
        dates.flat_map(move |date| {
            self.allow
                .iter()
                .filter_map(move |o| o.on(date, &self.zone))
        })
    }
}

fn later(instant: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    instant.checked_add(duration).unwrap_or(Timestamp::MAX)
}
