//! The worst case against brute force: on small problems every draw of every fault is made, and
//! every joint draw of them all.
//!
//! `FIREBREAK_CASES` and `FIREBREAK_SEED` say how many cases and which; one case is repeated by
//! giving its own seed and one case.

mod brute_force;
mod case;
mod litmus;

use std::ops::RangeInclusive;

use fastrand::Rng;
use firebreak::blast::worst_case::{Choice, Draw, Loss, Problem, Victims, most_classes, most_hit};

use brute_force::each;
use case::{Case, Pods, members, random_case, set, simpler};

/// Whether what was found is what was expected, or what is safe where it is no more than a bound.
fn agree(
    what: &str,
    found: &Loss,
    sets: &(impl Iterator<Item = Pods> + Clone),
) -> Result<(), String> {
    let most = sets.clone().map(Pods::count_ones).max().unwrap_or(0);
    let witness = set(found.witness.iter().copied());
    if found.lost < most || found.is_exact() && found.lost != most {
        return Err(format!("{what}: found {found:?}, brute force {most}"));
    }
    let distinct = witness.count_ones() as usize == found.witness.len();
    if !distinct || !sets.clone().any(|set| set & witness == witness) {
        return Err(format!("{what}: no draw takes the witness of {found:?}"));
    }
    Ok(())
}

/// Compares every answer with brute force; with no effort, bounds are all that is asked for.
fn check(case: &Case, effort: Option<usize>) -> Result<(), String> {
    let group = members(case.members);
    let node_of = |pod: u32| case.node_of.get(pod as usize).copied();
    let mut problem = Problem::of_group(&group, &case.draws, node_of);
    let mut touched = Problem::of_classes(
        &case.draws,
        |pod| case.class_of[pod as usize],
        |n| case.pods_on(n),
    );
    if let Some(steps) = effort {
        (problem, touched) = (problem.with_effort(steps), touched.with_effort(steps));
    }
    let losses = case.losses();
    let hits = case.hits();
    let loss = problem.loss(|pod| case.healthy >> pod & 1 == 1);
    let classes = touched.loss(|_| true);
    agree("loss", &loss, &each(losses).map(|lost| lost & case.healthy))?;
    let touched = each(hits).map(|hit| case.classes(hit));
    agree("classes", &classes, &touched)?;
    let hit = most_hit(&case.draws, |n| case.pods_on(n));
    agree("hit", &hit, &each(hits))?;

    let found = problem.standbys_left(&members(case.writers), &members(case.standbys));
    let expected = each(losses)
        .filter(|lost| lost & case.writers != 0)
        .map(|lost| (case.standbys & !lost).count_ones())
        .min();
    if found.is_some() != expected.is_some() || found > expected {
        return Err(format!(
            "standbys: found {found:?}, brute force {expected:?}"
        ));
    }
    if effort.is_none() && !(loss.is_exact() && classes.is_exact() && found == expected) {
        return Err(format!(
            "not exact: {loss:?}, {classes:?}, {found:?} for {expected:?}"
        ));
    }
    Ok(())
}

/// The simplest failing case that can be reached by leaving things out one at a time.
fn shrink(mut case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    while let Some(less) = simpler(&case).into_iter().find(|less| fails(less)) {
        case = less;
    }
    case
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is {text:?}, not a number")),
    )
}

/// So many seeds, the first of which is printed.
#[expect(
    clippy::print_stdout,
    reason = "a failure is repeated from what is printed"
)]
pub(crate) fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let first = number("FIREBREAK_SEED").unwrap_or(20_260_101);
    println!("{count} seeds from {first}");
    (0..count).map(move |at| first.wrapping_add(at))
}

/// Checks random cases, each from a seed of its own.
fn check_random(cases: u64, draws: RangeInclusive<usize>, effort: Option<usize>) {
    for seed in seeds(cases) {
        let case = random_case(&mut Rng::with_seed(seed), draws.clone());
        if check(&case, effort).is_err() {
            let case = shrink(case, |case| check(case, effort).is_err());
            let difference = check(&case, effort).unwrap_err();
            panic!("seed {seed}: {difference}\n{case:#?}");
        }
    }
}

