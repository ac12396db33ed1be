//! The authority of those who call.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::{Unusable, certificates, provider};

/// Who is answered: whoever shows a certificate of one of these authorities.
#[derive(Clone)]
pub struct Callers {
    pub(super) verifier: Arc<dyn ClientCertVerifier>,
}

impl Callers {
    /// Reads the authorities.
    ///
    /// # Errors
    /// When there is none, or one that cannot be read.
    pub fn read(authorities: &[u8]) -> Result<Self, Unusable> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(authorities)? {
            roots.add(authority).map_err(|_| Unusable::Unreadable)?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
        let verifier = verifier.build();
        Ok(Self {
            verifier: verifier.map_err(|error| Unusable::Refused(error.to_string()))?,
        })
    }
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callers").finish_non_exhaustive()
    }
}
