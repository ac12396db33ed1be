//! A recorded cluster, put into the one of the test bed as it was: statuses, owners and all.

use std::collections::BTreeMap;

use firebreak::cli::examples;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::{ApiCapabilities, ApiResource, Scope, pinned_kind, verbs};
use serde_json::{Value, json};

use super::{Bed, until};

/// What of the metadata another API server wrote.
const RECORDED: [&str; 6] = [
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Group, kind, namespace and name.
type Key = (String, String, String, String);

struct Loader {
    client: kube::Client,
    served: BTreeMap<(String, String), (ApiResource, ApiCapabilities)>,
    uids: BTreeMap<Key, String>,
}

impl Bed {
    /// Puts these objects into the cluster, owners before what they own, then their statuses.
    pub(crate) fn load(&self, objects: &[Value]) {
        let mut loader = Loader {
            client: self.admin_client(),
            served: BTreeMap::new(),
            uids: BTreeMap::new(),
        };
        let mut objects: Vec<Value> = objects.to_vec();
        let whole = objects.clone();
        objects.sort_by_key(|object| rank(object, &whole));
        // Controllers would put right what is there in part only.
        self.control_plane.kill("kube-controller-manager");
        for object in &objects {
            let ready = shaped(object, &whole);
            self.wait(loader.create(ready));
        }
        for object in objects.iter().filter(|object| object["status"].is_object()) {
            if kind(object) == "Pod" {
                self.started(object);
            }
            self.wait(loader.status(object));
        }
        self.control_plane.launch("kube-controller-manager");
    }

    /// Removes the namespaces of these objects, but those that every cluster has, and what is in them.
    pub(crate) fn forget_world(&self, objects: &[Value]) {
        let mut delete = vec!["delete", "--ignore-not-found", "--timeout=120s"];
        let whole = |name: &&str| *name != "default" && !name.starts_with("kube-");
        let names = objects.iter().filter(|object| kind(object) == "Namespace");
        let names: Vec<String> = names.map(|it| text(&it["metadata"]["name"])).collect();
        let arguments: Vec<String> = names
            .iter()
            .map(String::as_str)
            .filter(whole)
            .map(|name| format!("namespace/{name}"))
            .collect();
        delete.extend(arguments.iter().map(String::as_str));
        self.kubectl(&delete).succeeds();
        for place in ["default", "kube-system"] {
            let place = format!("--namespace={place}");
            let kinds = "statefulset,deployment,replicaset,daemonset,pod,poddisruptionbudget";
            self.kubectl(&["delete", kinds, "--all", &place]).succeeds();
        }
    }

    /// Waits until the node of a pod has written its status, which is replaced then.
    fn started(&self, pod: &Value) {
        let place = format!("--namespace={}", namespace(pod));
        let name = text(&pod["metadata"]["name"]);
        until(&format!("pod {name} has an address"), || {
            let now = self.kubectl(&["get", "pod", &name, &place]).json();
            let address = text(&now["status"]["podIP"]);
            if address.is_empty() {
                Err(now["status"].to_string())
            } else {
                Ok(())
            }
        });
    }
}

impl Loader {
    async fn create(&mut self, mut object: Value) {
        let owners = object["metadata"]["ownerReferences"].take();
        let place = namespace(&object);
        let owners = owners.as_array().into_iter().flatten();
        let owned: Vec<Value> = owners
            .filter_map(|owner| self.owner(owner, &place))
            .collect();
        if owned.is_empty() {
            object["metadata"]
                .as_object_mut()
                .expect("metadata")
                .remove("ownerReferences");
        } else {
            object["metadata"]["ownerReferences"] = owned.into();
        }
        let api = self.api(&object).await;
        let name = text(&object["metadata"]["name"]);
        let as_recorded = PatchParams::apply("recording").force();
        let created = api.patch(&name, &as_recorded, &Patch::Apply(&object)).await;
        let created = created.unwrap_or_else(|error| panic!("{error}: {object}"));
        let uid = created.metadata.uid.unwrap_or_default();
        self.uids.insert(key(&object), uid);
    }

    /// The same owner here; none where it was not recorded, as it would be taken for deleted.
    fn owner(&self, owner: &Value, place: &str) -> Option<Value> {
        let group = group(&text(&owner["apiVersion"]));
        let named = |place: &str| {
            let name = text(&owner["name"]);
            self.uids
                .get(&(group.clone(), text(&owner["kind"]), place.to_owned(), name))
        };
        let uid = named(place).or_else(|| named(""))?;
        let mut owner = owner.clone();
        owner["uid"] = json!(uid);
        Some(owner)
    }

    async fn status(&mut self, object: &Value) {
        let api = self.api(object).await;
        let name = text(&object["metadata"]["name"]);
        let patch = Patch::Merge(json!({"status": whole(&object["status"])}));
        let params = PatchParams::default();
        let capabilities = &self.served[&self::served(object)].1;
        let has_status = |(resource, _): &(ApiResource, _)| resource.plural == "status";
        let done = if capabilities.subresources.iter().any(has_status) {
            api.patch_status(&name, &params, &patch).await
        } else {
            api.patch(&name, &params, &patch).await
        };
        done.unwrap_or_else(|error| panic!("status of {name}: {error}"));
    }

    async fn api(&mut self, object: &Value) -> Api<DynamicObject> {
        let (api_version, kind) = served(object);
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
        let kind = GroupVersionKind::gvk(group, version, &kind);
        if !self.served.contains_key(&served(object)) {
            let found = pinned_kind(&self.client, &kind).await;
            let found = found.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            assert!(found.1.supports_operation(verbs::PATCH), "{kind:?}");
            self.served.insert(served(object), found);
        }
        let (resource, capabilities) = &self.served[&served(object)];
        match capabilities.scope {
            Scope::Cluster => Api::all_with(self.client.clone(), resource),
            Scope::Namespaced => {
                Api::namespaced_with(self.client.clone(), &namespace(object), resource)
            }
        }
    }
}

/// Places first, then what nobody owns, and so on down.
fn rank(object: &Value, all: &[Value]) -> usize {
    match kind(object).as_str() {
        "Namespace" => 0,
        "Node" => 1,
        _ => 2 + depth(object, all, 0),
    }
}

/// How many owners stand above each other over an object.
fn depth(object: &Value, all: &[Value], so_far: usize) -> usize {
    match owner(object, all) {
        Some(owner) if so_far < 5 => depth(owner, all, so_far + 1),
        _ => so_far,
    }
}

fn owner<'a>(object: &Value, all: &'a [Value]) -> Option<&'a Value> {
    let reference = object["metadata"]["ownerReferences"].get(0)?;
    all.iter().find(|other| {
        kind(other) == text(&reference["kind"])
            && other["metadata"]["name"] == reference["name"]
            && namespace(other) == namespace(object)
    })
}

