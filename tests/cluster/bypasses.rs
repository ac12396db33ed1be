//! Ways around the guard, one a row: each is denied or passes as it should, by the real API server with
//! the registration that is shipped.

use serde_json::{Value, json};

use crate::agreement::example_guard;
use crate::bed::Bed;
use crate::bed::webhook::registrations;

const PLACE: &str = "chaos-testing";
const TOOL: &str = "system:serviceaccount:chaos-mesh:chaos-controller-manager";

/// What becomes of an attempt.
enum Expected {
    /// The guard denies it, for this reason among others.
    Denied(&'static str),
    /// It passes.
    Passes,
    /// The API server itself refuses it, with these words.
    Impossible(&'static str),
}

use Expected::{Denied, Impossible, Passes};

/// One attempt.
struct Attempt {
    what: &'static str,
    /// What is there before, written while nobody was asked.
    given: Option<Value>,
    /// What is called, with this input.
    call: &'static [&'static str],
    input: Option<Value>,
    by: &'static str,
    expected: Expected,
}

fn attempt(what: &'static str, call: &'static [&'static str], expected: Expected) -> Attempt {
    Attempt {
        what,
        given: None,
        call,
        input: None,
        by: "engineer",
        expected,
    }
}

impl Attempt {
    fn given(mut self, object: Value) -> Self {
        self.given = Some(object);
        self
    }

    fn input(mut self, object: Value) -> Self {
        self.input = Some(object);
        self
    }

    fn by(mut self, user: &'static str) -> Self {
        self.by = user;
        self
    }

    /// How the outcome differs from what is expected.
    fn differs(&self, bed: &Bed) -> Option<String> {
        let place = format!("--namespace={PLACE}");
        let call = [self.call, &[place.as_str()]].concat();
        let input = self.input.as_ref().map(Value::to_string);
        let kubectl = bed.kubectl(&call).by(self.by);
        let ended = kubectl.input(input.unwrap_or_default()).run();
        let denied = ended.err.contains("denied the request");
        let is = match self.expected {
            Denied(reason) => denied && ended.err.contains(reason),
            Passes => ended.code == Some(0),
            Impossible(words) => ended.code != Some(0) && !denied && ended.err.contains(words),
        };
        (!is).then(|| format!("{}: {}", self.what, ended.told()))
    }
}

/// An experiment that would take all members of a database.
fn harmful(name: &str) -> Value {
    json!({
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "PodChaos",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": kill_all(),
    })
}

fn kill_all() -> Value {
    json!({
        "action": "pod-kill", "mode": "all", "duration": "30s",
        "selector": {
            "namespaces": ["percona"],
            "labelSelectors": {"app.kubernetes.io/component": "pxc"},
        },
    })
}

/// An object with more in it.
fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let mut at = &mut object;
    for step in parent.split('/').skip(1) {
        at = &mut at[step];
    }
    at[key.replace("~1", "/")] = value;
    object
}

fn records(phase: &str) -> Value {
    let record = |member: usize| {
        json!({
            "id": format!("percona/cluster1-pxc-{member}"), "selectorKey": ".", "phase": phase,
            "injectedCount": 1, "recoveredCount": 0,
        })
    };
    let records: Vec<Value> = (0..3).map(record).collect();
    json!({"experiment": {"desiredPhase": "Run", "containerRecords": records}})
}

/// One that has killed whom it was to kill.
fn finished(name: &str) -> Value {
    let object = with(harmful(name), "/status", records("Injected"));
    with(
        object,
        "/metadata/finalizers",
        json!(["chaos-mesh/records"]),
    )
}

fn paused(name: &str) -> Value {
    let pause = json!({"experiment.chaos-mesh.org/pause": "true"});
    with(finished(name), "/metadata/annotations", pause)
}

/// A schedule of harmless kills.
fn schedule(name: &str) -> Value {
    json!({
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "Schedule",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {
            "schedule": "0 3 * * *", "type": "PodChaos", "historyLimit": 1, "concurrencyPolicy": "Forbid",
            "podChaos": {
                "action": "pod-kill", "mode": "one",
                "selector": {"namespaces": ["pake-api"], "labelSelectors": {"app": "pake-api"}},
            },
        },
    })
}

fn engine(name: &str, state: &str) -> Value {
    json!({
        "apiVersion": "litmuschaos.io/v1alpha1",
        "kind": "ChaosEngine",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {
            "engineState": state,
            "appinfo": {"appns": "percona", "applabel": "app.kubernetes.io/component=pxc", "appkind": "statefulset"},
            "chaosServiceAccount": "litmus-admin",
            "experiments": [{"name": "pod-delete", "spec": {"components": {"env": [
                {"name": "PODS_AFFECTED_PERC", "value": "100"},
            ]}}}],
        },
    })
}

fn internal(kind: &str, name: &str) -> Value {
    let spec = match kind {
        "WorkflowNode" => json!({
            "templateName": "kill", "workflowName": "none", "type": "PodChaos", "startTime": "2026-11-21T10:00:00Z",
            "podChaos": kill_all(),
        }),
        _ => json!({"tcs": [{
            "type": "netem", "source": "chaos-testing/x", "device": "eth0",
            "loss": {"loss": "100", "correlation": "0"},
        }]}),
    };
    json!({
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind,
        "metadata": {"name": name, "namespace": PLACE}, "spec": spec,
    })
}

const CREATE: &[&str] = &["create", "-f", "-"];

/// Ways of creating.
#[rustfmt::skip]
fn creations() -> Vec<Attempt> {
    let owner = json!([{
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "Schedule", "name": "kept", "controller": true,
        "uid": "2a1e2f9e-9d6a-4a3a-8f0e-0c9f6c0d1b11",
    }]);
    let label = json!({"managed-by": "kept", "chaos-mesh.org/workflow": "kept"});
    let note = json!({"firebreak.dev/exempt": "true", "experiment.chaos-mesh.org/pause": "false"});
    let unnamed = json!({"generateName": "kill-", "namespace": PLACE});
    let denied = |what, object| attempt(what, CREATE, Denied("QuorumLost")).input(object);
    let apply: &[&str] = &["apply", "-f", "-"];
    let server_side: &[&str] = &["apply", "--server-side", "-f", "-"];
    let dry_run: &[&str] = &["create", "--dry-run=server", "-f", "-"];
    let harm = || harmful("a");
    vec![
        denied("create", harm()),
        denied("create by the tool", harm()).by(TOOL),
        attempt("client-side apply", apply, Denied("QuorumLost")).input(harm()),
        attempt("server-side apply", server_side, Denied("QuorumLost")).input(harm()),
        attempt("a dry run", dry_run, Denied("QuorumLost")).input(harm()),
        denied("a name that the server makes", with(harm(), "/metadata", unnamed)),
        denied("an owner that is not its own", with(harm(), "/metadata/ownerReferences", owner)),
        denied("labels of a child", with(harm(), "/metadata/labels", label)),
        denied("annotations that say it may", with(harm(), "/metadata/annotations", note)),
        attempt("records that name whom to hit", CREATE, Denied("ForgedStatus"))
            .input(with(harm(), "/status", records("Not Injected"))),
        attempt("an internal object by hand", CREATE, Denied("NoTarget")).input(internal("PodNetworkChaos", "a")),
        attempt("a node of a workflow by hand", CREATE, Denied("Unreadable")).input(internal("WorkflowNode", "a")),
        attempt("an internal object by the tool", CREATE, Passes).input(internal("PodNetworkChaos", "by-tool")).by(TOOL),
        attempt("another version of the same kind", CREATE, Denied("is denied"))
            .input(with(harm(), "/apiVersion", json!("chaos-mesh.org/v1alpha0"))),
    ]
}

const NULLED: &str = r#"{"status":{"experiment":{"containerRecords":null}}}"#;
const REMOVED: &str = r#"[{"op":"remove","path":"/status/experiment/containerRecords"}]"#;
const SAID_NO: &str = r#"{"metadata":{"annotations":{"experiment.chaos-mesh.org/pause":"false"}}}"#;

/// Updates that inject, and updates that do not.
#[rustfmt::skip]
fn updates() -> Vec<Attempt> {
    let row = |name: &'static str, call, expected| attempt(name, call, expected).given(finished(name));
    let pause = |name: &'static str, call| attempt(name, call, Denied("QuorumLost")).given(paused(name));
    vec![
        row("replaced", &["replace", "-f", "-"], Denied("ForgedStatus")).input(harmful("replaced")),
        row("nulled", &["patch", "podchaos", "nulled", "--type=merge", "-p", NULLED], Denied("ForgedStatus")),
        row("removed", &["patch", "podchaos", "removed", "--type=json", "-p", REMOVED], Denied("ForgedStatus")),
        attempt("a subresource that is none",
            &["patch", "podchaos", "nulled", "--subresource=status", "--type=merge", "-p", NULLED], Impossible("NotFound")),
        pause("un-paused", &["annotate", "podchaos", "un-paused", "experiment.chaos-mesh.org/pause-"]),
        pause("said-no", &["patch", "podchaos", "said-no", "--type=merge", "-p", SAID_NO]),
        row("paused", &["annotate", "podchaos", "paused", "experiment.chaos-mesh.org/pause=true"], Passes),
        row("labelled", &["label", "podchaos", "labelled", "team=sre"], Passes),
        row("orphaned", &["annotate", "podchaos", "orphaned", "chaos-mesh.chaos-mesh.org/cleanFinalizer=forced"],
            Denied("is denied")),
        row("saved", &["patch", "podchaos", "saved", "--type=merge", "-p", NULLED], Passes).by(TOOL),
        row("deleted", &["delete", "podchaos", "deleted", "--wait=false"], Passes),
    ]
}

const WIDER: &str = r#"{"spec":{"podChaos":{"mode":"all","selector":{"namespaces":["percona"],
    "labelSelectors":{"app":null,"app.kubernetes.io/component":"pxc"}}}}}"#;
