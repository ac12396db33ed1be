//! Certificates for one run, for the demo and for tests.

use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use super::live::Live;
use super::pair::Pair;

/// A certificate authority made for one run, and a server certificate of it. The keys live in
/// memory only.
pub struct Throwaway {
    /// The authority's certificate, PEM.
    pub authority: String,
    /// The certificate of the server.
    pub live: Arc<Live>,
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
        let key = key.serialize_pem();
        let pair = Pair::read(
            certificate.pem().as_bytes(),
            key.as_bytes(),
            Timestamp::now(),
        );
        let live = Live::new(false);
        live.present(pair).context("certificate and key")?;
        Ok(Self {
            authority: authority.pem(),
            live: Arc::new(live),
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
