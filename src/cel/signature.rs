//! How functions are called, read from the tables, and types, read from words.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::functions::{Function, LIBRARIES};
use super::types::Type;

/// One way to call a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    /// Whether it is called on its first value, as in `'a'.size()`.
    pub(super) member: bool,
    /// The types it takes.
    pub(super) takes: Vec<Type>,
    /// The type it gives.
    pub(super) gives: Type,
    /// As the table has it.
    pub(super) text: &'static str,
}

/// A function with all ways to call it.
pub(super) struct Entry {
    pub(super) function: &'static Function,
    pub(super) signatures: Vec<Signature>,
}

/// The function of this name.
pub(super) fn find(name: &str) -> Option<(&'static str, &'static Entry)> {
    table()
        .get_key_value(name)
        .map(|(name, entry)| (*name, entry))
}

/// The names of all functions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    table().keys().copied()
}

fn table() -> &'static BTreeMap<&'static str, Entry> {
    static TABLE: OnceLock<BTreeMap<&'static str, Entry>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let functions = LIBRARIES.iter().flat_map(|(_, functions)| *functions);
        functions.filter_map(entry).collect()
    })
}

fn entry(function: &'static Function) -> Option<(&'static str, Entry)> {
    let read = function.signatures.iter().map(|text| signature(text));
    let read: Vec<(&str, Signature)> = read.collect::<Option<_>>()?;
    let (name, _) = read.first()?;
    let name = *name;
    let signatures = read.into_iter().map(|(_, signature)| signature).collect();
    Some((
        name,
        Entry {
            function,
            signatures,
        },
    ))
}

/// Reads `<string>.charAt(int) -> string` or `optional.of(T) -> optional(T)`.
fn signature(text: &'static str) -> Option<(&'static str, Signature)> {
    let (call, gives) = text.rsplit_once(" -> ")?;
    let (target, rest) = match call.strip_prefix('<') {
        Some(call) => call.split_once(">.").map(|(it, rest)| (Some(it), rest))?,
        None => (None, call),
    };
    let (name, arguments) = rest.strip_suffix(')')?.split_once('(')?;
    let arguments = parts(arguments).into_iter();
    let takes = target.into_iter().chain(arguments);
    let signature = Signature {
        member: target.is_some(),
        takes: takes.map(|word| kind(word, &[])).collect::<Option<_>>()?,
        gives: kind(gives, &[])?,
        text,
    };
    Some((name, signature))
}

/// The type that a word such as `list(string)` is; `records` are known by their names.
pub(super) fn kind(word: &str, records: &[Type]) -> Option<Type> {
    if let Some((name, inner)) = word.strip_suffix(')').and_then(|it| it.split_once('(')) {
        let of: Vec<Type> = parts(inner)
            .into_iter()
            .map(|word| kind(word, records))
            .collect::<Option<_>>()?;
        return match (name, <[Type; 2]>::try_from(of)) {
            ("map", Ok([key, value])) => Some(Type::Map(Box::new(key), Box::new(value))),
            ("list", Err(of)) => of.into_iter().next().map(Box::new).map(Type::List),
            ("optional", Err(of)) => of.into_iter().next().map(Box::new).map(Type::Optional),
            ("type", Err(of)) => of.into_iter().next().map(Box::new).map(Type::Type),
            _ => None,
        };
    }
    let plain = PLAIN.iter().find(|(own, _)| *own == word);
    let record = || {
        let named = |kind: &&Type| matches!(kind, Type::Record(record) if record.name == word);
        records.iter().find(named).cloned()
    };
    let parameter = || {
        let letter = word.as_bytes().first().filter(|_| word.len() == 1)?;
        letter
            .is_ascii_uppercase()
            .then(|| Type::Param(u32::from(letter - b'A')))
    };
    plain
        .map(|(_, kind)| kind.clone())
        .or_else(record)
        .or_else(parameter)
}

/// Splits at the commas that stand in no bracket.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let split = text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    split.map(str::trim).filter(|it| !it.is_empty()).collect()
}

