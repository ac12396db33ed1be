//! The router without a socket: what each kind of body gets.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use firebreak::cli::examples;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::server::admission::{Guard, LARGEST_BODY, router};
use firebreak::server::view::View;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) fn guard(policies: &str) -> Arc<Guard> {
    let objects = |manifests: Vec<firebreak::cli::manifests::Manifest>| -> Vec<Object> {
        manifests
            .into_iter()
            .map(|manifest| manifest.object)
            .collect()
    };
    let policies = objects(Reader::default().read_text("policies", policies).manifests);
    Arc::new(Guard {
        outlook: Arc::new(View {
            inventory: Inventory::from_objects(
                &objects(examples::world().unwrap()),
                Origin::Recorded,
            )
            .into(),
            policies: PolicySet::compile(&policies).unwrap().into(),
        }),
        ledgers: None,
        uses: None,
        fence: None,
        now: Arc::new(examples::now),
    })
}

pub(crate) async fn send(guard: Arc<Guard>, body: impl Into<Body>) -> (StatusCode, String) {
    let request = Request::post("/validate").body(body.into()).unwrap();
    let response = router(guard).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn review(kind: &str, object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "a-uid",
            "kind": {"group": "chaos-mesh.org", "version": "v1alpha1", "kind": kind},
            "operation": "CREATE",
            "namespace": "percona",
            "userInfo": {"username": "engineer"},
            "object": object,
        }
    })
}

fn kill_all_of_pxc() -> Value {
    json!({
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "PodChaos",
        "metadata": {"name": "kill-all", "namespace": "percona"},
        "spec": {
            "action": "pod-kill",
            "mode": "all",
            "selector": {"labelSelectors": {"app.kubernetes.io/component": "pxc"}}
        }
    })
}

#[tokio::test]
async fn a_denial_carries_uid_code_causes_and_fields() {
    let body = review("PodChaos", &kill_all_of_pxc()).to_string();
    let (status, body) = send(guard(DEFAULT_POLICIES), body).await;
    assert_eq!(status, StatusCode::OK);
    let answer: Value = serde_json::from_str(&body).unwrap();
    let response = &answer["response"];
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["kind"], "AdmissionReview");
    assert_eq!(response["uid"], "a-uid");
    assert_eq!(response["allowed"], false);
    assert_eq!(response["status"]["code"], 403);
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    let quorum = causes
        .iter()
        .find(|cause| cause["reason"] == "QuorumLost")
        .unwrap();
    assert_eq!(quorum["field"], "spec.mode");
    let message = response["status"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("PodChaos percona/kill-all is denied\n"),
        "{message}"
    );
    assert!(
        message.contains("3 of 3 pods of PerconaXtraDBCluster percona/cluster1"),
        "{message}"
    );
    assert_eq!(response["auditAnnotations"]["decision"], "Deny");
}

#[tokio::test]
async fn without_a_policy_everything_is_allowed_with_a_warning() {
    let body = review("PodChaos", &kill_all_of_pxc()).to_string();
    let (_, body) = send(guard(""), body).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["response"]["allowed"], true);
    let warning = answer["response"]["warnings"][0].as_str().unwrap();
    assert!(warning.contains("nothing is protected"), "{warning}");
}

#[tokio::test]
async fn an_object_that_is_no_chaos_is_allowed_in_silence() {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
    let (_, body) = send(
        guard(DEFAULT_POLICIES),
        review("ConfigMap", &object).to_string(),
    )
    .await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["response"], json!({"uid": "a-uid", "allowed": true}));
}

#[tokio::test]
async fn a_body_that_is_no_review_gets_400_and_a_sentence() {
    let object = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = format!(r#"{{"request":{{"object":{{"spec":{object}}}}}}}"#);
    let list = review("PodChaos", &json!([])).to_string();
    let without_request = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#;
    let old = r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#;
    let no_kind = review("PodChaos", &json!({"apiVersion": "v1"})).to_string();
    let cases = [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "no AdmissionReview"),
        ("{}", "missing field"),
        (deep.as_str(), "recursion limit"),
        (list.as_str(), "expected an object"),
        (without_request, "missing field `request`"),
        (old, "v1beta1"),
        (no_kind.as_str(), "request.object: /kind: missing"),
    ];
    for (body, expected) in cases {
        let (status, sentence) = send(guard(""), body.to_owned()).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{shown}: {sentence}");
        assert!(sentence.contains(expected), "{shown}: {sentence}");
    }
}

