//! Each right that is granted is used, and each that is needed is granted: by what the API server notes
//! of the program's account.

use std::collections::BTreeSet;
use std::path::Path;

use firebreak::cli::manifests::Reader;
use firebreak::inventory::watched;
use firebreak::server::registration::resources::{ANY, Resource, Scope, of_kind};
use serde_json::{Value, json};

use crate::backups_around::{PLACE, bare, prepare};
use crate::bed::audit::ACCOUNT;
use crate::bed::replicas::Settings;
use crate::bed::webhook::registrations;
use crate::bed::{Bed, within};
use crate::guarded::{Guarded, LONG};

/// Group, resource with its part, and verb.
type Right = (String, String, String);

/// The roles of the program's account.
const ROLES: [&str; 5] = [
    "firebreak",
    "firebreak-backups",
    "firebreak-companions",
    "firebreak-watch",
    "firebreak-webhooks",
];

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// A file of the project.
fn shipped(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(file).unwrap()
}

/// What the shipped roles grant.
fn granted() -> BTreeSet<Right> {
    let text = shipped("manifests/rbac.yaml");
    let mut granted = BTreeSet::new();
    for manifest in Reader::default().read_text("rbac", &text).manifests {
        let role = manifest.object.value();
        if !ROLES.contains(&role["metadata"]["name"].as_str().unwrap()) {
            continue;
        }
        for rule in role["rules"].as_array().into_iter().flatten() {
            let group = texts(&rule["apiGroups"]).remove(0);
            for resource in texts(&rule["resources"]) {
                let verbs = texts(&rule["verbs"]).into_iter();
                granted.extend(verbs.map(|verb| (group.clone(), resource.clone(), verb)));
            }
        }
    }
    granted
}

/// The granted rights that no request of the account has used so far.
fn unused(bed: &Bed) -> BTreeSet<Right> {
    let asked = bed.asked().into_iter().filter(|it| it.by == ACCOUNT);
    let granted = granted();
    let mut unused = granted.clone();
    for it in asked {
        unused.remove(&(it.group.clone(), ANY.to_owned(), it.verb.clone()));
        unused.remove(&(it.group, it.resource, it.verb));
    }
    // Servers before 1.32 do not begin a watch with what is there: it is listed first.
    unused.retain(|(group, resource, verb)| {
        let watched = (group.clone(), resource.clone(), "watch".to_owned());
        verb != "list" || !granted.contains(&watched)
    });
    unused
}

/// Definitions of every kind that is watched and that this cluster does not have.
fn stand_ins(bed: &Bed) -> Vec<Value> {
    let list = ["api-resources", "--output=name", "--cached=false"];
    let served = bed.kubectl(&list).run().out;
    let has = |row: &Resource| {
        let name = format!("{}.{}", row.plural, row.group);
        let of_group = format!(".{}", row.group);
        let mut lines = served.lines();
        lines.any(|line| line == name || row.plural == ANY && line.ends_with(&of_group))
    };
    let rows = watched().flat_map(|(group, kind)| of_kind(group, kind));
    // Groups with a dot in their names are those of definitions.
    let missing = rows.filter(|row| row.group.contains('.') && !has(row));
    let mut definitions: Vec<Value> = missing.map(|row| definition(&row)).collect();
    definitions.dedup();
    definitions
}

fn definition(row: &Resource) -> Value {
    let (kind, plural) = match row.plural {
        ANY => ("Anything", "anythings"),
        plural => (row.kind, plural),
    };
    let scope = if matches!(row.scope, Scope::Cluster) {
        "Cluster"
    } else {
        "Namespaced"
    };
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{}", row.group),
            "annotations": {"api-approved.kubernetes.io": "unapproved, to try rights with"}},
        "spec": {
            "group": row.group, "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

/// Has objects that make backups made, changed and removed.
fn beside_databases(bed: &Bed) {
    let used = |verb: &str| {
        within(LONG, &format!("objects beside databases: {verb}"), || {
            let mut left = unused(bed);
            let kinds = ["physicalbackups", "scheduledbackups"];
            left.retain(|(_, resource, it)| kinds.contains(&resource.as_str()) && it == verb);
            if left.is_empty() {
                Ok(())
            } else {
                Err(format!("{left:?}"))
            }
        });
    };
    for kind in ["MariaDB", "Cluster"] {
        let create = bed.kubectl(&["create", "-f", "-"]);
        create.input(bare(kind, "rights").to_string()).succeeds();
    }
    used("create");
    let change =
        r#"[{"op": "replace", "path": "/spec/schedules/0/schedule", "value": "0 4 * * *"}]"#;
    let patch = ["patch", "backupdefaults", "every", "--type=json", "--patch"];
    bed.kubectl(&[&patch[..], &[change]].concat()).succeeds();
    used("patch");
    let (ignore, place) = (
        "firebreak.dev/backup-defaults=ignore",
        format!("--namespace={PLACE}"),
    );
    for it in [
        "mariadbs.k8s.mariadb.com/rights",
        "clusters.postgresql.cnpg.io/rights",
    ] {
        bed.kubectl(&["annotate", it, ignore, &place]).succeeds();
    }
    used("delete");
}

const EXEMPTION: &str = "
apiVersion: firebreak.dev/v1alpha1
kind: Exemption
metadata: {name: rights}
spec:
  reason: to see its status written
  approvedBy: nobody
  policies: [guarded]
  permits: [MinHealthyBreached]
  objects: {namespaces: [default]}
  from: 2026-01-01T00:00:00Z
  until: 2026-01-02T00:00:00Z
";

pub(crate) fn each_right_is_used_and_none_is_missing(bed: &Bed) {
    // An API server that starts refuses everybody until it has read who may do what.
    let before = bed.asked().len();
    bed.define_kinds();
    let definitions = stand_ins(bed);
    let names: Vec<String> = definitions
        .iter()
        .map(|it| it["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    bed.apply_all(definitions);
    bed.apply(EXEMPTION);
    let guarded = Guarded::start(bed, 1, &Settings::default());
    guarded.judges();
    // A certificate without the key of its authority has another one made.
    let patch = [
        "patch",
        "secret",
        "firebreak-tls",
        "--namespace=firebreak",
        "--type=merge",
    ];
    let patch = [&patch[..], &["-p", r#"{"data": {"ca.key": null}}"#]].concat();
    bed.kubectl(&patch).succeeds();
    guarded.create("first", 1).unwrap();
    guarded.is_seen();
    guarded.forget();
    let port = guarded.guards.balancer.port();
    let giving = bed.register(registrations("backups.yaml"), port, None);
    prepare(bed);
    beside_databases(bed);
    within(LONG, "every right is used", || {
        let left = unused(bed);
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:#?}"))
        }
    });
    let forbidden: Vec<String> = bed
        .asked()
        .iter()
        .skip(before)
        .filter(|it| it.by == ACCOUNT && it.forbidden)
        .map(|it| format!("{} {} of \"{}\"", it.verb, it.resource, it.group))
        .collect();
    assert!(forbidden.is_empty(), "{forbidden:#?}");
    drop(giving);
    drop(guarded);
    bed.kubectl(&["delete", "exemption", "rights"]).succeeds();
    bed.kubectl(&["delete", "backupdefaults", "every"])
        .succeeds();
    bed.forget(PLACE);
    let mut delete = vec!["delete", "crd", "--wait=false"];
    delete.extend(names.iter().map(String::as_str));
    bed.kubectl(&delete).succeeds();
}
