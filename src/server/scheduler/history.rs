//! Runs that are over: how they ended, and which of them are kept.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::Scheduler;
use super::read::{GENERATION, Stored};
use crate::policy::spec::values::Moment;
use crate::schedule::spec::sanctioned::HistorySpec;
use crate::schedule::spec::status::OutcomeWord;

/// How many are kept of either kind.
const KEPT: u32 = 10;

/// Reasons of an end that say nothing against what was tried.
const ASKED: [&str; 3] = ["UserAbort", "EmergencyStop", "Blackout"];

/// What an end says of what was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Good,
    Bad,
    Nothing,
}

fn says(run: &Stored) -> Says {
    let asked = run
        .status
        .reason
        .as_deref()
        .is_some_and(|it| ASKED.contains(&it));
    match run.status.outcome {
        Some(OutcomeWord::Passed) => Says::Good,
        Some(OutcomeWord::Aborted) if asked => Says::Nothing,
        Some(
            OutcomeWord::Failed
            | OutcomeWord::Aborted
            | OutcomeWord::Inconclusive
            | OutcomeWord::Error,
        ) => Says::Bad,
        Some(OutcomeWord::Skipped) | None => Says::Nothing,
    }
}

/// How many runs in a row failed since the experiment was last changed; the newest come first.
pub(super) fn failures(runs: &[&Stored], generation: Option<i64>) -> u32 {
    let generation = generation.unwrap_or_default().to_string();
    let own = |run: &&&Stored| {
        run.is_over() && run.object.annotation(GENERATION) == Some(generation.as_str())
    };
    let ends = runs.iter().filter(own).map(|run| says(run));
    let row = ends.take_while(|it| *it != Says::Good);
    let failed = row.filter(|it| *it == Says::Bad).count();
    u32::try_from(failed).unwrap_or(u32::MAX)
}

/// How the newest run ended that is over.
pub(super) fn last_outcome(runs: &[&Stored]) -> Option<OutcomeWord> {
    runs.iter().find(|run| run.is_over())?.status.outcome
}

/// The runs that are not kept. A name is freed only once its tick was noted down as dealt with.
fn old<'r>(
    runs: &[&'r Stored],
    limits: &HistorySpec,
    handled: Option<Timestamp>,
) -> Vec<&'r Stored> {
    let dealt_with = |run: &&&Stored| {
        let tick = run.spec.tick.map(|tick| tick.0);
        tick.is_none_or(|tick| handled.is_some_and(|handled| tick < handled))
    };
    let over = runs.iter().filter(|run| run.is_over()).filter(dealt_with);
    let (fine, others): (Vec<&'r Stored>, Vec<&'r Stored>) = over.copied().partition(|run| {
        let outcome = run.status.outcome;
        matches!(outcome, Some(OutcomeWord::Passed | OutcomeWord::Skipped))
    });
    let beyond = |mut list: Vec<&'r Stored>, limit: Option<u32>| {
        list.sort_by_key(|run| Reverse(run.created()));
        let limit = usize::try_from(limit.unwrap_or(KEPT)).unwrap_or(usize::MAX);
        list.into_iter().skip(limit)
    };
    beyond(fine, limits.passed)
        .chain(beyond(others, limits.failed))
        .collect()
}

impl Scheduler {
    /// Deletes runs that are not kept.
    pub(super) async fn forget_old(
        &self,
        runs: &[&Stored],
        limits: &HistorySpec,
        handled: Option<Moment>,
    ) {
        for run in old(runs, limits, handled.map(|it| it.0)) {
            let it = run.object.reference();
            if let Err(failure) = self.reach.delete(it, run.uid(), None).await {
                tracing::warn!(run = %it, %failure, "an old run was not deleted");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::Object;

    fn run(minute: u32, outcome: &str, reason: &str) -> Stored {
        let at = format!("2026-10-01T10:{minute:02}:00Z");
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "ExperimentRun",
            "metadata": {"name": format!("drill-{minute}"), "namespace": "db", "uid": format!("{minute}"),
                "creationTimestamp": at, "annotations": {GENERATION: "1"}},
            "spec": {"experiment": "drill", "tick": at},
            "status": {"phase": "Closed", "outcome": outcome, "reason": reason}});
        Stored::read(Object::new(value).unwrap()).unwrap()
    }

    #[test]
    fn failures_are_counted_up_to_the_newest_success_of_this_spec() {
        let runs = [
            run(9, "Skipped", "TooLate"),
            run(8, "Failed", "RecoveryDeadlineExceeded"),
            run(7, "Aborted", "EmergencyStop"),
            run(6, "Aborted", "SplitBrain"),
            run(5, "Passed", "Recovered"),
            run(4, "Failed", "RecoveryDeadlineExceeded"),
        ];
        let runs: Vec<&Stored> = runs.iter().collect();
        assert_eq!(failures(&runs, Some(1)), 2);
        assert_eq!(failures(&runs, Some(2)), 0);
        assert_eq!(last_outcome(&runs), Some(OutcomeWord::Skipped));
    }

    #[test]
    fn so_many_are_kept_and_none_goes_whose_tick_may_come_again() {
        let runs: Vec<Stored> = (0..5).map(|it| run(it, "Passed", "Recovered")).collect();
        let runs: Vec<&Stored> = runs.iter().collect();
        let limits = HistorySpec {
            passed: Some(2),
            failed: None,
        };
        assert!(old(&runs, &limits, None).is_empty());
        let handled = "2026-10-01T10:04:00Z".parse().ok();
        let gone: Vec<&str> = old(&runs, &limits, handled)
            .iter()
            .map(|it| it.name())
            .collect();
        assert_eq!(gone, ["drill-1", "drill-0"]);
    }
}
