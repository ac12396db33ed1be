//! The tests that need a cluster: a real control plane, with the guard in its admission chain.
//!
//! `cargo test --test cluster` runs them all, with a word after `--` those whose name has it in it.
//! `cargo test --test cluster -- playground` leaves a cluster up to try things in, and
//! `cargo test --release --test cluster -- latency` measures what the guard adds to a creation, and
//! `cargo test --release --test cluster -- startup` how long it takes until it is ready.
//! Building the control plane needs Go; where that is missing the tests are ignored, and in continuous
//! integration (`CI` is set) they fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests read files, start programs and say what they do"
)]

mod agreement;
mod backups;
mod backups_around;
mod basics;
#[allow(
    dead_code,
    unused_imports,
    reason = "a bed offers what its tests will need next"
)]
mod bed;
mod bypasses;
#[path = "../../benches/cluster/mod.rs"]
mod cluster;
mod companions;
mod drains;
mod gitops;
mod guarded;
mod install;
mod installation;
mod kill_loop;
mod latency;
mod playground;
mod reading;
mod reservations;
mod restarts;
mod rights;
#[path = "../s3.rs"]
mod s3;
mod scheduling;
mod served;
mod sight;
mod startup;
mod storage;
mod whole;

use std::process::ExitCode;
use std::sync::OnceLock;

use bed::{Bed, Programs};
use libtest_mimic::{Arguments, Trial};

/// A test, or something else to do with a cluster: its name, and how it is done.
type Test = (&'static str, fn(&Bed));

/// The tests of a module, by their names.
macro_rules! tests {
    ($($module:ident: $($name:ident),+;)+) => {
        &[$($((concat!(stringify!($module), "::", stringify!($name)), $module::$name as fn(&Bed))),+),+]
    };
}

/// Every test there is, in the order in which they run.
const TESTS: &[Test] = tests! {
    basics: accounts_are_who_they_say, pods_of_a_stateful_set_come_back,
        what_is_stored_outlives_etcd_and_the_api_server, stand_ins_are_named_as_the_real_kinds,
        a_recorded_cluster_stays_as_it_was;
    agreement: every_example_gets_the_same_verdict_from_the_api_server;
    bypasses: every_way_around_the_guard_is_closed;
    kill_loop: a_guard_that_is_away_holds_up_no_controller,
        a_guard_that_never_answers_holds_up_no_controller,
        a_registration_that_fails_closed_on_updates_would_kill_again;
    reading: who_may_only_look_gets_verdicts_and_a_snapshot_and_writes_nothing;
    served: the_api_server_shows_who_it_is, somebody_else_is_not_answered;
    install: one_file_installs_everything_and_removes_it, the_cluster_goes_on_and_starts_anew_while_nobody_answers,
        webhooks_go_with_the_namespace_that_owns_them, overlays_are_accepted,
        the_account_may_do_what_it_needs_and_no_more, the_chart_installs_the_same_and_leaves_nothing;
    reservations: of_two_hundred_at_once_exactly_as_many_are_admitted_as_fit,
        a_dry_run_leaves_the_ledger_as_it_is_and_generated_names_are_held,
        a_guard_that_dies_before_it_answers_leaves_a_ghost_that_its_client_does_not_meet,
        what_somebody_else_refuses_is_held_until_it_cannot_come_any_more;
    whole: what_is_admitted_is_reserved_seen_and_released,
        it_gets_over_outages_of_etcd_and_of_the_api_server,
        a_guard_killed_before_its_answer_arrives_leaves_nothing_in_the_way;
    restarts: no_review_is_lost_while_replicas_and_files_are_replaced,
        no_review_is_lost_while_the_leader_has_a_new_authority_sign;
    rights: each_right_is_used_and_none_is_missing;
    sight: what_is_out_of_sight_for_too_long_is_not_judged_by, kinds_that_come_and_go_are_seen_as_they_do;
    backups: every_sample_database_keeps_what_it_is_given_and_is_given_it_once,
        a_database_is_created_while_nobody_answers_unless_that_was_chosen, a_dry_run_leaves_nothing,
        defaults_that_tie_are_refused;
    companions: objects_that_make_backups_come_and_go_and_what_others_wrote_stays,
        what_has_no_backups_is_said;
    storage: it_is_tried_where_that_is_wanted;
    gitops: backups_stay_whoever_writes_the_database;
    drains: people_are_judged_and_whoever_runs_the_cluster_is_not,
        a_drain_tries_again_while_it_is_denied_and_goes_on_when_the_guard_is_away;
    scheduling: a_pod_is_deleted_comes_back_and_its_recovery_is_measured,
        an_emergency_stop_ends_what_runs_and_nothing_starts, what_only_says_that_it_is_of_a_run_is_denied,
        the_next_leader_does_not_inject_what_the_last_one_has, a_run_that_is_deleted_is_ended_and_leaves_nothing,
        nothing_is_injected_by_who_may_not;
};

/// What else can be done with a cluster.
const COMMANDS: &[Test] = &[
    ("playground", playground::run),
    ("latency", latency::run),
    ("startup", startup::run),
];

static BED: OnceLock<Bed> = OnceLock::new();

fn main() -> ExitCode {
    let word = std::env::args().nth(1).unwrap_or_default();
    if let Some((_, done)) = COMMANDS.iter().find(|(name, _)| *name == word) {
        return with_a_bed(*done);
    }
    let mut arguments = Arguments::from_args();
    // There is one cluster, so there is one test at a time.
    arguments.test_threads = Some(1);
    let wanted = TESTS.iter().any(|(name, _)| is_wanted(&arguments, name));
    let programs = if arguments.list || !wanted {
        Err("nothing is to be run".to_owned())
    } else {
        Programs::find()
    };
    let missing = programs.as_ref().err().cloned();
    if let (Some(missing), true) = (&missing, wanted && !arguments.list) {
        println!("THERE IS NO CLUSTER: {missing}");
    }
    if let Ok(programs) = programs {
        BED.get_or_init(|| Bed::start(programs))
            .end_when_interrupted();
    }
    let trials = TESTS.iter().map(|test| trial(*test, missing.clone()));
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if let Some(bed) = BED.get() {
        bed.end(conclusion.has_failed());
    }
    conclusion.exit_code()
}

fn with_a_bed(done: fn(&Bed)) -> ExitCode {
    match Programs::find() {
        Ok(programs) => {
            let bed = Bed::start(programs);
            done(&bed);
            bed.end(false);
            ExitCode::SUCCESS
        }
        Err(missing) => {
            println!("{missing}");
            ExitCode::FAILURE
        }
    }
}

fn trial((name, test): Test, missing: Option<String>) -> Trial {
    let must = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let ignored = missing.is_some() && !must;
    let run = move || match (missing, BED.get()) {
        (None, Some(bed)) => {
            test(bed);
            Ok(())
        }
        (missing, _) => Err(missing.unwrap_or_default().into()),
    };
    Trial::test(name, run).with_ignored_flag(ignored)
}

/// Whether the filters of the command line let a test through.
fn is_wanted(arguments: &Arguments, name: &str) -> bool {
    let matches = |word: &String| {
        if arguments.exact {
            name == word
        } else {
            name.contains(word.as_str())
        }
    };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}
