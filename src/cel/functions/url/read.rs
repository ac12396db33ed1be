//! How a URL is read.

use std::net::Ipv6Addr;

use super::escape;
use crate::cel::budget::{Budget, Failure};

/// A URL.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Url {
    pub(super) scheme: String,
    /// What follows the scheme, where that is no path.
    opaque: String,
    user: Option<User>,
    /// The host and the port. An escape may stand for any byte.
    pub(super) host: Vec<u8>,
    /// Whether a scheme and a path stand there, and not even the marks of a host between them.
    hostless: bool,
    /// With its escapes.
    pub(super) path: String,
    /// With its escapes.
    pub(super) query: String,
    /// Whether the mark of a query is there and no query.
    marked: bool,
    fragment: String,
}

/// A name, and a password where there is one.
type User = (Vec<u8>, Option<Vec<u8>>);

/// Why a text is no URL.
type Refusal = &'static str;

/// Whether a text is a URL. What follows `#` is taken for a part of the path or the query here.
pub(super) fn is_url(text: &str) -> bool {
    requested(text).is_ok()
}

fn requested(text: &str) -> Result<Url, Refusal> {
    match text {
        "" => Err("it is empty"),
        text => whole(text, true),
    }
}

impl Url {
    /// Reads a URL.
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        requested(text)?;
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        Ok(Self {
            fragment: escape::FRAGMENT.escaped(fragment).ok_or(BROKEN)?,
            ..whole(before, false)?
        })
    }

    /// Whether two URLs are written alike once their escapes are.
    pub(in crate::cel::functions) fn equal(
        &self,
        other: &Self,
        budget: &mut Budget,
    ) -> Result<bool, Failure> {
        for part in [
            &self.scheme,
            &self.opaque,
            &self.path,
            &self.query,
            &self.fragment,
        ] {
            budget.charge_text(part.len())?;
        }
        Ok(self == other)
    }

    /// The host without its port, and without the brackets around an IPv6 address.
    pub(super) fn hostname(&self) -> &[u8] {
        let host = self.split().0;
        let bare = host
            .strip_prefix(b"[")
            .and_then(|host| host.strip_suffix(b"]"));
        bare.unwrap_or(host)
    }

    pub(super) fn port(&self) -> &[u8] {
        self.split().1
    }

    /// The host and its port.
    fn split(&self) -> (&[u8], &[u8]) {
        let colon = self.host.iter().rposition(|byte| *byte == b':');
        let parts = colon.and_then(|colon| self.host.split_at_checked(colon));
        match parts {
            Some((host, [_, port @ ..])) if port.iter().all(u8::is_ascii_digit) => (host, port),
            _ => (&self.host, b""),
        }
    }
}

const BROKEN: Refusal = "a `%` is not followed by two hexadecimal digits";

/// Reads all but the fragment. The URL of a request has no host without a scheme.
fn whole(text: &str, request: bool) -> Result<Url, Refusal> {
    if text.chars().any(|c| c.is_ascii_control()) {
        return Err("it has control characters");
    }
    if text == "*" {
        return Ok(Url {
            path: text.into(),
            ..Url::default()
        });
    }
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut url = Url {
        scheme: scheme.to_ascii_lowercase(),
        query: query.into(),
        marked: query.is_empty() && text.ends_with('?'),
        ..Url::default()
    };
    if !rest.starts_with('/') {
        if scheme.is_empty() {
            return Err("it has neither a scheme nor an absolute path");
        }
        url.opaque = rest.into();
        return Ok(url);
    }
    let path = url.authority(rest, request)?;
    url.path = escape::PATH.escaped(path).ok_or(BROKEN)?;
    Ok(url)
}

/// The scheme, and what follows its colon; empty where there is none.
fn scheme(text: &str) -> Result<(&str, &str), Refusal> {
    let own = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    match text.split_once(':') {
        Some(("", _)) => Err("it begins with a colon"),
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(own) =>
        {
            Ok((scheme, rest))
        }
        _ => Ok(("", text)),
    }
}

impl Url {
    /// Reads the user and the host, if they are there, and gives the path that follows.
    fn authority<'t>(&mut self, text: &'t str, request: bool) -> Result<&'t str, Refusal> {
        let schemed = !self.scheme.is_empty();
        let may = schemed || !request && !text.starts_with("///");
        let Some(after) = text.strip_prefix("//").filter(|_| may) else {
            self.hostless = schemed;
            return Ok(text);
        };
        let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = hosted(host)?;
        self.user = user.map(named).transpose()?;
        Ok(path)
    }
}

/// Reads a name and a password.
fn named(text: &str) -> Result<User, Refusal> {
    let own = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !text.chars().all(own) {
        return Err("its user has characters that have to be escaped");
    }
    let (name, password) = match text.split_once(':') {
        Some((name, password)) => (name, Some(password)),
        None => (text, None),
    };
    let password = password.map(|password| escape::decode(password).ok_or(BROKEN));
    Ok((escape::decode(name).ok_or(BROKEN)?, password.transpose()?))
}

const NO_HOST: Refusal = "its host has characters that no host has";

/// Reads a host and its port.
fn hosted(text: &str) -> Result<Vec<u8>, Refusal> {
    match text.rfind('[') {
        Some(0) => return bracketed(text),
        Some(_) => return Err("brackets stand around a whole IPv6 address alone"),
        None => {}
    }
    match text.rfind(':').and_then(|colon| text.get(colon..)) {
        Some(port) if !is_port(port) => Err("its port is no number"),
        _ => escape::host(text).ok_or(NO_HOST),
    }
}

/// Whether this is nothing, or a colon and digits, or a colon alone.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').unwrap_or(text);
    let marked = text.is_empty() || digits.len() < text.len();
    marked && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads an IPv6 address in brackets, and its port.
fn bracketed(text: &str) -> Result<Vec<u8>, Refusal> {
    let inside = text
        .strip_prefix('[')
        .and_then(|text| text.rsplit_once(']'));
    let (address, port) = inside.ok_or("a bracket is not closed with `]`")?;
    if !is_port(port) {
        return Err("its port is no number");
    }
    let (address, zone) = address.split_at(address.find("%25").unwrap_or(address.len()));
    let zone = escape::zone(zone).ok_or(NO_HOST)?;
    let parsed: Result<Ipv6Addr, _> = address.parse();
    if parsed.is_err() || zone == b"%" {
        return Err("what stands in brackets is no IPv6 address");
    }
    Ok([b"[", address.as_bytes(), &zone, b"]", port.as_bytes()].concat())
}
