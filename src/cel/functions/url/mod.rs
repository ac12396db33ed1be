//! URLs, read as Go's `net/url` reads those of requests.

mod escape;
pub(in crate::cel) mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::opaque::Opaque;
use super::{Function, Literal, function};
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::map::{Key, Map};
use crate::cel::value::Value;
use read::Url;

/// How many parameters a query may have.
const PARAMETERS: usize = 10_000;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &["url(string) -> URL"],
        "The URL that a text is: an absolute one, or an absolute path.",
        url,
    )
    .shown(&[
        ("url('https://user:pass@example.com:80/path?query=val#fragment').getHost()", "\"example.com:80\""),
        ("url('/absolute-path').getEscapedPath()", "\"/absolute-path\""),
    ])
    .literal(Literal::Folded),
    function(
        &["isURL(string) -> bool"],
        "Whether a text is a URL: an absolute one, or an absolute path.",
        is_url,
    )
    .shown(&[
        ("isURL('https://user:pass@example.com:80/path?query=val#fragment')", "true"),
        ("isURL('/absolute-path')", "true"),
        ("isURL('https://a:b:c/')", "false"),
        ("isURL('../relative-path')", "false"),
    ]),
    function(
        &["<URL>.getScheme() -> string"],
        "What stands before the first colon of a URL, in lower case; empty where nothing does.",
        |args, budget| part(args, budget, |url| Some(url.scheme.clone())),
    )
    .shown(&[
        ("url('/path').getScheme()", "\"\""),
        ("url('HTTPS://example.com/').getScheme()", "\"https\""),
    ]),
    function(
        &["<URL>.getHost() -> string"],
        "The host of a URL with its port, an IPv6 address in brackets; empty where there is none.",
        |args, budget| part(args, budget, |url| text(&url.host)),
    )
    .shown(&[
        ("url('https://example.com:80/').getHost()", "\"example.com:80\""),
        ("url('https://example.com/').getHost()", "\"example.com\""),
        ("url('https://[::1]:80/').getHost()", "\"[::1]:80\""),
        ("url('https://[::1]/').getHost()", "\"[::1]\""),
        ("url('/path').getHost()", "\"\""),
    ]),
    function(
        &["<URL>.getHostname() -> string"],
        "The host of a URL without its port, an IPv6 address without brackets; empty where there is none.",
        |args, budget| part(args, budget, |url| text(url.hostname())),
    )
    .shown(&[
        ("url('https://example.com:80/').getHostname()", "\"example.com\""),
        ("url('https://127.0.0.1:80/').getHostname()", "\"127.0.0.1\""),
        ("url('https://[::1]:80/').getHostname()", "\"::1\""),
        ("url('/path').getHostname()", "\"\""),
    ]),
    function(
        &["<URL>.getPort() -> string"],
        "The port of a URL; empty where it is not written.",
        |args, budget| part(args, budget, |url| text(url.port())),
    )
    .shown(&[
        ("url('https://example.com:80/').getPort()", "\"80\""),
        ("url('https://example.com/').getPort()", "\"\""),
        ("url('/path').getPort()", "\"\""),
    ]),
    function(
        &["<URL>.getEscapedPath() -> string"],
        "The path of a URL with its escapes, and with those that it should have had; empty where there is none.",
        |args, budget| part(args, budget, |url| Some(url.path.clone())),
    )
    .shown(&[
        ("url('https://example.com/path').getEscapedPath()", "\"/path\""),
        ("url('https://example.com/path with spaces/').getEscapedPath()", "\"/path%20with%20spaces/\""),
        ("url('https://example.com').getEscapedPath()", "\"\""),
    ]),
    function(
        &["<URL>.getQuery() -> map(string, list(string))"],
        "The parameters of a URL without their escapes, to each name its values in order.",
        query,
    )
    .shown(&[
        (
            "url('https://example.com/path?k1=a&k2=b&k2=c').getQuery()",
            "{\"k1\": [\"a\"], \"k2\": [\"b\", \"c\"]}",
        ),
        (
            "url('https://example.com/path?key with spaces=value with spaces').getQuery()",
            "{\"key with spaces\": [\"value with spaces\"]}",
        ),
        ("url('https://example.com/path?').getQuery()", "{}"),
        ("url('https://example.com/path').getQuery()", "{}"),
    ]),
];

fn url<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len())?;
    let url = Url::read(text).map_err(|why| wrong(format!("{:?} is no URL: {why}", &**text)))?;
    Ok(Value::Opaque(Arc::new(Opaque::Url(url))))
}

fn is_url<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len())?;
    Ok(Value::Bool(read::is_url(text)))
}

/// The URL that a function is called on.
fn own<'v>(args: &'v [Value<'_>]) -> Result<&'v Url, Failure> {
    match args {
        [Value::Opaque(opaque)] => match &**opaque {
            Opaque::Url(url) => Ok(url),
            _ => Err(Failure::Unfit),
        },
        _ => Err(Failure::Unfit),
    }
}

/// A part of a URL. An escape in the host may be of a byte that is part of no text.
fn part<'a>(args: &[Value<'a>], budget: &mut Budget, of: fn(&Url) -> Option<String>) -> Answer<'a> {
    let url = own(args)?;
    budget.charge_text(url.host.len().max(url.path.len()))?;
    of(url).map(Value::text).ok_or_else(not_utf8)
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn not_utf8() -> Failure {
    wrong("the escapes in the URL are no UTF-8")
}

fn query<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let query = own(args)?.query.as_str();
    budget.charge_text(query.len())?;
    if query.matches('&').count() >= PARAMETERS {
        return Err(wrong("the URL has more than 10,000 parameters"));
    }
    let mut found: BTreeMap<String, Vec<Value<'a>>> = BTreeMap::new();
    for (name, value) in query.split('&').filter_map(parameter) {
        budget.charge(1)?;
        let value = Value::text(String::from_utf8(value).map_err(|_| not_utf8())?);
        let name = String::from_utf8(name).map_err(|_| not_utf8())?;
        found.entry(name).or_default().push(value);
    }
    let entry = |(name, values)| Some((Key::of(Value::text(name))?, Value::list(values)));
    let entries = found.into_iter().filter_map(entry);
    let map = Map::build(entries.collect());
    map.map(Value::Map).map_err(|_| Failure::Unfit)
}

/// The name and the value of a parameter. One that cannot be read is left out, as Go leaves it out.
fn parameter(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    if text.is_empty() || text.contains(';') {
        return None;
    }
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let plain = |text: &str| escape::decode(&text.replace('+', " "));
    Some((plain(name)?, plain(value)?))
}

#[cfg(test)]
mod tests;
