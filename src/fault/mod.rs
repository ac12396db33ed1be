//! What an experiment could do, whoever wrote it: one reader a kind, one table of readers.

mod accounts;
mod argo;
pub mod chaos_mesh;
mod chaosblade;
mod chaoskube;
pub mod experiment;
mod krkn;
mod kube_monkey;
mod litmus;
mod network_policy;
mod raw;
mod nodes;
mod removal;
mod rhythm;
mod surroundings;
pub mod target;
mod workload;
mod writes;

pub use accounts::{Accounts, OPERATORS, TOOLS, is_system_account};
pub use experiment::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Isolation, Lifetime, Note, Overlap,
    Recurrence, Ties, Tool,
};
pub use network_policy::{NetworkPolicy, Peer, Port, PortNumber, Rule};
pub use raw::{POLICY_LABELS, PROGRAM_LABELS};
pub use removal::read_removal;
pub use surroundings::Surroundings;
pub use target::{
    EXPELLING, Listing, Mode, Namespaces, NodeQuery, NodeTarget, OwnerQuery, Phases, PodField,
    PodQuery, Scaling, Selection, Sets, Taint, Target,
};
pub use workload::{is_workload, may_be_live};
pub use writes::{
    INTERNAL, arms, engine_is_at_work, forged_change, forged_status, is_internal, stops,
};

pub use crate::object::Unreadable;

use crate::object::Object;

const CHAOS_MESH: &str = "chaos-mesh.org";
const CHAOS_MESH_BEFORE_1: &str = "pingcap.com";
const LITMUS: &str = "litmuschaos.io";
const CHAOSBLADE: &str = "chaosblade.io";
const KRKN: &str = "krkn.krkn-chaos.dev";
const KRKN_BEFORE_1: &str = "krkn-chaos.krkn-chaos.dev";

/// What a reader answers: `None` where the object is no chaos object after all.
type Reading = Result<Option<Experiment>, Unreadable>;

/// Reads the objects of one kind.
struct Reader {
    group: &'static str,
    kind: &'static str,
    read: Read,
}

/// What a reader has to know.
enum Read {
    /// The object alone.
    Alone(fn(&Object) -> Reading),
    /// The object, and others it refers to.
    Around(fn(&Object, &Surroundings) -> Reading),
}

/// Stands for every kind of a group that no row above it names.
const ANY_KIND: &str = "*";

