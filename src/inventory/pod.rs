//! A pod, as far as a decision needs it: what it says of itself, and where it belongs.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use super::lenient::{condition, is_set, list, text, texts};
use super::template::Template;
use super::words::{Labels, Text, Words};
use super::workload::{controller, guess};
use super::world::namespace;
use super::{GroupId, NodeId};
use crate::object::Object;

/// What a pod says of itself, whatever else is in the cluster. What pods of one template have in
/// common is kept once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// Labels.
    pub labels: Labels,
    /// Annotations, but for those that [`is_dropped`].
    pub annotations: Labels,
    /// `spec.serviceAccountName`.
    pub service_account: Text,
    /// The node's name as the pod says it, also where that node is not in the inventory.
    pub node_name: Text,
    /// `status.phase`.
    pub phase: Text,
    /// Its own address.
    pub ip: Text,
    /// `status.nominatedNodeName`.
    pub nominated_node: Text,
    /// The PersistentVolumeClaims it mounts.
    pub claims: Arc<[Text]>,
    /// Whether it was derived from a controller's template and only assumed to exist.
    pub assumed: bool,
    /// Who controls it, as it says itself.
    pub(super) controller: Option<Arc<Owner>>,
    /// Who controls its controller, as far as its labels tell.
    pub(super) above: Option<Arc<Owner>>,
    /// Whether it is ready and stays.
    pub(super) serves: bool,
    /// Whether it is being deleted.
    pub(super) leaves: bool,
    template: Arc<Template>,
}

/// A pod, where it belongs in an inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    facts: Arc<Facts>,
    /// The node it runs on.
    pub node: Option<NodeId>,
    /// The workload it belongs to, a ReplicaSet's owner in place of the ReplicaSet.
    pub owner: Option<Arc<Owner>>,
    /// The database or workload it is counted in. A finished pod belongs to its group without
    /// being one of the members that count.
    pub group: GroupId,
    /// Whether it serves: Ready, not being deleted, and not under an active fault that hides
    /// behind readiness.
    pub healthy: bool,
}

/// The controlling owner of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Owner {
    /// API group of the kind.
    pub api_group: Text,
    /// Kind, as Kubernetes spells it.
    pub kind: Text,
    /// Name.
    pub name: Text,
}

impl Owner {
    /// A workload of the group `apps`.
    pub(super) fn app(kind: &str, name: impl Into<Text>) -> Self {
        Self {
            api_group: "apps".into(),
            kind: kind.into(),
            name: name.into(),
        }
    }

    /// A pod that nothing controls is a workload of its own.
    pub(super) fn bare(pod: &Facts) -> Self {
        Self {
            kind: "Pod".into(),
            name: pod.name.clone(),
            ..Self::default()
        }
    }

    /// API group and kind.
    pub(super) fn resource(&self) -> (&str, &str) {
        (&self.api_group, &self.kind)
    }
}

impl Deref for Facts {
    type Target = Template;

    fn deref(&self) -> &Template {
        &self.template
    }
}

impl Deref for Pod {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

/// What pods are annotated with that no selector means: what was applied, as long as they are
/// themselves, and what the plugins of networks note down, which is another text for every pod.
const DROPPED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "cni.projectcalico.org/containerID",
    "cni.projectcalico.org/podIP",
    "cni.projectcalico.org/podIPs",
    "k8s.ovn.org/pod-networks",
    "k8s.v1.cni.cncf.io/network-status",
    "k8s.v1.cni.cncf.io/networks-status",
];

/// Whether an annotation is not kept of pods, so that what it says there is not known.
#[must_use]
pub fn is_dropped(annotation: &str) -> bool {
    DROPPED.contains(&annotation)
}

impl Facts {
    /// What a pod says that is recorded.
    pub(super) fn recorded(object: &Object, words: &mut Words) -> Self {
        let value = object.value();
        let ip = match text(value, "/status/podIP") {
            "" => text(value, "/status/podIPs/0/ip"),
            ip => ip,
        };
        let described = Self::described(value, words);
        let controller = controller(object);
        let above = controller.as_ref();
        let above = above.and_then(|it| guess(&described.labels, &it.name));
        Self {
            namespace: words.text(namespace(object)),
            name: words.text(&object.reference().name),
            phase: words.text(text(value, "/status/phase")),
            ip: ip.into(),
            nominated_node: words.text(text(value, "/status/nominatedNodeName")),
            controller: controller.map(|it| words.owner(it)),
            above: above.map(|it| words.owner(it)),
            serves: serves(value),
            leaves: is_set(value, "/metadata/deletionTimestamp"),
            ..described
        }
    }

