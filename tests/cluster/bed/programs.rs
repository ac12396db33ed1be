//! Where the programs of the control plane come from: built from their sources, once, or found in
//! `KUBEBUILDER_ASSETS`.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// All that a control plane is made of.
const PROGRAMS: [&str; 6] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
    "kwok",
];

/// The programs of a control plane, by name.
pub(crate) struct Programs(BTreeMap<&'static str, PathBuf>);

impl Programs {
    /// Finds every program, and builds what is not there.
    ///
    /// # Errors
    /// With a sentence that says what is missing and what would help.
    pub(crate) fn find() -> Result<Self, String> {
        let mut found = assets();
        let missing: Vec<&str> = PROGRAMS
            .into_iter()
            .filter(|name| !found.contains_key(name))
            .collect();
        if missing.is_empty() {
            return Ok(Self(found));
        }
        if !found.is_empty() {
            println!(
                "KUBEBUILDER_ASSETS has no {}: built instead",
                missing.join(", no ")
            );
        }
        let version = env::var("FIREBREAK_KUBERNETES").ok();
        let folder = build(version.as_deref())?;
        found.extend(missing.into_iter().map(|name| (name, folder.join(name))));
        Ok(Self(found))
    }

    /// Where a program is.
    pub(crate) fn path(&self, name: &str) -> &Path {
        &self.0[name]
    }
}

/// The program `helm`, built when it is first asked for.
pub(crate) fn helm() -> PathBuf {
    let folder = build(Some("helm")).unwrap_or_else(|problem| panic!("{problem}"));
    folder.join("helm")
}

fn assets() -> BTreeMap<&'static str, PathBuf> {
    let Some(folder) = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from) else {
        return BTreeMap::new();
    };
    let there = PROGRAMS.map(|name| (name, folder.join(name)));
    there
        .into_iter()
        .filter(|(_, path)| path.is_file())
        .collect()
}

fn build(what: Option<&str>) -> Result<PathBuf, String> {
    let go = Command::new("go").arg("version").output();
    if !go.is_ok_and(|output| output.status.success()) {
        return Err(
            "there is no Go to build the control plane with; install Go 1.24 or later, or \
                    name a folder of its programs in KUBEBUILDER_ASSETS"
                .to_owned(),
        );
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/controlplane/build");
    let output = Command::new(&script)
        .args(what)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", script.display()))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        Ok(folder.into())
    } else {
        Err(format!("{} failed: {}", script.display(), output.status))
    }
}
