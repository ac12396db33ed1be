//! What backups need around databases, and the webhook that gives them, in the admission chain.

use std::time::Duration;

use firebreak::object::Object;
use http::Request;
use kube::Client;
use serde_json::{Value, json};

use crate::bed::balancer::Balancer;
use crate::bed::replicas::{Replicas, Settings};
use crate::bed::webhook::{Registered, registrations};
use crate::bed::{Bed, within};

/// The namespace of the databases.
pub(crate) const PLACE: &str = "backups";

/// How long it may take until the webhook answers as the cluster is.
pub(crate) const LONG: Duration = Duration::from_secs(90);

/// The annotation that says what was added.
pub(crate) const ADDED: &str = "firebreak.dev/backup-injected";

const DEFAULTS: &str = r#"
apiVersion: firebreak.dev/v1alpha1
kind: BackupDefaults
metadata: {name: every}
spec:
  appliesTo: {databases: ["*"], namespaces: {matchLabels: {kubernetes.io/metadata.name: backups}}}
  storage:
    name: store
    s3: {bucket: backups, region: us-east-1, endpointUrl: "https://minio.minio.svc:9000",
      credentialsSecret: percona-backup-minio-credentials}
  pointInTime: {enabled: true, interval: 60s}
  schedules:
    - {name: daily, schedule: "0 2 * * *", keep: 7}
    - {name: weekly, schedule: "0 1 * * 0", keep: 8}
  images:
    PerconaXtraDBCluster: {"*": x}
    PerconaServerMySQL: {"*": x}
    PerconaServerMongoDB: {"*": x}
  overrides:
    postgresql: {enableLogicalBackup: true}
    PerconaXtraDBCluster: {allowParallel: false}
    MariaDB: {pointInTimeRecoveryRef: {name: logs}}
"#;

const AROUND: &str = r#"
apiVersion: v1
kind: Secret
metadata: {name: percona-backup-minio-credentials, namespace: backups}
stringData: {AWS_ACCESS_KEY_ID: a, AWS_SECRET_ACCESS_KEY: b, s3.conf: c, credentials: d}
---
apiVersion: v1
kind: Service
metadata: {name: barman-cloud, namespace: backups, labels: {cnpg.io/pluginName: barman-cloud.cloudnative-pg.io}}
spec: {ports: [{port: 9090}]}
---
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata: {name: store, namespace: backups}
spec: {retentionPolicy: 30d, configuration: {destinationPath: "s3://backups/backups/"}}
---
apiVersion: k8s.mariadb.com/v1alpha1
kind: PointInTimeRecovery
metadata: {name: logs, namespace: backups}
spec:
  physicalBackupRef: {name: physical}
  storage: {s3: {bucket: binlogs, prefix: mariadb, endpoint: "minio:9000"}}
"#;

/// A database of each kind as short as its operator takes it, without backups: kind, version of its API,
/// and what it says.
#[rustfmt::skip]
const BARE: &[(&str, &str, &str)] = &[
    ("PerconaXtraDBCluster", "pxc.percona.com/v1", r#"{crVersion: 1.19.0, pxc: {size: 3,
        image: "percona/percona-xtradb-cluster:8.4.7-7.1",
        volumeSpec: {persistentVolumeClaim: {resources: {requests: {storage: 6Gi}}}}}}"#),
    ("PerconaServerMySQL", "ps.percona.com/v1", r#"{crVersion: 1.2.0, unsafeFlags: {orchestrator: false},
        proxy: {haproxy: {enabled: true, size: 3, image: "percona/haproxy:2.8"}}, mysql: {size: 3, clusterType: group-replication,
        image: "percona/percona-server:8.4.6", volumeSpec: {persistentVolumeClaim: {resources: {requests: {storage: 2Gi}}}}}}"#),
    ("PerconaServerMongoDB", "psmdb.percona.com/v1", r#"{crVersion: 1.22.0, image: "percona/percona-server-mongodb:8.0",
        replsets: [{name: rs0, size: 3, volumeSpec: {persistentVolumeClaim: {resources: {requests: {storage: 3Gi}}}}}]}"#),
    ("Cluster", "postgresql.cnpg.io/v1", "{instances: 3, storage: {size: 1Gi}}"),
    ("PerconaPGCluster", "pgv2.percona.com/v2", "{crVersion: 3.0.0, postgresVersion: 17, instances: [{name: instance1,
        replicas: 3, dataVolumeClaimSpec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}"),
    ("PostgresCluster", "postgres-operator.crunchydata.com/v1beta1", "{postgresVersion: 17, instances: [{name: one,
        replicas: 2, dataVolumeClaimSpec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}"),
    ("postgresql", "acid.zalan.do/v1", r#"{teamId: acid, numberOfInstances: 2, volume: {size: 1Gi}, postgresql: {version: "17"}}"#),
    ("InnoDBCluster", "mysql.oracle.com/v2", "{instances: 3, secretName: pw, router: {instances: 1}}"),
    ("MariaDB", "k8s.mariadb.com/v1alpha1", r#"{replicas: 3, image: "mariadb:12.1", replication: {enabled: true},
        storage: {size: 1Gi}}"#),
];