/// Types that are one word.
const PLAIN: &[(&str, Type)] = &[
    ("dyn", Type::Dyn),
    ("null", Type::Null),
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("uint", Type::Uint),
    ("double", Type::Double),
    ("string", Type::String),
    ("bytes", Type::Bytes),
    ("timestamp", Type::Timestamp),
    ("duration", Type::Duration),
    ("Quantity", Type::Opaque("kubernetes.Quantity")),
    ("IP", Type::Opaque("net.IP")),
    ("CIDR", Type::Opaque("net.CIDR")),
    ("URL", Type::Opaque("kubernetes.URL")),
    ("Semver", Type::Opaque("kubernetes.Semver")),
    ("Format", Type::Opaque("kubernetes.NamedFormat")),
];

/// The sign of an operator.
pub(super) fn sign(name: &str) -> Option<&str> {
    if name == "@in" {
        return Some("in");
    }
    let sign = name.trim_matches('_');
    (name.contains('_') && !sign.contains(char::is_alphabetic)).then_some(sign)
}

/// A call with values of these types, as it would be written.
pub(super) fn called<T: AsRef<str>>(name: &str, types: &[T]) -> String {
    let types: Vec<&str> = types.iter().map(AsRef::as_ref).collect();
    match (sign(name), types.as_slice()) {
        (Some(sign), [a, b]) => format!("{a} {sign} {b}"),
        (Some(sign), [a]) => format!("{sign}{a}"),
        _ => format!("{name}({})", types.join(", ")),
    }
}

/// The types that an expression may name, as in `type(x) == int`, and what each is called at run time.
pub(super) fn named_type(name: &str) -> Option<(&'static str, Type)> {
    let dynamic = || Box::new(Type::Dyn);
    let found = match name {
        "bool" => ("bool", Type::Bool),
        "int" => ("int", Type::Int),
        "uint" => ("uint", Type::Uint),
        "double" => ("double", Type::Double),
        "string" => ("string", Type::String),
        "bytes" => ("bytes", Type::Bytes),
        "null_type" => ("null_type", Type::Null),
        "list" => ("list", Type::List(dynamic())),
        "map" => ("map", Type::Map(dynamic(), dynamic())),
        "type" => ("type", Type::Type(dynamic())),
        "optional_type" => ("optional_type", Type::Optional(dynamic())),
        "google.protobuf.Timestamp" => ("google.protobuf.Timestamp", Type::Timestamp),
        "google.protobuf.Duration" => ("google.protobuf.Duration", Type::Duration),
        _ => {
            let opaque = PLAIN.iter().find_map(|(_, kind)| match kind {
                Type::Opaque(own) if *own == name => Some(*own),
                _ => None,
            })?;
            (opaque, Type::Opaque(opaque))
        }
    };
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_library_can_be_read_and_stands_once() {
        for (library, functions) in LIBRARIES {
            for function in *functions {
                let names: Vec<_> = function
                    .signatures
                    .iter()
                    .map(|text| {
                        signature(text)
                            .unwrap_or_else(|| panic!("{library}: {text}"))
                            .0
                    })
                    .collect();
                assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
                let (_, found) = find(names[0]).unwrap();
                let same = found.function.signatures == function.signatures;
                assert!(same, "{library}: `{}` has two rows", names[0]);
            }
        }
    }

    #[test]
    fn signatures_are_read_as_they_are_written() {
        let (name, member) = signature("<list(T)>.indexOf(T) -> int").unwrap();
        assert_eq!((name, member.member), ("indexOf", true));
        let param = Type::Param(u32::from(b'T' - b'A'));
        assert_eq!(member.takes, [Type::List(Box::new(param.clone())), param]);
        let (name, global) = signature("optional.none() -> optional(T)").unwrap();
        assert_eq!((name, global.takes.len()), ("optional.none", 0));
        let (_, map) = signature("f(map(string, list(int))) -> type(dyn)").unwrap();
        assert_eq!(map.takes[0].to_string(), "map(string, list(int))");
        for wrong in [
            "f(int)",
            "f(whole) -> int",
            "f(map(int)) -> int",
            "f -> int",
        ] {
            assert_eq!(signature(wrong), None, "{wrong}");
        }
    }
}
