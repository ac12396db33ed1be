//! The control plane of a run: etcd, the API server, and those who work on what it holds.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};

use super::access::{Door, Proof, file, user};
use super::authority::{Authority, key_pair};
use super::ports;
use super::process::Process;
use super::programs::Programs;

/// The ports that a run keeps, also over restarts.
struct Ports {
    etcd: u16,
    peer: u16,
    api: u16,
    controllers: u16,
    scheduler: u16,
}

/// The control plane of a run.
pub(crate) struct ControlPlane {
    folder: PathBuf,
    programs: Programs,
    ports: Ports,
    /// Who issues what clients come in with.
    clients: Authority,
    /// Who issues what the API server shows to webhooks.
    callers: Authority,
    door: Door,
    running: Mutex<BTreeMap<&'static str, Process>>,
}

/// Those who work on what the API server holds.
const WORKERS: [&str; 3] = ["kube-controller-manager", "kube-scheduler", "kwok"];

impl ControlPlane {
    /// Starts etcd and the API server, which is not ready yet.
    pub(crate) fn start(folder: &Path, programs: Programs) -> Self {
        let [etcd, peer, api, controllers, scheduler] = ports::free();
        let servers = Authority::new("firebreak bed: servers");
        let this = Self {
            folder: folder.to_owned(),
            programs,
            ports: Ports {
                etcd,
                peer,
                api,
                controllers,
                scheduler,
            },
            clients: Authority::new("firebreak bed: clients"),
            callers: Authority::new("firebreak bed: callers of webhooks"),
            door: Door {
                url: format!("https://127.0.0.1:{api}"),
                authority: servers.pem(),
            },
            running: Mutex::default(),
        };
        this.write_files(&servers);
        this.launch("etcd");
        this.launch("kube-apiserver");
        this
    }

    /// Starts those who work on what a ready API server holds.
    pub(crate) fn start_workers(&self) {
        for name in WORKERS {
            self.launch(name);
        }
    }

    /// Starts one of the programs, on the ports and the data that it had before.
    pub(crate) fn launch(&self, name: &'static str) {
        let arguments = match name {
            "etcd" => self.etcd(),
            "kube-apiserver" => self.api(),
            "kube-controller-manager" => self.controllers(),
            "kube-scheduler" => self.scheduler(),
            _ => self.kwok(),
        };
        let process = Process::start(name, &self.folder, self.programs.path(name), arguments);
        lock(&self.running).insert(name, process);
    }

    /// Kills one of the programs.
    pub(crate) fn kill(&self, name: &str) {
        drop(lock(&self.running).remove(name));
    }

    /// Sends one of the programs a signal: `STOP` makes it hang, `CONT` go on.
    pub(crate) fn signal(&self, name: &str, signal: &str) {
        if let Some(process) = lock(&self.running).get(name) {
            process.signal(signal);
        }
    }

    /// The way in.
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// Where a program is.
    pub(crate) fn program(&self, name: &str) -> &Path {
        self.programs.path(name)
    }

