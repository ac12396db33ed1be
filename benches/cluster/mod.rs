//! A cluster in the shape of real ones, object by object, as an API server tells of it.

use serde_json::{Value, json};

/// Pods of one namespace.
const PER_NAMESPACE: usize = 100;
/// Pods of one workload.
const REPLICAS: usize = 5;
/// Pods of one node.
const PER_NODE: usize = 30;
/// Old ReplicaSets that a Deployment leaves behind.
const REVISIONS: usize = 10;

const CONDITIONS: [&str; 5] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];
const MANAGERS: [&str; 3] = ["kube-controller-manager", "kubelet", "calico"];
const TAINTS: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

/// Every object of a cluster with this many pods, one after the other.
pub(crate) fn objects(pods: usize) -> impl Iterator<Item = Value> {
    let nodes = (0..=pods / PER_NODE).map(node);
    let namespaces = (0..=pods / PER_NAMESPACE).map(|index| {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(&namespace(index), "", &json!({}))})
    });
    let workloads = (0..pods / REPLICAS).flat_map(workload);
    nodes.chain(namespaces).chain(workloads)
}

fn namespace(index: usize) -> String {
    format!("team-{index}")
}

/// One workload with all that belongs to it: every third is a database without an operator.
fn workload(index: usize) -> Vec<Value> {
    let place = namespace(index * REPLICAS / PER_NAMESPACE);
    let name = format!("service-{index}");
    let stateful = index.is_multiple_of(3);
    let app = if stateful { "postgresql" } else { "api" };
    let labels = json!({"app.kubernetes.io/name": app, "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": format!("{app}-1.2.3")});
    let mut all = vec![
        service(&place, &name, &labels),
        budget(&place, &name, &labels),
    ];
    let template = json!({"metadata": {"labels": labels}, "spec": spec(app, &name, "")});
    if stateful {
        let spec = json!({"replicas": REPLICAS, "template": template, "serviceName": name,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}]});
        all.push(described(
            ("apps/v1", "StatefulSet"),
            (&place, &name),
            &labels,
            &spec,
        ));
    } else {
        let spec = json!({"replicas": REPLICAS, "template": template});
        all.push(described(
            ("apps/v1", "Deployment"),
            (&place, &name),
            &labels,
            &spec,
        ));
        all.extend((0..REVISIONS).map(|revision| replica_set(&place, &name, revision, &template)));
    }
    all.extend((0..REPLICAS).map(|ordinal| pod(index, ordinal)));
    all
}

fn hash(revision: usize) -> String {
    format!("{:010x}", revision * 7_919 + 5_381)
}

fn replica_set(place: &str, name: &str, revision: usize, template: &Value) -> Value {
    let hash = hash(revision);
    let mut template = template.clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let labels = template["metadata"]["labels"].clone();
    let replicas = if revision == 0 { REPLICAS } else { 0 };
    let spec = json!({"replicas": replicas, "template": template});
    let mut object = described(
        ("apps/v1", "ReplicaSet"),
        (place, &format!("{name}-{hash}")),
        &labels,
        &spec,
    );
    object["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": true}
    ]);
    object
}

/// A pod of a workload.
fn pod(index: usize, ordinal: usize) -> Value {
    let place = namespace(index * REPLICAS / PER_NAMESPACE);
    let workload = format!("service-{index}");
    let stateful = index.is_multiple_of(3);
    let app = if stateful { "postgresql" } else { "api" };
    let mut labels = json!({"app.kubernetes.io/name": app, "app.kubernetes.io/instance": workload,
        "app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": format!("{app}-1.2.3")});
    let (name, owner) = if stateful {
        let name = format!("{workload}-{ordinal}");
        labels["statefulset.kubernetes.io/pod-name"] = json!(name);
        labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
        labels["controller-revision-hash"] = json!(format!("{workload}-{}", hash(1)));
        (name, json!({"kind": "StatefulSet", "name": workload}))
    } else {
        labels["pod-template-hash"] = json!(hash(0));
        let set = format!("{workload}-{}", hash(0));
        let suffix = (index * 31 + ordinal * 7) % 60_466_176;
        (
            format!("{set}-{suffix:05x}"),
            json!({"kind": "ReplicaSet", "name": set}),
        )
    };
    let number = index * REPLICAS + ordinal;
    let ip = format!(
        "10.{}.{}.{}",
        number / 65_536,
        number / 256 % 256,
        number % 256
    );
    let mut metadata = metadata(&name, &place, &labels);
    metadata["annotations"] = json!({"cni.projectcalico.org/podIP": format!("{ip}/32"),
        "cni.projectcalico.org/containerID": format!("{number:064x}"),
        "checksum/config": format!("{:064x}", index % 50), "prometheus.io/scrape": "true"});
    metadata["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": owner["kind"],
        "name": owner["name"], "uid": format!("{index:032x}"), "controller": true,
        "blockOwnerDeletion": true}]);
    let claim = if stateful {
        format!("data-{name}")
    } else {
        String::new()
    };
    let mut spec = spec(app, &workload, &claim);
    spec["nodeName"] = json!(format!("node-{}", number / PER_NODE));
    let status = |name: &str| {
        json!({"name": name, "ready": true, "restartCount": 0, "lastState": {},
            "image": "registry.example/team/image:1.2.3",
            "imageID": format!("registry.example/team/image@sha256:{index:064x}"),
            "containerID": format!("containerd://{number:064x}"),
            "state": {"running": {"startedAt": "2026-11-20T10:00:00Z"}}})
    };
    let statuses = ["main", "sidecar"].map(status);
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True",
        "lastTransitionTime": "2026-11-20T10:00:00Z", "lastProbeTime": null})
    };
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {
            "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "192.168.0.1",
            "qosClass": "Burstable", "startTime": "2026-11-20T10:00:00Z",
            "conditions": CONDITIONS.map(condition),
            "containerStatuses": statuses,
    }})
}

