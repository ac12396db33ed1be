//! What a certificate says of itself, as far as it matters here.

use jiff::Timestamp;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::Unusable;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// From when on it is good.
    pub from: Timestamp,
    /// Until when it is good.
    pub until: Timestamp,
    /// The names of its holder: the common name, and those of hosts.
    pub names: Vec<String>,
}

impl Facts {
    /// What the certificate in this DER says.
    ///
    /// # Errors
    /// When it is no certificate.
    pub fn read(der: &[u8]) -> Result<Self, Unusable> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| Unusable::Unreadable)?;
        let validity = certificate.validity();
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| Unusable::Unreadable);
        Ok(Self {
            from: instant(validity.not_before.timestamp())?,
            until: instant(validity.not_after.timestamp())?,
            names: names(&certificate),
        })
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let common = certificate.subject().iter_common_name();
    let mut names: Vec<String> = common
        .filter_map(|name| name.as_str().ok().map(str::to_owned))
        .collect();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        let hosts = alternatives.value.general_names.iter();
        names.extend(hosts.filter_map(|name| {
            let GeneralName::DNSName(name) = name else {
                return None;
            };
            Some((*name).to_owned())
        }));
    }
    names
}
