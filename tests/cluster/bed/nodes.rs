//! Nodes that KWOK plays, and pods on them.

use serde_json::{Value, json};

use super::{Bed, until};

/// The nodes, one in each zone.
pub(crate) const NODES: [(&str, &str); 3] = [
    ("worker-1a", "us-east-1a"),
    ("worker-1c", "us-east-1c"),
    ("worker-1d", "us-east-1d"),
];

impl Bed {
    /// Three nodes in three zones, ready. Twice is once.
    pub(crate) fn nodes(&self) {
        self.apply_all(NODES.map(|(name, zone)| node(name, zone)));
        let wait = [
            "wait",
            "--for=condition=Ready",
            "--timeout=60s",
            "node",
            "--all",
        ];
        self.kubectl(&wait).succeeds();
    }

    /// A StatefulSet, its pods labelled `app=<name>` and ready.
    pub(crate) fn stateful_set(&self, namespace: &str, name: &str, replicas: usize) {
        self.namespace(namespace);
        self.apply(stateful_set(namespace, name, replicas).to_string());
        self.all_ready(namespace, name, replicas);
    }

    /// Waits until as many pods labelled `app=<name>` are ready, none of them about to go.
    pub(crate) fn all_ready(&self, namespace: &str, name: &str, replicas: usize) {
        until(&format!("{replicas} pods of {namespace}/{name}"), || {
            let ready = self.pods(namespace, &format!("app={name}")).len();
            if ready == replicas {
                Ok(())
            } else {
                Err(ready)
            }
        });
    }

    /// Name and uid of each ready pod that a selector matches and that is not about to go.
    pub(crate) fn pods(&self, namespace: &str, selector: &str) -> Vec<(String, String)> {
        let place = format!("--namespace={namespace}");
        let list = self
            .kubectl(&["get", "pods", "--selector", selector, &place])
            .json();
        let pods = list["items"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        pods.filter(|pod| is_ready(pod))
            .map(|pod| {
                (
                    text(&pod["metadata"]["name"]),
                    text(&pod["metadata"]["uid"]),
                )
            })
            .collect()
    }

    /// A namespace. Twice is once.
    pub(crate) fn namespace(&self, name: &str) {
        let metadata = json!({"name": name});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        self.apply(namespace.to_string());
    }
}

/// A StatefulSet whose pods are labelled `app=<name>` and go at once when they are deleted.
pub(crate) fn stateful_set(namespace: &str, name: &str, replicas: usize) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels},
            "serviceName": name,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "containers": [{"name": "main", "image": "example/main:1"}],
                },
            },
        },
    })
}

fn node(name: &str, zone: &str) -> Value {
    let region = zone.trim_end_matches(char::is_alphabetic);
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "topology.kubernetes.io/region": region,
            "topology.kubernetes.io/zone": zone,
        }},
    })
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let mut ready = conditions.filter(|it| it["type"] == "Ready" && it["status"] == "True");
    pod["metadata"]["deletionTimestamp"].is_null() && ready.next().is_some()
}
