//! Certificates, and the only door to TLS.
//!
//! TLS 1.2 with authenticated encryption and TLS 1.3, by rustls with ring; HTTP/2 and HTTP/1.1 by ALPN.

pub mod facts;
pub mod pair;
pub mod callers;
pub mod live;
pub mod files;
pub mod throwaway;
pub mod authority;
pub mod rotation;
pub mod bundle;
pub mod kept;
mod outside;

use std::sync::Arc;

use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

pub use live::{Live, Protocol, Secured};
pub use outside::{encrypt, outside};
pub use throwaway::Throwaway;

/// Why something that should be a certificate, a key or an authority cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is no certificate in it.
    #[error("no certificate in PEM")]
    NoCertificate,
    /// There is no key in it.
    #[error("no private key in PEM")]
    NoKey,
    /// It is one that cannot be read.
    #[error("a certificate that cannot be read")]
    Unreadable,
    /// The key is another's.
    #[error("the key does not belong to the certificate")]
    Mismatch,
    /// It is over.
    #[error("the certificate expired at {0}")]
    Expired(jiff::Timestamp),
    /// Something else.
    #[error("{0}")]
    Refused(String),
}

/// A client that trusts this authority alone.
///
/// # Errors
/// When the PEM holds no certificate.
pub fn client(authority: &str) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority.as_bytes()).context("certificate of the authority")? {
        roots
            .add(certificate)
            .context("certificate of the authority")?;
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("protocol versions")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The certificates in a PEM, at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|_| Unusable::Unreadable)?;
    if read.is_empty() {
        return Err(Unusable::NoCertificate);
    }
    Ok(read)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
