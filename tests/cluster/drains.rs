//! Deletions and evictions of pods, where they are guarded: who is judged, and what a drain makes of it.

use std::thread;

use serde_json::{Value, json};

use crate::agreement::example_guard;
use crate::bed::balancer::Mode;
use crate::bed::webhook::{Registered, StandIn, registrations};
use crate::bed::{Bed, until};

/// The only primary of its database; no budget stands before it.
const PLACE: &str = "database";
const SET: &str = "pake-postgresql-primary";
const PRIMARY: &str = "pake-postgresql-primary-0";
/// Another one, in another namespace, which is on its way out.
const ELSEWHERE: &str = "default";
const LEAVING_SET: &str = "mysql-primary";
const LEAVING: &str = "mysql-primary-0";

const PERSON: &str = "engineer";

/// A guard of pods that are asked for by their names, as they were recorded.
fn guarded(bed: &Bed) -> (StandIn, Registered<'_>) {
    bed.define_kinds();
    bed.nodes();
    bed.stateful_set(PLACE, SET, 1);
    bed.may_do_everything(PERSON);
    let guard = bed.stand_in(example_guard());
    let files = ["webhooks.yaml", "deletions.yaml"];
    let all = files.into_iter().flat_map(registrations).collect();
    let registered = bed.register(all, guard.balancer.port(), Some(&guard.authority));
    until("deletions are judged", || {
        let told = delete(bed, PERSON, PLACE, PRIMARY);
        if told.contains("denied the request") {
            Ok(())
        } else {
            Err(told)
        }
    });
    (guard, registered)
}

/// What is said of a deletion that is only tried.
fn delete(bed: &Bed, by: &str, place: &str, pod: &str) -> String {
    let place = format!("--namespace={place}");
    let delete = [
        "delete",
        "pod",
        pod,
        &place,
        "--dry-run=server",
        "--wait=false",
    ];
    bed.kubectl(&delete).by(by).run().told()
}

/// What is said of an eviction that is only tried.
fn evict(bed: &Bed, by: &str, place: &str, pod: &str) -> String {
    let path = format!("/api/v1/namespaces/{place}/pods/{pod}/eviction?dryRun=All");
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": pod, "namespace": place}, "deleteOptions": {"dryRun": ["All"]}});
    let create = ["create", "--raw", &path, "-f", "-"];
    let kubectl = bed.kubectl(&create).by(by);
    kubectl.input(eviction.to_string()).run().told()
}

/// Whoever takes pods away because it is his work: the cluster itself, operators, and tools, whose objects
/// were judged.
const LEFT_ALONE: [&str; 7] = [
    "system:kube-controller-manager",
    "system:kube-scheduler",
    "system:node:worker-1a",
    "system:serviceaccount:kube-system:node-controller",
    "system:serviceaccount:kube-system:statefulset-controller",
    "system:serviceaccount:percona:percona-xtradb-cluster-operator",
    "system:serviceaccount:chaos-mesh:chaos-controller-manager",
];

pub(crate) fn people_are_judged_and_whoever_runs_the_cluster_is_not(bed: &Bed) {
    bed.nodes();
    bed.stateful_set(ELSEWHERE, LEAVING_SET, 1);
    let place = format!("--namespace={ELSEWHERE}");
    let patch = |finalizers: Value| {
        let patch = json!({"metadata": {"finalizers": finalizers}}).to_string();
        let call = [
            "patch",
            "pod",
            LEAVING,
            &place,
            "--type=merge",
            "-p",
            &patch,
        ];
        bed.kubectl(&call).run();
    };
    let (_guard, registered) = guarded(bed);
    let told = delete(bed, PERSON, ELSEWHERE, LEAVING);
    assert!(told.contains("PrimaryAtRisk"), "{told}");
    // Nobody takes the finalizer away.
    bed.control_plane().kill("kwok");
    patch(json!(["firebreak.dev/bed"]));
    let away = ["delete", "pod", LEAVING, &place, "--wait=false"];
    bed.may_do_everything(LEFT_ALONE[3]);
    bed.kubectl(&away).by(LEFT_ALONE[3]).succeeds();

    let mut wrong = Vec::new();
    let mut expect = |what: &str, told: String, parts: &[&str]| {
        if !parts.iter().all(|part| told.contains(part)) {
            wrong.push(format!("{what}: {told}"));
        }
    };
    let denied = ["denied the request", "PrimaryAtRisk"];
    expect("a deletion", delete(bed, PERSON, PLACE, PRIMARY), &denied);
    expect("an eviction", evict(bed, PERSON, PLACE, PRIMARY), &denied);
    expect(
        "it leaves anyway",
        delete(bed, PERSON, ELSEWHERE, LEAVING),
        &["Some(0)"],
    );
    for account in LEFT_ALONE {
        bed.may_do_everything(account);
        expect(account, delete(bed, account, PLACE, PRIMARY), &["Some(0)"]);
        expect(account, evict(bed, account, PLACE, PRIMARY), &["Some(0)"]);
    }
    drop(registered);
    bed.control_plane().launch("kwok");
    patch(Value::Null);
    bed.kubectl(&["delete", "statefulset", LEAVING_SET, &place])
        .succeeds();
    bed.forget(PLACE);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// How many evictions were answered so, as the API server notes it.
fn evictions(bed: &Bed, code: u64) -> usize {
    let asked = bed.asked().into_iter();
    let evictions = asked.filter(|it| it.resource == "pods/eviction" && it.name == PRIMARY);
    evictions.filter(|it| it.code == code).count()
}

pub(crate) fn a_drain_tries_again_while_it_is_denied_and_goes_on_when_the_guard_is_away(bed: &Bed) {
    let (guard, registered) = guarded(bed);
    let place = format!("--namespace={PLACE}");
    let pod = bed.kubectl(&["get", "pod", PRIMARY, &place]).json();
    let node = pod["spec"]["nodeName"].as_str().unwrap();
    let refused = evictions(bed, 429);
    let drain = [
        "drain",
        node,
        "--ignore-daemonsets",
        "--force",
        "--timeout=60s",
    ];
    let drained = thread::scope(|scope| {
        let draining = scope.spawn(|| bed.kubectl(&drain).by(PERSON).run());
        until("an eviction is denied", || {
            let now = evictions(bed, 429);
            if now > refused { Ok(()) } else { Err(now) }
        });
        let there = bed.kubectl(&["get", "pod", PRIMARY, &place]).json();
        assert_eq!(there["metadata"]["uid"], pod["metadata"]["uid"]);
        assert!(there["metadata"]["deletionTimestamp"].is_null(), "{there}");
        guard.balancer.set_mode(Mode::Refuse);
        draining.join().unwrap()
    });
    assert_eq!(drained.code, Some(0), "{}", drained.told());
    let told = drained.told();
    for words in ["PrimaryAtRisk", "will retry after 5s", "evicted"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    drop(registered);
    bed.kubectl(&["uncordon", node]).succeeds();
    bed.forget(PLACE);
}
