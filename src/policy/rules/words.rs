//! Names and reasons that a policy gives.

use crate::policy::Reason;

/// How a name or a reason is spelled.
pub(super) struct Spelling {
    pub(super) fits: fn(&str) -> bool,
    /// What would be accepted.
    pub(super) expected: &'static str,
}

/// The name of a variable, which expressions spell.
pub(super) const IDENTIFIER: Spelling = Spelling {
    fits: is_identifier,
    expected: "a name of letters, digits and _ that CEL does not reserve, such as \"owner\"",
};

/// The name of a rule or condition.
pub(super) const NAME: Spelling = Spelling {
    fits: is_name,
    expected: "a name of letters, digits, -, _ and ., such as \"owner-named\"",
};

/// A reason of the user's own.
pub(super) const REASON: Spelling = Spelling {
    fits: |text| is_reason(text) && Reason::ALL.iter().all(|reason| reason.name() != text),
    expected: "a word of its own in PascalCase, such as \"OwnerMissing\"; not one of firebreak's reasons",
};

/// What is no name in CEL, because it is or may become a word of the language.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// The longest part of a qualified name, behind the slash and before it.
const LONGEST: (usize, usize) = (63, 253);

fn is_identifier(text: &str) -> bool {
    let mut letters = text.bytes();
    let first = letters
        .next()
        .is_some_and(|it| it == b'_' || it.is_ascii_alphabetic());
    first
        && letters.all(|it| it == b'_' || it.is_ascii_alphanumeric())
        && text.len() <= LONGEST.0
        && !RESERVED.contains(&text)
}

/// Whether it is what Kubernetes calls a qualified name.
fn is_name(text: &str) -> bool {
    let (domain, name) = text.split_once('/').unwrap_or(("a", text));
    let lower = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    let label = |label: &str| is_made(label, lower, b"-");
    domain.len() <= LONGEST.1
        && domain.split('.').all(label)
        && name.len() <= LONGEST.0
        && is_made(name, |it| it.is_ascii_alphanumeric(), b"-_.")
}

/// Whether a text is not empty, and made of these letters and, between them, of those signs.
fn is_made(text: &str, letter: fn(u8) -> bool, signs: &[u8]) -> bool {
    let ends = |it: Option<&u8>| it.is_some_and(|it| letter(*it));
    let bytes = text.as_bytes();
    ends(bytes.first())
        && ends(bytes.last())
        && bytes.iter().all(|it| letter(*it) || signs.contains(it))
}

/// Whether it is a word in PascalCase.
pub(in crate::policy) fn is_reason(text: &str) -> bool {
    text.len() <= LONGEST.0
        && text.starts_with(|it: char| it.is_ascii_uppercase())
        && text.bytes().all(|it| it.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_as_the_language_names() {
        for name in ["owner", "_a1", "Owner"] {
            assert!(is_identifier(name), "{name}");
        }
        for name in [
            "",
            "1a",
            "a-b",
            "a.b",
            "in",
            "namespace",
            "ä",
            &"a".repeat(64),
        ] {
            assert!(!is_identifier(name), "{name}");
        }
    }

    #[test]
    fn a_rule_is_named_as_kubernetes_names() {
        for name in ["owner-named", "a", "A.b_c-1", "example.com/a"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "-a",
            "a-",
            "a b",
            "/a",
            "a/",
            "A.com/a",
            "a/b/c",
            &"a".repeat(64),
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_reason_is_pascal_case_and_none_of_ours() {
        assert!((REASON.fits)("OwnerMissing"));
        for reason in [
            "",
            "ownerMissing",
            "Owner-Missing",
            "Owner Missing",
            "PrimaryAtRisk",
            "*",
        ] {
            assert!(!(REASON.fits)(reason), "{reason}");
        }
    }
}
