//! Our own authority, and the certificates that it signs.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::time::ASN1Time;

use super::Unusable;

/// A certificate is good from a little before it is made: clocks differ.
const EARLIER: Duration = Duration::from_hours(1);

/// A certificate and its key, PEM.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

/// The span from now for which something is made.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// When it is made.
    pub now: Timestamp,
    /// Until when it is good.
    pub until: Timestamp,
}

/// Makes an authority.
///
/// # Errors
/// When the span is not one that a certificate can have.
pub fn authority(span: Span) -> Result<Issued, Unusable> {
    let mut params = params(Vec::new(), span)?;
    // One name for each, so that a chain is never built with the wrong one.
    let name = format!("firebreak {}", span.now.as_second());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    let key = KeyPair::generate().map_err(refused)?;
    let certificate = params.self_signed(&key).map_err(refused)?;
    Ok(Issued {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// Makes a certificate of a server with these names.
///
/// # Errors
/// When the authority cannot sign, or a name is none.
pub fn sign(authority: &Issued, names: &[String], span: Span) -> Result<Issued, Unusable> {
    let der = CertificateDer::from_pem_slice(authority.certificate.as_bytes())
        .map_err(|_| Unusable::NoCertificate)?;
    let key = KeyPair::from_pem(&authority.key).map_err(|_| Unusable::NoKey)?;
    let issuer = Issuer::from_ca_cert_der(&der, key).map_err(refused)?;
    let mut params = params(names.to_vec(), span)?;
    let name = names.first().cloned().unwrap_or_default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(refused)?;
    let certificate = params.signed_by(&key, &issuer).map_err(refused)?;
    Ok(Issued {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

fn params(names: Vec<String>, span: Span) -> Result<CertificateParams, Unusable> {
    let mut params = CertificateParams::new(names).map_err(refused)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    let instant = |at: Timestamp| ASN1Time::from_timestamp(at.as_second());
    let refused = |_| Unusable::Refused("a span that no certificate can have".to_owned());
    params.not_before = instant(span.now - EARLIER).map_err(refused)?.to_datetime();
    params.not_after = instant(span.until).map_err(refused)?.to_datetime();
    Ok(params)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn refused(error: rcgen::Error) -> Unusable {
    Unusable::Refused(error.to_string())
}
