//! An expression of a rule, hashed: its literals, and the labels that it reads by their names. What
//! computes on the characters of a name may come out otherwise, and is told.

use super::digest::Key;
use super::text::{self, Text};

/// Functions that look into words.
const WITHIN: &[&str] = &[
    "charAt",
    "find",
    "findAll",
    "indexOf",
    "lastIndexOf",
    "matches",
    "replace",
    "reverse",
    "split",
    "substring",
];

/// Functions that look at the beginning of their text, and at the end of it.
const EDGES: &[(&str, bool, bool)] = &[
    ("contains", true, true),
    ("endsWith", true, false),
    ("startsWith", false, true),
];

/// What has labels, or the like, as its fields.
const KEYED: &[&str] = &["annotations", "labels"];

/// Hashes the literals of an expression.
pub(super) fn hash(key: Key, expression: &str) -> Text {
    let mut hashing = Hashing {
        key,
        hashed: Text::default(),
        words: Vec::new(),
    };
    let mut rest = expression;
    while let Some((piece, after)) = rest
        .split_at_checked(next(rest))
        .filter(|it| !it.0.is_empty())
    {
        hashing.take(piece);
        rest = after;
    }
    hashing.hashed
}

struct Hashing<'e> {
    key: Key,
    hashed: Text,
    /// What came before and was no space, the last at the end.
    words: Vec<&'e str>,
}

impl<'e> Hashing<'e> {
    fn take(&mut self, piece: &'e str) {
        if piece.starts_with(['"', '\'']) {
            self.literal(piece);
        } else if piece.starts_with("//") || self.is_key() {
            let new = text::hash(self.key, piece).text;
            self.hashed.text.push_str(&new);
        } else {
            if WITHIN.contains(&piece) && self.before(0) == "." {
                self.hashed.cut.push(format!("{piece}()"));
            }
            self.hashed.text.push_str(piece);
        }
        if !piece.trim().is_empty() {
            self.words.push(piece);
        }
    }

    fn literal(&mut self, piece: &str) {
        let quotes = quotes(piece);
        let inner = piece.strip_prefix(quotes).unwrap_or(piece);
        let closed = inner.strip_suffix(quotes);
        let inner = closed.unwrap_or(inner);
        let Text { text, cut } = text::hash(self.key, inner);
        let edges = (self.before(0) == "(")
            .then(|| self.before(1))
            .and_then(|function| EDGES.iter().find(|(name, ..)| *name == function));
        if let Some((name, first, last)) = edges {
            let begins = *first && changes(inner.chars().next(), text.chars().next());
            let ends = *last && changes(inner.chars().last(), text.chars().last());
            if (begins || ends) && inner != text {
                self.hashed.cut.push(format!("{name}({piece})"));
            }
        }
        self.hashed.cut.extend(cut);
        let end = closed.map_or("", |_| quotes);
        self.hashed.text.extend([quotes, &text, end]);
    }

    /// Whether the key of a label is next, as in `labels.team`.
    fn is_key(&self) -> bool {
        let dots = match (self.before(0), self.before(1)) {
            ("?", ".") => 2,
            (".", _) => 1,
            _ => return false,
        };
        KEYED.contains(&self.before(dots))
    }

    fn before(&self, back: usize) -> &str {
        self.words
            .iter()
            .rev()
            .nth(back)
            .copied()
            .unwrap_or_default()
    }
}

/// Whether a text begins, or ends, within a word: one that is no word there is a border of words.
fn changes(old: Option<char>, new: Option<char>) -> bool {
    old.is_some_and(char::is_alphanumeric) && new.is_some_and(char::is_alphanumeric)
}

/// How many bytes the next piece of an expression has: a literal, a word, a comment or a character.
fn next(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with(['"', '\'']) {
        return literal(text);
    }
    let end = text.find(|it: char| !it.is_alphanumeric() && it != '_');
    end.unwrap_or(text.len()).max(first)
}

fn quotes(text: &str) -> &str {
    let one = text.get(..1).unwrap_or_default();
    let three = text.get(..3).filter(|it| *it == one.repeat(3));
    // An empty literal is two, and never the beginning of three.
    three.unwrap_or(one)
}

/// How many bytes a literal has; what does not end is one to the end.
fn literal(text: &str) -> usize {
    let quotes = quotes(text);
    let mut at = quotes.len();
    while let Some(rest) = text.get(at..).filter(|it| !it.is_empty()) {
        if rest.starts_with(quotes) {
            return at.saturating_add(quotes.len());
        }
        let escape = rest.starts_with('\\');
        let characters = rest.chars().take(if escape { 2 } else { 1 });
        let length = characters.map(char::len_utf8).sum::<usize>();
        at = at.saturating_add(length);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(expression: &str) -> Text {
        hash(Key::of("salt"), expression)
    }

    fn name(text: &str) -> String {
        text::hash(Key::of("salt"), text).text
    }

    #[test]
    fn literals_and_keys_of_labels_are_hashed_and_fields_are_not() {
        let (team, orders) = (name("acmeteam"), name("orders"));
        let found = hashed(
            "object.metadata.labels.acmeteam == 'orders' && labels[\"acmeteam\"] != '' && x.orders",
        );
        assert_eq!(
            found.text,
            format!(
                "object.metadata.labels.{team} == '{orders}' && labels[\"{team}\"] != '' && x.orders"
            )
        );
        assert_eq!(found.cut, [""; 0]);
        assert_eq!(
            hashed("labels.?acmeteam.orValue('''orders''') // orders").text,
            format!("labels.?{team}.orValue('''{orders}''') // {orders}")
        );
    }

    #[test]
    fn what_computes_on_characters_is_told() {
        for (expression, expected) in [
            ("a.matches('^x')", "matches()"),
            ("a.startsWith('orders')", "startsWith('orders')"),
            ("a.contains(\"orders-\")", "contains(\"orders-\")"),
        ] {
            assert_eq!(hashed(expression).cut, [expected], "{expression}");
        }
        for expression in [
            "a.startsWith('orders-')",
            "a.endsWith('-orders')",
            "matches == 1",
        ] {
            assert_eq!(hashed(expression).cut, [""; 0], "{expression}");
        }
    }

    #[test]
    fn no_text_stops_it() {
        for text in ["'", "\"\"\"", "'\\", "a.'\u{e9}", "labels.", ""] {
            assert_eq!(hashed(text).text.len(), text.len(), "{text}");
        }
    }
}
