//! From text to a tree. The only door to the crate `cel`, whose parser reads the text.

use std::sync::OnceLock;

use cel::Env;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};

use super::lexis::{BRACKETS, NESTING, Pairs, bear};
use super::macros::Called;
use super::refusal::{Refusal, Span};
use super::tree::{Node, Tree};
use super::value::{Text, Value};

/// Parses an expression.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn parse(source: &str) -> Result<Tree, Refusal> {
    static SYNTAX: OnceLock<Env> = OnceLock::new();
    bear(source)?;
    let parser = SYNTAX.get_or_init(Env::default).parser();
    let parser = parser
        .enable_ident_escape_syntax(true)
        .enable_optional_syntax(true)
        .max_recursion_depth(BRACKETS);
    let parsed = parser.parse_with_source_info(source);
    let (expression, places) = parsed.map_err(|errors| syntax(source, &errors))?;
    let reader = Reader {
        source,
        places: &places,
        pairs: Pairs::of(source),
        bytes: offsets(source),
    };
    reader.tree(&expression, 0)
}

/// Where each character begins: the parser counts characters.
fn offsets(source: &str) -> Vec<usize> {
    let starts = source.char_indices().map(|(at, _)| at);
    starts.chain([source.len()]).collect()
}

/// The first of the parser's errors, in fewer words.
fn syntax(source: &str, errors: &cel::ParseErrors) -> Refusal {
    let Some(first) = errors.errors.first() else {
        return Refusal::at(source, 0, "it is no expression");
    };
    let (line, column) = first.pos;
    if first.msg.contains("ecursion limit") {
        return Refusal::at(
            source,
            0,
            format!("brackets are nested deeper than {BRACKETS}"),
        );
    }
    let place = |number: isize| usize::try_from(number).unwrap_or(1);
    Refusal::at_line(source, place(line), place(column), plainly(&first.msg))
}

/// What the parser says of a place, and what we say.
const SAYINGS: &[(&str, &str)] = &[
    ("mismatched input ", "does not belong here"),
    ("extraneous input ", "does not belong here"),
    ("no viable alternative at input ", "does not belong here"),
    (
        "token recognition error at: ",
        "is no part of any expression",
    ),
];

/// What the parser says, in our words.
fn plainly(message: &str) -> String {
    let text = message.trim_start_matches("Syntax error: ");
    let said = SAYINGS
        .iter()
        .find_map(|(saying, ours)| Some((text.strip_prefix(saying)?, ours)));
    let Some((rest, ours)) = said else {
        return text.replace("'<EOF>'", "the end");
    };
    let found = rest.split(" expecting ").next().unwrap_or(rest);
    let found = found.trim_matches('\'');
    if found == "<EOF>" {
        return "the expression ends before it is complete".to_owned();
    }
    format!("`{found}` {ours}")
}

struct Reader<'s> {
    source: &'s str,
    places: &'s SourceInfo,
    pairs: Pairs,
    bytes: Vec<usize>,
}

