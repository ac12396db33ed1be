//! The backups of a database that no operator runs, whoever makes them.

use jiff::Timestamp;

use super::attest::{LAST_BACKUP, attested};
use super::backup::{Success, latest, newest_since, unrecorded};
use super::cron_job::{BACKS_UP, Chart, CronJobs};
use super::engine::SENTINEL;
use super::release::Release;
use super::restore_job::RestoreJobs;
use super::set::{NAMES, Set};
use super::snapshot;
use super::velero::Velero;
use crate::inventory::world::World;
use crate::inventory::{Backup, Origin};

/// What is known of the backups of a database that no operator runs.
pub(super) struct Outside<'o> {
    cron_jobs: CronJobs<'o>,
    restore_jobs: RestoreJobs<'o>,
    velero: Velero<'o>,
    /// All that were made, by these, by snapshots, and by what its user attests.
    backups: Vec<Success>,
    created: Option<Timestamp>,
    origin: Origin,
}

impl<'o> Outside<'o> {
    /// What is known of the backups of `release`, which is one of `all`.
    pub(super) fn of(world: &World<'o>, release: &Release<'_>, all: &[Release<'_>]) -> Self {
        let place = release.namespace();
        let sets = || release.shares.iter().map(|it| &it.set);
        let owners = sets().map(|set| set.owner.name.as_str());
        let names: Vec<&str> = owners.chain([release.name()]).collect();
        let cron_jobs = CronJobs::marked(world, place, &names).and_of(world, &chart(release, all));
        let restore_jobs = RestoreJobs::marked(world, place, &names);
        let velero = Velero::of(world, place);
        let mut backups = attested(sets().flat_map(|set| set.said(world, LAST_BACKUP)));
        backups.extend(snapshot::backups(world, release));
        backups.extend(cron_jobs.successes());
        backups.extend(velero.successes());
        Self {
            cron_jobs,
            restore_jobs,
            velero,
            backups,
            created: sets().filter_map(Set::created).min(),
            origin: world.origin,
        }
    }

    /// The newest backup of them all.
    pub(super) fn newest(&self) -> Backup {
        let told = newest_since(self.created, &self.backups, &self.restores());
        told.unwrap_or_else(|| match self.origin {
            Origin::Manifests => unrecorded(),
            Origin::Recorded if self.cron_jobs.is_empty() => Backup::Unknown(format!(
                "no CronJob is known to back it up; annotate the one that does with {BACKS_UP}"
            )),
            Origin::Recorded => Backup::Never,
        })
    }

    /// When it was last restored.
    pub(super) fn restored(&self) -> Option<Timestamp> {
        latest(&self.restores())
    }

    fn restores(&self) -> Vec<Success> {
        let by_jobs = self.restore_jobs.successes().into_iter();
        by_jobs.chain(self.velero.restores()).collect()
    }

    /// What makes or restores a backup now.
    pub(super) fn running(&self) -> Option<String> {
        let restore = self.restore_jobs.running();
        let cron_job = || self.cron_jobs.running();
        let velero = || self.velero.running();
        restore.or_else(cron_job).or_else(velero)
    }

    /// When its CronJobs run.
    pub(super) fn schedules(&self) -> Vec<(String, Option<String>)> {
        self.cron_jobs.schedules()
    }
}

/// What CronJobs of its chart have to say.
fn chart<'c>(release: &'c Release<'_>, all: &[Release<'_>]) -> Chart<'c> {
    let (namespace, instance) = (release.namespace(), release.instance());
    let beside = |it: &&Release<'_>| it.namespace() == namespace && it.instance() == instance;
    let databases = all.iter().filter(beside).filter(|it| it.engine != SENTINEL);
    let first = release.shares.first();
    Chart {
        namespace,
        instance,
        name: first.map_or("", |it| it.set.first_label(&NAMES)),
        engine: &release.engine,
        alone: databases.count() < 2,
    }
}