/// How many cases to make.
pub(crate) fn cases() -> u64 {
    number("FIREBREAK_CASES").unwrap_or(100_000)
}

#[test]
fn the_worst_case_is_what_brute_force_finds() {
    check_random(cases(), 0..=3, None);
}

#[test]
fn the_worst_case_of_many_faults_is_what_brute_force_finds() {
    check_random(cases() / 20, 4..=7, None);
}

#[test]
fn a_bound_is_never_below_what_brute_force_finds() {
    check_random(cases() / 2, 0..=5, Some(0));
}

#[test]
fn a_bound_on_more_faults_than_can_be_tried_is_never_below_brute_force() {
    check_random(cases() / 100, 15..=30, Some(1000));
}

// ── by hand ──────────────────────────────────────────────────────────────────────────────────

fn choice(candidates: impl IntoIterator<Item = u32>, most: u32) -> Choice {
    Choice {
        candidates: candidates.into_iter().collect(),
        most,
    }
}

fn pods(candidates: impl IntoIterator<Item = u32>, most: u32) -> Draw {
    Draw {
        victims: Victims::Pods(choice(candidates, most)),
        copies: 1,
    }
}

fn nodes(candidates: impl IntoIterator<Item = u32>, most: u32) -> Draw {
    Draw {
        victims: Victims::Nodes(choice(candidates, most)),
        copies: 1,
    }
}

fn cut(from: Choice, to: Choice) -> Draw {
    Draw {
        victims: Victims::Cut { from, to },
        copies: 1,
    }
}

fn group(members: &[u32], draws: &[Draw]) -> Problem {
    Problem::of_group(members, draws, Some)
}

fn lost(members: &[u32], draws: &[Draw]) -> u32 {
    let loss = group(members, draws).loss(|_| true);
    assert!(loss.is_exact(), "{loss:?}");
    loss.lost
}

#[test]
fn candidates_outside_the_group_do_not_dilute_a_draw() {
    assert_eq!(lost(&[10, 20, 30], &[pods(0..100_000, 2)]), 2);
    assert_eq!(lost(&[10, 20, 30], &[pods([5, 20, 99], 2)]), 1);
}

#[test]
fn a_pod_that_two_draws_hit_is_lost_once() {
    assert_eq!(lost(&[1, 2, 3], &[pods([1], 1), pods([1], 1)]), 1);
    assert_eq!(lost(&[1, 2, 3], &[pods([1, 2], 1), pods([1], 1)]), 2);
    assert_eq!(
        lost(
            &[1, 2, 3],
            &[pods([1, 2], 1), pods([2, 3], 1), pods([1, 3], 1)]
        ),
        3
    );
}

#[test]
fn sets_are_drawn_from_each_by_itself_and_no_more_than_so_many_in_all() {
    let each = |most, copies| Draw {
        victims: Victims::Each {
            sets: vec![choice([1, 2, 3], 1), choice([4, 5], 1), choice([6], 1)],
            most,
        },
        copies,
    };
    let all = [1, 2, 3, 4, 5, 6];
    let bound = |members: &[u32], draw: Draw| group(members, &[draw]).loss(|_| true).lost;
    assert_eq!(lost(&all, &[each(u32::MAX, 1)]), 3);
    assert_eq!(lost(&[1, 2, 3], &[each(u32::MAX, 1)]), 1);
    assert_eq!(lost(&all, &[each(1, 1)]), 1);
    assert_eq!(lost(&all, &[each(0, 1)]), 0);
    assert_eq!(lost(&[1, 2, 3], &[each(2, 1)]), 1);
    assert_eq!(bound(&all, each(2, 1)), 2);
    assert_eq!(bound(&all, each(2, 2)), 4);
    assert_eq!(lost(&all, &[each(3, 2)]), 5);
}

