//! Whether storage is reachable, asked of a real server of the protocol on loopback.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use firebreak::backup::spec::S3Spec;
use firebreak::server::backup::{Keys, Unreachable, probe};
use firebreak::server::certs::Throwaway;
use firebreak::server::listener::{Bounds, Listener, Phase};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::sync::watch;
use tower::ServiceExt as _;

/// The keys that the server knows.
const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "a secret that is told nobody";

/// A server of buckets in a folder of its own.
struct Store {
    folder: PathBuf,
    url: String,
    _phase: watch::Sender<Phase>,
}

impl Store {
    /// One with a bucket `backups`, over TLS where there is a certificate.
    fn start(name: &str, certificate: Option<&Throwaway>) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("storage-{name}"));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(folder.join("backups")).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(&folder).unwrap());
        service.set_auth(SimpleAuth::from_single(ID, SECRET));
        let service = service.build();
        let routes = Router::new().fallback(move |request: Request| {
            let service = service.clone();
            async move { service.oneshot(request).await.unwrap().map(Body::new) }
        });
        let live = certificate.map(|it| Arc::clone(&it.live));
        let scheme = if live.is_some() { "https" } else { "http" };
        let listener = Listener::bind("127.0.0.1:0", live, Bounds::default()).unwrap();
        let url = format!("{scheme}://{}", listener.address().unwrap());
        let (phase, phases) = watch::channel(Phase::Serving);
        tokio::spawn(listener.serve(routes, phases, Duration::ZERO));
        Self {
            folder,
            url,
            _phase: phase,
        }
    }

    fn spec(&self) -> S3Spec {
        S3Spec {
            bucket: "backups".to_owned(),
            endpoint_url: Some(self.url.clone()),
            credentials_secret: "keys".to_owned(),
            ..S3Spec::default()
        }
    }

    /// Whether some object is in the bucket.
    fn holds_something(&self) -> bool {
        fn has_file(folder: &Path) -> bool {
            let mut entries = std::fs::read_dir(folder)
                .unwrap()
                .map(|it| it.unwrap().path());
            entries.any(|path| path.is_file() || has_file(&path))
        }
        has_file(&self.folder.join("backups"))
    }
}

async fn asked(spec: &S3Spec, secret: &str) -> Result<(), Unreachable> {
    let keys = Keys {
        id: ID.to_owned(),
        secret: secret.to_owned(),
    };
    probe(spec, keys, "minio-backup").await
}

/// The word for what was in the way, of which the secret is no part.
async fn refused(spec: &S3Spec, secret: &str) -> (&'static str, String) {
    let why = asked(spec, secret).await.unwrap_err();
    assert!(!why.message.contains(secret), "{}", why.message);
    assert!(!why.message.contains("Signature="), "{}", why.message);
    (why.reason, why.message)
}

#[tokio::test]
async fn a_bucket_that_takes_and_deletes_an_object_is_reachable() {
    let store = Store::start("good", None);
    assert_eq!(asked(&store.spec(), SECRET).await, Ok(()));
    assert!(!store.holds_something());
}

#[tokio::test]
async fn what_is_in_the_way_is_told_in_a_word() {
    let store = Store::start("bad", None);
    let (reason, message) = refused(&store.spec(), "another").await;
    assert_eq!(reason, "WriteRefused", "{message}");
    assert!(message.contains("SignatureDoesNotMatch"), "{message}");
    let stranger = Keys {
        id: "nobody".to_owned(),
        secret: SECRET.to_owned(),
    };
    let why = probe(&store.spec(), stranger, "minio-backup").await;
    let why = why.unwrap_err();
    assert_eq!(why.reason, "WriteRefused", "{}", why.message);
    assert!(why.message.contains("NotSignedUp"), "{}", why.message);
    let nobody = S3Spec {
        endpoint_url: Some("http://127.0.0.1:1".to_owned()),
        ..store.spec()
    };
    assert_eq!(refused(&nobody, SECRET).await.0, "NoAnswer");
    assert!(!store.holds_something());
}

#[tokio::test]
async fn a_certificate_that_no_authority_signed_is_trusted_only_where_that_is_said() {
    let certificate = Throwaway::new(&["127.0.0.1"]).unwrap();
    let store = Store::start("tls", Some(&certificate));
    let (reason, message) = refused(&store.spec(), SECRET).await;
    assert_eq!(reason, "NoAnswer");
    assert!(message.contains("certificate"), "{message}");
    let unverified = S3Spec {
        verify_tls: Some(false),
        ..store.spec()
    };
    assert_eq!(asked(&unverified, SECRET).await, Ok(()));
}
