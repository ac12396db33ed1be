//! From a tick to a run, or to the reason why there is none: what Kubernetes does for its CronJobs, without
//! what its own notes call gaps. The name of a run is a function of its tick, so that whoever makes it twice
//! makes one; and every tick is dealt with once, also one that starts nothing.

use std::time::Duration;

use jiff::Timestamp;

use super::spec::sanctioned::{ConcurrencyWord, SanctionedExperimentStatus, SkipStatus};
use crate::calendar::Schedule;
use crate::policy::spec::values::Moment;

/// More missed ticks are not counted.
const COUNTED: u64 = 1_000;

/// How many ticks to come are told.
const TOLD: usize = 5;

/// When an experiment runs, and how strictly.
#[derive(Debug, Clone, PartialEq)]
pub struct Timetable {
    /// Its name, on which those of its runs depend.
    pub name: String,
    /// Its uid, on which its jitter depends.
    pub uid: String,
    /// When it was made: ticks before are none of its.
    pub created: Timestamp,
    /// The generation of its spec.
    pub generation: i64,
    /// Its schedules.
    pub schedules: Vec<Schedule>,
    /// How late a run may begin.
    pub starting_deadline: Duration,
    /// By up to how much a run is put off.
    pub jitter: Duration,
    /// The least time between two runs on one database.
    pub minimum_interval: Duration,
    /// What happens while another run is open.
    pub concurrency: ConcurrencyWord,
    /// Whether no tick starts a run.
    pub suspended: bool,
    /// After how many failures in a row ticks start nothing any more; 0: never.
    pub stop_after_failures: u32,
}

/// What decides over a tick beside the timetable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Circumstances {
    /// Why nothing starts at all, by an EmergencyStop; a phrase.
    pub stopped: Option<String>,
    /// The window of a policy that is closed, or closes before a run would be over; a phrase.
    pub closed: Option<String>,
    /// Its runs that are open.
    pub open: Vec<String>,
    /// When the newest run of any experiment on its database was begun.
    pub last_on_subject: Option<Timestamp>,
    /// Whether it needs a person's word for its spec as it is, and has none.
    pub unapproved: bool,
}

/// What is to be done about the ticks of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Turnout {
    /// What is to be stored, once what is asked for was done.
    pub status: SanctionedExperimentStatus,
    /// What is asked for.
    pub wanted: Wanted,
    /// When to look again; none: when it is changed.
    pub wake: Option<Timestamp>,
}

/// What a tick asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing.
    Nothing,
    /// A run of this name for this tick. One of that name that is this experiment's is the same.
    Run {
        /// Its name.
        name: String,
        /// Its tick.
        tick: Timestamp,
    },
    /// These runs are to be aborted.
    Abort(Vec<String>),
}

impl Timetable {
    /// The name of the run for a tick.
    #[must_use]
    pub fn run_name(&self, tick: Timestamp) -> String {
        format!("{}-{}", self.name, tick.as_second().div_euclid(60))
    }

    /// By how much the run for a tick is put off: the same for the same tick, whoever asks.
    #[must_use]
    pub fn delay(&self, tick: Timestamp) -> Duration {
        let most = self.jitter.as_secs();
        if most == 0 {
            return Duration::ZERO;
        }
        let bytes = self.uid.bytes().chain(tick.as_second().to_le_bytes());
        // FNV-1a: it need only be spread out, and the same for ever.
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Duration::from_secs(hash % most.saturating_add(1))
    }