impl Reader<'_> {
    /// Where the token of an expression stands.
    fn token(&self, id: u64) -> Span {
        let (start, last) = self.places.offset_for(id).unwrap_or_default();
        let byte = |at: u32| {
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            self.bytes.get(at).copied().unwrap_or(self.source.len())
        };
        Span {
            start: byte(start),
            end: byte(last.saturating_add(1)),
        }
    }

    fn refuse<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::at(self.source, at, message))
    }

    fn tree(&self, expression: &IdedExpr, depth: usize) -> Result<Tree, Refusal> {
        let token = self.token(expression.id);
        if depth >= NESTING {
            return self.refuse(token.start, format!("nested deeper than {NESTING}"));
        }
        let (node, parts) = self.node(expression, token, depth + 1)?;
        Ok(Tree {
            node,
            span: self.pairs.balance(parts.around(token)),
            at: token.start,
        })
    }

    fn boxed(&self, expression: &IdedExpr, depth: usize) -> Result<Box<Tree>, Refusal> {
        self.tree(expression, depth).map(Box::new)
    }

    /// The node of an expression, and where its parts stand.
    fn node(
        &self,
        expression: &IdedExpr,
        token: Span,
        depth: usize,
    ) -> Result<(Node, Span), Refusal> {
        Ok(match &expression.expr {
            Expr::Literal(literal) => (Node::Literal(value(literal)), token),
            Expr::Ident(name) => (Node::Name(name.clone()), token),
            Expr::Select(select) => {
                let operand = self.boxed(&select.operand, depth)?;
                let end = self.after(token.end, &select.field);
                let span = Span {
                    end,
                    ..operand.span
                };
                (Node::Field(operand, select.field.clone()), span)
            }
            Expr::Call(call) => return self.call(call, token, depth),
            Expr::List(list) => {
                let optional = |at: usize| list.optional_indices.contains(&at);
                let items = list.elements.iter().enumerate();
                let items = items.map(|(at, item)| Ok((optional(at), self.tree(item, depth)?)));
                (Node::List(items.collect::<Result<_, Refusal>>()?), token)
            }
            Expr::Map(map) => {
                let entries = map.entries.iter().map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => Ok((
                        entry.optional,
                        self.tree(&entry.key, depth)?,
                        self.tree(&entry.value, depth)?,
                    )),
                    EntryExpr::StructField(_) => self.refuse(token.start, "a map has keys"),
                });
                (Node::Map(entries.collect::<Result<_, Refusal>>()?), token)
            }
            Expr::Struct(message) => (Node::Message(message.type_name.clone()), token),
            Expr::Unspecified | Expr::Comprehension(_) => {
                return self.refuse(token.start, "an expression is missing");
            }
        })
    }

    /// The end of a word that begins at this place or after the space there.
    fn after(&self, from: usize, word: &str) -> usize {
        let rest = self.source.get(from..).unwrap_or_default();
        rest.find(word).map_or(from, |at| {
            let end = from + at + word.len();
            end + usize::from(self.source.get(end..).is_some_and(|it| it.starts_with('`')))
        })
    }

    fn call(&self, call: &CallExpr, token: Span, depth: usize) -> Result<(Node, Span), Refusal> {
        let target = call.target.as_deref();
        let target = target.map(|it| self.boxed(it, depth)).transpose()?;
        let arguments = call.args.iter().map(|it| self.tree(it, depth));
        let arguments: Vec<Tree> = arguments.collect::<Result<_, Refusal>>()?;
        let parts = target.iter().map(|tree| tree.span);
        let parts = parts.chain(arguments.iter().map(|tree| tree.span));
        let span = parts.fold(self.named(&call.func_name, token), Span::around);
        let arguments = match operator(&call.func_name, arguments) {
            Ok(node) => return Ok((node, span)),
            Err(arguments) => arguments,
        };
        let called = Called {
            source: self.source,
            at: token.start,
            target,
            name: call.func_name.clone(),
            arguments,
        };
        Ok((called.node()?, span))
    }

    /// Where the name of a call stands, before its bracket.
    fn named(&self, name: &str, token: Span) -> Span {
        let before = self.source.get(..token.start).unwrap_or_default();
        let start = before.trim_end().strip_suffix(name).map(str::len);
        Span {
            start: start.unwrap_or(token.start),
            ..token
        }
    }
}

/// The node of an operator that evaluates its operands in its own way; of all others the arguments.
fn operator(name: &str, arguments: Vec<Tree>) -> Result<Node, Vec<Tree>> {
    match name {
        operators::LOGICAL_AND => exactly(arguments).map(Node::And),
        operators::LOGICAL_OR => exactly(arguments).map(Node::Or),
        operators::CONDITIONAL => exactly(arguments).map(Node::Choice),
        operators::OPT_INDEX => exactly(arguments).map(Node::OptionalIndex),
        operators::OPT_SELECT => exactly(arguments).map(|pair: Box<[Tree; 2]>| {
            let [operand, field] = *pair;
            match field.node {
                Node::Literal(Value::String(name)) => {
                    Node::OptionalField(Box::new(operand), name.to_string())
                }
                _ => Node::OptionalIndex(Box::new([operand, field])),
            }
        }),
        _ => Err(arguments),
    }
}

fn exactly<const N: usize>(arguments: Vec<Tree>) -> Result<Box<[Tree; N]>, Vec<Tree>> {
    <[Tree; N]>::try_from(arguments).map(Box::new)
}

fn value(literal: &LiteralValue) -> Value<'static> {
    match literal {
        LiteralValue::Boolean(truth) => Value::Bool(*truth.inner()),
        LiteralValue::Bytes(bytes) => Value::Bytes(bytes.inner().into()),
        LiteralValue::Double(number) => Value::Double(*number.inner()),
        LiteralValue::Int(number) => Value::Int(*number.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(text) => Value::String(Text::Shared(text.inner().into())),
        LiteralValue::UInt(number) => Value::Uint(*number.inner()),
    }
}
