//! The webhook that gives databases backups, without a socket: what it asks of the API server, and what it
//! answers when that is slow, away or knows nothing.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firebreak::fault::Accounts;
use firebreak::inventory::{Cluster, Inventory};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::server::admission::{Giver, Guard, giving, router};
use firebreak::server::backup::{Beside, Injector};
use firebreak::server::view::{Outlook, View};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::backup::schema;
use crate::fake_api::FakeApi;

const NAMESPACE: &str = "/api/v1/namespaces";
const SECRET: &str = "/api/v1/namespaces/shop/secrets/percona-backup-minio-credentials";
const DEFINITION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const SCHEMA: &str = "spec.backup.image: string
spec.backup.allowParallel: boolean
spec.backup.storages{}.type: string
spec.backup.storages{}.s3.bucket: string
spec.backup.storages{}.s3.region: string
spec.backup.storages{}.s3.endpointUrl: string
spec.backup.storages{}.s3.credentialsSecret: string
spec.backup.schedule[].name!: string
spec.backup.schedule[].schedule!: string
spec.backup.schedule[].storageName!: string
spec.backup.schedule[].retention.type!: string
spec.backup.schedule[].retention.count: integer
spec.backup.schedule[].retention.deleteFromStorage!: boolean
spec.backup.pitr.enabled: boolean
spec.backup.pitr.storageName: string
spec.backup.pitr.timeBetweenUploads: number";

/// What is known of a cluster.
struct Seen(Arc<Beside>);

impl Outlook for Seen {
    fn view(&self, _: jiff::Timestamp) -> View {
        View {
            inventory: Arc::new(Inventory::unlisted("nobody looks")),
            policies: Arc::new(PolicySet::default()),
        }
    }

    fn beside(&self) -> Arc<Beside> {
        Arc::clone(&self.0)
    }
}

/// BackupDefaults for every PerconaXtraDBCluster.
fn defaults(name: &str) -> Value {
    json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
    "metadata": {"name": name, "generation": 3},
    "spec": {
        "appliesTo": {"databases": ["PerconaXtraDBCluster"]},
        "storage": {"name": "minio-backup", "s3": {"bucket": "percona-backups",
            "credentialsSecret": "percona-backup-minio-credentials"}},
        "schedules": [{"name": "daily", "schedule": "0 2 * * *", "keep": 7}],
        "images": {"PerconaXtraDBCluster": {"8.4": "percona/percona-xtrabackup:8.4.0-5.1"}},
    }})
}

fn beside(objects: &[Value]) -> Arc<Beside> {
    let mut cluster = Cluster::default();
    for object in objects {
        cluster.put(Object::new(object.clone()).unwrap());
    }
    Arc::new(Beside::of(&cluster))
}

fn definition(schema: &Value) -> Value {
    json!({"items": [{"metadata": {"resourceVersion": schema.to_string().len().to_string()},
        "spec": {"versions": [
            {"name": "v1", "served": true, "schema": {"openAPIV3Schema": schema}}]}}]})
}

/// An API server with all that a PerconaXtraDBCluster in namespace shop needs.
fn api() -> FakeApi {
    let api = FakeApi::default();
    let shop = json!({"items": [{"metadata": {"name": "shop"}}]});
    let keys = json!({"f:AWS_ACCESS_KEY_ID": {}, "f:AWS_SECRET_ACCESS_KEY": {}});
    let secret = json!({"metadata": {"name": "keys", "managedFields": [
        {"manager": "kubectl", "fieldsV1": {"f:data": keys}}]}});
    api.put(NAMESPACE, Some(shop));
    api.put(SECRET, Some(secret));
    api.put(DEFINITION, Some(definition(&schema(SCHEMA).unwrap())));
    api
}

fn review(operation: &str, object: &Value) -> Value {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "a-uid", "operation": operation, "namespace": "shop", "name": "cluster1",
        "kind": {"group": "pxc.percona.com", "version": "v1", "kind": "PerconaXtraDBCluster"},
        "userInfo": {"username": "engineer"}, "object": object}})
}

fn database() -> Value {
    json!({"apiVersion": "pxc.percona.com/v1", "kind": "PerconaXtraDBCluster",
        "metadata": {"name": "cluster1", "namespace": "shop"},
        "spec": {"crVersion": "1.19.0",
            "pxc": {"size": 3, "image": "percona/percona-xtradb-cluster:8.4.7-7.1"}}})
}