    /// What is to be done now.
    #[must_use]
    pub fn turn(
        &self,
        status: &SanctionedExperimentStatus,
        around: &Circumstances,
        now: Timestamp,
    ) -> Turnout {
        let mut next = self.refreshed(status, around, now);
        let handled = status.last_handled_tick.map_or(self.created, |it| it.0);
        let tick = self.latest(now).filter(|tick| *tick > handled);
        let Some(tick) = tick else {
            let wake = self.wake(now);
            return turnout(next, Wanted::Nothing, wake);
        };
        let begins = tick.saturating_add(self.delay(tick)).unwrap_or(tick);
        if now < begins {
            return turnout(next, Wanted::Nothing, Some(begins));
        }
        let missed = self.missed(handled, tick);
        let wanted = match self.hindrance(&next, around, (tick, now)) {
            None => {
                let name = self.run_name(tick);
                next.active.push(name.clone());
                Wanted::Run { name, tick }
            }
            Some(Hindrance::Others) => {
                // The tick is dealt with once they are closed, or when its deadline has passed.
                let wake = now.saturating_add(Duration::from_secs(5)).ok();
                return turnout(next, Wanted::Abort(around.open.clone()), wake);
            }
            Some(Hindrance::Skip(reason, message)) => {
                next.last_skip = Some(SkipStatus {
                    tick: Moment(tick),
                    reason: reason.to_owned(),
                    message,
                });
                Wanted::Nothing
            }
        };
        next.last_handled_tick = Some(Moment(tick));
        next.missed_ticks = next.missed_ticks.saturating_add(missed);
        turnout(next, wanted, self.wake(now))
    }

    /// The ticks to come after an instant, of all schedules, each once.
    #[must_use]
    pub fn next(&self, after: Timestamp, count: usize) -> Vec<Timestamp> {
        let mut all = Vec::new();
        let mut from = after;
        while all.len() < count
            && let Some(next) = self.next_after(from)
        {
            all.push(next);
            from = next;
        }
        all
    }

    fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let each = self.schedules.iter();
        each.filter_map(|it| it.next_after(instant)).min()
    }

    /// The latest tick up to now.
    fn latest(&self, now: Timestamp) -> Option<Timestamp> {
        let each = self.schedules.iter();
        each.filter_map(|it| it.previous_before_or_at(now)).max()
    }

    fn wake(&self, now: Timestamp) -> Option<Timestamp> {
        let next = self.next_after(now)?;
        Some(next.saturating_add(self.delay(next)).unwrap_or(next))
    }

    /// How many ticks passed between the one that was dealt with and this one.
    fn missed(&self, handled: Timestamp, tick: Timestamp) -> u64 {
        let mut missed = 0;
        let mut from = handled;
        while missed < COUNTED
            && let Some(next) = self.next_after(from)
            && next < tick
        {
            missed += 1;
            from = next;
        }
        missed
    }

    /// The status with what is known without a tick.
    fn refreshed(
        &self,
        status: &SanctionedExperimentStatus,
        around: &Circumstances,
        now: Timestamp,
    ) -> SanctionedExperimentStatus {
        let mut next = status.clone();
        next.observed_generation = Some(self.generation);
        next.active.clone_from(&around.open);
        next.next_ticks = if self.suspended {
            Vec::new()
        } else {
            self.next(now, TOLD).into_iter().map(Moment).collect()
        };
        if next.counted_generation != Some(self.generation) {
            next.counted_generation = Some(self.generation);
            next.consecutive_failures = 0;
        }
        next
    }

    /// What keeps a tick from starting a run. The first that holds is told.
    fn hindrance(
        &self,
        status: &SanctionedExperimentStatus,
        around: &Circumstances,
        (tick, now): (Timestamp, Timestamp),
    ) -> Option<Hindrance> {
        let skip = |reason, message: String| Some(Hindrance::Skip(reason, message));
        let late = elapsed(tick, now);
        if self.suspended {
            return skip("Suspended", "it is suspended".to_owned());
        }
        if let Some(why) = &around.stopped {
            return skip("EmergencyStop", why.clone());
        }
        if late > self.starting_deadline.saturating_add(self.jitter) {
            let deadline = self.starting_deadline;
            return skip(
                "TooLate",
                format!("{late:?} after its tick, {deadline:?} is allowed"),
            );
        }
        if let Some(why) = &around.closed {
            return skip("Blackout", why.clone());
        }
        if !around.open.is_empty() {
            let open = around.open.join(", ");
            return match self.concurrency {
                ConcurrencyWord::Forbid => skip("Concurrent", format!("{open} is open")),
                ConcurrencyWord::Replace => Some(Hindrance::Others),
            };
        }
        let failures = status.consecutive_failures;
        if self.stop_after_failures > 0 && failures >= self.stop_after_failures {
            let message = format!("{failures} runs in a row failed; change its spec to go on");
            return skip("StoppedAfterFailures", message);
        }
        let since = around.last_on_subject.map(|last| elapsed(last, now));
        if let Some(since) = since.filter(|since| *since < self.minimum_interval) {
            let least = self.minimum_interval;
            let message = format!("the last run on it began {since:?} ago, {least:?} is the least");
            return skip("TooSoon", message);
        }
        if around.unapproved {
            return skip(
                "NotApproved",
                "nobody has approved it as it is written".to_owned(),
            );
        }
        None
    }
}

