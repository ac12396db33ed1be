//! Certificates, and the only door to TLS.

use std::sync::Arc;

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A certificate authority made for one run, and a server certificate of it. The keys live in
/// memory only.
pub struct Throwaway {
    /// The authority's certificate, PEM.
    pub authority: String,
    /// What a server needs to present the certificate.
    pub server: Arc<ServerConfig>,
}

impl Throwaway {
    /// Makes an authority and a certificate for these host names and addresses.
    ///
    /// # Errors
    /// When a name is not valid in a certificate.
    pub fn new(names: &[&str]) -> anyhow::Result<Self> {
        let authority = authority()?;
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut leaf = CertificateParams::new(names).context("names of the certificate")?;
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().context("key of the server")?;
        let certificate = leaf
            .signed_by(&key, &authority)
            .context("certificate of the server")?;
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .context("protocol versions")?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .context("certificate and key")?;
        Ok(Self {
            authority: authority.pem(),
            server: Arc::new(server),
        })
    }
}

fn authority() -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "firebreak throwaway authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().context("key of the authority")?;
    CertifiedIssuer::self_signed(params, key).context("certificate of the authority")
}

/// A client that trusts this authority alone.
///
/// # Errors
/// When the PEM holds no certificate.
pub fn client(authority: &str) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(authority.as_bytes())
        .map_err(|error| anyhow::anyhow!("certificate of the authority: {error:?}"))?;
    roots
        .add(certificate)
        .context("certificate of the authority")?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("protocol versions")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
