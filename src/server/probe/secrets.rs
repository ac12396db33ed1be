//! What probes have to know and must not tell: Secrets beside the experiment, read when they are used.
//!
//! No type here can be printed, and no error holds a value.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client};
use tokio::time::{Instant, timeout};

use super::rule::BEFORE;

/// How long what was read is used: a password that is changed is known after that.
const FRESH: Duration = Duration::from_mins(1);

/// The key under which authorities are.
const AUTHORITY: &str = "ca.crt";

/// Who somebody is in a database, and whom the server's certificate is of.
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: String,
    /// The authority of the server, PEM; none: the public ones.
    pub(super) authority: Option<String>,
}

impl Login {
    /// A text of a server without what is nobody's business.
    pub(super) fn hidden(&self, text: &str) -> String {
        let secrets = [&self.password, &self.username].into_iter();
        let secrets = secrets.filter(|it| !it.is_empty());
        secrets.fold(text.to_owned(), |text, it| text.replace(it.as_str(), "***"))
    }
}

/// The Secrets of a namespace.
#[derive(Clone)]
pub(super) struct Secrets {
    pub(super) client: Client,
    pub(super) namespace: String,
}

impl Secrets {
    /// What a Secret says of a login.
    pub(super) async fn login(&self, name: &str) -> Result<Login, String> {
        let secret = self.secret(name).await?;
        let said = |key: &str| text(&secret, key);
        let missing = |key: &str| format!("the Secret {name:?} has no text under {key:?}");
        Ok(Login {
            username: said("username").ok_or_else(|| missing("username"))?,
            password: said("password").ok_or_else(|| missing("password"))?,
            authority: said(AUTHORITY),
        })
    }

    /// The authority in a ConfigMap, or else in a Secret.
    pub(super) async fn authority(&self, name: &str) -> Result<String, String> {
        named(name)?;
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), &self.namespace);
        if let Ok(map) = maps.get(name).await
            && let Some(authority) = map.data.and_then(|mut data| data.remove(AUTHORITY))
        {
            return Ok(authority);
        }
        let secret = self.secret(name).await?;
        let missing = || format!("neither ConfigMap nor Secret {name:?} has {AUTHORITY:?}");
        text(&secret, AUTHORITY).ok_or_else(missing)
    }

    async fn secret(&self, name: &str) -> Result<Secret, String> {
        named(name)?;
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), &self.namespace);
        let secret = secrets.get(name).await;
        secret.map_err(|error| format!("the Secret {name:?} cannot be read: {}", why(&error)))
    }
}

fn text(secret: &Secret, key: &str) -> Option<String> {
    let value = secret.data.as_ref()?.get(key)?;
    String::from_utf8(value.0.clone()).ok()
}

/// Whether a text can be the name of something; others lead elsewhere in a path.
pub(super) fn named(text: &str) -> Result<(), String> {
    let fits = |it: char| it.is_ascii_alphanumeric() || "-._:".contains(it);
    let good = text.starts_with(|it: char| it.is_ascii_alphanumeric())
        && text.len() <= 253
        && text.chars().all(fits);
    if good {
        Ok(())
    } else {
        Err(format!("{text:?} is no name"))
    }
}

/// Why the API server did not do something. Nothing of an object is in it.
pub(super) fn why(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        format!("{} {}", status.code, status.reason)
    } else {
        "the API server gave no answer".to_owned()
    }
}

/// Something that was read, for as long as it is used.
pub(super) struct Kept<T>(Mutex<Option<(Instant, Arc<T>)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    /// What was read, or is read now where that is too long ago. Where it cannot be, what was read is used on:
    /// the API server may be away while what is probed is not.
    pub(super) async fn fresh(
        &self,
        read: impl Future<Output = Result<T, String>>,
    ) -> Result<Arc<T>, String> {
        let known = self.known();
        if let Some((at, it)) = &known
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(it));
        }
        let late = |_| Err(format!("a Secret was not read in {}s", BEFORE.as_secs()));
        match (timeout(BEFORE, read).await.unwrap_or_else(late), known) {
            (Ok(it), _) => {
                let it = Arc::new(it);
                let kept = Some((Instant::now(), Arc::clone(&it)));
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kept;
                Ok(it)
            }
            (Err(_), Some((_, it))) => Ok(it),
            (Err(why), None) => Err(why),
        }
    }

    /// What was read last, however long ago.
    pub(super) fn held(&self) -> Option<Arc<T>> {
        self.known().map(|(_, it)| it)
    }

    fn known(&self) -> Option<(Instant, Arc<T>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_login_is_left_in_what_a_server_says() {
        let login = Login {
            username: "app".to_owned(),
            password: "hunter2".to_owned(),
            authority: None,
        };
        let said = login.hidden("Access denied for user 'app' with hunter2");
        assert_eq!(said, "Access denied for user '***' with ***");
        let nobody = Login {
            username: String::new(),
            password: String::new(),
            authority: None,
        };
        assert_eq!(nobody.hidden("as it is"), "as it is");
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["pg-app", "apps", "system:node", "a.b", "v1"] {
            assert_eq!(named(name), Ok(()));
        }
        for text in [
            "",
            "..",
            ".",
            "a/b",
            "a?b",
            "a%2fb",
            "a#",
            "a b",
            &"a".repeat(254),
        ] {
            assert!(named(text).is_err(), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_is_used_on_where_it_cannot_be_read_again() {
        let kept = Kept::default();
        assert!(
            kept.fresh(async { Err::<u8, _>("404".to_owned()) })
                .await
                .is_err()
        );
        assert_eq!(*kept.fresh(async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*kept.fresh(async { Ok(2) }).await.unwrap(), 1);
        tokio::time::advance(FRESH).await;
        assert_eq!(
            *kept.fresh(async { Err("503".to_owned()) }).await.unwrap(),
            1
        );
        assert_eq!(*kept.fresh(async { Ok(3) }).await.unwrap(), 3);
    }
}
