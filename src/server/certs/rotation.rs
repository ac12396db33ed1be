//! What is kept of our own authority and certificate, and what is next to be done with it.
//!
//! The key of the authority is kept beside the certificate. So a certificate is renewed without a
//! write to the webhook configurations, which somebody may not allow or may undo; and what the key can
//! sign is trusted nowhere but in those configurations, where the certificate's own key is as good.

use std::time::Duration;

use jiff::Timestamp;

use super::authority::{Issued, Span, authority, sign};
use super::facts::Facts;
use super::pair::Pair;
use super::{Unusable, certificates};

/// For how long things are good, and how early they are replaced.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// An authority.
    pub authority: Duration,
    /// A certificate.
    pub certificate: Duration,
    /// How long before its end it is renewed.
    pub renewal: Duration,
    /// How long a new authority has been in every webhook configuration before it signs: as long as
    /// the last API server may take to notice.
    pub settling: Duration,
    /// How long an authority stays trusted after its last certificate was replaced.
    pub overlap: Duration,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for Terms {
    fn default() -> Self {
        Self {
            authority: 3650 * DAY,
            certificate: 365 * DAY,
            renewal: 60 * DAY,
            settling: Duration::from_mins(5),
            overlap: DAY,
        }
    }
}

/// What is kept. It is never shown: there are keys in it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// The authority that signs.
    pub authority: Issued,
    /// Those that signed before and are still trusted.
    pub former: Vec<String>,
    /// The one that will sign, once it is trusted everywhere.
    pub next: Option<Issued>,
    /// Since when that is so.
    pub trusted: Option<Timestamp>,
    /// What is presented.
    pub leaf: Issued,
}

impl Kept {
    /// Whether what is presented is a certificate with its key, be it over or not.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        let Issued { certificate, key } = &self.leaf;
        Pair::read(certificate.as_bytes(), key.as_bytes(), Timestamp::MIN).is_ok()
    }

    /// Every authority that is to be trusted, the one that signs first.
    pub fn wanted(&self) -> impl Iterator<Item = &str> {
        let next = self.next.as_ref().map(|next| next.certificate.as_str());
        let former = self.former.iter().map(String::as_str);
        let signing = std::iter::once(self.authority.certificate.as_str());
        signing
            .chain(next)
            .chain(former)
            .filter(|pem| !pem.is_empty())
    }
}

/// What a step is decided by.
#[derive(Clone, Copy)]
pub struct Situation<'s> {
    /// The names that the certificate has to have.
    pub names: &'s [String],
    /// Whether every webhook configuration trusts this authority.
    pub trusts: &'s dyn Fn(&str) -> bool,
    /// For how long things are good.
    pub terms: &'s Terms,
    /// The instant.
    pub now: Timestamp,
}

/// What is to be kept instead, and why; nothing where all is well.
///
/// # Errors
/// When something cannot be made.
pub fn step(
    kept: Option<&Kept>,
    at: Situation<'_>,
) -> Result<Option<(Kept, &'static str)>, Unusable> {
    let Some(kept) = kept else {
        return Ok(Some((at.fresh()?, "there was nothing")));
    };
    let Ok(leaf) = facts(&kept.leaf.certificate) else {
        return Ok(Some((at.fresh()?, "what was there cannot be read")));
    };
    let over = leaf.until <= at.now;
    if !kept.is_readable() {
        return Ok(Some((at.fresh()?, "what was there is no pair")));
    }
    if let Some(step) = at.introduce(kept, over)? {
        return Ok(Some(step));
    }
    if at.is_due(kept, &leaf) {
        let leaf = at.leaf(&kept.authority)?;
        let kept = Kept {
            leaf,
            ..kept.clone()
        };
        return Ok(Some((kept, "the certificate is renewed")));
    }
    Ok(at.forget(kept, &leaf))
}

impl Situation<'_> {
    fn fresh(&self) -> Result<Kept, Unusable> {
        let authority = self.authority()?;
        Ok(Kept {
            leaf: self.leaf(&authority)?,
            authority,
            ..Kept::default()
        })
    }

    fn authority(&self) -> Result<Issued, Unusable> {
        authority(Span {
            now: self.now,
            until: self.now + self.terms.authority,
        })
    }

    /// A certificate that does not outlive its authority.
    fn leaf(&self, authority: &Issued) -> Result<Issued, Unusable> {
        let end = facts(&authority.certificate)?.until;
        let until = end.min(self.now + self.terms.certificate);
        let now = self.now;
        sign(authority, self.names, Span { now, until })
    }

    /// A new authority is trusted everywhere first, and only then does it sign: at no instant does
    /// an API server see a certificate that it does not trust.
    fn introduce(&self, kept: &Kept, over: bool) -> Result<Option<(Kept, &'static str)>, Unusable> {
        let Some(next) = &kept.next else {
            let good = facts(&kept.authority.certificate).is_ok_and(|authority| {
                authority.until >= self.now + self.terms.certificate + self.terms.renewal
            });
            if good && !kept.authority.key.is_empty() {
                return Ok(None);
            }
            let kept = Kept {
                next: Some(self.authority()?),
                trusted: None,
                ..kept.clone()
            };
            return Ok(Some((kept, "an authority is introduced")));
        };
        let trusted = (self.trusts)(&next.certificate);
        let settled = |since| trusted && since <= self.now - self.terms.settling;
        if over || kept.trusted.is_some_and(settled) {
            return Ok(Some((self.promote(kept, next)?, "the new authority signs")));
        }
        let since = trusted.then(|| kept.trusted.unwrap_or(self.now));
        if since == kept.trusted {
            return Ok(None);
        }
        let why = if trusted {
            "the new authority is trusted everywhere"
        } else {
            "the new authority is not trusted everywhere any more"
        };
        let trusted = since;
        let kept = Kept {
            trusted,
            ..kept.clone()
        };
        Ok(Some((kept, why)))
    }

    fn promote(&self, kept: &Kept, next: &Issued) -> Result<Kept, Unusable> {
        let mut former = vec![kept.authority.certificate.clone()];
        former.extend(kept.former.iter().cloned());
        former.retain(|pem| !pem.is_empty());
        Ok(Kept {
            leaf: self.leaf(next)?,
            authority: next.clone(),
            former,
            next: None,
            trusted: None,
        })
    }

    fn is_due(&self, kept: &Kept, leaf: &Facts) -> bool {
        let Ok(authority) = facts(&kept.authority.certificate) else {
            return false;
        };
        if kept.authority.key.is_empty() || authority.until <= self.now {
            return false;
        }
        let named = |name: &String| leaf.names.contains(name);
        // One that ends with its authority is not renewed over and over.
        let ends = leaf.until <= self.now + self.terms.renewal && leaf.until < authority.until;
        ends || !self.names.iter().all(named)
    }

    /// Trusts no longer what has signed nothing for a while.
    fn forget(&self, kept: &Kept, leaf: &Facts) -> Option<(Kept, &'static str)> {
        let over = leaf.from < self.now - self.terms.overlap;
        if kept.former.is_empty() || !over {
            return None;
        }
        let former = Vec::new();
        let kept = Kept {
            former,
            ..kept.clone()
        };
        Some((kept, "the former authority is forgotten"))
    }
}

/// What the first certificate of a PEM says of itself.
fn facts(pem: &str) -> Result<Facts, Unusable> {
    let chain = certificates(pem.as_bytes())?;
    Facts::read(chain.first().ok_or(Unusable::NoCertificate)?)
}