#[tokio::test]
async fn who_wrote_which_field_is_passed_over_however_it_is_written() {
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = review("PodChaos", &kill_all_of_pxc()).to_string();
    let plain = send(guard(DEFAULT_POLICIES), body.clone()).await;
    let fields = format!(r#""metadata":{{"managedFields":{nested},"#);
    let with = body.replace(r#""metadata":{"#, &fields);
    assert!(with.len() > body.len());
    assert_eq!(send(guard(DEFAULT_POLICIES), with).await, plain);
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_413() {
    let (status, _) = send(guard(""), " ".repeat(LARGEST_BODY)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the largest body is read");
    let (status, sentence) = send(guard(""), " ".repeat(LARGEST_BODY + 1)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(sentence.contains("3145728 bytes"), "{sentence}");
}

#[tokio::test]
async fn every_warning_fits_and_so_do_all_together() {
    let mut object = kill_all_of_pxc();
    let names: Vec<String> = (0..400).map(|n| format!("namespace-{n}")).collect();
    object["spec"]["selector"]["namespaces"] = json!(names);
    object["spec"]["duration"] = json!("10m");
    let (_, body) = send(guard(""), review("PodChaos", &object).to_string()).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let warnings = answer["response"]["warnings"].as_array().unwrap();
    let lengths: Vec<usize> = warnings
        .iter()
        .map(|warning| warning.as_str().unwrap().chars().count())
        .collect();
    assert!(lengths.iter().all(|length| *length <= 256), "{lengths:?}");
    assert!(lengths.iter().sum::<usize>() <= 4096);
}

#[tokio::test]
async fn a_cluster_that_was_not_listed_denies() {
    let known = guard(DEFAULT_POLICIES);
    let unlisted = Arc::new(Guard {
        outlook: Arc::new(View {
            inventory: Inventory::unlisted("pods have not been listed yet").into(),
            ..known.outlook.view(examples::now())
        }),
        ledgers: None,
        uses: None,
        fence: None,
        now: Arc::new(examples::now),
    });
    let body = review("PodChaos", &kill_all_of_pxc()).to_string();
    let (_, body) = send(unlisted, body).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let cause = &answer["response"]["status"]["details"]["causes"][0];
    assert_eq!(answer["response"]["allowed"], false);
    assert_eq!(cause["reason"], "InventoryUnavailable");
}

#[tokio::test]
async fn a_policy_that_does_not_compile_is_refused_and_one_that_does_is_not() {
    let policy = |duration: &str| {
        let object = json!({
            "apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
            "metadata": {"name": "ours"}, "spec": {"limits": {"maxDuration": duration}}
        });
        review("BlastRadiusPolicy", &object).to_string()
    };
    let (_, body) = send(guard(""), policy("10 minutes")).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let cause = &answer["response"]["status"]["details"]["causes"][0];
    assert_eq!(cause["reason"], "PolicyInvalid");
    assert_eq!(cause["field"], "spec.limits.maxDuration");
    let (_, body) = send(guard(""), policy("10m")).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["response"]["allowed"], true);
}

#[tokio::test]
async fn an_eviction_is_refused_as_a_budget_refuses_it() {
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "pg-eu-1", "namespace": "databases"},
        "deleteOptions": {"gracePeriodSeconds": 0}
    });
    let mut body = review("Eviction", &eviction);
    body["request"]["kind"] = json!({"group": "policy", "version": "v1", "kind": "Eviction"});
    body["request"]["subResource"] = json!("eviction");
    body["request"]["namespace"] = json!("databases");
    let (_, body) = send(guard(DEFAULT_POLICIES), body.to_string()).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let response = &answer["response"];
    assert_eq!(response["status"]["code"], 429);
    assert_eq!(response["status"]["reason"], "TooManyRequests");
    assert_eq!(
        response["status"]["details"]["causes"][0]["reason"],
        "PrimaryAtRisk"
    );
    let warning = response["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("gracePeriodSeconds: "), "{warning}");
}
