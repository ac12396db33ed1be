//! `firebreak serve`, as many of it as are asked for, behind what a Service does.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::authority::Authority;
use super::balancer::{Backend, Balancer, get};
use super::process::Process;
use super::webhook::HOST;
use super::{Bed, access, ports, until};

/// What a test wants otherwise than the bed does.
#[derive(Default)]
pub(crate) struct Settings<'a> {
    /// The authority of those who may ask, PEM.
    pub(crate) client_authority: Option<&'a str>,
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
}

/// All of them.
pub(crate) struct Replicas {
    pub(crate) balancer: Balancer,
    pub(crate) each: Vec<Replica>,
    /// The authority of their certificate, PEM.
    pub(crate) authority: String,
}

impl Replica {
    /// What a probe answers, head and all.
    pub(crate) fn probe(&self, path: &str) -> Result<String, String> {
        get(self.ops, path).map_err(|error| error.to_string())
    }
}

impl Bed {
    /// Starts replicas under the account `firebreak/firebreak`, and waits until each is alive.
    /// Connections are passed to all of them, ready or not.
    pub(crate) fn serve(&self, count: usize, settings: &Settings<'_>) -> Replicas {
        let servers = Authority::new("firebreak bed: guards");
        let issued = servers.server(&[HOST]);
        let mut flags = vec![
            "--certificates-mode=Files".to_owned(),
            flag(
                "certificates-certificate",
                &self.keep("guard.crt", &issued.certificate),
            ),
            flag("certificates-key", &self.keep("guard.key", &issued.key)),
            flag(
                "kubeconfig",
                &self.keep("guard.kubeconfig", &self.guard_account()),
            ),
            "--drain-delay=0s".to_owned(),
        ];
        if let Some(authority) = settings.client_authority {
            flags.push(flag(
                "client-authority",
                &self.keep("callers.crt", authority),
            ));
        }
        flags.extend(settings.flags.iter().map(|&it| it.to_owned()));
        let mut replicas: Vec<Replica> = (0..count).map(|at| self.replica(at, &flags)).collect();
        for replica in &mut replicas {
            until("a guard is alive", || {
                replica.process.must_run();
                let answer = replica.probe("/healthz")?;
                if answer.starts_with("HTTP/1.1 200") {
                    Ok(())
                } else {
                    Err(answer)
                }
            });
        }
        let backend = |replica: &Replica| Backend {
            address: replica.listen,
            probe: None,
        };
        Replicas {
            balancer: Balancer::new(replicas.iter().map(backend).collect()),
            each: replicas,
            authority: servers.pem(),
        }
    }

    fn replica(&self, at: usize, flags: &[String]) -> Replica {
        let [listen, ops] = ports::free().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let own = [format!("--listen={listen}"), format!("--ops={ops}")];
        let arguments = [&["serve".to_owned()], flags, &own].concat();
        let program = Path::new(env!("CARGO_BIN_EXE_firebreak"));
        let process = Process::start(
            &format!("firebreak-{at}"),
            self.folder(),
            program,
            arguments,
        );
        Replica {
            process,
            listen,
            ops,
        }
    }

    /// The account that is shipped, with the rights that are shipped.
    fn guard_account(&self) -> String {
        let kubeconfig = self.account("firebreak", "firebreak").to_string();
        let rights = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/rbac.yaml");
        let file = rights.to_str().expect("a path");
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", file];
        self.kubectl(&apply).succeeds();
        kubeconfig
    }

    fn keep(&self, name: &str, text: &str) -> PathBuf {
        access::file(self.folder(), name, text)
    }
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}
