//! What is installed: the files agree with each other, nothing of ours waits for us, and the pods ask
//! for nothing that they do not need. `UPDATE=1 cargo test install` rewrites what is generated.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use firebreak::calendar::parse_duration;
use firebreak::server::config::{Config, Sources};
use firebreak::server::registration::injections::injections;
use firebreak::server::registration::resources::of_kind;
use firebreak::server::registration::webhooks::{Conditions, webhooks};
use firebreak::yaml;
use serde_json::{Value, json};

use crate::registration::{is_as_generated, texts, word};
use crate::source::{root, source, sources};

/// What a cluster starts from, as it lies in kube-system: API group, resource.
const KUBE_SYSTEM: &[(&str, &str)] = &[
    ("", "configmaps"),
    ("", "endpoints"),
    ("", "events"),
    ("", "nodes"),
    ("", "pods"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("apps", "controllerrevisions"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("authentication.k8s.io", "tokenreviews"),
    ("authorization.k8s.io", "subjectaccessreviews"),
    ("batch", "jobs"),
    ("certificates.k8s.io", "certificatesigningrequests"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
    ("networking.k8s.io", "networkpolicies"),
    ("scheduling.k8s.io", "priorityclasses"),
    ("storage.k8s.io", "csinodes"),
];

/// The files of the installation, in the order in which they are applied.
fn parts() -> Vec<String> {
    let listed = &documents("manifests/kustomization.yaml")[0]["resources"];
    let paths = texts(listed).into_iter();
    paths.map(|path| format!("manifests/{path}")).collect()
}

fn documents(path: &str) -> Vec<Value> {
    let documents = yaml::read(&source(path).text, yaml::LARGEST).into_iter();
    documents.map(|document| document.unwrap().value).collect()
}

/// Every object of the installation.
fn installed() -> Vec<Value> {
    parts().iter().flat_map(|path| documents(path)).collect()
}

fn deployment() -> Value {
    let mut all = installed().into_iter();
    all.find(|object| object["kind"] == "Deployment").unwrap()
}

#[test]
fn install_yaml_holds_every_part_in_order() {
    let mut all = String::from("# Generated from the files that kustomization.yaml lists.\n");
    for path in parts() {
        let text = source(&path).text;
        let separator = if text.contains("\n---\n") || text.starts_with("---\n") {
            ""
        } else {
            "---\n"
        };
        all += separator;
        all += &text;
    }
    is_as_generated("manifests/install.yaml", &all);
    assert_eq!(documents("manifests/install.yaml"), installed());
}

#[test]
fn every_manifest_is_in_the_installation_or_said_to_be_optional() {
    let listed: BTreeSet<String> = parts().into_iter().collect();
    let optional = ["deletions.yaml", "install.yaml", "kustomization.yaml"];
    for file in sources("manifests") {
        let beside = ["manifests/chart/", "manifests/experiments/"];
        let beside = beside.iter().any(|folder| file.path.starts_with(folder));
        let known = optional.iter().any(|name| file.path.ends_with(name));
        assert!(
            beside || known || listed.contains(&file.path),
            "{}",
            file.path
        );
    }
}

#[test]
fn the_chart_holds_the_same_definitions_and_certificates() {
    let copies = sources("manifests/crds").into_iter();
    let copies = copies.map(|file| (file.path.replace("crds/", "chart/files/crds/"), file.text));
    let certificates = source("certs/cert-manager.yaml").text;
    let own = [(
        "manifests/chart/files/cert-manager.yaml".to_owned(),
        certificates,
    )];
    for (path, text) in copies.chain(own) {
        is_as_generated(&path, &text);
    }
    assert_eq!(
        sources("manifests/chart/files/crds").len(),
        sources("manifests/crds").len()
    );
}

#[test]
fn the_overlay_for_older_clusters_replaces_every_webhook() {
    let webhooks = &webhooks(Conditions::Unknown)["webhooks"];
    let patch = json!([{"op": "replace", "path": "/webhooks", "value": webhooks}]);
    let text = serde_json::to_string_pretty(&patch).unwrap() + "\n";
    is_as_generated("overlays/kubernetes-1.28/webhooks.json", &text);
    assert!(!text.contains("matchConditions"));
    let webhooks = &injections(Conditions::Unknown)["webhooks"];
    let patch = json!([{"op": "replace", "path": "/webhooks", "value": webhooks}]);
    let text = serde_json::to_string_pretty(&patch).unwrap() + "\n";
    is_as_generated("overlays/kubernetes-1.28/backups.json", &text);
    assert!(!text.contains("matchConditions"));
}

#[test]
fn nothing_of_ours_and_nothing_a_cluster_starts_from_waits_for_us() {
    for conditions in [Conditions::Known, Conditions::Unknown] {
        let webhooks = webhooks(conditions);
        let all = webhooks["webhooks"].as_array().unwrap();
        let closed = all.iter().filter(|it| it["failurePolicy"] == "Fail");
        for webhook in closed {
            for object in installed() {
                let stopped = stops(webhook, &object);
                assert!(
                    !stopped,
                    "{} {} waits for {}",
                    object["kind"], object["metadata"]["name"], webhook["name"]
                );
            }
            for (group, resource) in KUBE_SYSTEM {
                let plain = covers(webhook, group, resource) && !is_narrowed(webhook);
                assert!(!plain, "{resource} wait for {}", webhook["name"]);
            }
        }
    }
}

/// Whether a webhook that fails closed may stop an object from being created.
fn stops(webhook: &Value, object: &Value) -> bool {
    let (group, _) = word(&object["apiVersion"])
        .split_once('/')
        .unwrap_or_default();
    let rows = of_kind(group, word(&object["kind"]));
    let covered = rows
        .iter()
        .any(|row| covers(webhook, row.group, row.plural));
    let labels = object["metadata"]["labels"].as_object();
    let marked = labels.is_some_and(|labels| {
        labels
            .keys()
            .any(|key| !key.starts_with("app.kubernetes.io/"))
    });
    covered && (marked || !is_narrowed(webhook))
}

/// Whether it asks only about what carries labels of chaos.
fn is_narrowed(webhook: &Value) -> bool {
    let conditions = webhook["matchConditions"].as_array().into_iter().flatten();
    let mut names = conditions.map(|it| word(&it["name"]));
    names.any(|name| name == "says-that-it-is-chaos") || webhook["objectSelector"].is_object()
}

fn covers(webhook: &Value, group: &str, resource: &str) -> bool {
    let mut rules = webhook["rules"].as_array().unwrap().iter();
    let lists = |list: &Value, wanted: &str| texts(list).iter().any(|it| it == wanted || it == "*");
    rules.any(|rule| lists(&rule["apiGroups"], group) && lists(&rule["resources"], resource))
}

#[test]
fn everything_of_ours_is_labelled_and_lies_in_our_namespace() {
    for object in installed() {
        let metadata = &object["metadata"];
        let namespace = metadata["namespace"].as_str();
        assert!(
            namespace.is_none_or(|name| name == "firebreak"),
            "{metadata}"
        );
        if object["kind"] != "CustomResourceDefinition" {
            assert_eq!(
                metadata["labels"]["app.kubernetes.io/part-of"], "firebreak",
                "{metadata}"
            );
        }
    }
}

#[test]
fn the_pods_run_with_nothing_that_they_do_not_need() {
    let pod = &deployment()["spec"]["template"]["spec"];
    let secure = &pod["securityContext"];
    assert_eq!(secure["runAsNonRoot"], true);
    assert_eq!(secure["seccompProfile"]["type"], "RuntimeDefault");
    assert!(secure["runAsUser"].as_u64().unwrap() > 10_000);
    for container in pod["containers"].as_array().unwrap() {
        let secure = &container["securityContext"];
        assert_eq!(secure["allowPrivilegeEscalation"], false);
        assert_eq!(secure["readOnlyRootFilesystem"], true);
        assert_eq!(secure["capabilities"], json!({"drop": ["ALL"]}));
        assert!(container["resources"]["limits"]["memory"].is_string());
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            assert_eq!(container[probe]["httpGet"]["port"], "ops", "{probe}");
        }
    }
    for shared in ["hostNetwork", "hostPID", "hostIPC"] {
        assert!(pod[shared].is_null(), "{shared}");
    }
    let mut namespaces = installed()
        .into_iter()
        .filter(|it| it["kind"] == "Namespace");
    let labels = &namespaces.next().unwrap()["metadata"]["labels"];
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
}

#[test]
fn one_pod_at_least_answers_while_others_go() {
    let deployment = deployment();
    assert!(deployment["spec"]["replicas"].as_u64().unwrap() >= 2);
    assert_eq!(
        deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"],
        0
    );
    let all = installed();
    let budget = all
        .iter()
        .find(|it| it["kind"] == "PodDisruptionBudget")
        .unwrap();
    assert_eq!(budget["spec"]["maxUnavailable"], 1);
    for selector in [&budget["spec"]["selector"], &deployment["spec"]["selector"]] {
        assert_eq!(
            selector["matchLabels"],
            json!({"app.kubernetes.io/name": "firebreak"})
        );
    }
}

/// From the API server to the program: the registration, the Service, the pods, and who may reach them.
#[test]
fn the_port_that_the_api_server_calls_leads_to_the_program() {
    let all = installed();
    let of_kind = |kind: &str| all.iter().find(|it| it["kind"] == kind).unwrap();
    let service = of_kind("Service");
    let mut configurations = documents("manifests/webhooks.yaml");
    configurations.extend(documents("manifests/deletions.yaml"));
    configurations.extend(documents("manifests/backups.yaml"));
    for configuration in &configurations {
        for webhook in configuration["webhooks"].as_array().unwrap() {
            let called = &webhook["clientConfig"]["service"];
            for part in ["name", "namespace"] {
                assert_eq!(called[part], service["metadata"][part]);
            }
            let ports = service["spec"]["ports"].as_array().unwrap().iter();
            let port = ports.clone().find(|it| it["port"] == called["port"]);
            assert_eq!(port.unwrap()["targetPort"], "webhook");
        }
    }
    let pod = &deployment()["spec"]["template"];
    for (label, value) in service["spec"]["selector"].as_object().unwrap() {
        assert_eq!(pod["metadata"]["labels"][label], *value);
    }
    let ports = pod["spec"]["containers"][0]["ports"].as_array().unwrap();
    let port = ports.iter().find(|it| it["name"] == "webhook").unwrap();
    let nothing = Sources {
        file: None,
        variable: &|_| None,
        flags: &BTreeMap::new(),
    };
    let default = Config::read(&nothing).unwrap().listen.port();
    assert_eq!(port["containerPort"], default);
    // An API server calls from wherever it runs, most often from no pod.
    let ingress = &of_kind("NetworkPolicy")["spec"]["ingress"];
    let lets_in = |it: &&Value| {
        it["ports"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["port"] == "webhook")
    };
    let rule = ingress.as_array().unwrap().iter().find(lets_in).unwrap();
    assert!(rule["from"].is_null(), "{rule}");
}

#[test]
fn the_program_accepts_every_configuration_that_is_installed() {
    let overlays = ["guard-deletions", "cert-manager"];
    let overlays = overlays.map(|name| format!("overlays/{name}/config.yaml"));
    for path in overlays
        .iter()
        .map(String::as_str)
        .chain(["manifests/configmap.yaml"])
    {
        let config = documents(path).remove(0);
        let sources = Sources {
            file: Some((path, word(&config["data"]["config.yaml"]))),
            variable: &|_| None,
            flags: &BTreeMap::new(),
        };
        let accepted = Config::read(&sources);
        assert!(accepted.is_ok(), "{path}: {:?}", accepted.err());
    }
}

#[test]
fn pods_are_given_longer_than_their_drain_takes() {
    let all = installed();
    let config = all.iter().find(|it| it["kind"] == "ConfigMap").unwrap();
    let config = word(&config["data"]["config.yaml"]);
    let config = yaml::read(config, yaml::LARGEST).remove(0).unwrap().value;
    let drain =
        ["delay", "timeout"].map(|key| parse_duration(word(&config["drain"][key])).unwrap());
    let grace = &deployment()["spec"]["template"]["spec"]["terminationGracePeriodSeconds"];
    assert!(grace.as_u64().unwrap() > (drain[0] + drain[1]).as_secs());
}

#[test]
fn every_value_of_the_chart_is_in_its_schema() {
    let schema = fs::read(root().join("manifests/chart/values.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let values = documents("manifests/chart/values.yaml").remove(0);
    walk("", &values, &schema);
}

/// Whether a schema knows the keys of a value, and the value has all that it knows.
fn walk(path: &str, value: &Value, schema: &Value) {
    let Some(fields) = value.as_object() else {
        return;
    };
    let Some(known) = schema["properties"].as_object() else {
        return;
    };
    assert_eq!(
        schema["additionalProperties"], false,
        "{path} takes any key"
    );
    for (key, value) in fields {
        assert!(known.contains_key(key), "{path}.{key} is not in the schema");
        walk(&format!("{path}.{key}"), value, &known[key]);
    }
    for key in known.keys().filter(|key| *key != "global") {
        assert!(fields.contains_key(key), "{path}.{key} has no value");
    }
}

#[test]
fn no_key_lies_in_the_tree() {
    for folder in ["certs", "manifests", "overlays", "docs", "examples"] {
        for file in sources(folder) {
            let key = ["-----BEGIN ", "PRIVATE KEY"].map(|text| file.text.contains(text));
            assert!(key != [true, true], "{} holds a key", file.path);
        }
    }
}

#[test]
fn the_throwaway_authority_signs_for_the_service_alone() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));

    let run = |program: &str, arguments: &[&str]| Command::new(program).args(arguments).output();
    if run("openssl", &["version"]).is_err() {
        println!("skipped: openssl is not here");
        return;
    }
    let folder = folder.join("throwaway");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let script = root()
        .join("certs/throwaway.sh")
        .to_string_lossy()
        .into_owned();
    let made = run("bash", &[&script, &path(""), "guard", "chaos"]).unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let (authority, certificate) = (path("ca.crt"), path("tls.crt"));
    for (host, good) in [
        ("guard.chaos.svc", true),
        ("firebreak.firebreak.svc", false),
    ] {
        let arguments = [
            "verify",
            "-CAfile",
            &authority,
            "-verify_hostname",
            host,
            &certificate,
        ];
        let verified = run("openssl", &arguments).unwrap().status.success();
        assert_eq!(verified, good, "{host}");
    }
}
