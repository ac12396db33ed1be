//! Backups without an operator: CronJobs that make them, and snapshots of volumes.

use jiff::Timestamp;
use serde_json::Value;

use super::plain::{BACKUPS, COMPONENT, INSTANCE, Set};
use crate::inventory::lenient::{instant, list, text, truth};
use crate::inventory::world::{World, namespace};
use crate::inventory::{Backup, Origin};
use crate::object::Object;

/// The annotation of a CronJob that backs up the database it names, `namespace/name`.
const BACKS_UP: &str = "firebreak.dev/backs-up";

/// The CronJobs that back up one database.
pub(super) struct CronJobs<'c>(Vec<&'c Object>);

impl<'c> CronJobs<'c> {
    /// Those that name the database, and those that its chart makes beside it.
    pub(super) fn of(world: &World<'c>, name: &str, sets: &[Set<'_>]) -> Self {
        let names = sets.iter().map(|set| set.owner.name.as_str()).chain([name]);
        let Some(place) = sets.first().map(|set| set.namespace) else {
            return Self(Vec::new());
        };
        let names: Vec<String> = names.map(|name| format!("{place}/{name}")).collect();
        let instance = sets.first().map_or("", |set| set.label(INSTANCE));
        let of_chart = |it: &Object| {
            let label = |key| it.label(key).unwrap_or_default();
            let beside = namespace(it) == place && label(INSTANCE) == instance;
            beside && !instance.is_empty() && BACKUPS.contains(&label(COMPONENT))
        };
        let marked = |it: &Object| {
            let target = it.annotation(BACKS_UP);
            target.is_some_and(|target| names.iter().any(|name| name == target))
        };
        let all = world.all(("batch", "CronJob"));
        Self(all.filter(|it| marked(it) || of_chart(it)).collect())
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

    /// The newest backup that a CronJob or a snapshot of a volume tells of.
    pub(super) fn newest_backup(&self, world: &World<'_>, sets: &[Set<'_>]) -> Backup {
        let finished = |it: &&Object| instant(it.value(), "/status/lastSuccessfulTime");
        let newest = self.0.iter().filter_map(finished).max();
        if let Some(newest) = newest.max(newest_snapshot(world, sets)) {
            return Backup::At(newest);
        }
        if world.origin == Origin::Manifests {
            return Backup::Unknown("manifests do not tell what was backed up".to_owned());
        }
        if self.0.is_empty() {
            return Backup::Unknown(format!(
                "no CronJob is known to back it up; annotate the one that does with {BACKS_UP}"
            ));
        }
        Backup::Never
    }
}

/// When the newest usable snapshot was taken of a volume of one of the members.
fn newest_snapshot(world: &World<'_>, sets: &[Set<'_>]) -> Option<Timestamp> {
    let place = sets.first()?.namespace;
    let of_member = |claim: &str| {
        let mut pods = sets.iter().flat_map(|set| &set.pods);
        pods.any(|(_, pod)| {
            claim
                .strip_suffix(&pod.name)
                .is_some_and(|it| it.ends_with('-'))
        })
    };
    let usable = |it: &Value| {
        let claim = text(it, "/spec/source/persistentVolumeClaimName");
        truth(it, "/status/readyToUse") && of_member(claim)
    };
    let snapshots = world.within(("snapshot.storage.k8s.io", "VolumeSnapshot"), place);
    let usable = snapshots.filter(|it| usable(it.value()));
    usable
        .filter_map(|it| instant(it.value(), "/status/creationTime"))
        .max()
}