    /// Where the API server is.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.api))
    }

    /// Where etcd serves clients, without TLS.
    pub(crate) fn etcd_address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.etcd))
    }

    /// A kubeconfig for an account with a certificate, and of a group where one is given.
    pub(crate) fn certified(&self, name: &str, group: Option<&str>) -> Value {
        let issued = self.clients.client(name, group);
        self.door.kubeconfig(&Proof::Certificate(&issued))
    }

    /// The authority behind the certificate that the API server, named `kube-apiserver`, shows to
    /// webhooks, PEM.
    pub(crate) fn webhook_client_authority(&self) -> String {
        self.callers.pem()
    }

    /// Fails with the end of a log when something that was started is not running.
    pub(crate) fn must_run(&self) {
        lock(&self.running).values_mut().for_each(Process::must_run);
    }

    /// Ends every process.
    pub(crate) fn end(&self) {
        lock(&self.running).clear();
    }

    fn write_files(&self, servers: &Authority) {
        let write = |name: &str, text: &str| file(&self.folder, name, text);
        let server = servers.server(&["localhost"]);
        write("servers.crt", &servers.pem());
        write("api.crt", &server.certificate);
        write("api.key", &server.key);
        let (private, public) = key_pair();
        write("accounts.key", &private);
        write("accounts.pub", &public);
        write("clients.crt", &self.clients.pem());
        // Newer API servers refuse to start when these two are one.
        write(
            "proxies.crt",
            &Authority::new("firebreak bed: proxies").pem(),
        );
        let accounts = [
            (
                "kube-controller-manager",
                "system:kube-controller-manager",
                None,
            ),
            ("kube-scheduler", "system:kube-scheduler", None),
            ("kwok", "system:node:kwok", Some("system:masters")),
        ];
        for (program, name, group) in accounts {
            let config = self.certified(name, group);
            write(&format!("{program}.kubeconfig"), &config.to_string());
        }
        let caller = self.callers.client("kube-apiserver", None);
        let users = json!([{"name": "*", "user": user(&Proof::Certificate(&caller))}]);
        let config = json!({"apiVersion": "v1", "kind": "Config", "users": users});
        write("webhooks.kubeconfig", &config.to_string());
        write("admission.yaml", &self.admission().to_string());
        write("audit.yaml", &audit().to_string());
    }

    /// Gives the API server a certificate for its calls of webhooks.
    fn admission(&self) -> Value {
        let plugin = |name: &str| {
            json!({"name": name, "configuration": {
                "apiVersion": "apiserver.config.k8s.io/v1",
                "kind": "WebhookAdmissionConfiguration",
                "kubeConfigFile": self.path("webhooks.kubeconfig"),
            }})
        };
        json!({
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AdmissionConfiguration",
            "plugins": [plugin("ValidatingAdmissionWebhook"), plugin("MutatingAdmissionWebhook")],
        })
    }

    fn etcd(&self) -> Vec<String> {
        let client = format!("http://127.0.0.1:{}", self.ports.etcd);
        let peer = format!("http://127.0.0.1:{}", self.ports.peer);
        flags(&[
            ("name", "bed"),
            ("data-dir", &self.path("etcd")),
            ("listen-client-urls", &client),
            ("advertise-client-urls", &client),
            ("listen-peer-urls", &peer),
            ("initial-advertise-peer-urls", &peer),
            ("initial-cluster", &format!("bed={peer}")),
            ("unsafe-no-fsync", "true"),
            ("log-level", "warn"),
        ])
    }

    fn api(&self) -> Vec<String> {
        flags(&[
            (
                "etcd-servers",
                &format!("http://127.0.0.1:{}", self.ports.etcd),
            ),
            ("bind-address", "127.0.0.1"),
            ("advertise-address", "127.0.0.1"),
            ("secure-port", &self.ports.api.to_string()),
            ("endpoint-reconciler-type", "none"),
            ("tls-cert-file", &self.path("api.crt")),
            ("tls-private-key-file", &self.path("api.key")),
            ("client-ca-file", &self.path("clients.crt")),
            ("requestheader-client-ca-file", &self.path("proxies.crt")),
            ("service-account-issuer", &self.door.url),
            ("service-account-key-file", &self.path("accounts.pub")),
            (
                "service-account-signing-key-file",
                &self.path("accounts.key"),
            ),
            ("service-cluster-ip-range", "10.96.0.0/16"),
            ("authorization-mode", "RBAC"),
            ("allow-privileged", "true"),
            ("disable-admission-plugins", "ServiceAccount"),
            (
                "admission-control-config-file",
                &self.path("admission.yaml"),
            ),
            ("audit-policy-file", &self.path("audit.yaml")),
            ("audit-log-path", &self.path("audit.log")),
            ("cert-dir", &self.path("")),
        ])
    }

    fn controllers(&self) -> Vec<String> {
        flags(&[
            (
                "kubeconfig",
                &self.path("kube-controller-manager.kubeconfig"),
            ),
            ("bind-address", "127.0.0.1"),
            ("secure-port", &self.ports.controllers.to_string()),
            ("cert-dir", &self.path("controllers")),
            ("leader-elect", "false"),
            ("root-ca-file", &self.path("servers.crt")),
            (
                "service-account-private-key-file",
                &self.path("accounts.key"),
            ),
            ("use-service-account-credentials", "true"),
        ])
    }

    fn scheduler(&self) -> Vec<String> {
        flags(&[
            ("kubeconfig", &self.path("kube-scheduler.kubeconfig")),
            ("bind-address", "127.0.0.1"),
            ("secure-port", &self.ports.scheduler.to_string()),
            ("cert-dir", &self.path("scheduler")),
            ("leader-elect", "false"),
        ])
    }

    fn kwok(&self) -> Vec<String> {
        flags(&[
            ("kubeconfig", &self.path("kwok.kubeconfig")),
            ("manage-all-nodes", "true"),
            // Without it nodes, and so pods, come and go.
            ("node-lease-duration-seconds", "40"),
        ])
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// Every write, with who asked and what webhooks noted about it; of the guard, whatever it asks.
fn audit() -> Value {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "Metadata", "users": [super::audit::ACCOUNT, super::audit::VIEWER]},
            {"level": "None", "verbs": ["get", "list", "watch"]},
            {"level": "Metadata"},
        ],
    })
}

fn flags(pairs: &[(&str, &str)]) -> Vec<String> {
    let flag = |(name, value): &(&str, &str)| format!("--{name}={value}");
    pairs.iter().map(flag).collect()
}

/// What a mutex holds, also after a test failed while it was held.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
