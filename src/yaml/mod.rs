//! YAML and JSON as kubectl reads them, with the place of every field.
//!
//! Where kubectl and this module could differ, this module reads more, never less: what stands
//! behind `--- ` on the same line or after `...` is a document too, and a key written twice is an
//! error instead of a choice between the two.

mod compose;
mod json;
mod node;
mod position;
mod scalar;
mod split;

use serde_json::Value;

use node::Node;
pub use position::{Position, Positions};
use split::Chunk;

/// How many levels of lists and maps a document may nest.
pub const DEEPEST: usize = 128;

/// How many bytes a document may have; the API server accepts no larger request.
pub const LARGEST: usize = 3 << 20;

/// One document of a file.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it says, as JSON.
    pub value: Value,
    /// The line of its first content, counted from 1.
    pub line: usize,
    /// Where its fields stand.
    pub positions: Positions,
}

impl From<Node> for Document {
    fn from(node: Node) -> Self {
        Self {
            value: node.value,
            line: node.positions.start().line,
            positions: node.positions,
        }
    }
}

/// A text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct SyntaxError {
    /// Where reading stopped.
    pub position: Position,
    /// What was found there, and what would be accepted.
    pub message: String,
}

impl Position {
    /// An error here.
    fn error(self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            position: self,
            message: message.into(),
        }
    }
}

/// What the parsers say, and what would be accepted instead.
const EXPLANATIONS: [(&str, &str); 18] = [
    (
        "recursion limit exceeded",
        "nested more than 128 levels deep, expected fewer",
    ),
    (
        "invalid indentation in multiline quoted scalar",
        "a quoted text goes on in this line, expected deeper indentation than its key has",
    ),
    (
        "invalid indentation",
        "indentation of no list or map above, expected that of one, or deeper within brackets",
    ),
    (
        "while parsing node, found unknown anchor",
        "an alias without an anchor, expected &name at a value above",
    ),
    (
        "simple key expected ':'",
        "text without a key, expected `key: value`",
    ),
    (
        "tabs disallowed within this context (block indentation)",
        "a tab as indentation, expected spaces",
    ),
    (
        "tab cannot be used as indentation",
        "a tab as indentation, expected spaces",
    ),
    (
        "mapping values are not allowed in this context",
        "a second ': ' in one line, expected quotes around the text that holds it",
    ),
    (
        "did not find expected <document start>",
        "text after the end of the document, expected it indented or behind `---`",
    ),
    ("unclosed bracket '['", "unclosed bracket '[', expected ']'"),
    ("unclosed bracket '{'", "unclosed bracket '{', expected '}'"),
    (
        "unclosed quote",
        "unclosed quote, expected the same quote again",
    ),
    (
        "key must be a string",
        "something else where a key belongs, expected text in double quotes",
    ),
    (
        "trailing comma",
        "a comma behind the last entry, expected another entry",
    ),
    (
        "trailing characters",
        "text after the end of the document, expected nothing more",
    ),
    (
        "EOF while parsing a list",
        "unclosed bracket '[', expected ']'",
    ),
    (
        "EOF while parsing an object",
        "unclosed bracket '{', expected '}'",
    ),
    (
        "EOF while parsing a string",
        "unclosed quote, expected the same quote again",
    ),
];

/// The message of a parser as its reader needs it.
fn explained(message: &str) -> String {
    let known = EXPLANATIONS.iter().find(|(found, _)| *found == message);
    match known {
        Some((_, explanation)) => (*explanation).to_owned(),
        None if message.contains("expected") => message.to_owned(),
        None => format!("{message}, expected YAML or JSON"),
    }
}

/// The documents of a text, in order; empty ones are left out. An error in one hides no other.
///
/// Documents of more than `largest` bytes are refused; [`LARGEST`] is what a cluster would take.
#[must_use]
pub fn read(text: &str, largest: usize) -> Vec<Result<Document, SyntaxError>> {
    let mut documents = Vec::new();
    for chunk in split::chunks(text) {
        match read_chunk(&chunk, largest) {
            Ok(nodes) => {
                let present = nodes.into_iter().filter(|node| !node.value.is_null());
                documents.extend(present.map(|node| Ok(Document::from(node))));
            }
            Err(error) => documents.push(Err(chunk.placeholder().unwrap_or(error))),
        }
    }
    documents
}

fn read_chunk(chunk: &Chunk<'_>, largest: usize) -> Result<Vec<Node>, SyntaxError> {
    if chunk.text.len() > largest {
        let message = format!(
            "a document of {} bytes, expected no more than {largest}",
            chunk.text.len()
        );
        return Err(chunk.start().error(message));
    }
    let yaml = || {
        chunk.refuse_control_characters()?;
        compose::compose(chunk.text, chunk.first_line)
    };
    if !chunk.text.trim_start().starts_with(['{', '[']) {
        return yaml();
    }
    match json::read(chunk.text, chunk.first_line) {
        Ok(values) => Ok(values),
        // Flow notation of YAML begins like JSON. When it is neither, JSON was more likely meant.
        Err(refused) if refused.is_no_json => yaml().map_err(|_| refused.error),
        Err(refused) => Err(refused.error),
    }
}
