//! The blast radius of whole inventories against brute force: every draw of every fault is made,
//! and every joint draw of them all, with those of the experiments that are live.
//!
//! `FIREBREAK_CASES` and `FIREBREAK_SEED` say how many cases and which; a failure names the seed
//! with which its scene is the first.

mod by_hand;
mod case;
mod compare;
mod faults;
mod oracle;
mod world;

use fastrand::Rng;
use firebreak::blast::{BlastRadius, measure};
use firebreak::fault::{Aim, Experiment, Mode, Overlap};

use case::{Case, Scene};
use compare::Truth;

/// How many experiments are measured in one scene.
const A_SCENE: u64 = 10;

fn check(case: &Case) -> Result<(), String> {
    let inventory = case.scene.inventory();
    let found = measure(&case.experiment, &inventory);
    Truth::new(&case.experiment, &inventory).agrees(&found)
}

/// Makes random scenes, each from a seed of its own, and experiments in them.
fn each(
    cases: u64,
    experiment: fn(&mut Rng) -> Experiment,
    check: impl Fn(&mut Rng, u64, &Scene, Vec<Experiment>),
) {
    for seed in crate::worst_case::seeds(cases.div_ceil(A_SCENE)) {
        let mut rng = Rng::with_seed(seed);
        let scene = Scene::random(&mut rng);
        let experiments = (0..A_SCENE).map(|_| experiment(&mut rng)).collect();
        check(&mut rng, seed, &scene, experiments);
    }
}

/// Compares measurements with brute force.
fn compare(cases: u64, experiment: fn(&mut Rng) -> Experiment) {
    each(cases, experiment, |_, seed, scene, experiments| {
        let inventory = scene.inventory();
        for experiment in experiments {
            let found = measure(&experiment, &inventory);
            if Truth::new(&experiment, &inventory).agrees(&found).is_ok() {
                continue;
            }
            let scene = scene.clone();
            let case = Case { scene, experiment }.shrink(|case| check(case).is_err());
            let difference = check(&case).unwrap_err();
            panic!("seed {seed}: {difference}\n{}", case.told());
        }
    });
}

#[test]
fn the_blast_radius_is_what_brute_force_finds() {
    compare(crate::worst_case::cases() * 3 / 4, |rng| {
        faults::experiment(rng, 3)
    });
}

#[test]
fn the_blast_radius_of_chaos_mesh_objects_is_what_brute_force_finds() {
    compare(crate::worst_case::cases() / 4, faults::chaos_mesh);
}

/// The experiment with one of its faults drawing more, or more often, and those of the same field
/// with it: who shared a draw still does.
fn larger(rng: &mut Rng, experiment: &Experiment) -> Experiment {
    let mut larger = experiment.clone();
    let field = larger.faults[rng.usize(..larger.faults.len())]
        .field
        .clone();
    let what = rng.u8(..3);
    for fault in larger.faults.iter_mut().filter(|it| it.field == field) {
        match (&mut fault.aim, what) {
            (_, 0) => fault.overlap = more_often(fault.overlap),
            (Aim::Cut { to: target, .. }, 1)
            | (Aim::Cut { from: target, .. } | Aim::Pods(target) | Aim::Each { target, .. }, _) => {
                target.mode = more(target.mode);
            }
            (Aim::Nodes(target), _) => target.mode = more(target.mode),
            (Aim::Isolation(_) | Aim::Unknown(_), _) => {}
        }
    }
    larger
}

fn more(mode: Mode) -> Mode {
    match mode {
        Mode::One => Mode::Fixed(2),
        Mode::Fixed(count) => Mode::Fixed(count + 1),
        Mode::Percent(share) => Mode::Percent((share + 30).min(100)),
        Mode::UpToPercent(share) => Mode::UpToPercent((share + 30).min(100)),
        Mode::AtLeastOne(share) => Mode::AtLeastOne((share + 30).min(100)),
        Mode::Nearest { percent, most } => Mode::Nearest {
            percent: (percent + 30).min(100),
            most: most + 1,
        },
        Mode::All => Mode::All,
    }
}

fn more_often(overlap: Overlap) -> Overlap {
    match overlap {
        Overlap::AtMost(copies) => Overlap::AtMost(copies + 1),
        Overlap::Unbounded => Overlap::Unbounded,
    }
}

/// Whether everything that `less` counts as harm, `more` counts too.
fn includes(more: &BlastRadius, less: &BlastRadius) -> bool {
    let impacts = less.impacts.iter().all(|less| {
        let mut found = more.impacts.iter().filter(|it| it.group == less.group);
        found.any(|more| {
            more.hits >= less.hits
                && more.lost >= less.lost
                && more.primary >= less.primary
                && more.effect >= less.effect
                && more.standbys_left.unwrap_or(u32::MAX) <= less.standbys_left.unwrap_or(u32::MAX)
                && (more.quorum_kept != Some(true) || less.quorum_kept != Some(false))
        })
    });
    let budgets = less.budgets.iter().all(|less| {
        let mut found = more.budgets.iter().filter(|it| it.budget == less.budget);
        found.any(|more| more.lost >= less.lost)
    });
    more.pods >= less.pods && more.nodes >= less.nodes && impacts && budgets
}

#[test]
fn drawing_more_never_does_less_harm() {
    let experiment = |rng: &mut Rng| faults::experiment(rng, 3);
    each(
        crate::worst_case::cases() / 10,
        experiment,
        |rng, seed, scene, experiments| {
            let inventory = scene.inventory();
            for experiment in experiments {
                let larger = larger(rng, &experiment);
                let (less, more) = (
                    measure(&experiment, &inventory),
                    measure(&larger, &inventory),
                );
                assert!(
                    includes(&more, &less),
                    "seed {seed}: {experiment:?}\n{less:?}\n{more:?}"
                );
            }
        },
    );
}

#[test]
fn the_order_of_objects_says_nothing_and_twice_is_the_same() {
    let experiment = |rng: &mut Rng| faults::experiment(rng, 3);
    each(
        crate::worst_case::cases() / 20,
        experiment,
        |rng, seed, scene, experiments| {
            let mut shuffled = scene.clone();
            rng.shuffle(&mut shuffled.world.objects);
            let inventories = [scene.inventory(), scene.inventory(), shuffled.inventory()];
            for experiment in experiments {
                let [found, again, shuffled] =
                    &inventories.each_ref().map(|it| measure(&experiment, it));
                assert_eq!(found, again, "seed {seed}");
                assert_eq!(found, shuffled, "seed {seed}");
            }
        },
    );
}
