//! Sanctioned experiments as they are applied: what would keep their runs from being begun, pinned or ended is
//! refused with its field. And what is pinned can hit nobody else.

use firebreak::fault::Surroundings;
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::schedule::pin::{self, FENCE, For, NotPinned, RUN, Victim};
use firebreak::schedule::sanctioned::Sanctioned;
use serde_json::{Value, json};

fn kill() -> Value {
    json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "spec": {"action": "pod-kill", "mode": "one",
            "selector": {"namespaces": ["db"], "labelSelectors": {"app": "pg"}}}})
}

fn engine() -> Value {
    let env = [
        ("TOTAL_CHAOS_DURATION", "60"),
        ("CHAOS_INTERVAL", "10"),
        ("FORCE", "false"),
    ];
    let env: Vec<Value> = env
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    json!({"apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine",
        "spec": {"engineState": "active", "chaosServiceAccount": "litmus-admin",
            "appinfo": {"appns": "db", "applabel": "app=pg", "appkind": "statefulset"},
            "experiments": [{"name": "pod-delete", "spec": {"components": {"env": env}}}]}})
}

fn experiment(change: &dyn Fn(&mut Value)) -> Object {
    let mut value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "SanctionedExperiment",
        "metadata": {"name": "drill", "namespace": "db", "generation": 3,
            "creationTimestamp": "2026-10-01T00:00:00Z"},
        "spec": {"hypothesis": "losing a replica leaves writes available",
            "database": {"kind": "Cluster", "name": "pg"},
            "template": kill(),
            "schedules": [{"schedule": "0 10 * * 2", "timeZone": "Europe/Prague"}]}});
    change(&mut value);
    Object::new(value).unwrap()
}

fn refused(change: impl Fn(&mut Value)) -> String {
    match Sanctioned::compile(&experiment(&change), Surroundings::NONE) {
        Ok(_) => "accepted".to_owned(),
        Err(wrong) => wrong
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn one_as_its_author_writes_it_is_accepted() {
    for change in [
        |_: &mut Value| {},
        |it: &mut Value| it["spec"]["template"] = engine(),
        |it: &mut Value| it["spec"]["schedules"] = json!([{"schedule": "@every 24h"}]),
    ] {
        assert_eq!(refused(change), "accepted");
    }
    let compiled = Sanctioned::compile(&experiment(&|_| {}), Surroundings::NONE).unwrap();
    assert_eq!(compiled.plan.recovery.as_secs(), 120);
    assert!(compiled.approved);
}

/// What is changed of an experiment that is accepted, and what is said to that.
type Row = (fn(&mut Value), &'static str);

const REFUSED: [Row; 22] = [
    (
        |it| it["metadata"]["name"] = json!("d".repeat(45)),
        "metadata.name: ",
    ),
    (
        |it| it["spec"]["schedules"][0]["timeZone"] = json!("Europe/Prag"),
        "spec.schedules[0].timeZone: \"Europe/Prag\", expected an IANA zone",
    ),
    (
        |it| it["spec"]["schedules"][0]["schedule"] = json!("0 10 31 2 *"),
        "spec.schedules[0].schedule: \"0 10 31 2 *\", expected a schedule that some day fits",
    ),
    (
        |it| it["spec"]["schedules"][0]["schedule"] = json!("0 10 * *"),
        "spec.schedules[0].schedule: \"0 10 * *\", expected ",
    ),
    (
        |it| it["spec"]["schedules"][0]["schedule"] = json!("*/5 * * * *"),
        "ticks at least 600s apart (minimumInterval), not 300s",
    ),
    (
        |it| it["spec"]["startingDeadline"] = json!("5s"),
        "spec.startingDeadline: \"5s\", expected at least 10s",
    ),
    (
        |it| it["spec"]["workload"] = json!({"kind": "StatefulSet", "name": "pg"}),
        "either a database or a workload",
    ),
    (
        |it| it["spec"]["native"] = json!({"podDelete": {}}),
        "spec: both, expected either template or native",
    ),
    (
        |it| drop(it["spec"].as_object_mut().unwrap().remove("template")),
        "spec: neither, expected either template or native",
    ),
    (
        |it| it["spec"]["template"]["spec"]["action"] = json!("pod-failure"),
        "spec.template.spec.duration",
    ),
    (
        |it| it["spec"]["template"]["spec"]["mode"] = json!("most"),
        "spec.template.spec.mode: \"most\"",
    ),
    (
        |it| {
            it["spec"]["template"] = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {}});
        },
        "ConfigMap cannot be told which pods to hit",
    ),
    (
        |it| {
            it["spec"]["template"] =
                json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "Schedule", "spec": {}});
        },
        "Schedule cannot be told which pods to hit",
    ),
    (
        |it| {
            it["spec"]["template"] =
                json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {}});
        },
        "Workflow cannot be told which pods to hit",
    ),
    (|it| it["spec"]["hypotesis"] = json!("x"), "hypotesis"),
    (
        |it| it["spec"]["hypothesis"] = json!(" "),
        "spec.hypothesis: ",
    ),
    (
        |it| it["spec"]["recovery"] = json!({"deadline": "30s", "poll": "30s"}),
        "spec.recovery.poll: \"30s\", expected a time above zero and below the deadline",
    ),
    (
        |it| it["spec"]["safety"] = json!({"probes": [{"name": "a"}]}),
        "exactly one of http, tcp, exec, sql, prometheus, condition",
    ),
    (
        |it| {
            it["spec"]["safety"] = json!({"probes": [{"name": "a", "http": {"url": "db:80"}}]});
        },
        "spec.safety.probes[0].http.url: \"db:80\", expected an address that begins with http:// or https://",
    ),
    (
        |it| it["spec"]["safety"] = json!({"circuitBreakers": [{"name": "a", "prometheus": {"url": "http://p", "query": "up"}}]}),
        "a bound: over or under",
    ),
    (
        |it| it["spec"]["safety"] = json!({"probes": [{"name": "a", "htpp": {}}]}),
        "htpp",
    ),
    (|it| it["spec"]["targets"] = json!("Everybody"), "Everybody"),
];