/// What keeps a tick from starting a run.
enum Hindrance {
    /// It starts none: why, for machines and for people.
    Skip(&'static str, String),
    /// Others have to end first.
    Others,
}

fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

fn turnout(status: SanctionedExperimentStatus, wanted: Wanted, wake: Option<Timestamp>) -> Turnout {
    Turnout {
        status,
        wanted,
        wake,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::calendar::Dialect;

    fn at(text: &str) -> Timestamp {
        format!("2026-10-{text}Z").parse().unwrap()
    }

    /// Daily at ten.
    fn timetable() -> Timetable {
        let schedule = Schedule::parse("0 10 * * *", Dialect::Ours, &TimeZone::UTC).unwrap();
        Timetable {
            name: "drill".to_owned(),
            uid: "b7c1".to_owned(),
            created: at("01T00:00:00"),
            generation: 1,
            schedules: vec![schedule],
            starting_deadline: Duration::from_mins(5),
            jitter: Duration::ZERO,
            minimum_interval: Duration::from_mins(10),
            concurrency: ConcurrencyWord::Forbid,
            suspended: false,
            stop_after_failures: 1,
        }
    }

    fn handled(text: &str) -> SanctionedExperimentStatus {
        SanctionedExperimentStatus {
            last_handled_tick: Some(Moment(at(text))),
            counted_generation: Some(1),
            ..SanctionedExperimentStatus::default()
        }
    }

    fn turn(status: &SanctionedExperimentStatus, around: &Circumstances, now: &str) -> Turnout {
        timetable().turn(status, around, at(now))
    }

    fn skipped(turnout: &Turnout) -> &str {
        assert_eq!(turnout.wanted, Wanted::Nothing);
        &turnout.status.last_skip.as_ref().unwrap().reason
    }

    #[test]
    fn a_tick_starts_one_run_whose_name_is_a_function_of_it() {
        let before = handled("02T10:00:00");
        let none = Circumstances::default();
        let early = turn(&before, &none, "03T09:59:59");
        assert_eq!(
            (early.wanted, early.wake),
            (Wanted::Nothing, Some(at("03T10:00:00")))
        );
        let due = turn(&before, &none, "03T10:00:01");
        let tick = at("03T10:00:00");
        let name = format!("drill-{}", tick.as_second() / 60);
        assert_eq!(due.wanted, Wanted::Run { name, tick });
        assert_eq!(due.status.last_handled_tick, Some(Moment(tick)));
        let after = turn(&due.status, &none, "03T10:00:02");
        assert_eq!(after.wanted, Wanted::Nothing);
    }

    #[test]
    fn missed_ticks_are_counted_and_only_the_latest_may_start_late() {
        let before = handled("02T10:00:00");
        let none = Circumstances::default();
        let soon = turn(&before, &none, "06T10:04:00");
        assert_eq!(soon.status.missed_ticks, 3);
        assert!(matches!(soon.wanted, Wanted::Run { .. }));
        let late = turn(&before, &none, "06T10:06:00");
        assert_eq!((skipped(&late), late.status.missed_ticks), ("TooLate", 3));
    }

    #[test]
    fn a_clock_that_goes_back_starts_nothing_again() {
        let before = handled("06T10:00:00");
        let back = turn(&before, &Circumstances::default(), "05T10:00:30");
        assert_eq!(back.wanted, Wanted::Nothing);
        assert_eq!(back.status.last_handled_tick, before.last_handled_tick);
    }

    #[test]
    fn what_keeps_a_tick_from_starting_is_told_once() {
        let failed = SanctionedExperimentStatus {
            consecutive_failures: 1,
            ..handled("02T10:00:00")
        };
        let open = || vec!["drill-1".to_owned()];
        let rows: [(&str, &SanctionedExperimentStatus, Circumstances); 6] = [
            (
                "EmergencyStop",
                &failed,
                Circumstances {
                    stopped: Some("812".to_owned()),
                    closed: Some("night".to_owned()),
                    ..Circumstances::default()
                },
            ),
            (
                "Blackout",
                &failed,
                Circumstances {
                    closed: Some("night".to_owned()),
                    open: open(),
                    ..Circumstances::default()
                },
            ),
            (
                "Concurrent",
                &failed,
                Circumstances {
                    open: open(),
                    ..Circumstances::default()
                },
            ),
            ("StoppedAfterFailures", &failed, Circumstances::default()),
            (
                "TooSoon",
                &handled("02T10:00:00"),
                Circumstances {
                    last_on_subject: Some(at("03T09:55:00")),
                    ..Circumstances::default()
                },
            ),
            (
                "NotApproved",
                &handled("02T10:00:00"),
                Circumstances {
                    unapproved: true,
                    ..Circumstances::default()
                },
            ),
        ];
        for (reason, before, around) in rows {
            let turnout = turn(before, &around, "03T10:00:01");
            assert_eq!(skipped(&turnout), reason);
            assert_eq!(
                turnout.status.last_handled_tick,
                Some(Moment(at("03T10:00:00")))
            );
        }
    }

    #[test]
    fn a_changed_spec_counts_failures_anew() {
        let failed = SanctionedExperimentStatus {
            consecutive_failures: 1,
            counted_generation: Some(0),
            ..handled("02T10:00:00")
        };
        let turnout = turn(&failed, &Circumstances::default(), "03T10:00:01");
        assert!(matches!(turnout.wanted, Wanted::Run { .. }));
    }

    #[test]
    fn to_replace_others_is_to_end_them_first() {
        let mut timetable = timetable();
        timetable.concurrency = ConcurrencyWord::Replace;
        let open = vec!["drill-1".to_owned()];
        let around = Circumstances {
            open: open.clone(),
            ..Circumstances::default()
        };
        let before = handled("02T10:00:00");
        let first = timetable.turn(&before, &around, at("03T10:00:01"));
        assert_eq!(first.wanted, Wanted::Abort(open));
        assert_eq!(first.status.last_handled_tick, before.last_handled_tick);
        let then = timetable.turn(&first.status, &Circumstances::default(), at("03T10:01:00"));
        assert!(matches!(then.wanted, Wanted::Run { .. }));
    }

    #[test]
    fn a_run_is_put_off_by_the_same_for_the_same_tick_and_within_bounds() {
        let mut timetable = timetable();
        timetable.jitter = Duration::from_mins(10);
        let days = 1..=28;
        let delays: Vec<u64> = days
            .map(|day| timetable.delay(at(&format!("{day:02}T10:00:00"))).as_secs())
            .collect();
        let again = timetable.delay(at("01T10:00:00")).as_secs();
        assert_eq!(again, delays[0]);
        let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
        assert!(*most <= 600 && most - least > 200, "{delays:?}");
    }
}
