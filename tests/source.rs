//! The project's own files as the architecture tests see them, and the paths that Rust code names.
//!
//! A path such as `std::fs::read` is found wherever it stands: in a `use` with nested braces, in a
//! derive, in the middle of an expression; never in a comment or in a literal.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the project.
pub(crate) struct Source {
    /// Where it is, from the project's root, with `/` between the parts.
    pub(crate) path: String,
    /// What it holds; bytes that are no text are replaced.
    pub(crate) text: String,
}

impl Source {
    /// The folder it is in, empty or with a `/` at its end.
    pub(crate) fn folder(&self) -> &str {
        let end = self.path.rfind('/').map_or(0, |slash| slash + 1);
        &self.path[..end]
    }

    /// The lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// The project's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file at `path` from the project's root.
pub(crate) fn source(path: &str) -> Source {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    Source {
        path: path.to_owned(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// Every file below `folder`, in the order of their names; not what git or cargo keep for themselves.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.ends_with(".git") || path.join("CACHEDIR.TAG").exists() {
                continue;
            }
            let list = if path.is_dir() {
                &mut folders
            } else {
                &mut files
            };
            list.push(path);
        }
    }
    files.sort();
    files.iter().map(|path| source(&from_root(path))).collect()
}

/// Every Rust file below `folder`.
pub(crate) fn rust(folder: &str) -> Vec<Source> {
    let mut files = sources(folder);
    files.retain(|file| Path::new(&file.path).extension() == Some("rs".as_ref()));
    files
}

fn from_root(path: &Path) -> String {
    let relative: PathBuf = path.strip_prefix(root()).expect("below the root").into();
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// A path that code names.
pub(crate) struct Named<'a> {
    /// The line on which it begins.
    pub(crate) line: usize,
    /// How many modules opened in the same file are around it.
    pub(crate) modules: usize,
    /// Its segments, those in front of a brace included.
    pub(crate) segments: Vec<&'a str>,
}

/// Every path in the code, in order. A single word is a path of one segment.
pub(crate) fn paths(code: &str) -> Vec<Named<'_>> {
    let tokens = tokens(code);
    let (mut found, mut at, mut braces) = (Vec::new(), 0, 0);
    let mut modules: Vec<usize> = Vec::new();
    while let Some(token) = tokens.get(at) {
        if is_word(token.text) {
            let from = found.len();
            at = read_path(&tokens, at, &[], &mut found);
            for named in found.iter_mut().skip(from) {
                named.modules = modules.len();
            }
            continue;
        }
        if token.text == "{" {
            braces += 1;
            if at >= 2 && text(&tokens, at - 2) == "mod" {
                modules.push(braces);
            }
        } else if token.text == "}" {
            modules.pop_if(|opened| *opened == braces);
            braces -= 1;
        }
        at += 1;
    }
    found
}

struct Token<'a> {
    line: usize,
    text: &'a str,
}

/// Reads the path that begins at `at`, behind `prefix`, and answers where it ends.
fn read_path<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    prefix: &[&'a str],
    found: &mut Vec<Named<'a>>,
) -> usize {
    let line = tokens[at].line;
    let mut segments = prefix.to_vec();
    loop {
        segments.push(tokens[at].text);
        let next = text(tokens, at + 2);
        if text(tokens, at + 1) != "::" || !(is_word(next) || next == "*" || next == "{") {
            break;
        }
        if next == "{" {
            return read_group(tokens, at + 3, &segments, found);
        }
        at += 2;
    }
    found.push(Named {
        line,
        modules: 0,
        segments,
    });
    at + 1
}

/// Reads the paths between braces behind `prefix`, and answers where the braces end.
fn read_group<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    prefix: &[&'a str],
    found: &mut Vec<Named<'a>>,
) -> usize {
    while at < tokens.len() {
        at = match text(tokens, at) {
            "}" => return at + 1,
            "," => at + 1,
            "as" => at + 2,
            _ => read_path(tokens, at, prefix, found),
        };
    }
    at
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The words and signs of the code, without comments and literals.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut rest, mut line) = (Vec::new(), code, 1);
    while !rest.is_empty() {
        let passed = blank(rest);
        let (text, after) = rest.split_at(passed.unwrap_or_else(|| token(rest)));
        if passed.is_none() {
            tokens.push(Token { line, text });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of the word or sign at the front; `::` is one sign.
fn token(rest: &str) -> usize {
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    match word.unwrap_or(rest.len()) {
        0 if rest.starts_with("::") => 2,
        0 => rest.chars().next().map_or(0, char::len_utf8),
        length => length,
    }
}

/// The length of the space, comment or literal at the front.
fn blank(rest: &str) -> Option<usize> {
    let space = rest.len() - rest.trim_start().len();
    if space > 0 {
        return Some(space);
    }
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    raw_string(rest)
        .or_else(|| string(rest))
        .or_else(|| character(rest))
}

fn raw_string(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let opened = body.trim_start_matches('#').strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(body.len() - opened.len() - 1));
    let end = opened.find(&close)?;
    Some(rest.len() - opened.len() + end + close.len())
}

fn string(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.strip_prefix('"')?.char_indices() {
        match c {
            '"' if !escaped => return Some(at + 2),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    Some(rest.len())
}

/// A character literal; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    if body.starts_with('\\') {
        return Some(body.get(2..)?.find('\'')? + 4);
    }
    let length = body.chars().next()?.len_utf8();
    body.get(length..)?.starts_with('\'').then_some(length + 2)
}

#[test]
fn paths_are_read_out_of_braces_and_modules_but_not_out_of_comments_and_literals() {
    let code = r##"
        //! crate::comment
        use std::{fs::{self, File as F}, env};
        /* crate::comment */
        fn f<'a>(c: char) { crate::object::read("crate::text", 'c', '\'', r#"" crate::raw "#) }
        mod tests { use super::*; }
        fn g() { super::up }
    "##;
    let seen: Vec<String> = paths(code)
        .iter()
        .filter(|named| named.segments.len() > 1)
        .map(|named| {
            format!(
                "{} {} {}",
                named.line,
                named.modules,
                named.segments.join("::")
            )
        })
        .collect();
    let expected = [
        "3 0 std::fs::self",
        "3 0 std::fs::File",
        "3 0 std::env",
        "5 0 crate::object::read",
        "6 1 super::*",
        "7 0 super::up",
    ];
    assert_eq!(seen, expected);
}
