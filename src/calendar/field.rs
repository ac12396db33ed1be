//! One field of a cron expression, and six of them together, as robfig/cron reads them.

use jiff::civil::Date;

/// Names a field may use besides numbers, in order from its smallest value.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What one field may hold.
struct Bounds {
    name: &'static str,
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

/// The fields in the order they are written.
const BOUNDS: [Bounds; 6] = [
    Bounds {
        name: "second",
        min: 0,
        max: 59,
        names: &[],
    },
    Bounds {
        name: "minute",
        min: 0,
        max: 59,
        names: &[],
    },
    Bounds {
        name: "hour",
        min: 0,
        max: 23,
        names: &[],
    },
    Bounds {
        name: "day of month",
        min: 1,
        max: 31,
        names: &[],
    },
    Bounds {
        name: "month",
        min: 1,
        max: 12,
        names: &MONTHS,
    },
    Bounds {
        name: "day of week",
        min: 0,
        max: 6,
        names: &WEEKDAYS,
    },
];

/// Why an item of a field cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadItem {
    pub(super) item: String,
    pub(super) field: &'static str,
    pub(super) why: &'static str,
    pub(super) accepted: String,
}

/// The values one field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    /// Bit n is set when the field names n.
    bits: u64,
    /// Written as an unstepped `*` or `?`: the field restricts nothing.
    star: bool,
}

impl Field {
    pub(super) fn has(self, value: i8) -> bool {
        u32::try_from(value)
            .ok()
            .and_then(|value| self.bits.checked_shr(value))
            .unwrap_or(0)
            & 1
            == 1
    }

    pub(super) fn values(self) -> impl Iterator<Item = i64> {
        (0..64).filter(move |value| self.bits >> value & 1 == 1)
    }

    pub(super) fn is_empty(self) -> bool {
        self.bits == 0
    }

    pub(super) fn is_star(self) -> bool {
        self.star
    }

    pub(super) fn first(self) -> i64 {
        i64::from(self.bits.trailing_zeros())
    }

    pub(super) fn last(self) -> i64 {
        63 - i64::from(self.bits.leading_zeros())
    }

    /// The smallest step from one value to the next; none with fewer than two.
    pub(super) fn shortest_step(self) -> Option<i64> {
        self.values()
            .zip(self.values().skip(1))
            .map(|(value, next)| next - value)
            .min()
    }

    fn read(text: &str, bounds: &Bounds) -> Result<Self, BadItem> {
        let mut field = Self {
            bits: 0,
            star: false,
        };
        for item in text.split(',').filter(|item| !item.is_empty()) {
            let Self { bits, star } = read_item(item, bounds).map_err(|why| BadItem {
                item: item.to_owned(),
                field: bounds.name,
                why,
                accepted: bounds.accepted(),
            })?;
            field.bits |= bits;
            field.star |= star;
        }
        Ok(field)
    }
}

impl Bounds {
    fn accepted(&self) -> String {
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(" or {first}-{last}"),
            _ => String::new(),
        };
        format!(
            "*, numbers {}-{}{names}, ranges a-b, steps a-b/n and lists of these",
            self.min, self.max
        )
    }

    fn value(&self, text: &str) -> Result<u64, &'static str> {
        let name = text.to_ascii_lowercase();
        match (self.min..)
            .zip(self.names)
            .find(|(_, known)| **known == name)
        {
            Some((value, _)) => Ok(value),
            None => number(text),
        }
    }
}

/// An item: `*`, `a`, `a-b`, each with an optional `/n`; `a/n` runs from a to the end.
fn read_item(item: &str, bounds: &Bounds) -> Result<Field, &'static str> {
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(number(step)?)),
        None => (item, None),
    };
    let (low, high) = match range.split_once('-') {
        Some((low, high)) => (low, Some(high)),
        None => (range, None),
    };
    // Whatever follows a star's hyphen goes unread.
    let star = low == "*" || low == "?";
    let (start, end) = match high {
        _ if star => (bounds.min, bounds.max),
        Some(high) => (bounds.value(low)?, bounds.value(high)?),
        None if step.is_some() => (bounds.value(low)?, bounds.max),
        None => bounds.value(low).map(|value| (value, value))?,
    };
    let step = step.unwrap_or(1);
    if start < bounds.min || end > bounds.max {
        return Err("is out of range");
    }
    if start > end {
        return Err("runs backward");
    }
    if step == 0 {
        return Err("never steps");
    }
    let step_by = usize::try_from(step).unwrap_or(usize::MAX);
    let bits = (start..=end)
        .step_by(step_by)
        .fold(0, |bits, value| bits | 1 << value);
    Ok(Field {
        bits,
        star: star && step == 1,
    })
}

/// A number as Go's `Atoi` reads it, not below zero.
fn number(text: &str) -> Result<u64, &'static str> {
    let number: i64 = text.parse().map_err(|_| "is not a number")?;
    u64::try_from(number).map_err(|_| "is below zero")
}

/// The six fields of an expression: the civil times it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) second: Field,
    pub(super) minute: Field,
    pub(super) hour: Field,
    pub(super) day: Field,
    pub(super) month: Field,
    pub(super) weekday: Field,
    /// The hour is written with a wildcard or a step: a rhythm rather than a fixed time of day.
    pub(super) hour_is_free: bool,
}

impl Fields {
    /// Reads six fields, seconds first.
    pub(super) fn read(texts: [&str; 6]) -> Result<Self, BadItem> {
        let [second, minute, hour, day, month, weekday] = &BOUNDS;
        let [seconds, minutes, hours, days, months, weekdays] = texts;
        Ok(Self {
            second: Field::read(seconds, second)?,
            minute: Field::read(minutes, minute)?,
            hour: Field::read(hours, hour)?,
            day: Field::read(days, day)?,
            month: Field::read(months, month)?,
            weekday: Field::read(weekdays, weekday)?,
            hour_is_free: hours.contains(['*', '?', '/']),
        })
    }

    /// Whether the date is one of those named. A star leaves the other day field alone in charge;
    /// two restricted ones are each enough.
    pub(super) fn has_date(&self, date: Date) -> bool {
        let day = self.day.has(date.day());
        let weekday = self.weekday.has(date.weekday().to_sunday_zero_offset());
        let both = self.day.star || self.weekday.star;
        self.month.has(date.month()) && if both { day && weekday } else { day || weekday }
    }

    /// Whether any date and time at all is named: lists may be empty, and some months are short.
    pub(super) fn is_possible(&self) -> bool {
        let times = [self.second, self.minute, self.hour, self.month];
        if times.into_iter().any(Field::is_empty) {
            return false;
        }
        let weekday = !self.weekday.is_empty();
        let day = self.day.star || self.has_calendar_day();
        if self.day.star || self.weekday.star {
            day && weekday
        } else {
            day || weekday
        }
    }

    fn has_calendar_day(&self) -> bool {
        // A leap year has every date there is.
        const LEAP: i16 = 2028;
        self.month
            .values()
            .zip(std::iter::repeat(self.day.first()))
            .any(|(month, first)| {
                let date = i8::try_from(month)
                    .and_then(|month| i8::try_from(first).map(|day| (month, day)));
                date.is_ok_and(|(month, day)| Date::new(LEAP, month, day).is_ok())
            })
    }
}
