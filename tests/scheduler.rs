//! The life of a run, against a cluster in memory.
//!
//! `tests/scheduler/scenarios.md` holds scenarios: a heading is a test, the first block is what is injected and
//! what happens, the last block is what the run tells of itself. `UPDATE=1` rewrites what is expected. Each is
//! run again with a crash after every step, and with a second leader at every step: its outcome stays the same,
//! and nothing is injected twice.

mod drive;
mod random;
mod world;

use std::fmt::Write as _;
use std::path::PathBuf;

use firebreak::schedule::spec::sanctioned::BackupWord;
use firebreak::schedule::spec::status::{ExperimentRunStatus, OutcomeWord, PhaseWord};

use drive::{Crash, Event, drive, happen};
use world::{Fault, World, seconds};

use crate::spec::{Section, sections};

/// A scenario as it is written.
struct Scenario {
    world: World,
    events: Vec<Event>,
}

fn phase(word: &str) -> PhaseWord {
    serde_json::from_value(word.into()).unwrap_or_else(|_| panic!("{word:?} is no phase"))
}

fn scenario(text: &str) -> Scenario {
    let mut fault = Fault::Kill;
    let mut backup = BackupWord::Never;
    let (mut first, mut events) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?}"));
        let value = value.trim();
        match key.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["fault"] => {
                fault = *Fault::ALL
                    .iter()
                    .find(|it| format!("{it:?}") == value)
                    .unwrap();
            }
            ["backup"] => backup = serde_json::from_value(value.into()).unwrap(),
            ["first"] => first.push(value.to_owned()),
            ["when", word] => events.push((phase(word), 0, value.to_owned())),
            ["when", word, after] => {
                let after = after.trim_start_matches('+').trim_end_matches('s');
                events.push((phase(word), after.parse().unwrap(), value.to_owned()));
            }
            other => panic!("{other:?} is nothing that is given"),
        }
    }
    let mut world = World::new(fault, backup);
    for what in first {
        happen(&mut world, &what);
    }
    let event = |(phase, after, what)| Event {
        phase,
        after: seconds(after),
        what,
    };
    Scenario {
        world,
        events: events.into_iter().map(event).collect(),
    }
}

/// What the run tells of itself.
fn told(world: &World) -> String {
    let status = &world.run.status;
    let begun = world.run.created;
    let mut text = String::new();
    for it in &status.timeline {
        let after = it.at.0.duration_since(begun).as_secs();
        writeln!(text, "{after:>5}s  {:?}: {}", it.phase, it.what).unwrap();
    }
    let outcome = status
        .outcome
        .map_or("open".to_owned(), |it| format!("{it:?}"));
    let reason = status.reason.as_deref().unwrap_or("-");
    writeln!(text, "{outcome}, {reason}").unwrap();
    if let Some(seconds) = status.recovery.as_ref().and_then(|it| it.took.as_ref()) {
        writeln!(text, "recovery {seconds}").unwrap();
    }
    if let Some(score) = status.score {
        writeln!(text, "score {score}").unwrap();
    }
    if !world.told.is_empty() {
        writeln!(text, "people were told: {}", world.told.join(", ")).unwrap();
    }
    text
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scheduler/scenarios.md")
}

fn each(mut test: impl FnMut(&Section, Scenario, &str)) -> usize {
    let text = std::fs::read_to_string(path()).unwrap();
    let sections = sections(&text);
    let given = sections.iter().filter(|it| it.blocks.len() == 2);
    let mut count = 0;
    for section in given {
        let block = |at: usize| &text[section.blocks[at].range.clone()];
        test(section, scenario(block(0)), block(1));
        count += 1;
    }
    count
}

#[test]
fn every_scenario_goes_as_it_is_told() {
    let mut rewritten = Vec::new();
    let mut wrong = Vec::new();
    let count = each(|section, mut it, expected| {
        drive(&mut it.world, &it.events, Crash::Never);
        let found = told(&it.world);
        holds(&it.world, &section.name);
        if found != expected {
            wrong.push(format!("{}\n{found}", section.name));
        }
        rewritten.push((section.blocks[1].range.clone(), found));
    });
    if std::env::var_os("UPDATE").is_some() {
        let mut text = std::fs::read_to_string(path()).unwrap();
        for (range, found) in rewritten.iter().rev() {
            text.replace_range(range.clone(), found);
        }
        std::fs::write(path(), text).unwrap();
        return;
    }
    assert!(count > 30, "{count} scenarios");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What holds of every run, whatever happened.
fn holds(world: &World, name: &str) {
    let status = &world.run.status;
    assert!(
        world.injected <= 1,
        "{name}: injected {} times",
        world.injected
    );
    let forward = world.phases.is_sorted();
    assert!(forward, "{name}: {:?}", world.phases);
    if status.phase == PhaseWord::Closed {
        closed(world, status, name);
    } else {
        // Once nothing of the fault is left, what was promised may be given back before all is cleared away.
        let cleared = status.phase == PhaseWord::Closing && !world.is_live();
        assert!(
            world.injected == 0 || world.promised || cleared,
            "{name}: it is open and holds nothing"
        );
    }
}

/// Nothing is left of a run that is closed, and what it says is true.
fn closed(world: &World, status: &ExperimentRunStatus, name: &str) {
    assert!(!world.is_live(), "{name}: closed, and the fault is there");
    assert!(
        !world.has_object(),
        "{name}: closed, and its object is there"
    );
    assert!(!world.promised, "{name}: closed, and it holds something");
    assert!(!world.run.held, "{name}: closed, and it is kept");
    let outcome = status.outcome.unwrap();
    let quiet = [OutcomeWord::Skipped, OutcomeWord::Error].contains(&outcome);
    let tampered = status.reason.as_deref() == Some("StatusTampered");
    assert!(
        world.injected == 0 || !quiet || tampered,
        "{name}: {outcome:?}, and it was injected"
    );
    assert!(
        world.injected == 1 || outcome != OutcomeWord::Passed,
        "{name}: passed, and nothing was injected"
    );
}

#[test]
fn a_crash_after_any_step_changes_no_outcome_and_injects_nothing_twice() {
    let mut tried = 0;
    each(|section, it, _| {
        let mut plain = it.world.clone();
        let steps = drive(&mut plain, &it.events, Crash::Never);
        for at in 0..steps.min(200) {
            for crash in [Crash::Before(at), Crash::After(at, 1), Crash::Stale(at)] {
                let mut world = it.world.clone();
                drive(&mut world, &it.events, crash);
                let name = format!("{} {crash:?}", section.name);
                holds(&world, &name);
                assert_eq!(
                    (world.run.status.phase, world.run.status.outcome),
                    (plain.run.status.phase, plain.run.status.outcome),
                    "{name}: {}",
                    told(&world)
                );
                tried += 1;
            }
        }
    });
    println!("{tried} crashes");
    assert!(tried > 1_000, "{tried} crashes");
}
