//! Runs to which anything happens at any time.

use firebreak::schedule::spec::sanctioned::BackupWord;
use firebreak::schedule::spec::status::PhaseWord;

use super::drive::{Crash, Event, drive, happen};
use super::world::{Fault, Tool, World, seconds};
use super::{holds, told};

const PHASES: [PhaseWord; 9] = [
    PhaseWord::Pending,
    PhaseWord::Preflight,
    PhaseWord::BackingUp,
    PhaseWord::Reserving,
    PhaseWord::Injecting,
    PhaseWord::Active,
    PhaseWord::Reverting,
    PhaseWord::Verifying,
    PhaseWord::Closing,
];

const HAPPENINGS: [&str; 29] = [
    "tool good",
    "tool away",
    "tool lies",
    "tool deaf",
    "tool fails",
    "stop",
    "release",
    "blackout",
    "halting blackout",
    "abort",
    "delete",
    "blind",
    "sight",
    "busy",
    "idle",
    "probe bad",
    "probe good",
    "probe silent",
    "rows lost",
    "others hold it",
    "guard denies",
    "guard away",
    "object deleted",
    "backup fails",
    "members return in 300s",
    "pg-1 dies",
    "pg-2 dies",
    "pg-1 leads",
    "pg-0 leads",
];

/// How many runs are tried; `FIREBREAK_CASES` says otherwise.
const CASES: usize = 5_000;

#[test]
fn whatever_happens_nothing_is_injected_twice_and_nothing_is_left() {
    let cases = std::env::var("FIREBREAK_CASES").map_or(CASES, |it| it.parse().unwrap());
    let seed = std::env::var("FIREBREAK_SEED").map_or(11, |it| it.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(seed);
    let mut outcomes = std::collections::BTreeMap::<String, usize>::new();
    for case in 0..cases {
        let backup = random.choice([BackupWord::Never, BackupWord::Always]);
        let fault = random.choice(Fault::ALL).unwrap();
        let mut world = World::new(fault, backup.unwrap());
        world.tool = random.choice(Tool::ALL).unwrap();
        let count = random.usize(0..6);
        let events: Vec<Event> = (0..count)
            .map(|_| Event {
                phase: random.choice(PHASES).unwrap(),
                after: seconds(random.u64(0..90)),
                what: random.choice(HAPPENINGS).unwrap().to_owned(),
            })
            .collect();
        let at = random.usize(0..60);
        let crash = random.choice([
            Crash::Never,
            Crash::Before(at),
            Crash::After(at, 1),
            Crash::Stale(at),
        ]);
        let crash = crash.unwrap();
        let name = format!("seed {seed}, case {case}: {fault:?} {crash:?} {events:?}");
        drive(&mut world, &events, crash);
        holds(&world, &name);
        // Whatever was wrong is mended: then every run comes to its end.
        for what in ["tool good", "sight", "release", "idle", "probe good"] {
            happen(&mut world, what);
        }
        world.refuses = false;
        drive(&mut world, &[], Crash::Never);
        holds(&world, &name);
        let end = (world.run.status.phase, world.run.held);
        assert_eq!(end, (PhaseWord::Closed, false), "{name}\n{}", told(&world));
        let outcome = format!("{:?}", world.run.status.outcome);
        *outcomes.entry(outcome).or_default() += 1;
    }
    println!("{outcomes:?}");
    assert!(outcomes.len() >= 6, "{outcomes:?}");
}
