//! CronJobs that make backups.

use super::backup::Success;
use super::part::backs_up;
use super::set::{COMPONENTS, INSTANCES, NAMES};
use crate::inventory::kinds::CRON_JOB;
use crate::inventory::lenient::{instant, list, text, truth};
use crate::inventory::world::{World, namespace};
use crate::object::Object;

/// The annotation of a CronJob that backs up the databases it names, `namespace/name` each.
pub(super) const BACKS_UP: &str = "firebreak.dev/backs-up";

/// The CronJobs that back up one database.
pub(super) struct CronJobs<'c>(Vec<&'c Object>);

/// What a chart's CronJob has to say to be of a database.
pub(super) struct Chart<'c> {
    pub(super) namespace: &'c str,
    pub(super) instance: &'c str,
    /// The name of the chart, which tells its databases apart within a release.
    pub(super) name: &'c str,
    pub(super) engine: &'c str,
    /// Whether the database is the only one of its release, so that a CronJob without a name is
    /// of it.
    pub(super) alone: bool,
}

impl<'c> CronJobs<'c> {
    /// Those that say by the annotation that they back up a database of one of these names.
    pub(super) fn marked(world: &World<'c>, place: &str, names: &[&str]) -> Self {
        let says = |it: &&Object| self::names(it.annotation(BACKS_UP), place, names);
        Self(world.all(CRON_JOB).filter(says).collect())
    }

    /// Adds those that its chart makes beside it.
    pub(super) fn and_of(mut self, world: &World<'c>, chart: &Chart<'_>) -> Self {
        if chart.instance.is_empty() {
            return self;
        }
        let all = world.all(CRON_JOB);
        let beside = all.filter(|it| namespace(it) == chart.namespace && chart.makes(it));
        let known: Vec<&Object> = self.0.clone();
        let new = |it: &&Object| !known.iter().any(|other| std::ptr::eq(*other, *it));
        self.0.extend(beside.filter(new));
        self
    }

    /// One of them that runs now.
    pub(super) fn running(&self) -> Option<String> {
        let mut cron_jobs = self.0.iter();
        let running = cron_jobs.find(|it| !list(it.value(), "/status/active").is_empty())?;
        Some(format!("CronJob {} is running", running.reference().name))
    }

    /// The schedules of those that are not suspended, with their zones.
    pub(super) fn schedules(&self) -> Vec<(String, Option<String>)> {
        let active = self
            .0
            .iter()
            .filter(|it| !truth(it.value(), "/spec/suspend"));
        let schedule = |it: &&Object| {
            let zone = text(it.value(), "/spec/timeZone");
            let zone = (!zone.is_empty()).then(|| zone.to_owned());
            (text(it.value(), "/spec/schedule").to_owned(), zone)
        };
        active.map(schedule).collect()
    }

    /// The last success of each that ever had one.
    pub(super) fn successes(&self) -> Vec<Success> {
        let success = |it: &&Object| {
            let at = instant(it.value(), "/status/lastSuccessfulTime")?;
            Some(Success {
                what: format!("CronJob {}", it.reference().name),
                at: Some(at),
            })
        };
        self.0.iter().filter_map(success).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Chart<'_> {
    /// Whether a CronJob is of the release and backs up this database of it.
    fn makes(&self, cron_job: &Object) -> bool {
        let label = |keys: &[&str]| keys.iter().find_map(|key| label(cron_job, key));
        let named = match label(&NAMES) {
            Some(name) => name == self.name,
            None => self.alone,
        };
        let backup = label(&COMPONENTS).is_some_and(|word| backs_up(word, self.engine));
        label(&INSTANCES) == Some(self.instance) && named && backup
    }
}

/// Whether what an annotation says names a database by its namespace and one of these names.
pub(super) fn names(said: Option<&str>, place: &str, names: &[&str]) -> bool {
    let mut said = said.unwrap_or_default().split([',', ' ']);
    said.any(|said| {
        let named = said.split_once('/');
        named.is_some_and(|(namespace, name)| namespace == place && names.contains(&name))
    })
}

/// A label of a CronJob, else of the pods it makes.
fn label<'o>(cron_job: &'o Object, key: &str) -> Option<&'o str> {
    const POD: &str = "/spec/jobTemplate/spec/template/metadata/labels";
    let of_pods = || cron_job.value().pointer(POD)?.get(key)?.as_str();
    cron_job.label(key).or_else(of_pods)
}
