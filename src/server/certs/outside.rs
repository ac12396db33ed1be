//! TLS to servers that are not of this cluster, such as those that store backups.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::provider;

/// A client that trusts the public authorities; or any certificate, where whoever configures the server
/// says that it has none that could be verified.
///
/// # Errors
/// When TLS cannot be set up.
pub fn outside(verifies: bool) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("protocol versions")?;
    if verifies {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let signatures = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
    let anyone = Anyone {
        signatures: signatures.build().context("signatures")?,
    };
    let builder = builder.dangerous();
    let builder = builder.with_custom_certificate_verifier(Arc::new(anyone));
    Ok(builder.with_no_client_auth())
}

/// Encrypts a connection to a server of this name or address.
///
/// # Errors
/// When it is none, or the server is not trusted.
pub async fn encrypt(
    config: ClientConfig,
    host: &str,
    stream: TcpStream,
) -> anyhow::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned())?;
    let connector = TlsConnector::from(Arc::new(config));
    Ok(connector.connect(name, stream).await?)
}

/// Trusts whoever has the key of the certificate that is shown.
#[derive(Debug)]
struct Anyone {
    signatures: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.signatures;
        known.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.signatures;
        known.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.supported_verify_schemes()
    }
}
