//! Every family of metrics, in one table: what is registered and what `docs/metrics.md` lists.

/// What a family counts with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that is set.
    Gauge,
    /// Durations in seconds, sorted into these buckets.
    Histogram(&'static [f64]),
}

/// A family of series.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name, with the unit.
    pub name: &'static str,
    /// What it counts with.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

/// Seconds of something that takes microseconds to milliseconds.
const QUICK: &[f64] = &[
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025,
    0.05, 0.1, 0.25, 1.0,
];

macro_rules! families {
    ($($(#[$doc:meta])* $family:ident => $name:literal, $kind:expr, [$($label:literal),*], $help:literal;)+) => {
        /// A family of metrics.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Family {
            $($(#[$doc])* $family,)+
        }

        /// All of them, in the order of [`Family`].
        pub const FAMILIES: &[Row] = &[$(Row {
            name: $name,
            kind: $kind,
            labels: &[$($label),*],
            help: $help,
        },)+];
    };
}

families! {
    /// The program.
    Build => "firebreak_build_info", Kind::Gauge, ["version", "tzdata"],
        "1, with the version of the program and of its database of time zones.";
    /// Whether this replica leads.
    Leader => "firebreak_leader", Kind::Gauge, [],
        "1 while this replica leads, else 0.";
    /// Requests for a verdict.
    Verdicts => "firebreak_admission_requests_total", Kind::Counter,
        ["kind", "operation", "decision", "dry_run"],
        "Requests that were judged, or passed because they inject nothing, by the kind of their object.";
    /// Violations of policies.
    Violations => "firebreak_violations_total", Kind::Counter, ["policy", "reason", "enforcement"],
        "Violations found in requests, dry runs left out; exempted ones count as Exempted.";
    /// Time of an answer.
    Answers => "firebreak_admission_duration_seconds", Kind::Histogram(QUICK), ["webhook"],
        "From a body that was read to the answer, with what is reserved meanwhile.";
    /// Time of a verdict.
    Decisions => "firebreak_decision_duration_seconds", Kind::Histogram(QUICK), [],
        "What one verdict takes without anything that is reserved.";
    /// Bodies that are no review.
    Refused => "firebreak_admission_refused_total", Kind::Counter, ["webhook"],
        "Bodies that were refused because they are no review that can be answered.";
    /// Writes of ledgers that others came before.
    Conflicts => "firebreak_reservation_conflicts_total", Kind::Counter, [],
        "Writes of ledgers that were tried again because somebody else wrote first.";
    /// Exemptions used.
    Exempted => "firebreak_exemption_uses_total", Kind::Counter, ["exemption"],
        "Requests that were admitted because of an exemption, by this replica.";
    /// Age of what is known.
    Staleness => "firebreak_watch_staleness_seconds", Kind::Gauge, [],
        "How long ago the watch that is furthest behind was last known to be right.";
    /// The end of the certificate.
    Certificate => "firebreak_webhook_certificate_expiry_timestamp_seconds", Kind::Gauge, [],
        "When the certificate that is presented ends, in seconds since 1970; absent while there is none.";
    /// Databases that were written.
    Injections => "firebreak_backup_injections_total", Kind::Counter, ["kind", "outcome"],
        "Databases that were written, by what became of their backups.";
    /// Databases without backups.
    Unprotected => "firebreak_unprotected_databases", Kind::Gauge, ["defaults"],
        "Databases that BackupDefaults are for and that have no backups, by the leader.";
    /// Databases with backups of ours.
    Protected => "firebreak_injected_databases", Kind::Gauge, ["defaults"],
        "Databases that have their backups by BackupDefaults, by the leader.";
}
