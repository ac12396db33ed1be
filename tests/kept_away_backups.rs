//! What match conditions keep away from the webhook that gives backups would be given none, and nobody
//! would be told anything.

use firebreak::backup::{Defaults, Known, Schema, inject};
use firebreak::object::Object;
use firebreak::request::{Operation, Request, User};
use firebreak::server::registration::injections::injections;
use firebreak::server::registration::webhooks::Conditions;
use serde_json::{Value, json};

use crate::backup::{World, object, operators, schema};
use crate::kept_away::holds;

/// A change of a database.
type Change = fn(&mut Value);

const ENGINEER: &str = "engineer";
const OPERATOR: &str = "system:serviceaccount:pxc:percona-xtradb-cluster-operator";

/// Who writes a database, what they change in it, and whether that is put before the webhook when it is
/// created, and when it is written again.
const WRITES: &[(&str, Change, [bool; 2])] = &[
    (ENGINEER, |_| {}, [true, false]),
    (
        OPERATOR,
        |it| it["spec"]["pause"] = json!(true),
        [false, false],
    ),
    (
        ENGINEER,
        |it| it["spec"]["pxc"]["size"] = json!(5),
        [true, true],
    ),
    (
        ENGINEER,
        |it| it["metadata"]["labels"]["a"] = json!("b"),
        [true, false],
    ),
    (
        ENGINEER,
        |it| {
            it["metadata"]["annotations"]["firebreak.dev/backup-defaults"] = json!("ignore");
            it["spec"]["pxc"]["size"] = json!(5);
        },
        [false, false],
    ),
    (
        ENGINEER,
        |it| {
            it["metadata"]["annotations"]["firebreak.dev/backup-defaults"] = json!("never");
            it["spec"]["pxc"]["size"] = json!(5);
        },
        [true, true],
    ),
    (
        ENGINEER,
        |it| {
            it["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            it["spec"]["pxc"]["size"] = json!(5);
        },
        [true, false],
    ),
];

fn database() -> Object {
    object(
        json!({"apiVersion": "pxc.percona.com/v1", "kind": "PerconaXtraDBCluster",
        "metadata": {"name": "cluster1", "namespace": "shop"},
        "spec": {"pxc": {"size": 3, "image": "percona/percona-xtradb-cluster:8.4.7-7.1"}}}),
    )
}

/// Whether a request passes the conditions of the webhook that is for it.
fn reaches(request: &Request, operation: &str) -> bool {
    let configuration = injections(Conditions::Known);
    let mut webhooks = configuration["webhooks"].as_array().unwrap().iter();
    let webhook = webhooks.find(|it| it["rules"][0]["operations"][0] == operation);
    let conditions = webhook.unwrap()["matchConditions"].as_array().unwrap();
    let mut texts = conditions
        .iter()
        .map(|it| it["expression"].as_str().unwrap());
    texts.all(|text| holds(text, request, operation))
}

/// Whether nothing comes of a request, and nothing is said.
fn is_silent(request: &Request) -> bool {
    let defaults = object(
        json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
        "metadata": {"name": "every"}, "spec": {"appliesTo": {"databases": ["*"]},
            "storage": {"name": "s", "s3": {"bucket": "b", "credentialsSecret": "keys"}},
            "schedules": [{"name": "daily", "schedule": "0 2 * * *", "keep": 7}]}}),
    );
    let schema = schema("spec.backup.image: string").map(Schema::new);
    let known = Known {
        schema: schema.as_ref(),
        around: &World::default(),
        operators: &operators(),
    };
    let injection = inject(request, &Defaults::compile([&defaults]).unwrap(), &known);
    injection.patch.is_empty() && injection.warnings.is_empty()
}

#[test]
fn what_is_kept_away_from_backups_would_be_given_none() {
    for (at, (user, change, reached)) in WRITES.iter().enumerate() {
        let mut value = database().value().clone();
        change(&mut value);
        let created = Request::create(object(value), User::named(*user));
        let updated = Request {
            operation: Operation::Update,
            old_object: Some(database()),
            ..created.clone()
        };
        for (request, operation, reached) in [
            (created, "CREATE", reached[0]),
            (updated, "UPDATE", reached[1]),
        ] {
            assert_eq!(reaches(&request, operation), reached, "{at}: {operation}");
            assert!(reached || is_silent(&request), "{at}: {operation}");
        }
    }
}
