//! The whole of it: two replicas of the program, with the rights that are shipped, watch the cluster,
//! judge what people apply and reserve what they admit; and get over what happens to a cluster.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bed::replicas::{Replicas, Settings};
use crate::bed::webhook::{Registered, registrations};
use crate::bed::{Bed, until, within};

const PLACE: &str = "whole";

/// Pods of the StatefulSet, and how many have to stay healthy.
const PODS: usize = 3;

const POLICY: &str = "
apiVersion: firebreak.dev/v1alpha1
kind: BlastRadiusPolicy
metadata: {name: whole}
spec:
  protects: {namespaces: {matchLabels: {kubernetes.io/metadata.name: whole}}}
  limits: {minHealthy: 2}
";

/// A pod-failure of so many pods.
fn chaos(name: &str, pods: usize) -> String {
    json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {"action": "pod-failure", "mode": "fixed", "value": pods.to_string(), "duration": "5m",
            "selector": {"namespaces": [PLACE], "labelSelectors": {"app": "ledger"}}}})
    .to_string()
}

/// A cluster with a database to guard, and two guards.
struct Guarded<'a> {
    bed: &'a Bed,
    guards: Replicas,
    _registered: Registered<'a>,
}

impl<'a> Guarded<'a> {
    fn start(bed: &'a Bed) -> Self {
        bed.define_kinds();
        bed.nodes();
        bed.namespace(PLACE);
        bed.stateful_set(PLACE, "ledger", PODS);
        bed.all_ready(PLACE, "ledger", PODS);
        bed.apply(POLICY);
        let settings = Settings {
            flags: &["--staleness=2m"],
            ..Settings::default()
        };
        let guards = bed.serve(2, &settings);
        let mut guarded = Self {
            _registered: bed.register(
                registrations("webhooks.yaml"),
                guards.balancer.port(),
                Some(&guards.authority),
            ),
            bed,
            guards,
        };
        guarded.ready();
        guarded
    }

    /// Waits until every replica is ready.
    fn ready(&mut self) {
        for replica in &mut self.guards.each {
            within(Duration::from_secs(90), "a guard is ready", || {
                replica.process.must_run();
                let answer = replica.probe("/readyz")?;
                if answer.starts_with("HTTP/1.1 200") {
                    Ok(())
                } else {
                    Err(answer)
                }
            });
        }
    }

    fn create(&self, name: &str, pods: usize) -> Result<String, String> {
        let create = ["create", "-f", "-"];
        let ended = self.bed.kubectl(&create).input(chaos(name, pods)).run();
        match ended.code {
            Some(0) => Ok(ended.out),
            _ => Err(ended.told()),
        }
    }

    /// Waits until the guard sees what is there: one pod may go, two may not.
    fn judges(&self) {
        within(
            Duration::from_secs(90),
            "verdicts are those of the cluster",
            || {
                let dry = |pods: usize| {
                    let create = ["create", "--dry-run=server", "-f", "-"];
                    self.bed.kubectl(&create).input(chaos("dry", pods)).run()
                };
                let (one, two) = (dry(1), dry(2));
                let denied = two.code != Some(0) && two.err.contains("MinHealthyBreached");
                if one.code == Some(0) && denied {
                    Ok(())
                } else {
                    Err(format!("{}\n{}", one.told(), two.told()))
                }
            },
        );
    }

    fn forget(&self) {
        let delete = ["delete", "podchaos", "--all", "--namespace", PLACE];
        self.bed.kubectl(&delete).succeeds();
        until("the ledger is empty", || {
            let list = ["get", "blastledgers", "--namespace=firebreak"];
            let left = self.bed.kubectl(&list).json()["items"].clone();
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
        let policy = ["delete", "blastradiuspolicy", "whole", "--ignore-not-found"];
        let chaos = ["delete", "podchaos", "--all", "--namespace", PLACE];
        let ledgers = ["delete", "blastledgers", "--all", "--namespace=firebreak"];
        for delete in [&policy[..], &chaos, &ledgers] {
            drop(self.bed.kubectl(delete).run());
        }
    }
}

pub(crate) fn what_is_admitted_is_reserved_seen_and_released(bed: &Bed) {
    let guarded = Guarded::start(bed);
    guarded.judges();
    guarded.create("first", 1).unwrap();
    let denied = guarded.create("second", 1).unwrap_err();
    assert!(denied.contains("MinHealthyBreached"), "{denied}");
    until("the reservation is confirmed", || {
        let list = ["get", "blastledgers", "--namespace=firebreak"];
        let ledgers = bed.kubectl(&list).json();
        let state = ledgers
            .pointer("/items/0/spec/reservations/0/state")
            .cloned();
        if state == Some(json!("Confirmed")) {
            Ok(())
        } else {
            Err(ledgers.to_string())
        }
    });
    until("the policy says what it protects", || {
        let policy = bed.kubectl(&["get", "blastradiuspolicy", "whole"]).json();
        let status = &policy["status"];
        let ready = status.pointer("/conditions/0/status") == Some(&Value::from("True"));
        if ready && status["workloads"] == json!(1) {
            Ok(())
        } else {
            Err(status.to_string())
        }
    });
    guarded.forget();
    guarded.judges();
}

pub(crate) fn it_gets_over_outages_of_etcd_and_of_the_api_server(bed: &Bed) {
    let mut guarded = Guarded::start(bed);
    guarded.judges();
    for program in ["etcd", "kube-apiserver"] {
        bed.control_plane().kill(program);
        bed.control_plane().launch(program);
        bed.ready();
        guarded.ready();
        guarded.judges();
    }
    bed.compact();
    bed.stateful_set(PLACE, "later", 1);
    bed.all_ready(PLACE, "later", 1);
    guarded.judges();
    let delete = ["delete", "statefulset", "later", "--namespace", PLACE];
    bed.kubectl(&delete).succeeds();
}
