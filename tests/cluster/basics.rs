//! What the test bed itself promises.

use std::collections::BTreeMap;

use crate::bed::crds::{FAMILIES, folders};
use crate::bed::{Bed, until};
use crate::playground::example_world;
use firebreak::cli::manifests::Reader;
use serde_json::Value;

pub(crate) fn accounts_are_who_they_say(bed: &Bed) {
    let account = bed.account("basics", "robot");
    let path = bed.folder().join("robot.kubeconfig");
    std::fs::write(&path, account.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let who = bed
        .kubectl(&["auth", "whoami", "--kubeconfig", path])
        .json();
    let info = &who["status"]["userInfo"];
    assert_eq!(info["username"], "system:serviceaccount:basics:robot");
    let groups = info["groups"].as_array().unwrap();
    assert!(
        groups.contains(&"system:serviceaccounts:basics".into()),
        "{groups:?}"
    );
    let person = bed.kubectl(&["auth", "whoami"]).by("engineer").json();
    assert_eq!(person["status"]["userInfo"]["username"], "engineer");
    bed.forget("basics");
}

pub(crate) fn pods_of_a_stateful_set_come_back(bed: &Bed) {
    bed.nodes();
    bed.stateful_set("basics", "db", 3);
    let before = bed.pods("basics", "app=db");
    let place = "--namespace=basics";
    bed.kubectl(&["delete", "pod", "db-1", place]).succeeds();
    bed.all_ready("basics", "db", 3);
    let after = bed.pods("basics", "app=db");
    let same = before.iter().filter(|pod| after.contains(pod)).count();
    assert_eq!(same, 2, "{before:?}\n{after:?}");
    bed.forget("basics");
}

pub(crate) fn what_is_stored_outlives_etcd_and_the_api_server(bed: &Bed) {
    bed.namespace("basics");
    let place = "--namespace=basics";
    let create = ["create", "configmap", "kept", place];
    bed.kubectl(&create).succeeds();
    for program in ["etcd", "kube-apiserver"] {
        bed.control_plane().kill(program);
        bed.kubectl(&["get", "configmap", "kept", place, "--request-timeout=2s"])
            .fails();
        bed.control_plane().launch(program);
        bed.ready();
        bed.kubectl(&["get", "configmap", "kept", place]).succeeds();
    }
    bed.compact();
    bed.kubectl(&["delete", "configmap", "kept", place])
        .succeeds();
    bed.forget("basics");
}

pub(crate) fn a_recorded_cluster_stays_as_it_was(bed: &Bed) {
    bed.define_kinds();
    bed.load(&example_world());
    let recorded = pods(&example_world());
    assert!(recorded.len() > 40, "only {} pods", recorded.len());
    until("the controllers leave the pods as they are", || {
        let now = bed.kubectl(&["get", "pods", "--all-namespaces"]).json();
        let now = pods(now["items"].as_array().unwrap());
        if now == recorded {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    });
    let cluster = [
        "get",
        "cluster.postgresql.cnpg.io",
        "pg-eu",
        "--namespace=databases",
    ];
    let status = &bed.kubectl(&cluster).json()["status"];
    assert_eq!(status["currentPrimary"], "pg-eu-1");
    bed.forget_world(&example_world());
}

/// Namespace and name of each pod, and whether it is ready.
fn pods(objects: &[Value]) -> BTreeMap<String, bool> {
    let pods = objects.iter().filter(|object| object["kind"] == "Pod");
    let row = |pod: &Value| {
        let metadata = &pod["metadata"];
        let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
        let mut ready = conditions.filter(|it| it["type"] == "Ready");
        let ready = ready.next().is_some_and(|it| it["status"] == "True");
        (
            format!("{}/{}", metadata["namespace"], metadata["name"]),
            ready,
        )
    };
    pods.map(row).collect()
}

pub(crate) fn stand_ins_are_named_as_the_real_kinds(_: &Bed) {
    let mut real = BTreeMap::new();
    let paths: Vec<String> = folders()
        .iter()
        .map(|it| it.display().to_string())
        .collect();
    let reading = Reader::default().read(&paths, &mut std::io::empty());
    if paths.is_empty() {
        println!("skipped: ../shared/upstream is not here");
        return;
    }
    for definition in reading.manifests {
        let spec = definition.object.value()["spec"].clone();
        let name = definition.object.reference().name.clone();
        real.insert(name, spec);
    }
    for family in FAMILIES {
        for (kind, plural) in family.kinds {
            let name = format!("{plural}.{}", family.group);
            let spec = real
                .get(&name)
                .unwrap_or_else(|| panic!("{name} is not real"));
            let versions = spec["versions"].as_array().unwrap();
            let version = versions.iter().find(|it| it["name"] == family.version);
            let status = &version.unwrap()["subresources"]["status"];
            assert_eq!(spec["names"]["kind"], *kind);
            assert_eq!(spec["scope"] == "Cluster", family.cluster_wide, "{name}");
            assert_eq!(status.is_object(), family.status, "{name}");
        }
    }
}
