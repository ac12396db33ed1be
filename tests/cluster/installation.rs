//! An installation: its files, what it leaves in a cluster, and its removal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use firebreak::cli::manifests::Reader;
use serde_json::Value;

use crate::bed::{Bed, helm, until};

pub(crate) const INSTALL: &str = "manifests/install.yaml";

/// What `helm` writes, which succeeds.
pub(crate) fn run(bed: &Bed, arguments: &[&str]) -> String {
    let home = bed.folder().join("helm");
    let mut command = Command::new(helm());
    command
        .arg("--kubeconfig")
        .arg(bed.kubeconfig())
        .args(arguments)
        .env("HOME", home);
    let ended = command.output().expect("helm starts");
    let err = String::from_utf8_lossy(&ended.stderr);
    assert!(
        ended.status.success(),
        "helm {}: {err}",
        arguments.join(" ")
    );
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// The names of all that an installation could leave.
pub(crate) fn everything(bed: &Bed) -> BTreeSet<String> {
    let kinds = "namespaces,clusterroles,clusterrolebindings,customresourcedefinitions,\
                 mutatingwebhookconfigurations,validatingwebhookconfigurations,deployments,replicasets,pods,services,serviceaccounts,\
                 configmaps,secrets,leases,roles,rolebindings,poddisruptionbudgets,networkpolicies";
    let get = [
        "get",
        kinds,
        "--all-namespaces",
        "--no-headers",
        "--output=custom-columns=:kind,:metadata.namespace,:metadata.name",
    ];
    let text = bed.kubectl(&get).succeeds();
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Those of them that are ours.
pub(crate) fn ours(bed: &Bed) -> BTreeSet<String> {
    let all = everything(bed).into_iter();
    all.filter(|name| name.contains("firebreak")).collect()
}

/// The objects of YAML documents, by kind and name; a configuration in one is read as well.
pub(crate) fn objects(text: &str) -> BTreeMap<(String, String), Value> {
    let reading = Reader::default().read_text("documents", text);
    assert!(reading.failures.is_empty(), "{:?}", reading.failures);
    let objects = reading.manifests.into_iter().map(|it| {
        let reference = it.object.reference().clone();
        let mut value = it.object.value().clone();
        whole(&mut value);
        let config = value.pointer("/data/config.yaml").and_then(Value::as_str);
        let config = config.map(|text| {
            firebreak::yaml::read(text, 1 << 20)
                .remove(0)
                .unwrap()
                .value
        });
        if let Some(config) = config {
            value["data"]["config.yaml"] = config;
        }
        ((reference.kind, reference.name), value)
    });
    objects.collect()
}

/// Numbers without a fraction as whole numbers: 1.0 and 1 are one to the API server.
fn whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(number) = number.as_f64() {
                *value = number.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(fields) => fields.values_mut().for_each(whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Removes what is left of an installation. The API server clears a definition of all its objects before
/// it goes, and tries again later and later while the kind is still being served.
pub(crate) fn remove(bed: &Bed) {
    settled(bed);
    let file = path(INSTALL);
    let delete = ["delete", "-f", &file, "--ignore-not-found", "--timeout=5m"];
    bed.kubectl(&delete).succeeds();
}

/// Waits until our kinds can be listed, or are not there. A definition that goes while there is no storage
/// for its objects yet is cleared minutes later.
pub(crate) fn settled(bed: &Bed) {
    let kinds = "backupdefaults,blastledgers,blastradiuspolicies,exemptions,\
                 emergencystops,experimentruns,sanctionedexperiments";
    until("our kinds can be listed", || {
        let ended = bed.kubectl(&["get", kinds, "--all-namespaces"]).run();
        let gone = ended
            .err
            .contains("the server doesn't have a resource type");
        if ended.code == Some(0) || gone {
            Ok(())
        } else {
            Err(ended.told())
        }
    });
}

/// The path of a file of the project.
pub(crate) fn path(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    path.to_string_lossy().into_owned()
}
