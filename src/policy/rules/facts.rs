//! What the variables stand for. Nothing is made before a rule reads it, and then once.

use std::sync::OnceLock;

use jiff::Timestamp;

use super::place::Place;
use super::plan::Plan;
use super::reach::Reach;
use super::record::{moment, seen};
use crate::blast::BlastRadius;
use crate::cel::{Answer, Declared, Failure, Value};
use crate::fault::Experiment;
use crate::inventory::Inventory;
use crate::object::Object;
use crate::policy::Case;
use crate::request::Request;

/// What the variables stand for in one case.
#[derive(Debug)]
pub struct Facts<'c> {
    request: &'c Request,
    inventory: &'c Inventory,
    experiment: Known<&'c Experiment>,
    blast: Known<&'c BlastRadius>,
    now: Timestamp,
    plan: OnceLock<Plan<'c>>,
    reach: OnceLock<Reach<'c>>,
    place: OnceLock<Place<'c>>,
}

/// A fact, or why it is not known, a phrase.
pub type Known<T> = Result<T, String>;

impl<'c> Facts<'c> {
    /// The facts of a case.
    #[must_use]
    pub fn of(case: &Case<'c>) -> Self {
        let (experiment, blast) = (Ok(case.experiment), Ok(case.blast));
        Self::new((case.request, case.inventory, case.now), experiment, blast)
    }

    /// The facts of a request in a cluster, of which part may not be known.
    #[must_use]
    pub fn new(
        (request, inventory, now): (&'c Request, &'c Inventory, Timestamp),
        experiment: Known<&'c Experiment>,
        blast: Known<&'c BlastRadius>,
    ) -> Self {
        Self {
            request,
            inventory,
            experiment,
            blast,
            now,
            plan: OnceLock::new(),
            reach: OnceLock::new(),
            place: OnceLock::new(),
        }
    }

    fn object(object: Option<&Object>) -> Value<'_> {
        object.map_or(Value::Null, |object| Value::of(object.value()))
    }

    fn namespace(&self) -> Answer<'_> {
        let name = self.request.target.namespace.as_str();
        if name.is_empty() {
            return Ok(Value::Null);
        }
        if let Some(why) = self.inventory.unavailable() {
            return unknown("namespaceObject", why);
        }
        let found = self.inventory.namespace(name);
        match found.and_then(|namespace| namespace.object.as_ref()) {
            Some(object) => Ok(seen(self.place.get_or_init(|| Place::new(object)))),
            None => unknown(
                "namespaceObject",
                &format!("there is no Namespace \"{name}\""),
            ),
        }
    }

    fn experiment(&self) -> Answer<'_> {
        match &self.experiment {
            Ok(experiment) => Ok(seen(self.plan.get_or_init(|| Plan::new(experiment)))),
            Err(why) => unknown("experiment", why),
        }
    }

    fn blast(&self) -> Answer<'_> {
        let make = |blast| Reach::new(blast, self.inventory, self.now);
        match &self.blast {
            Ok(blast) => Ok(seen(self.reach.get_or_init(|| make(blast)))),
            Err(why) => unknown("blast", why),
        }
    }
}

fn unknown<'v>(what: &str, why: &str) -> Answer<'v> {
    Err(Failure::Wrong(format!("{what} is not known: {why}").into()))
}

macro_rules! variables {
    ($($name:literal: $kind:literal, $get:expr, $says:literal, $example:literal;)+) => {
        /// What every rule may name, in the order of the slots.
        pub const VARIABLES: &[Declared] = &[$(Declared {
            name: $name,
            kind: $kind,
            says: $says,
            example: $example,
        }),+];

        impl Facts<'_> {
            /// The value of the variable that is declared in this place; `None` after the last.
            pub(super) fn value(&self, slot: usize) -> Option<Answer<'_>> {
                type Get = for<'v> fn(&'v Facts<'_>) -> Answer<'v>;
                let values: &[Get] = &[$($get),+];
                values.get(slot).map(|get| get(self))
            }
        }
    };
}

variables! {
    "object": "dyn", |it| Ok(Facts::object(it.request.object.as_ref())),
        "The object afterwards, without `metadata.managedFields`; `null` where it is deleted.",
        "object.metadata.?labels.team.orValue('') != ''";
    "oldObject": "dyn", |it| Ok(Facts::object(it.request.old_object.as_ref())),
        "The object before, without `metadata.managedFields`; `null` where it is created.",
        "oldObject == null || oldObject.spec == object.spec";
    "request": "AdmissionRequest", |it| Ok(seen(it.request)),
        "Who asks for what, as a ValidatingAdmissionPolicy has it.",
        "request.operation == 'CREATE'";
    "namespaceObject": "Namespace", |it| it.namespace(),
        "The namespace of the object; `null` for what is cluster-scoped.",
        "namespaceObject != null && 'team' in namespaceObject.metadata.?labels.orValue({})";
    "experiment": "Experiment", |it| it.experiment(),
        "What the chaos object would do, whoever wrote it.",
        "experiment.duration != null";
    "blast": "Blast", |it| it.blast(),
        "The worst that it can do, measured.",
        "blast.hits <= 3";
    "now": "timestamp", |it| Ok(moment(it.now).unwrap_or(Value::Null)),
        "The instant of the judgement. There is no other clock.",
        "now.getHours('Europe/Prague') < 16";
}
