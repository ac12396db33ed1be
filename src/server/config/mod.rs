//! The settings of `firebreak serve`.

mod given;
mod table;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::fault::Accounts;
use given::Given;
pub use given::Sources;
pub use table::{Accepts, SETTINGS, Setting};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the webhook listens.
    pub listen: SocketAddr,
    /// Where the probes and the metrics listen.
    pub ops: SocketAddr,
    /// The namespace in which it runs.
    pub namespace: String,
    /// The kubeconfig, where it is not the account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig, where it is not the current one.
    pub context: Option<String>,
    /// Where the certificate comes from.
    pub certificates: Certificates,
    /// The authority of those who call, where they are asked.
    pub client_authority: Option<PathBuf>,
    /// Their names, where not any is good.
    pub client_names: Vec<String>,
    /// For how long the cluster may have been out of sight.
    pub staleness: Duration,
    /// How it ends.
    pub drain: Drain,
    /// What is logged.
    pub log: Log,
    /// Accounts beside those that are known.
    pub accounts: Accounts,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificates {
    /// It is made here.
    SelfSigned {
        /// The Secret in which it is kept.
        secret: String,
        /// The Service whose name it has.
        service: String,
        /// The webhook configurations that are told of its authority.
        webhooks: Vec<String>,
    },
    /// It is in files.
    Files {
        /// The certificate.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain {
    /// For how long new connections are still accepted.
    pub delay: Duration,
    /// For how long answers that are under way are waited for after that.
    pub timeout: Duration,
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The least.
    pub level: Level,
    /// How.
    pub format: Format,
}

/// The least that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// What keeps it from working.
    Error,
    /// What somebody should look at.
    Warn,
    /// Verdicts, and what changes.
    #[default]
    Info,
    /// Connections.
    Debug,
    /// Everything.
    Trace,
}

/// How it is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For machines.
    #[default]
    Json,
    /// For people.
    Text,
}

const LEVELS: &[(&str, Level)] = &[
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("debug", Level::Debug),
    ("trace", Level::Trace),
];

const FORMATS: &[(&str, Format)] = &[("Json", Format::Json), ("Text", Format::Text)];

/// Settings that cannot be used: everything that is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n  "))]
pub struct Unusable(pub Vec<String>);

impl Config {
    /// What these sources say together.
    ///
    /// # Errors
    /// When a key is unknown, a value is not what its setting accepts, or settings contradict each
    /// other.
    pub fn read(sources: &Sources<'_>) -> Result<Self, Unusable> {
        let mut given = Given::of(sources);
        let config = Self {
            listen: given.address("listen"),
            ops: given.address("ops"),
            namespace: given.name("namespace"),
            kubeconfig: given.path("kubeconfig"),
            context: given.optional("context"),
            certificates: certificates(&mut given),
            client_authority: given.path("clientAuthority"),
            client_names: given.texts("clientNames"),
            staleness: given.span("staleness"),
            drain: Drain {
                delay: given.span("drain.delay"),
                timeout: given.span("drain.timeout"),
            },
            log: Log {
                level: given.word("log.level", LEVELS),
                format: given.word("log.format", FORMATS),
            },
            accounts: Accounts {
                tools: given.texts("accounts.tools"),
                operators: given.texts("accounts.operators"),
            },
        };
        contradictions(&mut given);
        if given.problems.is_empty() {
            Ok(config)
        } else {
            Err(Unusable(given.problems))
        }
    }
}

#[derive(Clone, Copy, Default)]
enum Mode {
    #[default]
    SelfSigned,
    Files,
}

fn certificates(given: &mut Given) -> Certificates {
    let modes = [("SelfSigned", Mode::SelfSigned), ("Files", Mode::Files)];
    match given.word("certificates.mode", &modes) {
        Mode::SelfSigned => Certificates::SelfSigned {
            secret: given.name("certificates.secret"),
            service: given.name("certificates.service"),
            webhooks: given.texts("certificates.webhooks"),
        },
        Mode::Files => Certificates::Files {
            certificate: given.name("certificates.certificate").into(),
            key: given.name("certificates.key").into(),
        },
    }
}

/// Settings that say nothing without another are likely not meant so.
const NEEDS: &[(&str, &str, &str)] = &[
    ("certificates.certificate", "certificates.mode", "Files"),
    ("certificates.key", "certificates.mode", "Files"),
    ("clientNames", "clientAuthority", ""),
    ("context", "kubeconfig", ""),
];

fn contradictions(given: &mut Given) {
    for (key, needed, value) in NEEDS {
        let (text, found) = (given.text(key), given.text(needed));
        let met = if value.is_empty() {
            !found.is_empty()
        } else {
            found == *value
        };
        if text.is_empty() || met {
            continue;
        }
        let origin = given.set.get(key).map(|set| set.origin.to_string());
        given.problems.push(format!(
            "{}: {key}: {text:?}, but {needed} is {found:?}, expected {}",
            origin.unwrap_or_default(),
            if value.is_empty() { "a value" } else { value }
        ));
    }
}

/// Every setting as it is in effect, as a file would say it, and where it was set.
#[must_use]
pub fn effective(sources: &Sources<'_>) -> String {
    let given = Given::of(sources);
    // Writing to a text cannot fail.
    let mut page = String::new();
    let mut section = "";
    for setting in SETTINGS {
        let (within, name) = setting.key.rsplit_once('.').unwrap_or(("", setting.key));
        if within != section && !within.is_empty() {
            let _ = writeln!(page, "{within}:");
        }
        section = within;
        let indent = if within.is_empty() { "" } else { "  " };
        let Some(set) = given.set.get(setting.key) else {
            continue;
        };
        let value = match setting.accepts {
            Accepts::Texts => serde_json::json!(set.texts).to_string(),
            Accepts::Address
            | Accepts::Text
            | Accepts::Path
            | Accepts::Span
            | Accepts::AtLeast(_)
            | Accepts::Word(_) => serde_json::json!(set.texts.first()).to_string(),
        };
        let _ = writeln!(page, "{indent}{name}: {value} # {}", set.origin);
    }
    page
}
