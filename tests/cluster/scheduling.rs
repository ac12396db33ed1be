//! Sanctioned experiments on a real API server: pods that KWOK plays die and come back, and whoever is in the
//! middle of a run is killed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bed::audit::ACCOUNT;
use crate::bed::replicas::Settings;
use crate::bed::{Bed, stays, until, within};
use crate::guarded::{Guarded, LONG, PLACE, PODS};

/// What lets the account of the program inject anything: it is granted by whoever wants that.
const BINDING: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: firebreak-injections}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: firebreak-injections}
subjects: [{kind: ServiceAccount, name: firebreak, namespace: firebreak}]
";

/// The annotation of a chaos object with the fence of its run.
const FENCE: &str = "firebreak.dev/fence";
const RUN: &str = "firebreak.dev/run";
const RUN_UID: &str = "firebreak.dev/run-uid";

/// Guards that may inject, and something to inject into.
struct Scheduling<'a> {
    guarded: Guarded<'a>,
}

impl<'a> Scheduling<'a> {
    fn start(bed: &'a Bed, count: usize) -> Self {
        let guarded = Guarded::start(bed, count, &Settings::default());
        bed.apply(BINDING);
        guarded.judges();
        Self { guarded }
    }

    fn bed(&self) -> &'a Bed {
        self.guarded.bed
    }

    /// An experiment that deletes one pod of the StatefulSet, or injects what `template` says.
    fn experiment(&self, name: &str, template: Option<Value>) {
        let mut spec = json!({
            "hypothesis": "the pod comes back",
            "workload": {"kind": "StatefulSet", "name": "ledger"},
            "targets": "Any",
            "preflight": {"stableFor": "3s"},
            "safety": {"minHealthy": 1},
            "recovery": {"deadline": "90s", "stableFor": "3s", "poll": "3s"},
        });
        match template {
            Some(template) => spec["template"] = template,
            None => spec["native"] = json!({"podDelete": {"count": 1}}),
        }
        let experiment = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "SanctionedExperiment",
            "metadata": {"name": name, "namespace": PLACE}, "spec": spec});
        self.bed().apply(experiment.to_string());
    }

    /// A run of an experiment, made by hand.
    fn run(&self, experiment: &str, name: &str) {
        let run = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "ExperimentRun",
            "metadata": {"name": name, "namespace": PLACE}, "spec": {"experiment": experiment}});
        let create = self.bed().kubectl(&["create", "-f", "-"]);
        create.input(run.to_string()).succeeds();
    }

    fn read(&self, name: &str) -> Value {
        let place = format!("--namespace={PLACE}");
        let get = ["get", "experimentrun", name, &place];
        self.bed().kubectl(&get).json()
    }

    /// Waits until a run is in a phase. What it was then.
    fn reaches(&self, name: &str, phases: &[&str]) -> Value {
        within(LONG, &format!("{name} is {phases:?}"), || {
            let run = self.read(name);
            let phase = run["status"]["phase"].as_str().unwrap_or_default();
            if phases.contains(&phase) {
                Ok(run)
            } else {
                Err(run["status"].to_string())
            }
        })
    }

    fn patch(&self, name: &str, patch: &Value) {
        let place = format!("--namespace={PLACE}");
        let text = patch.to_string();
        let patch = [
            "patch",
            "experimentrun",
            name,
            &place,
            "--type=merge",
            "-p",
            &text,
        ];
        self.bed().kubectl(&patch).succeeds();
    }

    /// Name and uid of each pod that is ready.
    fn pods(&self) -> Vec<(String, String)> {
        self.bed().pods(PLACE, "app=ledger")
    }

    /// How many chaos objects of runs there are.
    fn chaos(&self) -> Vec<Value> {
        let place = format!("--namespace={PLACE}");
        let list = ["get", "podchaos", "--selector", RUN_UID, &place];
        let list = self.bed().kubectl(&list).json();
        list["items"].as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Scheduling<'_> {
    fn drop(&mut self) {
        let place = format!("--namespace={PLACE}");
        let deletions: [&[&str]; 4] = [
            &["delete", "emergencystops", "--all"],
            &["delete", "experimentruns", "--all", &place, "--timeout=60s"],
            &["delete", "sanctionedexperiments", "--all", &place],
            &["delete", "clusterrolebinding", "firebreak-injections"],
        ];
        for delete in deletions {
            drop(self.bed().kubectl(delete).run());
        }
    }
}