#[test]
fn what_cannot_run_is_refused_with_its_field() {
    for (change, expected) in REFUSED {
        let found = refused(change);
        assert!(found.contains(expected), "{expected:?} is not in {found:?}");
    }
}

/// What is changed in a probe.
type Change = fn(&mut Value);

/// A probe of an experiment, and what is said to it.
const PROBES: [(Change, &str); 12] = [
    (|_| {}, "accepted"),
    (
        |it| it["maxFailedPercent"] = json!(101),
        ".maxFailedPercent: 101, expected a share from 0 to 100",
    ),
    (
        |it| it["interval"] = json!("99ms"),
        ".interval: \"99ms\", expected a time of at least \"100ms\"",
    ),
    (
        |it| it["timeout"] = json!("6s"),
        ".timeout: \"6s\", expected a time above zero, and no longer than the interval",
    ),
    (
        |it| it["timeout"] = json!("0s"),
        ".timeout: \"0s\", expected ",
    ),
    (|it| it["timeout"] = json!("5s"), "accepted"),
    (
        |it| it["over"] = json!("4s"),
        ".over: \"4s\", expected a time from the interval to \"1h\"",
    ),
    (|it| it["over"] = json!("61m"), ".over: \"61m\", expected "),
    (
        |it| it["name"] = json!(""),
        ".name: \"\", expected a name of its own",
    ),
    (
        |it| it["tcp"]["host"] = json!(""),
        ".tcp.host: \"\", expected a host",
    ),
    (
        |it| it["tcp"]["port"] = json!(0),
        ".tcp.port: 0, expected a port",
    ),
    (
        |it| it["http"] = json!({"url": "http://shop"}),
        "exactly one of http, tcp, exec, sql, prometheus, condition",
    ),
];

#[test]
fn probes_ask_one_thing_and_have_time_for_it() {
    for list in ["preflight", "safety", "recovery"] {
        for (change, expected) in PROBES {
            let mut probe = json!({"name": "a", "tcp": {"host": "db", "port": 5432}});
            change(&mut probe);
            let found = refused(|it| it["spec"][list] = json!({"probes": [probe]}));
            let expected = if expected.starts_with('.') {
                format!("spec.{list}.probes[0]{expected}")
            } else {
                expected.to_owned()
            };
            assert!(
                found.contains(&expected),
                "{expected:?} is not in {found:?}"
            );
        }
    }
}

#[test]
fn circuit_breakers_and_the_probes_beside_them_have_names_of_their_own() {
    let probe = json!({"name": "a", "tcp": {"host": "db", "port": 5432}});
    let breaker =
        json!({"name": "a", "prometheus": {"url": "http://p", "query": "up", "under": 1.0}});
    let beside = |list: &'static str| {
        let (probe, breaker) = (probe.clone(), breaker.clone());
        refused(move |it| {
            it["spec"]["safety"] = json!({"circuitBreakers": [breaker]});
            it["spec"][list]["probes"] = json!([probe]);
        })
    };
    let expected = "spec.safety.circuitBreakers[0].name: \"a\", expected a name of its own";
    assert!(beside("safety").contains(expected), "{}", beside("safety"));
    // What ends a run is asked while it runs: the others have other times.
    assert_eq!(beside("recovery"), "accepted");
}