/// Who reads what. The first row that fits an object reads it.
const READERS: &[Reader] = &[
    reader(CHAOS_MESH, "PodChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "NetworkChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "IOChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "StressChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "TimeChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "DNSChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "KernelChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "HTTPChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "JVMChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "BlockChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "AWSChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "AzureChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "GCPChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "PhysicalMachineChaos", chaos_mesh::read),
    reader(CHAOS_MESH, "Schedule", chaos_mesh::read_schedule),
    reader(CHAOS_MESH, "Workflow", chaos_mesh::read_workflow),
    reader(CHAOS_MESH, "WorkflowNode", chaos_mesh::read_node),
    reader(CHAOS_MESH, "PodNetworkChaos", chaos_mesh::read_network),
    reader(CHAOS_MESH, "PodIOChaos", chaos_mesh::read_io),
    reader(CHAOS_MESH, "PodHttpChaos", chaos_mesh::read_http),
    reader(CHAOS_MESH, "RemoteCluster", chaos_mesh::read_cluster),
    reader(CHAOS_MESH, "PhysicalMachine", chaos_mesh::read_harmless),
    reader(CHAOS_MESH, "StatusCheck", chaos_mesh::read_harmless),
    reader(CHAOS_MESH, ANY_KIND, chaos_mesh::read_unknown),
    reader(CHAOS_MESH_BEFORE_1, ANY_KIND, chaos_mesh::read_unknown),
    around(LITMUS, "ChaosEngine", litmus::read),
    around(LITMUS, "ChaosSchedule", litmus::read_schedule),
    around(LITMUS, "ChaosExperiment", litmus::read_definition),
    reader(LITMUS, "ChaosResult", litmus::read_result),
    reader(LITMUS, ANY_KIND, litmus::read_unknown),
    around(argo::GROUP, "Workflow", argo::read),
    around(argo::GROUP, "CronWorkflow", argo::read),
    around(argo::GROUP, "WorkflowTemplate", argo::read),
    around(argo::GROUP, "ClusterWorkflowTemplate", argo::read),
    reader(CHAOSBLADE, "ChaosBlade", chaosblade::read),
    reader(CHAOSBLADE, ANY_KIND, chaosblade::read),
    reader(KRKN, "KrknAIRun", krkn::read_object),
    reader(KRKN, "KrknGraphRun", krkn::read_object),
    reader(KRKN, "KrknScenarioRun", krkn::read_object),
    reader(KRKN, ANY_KIND, krkn::read_object),
    reader(KRKN_BEFORE_1, ANY_KIND, krkn::read_object),
    around("networking.k8s.io", "NetworkPolicy", raw::read_policy),
    reader(
        "cilium.io",
        "CiliumClusterwideNetworkPolicy",
        raw::read_foreign,
    ),
    reader("cilium.io", "CiliumNetworkPolicy", raw::read_foreign),
    reader(
        "crd.projectcalico.org",
        "GlobalNetworkPolicy",
        raw::read_foreign,
    ),
    reader("crd.projectcalico.org", "NetworkPolicy", raw::read_foreign),
    reader(
        "projectcalico.org",
        "GlobalNetworkPolicy",
        raw::read_foreign,
    ),
    reader("projectcalico.org", "NetworkPolicy", raw::read_foreign),
    reader("policy.networking.k8s.io", ANY_KIND, raw::read_foreign),
    reader("networking.istio.io", "VirtualService", raw::read_foreign),
    around("", "Pod", workload::read),
    around("", "ReplicationController", workload::read),
    around("apps", "DaemonSet", workload::read),
    around("apps", "Deployment", workload::read),
    around("apps", "ReplicaSet", workload::read),
    around("apps", "StatefulSet", workload::read),
    around("batch", "CronJob", workload::read),
    around("batch", "Job", workload::read),
];

/// Reads what a change of an object does to the cluster, from the object before and after it.
type ReadChange = fn(&Object, &Object) -> Reading;

/// Objects that are no chaos, but that a change of can be: group, kind, and who reads the change.
const CHANGES: &[(&str, &str, ReadChange)] = &[("", "Node", nodes::read_change)];

/// A reader of objects that say themselves what they do.
const fn reader(group: &'static str, kind: &'static str, read: fn(&Object) -> Reading) -> Reader {
    let read = Read::Alone(read);
    Reader { group, kind, read }
}

/// A reader of objects that refer to others.
const fn around(
    group: &'static str,
    kind: &'static str,
    read: fn(&Object, &Surroundings) -> Reading,
) -> Reader {
    let read = Read::Around(read);
    Reader { group, kind, read }
}

/// Reads a chaos object into the experiment it stands for; `None` when it is no chaos object. What
/// it refers to is looked up in its `surroundings`.
///
/// # Errors
/// When it is one, but says something that cannot be understood. Such an object is over every limit.
pub fn read(object: &Object, surroundings: &Surroundings) -> Reading {
    let reference = object.reference();
    let fits = |reader: &&Reader| {
        reader.group == reference.group && [ANY_KIND, &reference.kind].contains(&reader.kind)
    };
    let Some(reader) = READERS.iter().find(fits) else {
        return Ok(None);
    };
    match reader.read {
        Read::Alone(read) => read(object),
        Read::Around(read) => read(object, surroundings),
    }
}

/// Whether it is the change of such an object, and not the object, that may be chaos.
#[must_use]
pub fn acts_by_change(object: &Object) -> bool {
    CHANGES
        .iter()
        .any(|(group, kind, _)| object.is(group, kind))
}

/// Reads what a change does; `None` when it does nothing.
///
/// # Errors
/// When it does something that cannot be understood.
pub fn read_change(old: &Object, new: &Object) -> Reading {
    let fits = |(group, kind, _): &&(&str, &str, ReadChange)| new.is(group, kind);
    match CHANGES.iter().find(fits) {
        None => Ok(None),
        Some((_, _, read)) => read(old, new),
    }
}

/// API group and kind of everything that is read, in the order of the tables. The kind is `*` for
/// every kind of a group that no row above it names: such objects are refused.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let readers = READERS.iter().map(|reader| (reader.group, reader.kind));
    readers.chain(CHANGES.iter().map(|(group, kind, _)| (*group, *kind)))
}

/// The API groups of chaos tools, whose objects do nothing but chaos.
const GROUPS_OF_TOOLS: &[&str] = &[CHAOS_MESH, LITMUS, CHAOSBLADE, KRKN];

/// Whether this is an object of a chaos tool, and not one of Kubernetes that may be chaos.
#[must_use]
pub fn is_of_a_tool(object: &Object) -> bool {
    GROUPS_OF_TOOLS.contains(&object.reference().group.as_str())
}

/// Whether objects of this API group and kind are read.
#[must_use]
pub fn is_read((group, kind): (&str, &str)) -> bool {
    let mut readers = READERS.iter();
    readers.any(|reader| reader.group == group && [ANY_KIND, kind].contains(&reader.kind))
}

/// API group and kind of everything that may be live, in the order of the table.
pub fn live_kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let readers = READERS.iter().map(|reader| (reader.group, reader.kind));
    readers.filter(|kind| *kind != argo::WORKFLOW)
}

/// Whether all harm that an object does is done by objects that it makes: it is never live itself,
/// and each of those is judged and counted by itself.
#[must_use]
pub fn acts_through_others(object: &Object) -> bool {
    argo::is_one(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(api_version: &str, kind: &str) -> Object {
        let metadata = json!({"name": "x", "namespace": "db"});
        let value = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        Object::new(value).unwrap()
    }

    #[test]
    fn an_object_of_a_foreign_group_is_no_chaos_object() {
        let object = object("rbac.authorization.k8s.io/v1", "Role");
        assert_eq!(read(&object, Surroundings::NONE), Ok(None));
    }

    #[test]
    fn an_unknown_kind_of_a_chaos_group_is_unreadable() {
        let error = read(
            &object("chaos-mesh.org/v1alpha1", "MoonChaos"),
            Surroundings::NONE,
        )
        .unwrap_err();
        assert_eq!(error.field, "kind");
        assert_eq!(error.found, "\"MoonChaos\" of chaos-mesh.org");
    }
}
