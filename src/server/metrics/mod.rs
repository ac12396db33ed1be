//! What Prometheus is told. One process has one set of metrics, as it has one log.
//!
//! Whoever writes requests must not be able to fill a Prometheus: a family has at most [`MOST`] series, and
//! what would be another is counted under `other`.

mod review;
pub mod table;

pub use review::{injection, verdict};

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use prometheus::TEXT_FORMAT as FORMAT;
use prometheus::core::Collector;
use prometheus::{CounterVec, GaugeVec, HistogramOpts, HistogramVec, Opts, Registry, TextEncoder};

pub use table::{FAMILIES, Family};
use table::{Kind, Row};

/// How many series a family has at most.
pub const MOST: usize = 500;

/// What stands in every label of what is one too many.
const OTHER: &str = "other";

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::default);

/// The metrics of this process.
#[must_use]
pub fn metrics() -> &'static Metrics {
    &METRICS
}

/// A set of all families.
pub struct Metrics {
    registry: Registry,
    /// In the order of [`FAMILIES`].
    series: Vec<Series>,
}

/// The series of one family.
struct Series {
    row: &'static Row,
    /// The labels that have a series, hashed.
    known: Mutex<BTreeSet<u64>>,
    /// None where the table is wrong, which a test tells.
    vector: Option<Vector>,
}

enum Vector {
    Counter(CounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let series = FAMILIES
            .iter()
            .map(|row| Series::registered(row, &registry));
        Self {
            series: series.collect(),
            registry,
        }
    }
}

impl Metrics {
    /// Counts once.
    pub fn count(&self, family: Family, labels: &[&str]) {
        self.with(family, labels, |vector, labels| {
            if let Vector::Counter(all) = vector {
                all.with_label_values(labels).inc();
            }
        });
    }

    /// Sets a number.
    pub fn set(&self, family: Family, labels: &[&str], number: f64) {
        self.with(family, labels, |vector, labels| {
            if let Vector::Gauge(all) = vector {
                all.with_label_values(labels).set(number);
            }
        });
    }

    /// Takes down how long something took.
    pub fn observe(&self, family: Family, labels: &[&str], took: Duration) {
        self.with(family, labels, |vector, labels| {
            if let Vector::Histogram(all) = vector {
                all.with_label_values(labels).observe(took.as_secs_f64());
            }
        });
    }

    /// Forgets every series of a family, before it is told anew.
    pub fn clear(&self, family: Family) {
        let Some(series) = self.series.get(family as usize) else {
            return;
        };
        series.known().clear();
        match &series.vector {
            Some(Vector::Counter(all)) => all.reset(),
            Some(Vector::Gauge(all)) => all.reset(),
            Some(Vector::Histogram(all)) => all.reset(),
            None => {}
        }
    }

    /// All of them, in the text format of Prometheus.
    #[must_use]
    pub fn page(&self) -> String {
        let families = self.registry.gather();
        TextEncoder::new()
            .encode_to_string(&families)
            .unwrap_or_else(|error| format!("# {error}\n"))
    }

    fn with(&self, family: Family, labels: &[&str], act: impl FnOnce(&Vector, &[&str])) {
        let Some(series) = self.series.get(family as usize) else {
            return;
        };
        // Labels of another number than in the table would be a panic of the library.
        if let Some(vector) = &series.vector
            && labels.len() == series.row.labels.len()
        {
            if series.has_room(labels) {
                act(vector, labels);
            } else {
                act(vector, &vec![OTHER; labels.len()]);
            }
        }
    }
}