#[test]
fn natives_say_what_they_take_and_for_how_long() {
    let native = |it: &mut Value, native: Value| {
        drop(it["spec"].as_object_mut().unwrap().remove("template"));
        it["spec"]["native"] = native;
    };
    let stress = |limits: Value| json!({"stress": {"duration": "60s", "image": "stress", "command": ["stress"], "limits": limits}});
    let rows = [
        (json!({"podDelete": {}}), "accepted"),
        (json!({"partition": {"duration": "2m"}}), "accepted"),
        (stress(json!({"cpu": "2", "memory": "1Gi"})), "accepted"),
        (
            stress(json!({"cpu": "2"})),
            "spec.native.stress.limits.memory: ",
        ),
        (
            json!({"partition": {"duration": "0s"}}),
            "spec.native.partition.duration: \"0s\", expected a time above zero",
        ),
        (json!({}), "exactly one of podDelete"),
        (
            json!({"podDelete": {}, "partition": {"duration": "2m"}}),
            "exactly one of podDelete",
        ),
    ];
    for (given, expected) in rows {
        let found = refused(|it| native(it, given.clone()));
        assert!(found.contains(expected), "{expected:?} is not in {found:?}");
    }
}

#[test]
fn who_must_approve_it_approves_it_as_it_is_written() {
    let once = |it: &mut Value| it["spec"]["approval"] = json!("Once");
    let compiled = |change: &dyn Fn(&mut Value)| {
        Sanctioned::compile(&experiment(change), Surroundings::NONE)
            .unwrap()
            .approved
    };
    assert!(!compiled(&once));
    for (generation, approved) in [("3", true), ("2", false)] {
        let change = |it: &mut Value| {
            once(it);
            it["metadata"]["annotations"] = json!({"firebreak.dev/approved": generation});
        };
        assert_eq!(compiled(&change), approved);
    }
}

fn cluster() -> Inventory {
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "pg", "namespace": "db"}, "spec": {"replicas": 3}});
    let node = |at: usize| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{at}")}});
    let pod = |at: usize| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("pg-{at}"), "namespace": "db", "labels": {"app": "pg"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "pg", "controller": true}]},
            "spec": {"nodeName": format!("node-{at}"), "containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let all = (0..3).flat_map(|at| [node(at), pod(at)]).chain([set]);
    let objects: Vec<Object> = all.map(|it| Object::new(it).unwrap()).collect();
    Inventory::from_objects(&objects, Origin::Recorded)
}

fn pinned(template: &Value) -> Result<Object, NotPinned> {
    let inventory = cluster();
    let template = pin::object(template, "db", "drill").unwrap();
    let victims = [Victim {
        namespace: "db",
        name: "pg-1",
        node: "node-1",
    }];
    let of = For {
        namespace: "db",
        name: "drill-7",
        uid: "u",
        fence: "f",
    };
    pin::pinned(&template, &victims, of, (&inventory, Surroundings::NONE))
}

#[test]
fn a_pinned_object_names_its_victims_and_its_run() {
    let object = pinned(&kill()).unwrap();
    assert_eq!(
        object.value()["spec"],
        json!({"action": "pod-kill", "mode": "all", "selector": {"pods": {"db": ["pg-1"]}}})
    );
    assert_eq!(object.reference().name, "drill-7");
    assert_eq!(
        (object.label(RUN), object.annotation(FENCE)),
        (Some("drill-7"), Some("f"))
    );
    let object = pinned(&engine()).unwrap();
    let env = object.value()["spec"]["experiments"][0]["spec"]["components"]["env"].clone();
    let value = |name: &str| {
        let list = env.as_array().unwrap();
        list.iter()
            .find(|it| it["name"] == name)
            .map(|it| it["value"].clone())
    };
    assert_eq!(value("TARGET_PODS"), Some(json!("pg-1")));
    // One round: each would choose again.
    assert_eq!(value("CHAOS_INTERVAL"), Some(json!("60")));
    assert_eq!(value("FORCE"), Some(json!("false")));
}

