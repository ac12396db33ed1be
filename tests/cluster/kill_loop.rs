//! A guard that is away, or slow, must not make a tool kill again.
//!
//! Chaos Mesh injects first and saves whom it hit afterwards. Where that save is refused, it knows of
//! nobody, selects again and kills again. So no write of its controller waits for the guard.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};

use crate::agreement::example_guard;
use crate::bed::balancer::Mode;
use crate::bed::webhook::registrations;
use crate::bed::{Bed, until};

const PLACE: &str = "kill-loop";
const CONTROLLER: (&str, &str) = ("chaos-mesh", "chaos-controller-manager");
/// How often the stand-in tries before it gives up. The real one does not.
const ROUNDS: usize = 5;
/// A write that waits for the guard takes two seconds, after which the API server goes on without it.
const HELD_UP: Duration = Duration::from_millis(1900);

/// Chaos Mesh's controller, as far as one pod-kill goes.
struct Controller {
    chaos: Api<DynamicObject>,
    pods: Api<Pod>,
}

/// What a run of the controller did.
#[derive(Default)]
struct Story {
    /// The uids of the pods that it killed.
    killed: BTreeSet<String>,
    refused: Vec<String>,
    slowest: Duration,
}

impl Controller {
    fn new(bed: &Bed) -> Self {
        let (namespace, name) = CONTROLLER;
        let client = bed.client(&bed.account(namespace, name));
        bed.may_do_everything(&format!("system:serviceaccount:{namespace}:{name}"));
        let kind = GroupVersionKind::gvk("chaos-mesh.org", "v1alpha1", "PodChaos");
        let resource = ApiResource::from_gvk_with_plural(&kind, "podchaos");
        Self {
            chaos: Api::namespaced_with(client.clone(), PLACE, &resource),
            pods: Api::namespaced(client, PLACE),
        }
    }

    /// Reconciles until all is saved, over and over when it is not.
    async fn run(&self, name: &str) -> Story {
        let mut story = Story::default();
        for _ in 0..ROUNDS {
            match self.reconcile(name, &mut story).await {
                Ok(()) => break,
                Err(error) => story.refused.push(error.to_string()),
            }
        }
        story
    }

    /// One round, in the order of the real one: it injects before it saves what it injected.
    async fn reconcile(&self, name: &str, story: &mut Story) -> kube::Result<()> {
        let mut object = self.chaos.get(name).await?;
        if object.metadata.finalizers.is_none() {
            object.metadata.finalizers = Some(vec!["chaos-mesh/records".to_owned()]);
            object = self.save(object, story).await?;
        }
        if object.data["status"]["experiment"]["containerRecords"].is_array() {
            return Ok(());
        }
        let pods = self.pods.list(&kube::api::ListParams::default()).await?;
        let alive = pods
            .items
            .into_iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none());
        let fresh = |pod: &Pod| {
            !story
                .killed
                .contains(pod.metadata.uid.as_deref().unwrap_or_default())
        };
        let victim = alive.into_iter().find(fresh).expect("a pod to kill");
        let pod = victim.metadata.name.unwrap_or_default();
        self.pods.delete(&pod, &DeleteParams::default()).await?;
        story.killed.extend(victim.metadata.uid);
        object.data["status"] = records(&pod);
        self.save(object, story).await?;
        Ok(())
    }

    /// Lets the object go, as when recovery is done.
    async fn release(&self, name: &str, story: &mut Story) -> kube::Result<()> {
        let mut object = self.chaos.get(name).await?;
        object.metadata.finalizers = None;
        self.save(object, story).await.map(drop)
    }

    async fn save(&self, object: DynamicObject, story: &mut Story) -> kube::Result<DynamicObject> {
        let name = object.metadata.name.clone().unwrap_or_default();
        let begun = Instant::now();
        let saved = self
            .chaos
            .replace(&name, &PostParams::default(), &object)
            .await;
        story.slowest = story.slowest.max(begun.elapsed());
        saved
    }
}

fn records(pod: &str) -> Value {
    json!({"experiment": {"desiredPhase": "Run", "containerRecords": [{
        "id": format!("{PLACE}/{pod}"), "selectorKey": ".", "phase": "Injected",
        "injectedCount": 1, "recoveredCount": 0,
    }]}})
}