/// A pod-failure of one pod, as a template.
fn failure() -> Value {
    json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "spec": {"action": "pod-failure", "mode": "one", "duration": "60s",
            "selector": {"namespaces": [PLACE], "labelSelectors": {"app": "ledger"}}}})
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(crate) fn a_pod_is_deleted_comes_back_and_its_recovery_is_measured(bed: &Bed) {
    let scheduling = Scheduling::start(bed, 1);
    let before = scheduling.pods();
    scheduling.experiment("drill", None);
    scheduling.run("drill", "drill-now");
    let run = scheduling.reaches("drill-now", &["Closed"]);
    assert_eq!(text(&run, "/status/outcome"), "Passed", "{}", run["status"]);
    let took = run
        .pointer("/status/recovery/seconds/high")
        .and_then(Value::as_u64);
    assert!(took.is_some_and(|took| took < 90), "{}", run["status"]);
    let pinned = run["status"]["pinned"].as_array().unwrap();
    assert_eq!(pinned.len(), 1);
    bed.all_ready(PLACE, "ledger", PODS);
    let after = scheduling.pods();
    for (name, uid) in before {
        let now = &after.iter().find(|it| it.0 == name).unwrap().1;
        let hit = pinned[0]["name"] == name.as_str();
        assert_eq!(*now != uid, hit, "{name}");
    }
    until("nothing is promised any more", || {
        let left = scheduling.guarded.ledgers();
        if left.as_array().is_some_and(Vec::is_empty) {
            Ok(())
        } else {
            Err(left.to_string())
        }
    });
}

pub(crate) fn an_emergency_stop_ends_what_runs_and_nothing_starts(bed: &Bed) {
    let scheduling = Scheduling::start(bed, 1);
    scheduling.experiment("drill", Some(failure()));
    scheduling.run("drill", "drill-one");
    scheduling.reaches("drill-one", &["Injecting", "Active"]);
    bed.apply(
        "apiVersion: firebreak.dev/v1alpha1\nkind: EmergencyStop\nmetadata: {name: incident}\n\
         spec: {reason: an incident}\n",
    );
    let run = scheduling.reaches(
        "drill-one",
        &["Reverting", "Verifying", "Closing", "Closed"],
    );
    let told = run["status"].to_string();
    assert!(told.contains("EmergencyStop"), "{told}");
    // Nobody plays the tool: an object that does not stop is deleted.
    scheduling.reaches("drill-one", &["Closed"]);
    assert!(scheduling.chaos().is_empty());
    let before = scheduling.pods();
    scheduling.run("drill", "drill-two");
    let run = scheduling.reaches("drill-two", &["Closed"]);
    assert_eq!(text(&run, "/status/outcome"), "Skipped");
    assert_eq!(text(&run, "/status/reason"), "EmergencyStop");
    assert_eq!(scheduling.pods(), before);
}

pub(crate) fn what_only_says_that_it_is_of_a_run_is_denied(bed: &Bed) {
    let scheduling = Scheduling::start(bed, 1);
    let mut forged = failure();
    forged["metadata"] = json!({"name": "forged", "namespace": PLACE,
        "labels": {RUN: "nobody", RUN_UID: "nobody"}, "annotations": {FENCE: "made-up"}});
    let create = || {
        bed.kubectl(&["create", "-f", "-"])
            .input(forged.to_string())
            .run()
    };
    let denied = create();
    assert!(denied.err.contains("NotOfItsRun"), "{}", denied.told());
    // Also while a run is there, and with its own uid.
    scheduling.experiment("drill", Some(failure()));
    scheduling.run("drill", "drill-one");
    let run = scheduling.reaches("drill-one", &["Injecting", "Active"]);
    let uid = text(&run, "/metadata/uid").to_owned();
    for fence in ["made-up", text(&run, "/status/fence")] {
        forged["metadata"]["labels"] = json!({RUN: "drill-one", RUN_UID: uid});
        forged["metadata"]["annotations"] = json!({FENCE: fence});
        let create = bed.kubectl(&["create", "-f", "-"]);
        let denied = create.input(forged.to_string()).run();
        assert!(denied.err.contains("NotOfItsRun"), "{}", denied.told());
    }
    scheduling.patch("drill-one", &json!({"spec": {"abort": true}}));
    scheduling.reaches("drill-one", &["Closed"]);
}