fn metadata(name: &str, namespace: &str, labels: &Value) -> Value {
    let fields = json!({"f:metadata": {"f:annotations": {".": {}, "f:checksum/config": {}},
        "f:labels": {".": {}, "f:app.kubernetes.io/name": {}, "f:app.kubernetes.io/instance": {}},
        "f:ownerReferences": {".": {}, "k:{\"uid\":\"1\"}": {}}},
        "f:spec": {"f:containers": {"k:{\"name\":\"main\"}": {".": {}, "f:env": {".": {},
            "k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}},
            "k:{\"name\":\"B\"}": {".": {}, "f:name": {}, "f:value": {}}},
            "f:image": {}, "f:imagePullPolicy": {}, "f:livenessProbe": {".": {}, "f:httpGet": {}},
            "f:resources": {".": {}, "f:limits": {}, "f:requests": {}}}}}});
    let managed = |manager: &str| {
        json!({"manager": manager, "operation": "Update",
        "apiVersion": "v1", "time": "2026-11-20T10:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": fields})
    };
    let mut metadata = json!({"name": name, "labels": labels, "uid": format!("{:032x}", name.len()),
        "resourceVersion": "123456789", "creationTimestamp": "2026-11-20T10:00:00Z",
        "managedFields": MANAGERS.map(managed)});
    if !namespace.is_empty() {
        metadata["namespace"] = json!(namespace);
    }
    metadata
}

fn described(
    (version, kind): (&str, &str),
    (place, name): (&str, &str),
    labels: &Value,
    spec: &Value,
) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": metadata(name, place, labels),
        "spec": spec, "status": {"replicas": REPLICAS, "readyReplicas": REPLICAS}})
}

fn service(place: &str, name: &str, labels: &Value) -> Value {
    let spec = json!({"clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.1"], "type": "ClusterIP",
        "selector": {"app.kubernetes.io/instance": name}, "ports": [{"port": 80}]});
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(name, place, labels), "spec": spec})
}

fn budget(place: &str, name: &str, labels: &Value) -> Value {
    let spec = json!({"minAvailable": 2,
        "selector": {"matchLabels": {"app.kubernetes.io/instance": name}}});
    let mut budget = described(
        ("policy/v1", "PodDisruptionBudget"),
        (place, name),
        labels,
        &spec,
    );
    budget["status"]["disruptionsAllowed"] = json!(3);
    budget
}

fn node(index: usize) -> Value {
    let name = format!("node-{index}");
    let labels = json!({"kubernetes.io/hostname": name, "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux", "node.kubernetes.io/instance-type": "m6i.4xlarge",
        "topology.kubernetes.io/region": "eu-1",
        "topology.kubernetes.io/zone": format!("eu-1{}", ["a", "b", "c"][index % 3])});
    let image = |image: usize| {
        json!({"sizeBytes": 123_456_789,
        "names": [format!("registry.example/image-{image}@sha256:{image:064x}")]})
    };
    json!({"apiVersion": "v1", "kind": "Node", "metadata": metadata(&name, "", &labels),
        "spec": {"providerID": format!("aws:///eu-1a/i-{index:017x}")},
        "status": {"images": (0..50).map(image).collect::<Vec<_>>()}})
}

fn spec(app: &str, workload: &str, claim: &str) -> Value {
    let variable = |name: usize| json!({"name": format!("SETTING_{name}"), "value": format!("{workload}-{name}")});
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
        "periodSeconds": 10, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3});
    let container = |name: &str, port: u32| {
        json!({"name": name,
        "image": format!("registry.example/team/{app}:1.2.3"),
        "args": ["--config", "/etc/config/config.yaml", "--log-level", "info"],
        "env": (0..10).map(variable).collect::<Vec<_>>(),
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "livenessProbe": probe, "readinessProbe": probe, "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": {"cpu": "2", "memory": "2Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "volumeMounts": [{"name": "config", "mountPath": "/etc/config"},
            {"name": "kube-api-access", "mountPath": "/var/run/secrets", "readOnly": true}]})
    };
    let mut volumes = vec![
        json!({"name": "config", "configMap": {"name": workload, "defaultMode": 420}}),
        json!({"name": "kube-api-access", "projected": {"sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]}}),
    ];
    if !claim.is_empty() {
        volumes.push(json!({"name": "data", "persistentVolumeClaim": {"claimName": claim}}));
    }
    let port = if app == "postgresql" { 5432 } else { 8080 };
    let tolerated = |key: &str| {
        json!({"key": key, "operator": "Exists", "effect": "NoExecute",
        "tolerationSeconds": 300})
    };
    json!({"containers": [container("main", port), container("sidecar", 9090)], "volumes": volumes,
        "serviceAccountName": workload, "serviceAccount": workload, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "dnsPolicy": "ClusterFirst", "enableServiceLinks": true,
        "securityContext": {"runAsNonRoot": true}, "terminationGracePeriodSeconds": 30,
        "tolerations": TAINTS.map(tolerated),
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": workload}}}}]}}})
}
