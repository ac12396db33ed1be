//! Jobs that restore a database, of which nothing tells but what their user says.

use super::backup::{Success, named};
use super::cron_job::names;
use crate::inventory::kinds::JOB;
use crate::inventory::lenient::{condition, instant, is_set, truth};
use crate::inventory::world::World;
use crate::object::Object;

/// The annotation of a Job that restores the databases it names, `namespace/name` each.
pub(super) const RESTORES: &str = "firebreak.dev/restores";

/// The Jobs that restore one database.
pub(super) struct RestoreJobs<'j>(Vec<&'j Object>);

impl<'j> RestoreJobs<'j> {
    /// Those that say that they restore a database of one of these names.
    pub(super) fn marked(world: &World<'j>, place: &str, all: &[&str]) -> Self {
        let says = |it: &&Object| names(it.annotation(RESTORES), place, all);
        Self(world.all(JOB).filter(says).collect())
    }

    /// The restores that succeeded.
    pub(super) fn successes(&self) -> Vec<Success> {
        let complete = self.0.iter().filter(|it| is(it, "Complete"));
        let success = |it: &&Object| Success {
            what: named(it),
            at: instant(it.value(), "/status/completionTime"),
        };
        complete.map(success).collect()
    }

    /// One that goes on, or is about to.
    pub(super) fn running(&self) -> Option<String> {
        let ended = |it: &Object| is(it, "Complete") || is(it, "Failed");
        let stays = |it: &Object| {
            let value = it.value();
            !truth(value, "/spec/suspend") && !is_set(value, "/metadata/deletionTimestamp")
        };
        let mut jobs = self.0.iter();
        let running = jobs.find(|it| !ended(it) && stays(it))?;
        Some(format!("{} is restoring it", named(running)))
    }
}

/// Whether a Job is one that restores a database.
pub(super) fn restores(object: &Object) -> bool {
    object.annotation(RESTORES).is_some()
}

fn is(job: &Object, kind: &str) -> bool {
    condition(job.value(), kind) == Some("True")
}
