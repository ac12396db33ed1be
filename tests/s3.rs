//! A server of the protocol of S3 on loopback, and a client's view of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use firebreak::server::certs::Throwaway;
use firebreak::server::listener::{Bounds, Listener, Phase};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::sync::watch;
use tower::ServiceExt as _;

/// The keys that the server knows.
pub(crate) const ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "a secret that is told nobody";

/// A server of buckets in a folder of its own.
pub(crate) struct Store {
    folder: PathBuf,
    pub(crate) url: String,
    _phase: watch::Sender<Phase>,
}

impl Store {
    /// One with a bucket `backups`, over TLS where there is a certificate.
    pub(crate) fn start(name: &str, certificate: Option<&Throwaway>) -> Self {
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

    /// Whether some object is in the bucket.
    pub(crate) fn holds_something(&self) -> bool {
        fn has_file(folder: &Path) -> bool {
            let mut entries = std::fs::read_dir(folder)
                .unwrap()
                .map(|it| it.unwrap().path());
            entries.any(|path| path.is_file() || has_file(&path))
        }
        has_file(&self.folder.join("backups"))
    }
}