impl Series {
    fn registered(row: &'static Row, registry: &Registry) -> Self {
        let vector = Vector::of(row).and_then(|vector| {
            registry.register(vector.collector())?;
            Ok(vector)
        });
        Self {
            row,
            known: Mutex::default(),
            vector: vector.ok(),
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether these labels have a series of their own, or may have one.
    fn has_room(&self, labels: &[&str]) -> bool {
        if labels.is_empty() {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        labels.hash(&mut hasher);
        let (hash, mut known) = (hasher.finish(), self.known());
        if known.contains(&hash) {
            return true;
        }
        known.len() < MOST && known.insert(hash)
    }
}

impl Vector {
    fn of(row: &Row) -> prometheus::Result<Self> {
        let opts = Opts::new(row.name, row.help);
        Ok(match row.kind {
            Kind::Counter => Self::Counter(CounterVec::new(opts, row.labels)?),
            Kind::Gauge => Self::Gauge(GaugeVec::new(opts, row.labels)?),
            Kind::Histogram(buckets) => {
                let opts = HistogramOpts::from(opts).buckets(buckets.to_vec());
                Self::Histogram(HistogramVec::new(opts, row.labels)?)
            }
        })
    }

    fn collector(&self) -> Box<dyn Collector> {
        match self {
            Self::Counter(all) => Box::new(all.clone()),
            Self::Gauge(all) => Box::new(all.clone()),
            Self::Histogram(all) => Box::new(all.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_the_table_is_registered_in_its_order() {
        let metrics = Metrics::default();
        assert_eq!(Family::Build as usize, 0);
        for (at, series) in metrics.series.iter().enumerate() {
            assert!(series.vector.is_some(), "{}", series.row.name);
            assert_eq!(series.row.name, FAMILIES[at].name);
        }
    }

    #[test]
    fn names_tell_their_unit_and_their_kind() {
        for row in FAMILIES {
            assert!(row.name.starts_with("firebreak_"), "{}", row.name);
            assert_eq!(
                row.name.ends_with("_total"),
                row.kind == Kind::Counter,
                "{}",
                row.name
            );
            if let Kind::Histogram(buckets) = row.kind {
                assert!(row.name.ends_with("_seconds"), "{}", row.name);
                assert!(buckets.is_sorted(), "{}", row.name);
            }
        }
    }

    #[test]
    fn what_is_counted_set_and_taken_down_is_on_the_page() {
        let metrics = Metrics::default();
        metrics.count(Family::Conflicts, &[]);
        metrics.count(Family::Conflicts, &[]);
        metrics.set(Family::Leader, &[], 1.0);
        metrics.observe(Family::Decisions, &[], Duration::from_micros(20));
        let page = metrics.page();
        for line in [
            "firebreak_reservation_conflicts_total 2",
            "firebreak_leader 1",
            "firebreak_decision_duration_seconds_count 1",
            "firebreak_decision_duration_seconds_bucket{le=\"0.00001\"} 0",
            "firebreak_decision_duration_seconds_bucket{le=\"0.000025\"} 1",
        ] {
            assert!(page.lines().any(|it| it == line), "{line}:\n{page}");
        }
    }

    #[test]
    fn a_flood_of_names_does_not_become_a_flood_of_series() {
        let metrics = Metrics::default();
        for at in 0..10 * MOST {
            metrics.count(Family::Exempted, &[&format!("name-{at}")]);
        }
        let page = metrics.page();
        let series = page
            .lines()
            .filter(|it| it.starts_with("firebreak_exemption_uses_total{"));
        assert_eq!(series.count(), MOST + 1);
        let other = format!(
            "firebreak_exemption_uses_total{{exemption=\"other\"}} {}",
            9 * MOST
        );
        assert!(page.contains(&other));
    }

    #[test]
    fn labels_that_do_not_fit_are_no_panic_and_no_series() {
        let metrics = Metrics::default();
        metrics.count(Family::Conflicts, &["one", "too", "many"]);
        metrics.count(Family::Verdicts, &[]);
        assert!(
            !metrics
                .page()
                .contains("firebreak_admission_requests_total{")
        );
    }

    #[test]
    fn what_is_told_anew_is_not_told_beside_what_was() {
        let metrics = Metrics::default();
        metrics.set(Family::Unprotected, &["old"], 3.0);
        metrics.clear(Family::Unprotected);
        metrics.set(Family::Unprotected, &["new"], 1.0);
        let page = metrics.page();
        assert!(!page.contains("old") && page.contains("new"), "{page}");
    }
}