pub(crate) fn the_next_leader_does_not_inject_what_the_last_one_has(bed: &Bed) {
    let mut scheduling = Scheduling::start(bed, 1);
    let before = bed.asked().len();
    scheduling.experiment("drill", Some(failure()));
    scheduling.run("drill", "drill-one");
    scheduling.reaches("drill-one", &["Injecting"]);
    let replica = &mut scheduling.guarded.guards.each[0];
    replica.process.signal("KILL");
    within(LONG, "the guard is dead", || {
        replica.process.ended().ok_or("it runs")
    });
    replica.start_again();
    let object = within(LONG, "its chaos object is known", || {
        let run = scheduling.read("drill-one");
        let uid = text(&run, "/status/chaosObject/uid").to_owned();
        if uid.is_empty() { Err(run) } else { Ok(uid) }
    });
    let chaos = scheduling.chaos();
    assert_eq!(chaos.len(), 1);
    assert_eq!(text(&chaos[0], "/metadata/uid"), object);
    scheduling.patch("drill-one", &json!({"spec": {"abort": true}}));
    let run = scheduling.reaches("drill-one", &["Closed"]);
    assert_eq!(
        text(&run, "/status/outcome"),
        "Aborted",
        "{}",
        run["status"]
    );
    assert!(scheduling.chaos().is_empty());
    let asked = bed.asked();
    let made = asked.iter().skip(before).filter(|it| {
        it.by == ACCOUNT && it.resource == "podchaos" && it.verb == "create" && it.code == 201
    });
    // One asks whether it may be made, and one makes it.
    assert_eq!(made.count(), 2);
}

pub(crate) fn a_run_that_is_deleted_is_ended_and_leaves_nothing(bed: &Bed) {
    let scheduling = Scheduling::start(bed, 2);
    scheduling.experiment("drill", Some(failure()));
    scheduling.run("drill", "drill-one");
    scheduling.reaches("drill-one", &["Injecting", "Active"]);
    let place = format!("--namespace={PLACE}");
    let delete = [
        "delete",
        "experimentrun",
        "drill-one",
        "--wait=false",
        &place,
    ];
    bed.kubectl(&delete).succeeds();
    within(LONG * 2, "the run is gone", || {
        let ended = bed
            .kubectl(&["get", "experimentrun", "drill-one", &place])
            .run();
        if ended.err.contains("NotFound") {
            Ok(())
        } else {
            Err(ended.told())
        }
    });
    assert!(scheduling.chaos().is_empty());
    until("nothing is promised any more", || {
        let left = scheduling.guarded.ledgers();
        if left.as_array().is_some_and(Vec::is_empty) {
            Ok(())
        } else {
            Err(left.to_string())
        }
    });
}

pub(crate) fn nothing_is_injected_by_who_may_not(bed: &Bed) {
    let scheduling = Scheduling::start(bed, 1);
    bed.kubectl(&["delete", "clusterrolebinding", "firebreak-injections"])
        .succeeds();
    let before = scheduling.pods();
    scheduling.experiment("drill", None);
    scheduling.run("drill", "drill-one");
    let run = scheduling.reaches("drill-one", &["Closed"]);
    assert_eq!(
        text(&run, "/status/outcome"),
        "Skipped",
        "{}",
        run["status"]
    );
    assert_eq!(text(&run, "/status/reason"), "Denied", "{}", run["status"]);
    stays(Duration::from_secs(5), || {
        if scheduling.pods() == before {
            Ok(())
        } else {
            Err("a pod was hit".to_owned())
        }
    });
}