/// A database of this kind without backups.
pub(crate) fn bare(kind: &str, name: &str) -> Value {
    let found = BARE.iter().find(|(it, ..)| *it == kind);
    let (kind, version, spec) = found.expect("a kind");
    let spec = firebreak::yaml::read(spec, firebreak::yaml::LARGEST).remove(0);
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": PLACE},
        "spec": spec.expect("ours").value})
}

/// A database of Percona XtraDB without backups.
pub(crate) fn xtradb(name: &str) -> Value {
    bare("PerconaXtraDBCluster", name)
}

/// The webhook that gives backups, behind a balancer, and all that it needs.
pub(crate) struct Given<'a> {
    pub(crate) bed: &'a Bed,
    pub(crate) guards: Replicas,
    _registered: Registered<'a>,
}

impl<'a> Given<'a> {
    pub(crate) fn start(bed: &'a Bed) -> Self {
        bed.define_kinds();
        let balancer = Balancer::new(Vec::new());
        let mut files = registrations("webhooks.yaml");
        files.extend(registrations("backups.yaml"));
        // The guard itself tells both configurations of its authority.
        let registered = bed.register(files, balancer.port(), None);
        let given = Self {
            bed,
            guards: bed.serve_behind(balancer, 1, &Settings::default()),
            _registered: registered,
        };
        prepare(bed);
        given
    }

    /// A database as it would be stored.
    pub(crate) fn tried(&self, object: &Value) -> Value {
        tried(self.bed, object)
    }
}

/// A database as it would be stored.
fn tried(bed: &Bed, object: &Value) -> Value {
    let create = ["create", "--dry-run=server", "-f", "-", "-o", "json"];
    let ended = bed.kubectl(&create).input(object.to_string()).run();
    serde_json::from_str(&ended.out).unwrap_or_else(|_| json!(ended.told()))
}

/// Makes what backups need, and waits until databases are given them.
pub(crate) fn prepare(bed: &Bed) {
    bed.namespace(PLACE);
    bed.apply(AROUND);
    within(LONG, "the defaults are accepted", || {
        let apply = ["apply", "--server-side", "-f", "-"];
        let ended = bed.kubectl(&apply).input(DEFAULTS).run();
        let accepted = ended.code == Some(0);
        if accepted { Ok(()) } else { Err(ended.told()) }
    });
    within(LONG, "databases are given backups", || {
        // Whoever changes the defaults has their storage probed anew.
        is_reached(bed);
        let tried = [xtradb("dry"), bare("Cluster", "dry")].map(|it| tried(bed, &it));
        let given = |it: &Value| it["metadata"]["annotations"][ADDED].is_string();
        if tried.iter().all(given) {
            Ok(())
        } else {
            Err(json!(tried))
        }
    });
}

/// Says what a probe of the storage would.
fn is_reached(bed: &Bed) {
    let get = ["get", "backupdefaults", "every"];
    let defaults = bed.kubectl(&get).json();
    let generation = &defaults["metadata"]["generation"];
    let kept = defaults["status"]["conditions"].as_array().into_iter();
    let kept = kept.flatten().filter(|it| it["type"] != "StorageReachable");
    let mut conditions: Vec<Value> = kept.cloned().collect();
    conditions.push(
        json!({"type": "StorageReachable", "status": "True", "reason": "Probed", "message": "",
        "observedGeneration": generation, "lastTransitionTime": "2026-01-01T00:00:00Z"}),
    );
    let patch = json!({"status": {"conditions": conditions}}).to_string();
    let patch = [
        "patch",
        "backupdefaults",
        "every",
        "--subresource=status",
        "--type=merge",
        "--patch",
        &patch,
    ];
    bed.kubectl(&patch).succeeds();
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        self.guards.each.clear();
        let delete = ["delete", "backupdefaults", "--all"];
        drop(self.bed.kubectl(&delete).run());
        self.bed.forget_leader();
    }
}

/// A request to the API server: what it answers, or what it complains of.
pub(crate) async fn ask(
    client: &Client,
    (method, path): (&str, &str),
    body: Option<&Value>,
) -> Result<Value, String> {
    let kind = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    let bytes = body.map(|it| it.to_string().into_bytes());
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", kind);
    let request = request.body(bytes.unwrap_or_default()).expect("a request");
    let answer: Result<Value, kube::Error> = client.request(request).await;
    answer.map_err(|error| error.to_string())
}

/// The path of the databases of a kind.
pub(crate) fn path(object: &Object, plural: &str) -> String {
    let api = object.reference().api_version();
    format!("/apis/{api}/namespaces/{PLACE}/{plural}")
}
