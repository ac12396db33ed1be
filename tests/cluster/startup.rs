//! `cargo test --release --test cluster -- startup`: how long the guard takes from its start until it is
//! ready, and the memory that it takes, with the pods of a large cluster to be listed.

use std::time::Instant;

use futures::future::join_all;
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use crate::bed::replicas::Settings;
use crate::bed::{Bed, until};
use crate::cluster;

/// How many pods there are, how many are created at a time, and how often the guard is started.
const PODS: usize = 10_000;
const AT_ONCE: usize = 50;
const STARTS: usize = 5;

/// Measures, and says what it found.
pub(crate) fn run(bed: &Bed) {
    bed.define_kinds();
    let wanted = |kind: &str, object: &Value| object["kind"] == *kind;
    for kind in ["Namespace", "Pod"] {
        let objects = cluster::objects(PODS).filter(|it| wanted(kind, it));
        create(bed, kind, &objects.map(unowned).collect::<Vec<_>>());
    }
    let mut guards = bed.serve(1, &Settings::default());
    let guard = &mut guards.each[0];
    println!("pods | from start to ready | most memory");
    for _ in 0..STARTS {
        guard.process.signal("KILL");
        until("it has ended", || guard.process.ended().ok_or("it runs"));
        let begun = Instant::now();
        guard.start_again();
        let ready = begun.elapsed().as_secs_f64();
        let most = guard.process.most_memory().map(|it| it * 1024 / 1_000_000);
        let most = most.map_or_else(|| "unknown".to_owned(), |it| format!("{it} MB"));
        println!("{PODS} | {ready:.2} s | {most}");
    }
}

/// A pod as somebody may create it who is no controller; nobody places it, so that nothing runs it.
fn unowned(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().expect("a map");
    for given in ["ownerReferences", "resourceVersion", "uid"] {
        metadata.remove(given);
    }
    if object["kind"] == "Pod" {
        object["metadata"]["annotations"]["nobody"] = json!("places it");
        let spec = object["spec"].as_object_mut().expect("a map");
        spec.remove("nodeName");
        spec.insert("schedulerName".to_owned(), json!("nobody"));
    }
    object
}

fn create(bed: &Bed, kind: &str, objects: &[Value]) {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind));
    let client = bed.admin_client();
    let one = |object: &Value| {
        let object: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
        let api = match &object.metadata.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &kind),
            None => Api::<DynamicObject>::all_with(client.clone(), &kind),
        };
        async move {
            api.create(&PostParams::default(), &object)
                .await
                .expect("it is created")
        }
    };
    for some in objects.chunks(AT_ONCE) {
        bed.wait(join_all(some.iter().map(one)));
    }
}
