//! URIs as Go reads them in a request: with a scheme, or a path from the root. What is said of a wrong
//! one is a value that rules can compare and pass on, so it is worded as Go words it.

use std::fmt::Write;
use std::net::IpAddr;

/// What is wrong with a URI.
pub(super) fn uri(text: &str) -> Vec<String> {
    match request(text) {
        Ok(()) => Vec::new(),
        Err(why) => vec![format!("parse {}: {why}", quoted(text.as_bytes()))],
    }
}

/// Where in a URI a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Host,
    Zone,
    Elsewhere,
}

fn request(text: &str) -> Result<(), String> {
    if text.bytes().any(|letter| letter.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    match text {
        "" => return Err("empty url".to_owned()),
        "*" => return Ok(()),
        _ => {}
    }
    let (scheme, rest) = scheme(text)?;
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    match (scheme, rest.strip_prefix("//")) {
        (Some(_), Some(rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            check_authority(authority)?;
            check(path, Place::Elsewhere)
        }
        (Some(_), None) if !rest.starts_with('/') => Ok(()),
        (None, _) if !rest.starts_with('/') => Err("invalid URI for request".to_owned()),
        _ => check(rest, Place::Elsewhere),
    }
}

/// The scheme, if there is one, and what follows it.
fn scheme(text: &str) -> Result<(Option<&str>, &str), String> {
    let of_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    match text.split_once(':') {
        Some(("", _)) => Err("missing protocol scheme".to_owned()),
        Some((scheme, rest))
            if scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && scheme.chars().all(of_scheme) =>
        {
            Ok((Some(scheme), rest))
        }
        _ => Ok((None, text)),
    }
}

fn check_authority(authority: &str) -> Result<(), String> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    check_host(host)?;
    let Some(user) = user else {
        return Ok(());
    };
    let of_user =
        |letter: char| letter.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(letter);
    if !user.chars().all(of_user) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    check(name, Place::Elsewhere)?;
    check(password, Place::Elsewhere)
}

fn check_host(host: &str) -> Result<(), String> {
    match host.rfind('[') {
        Some(0) => return check_literal(host),
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    let (_, port) = host.split_at(host.rfind(':').unwrap_or(host.len()));
    check_port(port)?;
    check(host, Place::Host)
}

/// Checks an address in brackets and the port behind it.
fn check_literal(host: &str) -> Result<(), String> {
    let Some((address, port)) = host.rsplit_once(']') else {
        return Err("missing ']' in host".to_owned());
    };
    check_port(port)?;
    let address = address.strip_prefix('[').unwrap_or(address);
    let zone = address.find("%25");
    let (numbers, zone) = address.split_at(zone.unwrap_or(address.len()));
    check(numbers, Place::Host)?;
    check(zone, Place::Zone)?;
    let why = match (zone, numbers.parse()) {
        ("%25", _) => "zone must be a non-empty string",
        (_, Ok(IpAddr::V6(_))) => return Ok(()),
        ("", Ok(IpAddr::V4(_))) => return Err("invalid IP-literal".to_owned()),
        _ => "unable to parse IP",
    };
    let address = quoted(address.replace("%25", "%").as_bytes());
    Err(format!("invalid host: ParseAddr({address}): {why}"))
}

fn check_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':');
    let fits = digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    if port.is_empty() || fits {
        return Ok(());
    }
    Err(format!(
        "invalid port {} after host",
        quoted(port.as_bytes())
    ))
}

/// Checks the letters and escapes of a part.
fn check(text: &str, place: Place) -> Result<(), String> {
    let mut rest = text.as_bytes();
    while let [letter, more @ ..] = rest {
        rest = match letter {
            b'%' => after_escape(rest, place)?,
            _ if place == Place::Elsewhere || !letter.is_ascii() || of_host(*letter) => more,
            _ => {
                let letter = quoted(&[*letter]);
                return Err(format!("invalid character {letter} in host name"));
            }
        };
    }
    Ok(())
}

/// What follows the escape that a text begins with.
fn after_escape(text: &[u8], place: Place) -> Result<&[u8], String> {
    if let [_, high, low, rest @ ..] = text
        && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        && may_be_escaped(high << 4 | low, place)
    {
        return Ok(rest);
    }
    let escape = text.get(..3).unwrap_or(text);
    Err(format!("invalid URL escape {}", quoted(escape)))
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

fn may_be_escaped(letter: u8, place: Place) -> bool {
    match place {
        Place::Host => !letter.is_ascii() || letter == b'%',
        Place::Zone => b"% ".contains(&letter) || of_host(letter),
        Place::Elsewhere => true,
    }
}

/// Whether a letter may stand in a host unescaped.
fn of_host(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&letter)
}

/// A text in quotes as Go writes it.
fn quoted(text: &[u8]) -> String {
    let mut out = String::from('"');
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            push_quoted(&mut out, letter);
        }
        for byte in chunk.invalid() {
            push_byte(&mut out, *byte);
        }
    }
    out.push('"');
    out
}

/// The letters that Go writes with a letter after a backslash.
const ESCAPES: [(char, &str); 9] = [
    ('"', "\\\""),
    ('\\', "\\\\"),
    ('\x07', "\\a"),
    ('\x08', "\\b"),
    ('\x0c', "\\f"),
    ('\n', "\\n"),
    ('\r', "\\r"),
    ('\t', "\\t"),
    ('\x0b', "\\v"),
];

fn push_quoted(out: &mut String, letter: char) {
    let number = u32::from(letter);
    if let Some((_, escape)) = ESCAPES.iter().find(|(own, _)| *own == letter) {
        out.push_str(escape);
    } else if is_printable(letter) {
        out.push(letter);
    } else if let Ok(byte) = u8::try_from(number)
        && byte.is_ascii()
    {
        push_byte(out, byte);
    } else if number < 0x1_0000 {
        let _ = write!(out, "\\u{number:04x}");
    } else {
        let _ = write!(out, "\\U{number:08x}");
    }
}

fn push_byte(out: &mut String, byte: u8) {
    // Writing to a text does not fail.
    let _ = write!(out, "\\x{byte:02x}");
}

/// Whether a letter can be seen. Behind another letter, for some are seen only there.
fn is_printable(letter: char) -> bool {
    let text = String::from_iter(['a', letter]);
    letter == '\'' || text.escape_debug().count() == 2
}
