//! The client of the API server: where it is, and as whom it is asked.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use http::HeaderValue;
use http::header::USER_AGENT;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a request may take to be written.
const WRITE: Duration = Duration::from_secs(30);

/// Where the API server is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// Around this pod: the address from the environment, the token of the service account.
    #[default]
    InCluster,
    /// Where a kubeconfig says.
    Kubeconfig {
        /// The file; that of `kubectl` where none is given.
        path: Option<PathBuf>,
        /// The context; the current one where none is given.
        context: Option<String>,
    },
}

/// Where the API server is, and as whom it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Where.
    pub place: Place,
    /// Whom to impersonate.
    pub user: Option<String>,
    /// Which groups to impersonate.
    pub groups: Vec<String>,
}

/// A client of the API server. Nothing is asked of it yet.
///
/// # Errors
/// When the place is not known or the credentials cannot be read; what was tried is told.
pub async fn connect(access: &Access) -> anyhow::Result<Client> {
    let config = config(&access.place)
        .await
        .with_context(|| format!("no way to the API server: tried {}", access.place))?;
    let server = config.cluster_url.clone();
    Client::try_from(shaped(config, access))
        .with_context(|| format!("no client of the API server at {server}"))
}

async fn config(place: &Place) -> anyhow::Result<Config> {
    let Place::Kubeconfig { path, context } = place else {
        return Ok(Config::incluster()?);
    };
    let options = KubeConfigOptions {
        context: context.clone(),
        ..KubeConfigOptions::default()
    };
    Ok(match path {
        Some(path) => {
            Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &options).await?
        }
        None => Config::from_kubeconfig(&options).await?,
    })
}

/// What is ours about every client. Whoever asks decides whether to ask again.
fn shaped(mut config: Config, access: &Access) -> Config {
    const AGENT: HeaderValue =
        HeaderValue::from_static(concat!("firebreak/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, AGENT));
    config.connect_timeout = Some(CONNECT);
    config.write_timeout = Some(WRITE);
    config.default_retry = false;
    if access.user.is_some() {
        config.auth_info.impersonate.clone_from(&access.user);
        config.auth_info.impersonate_uid = None;
        config.auth_info.impersonate_groups = None;
        config.auth_info.impersonate_user_extra = None;
    }
    if !access.groups.is_empty() {
        config.auth_info.impersonate_groups = Some(access.groups.clone());
    }
    config
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Kubeconfig { path, context } = self else {
            return f.write_str(
                "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT and the token of the service \
                 account, which are there in a pod",
            );
        };
        match path {
            Some(path) => write!(f, "the kubeconfig \"{}\" and ", path.display())?,
            None => f.write_str("the kubeconfig of KUBECONFIG or ~/.kube/config and ")?,
        }
        match context {
            Some(name) => write!(f, "its context {name:?}"),
            None => f.write_str("its current context"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(path: &str, context: Option<&str>) -> Access {
        let place = Place::Kubeconfig {
            path: Some(path.into()),
            context: context.map(str::to_owned),
        };
        Access {
            place,
            ..Access::default()
        }
    }

    #[tokio::test]
    async fn an_error_says_what_was_tried() {
        let error = connect(&access("no/such/file", Some("staging"))).await;
        let text = format!("{:#}", error.map(drop).unwrap_err());
        let start = "no way to the API server: tried the kubeconfig \"no/such/file\" and its \
                     context \"staging\": ";
        assert!(text.starts_with(start), "{text}");
    }

    #[test]
    fn a_client_says_who_it_is_and_asks_as_whom_it_is_told() {
        let access = Access {
            user: Some("jane".to_owned()),
            groups: vec!["dba".to_owned()],
            ..Access::default()
        };
        let config = shaped(
            Config::new(http::Uri::from_static("http://localhost")),
            &access,
        );
        assert!(
            config.headers[0]
                .1
                .to_str()
                .unwrap()
                .starts_with("firebreak/")
        );
        assert_eq!(config.auth_info.impersonate.as_deref(), Some("jane"));
        assert_eq!(config.auth_info.impersonate_groups, Some(access.groups));
        assert!(!config.default_retry);
    }
}