fn giver(api: &FakeApi, beside: &Arc<Beside>) -> Arc<Giver> {
    Arc::new(Giver {
        outlook: Arc::new(Seen(Arc::clone(beside))),
        injector: Arc::new(Injector::new(api.client(), Accounts::BUILT_IN)),
    })
}

async fn send(giver: &Arc<Giver>, body: &Value) -> (StatusCode, Value) {
    let request = Request::post("/mutate").body(Body::from(body.to_string()));
    let response = giving(Arc::clone(giver)).oneshot(request.unwrap()).await;
    let response = response.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// The answer to somebody who creates the database.
async fn asked(giver: &Arc<Giver>) -> Value {
    let (status, answer) = send(giver, &review("CREATE", &database())).await;
    assert_eq!(status, StatusCode::OK);
    let response = answer["response"].clone();
    assert_eq!(response["uid"], "a-uid");
    assert_eq!(response["allowed"], true);
    response
}

fn patch(response: &Value) -> Value {
    assert_eq!(response["patchType"], "JSONPatch", "{response}");
    let text = response["patch"].as_str().unwrap();
    serde_json::from_slice(&STANDARD.decode(text).unwrap()).unwrap()
}

fn warning(response: &Value) -> &str {
    assert!(response["patch"].is_null(), "{response}");
    let warnings = response["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{response}");
    warnings[0].as_str().unwrap()
}

#[tokio::test]
async fn a_database_gets_backups_as_a_patch() {
    let giver = giver(&api(), &beside(&[defaults("default")]));
    let response = asked(&giver).await;
    let patch = patch(&response);
    let steps = patch.as_array().unwrap();
    assert!(steps.iter().all(|step| step["op"] == "add"), "{patch}");
    let paths: Vec<&str> = steps
        .iter()
        .map(|step| step["path"].as_str().unwrap())
        .collect();
    assert!(paths.contains(&"/spec/backup"), "{paths:?}");
    let audit = &response["auditAnnotations"];
    assert_eq!(audit["defaults"], "default");
    assert_eq!(audit["added"], paths.join(", "));
    assert_eq!(asked(&giver).await, response, "the same each time");
}

#[tokio::test]
async fn a_dry_run_gets_the_same_answer() {
    let api = api();
    let giver = giver(&api, &beside(&[defaults("default")]));
    let real = asked(&giver).await;
    let mut dry = review("CREATE", &database());
    dry["request"]["dryRun"] = json!(true);
    assert_eq!(send(&giver, &dry).await.1["response"], real);
    assert!(api.writes().is_empty());
}

#[tokio::test]
async fn what_is_missing_is_said_and_nothing_is_added() {
    let absent = |path: &str| {
        let api = api();
        api.put(path, None);
        giver(&api, &beside(&[defaults("default")]))
    };
    let response = asked(&absent(SECRET)).await;
    assert!(warning(&response).contains("is not there"), "{response}");
    assert!(
        response["auditAnnotations"]["left"]
            .as_str()
            .unwrap()
            .starts_with("Secret: ")
    );
    let response = asked(&absent(DEFINITION)).await;
    assert!(warning(&response).contains("the schema of PerconaXtraDBCluster cannot be read"));
    let response = asked(&absent(NAMESPACE)).await;
    assert!(
        warning(&response).contains("namespace \"shop\" is not known"),
        "{response}"
    );
    let none = giver(&api(), &beside(&[]));
    assert!(asked(&none).await["warnings"].is_null());
    let unseen = Arc::new(Beside::unknown("not listed yet"));
    let response = asked(&giver(&api(), &unseen)).await;
    assert!(warning(&response).contains("not listed yet"), "{response}");
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_does_not_answer_holds_up_no_database() {
    let api = api();
    let giver = giver(&api, &beside(&[defaults("default")]));
    api.set_away(true);
    let begun = tokio::time::Instant::now();
    let response = asked(&giver).await;
    assert!(warning(&response).contains("is not known"), "{response}");
    assert!(begun.elapsed().as_millis() <= 2100, "{:?}", begun.elapsed());
    api.set_away(false);
    patch(&asked(&giver).await);
}

#[tokio::test]
async fn a_definition_that_changes_is_read_again() {
    let api = api();
    let giver = giver(&api, &beside(&[defaults("default")]));
    let other = schema("spec.pxc.size: integer").unwrap();
    api.put(DEFINITION, Some(definition(&other)));
    assert!(warning(&asked(&giver).await).contains("does not name it"));
    api.put(DEFINITION, Some(definition(&schema(SCHEMA).unwrap())));
    patch(&asked(&giver).await);
}

#[tokio::test]
async fn what_cannot_be_read_is_allowed_as_long_as_it_has_a_uid() {
    let giver = giver(&api(), &beside(&[defaults("default")]));
    let (status, answer) = send(&giver, &review("CREATE", &json!({"spec": {}}))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["response"]["allowed"], true);
    assert!(warning(&answer["response"]).contains("no backups are added"));
    let (status, answer) = send(&giver, &review("MISUSE", &database())).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["response"]["uid"], "a-uid");
    let mut nobody = review("CREATE", &database());
    nobody["request"]["uid"].take();
    assert_eq!(send(&giver, &nobody).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_operator_is_not_told_anything() {
    let giver = giver(&api(), &beside(&[defaults("default")]));
    let mut own = review("CREATE", &database());
    own["request"]["userInfo"]["username"] =
        json!("system:serviceaccount:pxc:percona-xtradb-cluster-operator");
    let (_, answer) = send(&giver, &own).await;
    assert!(answer["response"]["patch"].is_null());
    assert!(answer["response"]["warnings"].is_null());
}

/// The answer of the webhook that validates.
async fn validated(beside: &Arc<Beside>, object: &Value) -> Value {
    let guard = Guard {
        outlook: Arc::new(Seen(Arc::clone(beside))),
        ledgers: None,
        uses: None,
        fence: None,
        now: Arc::new(jiff::Timestamp::now),
    };
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "a-uid", "operation": "CREATE", "name": object["metadata"]["name"],
        "kind": {"group": "firebreak.dev", "version": "v1alpha1", "kind": "BackupDefaults"},
        "userInfo": {"username": "engineer"}, "object": object}});
    let request = Request::post("/validate").body(Body::from(review.to_string()));
    let response = router(Arc::new(guard)).oneshot(request.unwrap()).await;
    let body = response.unwrap().into_body().collect().await.unwrap();
    let answer: Value = serde_json::from_slice(&body.to_bytes()).unwrap();
    answer["response"].clone()
}

