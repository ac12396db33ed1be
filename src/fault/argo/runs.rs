//! How often each piece of a workflow may run.

use serde_json::Value;

use crate::fault::Overlap;

/// From which piece to which, and how often for each run of the first.
pub(super) type Edge = (usize, usize, Overlap);

/// How often a template is tried at most.
pub(super) fn attempts(template: &Value) -> Overlap {
    let strategy = template.get("retryStrategy").filter(|it| it.is_object());
    let Some(strategy) = strategy else {
        return Overlap::AtMost(1);
    };
    let limit = match strategy.get("limit") {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_u64().and_then(|it| u32::try_from(it).ok()),
        _ => None,
    };
    limit.map_or(Overlap::Unbounded, |limit: u32| {
        Overlap::AtMost(limit.saturating_add(1))
    })
}

/// The runs of every piece, where the first runs once and each is tried as often as `attempts`
/// says. What leads back to itself may run without end.
pub(super) fn count(attempts: &[Overlap], edges: &[Edge]) -> Vec<Overlap> {
    let mut runs = vec![None; attempts.len()];
    let mut open = vec![0_usize; attempts.len()];
    let mut calls: Vec<Vec<(usize, Overlap)>> = vec![Vec::new(); attempts.len()];
    for (from, to, copies) in edges {
        if let (Some(calls), Some(open)) = (calls.get_mut(*from), open.get_mut(*to)) {
            calls.push((*to, *copies));
            *open = open.saturating_add(1);
        }
    }
    if let Some(first) = runs.first_mut() {
        *first = Some(Overlap::AtMost(1));
    }
    let mut ready: Vec<usize> = (0..open.len()).filter(|at| open[*at] == 0).collect();
    let mut settled = vec![Overlap::Unbounded; attempts.len()];
    while let Some(at) = ready.pop() {
        let own = runs[at].unwrap_or(Overlap::AtMost(1)).times(attempts[at]);
        settled[at] = own;
        for (to, copies) in &calls[at] {
            let more = own.times(*copies);
            runs[*to] = Some(runs[*to].map_or(more, |before| before.plus(more)));
            open[*to] = open[*to].saturating_sub(1);
            if open[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONCE: Overlap = Overlap::AtMost(1);
    const TWICE: Overlap = Overlap::AtMost(2);

    #[test]
    fn runs_multiply_along_a_path_and_add_up_over_several() {
        let edges = [(0, 1, TWICE), (0, 2, ONCE), (1, 3, TWICE), (2, 3, ONCE)];
        let runs = count(&[ONCE, ONCE, TWICE, ONCE], &edges);
        let expected = [1, 2, 2, 6].map(Overlap::AtMost);
        assert_eq!(runs, expected);
    }

    #[test]
    fn what_leads_back_to_itself_runs_without_bound_and_so_does_what_it_calls() {
        let edges = [(0, 1, ONCE), (1, 1, ONCE), (1, 2, ONCE)];
        let runs = count(&[ONCE; 3], &edges);
        assert_eq!(runs, [ONCE, Overlap::Unbounded, Overlap::Unbounded]);
    }

    #[test]
    fn a_strategy_without_a_limit_tries_for_ever() {
        let attempts = |text: &str| super::attempts(&serde_json::from_str(text).unwrap());
        assert_eq!(attempts("{}"), ONCE);
        assert_eq!(
            attempts(r#"{"retryStrategy": {"limit": "2"}}"#),
            Overlap::AtMost(3)
        );
        assert_eq!(attempts(r#"{"retryStrategy": {}}"#), Overlap::Unbounded);
    }
}
