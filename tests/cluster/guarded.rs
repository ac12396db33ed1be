//! A cluster with something to guard in it, and the program that guards it: in the admission chain, with
//! the rights that are shipped.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bed::authority::Authority;
use crate::bed::balancer::Balancer;
use crate::bed::load::Question;
use crate::bed::replicas::{Replicas, Settings};
use crate::bed::webhook::{Registered, registrations};
use crate::bed::{Bed, Ended, until, within};

/// The namespace of what is guarded.
pub(crate) const PLACE: &str = "guarded";

/// Pods of the StatefulSet. Of these two have to stay healthy.
pub(crate) const PODS: usize = 3;

const POLICY: &str = "
apiVersion: firebreak.dev/v1alpha1
kind: BlastRadiusPolicy
metadata: {name: guarded}
spec:
  protects: {namespaces: {matchLabels: {kubernetes.io/metadata.name: guarded}}}
  limits: {minHealthy: 2}
";

/// How long it may take until verdicts are those of the cluster.
pub(crate) const LONG: Duration = Duration::from_secs(90);

/// A pod-failure of so many pods.
pub(crate) fn chaos(name: &str, pods: usize) -> Value {
    json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"action": "pod-failure", "mode": "fixed", "value": pods.to_string(), "duration": "5m",
            "selector": {"namespaces": [PLACE], "labelSelectors": {"app": "ledger"}}}})
}

/// The review of a dry run in which somebody creates an object.
pub(crate) fn review(object: &Value) -> Value {
    let metadata = &object["metadata"];
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": format!("review of {}", metadata["name"]),
        "kind": {"group": "chaos-mesh.org", "version": "v1alpha1", "kind": object["kind"]},
        "operation": "CREATE", "dryRun": true, "namespace": metadata["namespace"], "name": metadata["name"],
        "userInfo": {"username": "engineer", "groups": ["system:authenticated"]}, "object": object}})
}

/// What is admitted and what is denied, in turn. In another namespace everything may go.
pub(crate) fn questions() -> Vec<Question> {
    let mut elsewhere = chaos("elsewhere", PODS);
    elsewhere["spec"]["selector"]["namespaces"] = json!(["default"]);
    let rows = [
        (chaos("one", 1), None),
        (chaos("two", 2), Some("MinHealthyBreached")),
        (elsewhere, None),
        (chaos("all", PODS), Some("MinHealthyBreached")),
        (chaos("again", 2), Some("MinHealthyBreached")),
    ];
    let question = |(object, denied): (Value, _)| Question {
        review: review(&object),
        denied,
    };
    rows.map(question).into()
}

/// A cluster with something to guard in it, and guards.
pub(crate) struct Guarded<'a> {
    pub(crate) bed: &'a Bed,
    pub(crate) guards: Replicas,
    pub(crate) registered: Registered<'a>,
}

impl<'a> Guarded<'a> {
    /// So many guards.
    pub(crate) fn start(bed: &'a Bed, count: usize, settings: &Settings<'_>) -> Self {
        bed.define_kinds();
        bed.nodes();
        bed.stateful_set(PLACE, "ledger", PODS);
        bed.apply(POLICY);
        let balancer = Balancer::new(Vec::new());
        let (files, port) = (registrations("webhooks.yaml"), balancer.port());
        let authority = settings.servers.map(Authority::pem);
        let registered = bed.register(files, port, authority.as_deref());
        Self {
            guards: bed.serve_behind(balancer, count, settings),
            bed,
            registered,
        }
    }

    /// What becomes of an object that somebody would create.
    pub(crate) fn tried(&self, object: &Value) -> Ended {
        let create = ["create", "--dry-run=server", "-f", "-"];
        self.bed.kubectl(&create).input(object.to_string()).run()
    }

    pub(crate) fn create(&self, name: &str, pods: usize) -> Result<String, String> {
        let create = self.bed.kubectl(&["create", "-f", "-"]);
        let ended = create.input(chaos(name, pods).to_string()).run();
        match ended.code {
            Some(0) => Ok(ended.out),
            _ => Err(ended.told()),
        }
    }

    /// Waits until the guard sees what is there: one pod may go, two may not.
    pub(crate) fn judges(&self) {
        within(LONG, "verdicts are those of the cluster", || {
            let (one, two) = (self.tried(&chaos("dry", 1)), self.tried(&chaos("dry", 2)));
            let denied = two.code != Some(0) && two.err.contains("MinHealthyBreached");
            if one.code == Some(0) && denied {
                Ok(())
            } else {
                Err(format!("{}\n{}", one.told(), two.told()))
            }
        });
    }

    /// What is reserved.
    pub(crate) fn ledgers(&self) -> Value {
        let list = ["get", "blastledgers", "--namespace=firebreak"];
        self.bed.kubectl(&list).json()["items"].clone()
    }

    /// Waits until the leader has seen what the first reservation is for.
    pub(crate) fn is_seen(&self) {
        until("the reservation is confirmed", || {
            let ledgers = self.ledgers();
            let state = ledgers.pointer("/0/spec/reservations/0/state");
            if state == Some(&json!("Confirmed")) {
                Ok(())
            } else {
                Err(ledgers.to_string())
            }
        });
    }

    /// Ends what was created, and waits until nothing is reserved.
    pub(crate) fn forget(&self) {
        let delete = ["delete", "podchaos", "--all", "--namespace", PLACE];
        self.bed.kubectl(&delete).succeeds();
        until("the ledger is empty", || {
            let left = self.ledgers();
            if left.as_array().is_some_and(Vec::is_empty) {
                Ok(())
            } else {
                Err(left.to_string())
            }
        });
    }
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        self.guards.each.clear();
        let own = "--namespace=firebreak";
        let deletions: [&[&str]; 3] = [
            &[
                "delete",
                "blastradiuspolicy",
                "guarded",
                "--ignore-not-found",
            ],
            &["delete", "podchaos", "--all", "--namespace", PLACE],
            &["delete", "blastledgers", "--all", own],
        ];
        for delete in deletions {
            drop(self.bed.kubectl(delete).run());
        }
        self.bed.forget_leader();
    }
}