#[tokio::test]
async fn backup_defaults_that_cannot_be_used_are_refused() {
    let there = beside(&[defaults("default")]);
    let refused = async |pointer: &str, value: Value, field: &str, said: &str| {
        let mut object = defaults("other");
        *object.pointer_mut(pointer).unwrap() = value;
        let response = validated(&there, &object).await;
        assert_eq!(response["allowed"], false, "{pointer}: {response}");
        let cause = &response["status"]["details"]["causes"][0];
        assert_eq!(cause["field"], field, "{response}");
        let message = cause["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
    };
    refused(
        "/spec/appliesTo/databases",
        json!(["Oracle"]),
        "spec.appliesTo.databases[0]",
        "PerconaXtraDBCluster",
    )
    .await;
    refused(
        "/spec/schedules/0/schedule",
        json!("@every 6h"),
        "spec.schedules[0].schedule",
        "@every 6h",
    )
    .await;
    refused(
        "/spec/schedules/0/keep",
        json!(0),
        "spec.schedules[0].keep",
        "1 to 1000",
    )
    .await;
    // The same databases as those that are there.
    refused(
        "/spec/appliesTo/databases",
        json!(["PerconaXtraDBCluster"]),
        "spec.appliesTo",
        "BackupDefaults default",
    )
    .await;
    let response = validated(&there, &defaults("default")).await;
    assert_eq!(response["allowed"], true, "an update of itself: {response}");
    let mut more = defaults("more");
    more["spec"]["appliesTo"]["databases"] = json!(["Cluster"]);
    assert_eq!(validated(&there, &more).await["allowed"], true);
    let unseen = Arc::new(Beside::unknown("not listed yet"));
    let response = validated(&unseen, &defaults("other")).await;
    assert_eq!(response["allowed"], true, "{response}");
}
