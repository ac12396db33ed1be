//! From the parser's events to values. The one door to the YAML parser.
//!
//! Nothing here recurses, and what a document may cost is bounded: its nesting by [`DEEPEST`], what
//! its aliases multiply by [`COPIES`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{
    Event, Marker, Parser, ScalarStyle, ScanError, Scanner, Span, StrInput, Tag, TokenType,
};
use serde_json::Value;

use super::node::{Node, Open, Size};
use super::position::Position;
use super::scalar::{self, Type};
use super::{DEEPEST, SyntaxError, explained};

/// How much anchors and aliases may copy in one document.
const COPIES: Size = Size {
    nodes: 100_000,
    bytes: 8 << 20,
};

/// The parser gives up where this many comments could belong to one place or to another.
const TOO_MANY_COMMENTS: &str = "too many consecutive comments";

const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// The documents in `text`, whose first line is line `first_line` of its file.
pub(super) fn compose(text: &str, first_line: usize) -> Result<Vec<Node>, SyntaxError> {
    match Composer::new(first_line).run(text) {
        Err(error) if error.message.starts_with(TOO_MANY_COMMENTS) => {
            Composer::new(first_line).run(&without_comments(text))
        }
        outcome => outcome,
    }
}

/// The same text, lines and columns, with spaces in place of comments.
fn without_comments(text: &str) -> String {
    let mut blank = text.to_owned();
    let mut scanner = Scanner::new(StrInput::new(text));
    while let Ok(Some(token)) = scanner.next_token() {
        if let TokenType::Comment(_) = token.1
            && let Some(range) = token.0.byte_range()
            && let Some(comment) = text.get(range.clone())
        {
            // Columns after a comment matter to nobody, so bytes may stand for characters.
            blank.replace_range(range, &" ".repeat(comment.len()));
        }
    }
    blank
}

struct Composer {
    first_line: usize,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    copies: Size,
    done: Vec<Node>,
}

impl Composer {
    fn new(first_line: usize) -> Self {
        Self {
            first_line,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            copies: COPIES,
            done: Vec::new(),
        }
    }

    fn run(mut self, text: &str) -> Result<Vec<Node>, SyntaxError> {
        let mut parser = Parser::new_from_str(text);
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| self.malformed(&error))?;
            self.on_event(event, span)?;
        }
        Ok(self.done)
    }

    fn malformed(&self, error: &ScanError) -> SyntaxError {
        self.position(*error.marker())
            .error(explained(error.info()))
    }

    fn position(&self, marker: Marker) -> Position {
        Position {
            line: self
                .first_line
                .saturating_add(marker.line())
                .saturating_sub(1),
            column: marker.col().saturating_add(1),
        }
    }

    fn on_event(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let here = self.position(span.start);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let notation = Notation { style, anchor, tag };
                self.scalar(&text, &notation, here)
            }
            Event::SequenceStart(_, anchor, _) => self.open(Open::list(here, anchor), here),
            Event::MappingStart(_, anchor, _) => self.open(Open::map(here, anchor), here),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.place(open.anchor, open.close()),
                None => Ok(()),
            },
            Event::Alias(anchor) => self.alias(anchor, here),
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.copies = COPIES;
                Ok(())
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentEnd
            | Event::Comment(..) => Ok(()),
        }
    }

    fn open(&mut self, open: Open, here: Position) -> Result<(), SyntaxError> {
        self.refuse_depth(1, here)?;
        self.open.push(open);
        Ok(())
    }

    fn refuse_depth(&self, more: usize, here: Position) -> Result<(), SyntaxError> {
        if self.open.len().saturating_add(more) > DEEPEST {
            return Err(here.error(format!("nested more than {DEEPEST} levels deep")));
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        notation: &Notation<'_>,
        here: Position,
    ) -> Result<(), SyntaxError> {
        if notation.is_merge(text) && self.open.last_mut().is_some_and(Open::take_merge_key) {
            return Ok(());
        }
        let value = notation
            .resolve(text)
            .map_err(|error| here.error(error.0))?;
        self.place(
            notation.anchor,
            Node::scalar(value, Size::of_text(text), here),
        )
    }

    fn alias(&mut self, anchor: usize, here: Position) -> Result<(), SyntaxError> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(here.error("the alias refers to a value that contains it"));
        };
        let (size, height) = (target.size, target.height);
        self.refuse_depth(height, here)?;
        self.charge(size, here)?;
        let Some(mut copy) = self.anchors.get(&anchor).cloned() else {
            return Ok(());
        };
        copy.positions = copy.positions.moved_to(here);
        self.place(0, copy)
    }

    /// Pays for a copy before it is made.
    fn charge(&mut self, cost: Size, here: Position) -> Result<(), SyntaxError> {
        self.copies = self.copies.less(cost).ok_or_else(|| {
            here.error(format!(
                "aliases copy more than {} values or {} MiB of text in this document",
                COPIES.nodes,
                COPIES.bytes >> 20
            ))
        })?;
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, anchor: usize, node: Node) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.charge(node.size, node.positions.start())?;
            self.anchors.insert(anchor, node.clone());
        }
        if let Some(open) = self.open.last_mut() {
            return open.take(node);
        }
        self.done.push(node);
        Ok(())
    }
}

/// How a scalar is written: style and tag decide what it means.
struct Notation<'a> {
    style: ScalarStyle,
    /// The anchor it is known by, 0 for none.
    anchor: usize,
    tag: Option<Cow<'a, Tag>>,
}

impl Notation<'_> {
    fn is_merge(&self, text: &str) -> bool {
        text == "<<" && self.style == ScalarStyle::Plain && self.tag.is_none()
    }

    fn resolve(&self, text: &str) -> Result<Value, scalar::NoValue> {
        let Some(tag) = &self.tag else {
            return match self.style {
                ScalarStyle::Plain => scalar::plain(text),
                ScalarStyle::SingleQuoted
                | ScalarStyle::DoubleQuoted
                | ScalarStyle::Literal
                | ScalarStyle::Folded => Ok(Value::from(text)),
            };
        };
        match tag.suffix_in_namespace(YAML_TAGS).as_deref() {
            Some("binary") => Err(scalar::NoValue(
                "tag !!binary, expected the text itself".to_owned(),
            )),
            Some(name) => scalar::tagged(Type::of_tag(name), text),
            None => Ok(Value::from(text)),
        }
    }
}
