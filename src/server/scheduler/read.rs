//! Our kinds as they are stored, and as the core wants them.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::reach::{Age, Failure, Reach, kind, named};
use crate::fault::Surroundings;
use crate::object::{Object, ObjectRef};
use crate::policy::spec::GROUP;
use crate::schedule::native;
use crate::schedule::plan::Plan;
use crate::schedule::run::{FINALIZER, Run};
use crate::schedule::sanctioned::{KIND, Sanctioned};
use crate::schedule::spec::native::NativeSpec;
use crate::schedule::spec::run::ExperimentRunSpec;
use crate::schedule::spec::sanctioned::{ApprovalWord, SanctionedExperimentSpec};
use crate::schedule::spec::status::{ExperimentRunStatus, PhaseWord};

/// The version of our kinds.
const VERSION: &str = "v1alpha1";
/// The kind of runs.
pub(in crate::server) const RUN: &str = "ExperimentRun";
/// The kind of what ends them.
pub(super) const STOP: &str = "EmergencyStop";
/// The annotation of a run with the generation of the experiment that it is of.
pub(super) const GENERATION: &str = "firebreak.dev/generation";

/// All objects of one of our kinds.
pub(super) async fn all(reach: &Reach, of: &str) -> Result<Vec<Object>, Failure> {
    let of = kind((GROUP, VERSION), of, "");
    reach.list(&of, "", Age::AtHand).await
}

/// How one of our objects is named.
pub(in crate::server) fn own(of: &str, (namespace, name): (&str, &str)) -> ObjectRef {
    named((GROUP, VERSION), of, (namespace, name))
}

/// A run as it is stored.
#[derive(Debug, Clone)]
pub(in crate::server) struct Stored {
    /// The object.
    pub(in crate::server) object: Object,
    /// What was asked for.
    pub(super) spec: ExperimentRunSpec,
    /// All that is known of it.
    pub(in crate::server) status: ExperimentRunStatus,
}

impl Stored {
    /// Reads one.
    pub(in crate::server) fn read(object: Object) -> Result<Self, String> {
        let status = object.value().get("status").filter(|it| !it.is_null());
        Ok(Self {
            spec: part(object.value().get("spec"), "spec")?,
            status: match status {
                None => ExperimentRunStatus::default(),
                some => part(some, "status")?,
            },
            object,
        })
    }

    pub(super) fn namespace(&self) -> &str {
        &self.object.reference().namespace
    }

    pub(super) fn name(&self) -> &str {
        &self.object.reference().name
    }

    pub(in crate::server) fn uid(&self) -> &str {
        self.object.uid().unwrap_or_default()
    }

    /// The version it was stored in.
    pub(super) fn version(&self) -> &str {
        version(&self.object)
    }

    /// The finalizers on it.
    pub(super) fn finalizers(&self) -> Vec<&str> {
        let list = self.object.at(&["metadata", "finalizers"]);
        let list = list.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).collect()
    }

    pub(super) fn is_deleting(&self) -> bool {
        self.object
            .at(&["metadata", "deletionTimestamp"])
            .is_some_and(|it| !it.is_null())
    }

    pub(super) fn is_held(&self) -> bool {
        self.finalizers().contains(&FINALIZER)
    }

    /// Whether nothing is left to be done for it.
    pub(super) fn is_over(&self) -> bool {
        self.status.phase == PhaseWord::Closed && !self.is_held()
    }

    pub(super) fn created(&self) -> Timestamp {
        created(&self.object).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The experiment as it was when the run was made.
    pub(super) fn experiment(&self) -> Option<&SanctionedExperimentSpec> {
        self.spec.frozen.as_deref()
    }
}

/// The version an object was stored in.
pub(super) fn version(object: &Object) -> &str {
    let version = object.at(&["metadata", "resourceVersion"]);
    version.and_then(Value::as_str).unwrap_or_default()
}

/// When an object was made.
pub(super) fn created(object: &Object) -> Option<Timestamp> {
    let created = object.at(&["metadata", "creationTimestamp"])?.as_str()?;
    created.parse().ok()
}

fn part<T: DeserializeOwned>(value: Option<&Value>, field: &str) -> Result<T, String> {
    let value = value.cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|error| format!("{field}: {error}"))
}