/// An object as another API server and its controllers take it, without changing what it says.
fn shaped(object: &Value, all: &[Value]) -> Value {
    let mut object = object.clone();
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|field, _| !RECORDED.contains(&field.as_str()));
    object.as_object_mut().expect("an object").remove("status");
    match kind(&object).as_str() {
        // Its own template is left out of recordings made by hand.
        "ReplicaSet" if object["spec"]["template"].is_null() => {
            if let Some(deployment) = owner(&object, all) {
                let mut template = deployment["spec"]["template"].clone();
                let labels = object["spec"]["selector"]["matchLabels"].as_object();
                let own = template["metadata"]["labels"].as_object_mut();
                own.expect("labels")
                    .extend(labels.cloned().unwrap_or_default());
                object["spec"]["template"] = template;
            }
        }
        // The pods were not made from the template here, and would be made anew; with volumes, of which
        // there are none.
        "StatefulSet" | "DaemonSet" => {
            let spec = object["spec"].as_object_mut().expect("a spec");
            spec.remove("volumeClaimTemplates");
            spec.insert("updateStrategy".to_owned(), json!({"type": "OnDelete"}));
        }
        "Service" if object["spec"]["clusterIP"] != "None" => {
            let spec = object["spec"].as_object_mut().expect("a spec");
            spec.retain(|field, _| !field.starts_with("clusterIP"));
        }
        _ => {}
    }
    object
}

/// A status with what definitions require of conditions and recordings made by hand leave out.
fn whole(status: &Value) -> Value {
    let mut status = status.clone();
    let conditions = status["conditions"].as_array_mut().into_iter().flatten();
    for condition in conditions.filter_map(Value::as_object_mut) {
        for (field, value) in [("lastTransitionTime", examples::NOW), ("message", "")] {
            let field = condition.entry(field);
            field.or_insert_with(|| value.into());
        }
    }
    status
}

fn served(object: &Value) -> (String, String) {
    (text(&object["apiVersion"]), kind(object))
}

fn key(object: &Value) -> Key {
    let name = text(&object["metadata"]["name"]);
    let place = text(&object["metadata"]["namespace"]);
    (
        group(&text(&object["apiVersion"])),
        kind(object),
        place,
        name,
    )
}

fn group(api_version: &str) -> String {
    let group = api_version.rsplit_once('/').map(|(group, _)| group);
    group.unwrap_or_default().to_owned()
}

fn kind(object: &Value) -> String {
    text(&object["kind"])
}

fn namespace(object: &Value) -> String {
    text(&object["metadata"]["namespace"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
