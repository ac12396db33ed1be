//! The command line: the verdicts of the webhook on files, and on a live cluster that is only read.

#![allow(
    clippy::disallowed_methods,
    reason = "the shell is where files and the clock belong"
)]

pub mod backups;
pub mod check;
pub mod client;
pub mod crds;
pub mod bundle;
pub mod demo;
pub mod dr;
pub mod examples;
pub mod files;
pub mod live;
pub mod inputs;
pub mod manifests;
pub mod offers;
pub mod kinds;
pub mod plan;
pub mod report;
pub mod report_plan;
pub mod rules;
pub mod runs;
pub mod schedule;
pub mod serve;
pub mod snapshot;
pub mod sight;
pub mod vicinity;
pub mod hash_names;
pub mod closing;
pub mod demo_backup;
pub mod style;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use bundle::Bundle;
use check::Check;
use demo::Demo;
use dr::Disasters;
use hash_names::HashNames;
use kinds::Listing;
use plan::Planning;
use rules::RulesCommand;
use runs::{Approving, Running, Stopping, Telling};
use schedule::Schedules;
use serve::Serve;
use snapshot::Snapshot;

/// Computes the worst case of chaos experiments and denies what breaches policy.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge chaos objects against policies; exit 1 when one is denied
    Check(Check),
    /// Show what chaos objects would hit in the worst case
    Plan(Planning),
    /// Start the webhook on loopback with the example cluster, and send it every example
    Demo(Demo),
    /// Answer the API server: the webhook on a cluster
    Serve(Serve),
    /// Print every kind that is read: chaos objects, and databases
    Kinds(Listing),
    /// Try expressions of rules by hand
    Rules(RulesCommand),
    /// Look ahead in schedules
    Schedule(Schedules),
    /// Check lists of disaster-recovery scenarios, and import them
    Dr(Disasters),
    /// Run a sanctioned experiment now
    Run(Running),
    /// End a run of a sanctioned experiment, or everything that runs
    Stop(Stopping),
    /// Agree to a run that waits for it
    Approve(Approving),
    /// Tell how far runs are
    Status(Telling),
    /// Record what a decision needs of a live cluster, for `--world`
    Snapshot(Snapshot),
    /// Give manifests the names of a snapshot with --hash-names
    HashNames(HashNames),
    /// Print the CustomResourceDefinitions
    Crds,
    /// Print the generated manifests of the installation
    Manifests(Bundle),
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines; the shape is versioned.
    Json,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was denied.
    Fine,
    /// Something was denied, or not as expected.
    Denied,
    /// Something could not be read.
    Failed,
    /// A run was waited for, which has exit codes of its own.
    Ended(u8),
}

impl Outcome {
    /// The outcome of this many denials and unreadable inputs.
    #[must_use]
    pub fn of(denied: usize, failed: usize) -> Self {
        match (denied, failed) {
            (_, 1..) => Self::Failed,
            (1.., 0) => Self::Denied,
            (0, 0) => Self::Fine,
        }
    }
}

/// Runs the command of this process's arguments. The exit code is 0 when nothing was denied, 1 when
/// something was, 2 for wrong usage and unreadable input.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = anstream::AutoStream::auto(std::io::stdout()).lock();
    let outcome = match &arguments.command {
        Command::Check(check) => check.run(&mut out),
        Command::Plan(planning) => planning.run(&mut out),
        Command::Demo(demo) => demo.run(&mut out),
        Command::Serve(serve) => serve.run(&mut out),
        Command::Kinds(listing) => listing.run(&mut out),
        Command::Rules(rules) => rules.run(&mut out),
        Command::Schedule(schedules) => schedules.run(&mut out),
        Command::Dr(disasters) => disasters.run(&mut out),
        Command::Run(running) => running.run(&mut out),
        Command::Stop(stopping) => stopping.run(&mut out),
        Command::Approve(approving) => approving.run(&mut out),
        Command::Status(telling) => telling.run(&mut out),
        Command::Snapshot(snapshot) => snapshot.run(&mut out),
        Command::HashNames(hashing) => hashing.run(&mut out),
        Command::Crds => crds::run(&mut out),
        Command::Manifests(bundle) => bundle.run(&mut out),
    };
    match outcome {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Denied) => ExitCode::from(1),
        Ok(Outcome::Failed) => ExitCode::from(2),
        Ok(Outcome::Ended(code)) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(2),
        Err(error) => {
            // Where even this cannot be written, the exit code has to say it alone.
            let _ = writeln!(anstream::stderr(), "firebreak: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether the reader of our output went away. That needs no message, but it is no success either:
/// a denial may not have been written.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error
        .chain()
        .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(broken))
}
