//! Whether storage is reachable, asked of a real server of the protocol on loopback.

use firebreak::backup::spec::S3Spec;
use firebreak::server::backup::{Keys, Unreachable, probe};
use firebreak::server::certs::Throwaway;

use crate::s3::{ID, SECRET, Store};

fn spec(store: &Store) -> S3Spec {
    S3Spec {
        bucket: "backups".to_owned(),
        endpoint_url: Some(store.url.clone()),
        credentials_secret: "keys".to_owned(),
        ..S3Spec::default()
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
    assert_eq!(asked(&spec(&store), SECRET).await, Ok(()));
    assert!(!store.holds_something());
}

#[tokio::test]
async fn what_is_in_the_way_is_told_in_a_word() {
    let store = Store::start("bad", None);
    let (reason, message) = refused(&spec(&store), "another").await;
    assert_eq!(reason, "WriteRefused", "{message}");
    assert!(message.contains("SignatureDoesNotMatch"), "{message}");
    let stranger = Keys {
        id: "nobody".to_owned(),
        secret: SECRET.to_owned(),
    };
    let why = probe(&spec(&store), stranger, "minio-backup").await;
    let why = why.unwrap_err();
    assert_eq!(why.reason, "WriteRefused", "{}", why.message);
    assert!(why.message.contains("NotSignedUp"), "{}", why.message);
    let nobody = S3Spec {
        endpoint_url: Some("http://127.0.0.1:1".to_owned()),
        ..spec(&store)
    };
    assert_eq!(refused(&nobody, SECRET).await.0, "NoAnswer");
    assert!(!store.holds_something());
}

#[tokio::test]
async fn a_certificate_that_no_authority_signed_is_trusted_only_where_that_is_said() {
    let certificate = Throwaway::new(&["127.0.0.1"]).unwrap();
    let store = Store::start("tls", Some(&certificate));
    let (reason, message) = refused(&spec(&store), SECRET).await;
    assert_eq!(reason, "NoAnswer");
    assert!(message.contains("certificate"), "{message}");
    let unverified = S3Spec {
        verify_tls: Some(false),
        ..spec(&store)
    };
    assert_eq!(asked(&unverified, SECRET).await, Ok(()));
}
