//! What a run measured, from what its probes counted and from what the core saw of recovery. What nothing tells is
//! absent: a figure that was not measured is no zero.

use std::time::Duration;

use jiff::Timestamp;

use crate::schedule::spec::recovery::ResilienceMetrics;
use crate::schedule::spec::status::ExperimentRunStatus;
use crate::server::probe::Traffic;

/// The figures of a run that is being closed.
pub(super) fn measured(
    status: &ExperimentRunStatus,
    traffic: &Traffic,
    first_failed: Option<Timestamp>,
) -> ResilienceMetrics {
    let injected = status.injected_at.map(|it| it.0);
    let noticed = injected.zip(first_failed).map(|(from, until)| {
        let passed = Duration::try_from(until.duration_since(from));
        passed.unwrap_or_default().as_secs_f64()
    });
    let took = status.recovery.as_ref().and_then(|it| it.seconds);
    let asked = traffic.asked > 0;
    let written = traffic.write_downtime.is_some();
    ResilienceMetrics {
        time_to_detection_seconds: noticed,
        time_to_recovery_seconds: took.map(|it| Duration::from_secs(it.high).as_secs_f64()),
        downtime_seconds: traffic.write_downtime.map(|it| it.as_secs_f64()),
        failed_requests: asked.then_some(traffic.failed),
        success_rate: asked.then(|| success(traffic)),
        latency_p50_seconds: traffic.p50.map(|it| it.as_secs_f64()),
        latency_p99_seconds: traffic.p99.map(|it| it.as_secs_f64()),
        data_inconsistent: written.then_some(traffic.lost > 0 || traffic.doubled > 0),
        ..ResilienceMetrics::default()
    }
}

/// The share of requests that were answered well, to the millionth.
fn success(traffic: &Traffic) -> f64 {
    let good = traffic.asked.saturating_sub(traffic.failed);
    let millionths = good.saturating_mul(1_000_000) / traffic.asked.max(1);
    f64::from(u32::try_from(millionths).unwrap_or(u32::MAX)) / 1e6
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status() -> ExperimentRunStatus {
        let value = json!({"phase": "Closing", "injectedAt": "2026-10-01T10:00:00Z",
            "recovery": {"clockStart": "2026-10-01T10:01:00Z", "deadline": "2026-10-01T10:03:00Z",
                "seconds": {"low": 5, "high": 8}}});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_was_asked_is_told_and_what_was_not_is_absent() {
        let found = measured(&status(), &Traffic::default(), None);
        let expected = ResilienceMetrics {
            time_to_recovery_seconds: Some(8.0),
            ..ResilienceMetrics::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn figures_are_those_of_the_probes() {
        let traffic = Traffic {
            asked: 8,
            failed: 2,
            p50: Some(Duration::from_millis(2)),
            p99: Some(Duration::from_millis(250)),
            write_downtime: Some(Duration::from_millis(1500)),
            lost: 1,
            ..Traffic::default()
        };
        let failed = "2026-10-01T10:00:02.5Z".parse().ok();
        let found = measured(&status(), &traffic, failed);
        let expected = ResilienceMetrics {
            time_to_detection_seconds: Some(2.5),
            time_to_recovery_seconds: Some(8.0),
            downtime_seconds: Some(1.5),
            failed_requests: Some(2),
            success_rate: Some(0.75),
            latency_p50_seconds: Some(0.002),
            latency_p99_seconds: Some(0.25),
            data_inconsistent: Some(true),
            ..ResilienceMetrics::default()
        };
        assert_eq!(found, expected);
    }
}
