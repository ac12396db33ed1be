//! `firebreak serve`, as many of it as are asked for, behind what a Service does.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::authority::{Authority, Issued};
use super::balancer::{Backend, Balancer, get};
use super::process::Process;
use super::webhook::HOST;
use super::{Bed, access, ports, until, within};

/// What a test wants otherwise than the bed does.
#[derive(Default)]
pub(crate) struct Settings<'a> {
    /// The authority of their certificates; they make their own where there is none.
    pub(crate) servers: Option<&'a Authority>,
    /// The authority of those who may ask, PEM.
    pub(crate) client_authority: Option<&'a str>,
    /// The port of whoever passes connections on to the API server.
    pub(crate) through: Option<u16>,
    /// For how long a replica goes on after the signal to end; not at all where nothing is said.
    pub(crate) drain_delay: Option<&'a str>,
    /// Further flags.
    pub(crate) flags: &'a [&'a str],
}

/// One process.
pub(crate) struct Replica {
    pub(crate) process: Process,
    /// Where reviews go.
    pub(crate) listen: SocketAddr,
    /// Where the probes are.
    pub(crate) ops: SocketAddr,
    name: String,
    folder: PathBuf,
    arguments: Vec<String>,
}

/// All of them.
pub(crate) struct Replicas {
    pub(crate) balancer: Balancer,
    pub(crate) each: Vec<Replica>,
}

/// How long a replica may take to see everything, or to end.
const LONG: Duration = Duration::from_secs(90);

impl Replica {
    fn start(name: String, folder: &Path, flags: &[String]) -> Self {
        let [listen, ops] = ports::free().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let own = [format!("--listen={listen}"), format!("--ops={ops}")];
        let arguments = [&["serve".to_owned()], flags, &own].concat();
        Self {
            process: process(&name, folder, &arguments),
            listen,
            ops,
            name,
            folder: folder.to_owned(),
            arguments,
        }
    }

    /// What a probe answers, head and all.
    pub(crate) fn probe(&self, path: &str) -> Result<String, String> {
        get(self.ops, path).map_err(|error| error.to_string())
    }

    /// Waits until a probe is answered by 200.
    pub(crate) fn answers(&mut self, path: &str) {
        within(LONG, &format!("{} answers {path} well", self.name), || {
            self.process.must_run();
            let answer = self.probe(path)?;
            if answer.starts_with("HTTP/1.1 200") {
                Ok(())
            } else {
                Err(answer)
            }
        });
    }

    /// Asks it to end, waits until it has ended well, and starts it again.
    pub(crate) fn replace(&mut self) {
        self.process.signal("TERM");
        let ended = within(LONG, "a guard ends", || {
            self.process.ended().ok_or("it runs")
        });
        assert!(ended.success(), "{ended}:\n{}", self.process.log());
        self.start_again();
    }

    /// Starts it again after it has ended.
    pub(crate) fn start_again(&mut self) {
        self.process = process(&self.name, &self.folder, &self.arguments);
        self.answers("/readyz");
    }

    pub(crate) fn backend(&self) -> Backend {
        Backend {
            address: self.listen,
            probe: Some(self.ops),
        }
    }
}

impl Replicas {
    /// Waits until every replica is ready.
    pub(crate) fn ready(&mut self) {
        for replica in &mut self.each {
            replica.answers("/readyz");
        }
    }
}

impl Bed {
    /// Starts replicas under the account `firebreak/firebreak`, and waits until each is ready. Only to
    /// those that are ready are connections passed.
    pub(crate) fn serve(&self, count: usize, settings: &Settings<'_>) -> Replicas {
        self.serve_behind(Balancer::new(Vec::new()), count, settings)
    }

    /// The same behind a balancer that is there.
    pub(crate) fn serve_behind(
        &self,
        balancer: Balancer,
        count: usize,
        settings: &Settings<'_>,
    ) -> Replicas {
        let flags = self.flags(settings);
        let name = |at: usize| format!("firebreak-{at}");
        let start = |at: usize| Replica::start(name(at), self.folder(), &flags);
        let mut replicas = Replicas {
            balancer,
            each: (0..count).map(start).collect(),
        };
        let backends = replicas.each.iter().map(Replica::backend);
        replicas.balancer.set(backends.collect());
        replicas.ready();
        replicas
    }

    /// Removes what a leader leaves: its certificates, and the Lease, which one that is killed does not give
    /// back.
    pub(crate) fn forget_leader(&self) {
        for (kind, name) in [("secret", "firebreak-tls"), ("lease", "firebreak")] {
            let own = "--namespace=firebreak";
            let delete = ["delete", kind, name, own, "--ignore-not-found"];
            drop(self.kubectl(&delete).run());
        }
    }

    fn flags(&self, settings: &Settings<'_>) -> Vec<String> {
        let kubeconfig = self.guard_account(settings.through);
        let mut flags = vec![
            flag(
                "kubeconfig",
                &self.keep("guard.kubeconfig", &kubeconfig.to_string()),
            ),
            format!("--drain-delay={}", settings.drain_delay.unwrap_or("0s")),
        ];
        if let Some(servers) = settings.servers {
            let [certificate, key] = self.present(&servers.server(&[HOST]));
            flags.push("--certificates-mode=Files".to_owned());
            flags.push(flag("certificates-certificate", &certificate));
            flags.push(flag("certificates-key", &key));
        }
        if let Some(authority) = settings.client_authority {
            let callers = self.keep("callers.crt", authority);
            flags.push(flag("client-authority", &callers));
        }
        flags.extend(settings.flags.iter().map(|&it| it.to_owned()));
        flags
    }

    /// Puts a certificate where replicas look for theirs.
    pub(crate) fn present(&self, issued: &Issued) -> [PathBuf; 2] {
        [
            self.keep("guard.crt", &issued.certificate),
            self.keep("guard.key", &issued.key),
        ]
    }

    /// The account that is shipped, with the rights that are shipped.
    fn guard_account(&self, through: Option<u16>) -> Value {
        let mut kubeconfig = self.account("firebreak", "firebreak");
        if let Some(port) = through {
            kubeconfig["clusters"][0]["cluster"]["server"] =
                json!(format!("https://127.0.0.1:{port}"));
        }
        let rights = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/rbac.yaml");
        let file = rights.to_str().expect("a path");
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", file];
        self.kubectl(&apply).succeeds();
        until("the role is filled", || {
            let role = self.kubectl(&["get", "clusterrole", "firebreak"]).json();
            let filled = role["rules"]
                .as_array()
                .is_some_and(|rules| !rules.is_empty());
            if filled { Ok(()) } else { Err(role) }
        });
        kubeconfig
    }

    fn keep(&self, name: &str, text: &str) -> PathBuf {
        access::file(self.folder(), name, text)
    }
}

fn process(name: &str, folder: &Path, arguments: &[String]) -> Process {
    let program = Path::new(env!("CARGO_BIN_EXE_firebreak"));
    Process::start(name, folder, program, arguments)
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}
