//! Brackets, texts and comments of an expression: what is known of it before it is parsed, so that
//! no text makes the parser recurse without a bound.

use super::refusal::{Refusal, Span};

/// The longest expression, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// How deep an expression may be nested, counting the variables that it reads.
pub const NESTING: usize = 128;

/// How deep brackets may be nested.
const BRACKETS: usize = 64;

/// How many operators may follow one another without a comma, `&&`, `||`, `?` or `:` between them.
const LINKS: usize = 256;

/// The pairs of brackets of an expression.
#[derive(Debug, Default)]
pub(super) struct Lexis {
    pairs: Vec<Span>,
}

impl Lexis {
    /// Reads the brackets of an expression.
    ///
    /// # Errors
    /// When it is longer, or nested deeper, than an expression may be.
    pub(super) fn read(source: &str) -> Result<Self, Refusal> {
        if source.len() > LONGEST {
            let length = source.len();
            let message = format!("the expression has {length} bytes; at most {LONGEST}");
            return Err(Refusal::at(source, 0, message));
        }
        let mut reader = Reader {
            source,
            at: 0,
            open: vec![Frame::default()],
            lexis: Self::default(),
        };
        reader.read()?;
        Ok(reader.lexis)
    }

    /// The part with the brackets that it opens or closes.
    pub(super) fn balance(&self, span: Span) -> Span {
        let mut span = span;
        let crossing = |pair: &&Span, span: Span| {
            let opened = (span.start..span.end).contains(&pair.start);
            let closed = (span.start..span.end).contains(&(pair.end - 1));
            opened != closed
        };
        while let Some(pair) = self.pairs.iter().find(|pair| crossing(pair, span)) {
            span = span.around(*pair);
        }
        span
    }
}

/// What is open, and how much stands there since the last separator.
#[derive(Default)]
struct Frame {
    start: usize,
    links: usize,
    choices: usize,
}

struct Reader<'s> {
    source: &'s str,
    at: usize,
    open: Vec<Frame>,
    lexis: Lexis,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn read(&mut self) -> Result<(), Refusal> {
        while let Some(next) = self.rest().chars().next() {
            match next {
                '/' if self.rest().starts_with("//") => self.skip_until("\n"),
                '\'' | '"' => self.skip_text(next),
                '`' => {
                    self.at += 1;
                    self.skip_until("`");
                }
                '(' | '[' | '{' => self.opens()?,
                ')' | ']' | '}' => self.closes(),
                _ => self.passes(next)?,
            }
        }
        Ok(())
    }

    fn skip_until(&mut self, end: &str) {
        let rest = self.rest();
        self.at += rest.find(end).map_or(rest.len(), |at| at + end.len());
    }

    /// Skips a text, raw or not, in one quote or three.
    fn skip_text(&mut self, quote: char) {
        let raw = self.is_raw();
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let single = quote.to_string();
        let end = if self.rest().starts_with(&triple) {
            triple
        } else {
            single
        };
        self.at += end.len();
        while !self.rest().is_empty() && !self.rest().starts_with(&end) {
            let escape = !raw && self.rest().starts_with('\\');
            let skipped = self.rest().chars().take(if escape { 2 } else { 1 });
            self.at += skipped.map(char::len_utf8).sum::<usize>();
        }
        self.at = (self.at + end.len()).min(self.source.len());
    }

    /// Whether the quote here follows the prefix of a raw text.
    fn is_raw(&self) -> bool {
        let before = self.source.get(..self.at).unwrap_or_default();
        let word = before.trim_start_matches(|c: char| !c.is_ascii());
        let start = word
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(0, |at| at + 1);
        let prefix = word.get(start..).unwrap_or_default();
        prefix.len() <= 2 && prefix.contains(['r', 'R'])
    }

    fn opens(&mut self) -> Result<(), Refusal> {
        self.links(1)?;
        if self.open.len() > BRACKETS {
            let message = format!("brackets are nested deeper than {BRACKETS}");
            return Err(Refusal::at(self.source, self.at, message));
        }
        self.open.push(Frame {
            start: self.at,
            ..Frame::default()
        });
        self.at += 1;
        Ok(())
    }

    fn closes(&mut self) {
        self.at += 1;
        if self.open.len() > 1
            && let Some(frame) = self.open.pop()
        {
            self.lexis.pairs.push(Span {
                start: frame.start,
                end: self.at,
            });
        }
    }

    /// Whatever else stands there: names and numbers, separators, and operators, each a link of a chain.
    fn passes(&mut self, next: char) -> Result<(), Refusal> {
        let separates = ["&&", "||"]
            .iter()
            .any(|word| self.rest().starts_with(word));
        if separates || next == ':' {
            self.reset(false);
        } else if next == ',' {
            self.reset(true);
        } else if next == '?' {
            self.reset(false);
            self.choice()?;
        } else if !(next.is_alphanumeric() || next == '_' || next.is_whitespace())
            || self.word() == "in"
        {
            self.links(1)?;
        }
        self.at += if separates {
            2
        } else if next.is_alphanumeric() {
            self.word().len().max(next.len_utf8())
        } else {
            next.len_utf8()
        };
        Ok(())
    }

    fn word(&self) -> &str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }

    fn reset(&mut self, choices: bool) {
        if let Some(frame) = self.open.last_mut() {
            frame.links = 0;
            frame.choices = if choices { 0 } else { frame.choices };
        }
    }

    fn choice(&mut self) -> Result<(), Refusal> {
        let choices = self.open.last_mut().map_or(0, |frame| {
            frame.choices += 1;
            frame.choices
        });
        self.bounded(choices, NESTING, "choices follow one another")
    }

    fn links(&mut self, more: usize) -> Result<(), Refusal> {
        let links = self.open.last_mut().map_or(0, |frame| {
            frame.links += more;
            frame.links
        });
        self.bounded(links, LINKS, "operators follow one another")
    }

    fn bounded(&self, count: usize, most: usize, what: &str) -> Result<(), Refusal> {
        if count <= most {
            return Ok(());
        }
        let message = format!("more than {most} {what}");
        Err(Refusal::at(self.source, self.at, message))
    }
}
