//! A real control plane for tests: etcd, the API server, the controllers, the scheduler, and nodes
//! that KWOK plays.
//!
//! There is one for a run, started when a test first asks for it, because it takes seconds and
//! a gigabyte. Tests have it for themselves one after the other, and tidy up after themselves.

mod access;
pub(crate) mod audit;
pub(crate) mod authority;
pub(crate) mod balancer;
mod control_plane;
pub(crate) mod crds;
mod kubectl;
pub(crate) mod load;
pub(crate) mod nodes;
mod ports;
mod process;
mod programs;
pub(crate) mod replicas;
mod until;
pub(crate) mod webhook;
mod world;

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Instant;

use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) use control_plane::ControlPlane;
pub(crate) use kubectl::{Ended, Kubectl};
pub(crate) use process::Process;
pub(crate) use programs::{Programs, helm};
pub(crate) use until::{stays, until, within};

/// A control plane for tests.
pub(crate) struct Bed {
    folder: PathBuf,
    control_plane: ControlPlane,
    admin: PathBuf,
    /// Whether the kinds are defined; it takes long enough to be done once.
    kinds: Once,
    runtime: Runtime,
}

impl Bed {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(programs: Programs) -> Self {
        let begun = Instant::now();
        let folder = run_folder();
        let control_plane = ControlPlane::start(&folder, programs);
        let admin = control_plane.certified("admin", Some("system:masters"));
        let bed = Self {
            admin: access::file(&folder, "admin.kubeconfig", admin.to_string()),
            folder,
            control_plane,
            kinds: Once::new(),
            runtime: Runtime::new().expect("a runtime"),
        };
        bed.ready();
        bed.control_plane.start_workers();
        until("the namespace `default`", || {
            bed.control_plane.must_run();
            let account = ["get", "serviceaccount", "default", "--namespace=default"];
            bed.answer(&account)
        });
        let version = bed.version();
        println!("control plane {version} ready in {:.1?}", begun.elapsed());
        bed
    }

    /// Waits until the API server is ready.
    pub(crate) fn ready(&self) {
        until("the API server is ready", || {
            self.control_plane.must_run();
            self.answer(&["get", "--raw", "/readyz"])
        });
    }

    /// A client of an administrator.
    pub(crate) fn admin_client(&self) -> kube::Client {
        let text = fs::read_to_string(&self.admin).expect("ours");
        self.client(&serde_json::from_str(&text).expect("ours"))
    }

    fn answer(&self, arguments: &[&str]) -> Result<String, String> {
        let ended = self.kubectl(arguments).run();
        match ended.code {
            Some(0) => Ok(ended.out),
            _ => Err(ended.told()),
        }
    }

    fn version(&self) -> String {
        let version = self.kubectl(&["version"]).json();
        let text = version["serverVersion"]["gitVersion"].as_str();
        text.unwrap_or_default().to_owned()
    }

    /// What the run leaves behind, logs among it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Etcd, the API server and the others.
    pub(crate) fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    /// The kubeconfig of an administrator.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.admin
    }

    /// A call of `kubectl` by an administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Kubectl {
        let program = self.control_plane.program("kubectl");
        Kubectl::new(program, &self.admin, arguments)
    }

    /// Applies manifests, as an administrator.
    pub(crate) fn apply(&self, manifests: impl Into<String>) {
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
        self.kubectl(&apply).input(manifests).succeeds();
    }

    /// Lets somebody do everything, as far as RBAC is asked.
    pub(crate) fn may_do_everything(&self, user: &str) {
        self.apply(format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
             metadata: {{name: everything-{user}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]\n"
        ));
    }

    /// Removes a namespace and all that is in it.
    pub(crate) fn forget(&self, namespace: &str) {
        let delete = [
            "delete",
            "namespace",
            namespace,
            "--ignore-not-found",
            "--timeout=5m",
        ];
        self.kubectl(&delete).succeeds();
    }

    /// Has etcd forget all but the present, as it does every few minutes.
    pub(crate) fn compact(&self) {
        let etcd = self.control_plane.etcd_address();
        let range = balancer::post(etcd, "/v3/kv/range", r#"{"key": "AA=="}"#).expect("etcd");
        let revision = range.split_once("\"revision\":").expect("a revision").1;
        let compaction = format!("{{\"revision\": {}, \"physical\": true}}", quoted(revision));
        let answer = balancer::post(etcd, "/v3/kv/compaction", &compaction).expect("etcd");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// The same of several objects. A `List` would have kubectl fetch the schemas of all kinds, and a text
    /// that begins with a brace is one JSON object to those of 1.30.
    pub(crate) fn apply_all(&self, objects: impl IntoIterator<Item = Value>) {
        let documents: Vec<String> = objects.into_iter().map(|it| it.to_string()).collect();
        self.apply(format!("---\n{}", documents.join("\n---\n")));
    }

    /// A kubeconfig of a service account, which is made if it is not there, with a token of its own.
    pub(crate) fn account(&self, namespace: &str, name: &str) -> Value {
        self.apply(format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        ));
        let place = format!("--namespace={namespace}");
        let token = self.kubectl(&["create", "token", name, &place]).succeeds();
        let proof = access::Proof::Token(token.trim());
        self.control_plane.door().kubeconfig(&proof)
    }

    /// A client of whoever the kubeconfig is for.
    pub(crate) fn client(&self, kubeconfig: &Value) -> kube::Client {
        let kubeconfig: Kubeconfig = serde_json::from_value(kubeconfig.clone()).expect("ours");
        self.wait(async {
            let options = KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options);
            kube::Client::try_from(config.await.expect("ours")).expect("a client")
        })
    }

    /// Waits for a future.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Waits until whoever started the run wants it to end.
    pub(crate) async fn interrupted() {
        let mut terminated = signal(SignalKind::terminate()).expect("a handler");
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
    }

    /// Has nothing left behind when the run is interrupted.
    pub(crate) fn end_when_interrupted(&'static self) {
        self.runtime.spawn(async {
            Self::interrupted().await;
            self.end(false);
            std::process::exit(130);
        });
    }

    /// Ends every process; the folder goes too unless it is of use to somebody.
    pub(crate) fn end(&self, failed: bool) {
        self.control_plane.end();
        if failed {
            println!("logs of the control plane: {}", self.folder.display());
        } else {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// An empty folder for this run.
fn run_folder() -> PathBuf {
    let name = format!("cluster-{}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder of the run");
    folder
}

/// The text in quotes at the beginning.
fn quoted(text: &str) -> &str {
    text.split('"').nth(1).unwrap_or_default()
}
