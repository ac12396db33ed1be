//! The live cluster as a command reads it: once, with the rights of whoever calls, and by lists alone.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use kube::Client;

use crate::inventory::Cluster;
use crate::object::Object;
use crate::policy::spec::GROUP;
use crate::server::client::{Access, Place, connect};
use crate::server::watch::{Seen, Served, read};

/// The kind whose objects are policies.
const POLICY: &str = "BlastRadiusPolicy";

/// Which live cluster, and who reads it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Live {
    /// Read the live cluster of this context of the kubeconfig, in place of recorded files; that of
    /// the current context where no name follows
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub context: Option<String>,
    /// The kubeconfig in which the live cluster is found, in place of that of kubectl; without
    /// --context its current context
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Read the live cluster as somebody else, as `kubectl --as` does
    #[arg(long, value_name = "USER")]
    pub read_as: Option<String>,
    /// Groups of whoever reads the live cluster
    #[arg(long, value_name = "GROUP", requires = "read_as")]
    pub read_as_group: Vec<String>,
}

/// A cluster as it was found.
#[derive(Default)]
pub struct Found {
    /// What a decision needs of it.
    pub cluster: Cluster,
    /// Its policies and exemptions.
    pub policies: Vec<Object>,
    /// Why its policies are not known, where they are not.
    pub untold: Option<String>,
}

impl Live {
    /// Whether a live cluster is asked for.
    ///
    /// # Errors
    /// When it is said who reads it, and not which it is.
    pub fn is_asked(&self) -> anyhow::Result<bool> {
        let asked = self.context.is_some() || self.kubeconfig.is_some();
        if let (false, Some(user)) = (asked, &self.read_as) {
            bail!("--read-as {user:?} reads a live cluster, expected --context or --kubeconfig");
        }
        Ok(asked)
    }

    /// Reads the cluster, and its policies where they are `wanted`. What cannot be listed is told on
    /// standard error, and counts as the worst in every verdict.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub fn read(&self, wanted: bool) -> anyhow::Result<Found> {
        let put = |list: &mut Cluster, object| list.put(object);
        let mut found = Found::default();
        for Seen { served, objects } in self.lists(|it| wanted || it.group != GROUP, put)? {
            let (group, kind) = (served.group.as_str(), served.kind.as_str());
            match objects {
                Ok(list) if group == GROUP => {
                    found.policies.extend(list.all(group, kind).cloned());
                    found.cluster.adopt(group, kind, list);
                }
                Ok(list) => found.cluster.adopt(group, kind, list),
                Err(why) => {
                    say(&format!(
                        "{why}; verdicts count what it may hold as the worst"
                    ));
                    if (group, kind) == (GROUP, POLICY) {
                        found.untold = Some(why.clone());
                    }
                    found.cluster.mark(group, kind, Some(why));
                }
            }
        }
        Ok(found)
    }

    /// Every list that a verdict depends on and that is `wanted`; each object is `put` into it as soon
    /// as it is read.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub fn lists<T: Default>(
        &self,
        wanted: impl Fn(&Served) -> bool,
        put: impl Fn(&mut T, Object),
    ) -> anyhow::Result<Vec<Seen<T>>> {
        let lists = self.asking(async |client| read(&client, wanted, put).await)?;
        lists.with_context(|| format!("no answer from the API server of {}", self.access().place))
    }

    /// Asks the API server.
    ///
    /// # Errors
    /// When there is no way to it.
    pub fn asking<T>(&self, ask: impl AsyncFnOnce(Client) -> T) -> anyhow::Result<T> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().context("runtime")?;
        runtime.block_on(async { Ok(ask(connect(&self.access()).await?).await) })
    }

    fn access(&self) -> Access {
        let context = self.context.clone().filter(|name| !name.is_empty());
        let path = self.kubeconfig.clone();
        Access {
            place: Place::Kubeconfig { path, context },
            user: self.read_as.clone(),
            groups: self.read_as_group.clone(),
        }
    }
}

/// Says something that is no result.
pub fn say(text: &str) {
    // Where even this cannot be written, the verdicts say it.
    let _ = writeln!(anstream::stderr(), "firebreak: {text}");
}
