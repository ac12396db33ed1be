//! The next tick, found the way robfig/cron finds it.
//!
//! The tools whose schedules we read walk the clock: month by month, day by day, hour by hour in
//! elapsed time, looking at the wall after each step. Where a clock changes that walk has habits no
//! rule describes (a half-hour change hides a whole hour from it), so it is repeated here step by
//! step rather than described.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::field::Fields;

const DAY: i64 = 86_400;

/// How many years ahead are searched.
pub(super) const YEARS: i16 = 5;

/// The first tick after an instant; none when there is none within five years.
pub(super) fn next(fields: &Fields, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    // An empty list of hours would be walked through for five years.
    if !fields.is_possible() {
        return None;
    }
    let now = super::span::whole_second(after).checked_add(1)?;
    let mut walk = Walk {
        fields,
        zone,
        now,
        begun: false,
    };
    let last = walk.wall()?.year().checked_add(YEARS)?;
    while walk.wall()?.year() <= last {
        if walk.month()? && walk.day()? && walk.hour()? && walk.minute()? && walk.second()? {
            return Timestamp::from_second(walk.now).ok();
        }
    }
    None
}

/// A place on the walk. Each step answers whether its field matches now; false means that a larger
/// unit has rolled over and the walk starts again from the month.
struct Walk<'a> {
    fields: &'a Fields,
    zone: &'a TimeZone,
    /// In seconds since the epoch.
    now: i64,
    /// The smaller units have been set to their beginning, which happens once.
    begun: bool,
}

impl Walk<'_> {
    fn wall(&self) -> Option<DateTime> {
        let now = Timestamp::from_second(self.now).ok()?;
        Some(self.zone.to_offset(now).to_datetime(now))
    }

    /// Moves to a wall time. One that a change of clocks skips or repeats is read with the offset
    /// in force that many seconds before or after, as Go reads it.
    fn set(&mut self, wall: DateTime) -> Option<()> {
        let utc = Offset::UTC.to_timestamp(wall).ok()?.as_second();
        let guess = self.offset(utc)?;
        let offset = if guess == 0 {
            0
        } else {
            self.offset(utc.checked_sub(guess)?)?
        };
        self.now = utc.checked_sub(offset)?;
        Some(())
    }

    fn offset(&self, second: i64) -> Option<i64> {
        let instant = Timestamp::from_second(second).ok()?;
        Some(i64::from(self.zone.to_offset(instant).seconds()))
    }

    fn begin(&mut self, wall: DateTime) -> Option<()> {
        if !self.begun {
            self.begun = true;
            self.set(wall)?;
        }
        Some(())
    }

    fn month(&mut self) -> Option<bool> {
        while !self.fields.month.has(self.wall()?.month()) {
            self.begin(self.wall()?.date().first_of_month().at(0, 0, 0, 0))?;
            let wall = self.wall()?;
            self.set(same_day_next_month(wall.date())?.to_datetime(wall.time()))?;
            if self.wall()?.month() == 1 {
                return Some(false);
            }
        }
        Some(true)
    }

    fn day(&mut self) -> Option<bool> {
        while !self.fields.has_date(self.wall()?.date()) {
            self.begin(self.wall()?.date().at(0, 0, 0, 0))?;
            let (wall, before) = (self.wall()?, self.now);
            self.set(wall.date().tomorrow().ok()?.to_datetime(wall.time()))?;
            // Midnight may not exist: 23 o'clock goes on, 1 o'clock goes back.
            let hour = i64::from(self.wall()?.hour());
            let midnight = if hour > 12 { 24 - hour } else { -hour };
            self.now = self.now.checked_add(midnight * 3_600)?;
            // A whole day may not exist either; the original never returns then.
            if self.now <= before {
                self.now = before.checked_add(DAY)?;
            }
            if self.wall()?.day() == 1 {
                return Some(false);
            }
        }
        Some(true)
    }

    fn hour(&mut self) -> Option<bool> {
        while !self.fields.hour.has(self.wall()?.hour()) {
            let wall = self.wall()?;
            self.begin(wall.date().at(wall.hour(), 0, 0, 0))?;
            self.now = self.now.checked_add(3_600)?;
            if self.wall()?.hour() == 0 {
                return Some(false);
            }
        }
        Some(true)
    }

    fn minute(&mut self) -> Option<bool> {
        while !self.fields.minute.has(self.wall()?.minute()) {
            if !self.begun {
                self.begun = true;
                self.now -= self.now.rem_euclid(60);
            }
            self.now = self.now.checked_add(60)?;
            if self.wall()?.minute() == 0 {
                return Some(false);
            }
        }
        Some(true)
    }

    fn second(&mut self) -> Option<bool> {
        while !self.fields.second.has(self.wall()?.second()) {
            self.begun = true;
            self.now = self.now.checked_add(1)?;
            if self.wall()?.second() == 0 {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// The same day of the next month; days that month lacks run on into the one after.
fn same_day_next_month(date: Date) -> Option<Date> {
    let first = date.last_of_month().tomorrow().ok()?;
    first
        .checked_add(jiff::Span::new().days(i64::from(date.day()) - 1))
        .ok()
}
