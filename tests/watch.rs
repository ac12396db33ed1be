//! The live view of a cluster, against an API server in this process. Time is virtual: nobody waits.

pub(crate) mod fake;
mod log;

use std::sync::Arc;
use std::time::Duration;

use firebreak::cli::examples::now;
use firebreak::judge::{Decision, judge};
use firebreak::object::Object;
use firebreak::server::client::{Access, Place, connect};
use firebreak::server::view::{Outlook as _, View};
use firebreak::server::watch::{Health, Settings, State, Watch};
use serde_json::{Value, json};

use crate::command::Folder;
use fake::{Fake, fake};
use log::Log;
use tracing::Level;

fn pod() -> Value {
    json!({"metadata": {"labels": {"app": "pg"}}, "spec": {"nodeName": "n1", "containers": []},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn with_pods(count: usize) -> Fake {
    let fake = fake();
    for number in 0..count {
        fake.put("Pod", &format!("db/pg-{number}"), pod());
    }
    fake
}

/// Waits, in virtual time, until it is so.
async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..6000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never came to this: {what}");
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn view(watch: &Watch) -> View {
    watch.view(now())
}

fn pods(watch: &Watch) -> Vec<String> {
    let view = view(watch);
    let names = view.inventory.pods().map(|(_, pod)| pod.name.to_string());
    names.collect()
}

fn unavailable(watch: &Watch) -> String {
    let view = view(watch);
    view.inventory.unavailable().unwrap_or_default().to_owned()
}

fn health(watch: &Watch, kind: &str) -> Option<Health> {
    watch.health().into_iter().find(|it| it.kind == kind)
}

fn is(watch: &Watch, kind: &str, wanted: &State) -> bool {
    health(watch, kind).is_some_and(|health| health.state == *wanted)
}

async fn ready(watch: &Arc<Watch>) {
    until("ready", || watch.unready().is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_known_before_every_kind_is_listed_and_then_everything() {
    let fake = with_pods(5);
    fake.pages_of(2);
    fake.hold_pages(true);
    let watch = fake.watch();
    assert_eq!(unavailable(&watch), "the cluster has not been listed yet");
    until("only pods are missing", || {
        watch.unready().as_deref() == Some("not listed yet: pods")
    })
    .await;
    assert_eq!(unavailable(&watch), "the cluster has not been listed yet");
    fake.hold_pages(false);
    ready(&watch).await;
    assert_eq!(pods(&watch).len(), 5);
    assert_eq!(health(&watch, "Pod").unwrap().objects, 5);
    assert_eq!(unavailable(&watch), "");
}

#[tokio::test(start_paused = true)]
async fn secrets_are_never_asked_for() {
    let fake = with_pods(1);
    let watch = fake.watch();
    ready(&watch).await;
    let requests = fake.requests();
    assert!(
        requests.iter().any(|it| it.contains("/pods?")),
        "{requests:?}"
    );
    assert!(
        !requests.iter().any(|it| it.contains("secrets")),
        "{requests:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn lists_come_as_streams_where_that_is_granted() {
    let fake = with_pods(3);
    fake.streams(true);
    let watch = fake.watch();
    ready(&watch).await;
    assert_eq!(pods(&watch).len(), 3);
    let requests = fake.requests();
    assert!(
        !requests.iter().any(|it| it.contains("limit=")),
        "{requests:?}"
    );
    fake.put("Pod", "db/pg-3", pod());
    until("the pod is seen", || pods(&watch).len() == 4).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_streams_is_remembered() {
    let fake = with_pods(3);
    let watch = fake.watch();
    ready(&watch).await;
    let streams = |requests: Vec<String>| {
        let of_pods = requests.into_iter().filter(|it| it.contains("/pods?"));
        of_pods
            .filter(|it| it.contains("sendInitialEvents"))
            .count()
    };
    assert_eq!(streams(fake.requests()), 1);
    fake.expire("Pod");
    fake.put("Pod", "db/late", pod());
    until("listed again", || pods(&watch).len() == 4).await;
    assert_eq!(streams(fake.requests()), 0);
}

#[tokio::test(start_paused = true)]
async fn every_change_is_seen() {
    let fake = with_pods(1);
    let watch = fake.watch();
    ready(&watch).await;
    fake.put("Pod", "db/new", pod());
    until("it is there", || pods(&watch) == ["new", "pg-0"]).await;
    fake.delete("Pod", "db/pg-0");
    until("it is gone", || pods(&watch) == ["new"]).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_position_that_is_too_old_what_vanished_meanwhile_is_gone() {
    let fake = with_pods(3);
    let watch = fake.watch();
    ready(&watch).await;
    fake.with("Pod", |kind| kind.silent = true);
    fake.delete("Pod", "db/pg-1");
    fake.put("Pod", "db/pg-9", pod());
    fake.with("Pod", |kind| kind.silent = false);
    fake.expire("Pod");
    until("as it is now", || pods(&watch) == ["pg-0", "pg-2", "pg-9"]).await;
    assert!(is(&watch, "Pod", &State::Watching));
}

#[tokio::test(start_paused = true)]
async fn readers_never_see_half_a_list() {
    let fake = with_pods(4);
    fake.pages_of(2);
    let watch = fake.watch();
    ready(&watch).await;
    fake.hold_pages(true);
    fake.with("Pod", |kind| kind.silent = true);
    fake.delete("Pod", "db/pg-0");
    fake.put("Pod", "db/a", pod());
    fake.put("Pod", "db/z", pod());
    fake.with("Pod", |kind| kind.silent = false);
    fake.requests();
    fake.expire("Pod");
    let waiting = |it: &String| it.contains("/pods?") && it.contains("continue");
    until("the second page is waited for", || {
        fake.requests().iter().any(waiting)
    })
    .await;
    fake.put("Node", "n2", json!({}));
    until("other changes are seen", || {
        view(&watch).inventory.nodes().len() == 2
    })
    .await;
    assert_eq!(pods(&watch), ["pg-0", "pg-1", "pg-2", "pg-3"]);
    fake.hold_pages(false);
    until("the whole list", || {
        pods(&watch) == ["a", "pg-1", "pg-2", "pg-3", "z"]
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_cut_off_misses_nothing() {
    let fake = with_pods(2);
    let watch = fake.watch();
    ready(&watch).await;
    fake.requests();
    fake.down(true);
    fake.put("Pod", "db/pg-2", pod());
    let lost = |health: &Health| matches!(health.state, State::Lost(_));
    until("lost", || health(&watch, "Pod").as_ref().is_some_and(lost)).await;
    fake.down(false);
    until("back", || is(&watch, "Pod", &State::Watching)).await;
    until("seen", || pods(&watch).len() == 3).await;
    let lists = fake.requests();
    assert!(!lists.iter().any(|it| it.contains("limit=")), "{lists:?}");
}

#[tokio::test(start_paused = true)]
async fn only_a_watch_that_stays_away_for_longer_than_the_bound_is_a_warning() {
    let log = Log::default();
    let _listening = log.listen();
    let fake = with_pods(1);
    let watch = fake.watch();
    ready(&watch).await;
    let lost = || {
        let warnings = log.told(Level::WARN).into_iter();
        warnings.filter(|it| it == "watch lost").count()
    };
    for _ in 0..10 {
        fake.cut();
        pass(30).await;
    }
    fake.down(true);
    pass(100).await;
    fake.down(false);
    until("back", || is(&watch, "Pod", &State::Watching)).await;
    assert_eq!(lost(), 0);
    let quiet = |it: &String| it == "watch ended";
    assert!(log.told(Level::DEBUG).iter().any(quiet));
    assert!(!log.told(Level::INFO).contains(&"watch is back".to_owned()));
    fake.down(true);
    pass(600).await;
    assert_eq!(lost(), watch.health().len(), "each once");
    fake.down(false);
    ready(&watch).await;
    until("said", || {
        log.told(Level::INFO).contains(&"watch is back".to_owned())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_come_is_a_warning_at_once() {
    let log = Log::default();
    let _listening = log.listen();
    let fake = with_pods(1);
    fake.with("Pod", |kind| {
        kind.refused = Some((500, "etcd is away".to_owned()));
    });
    let watch = fake.watch();
    until("it has answered", || {
        watch.unready().as_deref() == Some("not listed yet: pods")
    })
    .await;
    let lost = |it: &String| it == "watch lost";
    assert!(log.told(Level::WARN).iter().any(lost));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_given_up() {
    let fake = with_pods(1);
    let watch = fake.watch();
    ready(&watch).await;
    fake.with("Pod", |kind| kind.silent = true);
    fake.requests();
    fake.put("Pod", "db/unheard", pod());
    for _ in 0..110 {
        pass(1).await;
        assert_eq!(unavailable(&watch), "");
    }
    assert!(fake.requests().iter().any(|it| it.contains("/pods?watch")));
    assert_eq!(pods(&watch), ["pg-0", "unheard"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_seen_for_longer_than_the_bound_is_not_judged_by() {
    let fake = with_pods(1);
    let watch = fake.watch();
    ready(&watch).await;
    pass(3600).await;
    assert_eq!(unavailable(&watch), "");
    fake.down(true);
    pass(50).await;
    assert_eq!(unavailable(&watch), "");
    pass(80).await;
    let why = unavailable(&watch);
    assert!(why.contains(" was last seen 2m"), "{why}");
    assert!(why.ends_with(" ago, and the bound is 2m"), "{why}");
    assert_eq!(watch.unready(), Some(why));
    fake.down(false);
    ready(&watch).await;
    assert_eq!(unavailable(&watch), "");
}

#[tokio::test(start_paused = true)]
async fn a_bound_that_is_shorter_than_the_time_between_bookmarks_is_kept_all_the_same() {
    let fake = with_pods(1);
    let staleness = Duration::from_secs(10);
    let watch = fake.watch_with(Settings {
        staleness,
        ..Settings::default()
    });
    ready(&watch).await;
    for _ in 0..300 {
        pass(1).await;
        assert_eq!(unavailable(&watch), "");
    }
    fake.down(true);
    pass(11).await;
    let why = unavailable(&watch);
    assert!(why.ends_with("and the bound is 10s"), "{why}");
    fake.down(false);
    ready(&watch).await;
    for _ in 0..300 {
        pass(1).await;
        assert_eq!(unavailable(&watch), "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_may_not_be_listed_is_told_and_tried_again() {
    let fake = with_pods(1);
    let forbidden = (403, "poddisruptionbudgets.policy is forbidden".to_owned());
    fake.with("PodDisruptionBudget", |kind| kind.refused = Some(forbidden));
    let watch = fake.watch();
    ready(&watch).await;
    let why = "firebreak may not list poddisruptionbudgets.policy: grant list and watch";
    let unlisted = State::Unlisted(why.to_owned());
    assert!(is(&watch, "PodDisruptionBudget", &unlisted));
    pass(600).await;
    assert_eq!(unavailable(&watch), "");
    fake.with("PodDisruptionBudget", |kind| kind.refused = None);
    until("granted", || {
        is(&watch, "PodDisruptionBudget", &State::Watching)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_refused_for_long_does_not_take_the_rest_with_it() {
    let fake = with_pods(1);
    let watch = fake.watch();
    ready(&watch).await;
    let broken = (500, "conversion webhook failed".to_owned());
    fake.with("PodDisruptionBudget", |kind| kind.refused = Some(broken));
    fake.cut();
    let why = "poddisruptionbudgets.policy cannot be listed: 500: conversion webhook failed";
    let unlisted = State::Unlisted(why.to_owned());
    until("unlisted", || is(&watch, "PodDisruptionBudget", &unlisted)).await;
    pass(600).await;
    assert_eq!(unavailable(&watch), "");
    fake.with("PodDisruptionBudget", |kind| kind.refused = None);
    until("back", || {
        is(&watch, "PodDisruptionBudget", &State::Watching)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn kinds_come_and_go_while_it_runs() {
    let fake = with_pods(1);
    let watch = fake.watch();
    ready(&watch).await;
    assert_eq!(health(&watch, "PodChaos"), None);
    fake.serve("chaos-mesh.org/v1alpha1", "PodChaos", "podchaos");
    let chaos = json!({"spec": {"action": "pod-failure", "mode": "one", "duration": "1h",
        "selector": {"namespaces": ["db"]}}});
    fake.put("PodChaos", "db/live", chaos);
    until("it is live", || view(&watch).inventory.active().len() == 1).await;
    assert!(is(&watch, "PodChaos", &State::Watching));
    fake.withdraw("PodChaos");
    until("it is over", || view(&watch).inventory.active().is_empty()).await;
    until("nobody looks", || health(&watch, "PodChaos").is_none()).await;
    assert_eq!(watch.unready(), None);
}

fn kill() -> Object {
    let value = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "kill", "namespace": "db"},
        "spec": {"action": "pod-kill", "mode": "one", "selector": {"namespaces": ["db"]}}});
    Object::new(value).unwrap()
}

fn decision(watch: &Watch) -> Decision {
    let View {
        inventory,
        policies,
    } = view(watch);
    let request = firebreak::request::Request::create(kill(), firebreak::request::User::default());
    judge(&inventory, &policies, &request, now()).decision
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_the_cluster_that_is_broken_forbids_everything_until_it_is_mended() {
    let fake = with_pods(2);
    let watch = fake.watch();
    assert_eq!(decision(&watch), Decision::Deny, "before anything is known");
    ready(&watch).await;
    assert_eq!(decision(&watch), Decision::Allow);
    let broken = json!({"spec": {"limits": {"maxPod": 3}}});
    fake.put("BlastRadiusPolicy", "typo", broken);
    until("denied", || decision(&watch) == Decision::Deny).await;
    let mended = json!({"spec": {"enforcement": "Audit", "limits": {"maxPods": 3}}});
    fake.put("BlastRadiusPolicy", "typo", mended);
    until("allowed", || decision(&watch) == Decision::Allow).await;
    let strict = json!({"spec": {"limits": {"maxPods": 0}}});
    fake.put("BlastRadiusPolicy", "strict", strict);
    until("denied again", || decision(&watch) == Decision::Deny).await;
    fake.delete("BlastRadiusPolicy", "strict");
    until("allowed again", || decision(&watch) == Decision::Allow).await;
}

#[tokio::test(start_paused = true)]
async fn policies_that_may_not_be_listed_forbid_everything() {
    let fake = with_pods(1);
    let forbidden = (403, "no".to_owned());
    fake.with("BlastRadiusPolicy", |kind| kind.refused = Some(forbidden));
    let watch = fake.watch();
    until("settled", || {
        matches!(
            health(&watch, "BlastRadiusPolicy").map(|it| it.state),
            Some(State::Unlisted(_))
        )
    })
    .await;
    pass(10).await;
    assert_eq!(decision(&watch), Decision::Deny);
}

#[tokio::test]
async fn it_is_the_same_over_a_socket_and_by_a_kubeconfig() {
    let fake = with_pods(3);
    let config = fake.listen().await;
    let folder = Folder::with(&[("kubeconfig", &config)]);
    let place = Place::Kubeconfig {
        path: Some(folder.path().join("kubeconfig")),
        context: None,
    };
    let access = Access {
        place,
        ..Access::default()
    };
    let client = connect(&access).await.unwrap();
    let (watch, work) = Watch::new(client, Settings::default());
    let work = tokio::spawn(work);
    while watch.unready().is_some() {
        assert!(!work.is_finished());
        tokio::task::yield_now().await;
    }
    assert_eq!(pods(&watch).len(), 3);
    work.abort();
}