#[test]
fn every_kind_that_selects_pods_is_pinned_to_them_alone() {
    let rows = [
        json!({"kind": "NetworkChaos", "spec": {"action": "delay", "mode": "fixed", "value": "2", "duration": "1m", "delay": {"latency": "10ms"}}}),
        json!({"kind": "StressChaos", "spec": {"mode": "all", "duration": "1m", "stressors": {"cpu": {"workers": 1, "load": 50}}}}),
        json!({"kind": "IOChaos", "spec": {"action": "latency", "mode": "one", "duration": "1m", "volumePath": "/data", "delay": "10ms"}}),
        json!({"kind": "DNSChaos", "spec": {"action": "error", "mode": "one", "duration": "1m"}}),
        json!({"kind": "TimeChaos", "spec": {"mode": "one", "duration": "1m", "timeOffset": "5m"}}),
    ];
    for mut row in rows {
        row["apiVersion"] = json!("chaos-mesh.org/v1alpha1");
        row["spec"]["selector"] = json!({"namespaces": ["db"], "labelSelectors": {"app": "pg"}});
        let object = pinned(&row).unwrap_or_else(|error| panic!("{row}: {error}"));
        assert_eq!(
            object.value()["spec"]["selector"],
            json!({"pods": {"db": ["pg-1"]}}),
            "{row}"
        );
    }
    let mut node = engine();
    node["spec"]["experiments"][0]["name"] = json!("node-drain");
    let object = pinned(&node).unwrap();
    assert!(object.value().to_string().contains("\"node-1\""));
}

#[test]
fn what_cannot_be_told_names_is_not_pinned() {
    // This fault of Litmus selects by the first label alone, whatever pods are named.
    let mut partition = engine();
    partition["spec"]["experiments"][0]["name"] = json!("pod-network-partition");
    let error = pinned(&partition).unwrap_err();
    assert!(matches!(error, NotPinned::Loose(_)), "{error}");
    let mut two = engine();
    let first = two["spec"]["experiments"][0].clone();
    two["spec"]["experiments"]
        .as_array_mut()
        .unwrap()
        .push(first);
    let error = pinned(&two).unwrap_err();
    assert!(matches!(error, NotPinned::Unreadable(_)), "{error}");
}

#[test]
fn a_run_stays_where_its_template_is_aimed() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut template = kill();
        change(&mut template["spec"]);
        template
    };
    let mut delay = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "NetworkChaos",
        "spec": {"action": "delay", "mode": "all", "duration": "1m", "delay": {"latency": "10ms"},
            "selector": {"pods": {"db": ["pg-1"]}},
            "target": {"mode": "all", "selector": {"pods": {"db": ["pg-0", "pg-2"]}}}}});
    let mut node = engine();
    let experiment = &mut node["spec"]["experiments"][0];
    experiment["name"] = json!("node-drain");
    let env = experiment["spec"]["components"]["env"].as_array_mut();
    env.unwrap()
        .push(json!({"name": "TARGET_NODE", "value": "node-2"}));
    let rows: [(Value, &[&str], usize); 6] = [
        (kill(), &["pg-0", "pg-1", "pg-2"], 1),
        (
            changed(&|it| it["mode"] = json!("all")),
            &["pg-0", "pg-1", "pg-2"],
            3,
        ),
        (
            changed(&|it| {
                it["mode"] = json!("all");
                it["selector"] = json!({"pods": {"db": ["pg-0", "pg-2"]}});
            }),
            &["pg-0", "pg-2"],
            2,
        ),
        (
            changed(&|it| {
                it["mode"] = json!("fixed-percent");
                it["value"] = json!("50");
            }),
            &["pg-0", "pg-1", "pg-2"],
            2,
        ),
        // Nobody is chosen at the far end of the traffic.
        (delay.clone(), &["pg-1"], 1),
        (node, &["pg-2"], 1),
    ];
    let inventory = cluster();
    for (template, names, count) in rows {
        let object = pin::object(&template, "db", "drill").unwrap();
        let read = pin::experiment(&object, Surroundings::NONE).unwrap();
        let meant = pin::meant(&read, &inventory);
        let found: Vec<&str> = meant.iter().map(|id| &*inventory.pod(*id).name).collect();
        assert_eq!(found, names, "{template}");
        assert_eq!(pin::wanted(&read, found.len()), count, "{template}");
    }
    let object = pinned(&delay).unwrap();
    let far = &object.value()["spec"]["target"];
    assert_eq!(
        *far,
        delay["spec"]["target"].take(),
        "the far end stays as it is written"
    );
}
