//! Characters and classes of characters in patterns.

use super::scripts;
use super::syntax::{Input, Refusal};

/// A class in the syntax of the crate `regex`, and what it weighs.
type Class = (String, usize);

/// What a class by a property of Unicode weighs: it is hundreds of ranges.
const PROPERTY: usize = 100;

/// The classes that have a letter. They know no letters and digits beyond ASCII.
const PERL: &[(char, &str)] = &[
    ('d', "[0-9]"),
    ('D', "[^0-9]"),
    ('s', r"[\t\n\f\r\x20]"),
    ('S', r"[^\t\n\f\r\x20]"),
    ('w', "[0-9A-Za-z_]"),
    ('W', "[^0-9A-Za-z_]"),
];

/// The classes that have a name, as in `[[:alpha:]]`.
const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The characters that are written with a letter.
const CONTROLS: &[(char, char)] = &[
    ('a', '\u{7}'),
    ('f', '\u{c}'),
    ('n', '\n'),
    ('r', '\r'),
    ('t', '\t'),
    ('v', '\u{b}'),
];

/// A character that stands for itself.
pub(super) fn character(c: char) -> String {
    match c {
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => format!("\\x{{{:X}}}", u32::from(c)),
    }
}

/// Reads a class after its `[`.
pub(super) fn bracketed(input: &mut Input<'_>) -> Result<Class, Refusal> {
    let mut class = String::from(if input.take("^") { "[^" } else { "[" });
    let mut weight = 2_usize;
    let mut first = true;
    while first || !input.take("]") {
        first = false;
        let (item, more) = item(input)?;
        class.push_str(&item);
        weight = weight.saturating_add(more);
    }
    class.push(']');
    Ok((class, weight))
}

/// Reads a character, a range or a class within a class.
fn item(input: &mut Input<'_>) -> Result<Class, Refusal> {
    if let Some(name) = named(input)? {
        return Ok((name, 2));
    }
    let rest = input.rest;
    if input.take("\\") {
        if let Some(class) = escaped(input)? {
            return Ok(class);
        }
        input.rest = rest;
    }
    let from = single(input)?;
    let mut after = input.rest.chars();
    let range = after.next() == Some('-') && after.next().is_some_and(|c| c != ']');
    if !range {
        return Ok((character(from), 1));
    }
    input.take("-");
    let to = single(input)?;
    if to < from {
        return Err(format!(
            "the range {from:?} to {to:?} is the wrong way round"
        ));
    }
    let range = format!("{}-{}", character(from), character(to));
    Ok((range, 2))
}

/// Reads a class by its name, as `[:alpha:]` and `[:^alpha:]`.
fn named(input: &mut Input<'_>) -> Result<Option<String>, Refusal> {
    let inside = input.rest.strip_prefix("[:");
    let Some((name, rest)) = inside.and_then(|inside| inside.split_once(":]")) else {
        return Ok(None);
    };
    if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Err(format!(
            "there is no class `[:{name}:]`; there are {}",
            POSIX.join(", ")
        ));
    }
    input.rest = rest;
    Ok(Some(format!("[[:{name}:]]")))
}

/// Reads one character of a class.
fn single(input: &mut Input<'_>) -> Result<char, Refusal> {
    match input.next() {
        Some('\\') => escape(input),
        Some(c) => Ok(c),
        None => Err("a class is not closed with `]`".into()),
    }
}

/// Reads a class after its backslash, if it is one: `\d` and the like, `\pL`, `\p{Greek}`.
pub(super) fn escaped(input: &mut Input<'_>) -> Result<Option<Class>, Refusal> {
    let rest = input.rest;
    let letter = input.next();
    if let Some('p' | 'P') = letter {
        return property(input, letter == Some('P')).map(Some);
    }
    let perl = PERL.iter().find(|(own, _)| Some(*own) == letter);
    if perl.is_none() {
        input.rest = rest;
    }
    Ok(perl.map(|(_, class)| ((*class).to_owned(), 2)))
}

/// Reads the name of a property of Unicode.
fn property(input: &mut Input<'_>, outside: bool) -> Result<Class, Refusal> {
    let name = if input.take("{") {
        input.take_until("}").map(str::to_owned)
    } else {
        input.next().map(String::from)
    };
    let name = name.unwrap_or_default();
    let plain = name.strip_prefix('^');
    let outside = outside != plain.is_some();
    let inside = scripts::property(plain.unwrap_or(&name)).ok_or_else(|| {
        format!("there is no group of characters `{name}`; there are `Lu`, `Greek` and the like")
    })?;
    Ok((
        format!("[{}{inside}]", if outside { "^" } else { "" }),
        PROPERTY,
    ))
}

/// Reads a character after its backslash.
pub(super) fn escape(input: &mut Input<'_>) -> Result<char, Refusal> {
    let c = input
        .next()
        .ok_or("nothing follows the last backslash; a backslash itself is `\\\\`")?;
    let control = CONTROLS.iter().find(|(letter, _)| *letter == c);
    match (c, control) {
        (_, Some((_, control))) => Ok(*control),
        ('x', _) => hexadecimal(input),
        ('0'..='7', _) => octal(input, c),
        (c, _) if c.is_ascii_punctuation() || c.is_ascii_control() || c == ' ' => Ok(c),
        (c, _) => Err(format!("`\\{c}` has no meaning")),
    }
}

/// Reads up to three digits. A single one other than 0 would be what a group matched before.
fn octal(input: &mut Input<'_>, first: char) -> Result<char, Refusal> {
    let mut digits = String::from(first);
    while let Some(digit @ '0'..='7') = input.rest.chars().next().filter(|_| digits.len() < 3) {
        input.next();
        digits.push(digit);
    }
    match digits.as_str() {
        "0" => Ok('\0'),
        digits if digits.len() > 1 => number(digits, 8),
        digits => Err(format!(
            "`\\{digits}` would be what a group matched before, which no pattern may ask"
        )),
    }
}

fn hexadecimal(input: &mut Input<'_>) -> Result<char, Refusal> {
    if input.take("{") {
        return number(input.take_until("}").unwrap_or_default(), 16);
    }
    let digits: String = input.next().into_iter().chain(input.next()).collect();
    match digits.chars().count() {
        2 => number(&digits, 16),
        _ => number("", 16),
    }
}

/// The character of this number.
fn number(digits: &str, base: u32) -> Result<char, Refusal> {
    let plain = digits.chars().all(|c| c.is_digit(base));
    let number = u32::from_str_radix(digits, base).ok().filter(|_| plain);
    let c = number.and_then(char::from_u32);
    c.ok_or_else(|| format!("`{digits}` is the number of no character; it is written as in `\\x7F` or `\\x{{10FFFF}}`"))
}
