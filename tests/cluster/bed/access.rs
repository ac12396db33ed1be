//! Ways into the API server: who asks, and what shows it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::authority::Issued;

/// What shows who asks.
pub(crate) enum Proof<'a> {
    Certificate(&'a Issued),
    Token(&'a str),
}

/// The address of an API server, and who vouches for it.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) url: String,
    pub(crate) authority: String,
}

impl Door {
    /// What clients need to come in with this proof, as a kubeconfig in JSON.
    pub(crate) fn kubeconfig(&self, proof: &Proof<'_>) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bed",
            "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": "bed"}}],
            "clusters": [{"name": "bed", "cluster": {
                "server": self.url,
                "certificate-authority-data": base64(&self.authority),
            }}],
            "users": [{"name": "bed", "user": user(proof)}],
        })
    }
}

/// The user of a kubeconfig.
pub(crate) fn user(proof: &Proof<'_>) -> Value {
    match proof {
        Proof::Certificate(issued) => json!({
            "client-certificate-data": base64(&issued.certificate),
            "client-key-data": base64(&issued.key),
        }),
        Proof::Token(token) => json!({"token": token}),
    }
}

/// Writes a file of the run, and says where it is.
pub(crate) fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

pub(crate) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