const WIDEST: &str = r#"[{"op":"replace","path":"/spec/podChaos/mode","value":"all"},
    {"op":"replace","path":"/spec/podChaos/selector","value":{"namespaces":["percona"]}}]"#;

/// Every way of changing the spec of what stays mutable, and what else is stopped and started.
#[rustfmt::skip]
fn specs() -> Vec<Attempt> {
    const SCHEDULE: &str = "schedule.chaos-mesh.org";
    let widened = |name: &str| with(schedule(name), "/spec/podChaos", kill_all());
    let row = |name: &'static str, call| attempt(name, call, Denied("QuorumLost")).given(schedule(name));
    let engine = |name: &'static str, state, call, expected| attempt(name, call, expected).given(engine(name, state));
    vec![
        row("merged", &["patch", SCHEDULE, "merged", "--type=merge", "-p", WIDER]),
        row("patched", &["patch", SCHEDULE, "patched", "--type=json", "-p", WIDEST]),
        row("applied", &["apply", "--server-side", "--force-conflicts", "-f", "-"]).input(widened("applied")),
        row("swapped", &["replace", "-f", "-"]).input(widened("swapped")),
        attempt("a strategic patch", &["patch", SCHEDULE, "patched", "--type=strategic", "-p", WIDER], Impossible("strategic")),
        engine("reactivated", "stop",
            &["patch", "chaosengine", "reactivated", "--type=merge", "-p", r#"{"spec":{"engineState":"active"}}"#],
            Denied("QuorumLost")),
        engine("stopped", "active",
            &["patch", "chaosengine", "stopped", "--type=merge", "-p", r#"{"spec":{"engineState":"stop"}}"#], Passes),
        attempt("the status of an internal object",
            &["patch", "podnetworkchaos", "internal", "--subresource=status", "--type=merge", "-p",
                r#"{"status":{"observedGeneration":1}}"#], Passes)
            .given(internal("PodNetworkChaos", "internal")),
    ]
}

/// Every row at once, so that one failure does not hide another.
pub(crate) fn every_way_around_the_guard_is_closed(bed: &Bed) {
    bed.define_kinds();
    bed.namespace(PLACE);
    bed.may_do_everything("engineer");
    bed.may_do_everything(TOOL);
    let version = second_version(bed);
    let rows: Vec<Attempt> = [creations(), updates(), specs()]
        .into_iter()
        .flatten()
        .collect();
    bed.apply_all(rows.iter().filter_map(|row| row.given.clone()));
    let guard = bed.stand_in(example_guard());
    let port = guard.balancer.port();
    let registered = bed.register(registrations("webhooks.yaml"), port, Some(&guard.authority));
    let wrong: Vec<String> = rows.iter().filter_map(|row| row.differs(bed)).collect();
    drop(registered);
    clear(bed);
    bed.apply(version.to_string());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

/// Has a kind served in a second version as well; the definition as it was.
fn second_version(bed: &Bed) -> Value {
    let name = "podchaos.chaos-mesh.org";
    let mut definition = bed.kubectl(&["get", "crd", name]).json();
    let metadata = json!({"name": name});
    definition["metadata"] = metadata;
    definition.as_object_mut().unwrap().remove("status");
    let before = definition.clone();
    let mut second = definition["spec"]["versions"][0].clone();
    // Of lower priority than the first, so that kubectl goes on to use that.
    second["name"] = json!("v1alpha0");
    second["storage"] = json!(false);
    definition["spec"]["versions"]
        .as_array_mut()
        .unwrap()
        .push(second);
    bed.apply(definition.to_string());
    crate::bed::until("the second version is served", || {
        let get = bed
            .kubectl(&["get", "--raw", "/apis/chaos-mesh.org/v1alpha0"])
            .run();
        if get.code == Some(0) {
            Ok(())
        } else {
            Err(get.told())
        }
    });
    before
}

/// Lets go of what waits for a controller that is not there.
fn clear(bed: &Bed) {
    let place = format!("--namespace={PLACE}");
    let list = bed.kubectl(&["get", "podchaos", &place]).json();
    for object in list["items"].as_array().unwrap() {
        let name = object["metadata"]["name"].as_str().unwrap();
        let patch = r#"{"metadata":{"finalizers":null}}"#;
        bed.kubectl(&[
            "patch",
            "podchaos",
            name,
            &place,
            "--type=merge",
            "-p",
            patch,
        ])
        .run();
    }
    bed.forget(PLACE);
}
