//! Names: labels and subdomains of DNS, names and values of labels. What is said of a wrong one is a
//! value that rules can compare and pass on, so it is worded as Kubernetes words it.

/// What each name must look like.
struct Shape {
    says: &'static str,
    examples: &'static [&'static str],
    pattern: &'static str,
}

const LABEL: Shape = Shape {
    says: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
           and must start and end with an alphanumeric character",
    examples: &["my-name", "123-abc"],
    pattern: "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
};

const SUBDOMAIN: Shape = Shape {
    says: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
           and must start and end with an alphanumeric character",
    examples: &["example.com"],
    pattern: r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
};

const OLD_LABEL: Shape = Shape {
    says: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', \
           start with an alphabetic character, and end with an alphanumeric character",
    examples: &["my-name", "abc-123"],
    pattern: "[a-z]([-a-z0-9]*[a-z0-9])?",
};

const NAME: Shape = Shape {
    says: "must consist of alphanumeric characters, '-', '_' or '.', \
           and must start and end with an alphanumeric character",
    examples: &["MyName", "my.name", "123-abc"],
    pattern: "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
};

const LABEL_VALUE: Shape = Shape {
    says: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
           and must start and end with an alphanumeric character",
    examples: &["MyValue", "my_value", "12345"],
    pattern: "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
};

/// The longest label, of DNS and of objects.
const LABEL_LENGTH: usize = 63;
/// The longest subdomain.
const SUBDOMAIN_LENGTH: usize = 253;

/// What is wrong with a label of RFC 1123.
pub(super) fn label(text: &str) -> Vec<String> {
    let shape = match (is_label(text), is_subdomain(text)) {
        (true, _) => None,
        (false, true) => Some("must not contain dots".to_owned()),
        (false, false) => Some(LABEL.refusal()),
    };
    too_long(text, LABEL_LENGTH)
        .into_iter()
        .chain(shape)
        .collect()
}

/// What is wrong with a subdomain of RFC 1123.
pub(super) fn subdomain(text: &str) -> Vec<String> {
    let shape = (!is_subdomain(text)).then(|| SUBDOMAIN.refusal());
    too_long(text, SUBDOMAIN_LENGTH)
        .into_iter()
        .chain(shape)
        .collect()
}

/// What is wrong with a label of RFC 1035.
pub(super) fn old_label(text: &str) -> Vec<String> {
    let fits = is_label(text) && text.starts_with(|letter: char| letter.is_ascii_lowercase());
    let shape = (!fits).then(|| OLD_LABEL.refusal());
    too_long(text, LABEL_LENGTH)
        .into_iter()
        .chain(shape)
        .collect()
}

/// What is wrong with the value of a label.
pub(super) fn label_value(text: &str) -> Vec<String> {
    let fits = text.is_empty() || is_name(text);
    let shape = (!fits).then(|| LABEL_VALUE.refusal());
    too_long(text, LABEL_LENGTH)
        .into_iter()
        .chain(shape)
        .collect()
}

/// What is wrong with the key of a label: a name, perhaps behind a subdomain and `/`.
pub(super) fn qualified_name(text: &str) -> Vec<String> {
    match text.split('/').collect::<Vec<_>>()[..] {
        [name] => name_part(name),
        [prefix, name] => [prefix_part(prefix), name_part(name)].concat(),
        _ => vec![format!(
            "a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
            NAME.refusal()
        )],
    }
}

fn prefix_part(prefix: &str) -> Vec<String> {
    if prefix.is_empty() {
        return vec!["prefix part must be non-empty".to_owned()];
    }
    let wrong = subdomain(prefix);
    wrong
        .into_iter()
        .map(|why| format!("prefix part {why}"))
        .collect()
}

fn name_part(name: &str) -> Vec<String> {
    let empty = name.is_empty().then(|| "must be non-empty".to_owned());
    let shape = (!is_name(name)).then(|| NAME.refusal());
    let wrong = empty
        .into_iter()
        .chain(too_long(name, LABEL_LENGTH))
        .chain(shape);
    wrong.map(|why| format!("name part {why}")).collect()
}

/// What a name that more is to be appended to is judged by: what stands for it once that is done.
pub(super) fn completed(prefix: &str) -> String {
    match prefix.strip_suffix('-') {
        // Kubernetes puts the letter in the place of the last two bytes.
        Some(rest) if !rest.is_empty() => {
            let kept = rest.len() - 1;
            format!("{}a", rest.get(..kept).unwrap_or(rest))
        }
        _ => prefix.to_owned(),
    }
}

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} characters"))
}

fn is_label(text: &str) -> bool {
    let alphanumeric = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    ends_and_holds(text, alphanumeric, b"-")
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_name(text: &str) -> bool {
    ends_and_holds(text, |letter| letter.is_ascii_alphanumeric(), b"-_.")
}

/// Whether a text begins and ends with such a letter, and has only such and some others between.
fn ends_and_holds(text: &str, letters: fn(u8) -> bool, others: &[u8]) -> bool {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    ends.into_iter().all(|end| end.is_some_and(letters))
        && text
            .bytes()
            .all(|letter| letters(letter) || others.contains(&letter))
}

impl Shape {
    /// What is said of a text that has another.
    fn refusal(&self) -> String {
        let examples: Vec<_> = self
            .examples
            .iter()
            .map(|name| format!("'{name}', "))
            .collect();
        let (says, examples, pattern) = (self.says, examples.join(" or "), self.pattern);
        format!("{says} (e.g. {examples}regex used for validation is '{pattern}')")
    }
}
