//! Where ledgers are kept: an object each in our own namespace, replaced only in the version that was
//! read.

use futures::future::BoxFuture;
use kube::api::{Api, DeleteParams, ListParams, PostParams, Preconditions};
use kube::core::ObjectMeta;
use kube::{Client, Error, ResourceExt as _};

use crate::schedule::Ledger;
use crate::schedule::spec::BlastLedger;

/// A ledger as it was read.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What is in it.
    pub ledger: Ledger,
    /// The version it was read in; `None` where it does not exist yet.
    pub version: Option<String>,
}

/// Why a ledger was not read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else has written it since it was read.
    #[error("somebody else has written it since")]
    Conflict,
    /// The API server said no, or nothing.
    #[error("{0}")]
    Failed(String),
}

/// Reads and writes ledgers. A write replaces exactly the version it was made from.
pub trait Store: Send + Sync {
    /// The newest version of a ledger, never an older one.
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Page, Refused>>;

    /// Every ledger by name, for whoever keeps them in order.
    fn all(&self) -> BoxFuture<'_, Result<Vec<(String, Page)>, Refused>>;

    /// Writes what is now in a ledger that was read in this version.
    fn write<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>>;

    /// Removes a ledger that was read in this version.
    fn remove<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>>;
}

/// The ledgers of a cluster.
pub struct Cluster {
    ledgers: Api<BlastLedger>,
}

impl Cluster {
    /// The ledgers in `namespace`, which is our own.
    #[must_use]
    pub fn new(client: Client, namespace: &str) -> Self {
        Self {
            ledgers: Api::namespaced(client, namespace),
        }
    }
}

impl Store for Cluster {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Page, Refused>> {
        Box::pin(async move {
            // Without a resourceVersion the API server asks the store, not its cache.
            let found = self.ledgers.get_opt(name).await;
            let found = found.map_err(|error| unread(&error))?;
            found.map_or_else(|| Ok(Page::default()), page)
        })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(String, Page)>, Refused>> {
        Box::pin(async move {
            let found = self.ledgers.list(&ListParams::default()).await;
            let named = |it: BlastLedger| Ok((it.name_any(), page(it)?));
            let found = found.map_err(|error| unread(&error))?;
            found.into_iter().map(named).collect()
        })
    }

    fn write<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            let mut object = BlastLedger::new(name, page.ledger.write());
            object.metadata.resource_version.clone_from(&page.version);
            let how = PostParams::default();
            let written = match page.version {
                None => self.ledgers.create(&how, &object).await,
                Some(_) => self.ledgers.replace(name, &how, &object).await,
            };
            written.map(drop).map_err(|error| refused(&error))
        })
    }

    fn remove<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        let how = DeleteParams::default().preconditions(Preconditions {
            resource_version: page.version.clone(),
            uid: None,
        });
        Box::pin(async move {
            let removed = self.ledgers.delete(name, &how).await;
            removed.map(drop).map_err(|error| refused(&error))
        })
    }
}

fn page(object: BlastLedger) -> Result<Page, Refused> {
    let ObjectMeta {
        resource_version, ..
    } = object.metadata;
    let ledger = Ledger::read(object.spec).map_err(Refused::Failed)?;
    Ok(Page {
        ledger,
        version: resource_version,
    })
}

/// That there is no such path at all means that the kind is not defined.
fn unread(error: &Error) -> Refused {
    let missing = matches!(error, Error::Api(status) if status.code == 404);
    Refused::Failed(if missing {
        "the CustomResourceDefinition of BlastLedgers is not installed".to_owned()
    } else {
        error.to_string()
    })
}

/// Not there any more and there already are conflicts too: both say that somebody else wrote.
fn refused(error: &Error) -> Refused {
    if let Error::Api(status) = error
        && [404, 409].contains(&status.code)
    {
        return Refused::Conflict;
    }
    Refused::Failed(error.to_string())
}
