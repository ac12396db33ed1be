//! Label selectors written as text (`app=pg,tier notin (a,b),!legacy`), by the grammar and the rules
//! for keys and values that Kubernetes itself applies.

use crate::selector::{LabelSelector, Operator, Requirement};

/// A text that Kubernetes would refuse as a label selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Syntax(String);

/// The longest value, and the longest name in a key.
const LONGEST_NAME: usize = 63;
/// The longest prefix of a key.
const LONGEST_PREFIX: usize = 253;

/// Parses a label selector. The empty text matches everything.
///
/// # Errors
/// When Kubernetes would refuse the text, and for `<` and `>`, which no chaos tool has a use for.
pub fn parse(text: &str) -> Result<LabelSelector, Syntax> {
    let mut parser = Parser {
        tokens: tokens(text),
        position: 0,
    };
    let requirements = parser.requirements()?;
    Ok(LabelSelector { requirements })
}

/// Whether Kubernetes accepts the key: a name, perhaps with a DNS prefix in front.
#[must_use]
pub fn valid_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    !name.is_empty() && valid_value(name) && prefix.is_none_or(valid_prefix)
}

/// Whether Kubernetes accepts the value: empty, or a short name.
#[must_use]
pub fn valid_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    bytes.len() <= LONGEST_NAME
        && bytes.iter().all(inner)
        && edge(bytes.first())
        && edge(bytes.last())
}

/// Whether every key and value would be accepted; the error names the first that is not.
///
/// # Errors
/// When a key or a value is not valid.
pub fn validate(requirement: &Requirement) -> Result<(), Syntax> {
    if !valid_key(&requirement.key) {
        return Err(Syntax(format!("\"{}\" is no label key", requirement.key)));
    }
    match requirement.values.iter().find(|value| !valid_value(value)) {
        Some(value) => Err(Syntax(format!("\"{value}\" is no label value"))),
        None => Ok(()),
    }
}

fn valid_prefix(prefix: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let edges = [bytes.first(), bytes.last()];
        edges
            .iter()
            .all(|edge| edge.is_some_and(|byte| lower(*byte)))
            && bytes.iter().all(|byte| lower(*byte) || *byte == b'-')
    };
    prefix.len() <= LONGEST_PREFIX && prefix.split('.').all(label)
}

const SPECIAL: &[char] = &['=', '!', '(', ')', ',', '>', '<'];
const BLANK: &[char] = &[' ', '\t', '\r', '\n'];

/// Cuts the text into words and symbols.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(BLANK);
    while !rest.is_empty() {
        let length = match rest.find(|c| SPECIAL.contains(&c) || BLANK.contains(&c)) {
            Some(0) if rest.starts_with("==") || rest.starts_with("!=") => 2,
            Some(0) => 1,
            Some(length) => length,
            None => rest.len(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start_matches(BLANK);
    }
    tokens
}

fn is_word(token: &str) -> bool {
    !token.is_empty() && !token.starts_with(SPECIAL)
}

struct Parser<'a> {
    tokens: Vec<&'a str>,
    position: usize,
}

impl<'a> Parser<'a> {
    /// The next token, empty at the end.
    fn peek(&self) -> &'a str {
        self.tokens.get(self.position).copied().unwrap_or_default()
    }

    fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.position = self.position.saturating_add(1);
        token
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, Syntax> {
        let mut requirements = Vec::new();
        if self.peek().is_empty() {
            return Ok(requirements);
        }
        loop {
            let requirement = self.requirement()?;
            validate(&requirement)?;
            requirements.push(requirement);
            match self.next() {
                "" => return Ok(requirements),
                "," => {}
                other => return Err(expected("\",\" or the end", other)),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, Syntax> {
        let negated = self.peek() == "!";
        if negated {
            self.next();
        }
        let key = self.next();
        if !is_word(key) {
            return Err(expected("a key", key));
        }
        let (operator, values) = match self.peek() {
            _ if negated => (Operator::DoesNotExist, Vec::new()),
            "" | "," => (Operator::Exists, Vec::new()),
            _ => self.comparison()?,
        };
        let key = key.to_owned();
        Ok(Requirement {
            key,
            operator,
            values,
        })
    }

    fn comparison(&mut self) -> Result<(Operator, Vec<String>), Syntax> {
        match self.next() {
            "=" | "==" => Ok((Operator::In, vec![self.exact_value()?])),
            "!=" => Ok((Operator::NotIn, vec![self.exact_value()?])),
            "in" => Ok((Operator::In, self.values()?)),
            "notin" => Ok((Operator::NotIn, self.values()?)),
            other => Err(expected("one of =, ==, !=, in, notin", other)),
        }
    }

    fn exact_value(&mut self) -> Result<String, Syntax> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            word if is_word(word) => Ok(self.next().to_owned()),
            other => Err(expected("a value", other)),
        }
    }

    /// `(a,b)`. An empty place between commas is the empty value; `()` lists none and is refused.
    fn values(&mut self) -> Result<Vec<String>, Syntax> {
        let open = self.next();
        if open != "(" {
            return Err(expected("\"(\"", open));
        }
        if self.peek() == ")" {
            return Err(expected("a value", ")"));
        }
        let mut values = Vec::new();
        loop {
            let value = if is_word(self.peek()) {
                self.next()
            } else {
                ""
            };
            values.push(value.to_owned());
            match self.next() {
                "," => {}
                ")" => return Ok(values),
                other => return Err(expected("\",\" or \")\"", other)),
            }
        }
    }
}

fn expected(what: &str, found: &str) -> Syntax {
    Syntax(if found.is_empty() {
        format!("{what} expected at the end")
    } else {
        format!("{what} expected at \"{found}\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_accepts_is_parsed() {
        for (text, meaning) in [
            ("", ""),
            ("  ", ""),
            ("a", "a"),
            ("!a", "!a"),
            ("a=b", "a=b"),
            ("a == b , c", "a=b,c"),
            ("a=", "a="),
            ("a=,b", "a=,b"),
            ("a!=b", "a!=b"),
            ("a in (b,c)", "a in (b,c)"),
            ("a in(,b)", "a in (,b)"),
            ("a in (b,)", "a in (b,)"),
            ("a notin (b)", "a!=b"),
            ("in=notin", "in=notin"),
            ("in in (in)", "in=in"),
            ("x.io/a=b", "x.io/a=b"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), meaning, "{text:?}");
        }
    }

    #[test]
    fn what_kubernetes_refuses_is_refused() {
        let long = "a".repeat(64);
        for text in [
            "=b",
            "a=b c",
            "a,",
            ",a",
            "!",
            "!a=b",
            "a b",
            "a=(b)",
            "a in b",
            "a in ()",
            "a in (b",
            "a in (b c)",
            "a notin",
            "a=b=c",
            "a===b",
            "a!",
            "a>b",
            "-a",
            "a.",
            "a=b!",
            "a=-b",
            "X.io/a",
            "/a",
            "x.io/",
            "x.io/a/b",
            "x..io/a",
            "ä",
            &long,
            "a=x\0",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