/// A run with what it is to do.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// As it is stored.
    pub(super) stored: Stored,
    /// As the core wants it.
    pub(super) run: Run,
    /// What it is to do; nothing where that cannot be read any more.
    pub(super) sanctioned: Option<Sanctioned>,
    /// Why that cannot be read.
    pub(super) wrong: Option<String>,
}

impl Open {
    /// A run whose experiment is frozen.
    pub(super) fn of(stored: Stored, around: &Surroundings) -> Option<Self> {
        let spec = stored.experiment()?.clone();
        let compiled = compiled(&stored, &spec, around);
        let approved = match spec.approval {
            ApprovalWord::Never => true,
            ApprovalWord::Once | ApprovalWord::Required => stored.spec.approved_by.is_some(),
        };
        let (sanctioned, wrong) = match compiled {
            Ok(sanctioned) => (Some(sanctioned), None),
            Err(wrong) => (None, Some(wrong)),
        };
        let plan = match &sanctioned {
            Some(sanctioned) => sanctioned.plan.clone(),
            // What it may have injected has to be ended whatever it was meant to be.
            None => Plan::of(&spec, &nothing(&stored)),
        };
        let run = Run {
            namespace: stored.namespace().to_owned(),
            name: stored.name().to_owned(),
            uid: stored.uid().to_owned(),
            created: stored.created(),
            deleting: stored.is_deleting(),
            held: stored.is_held(),
            spec: stored.spec.clone(),
            plan,
            unapproved: !approved,
            status: stored.status.clone(),
        };
        Some(Self {
            stored,
            run,
            sanctioned,
            wrong,
        })
    }

    /// What its user wrote.
    pub(super) fn spec(&self) -> Option<&SanctionedExperimentSpec> {
        self.stored.experiment()
    }
}

fn compiled(
    stored: &Stored,
    spec: &SanctionedExperimentSpec,
    around: &Surroundings,
) -> Result<Sanctioned, String> {
    let spec = serde_json::to_value(spec).map_err(|error| error.to_string())?;
    let value = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": KIND,
        "metadata": {"name": stored.spec.experiment, "namespace": stored.namespace()},
        "spec": spec,
    });
    let object = Object::new(value).map_err(|error| error.to_string())?;
    Sanctioned::compile(&object, around).map_err(|wrong| {
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        wrong.join("; ")
    })
}

/// An experiment that does nothing.
fn nothing(stored: &Stored) -> crate::fault::Experiment {
    native::experiment(&NativeSpec::default(), stored.object.reference(), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(spec: &Value) -> Stored {
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "ExperimentRun",
            "metadata": {"name": "drill-1", "namespace": "db", "uid": "u", "resourceVersion": "7",
                "creationTimestamp": "2026-10-01T10:00:00Z", "finalizers": ["firebreak.dev/run"]},
            "spec": spec});
        Stored::read(Object::new(value).unwrap()).unwrap()
    }

    #[test]
    fn a_run_is_read_with_what_is_frozen_in_it() {
        let frozen = json!({"hypothesis": "it comes back",
            "workload": {"kind": "StatefulSet", "name": "ledger"},
            "native": {"podDelete": {}}, "approval": "Required"});
        let stored = run(&json!({"experiment": "drill", "frozen": frozen}));
        assert!(stored.is_held() && !stored.is_over());
        let open = Open::of(stored, Surroundings::NONE).unwrap();
        assert_eq!(open.wrong, None);
        assert!(open.run.unapproved && open.run.held);
        assert_eq!(open.run.plan.lasts, None);
    }

    #[test]
    fn what_is_not_frozen_is_no_open_run_and_what_cannot_be_read_has_a_plan_to_end_it() {
        let bare = run(&json!({"experiment": "drill"}));
        assert!(Open::of(bare, Surroundings::NONE).is_none());
        let frozen =
            json!({"hypothesis": "", "workload": {"kind": "StatefulSet", "name": "ledger"}});
        let stored = run(&json!({"experiment": "drill", "frozen": frozen}));
        let open = Open::of(stored, Surroundings::NONE).unwrap();
        assert!(open.sanctioned.is_none() && open.wrong.is_some());
    }
}