    /// What the metadata and the spec of a pod or of a template say, with the defaults of the API.
    pub(super) fn described(value: &Value, words: &mut Words) -> Self {
        let mut annotations = texts(value, "/metadata/annotations");
        annotations.retain(|key, _| !is_dropped(key));
        let template = Template::read(value, words);
        Self {
            labels: words.labels(&texts(value, "/metadata/labels")),
            annotations: words.labels(&annotations),
            service_account: words.text(match text(value, "/spec/serviceAccountName") {
                "" => "default",
                name => name,
            }),
            node_name: words.text(text(value, "/spec/nodeName")),
            claims: claims(value).map(|it| words.text(it)).collect(),
            template: words.template(template),
            ..Self::default()
        }
    }

    /// A label's value, empty when it has none.
    #[must_use]
    pub fn label(&self, key: &str) -> &str {
        self.labels.get(key).unwrap_or_default()
    }

    /// An annotation's value, empty when it has none.
    #[must_use]
    pub fn annotation(&self, key: &str) -> &str {
        self.annotations.get(key).unwrap_or_default()
    }

    /// Whether it mounts this claim. A pod that is only assumed to exist mounts those that are called
    /// after it, as StatefulSets and operators call them.
    pub(super) fn mounts(&self, claim: &str) -> bool {
        let named = || {
            let rest = claim.strip_suffix(self.name.as_str());
            let rest = rest.or_else(|| claim.strip_prefix(self.name.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('-') || rest.starts_with('-'))
        };
        self.claims.iter().any(|it| it == claim) || (self.assumed && named())
    }
}

impl Pod {
    /// A pod as it was recorded. Its node and group are found later, by those who know the others.
    pub(super) fn recorded(facts: &Arc<Facts>, owner: Option<Arc<Owner>>) -> Self {
        Self {
            healthy: facts.serves,
            facts: Arc::clone(facts),
            node: None,
            owner,
            group: GroupId::default(),
        }
    }

    /// A pod that a controller would make from `template`.
    pub(super) fn assumed(template: &Value, namespace: &str, name: String, owner: Owner) -> Self {
        let described = Facts::described(template, &mut Words::default());
        Self::of_template(&described, namespace, name, owner)
    }

    /// A pod that a controller would make of what its template describes.
    pub(super) fn of_template(
        template: &Facts,
        namespace: &str,
        name: String,
        owner: Owner,
    ) -> Self {
        let facts = Facts {
            namespace: namespace.into(),
            name: name.into(),
            phase: "Running".into(),
            assumed: true,
            serves: true,
            ..template.clone()
        };
        Self::recorded(&Arc::new(facts), Some(Arc::new(owner)))
    }

    /// The same pod with this label.
    pub(super) fn with_label(mut self, key: &str, value: &str) -> Self {
        let facts = Arc::make_mut(&mut self.facts);
        facts.labels = facts.labels.with(key, value);
        self
    }

    /// The same pod on the node of this name.
    pub(super) fn on(mut self, node: &str) -> Self {
        Arc::make_mut(&mut self.facts).node_name = node.into();
        self
    }

    /// The workload it belongs to; a bare pod is one of its own.
    pub(super) fn workload(&self) -> Owner {
        let owner = self.owner.as_deref().cloned();
        owner.unwrap_or_else(|| Owner::bare(self))
    }

    /// Whether it serves by its own word.
    pub(super) fn serves(&self) -> bool {
        self.facts.serves
    }

    /// Whether it has done its work and will not serve again. Selectors still find it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let of_job = self.owner.as_ref().is_some_and(|owner| owner.kind == "Job");
        self.phase == "Succeeded" || (self.phase == "Failed" && of_job)
    }
}

fn claims(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = list(pod, "/spec/volumes").iter();
    let names = volumes.map(|it| text(it, "/persistentVolumeClaim/claimName"));
    names.filter(|name| !name.is_empty())
}

fn serves(pod: &Value) -> bool {
    text(pod, "/status/phase") == "Running"
        && condition(pod, "Ready") == Some("True")
        && !is_set(pod, "/metadata/deletionTimestamp")
}
