//! A run from its beginning to its end, with what happens meanwhile, and with who carries it out stopped in
//! the middle.

use std::time::Duration;

use firebreak::schedule::advance;
use firebreak::schedule::effect::Effect;
use firebreak::schedule::observed::{Closed, Verdict};
use firebreak::schedule::spec::status::{PhaseWord, ResultWord};

use crate::scheduler::world::{Tool, World, seconds};

/// Something that happens so long after a phase was entered.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) phase: PhaseWord,
    pub(crate) after: Duration,
    pub(crate) what: String,
}

/// What becomes of whoever carries the run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Nothing.
    Never,
    /// It ends at this step, once the status is stored, and before anything is done.
    Before(usize),
    /// It ends at this step after it has done this much.
    After(usize, usize),
    /// At this step it stands still, another goes on, and then it does what it was about to do.
    Stale(usize),
}

/// How long who stood still stood still.
const STILL: Duration = Duration::from_secs(40);

/// More steps than any run takes.
const STEPS: usize = 4_000;

/// Runs until the run is closed or nothing happens any more. How many steps it took.
pub(crate) fn drive(world: &mut World, events: &[Event], crash: Crash) -> usize {
    let mut left: Vec<Event> = events.to_vec();
    let mut late: Vec<(jiff::Timestamp, Effect)> = Vec::new();
    let mut entered = world.now;
    let mut phase = world.run.status.phase;
    for step in 0..STEPS {
        if world.run.status.phase != phase {
            (phase, entered) = (world.run.status.phase, world.now);
        }
        let due = |it: &Event| it.phase == phase && world.now >= entered + it.after;
        let (now, later): (Vec<Event>, Vec<Event>) = left.into_iter().partition(due);
        left = later;
        for event in now {
            happen(world, &event.what);
        }
        let (over, still): (Vec<_>, Vec<_>) = late.into_iter().partition(|it| it.0 <= world.now);
        late = still;
        for (_, effect) in over {
            world.carry_out(&effect);
        }
        let version = world.version;
        let next = advance(&world.run, &world.seen(), world.now);
        let Some(wake) = next.wake else {
            return step;
        };
        if !world.store(&next.status, version) {
            continue;
        }
        let doing: &[Effect] = match crash {
            Crash::Before(at) if at == step => &[],
            Crash::After(at, much) if at == step => &next.effects[..much.min(next.effects.len())],
            Crash::Stale(at) if at == step => {
                let when = world.now + STILL;
                late.extend(next.effects.iter().map(|it| (when, it.clone())));
                &[]
            }
            Crash::Never | Crash::Before(_) | Crash::After(..) | Crash::Stale(_) => &next.effects,
        };
        for effect in doing {
            world.carry_out(effect);
        }
        let wait = Duration::try_from(wake.duration_since(world.now)).unwrap_or_default();
        // Nobody looks at the very instant, and whoever takes over after a crash takes a while.
        let taken_over = matches!(crash, Crash::Before(at) | Crash::After(at, _) | Crash::Stale(at) if at == step);
        world.pass(
            wait.max(seconds(1))
                + if taken_over {
                    seconds(9)
                } else {
                    Duration::ZERO
                },
        );
    }
    STEPS
}

/// Something happens.
pub(crate) fn happen(world: &mut World, what: &str) {
    let words: Vec<&str> = what.split_whitespace().collect();
    match words.as_slice() {
        ["tool", "good"] => world.tool = Tool::Good,
        ["tool", "away"] => world.tool = Tool::Away,
        ["tool", "lies"] => world.tool = Tool::Lies,
        ["tool", "deaf"] => world.tool = Tool::Deaf,
        ["tool", "fails"] => world.tool = Tool::Fails,
        ["stop"] => world.stopped = true,
        ["release"] => world.stopped = false,
        ["blackout"] => close(world, false),
        ["halting", "blackout"] => close(world, true),
        ["abort"] => world.run.spec.abort = true,
        ["delete"] => world.run.deleting = true,
        ["blind"] => world.blind = true,
        ["sight"] => world.blind = false,
        ["busy"] => world.busy = true,
        ["idle"] => world.busy = false,
        ["probe", "bad"] => world.probe = ResultWord::Bad,
        ["probe", "good"] => world.probe = ResultWord::Good,
        ["probe", "waiting"] => world.probe = ResultWord::Waiting,
        ["probe", "silent"] => world.probe = ResultWord::Unknown,
        ["rows", "lost"] => world.lost = true,
        ["others", "hold", "it"] => world.refuses = true,
        ["guard", "denies"] => world.guard = Verdict::Denied("too many".to_owned()),
        ["guard", "away"] => world.guard = Verdict::Unavailable("no answer".to_owned()),
        ["object", "deleted"] => world.lose_object(),
        ["backup", "fails"] => world.breaks_backup = true,
        ["status", "edited"] => {
            world.run.status.pinned = None;
            world.run.status.since = None;
            world.version += 1;
        }
        ["status", "set", "back"] => {
            world.run.status.phase = PhaseWord::Preflight;
            world.version += 1;
            world.phases.clear();
        }
        ["members", "return", "in", time] => {
            world.returns = seconds(time.trim_end_matches('s').parse().unwrap());
        }
        [name, "dies"] => world.replace(index(name)),
        [name, "leads"] => {
            let leads = index(name);
            for (at, member) in world.members.iter_mut().enumerate() {
                member.primary = at == leads;
            }
        }
        ["unapproved"] => world.run.unapproved = true,
        ["dry", "run"] => world.run.spec.dry_run = true,
        ["late"] => world.now += seconds(301),
        other => panic!("{other:?} is nothing that happens"),
    }
}

fn close(world: &mut World, halts: bool) {
    world.closed = Some(Closed {
        why: "month end".to_owned(),
        halts,
    });
}

fn index(name: &str) -> usize {
    name.trim_start_matches("pg-").parse().unwrap()
}
