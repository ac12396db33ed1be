//! What is known of a text before it is parsed: that it is short enough for the parser's stack, and
//! which brackets belong together, so that a part of it can be shown whole.

use super::refusal::{Refusal, Span};

/// The longest expression, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// How deep an expression may be nested, counting the variables that it reads.
pub const NESTING: usize = 128;

/// How deep the parser may nest brackets: what a stack of 1 MiB bears with room to spare.
pub(super) const BRACKETS: u16 = 64;

/// How many signs of operators an expression may have. The parser makes a tree as deep as the longest
/// chain of them, which a stack of 2 MiB bears up to 4,000. Those within texts count as well: whoever
/// misleads us about where a text ends gains nothing.
const SIGNS: usize = 3_000;

/// Refuses a text that the parser might not bear.
///
/// # Errors
/// What there is too much of.
pub(super) fn bear(source: &str) -> Result<(), Refusal> {
    let refuse = |at: usize, message: String| Err(Refusal::at(source, at, message));
    if source.len() > LONGEST {
        let length = source.len();
        return refuse(
            0,
            format!("the expression has {length} bytes; at most {LONGEST}"),
        );
    }
    let signs = source.match_indices(|c: char| ".[+-*/%<>=!?".contains(c));
    let words = source.match_indices("in");
    match signs.chain(words).nth(SIGNS) {
        Some((at, _)) => refuse(at, format!("more than {SIGNS} operators")),
        None => Ok(()),
    }
}

/// The pairs of brackets of an expression, those within texts and comments aside.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<Span>);

impl Pairs {
    /// Finds them.
    pub(super) fn of(source: &str) -> Self {
        let mut pairs = Vec::new();
        let mut open = Vec::new();
        let mut at = 0;
        while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
            let length = piece(source, at);
            match rest.as_bytes().first() {
                Some(b'(' | b'[' | b'{') => open.push(at),
                Some(b')' | b']' | b'}') => {
                    let end = at + 1;
                    pairs.extend(open.pop().map(|start| Span { start, end }));
                }
                _ => {}
            }
            at += length;
        }
        Self(pairs)
    }

    /// The part with the brackets that it opens or closes.
    pub(super) fn balance(&self, span: Span) -> Span {
        let mut span = span;
        let crossing = |pair: &&Span, span: Span| {
            let inside = span.start..span.end;
            inside.contains(&pair.start) != inside.contains(&(pair.end - 1))
        };
        while let Some(pair) = self.0.iter().find(|pair| crossing(pair, span)) {
            span = span.around(*pair);
        }
        span
    }
}

/// How long the text, comment or character is that begins here.
fn piece(source: &str, at: usize) -> usize {
    let rest = source.get(at..).unwrap_or_default();
    let until = |end: &str, from: usize| {
        let found = rest.get(from..).and_then(|rest| rest.find(end));
        found.map_or(rest.len(), |found| from + found + end.len())
    };
    match rest.chars().next() {
        Some('/') if rest.starts_with("//") => until("\n", 2),
        Some('`') => until("`", 1),
        Some(quote @ ('\'' | '"')) => {
            let triple: String = std::iter::repeat_n(quote, 3).collect();
            if rest.starts_with(&triple) {
                until(&triple, 3)
            } else if is_raw(source, at) {
                until(&quote.to_string(), 1)
            } else {
                quoted(rest, quote)
            }
        }
        first => first.map_or(1, char::len_utf8),
    }
}

/// How long a text in single quotes or double is, escapes and all.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + quote.len_utf8())
}

/// Whether the quote here begins a raw text.
fn is_raw(source: &str, at: usize) -> bool {
    let before = source.get(..at).unwrap_or_default();
    let word = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let prefix = before.get(word.map_or(0, |at| at + 1)..);
    matches!(prefix, Some("r" | "R" | "br" | "bR" | "Br" | "BR"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_and_comments_are_no_brackets() {
        let whole = |source: &str| {
            let span = Pairs::of(source).balance(Span { start: 0, end: 2 });
            source[span.start..span.end].to_owned()
        };
        assert_eq!(whole("f(')') + g"), "f(')')");
        assert_eq!(whole("f(r'\\') + g"), "f(r'\\')");
        assert_eq!(whole("f('\\')') + g"), "f('\\')')");
        assert_eq!(whole("f('''a')''') + g"), "f('''a')''')");
        assert_eq!(whole("f( // )\n1) + g"), "f( // )\n1)");
        assert_eq!(whole("f[g(1)] + h"), "f[g(1)]");
    }

    #[test]
    fn what_the_parser_might_not_bear_is_refused() {
        let refused = |source: &str| bear(source).unwrap_err().message;
        assert_eq!(
            refused(&"a".repeat(LONGEST + 1)),
            "the expression has 16385 bytes; at most 16384"
        );
        for link in ["+1", ".b", "[0]", " in a", "\n'.b'"] {
            let chain = format!("a{}", link.repeat(SIGNS + 1));
            assert!(bear(chain.get(..LONGEST.min(chain.len())).unwrap()).is_err());
        }
        assert_eq!(bear(&format!("a{}", "+1".repeat(SIGNS))), Ok(()));
    }
}
