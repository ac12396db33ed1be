//! StressChaos: processes that take processor, memory or disk inside a container.

use super::site::{Found, Harm, Site};
use crate::fault::{Action, Effect, Intensity, Unreadable};
use crate::object::Field;

const EVERYTHING: u32 = 100;

/// Options of stress-ng that add no stressor of another kind.
const HARMLESS_OPTIONS: &[&str] = &["--cpu", "--timeout", "-c", "-t"];

/// Reads the stressors. `stressngStressors` wins over `stressors`.
pub(super) fn read(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let raw = site.spec.get("stressngStressors");
    let stressors = site.spec.get("stressors");
    let harms = if raw.text()?.is_some_and(|text| !text.is_empty()) {
        found.note(
            raw.path(),
            "stress-ng options are not read: they may take everything",
        );
        anything().to_vec()
    } else {
        let mut harms = Vec::new();
        harms.extend(cpu(&stressors.get("cpu"))?);
        harms.extend(memory(&stressors.get("memory"))?);
        harms
    };
    if harms.is_empty() {
        return Err(stressors.unreadable("cpu, memory or both"));
    }
    for harm in merged(harms) {
        found.hit(site, harm, site.pods()?);
    }
    Ok(())
}

fn cpu(field: &Field<'_>) -> Result<Vec<Harm>, Unreadable> {
    if !field.is_set() {
        return Ok(Vec::new());
    }
    let load = field.get("load").integer()?;
    let load = load.map_or(EVERYTHING, |load| u32::try_from(load).unwrap_or(EVERYTHING));
    let mut harms = with_options(field)?;
    harms.push(Harm::new(
        Action::CpuStress,
        Effect::Degraded,
        cpu_load(load),
    ));
    Ok(harms)
}

fn memory(field: &Field<'_>) -> Result<Vec<Harm>, Unreadable> {
    if !field.is_set() {
        return Ok(Vec::new());
    }
    let workers = field.get("workers").integer()?.unwrap_or(1);
    let workers = u32::try_from(workers).unwrap_or(u32::MAX);
    let each = memory_percent(&field.get("size"))?;
    let intensity = Intensity {
        memory_percent: each.map(|percent| percent.saturating_mul(workers)),
        ..Intensity::default()
    };
    let mut harms = with_options(field)?;
    harms.push(Harm::new(Action::MemoryStress, Effect::Down, intensity));
    Ok(harms)
}

/// Percent of the memory that one worker takes: all of it by default, unknown for a fixed size.
fn memory_percent(size: &Field<'_>) -> Result<Option<u32>, Unreadable> {
    match size.text()? {
        None | Some("") => Ok(Some(EVERYTHING)),
        Some(text) => match text.strip_suffix('%') {
            Some(_) => size_percent(size, text).map(Some),
            None => Ok(None),
        },
    }
}

fn size_percent(size: &Field<'_>, text: &str) -> Result<u32, Unreadable> {
    let number = text.trim_end_matches('%').trim().parse::<f64>();
    let number = number.map_err(|_| size.unreadable("a size such as 256MB or 25%"))?;
    Ok(super::site::whole_percent(number))
}

/// Further options of stress-ng may start stressors of any kind.
fn with_options(field: &Field<'_>) -> Result<Vec<Harm>, Unreadable> {
    let options = field.get("options").texts()?.unwrap_or_default();
    let harmless = |option: &String| {
        let mut words = option
            .split_whitespace()
            .filter(|word| word.starts_with('-'));
        words.all(|word| {
            let name = word.split('=').next().unwrap_or_default();
            HARMLESS_OPTIONS.contains(&name)
        })
    };
    if options.iter().all(harmless) {
        return Ok(Vec::new());
    }
    Ok(anything().to_vec())
}

/// Whatever stress-ng may do.
fn anything() -> [Harm; 3] {
    let memory = Intensity {
        memory_percent: Some(EVERYTHING),
        ..Intensity::default()
    };
    [
        Harm::new(Action::CpuStress, Effect::Degraded, cpu_load(EVERYTHING)),
        Harm::new(Action::MemoryStress, Effect::Down, memory),
        Harm::new(Action::IoStress, Effect::Degraded, Intensity::default()),
    ]
}

fn cpu_load(percent: u32) -> Intensity {
    Intensity {
        cpu_percent: Some(percent),
        ..Intensity::default()
    }
}

/// One harm an action, the stronger one.
fn merged(mut harms: Vec<Harm>) -> Vec<Harm> {
    let strength = |harm: &Harm| (harm.intensity.cpu_percent, harm.intensity.memory_percent);
    harms.sort_by_key(|harm| (harm.action, std::cmp::Reverse(strength(harm))));
    harms.dedup_by_key(|harm| harm.action);
    harms
}
