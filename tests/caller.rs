//! Whoever calls the webhook: an authority to trust, certificates to show, and HTTP over both.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate and its key, PEM.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// An authority of the tests.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of `name`, good until `until`.
    pub(crate) fn issue_until(&self, name: &str, until: Timestamp) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let end = jiff::tz::TimeZone::UTC.to_datetime(until);
        let (year, month, day) = (end.year(), end.month(), end.day());
        params.not_after = rcgen::date_time_ymd(
            i32::from(year),
            u8::try_from(month).unwrap(),
            u8::try_from(day).unwrap(),
        );
        let key = KeyPair::generate().unwrap();
        Issued {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// A certificate of `name` that is good for a while.
    pub(crate) fn issue(&self, name: &str) -> Issued {
        let year = Span::new().hours(24 * 365);
        self.issue_until(name, Timestamp::now() + year)
    }
}

/// What a caller offers.
pub(crate) struct Caller {
    provider: CryptoProvider,
    protocols: Vec<Vec<u8>>,
    roots: RootCertStore,
    shows: Option<Issued>,
}

impl Caller {
    /// One that trusts this authority, and speaks HTTP/1.1.
    pub(crate) fn of(authority: &str) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        Self {
            provider: rustls::crypto::ring::default_provider(),
            protocols: vec![b"http/1.1".to_vec()],
            roots,
            shows: None,
        }
    }

    pub(crate) fn with_http2(mut self) -> Self {
        self.protocols = vec![b"h2".to_vec()];
        self
    }

    pub(crate) fn showing(mut self, certificate: Issued) -> Self {
        self.shows = Some(certificate);
        self
    }

    /// The suites that it could offer, by name.
    pub(crate) fn suites(&self) -> Vec<String> {
        let suites = self.provider.cipher_suites.iter();
        suites.map(|suite| format!("{:?}", suite.suite())).collect()
    }

    pub(crate) fn with_suite(mut self, name: &str) -> Self {
        let suites = &mut self.provider.cipher_suites;
        suites.retain(|suite| format!("{:?}", suite.suite()) == name);
        assert_eq!(suites.len(), 1, "{name}");
        self
    }

    fn config(&self) -> ClientConfig {
        let provider = Arc::new(self.provider.clone());
        // Those versions for which a suite is left.
        let versions: Vec<_> = rustls::ALL_VERSIONS
            .iter()
            .copied()
            .filter(|version| {
                let suites = provider.cipher_suites.iter();
                suites
                    .map(rustls::SupportedCipherSuite::version)
                    .any(|it| it == *version)
            })
            .collect();
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .unwrap()
            .with_root_certificates(self.roots.clone());
        let mut config = match &self.shows {
            None => config.with_no_client_auth(),
            Some(Issued { certificate, key }) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols.clone_from(&self.protocols);
        config.resumption = rustls::client::Resumption::disabled();
        config
    }

    /// A connection after the handshake.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(self.config()));
        connector.connect(name, stream).await
    }

    /// Posts to a path, on a connection of its own.
    pub(crate) async fn post(
        &self,
        address: SocketAddr,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<(StatusCode, String), String> {
        let stream = self.connect(address).await.map_err(|it| it.to_string())?;
        let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let request = Request::post(format!("https://localhost{path}"))
            .header("host", "localhost")
            .body(Full::new(body.into()))
            .unwrap();
        let io = TokioIo::new(stream);
        let response = if two {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io)
                .await
                .map_err(|it| it.to_string())?;
            tokio::spawn(connection);
            sender.send_request(request).await
        } else {
            let (mut sender, connection) =
                http1::handshake(io).await.map_err(|it| it.to_string())?;
            tokio::spawn(connection);
            sender.send_request(request).await
        };
        let response = response.map_err(|it| format!("{it:?}"))?;
        let status = response.status();
        let body = response.into_body().collect().await;
        let body = body.map_err(|it| it.to_string())?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}