#[test]
fn draws_that_overlap_in_time_add_up() {
    let draw = Draw {
        copies: 2,
        ..pods(0..9, 2)
    };
    assert_eq!(lost(&[1, 2, 3, 4, 5, 6], &[draw]), 4);
    let draw = Draw {
        copies: u32::MAX,
        ..pods(0..9, 2)
    };
    assert_eq!(lost(&[1, 2, 3, 4, 5, 6], &[draw]), 6);
}

#[test]
fn an_unhealthy_member_cannot_be_lost() {
    let loss = group(&[1, 2, 3], &[pods([1, 2], 2)]).loss(|pod| pod != 2);
    assert_eq!(
        loss,
        Loss {
            lost: 1,
            witness: vec![1]
        }
    );
}

#[test]
fn a_drawn_node_costs_every_member_on_it() {
    let on = |pod: u32| Some(pod / 10);
    let members = [10, 11, 20, 21, 22, 30];
    let worst = |draws: &[Draw]| Problem::of_group(&members, draws, on).loss(|_| true).lost;
    assert_eq!(worst(&[nodes([1, 2, 3], 1)]), 3);
    assert_eq!(worst(&[nodes([1, 2, 3], 1), nodes([2], 1)]), 5);
    assert_eq!(worst(&[nodes([1, 2, 3], 1), pods([20, 21, 22], 3)]), 5);
}

#[test]
fn a_partition_costs_its_larger_side_and_only_inside_the_group() {
    let members = [1, 2, 3, 4, 5];
    assert_eq!(
        lost(&members, &[cut(choice([1, 2], 9), choice([3, 4, 5], 9))]),
        3
    );
    assert_eq!(
        lost(&members, &[cut(choice([1, 2], 9), choice([3, 4, 5], 1))]),
        2
    );
    assert_eq!(
        lost(&members, &[cut(choice([1, 2], 9), choice([7, 8, 9], 9))]),
        0
    );
}

#[test]
fn a_partition_hits_both_its_sides() {
    let draw = cut(choice([1, 2], 9), choice([3, 8, 9], 9));
    assert_eq!(lost(&[1, 2, 3], &draw.sides()), 3);
    assert_eq!(lost(&[1, 2, 3], &[draw]), 2);
}

#[test]
fn one_draw_never_takes_the_writer_and_a_standby() {
    let members = [0, 1, 2];
    let left = |draws: &[Draw]| group(&members, draws).standbys_left(&[0], &[1, 2]);
    assert_eq!(left(&[pods([0, 1, 2], 1)]), Some(2));
    assert_eq!(left(&[pods([0, 1, 2], 2)]), Some(1));
    assert_eq!(left(&[pods([0, 1, 2], 1), pods([0, 1, 2], 1)]), Some(1));
    assert_eq!(left(&[pods([0], 1), pods([1, 2], 2)]), Some(0));
    assert_eq!(left(&[pods([1, 2], 2)]), None);
}

#[test]
fn a_group_of_thousands_is_measured_exactly() {
    let members: Vec<u32> = (0..5000).collect();
    let draws = [
        pods(0..5000, 1500),
        nodes(0..5000, 1000),
        pods((0..5000).step_by(2), 900),
    ];
    assert_eq!(lost(&members, &draws), 3400);
    assert_eq!(lost(&members, &draws[..1]), 1500);
}

#[test]
fn the_most_classes_one_draw_may_touch_are_counted() {
    let zone = |pod: u32| pod % 3;
    let nobody = |_| Vec::new();
    assert_eq!(most_classes(&[pods(0..100, 2)], zone, nobody).lost, 2);
    assert_eq!(most_classes(&[pods(0..100, 7)], zone, nobody).lost, 3);
    assert_eq!(most_classes(&[pods([0, 3, 6], 3)], zone, nobody).lost, 1);
    let rack = |node: u32| vec![node, node + 1];
    assert_eq!(most_classes(&[nodes([0, 1], 1)], zone, rack).lost, 2);
}