fn pod_kill(name: &str) -> Value {
    json!({
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "PodChaos",
        "metadata": {"name": name, "namespace": PLACE},
        "spec": {
            "action": "pod-kill", "mode": "one", "duration": "30s",
            "selector": {"namespaces": [PLACE], "labelSelectors": {"app": "db"}},
        },
    })
}

/// The cluster in which it happens, and an experiment that was let through.
fn scene(bed: &Bed, name: &str) {
    bed.define_kinds();
    bed.nodes();
    bed.stateful_set(PLACE, "db", 3);
    bed.apply(pod_kill(name).to_string());
    bed.may_do_everything("engineer");
}

fn create(bed: &Bed, object: &Value) -> Result<(), String> {
    let create = bed.kubectl(&["create", "-f", "-"]).by("engineer");
    let ended = create.input(object.to_string()).run();
    if ended.code == Some(0) {
        Ok(())
    } else {
        Err(ended.err)
    }
}

/// What happens while the guard is in this mode: the controller saves all it does, once; people's new
/// experiments are refused; and whatever is there can be deleted.
fn with_a_guard_that(bed: &Bed, mode: Mode) {
    scene(bed, "kill");
    let controller = Controller::new(bed);
    let guard = bed.stand_in(example_guard());
    let authority = Some(guard.authority.as_str());
    let files = ["webhooks.yaml", "deletions.yaml"];
    let all = files.into_iter().flat_map(registrations).collect();
    let _registered = bed.register(all, guard.balancer.port(), authority);
    guard.balancer.set_mode(mode);

    let story = bed.wait(controller.run("kill"));
    assert!(story.refused.is_empty(), "{:?}", story.refused);
    assert_eq!(story.killed.len(), 1, "it killed more than one");
    assert!(story.slowest < HELD_UP, "a save took {:?}", story.slowest);

    let refusal = create(bed, &pod_kill("another")).expect_err("nobody could judge it");
    assert!(refusal.contains("failed calling webhook"), "{refusal}");

    let place = format!("--namespace={PLACE}");
    let delete = ["delete", "podchaos", "kill", &place, "--wait=false"];
    bed.kubectl(&delete).by("engineer").succeeds();
    let mut story = Story::default();
    bed.wait(controller.release("kill", &mut story))
        .expect("its finalizer goes");
    assert!(story.slowest < HELD_UP, "its end took {:?}", story.slowest);
    until("the experiment is gone", || {
        let get = bed.kubectl(&["get", "podchaos", "kill", &place]).run();
        if get.err.contains("NotFound") {
            Ok(())
        } else {
            Err(get.told())
        }
    });
    bed.forget(PLACE);
}

pub(crate) fn a_guard_that_is_away_holds_up_no_controller(bed: &Bed) {
    with_a_guard_that(bed, Mode::Refuse);
}

pub(crate) fn a_guard_that_never_answers_holds_up_no_controller(bed: &Bed) {
    with_a_guard_that(bed, Mode::Hold);
}

/// Shows that the others could fail: a registration that fails closed on every update kills again.
pub(crate) fn a_registration_that_fails_closed_on_updates_would_kill_again(bed: &Bed) {
    scene(bed, "kill");
    let controller = Controller::new(bed);
    let guard = bed.stand_in(example_guard());
    let mut naive = registrations("webhooks.yaml");
    for webhook in naive[0]["webhooks"].as_array_mut().unwrap() {
        webhook["failurePolicy"] = json!("Fail");
        webhook.as_object_mut().unwrap().remove("matchConditions");
        webhook["timeoutSeconds"] = json!(1);
    }
    naive[0]["webhooks"].as_array_mut().unwrap().truncate(2);
    let registered = bed.register(naive, guard.balancer.port(), Some(&guard.authority));
    // The finalizer is there before the guard goes: what fails is the save of whom it hit.
    let mut object = bed.wait(controller.chaos.get("kill")).unwrap();
    object.metadata.finalizers = Some(vec!["chaos-mesh/records".to_owned()]);
    bed.wait(controller.save(object, &mut Story::default()))
        .unwrap();
    guard.balancer.set_mode(Mode::Refuse);
    let story = bed.wait(controller.run("kill"));
    assert!(story.killed.len() > 1, "{:?}", story.refused);
    drop(registered);
    bed.wait(controller.release("kill", &mut Story::default()))
        .unwrap();
    bed.forget(PLACE);
}
