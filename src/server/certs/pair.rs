//! A certificate with its key.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;

use super::facts::Facts;
use super::{Unusable, certificates, provider};

/// A certificate, those that vouch for it, and its key.
#[derive(Clone)]
pub struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    /// What the certificate says of itself.
    pub facts: Facts,
}

impl Pair {
    /// Reads a pair that is good at `now`.
    ///
    /// # Errors
    /// When one of the two cannot be read, they do not belong together, or it is over.
    pub fn read(certificate: &[u8], key: &[u8], now: Timestamp) -> Result<Self, Unusable> {
        let chain = certificates(certificate)?;
        let first = chain.first().ok_or(Unusable::NoCertificate)?;
        let facts = Facts::read(first)?;
        if facts.until <= now {
            return Err(Unusable::Expired(facts.until));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Unusable::NoKey)?;
        // What the library says of a key it does not take could quote it.
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
            let other = matches!(error, rustls::Error::InconsistentKeys(_));
            if other {
                Unusable::Mismatch
            } else {
                Unusable::NoKey
            }
        })?;
        Ok(Self {
            certified: Arc::new(certified),
            facts,
        })
    }
}

/// The key is never shown.
impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
