//! A text of names, hashed word by word. What stands between words stays, so that a name that is made
//! of others is still made of them.

use std::net::Ipv6Addr;

use super::digest::Key;
use super::word;
use crate::calendar::zone;

/// A text, hashed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// What takes its place.
    pub(super) text: String,
    /// Words that a pattern may cut: what is hashed is whole words.
    pub(super) cut: Vec<String>,
}

/// Hashes every word of a text that is not known.
pub(super) fn hash(key: Key, text: &str) -> Text {
    let mut hashed = Text::default();
    let mut rest = text;
    let mut before = "";
    while !rest.is_empty() {
        let (kind, length) = next(rest, before);
        let Some((piece, after)) = rest.split_at_checked(length) else {
            break;
        };
        let new = match kind {
            Piece::Word => word::hash(key, piece),
            Piece::Kept => piece.to_owned(),
        };
        if new != piece && (is_open(before) || is_opening(after)) {
            hashed.cut.push(piece.to_owned());
        }
        hashed.text.push_str(&new);
        before = piece;
        rest = after;
    }
    hashed
}

enum Piece {
    Word,
    Kept,
}

/// The next piece of a text and how many bytes it has, which are some.
fn next(text: &str, before: &str) -> (Piece, usize) {
    let first = text.chars().next().map_or(1, char::len_utf8);
    if let Some(length) = escaped(text).or_else(|| address(text)) {
        return (Piece::Kept, length);
    }
    if !before.ends_with('/')
        && let Some(length) = place(text)
    {
        return (Piece::Kept, length);
    }
    match run(text, char::is_alphanumeric) {
        0 => (Piece::Kept, first),
        length => (Piece::Word, length),
    }
}

/// How many bytes of the beginning are such characters.
fn run(text: &str, such: impl Fn(char) -> bool) -> usize {
    text.find(|it| !such(it)).unwrap_or(text.len())
}

/// What is escaped is no part of a word: `\n`, or `\d` in a pattern.
fn escaped(text: &str) -> Option<usize> {
    let next = text.strip_prefix('\\')?.chars().next()?;
    Some(next.len_utf8().saturating_add(1))
}

/// An address of IPv6; those of IPv4 are numbers, which stay anyway.
fn address(text: &str) -> Option<usize> {
    let length = run(text, |it| it.is_ascii_hexdigit() || matches!(it, ':' | '.'));
    let address = text.get(..length)?;
    let found = address.contains(':') && address.parse::<Ipv6Addr>().is_ok();
    found.then_some(length)
}

/// A time zone such as `Europe/Prague`.
fn place(text: &str) -> Option<usize> {
    let part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '/' | '_' | '-' | '+');
    let length = run(text, part);
    let name = text.get(..length)?;
    let found = name.contains('/') && name.starts_with(|it: char| it.is_ascii_uppercase());
    (found && zone(name).is_ok()).then_some(length)
}

/// Whether more of a word may stand before, in a pattern or a template.
fn is_open(before: &str) -> bool {
    before.ends_with(['*', ']', '}', '?', '+']) || before.starts_with('\\')
}

/// Whether more of a word may follow.
fn is_opening(after: &str) -> bool {
    let any = |it: &str| after.starts_with(it);
    after.starts_with(['*', '[', '{', '?', '+', '\\']) || any(".*") || any(".+") || any("(?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(text: &str) -> String {
        hash(Key::of("salt"), text).text
    }

    #[test]
    fn what_is_made_of_names_is_made_of_their_hashes() {
        let (one, other) = (hashed("orders"), hashed("billing"));
        assert_ne!(one, "orders");
        assert_eq!(
            hashed("orders-billing.orders_0/x"),
            format!("{one}-{other}.{one}_0/x")
        );
        assert_eq!(hashed("orders-pxc-0"), format!("{one}-pxc-0"));
        assert_eq!(
            hashed("billing.orders.svc.cluster.local:3306"),
            format!("{other}.{one}.svc.cluster.local:3306")
        );
    }

    #[test]
    fn times_addresses_and_time_zones_stay() {
        for text in [
            "2026-12-18T00:00:00Z",
            "CRON_TZ=Europe/Prague 0 3 * * MON-FRI",
            "fd00::1",
            "[fd00::12:ab]:5432",
            "10.0.0.0/8",
            "1h30m",
            "\\d+",
        ] {
            assert_eq!(hashed(text), text);
        }
    }

    #[test]
    fn a_word_that_a_pattern_cuts_is_told() {
        let cut = |text| hash(Key::of("salt"), text).cut;
        for text in ["orders*", "orders.*", "[a-z]orders", "orders\\d"] {
            assert_eq!(cut(text), ["orders"], "{text}");
        }
        for text in ["orders-*", "^orders-[0-9]+$", "orders", "mysql*"] {
            assert_eq!(cut(text), [""; 0], "{text}");
        }
    }
}
