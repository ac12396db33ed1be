//! The kinds of the scheduler as they are kept in the cluster. What serialises here is a promise.

pub mod ledger;
pub mod native;
pub mod probe;
pub mod recovery;
pub mod run;
pub mod sanctioned;
pub mod status;
pub mod stop;

pub use ledger::{BlastLedger, BlastLedgerSpec, HolderSpec, ReservationSpec, StateWord};
pub use run::ExperimentRun;
pub use sanctioned::SanctionedExperiment;
pub use stop::EmergencyStop;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{backup, policy};

/// Every CustomResourceDefinition of ours.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut all = policy::crds();
    all.push(backup::spec::crd());
    all.push(policy::tidied(BlastLedger::crd()));
    all.push(policy::tidied(SanctionedExperiment::crd()));
    all.push(policy::tidied(ExperimentRun::crd()));
    all.push(policy::tidied(EmergencyStop::crd()));
    all
}

/// The schema of an object of another tool, kept as it is written.
fn verbatim(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
    })
}
