//! `firebreak schedule next`: the ticks to come, and what a change of clocks does to them.

use std::io::Write;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::manifests::Reader;
use super::report::{self, VERSION};
use super::{Format, Outcome};
use crate::calendar::{Dialect, Schedule, zone};
use crate::fault::Surroundings;
use crate::object::Object;
use crate::policy::spec::GROUP;
use crate::schedule::sanctioned::{KIND, Sanctioned};

/// Arguments of `schedule`.
#[derive(Debug, Clone, Args)]
pub struct Schedules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Print the ticks to come of SanctionedExperiments, or of an expression
    Next(Next),
}

#[derive(Debug, Clone, Args)]
struct Next {
    /// Files with SanctionedExperiments
    #[arg(required_unless_present = "schedule")]
    paths: Vec<String>,
    /// An expression: five cron fields, a name such as @weekly, or @every 24h
    #[arg(long, conflicts_with = "paths")]
    schedule: Option<String>,
    /// The IANA zone of the expression
    #[arg(long, default_value = "UTC", requires = "schedule")]
    time_zone: String,
    /// From when on, RFC 3339; else from now on
    #[arg(long)]
    from: Option<Timestamp>,
    /// How many ticks of each schedule
    #[arg(long, default_value_t = 5)]
    count: usize,
    /// How the ticks are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `schedule next --format json` writes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TicksReport {
    version: &'static str,
    schedules: Vec<Listed>,
}

/// A schedule and its ticks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    experiment: Option<String>,
    schedule: String,
    time_zone: String,
    ticks: Vec<Row>,
}

/// A tick, or one that is none because clocks change.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(rename = "utc")]
    instant: Timestamp,
    local: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

const SHIFTED: &str = "shifted: its time is skipped when the clock goes forward";
const DROPPED: &str = "dropped: its time comes a second time when the clock goes back";

impl Schedules {
    /// Writes what is asked for.
    ///
    /// # Errors
    /// When a file cannot be read, a schedule is not one, or the output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Command::Next(next) = &self.command;
        next.run(out)
    }
}

impl Next {
    fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let from = self.from.unwrap_or_else(Timestamp::now);
        let schedules = match &self.schedule {
            Some(text) => vec![self.listed(None, (text, &self.time_zone), (None, from))?],
            None => self.of_files(from)?,
        };
        let report = TicksReport {
            version: VERSION,
            schedules,
        };
        match self.format {
            Format::Json => report::write(out, &report)?,
            Format::Text => text(out, &report)?,
        }
        Ok(Outcome::Fine)
    }

    fn of_files(&self, from: Timestamp) -> anyhow::Result<Vec<Listed>> {
        let mut all = Vec::new();
        for object in experiments(&self.paths)? {
            let sanctioned = compiled(&object)?;
            let created = sanctioned.timetable.created;
            for tick in &sanctioned.spec.schedules {
                let named = tick.time_zone.as_deref().unwrap_or("UTC");
                let way = (Some(created), from);
                let name = format!("{}/{}", sanctioned.namespace, sanctioned.name);
                all.push(self.listed(Some(name), (&tick.schedule, named), way)?);
            }
        }
        Ok(all)
    }

    fn listed(
        &self,
        experiment: Option<String>,
        (text, named): (&str, &str),
        (anchor, from): (Option<Timestamp>, Timestamp),
    ) -> anyhow::Result<Listed> {
        let zone = zone(named)?;
        let anchored = |dialect| {
            let schedule = Schedule::parse(text, dialect, &zone)?;
            Ok::<_, anyhow::Error>(schedule.anchored(anchor.unwrap_or(from)))
        };
        let ours = anchored(Dialect::Ours).with_context(|| format!("schedule {text:?}"))?;
        if !ours.is_possible() {
            bail!("schedule {text:?}: no day fits it");
        }
        Ok(Listed {
            experiment,
            schedule: text.to_owned(),
            time_zone: named.to_owned(),
            ticks: rows(
                &ours,
                &anchored(Dialect::Standard)?,
                (from, &zone),
                self.count,
            ),
        })
    }
}

/// The SanctionedExperiments among manifests.
///
/// # Errors
/// When something cannot be read.
pub fn experiments(paths: &[String]) -> anyhow::Result<Vec<Object>> {
    let read = Reader::default().read(paths, &mut std::io::stdin());
    if let Some(failure) = read.failures.first() {
        bail!("{failure}");
    }
    let objects = read.manifests.into_iter().map(|it| it.object);
    Ok(objects.filter(|it| it.is(GROUP, KIND)).collect())
}

/// A SanctionedExperiment that would be accepted.
///
/// # Errors
/// All that is wrong with it.
pub fn compiled(object: &Object) -> anyhow::Result<Sanctioned> {
    Sanctioned::compile(object, Surroundings::NONE).map_err(|wrong| {
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}: {}", object.reference(), wrong.join("; "))
    })
}

/// The ticks, and beside them those that Kubernetes would have and we have not.
fn rows(
    ours: &Schedule,
    plain: &Schedule,
    (from, zone): (Timestamp, &TimeZone),
    count: usize,
) -> Vec<Row> {
    let ticks = following(ours, from, |_, found| found < count);
    let last = ticks.last().copied().unwrap_or(from);
    let others = following(plain, from, |tick, _| tick <= last);
    let shifted = |tick: &Timestamp| (!others.contains(tick)).then_some(SHIFTED);
    let mut rows: Vec<(Timestamp, Option<&str>)> =
        ticks.iter().map(|tick| (*tick, shifted(tick))).collect();
    let dropped = others.iter().filter(|tick| !ticks.contains(tick));
    rows.extend(dropped.map(|tick| (*tick, Some(DROPPED))));
    rows.sort_by_key(|row| row.0);
    rows.into_iter()
        .map(|(instant, note)| Row {
            instant,
            local: zone_time(instant, zone),
            note,
        })
        .collect()
}

/// The ticks after an instant, as long as they are wanted: by themselves, and by how many there were.
fn following(
    schedule: &Schedule,
    from: Timestamp,
    wanted: impl Fn(Timestamp, usize) -> bool,
) -> Vec<Timestamp> {
    let mut all: Vec<Timestamp> = Vec::new();
    while let Some(next) = schedule.next_after(all.last().copied().unwrap_or(from))
        && wanted(next, all.len())
    {
        all.push(next);
    }
    all
}

fn zone_time(instant: Timestamp, zone: &TimeZone) -> String {
    let local = instant.to_zoned(zone.clone());
    local.strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

fn text(out: &mut dyn Write, report: &TicksReport) -> anyhow::Result<()> {
    for (at, listed) in report.schedules.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let of = listed.experiment.as_ref();
        let of = of.map_or_else(String::new, |name| format!("{name}: "));
        writeln!(out, "{of}{} in {}", listed.schedule, listed.time_zone)?;
        for row in &listed.ticks {
            let note = row
                .note
                .map_or_else(String::new, |note| format!("  {note}"));
            writeln!(out, "  {}  {}{note}", row.instant, row.local)?;
        }
    }
    Ok(())
}
