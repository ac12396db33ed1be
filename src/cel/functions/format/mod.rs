//! Named formats of Kubernetes: what texts in its objects must look like.

mod names;
mod encodings;
mod uri;

use std::sync::Arc;

use super::opaque::Opaque;
use super::{Function, Literal, function};
use crate::cel::{Answer, Budget, Failure, Value};

/// A format.
#[derive(Debug)]
pub struct Format {
    name: &'static str,
    /// What is wrong with a text, in sentences; none for one that has the format.
    validate: fn(&str) -> Vec<String>,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const fn format(name: &'static str, validate: fn(&str) -> Vec<String>) -> Format {
    Format { name, validate }
}

static FORMATS: [Format; 13] = [
    format("dns1123Label", names::label),
    format("dns1123Subdomain", names::subdomain),
    format("dns1035Label", names::old_label),
    format("qualifiedName", names::qualified_name),
    format("dns1123LabelPrefix", |text| {
        names::label(&names::completed(text))
    }),
    format("dns1123SubdomainPrefix", |text| {
        names::subdomain(&names::completed(text))
    }),
    format("dns1035LabelPrefix", |text| {
        names::old_label(&names::completed(text))
    }),
    format("labelValue", names::label_value),
    format("uri", uri::uri),
    format("uuid", encodings::uuid),
    format("byte", encodings::byte),
    format("date", encodings::date),
    format("datetime", encodings::datetime),
];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &["format.named(string) -> optional(Format)"],
        "The format of that name, if there is one.",
        named,
    )
    .shown(&[
        ("format.named('dns1123Label').hasValue()", "true"),
        ("format.named('nope').hasValue()", "false"),
        ("format.named('uuid').value() == format.uuid()", "true"),
    ])
    .literal(Literal::Folded),
    function(
        &["<Format>.validate(string) -> optional(list(string))"],
        "What is wrong with a text, in sentences; nothing for one that has the format.",
        validate,
    )
    .shown(&[
        (
            "format.dns1123Label().validate('my-label').hasValue()",
            "false",
        ),
        (
            "format.uuid().validate('x').orValue([])",
            "[\"does not match the UUID format\"]",
        ),
    ]),
    function(
        &["format.dns1123Label() -> Format"],
        "Names of one part: lower-case letters, digits and `-`, at most 63, as of a namespace.",
        |given, _| constant(given, "dns1123Label"),
    )
    .shown(&[
        (
            "format.dns1123Label().validate('my-label-name').hasValue()",
            "false",
        ),
        (
            "format.dns1123Label().validate('a.b').value()",
            "[\"must not contain dots\"]",
        ),
    ])
    .literal(Literal::Folded),
    function(
        &["format.dns1123Subdomain() -> Format"],
        "Names of parts with `.` between them, at most 253 letters, as of a pod.",
        |given, _| constant(given, "dns1123Subdomain"),
    )
    .shown(&[(
        "format.dns1123Subdomain().validate('apiextensions.k8s.io').hasValue()",
        "false",
    )])
    .literal(Literal::Folded),
    function(
        &["format.dns1035Label() -> Format"],
        "Names of one part that begin with a letter, as of a Service.",
        |given, _| constant(given, "dns1035Label"),
    )
    .shown(&[
        (
            "format.dns1035Label().validate('my-label-name').hasValue()",
            "false",
        ),
        ("format.dns1035Label().validate('1abc').hasValue()", "true"),
    ])
    .literal(Literal::Folded),
    function(
        &["format.qualifiedName() -> Format"],
        "Keys of labels: a name, perhaps behind a subdomain and `/`.",
        |given, _| constant(given, "qualifiedName"),
    )
    .shown(&[(
        "format.qualifiedName().validate('apiextensions.k8s.io/v1beta1').hasValue()",
        "false",
    )])
    .literal(Literal::Folded),
    function(
        &["format.dns1123LabelPrefix() -> Format"],
        "What a `dns1123Label` may begin with: it may end with `-`.",
        |given, _| constant(given, "dns1123LabelPrefix"),
    )
    .shown(&[(
        "format.dns1123LabelPrefix().validate('my-label-prefix-').hasValue()",
        "false",
    )])
    .literal(Literal::Folded),
    function(
        &["format.dns1123SubdomainPrefix() -> Format"],
        "What a `dns1123Subdomain` may begin with: it may end with `-`.",
        |given, _| constant(given, "dns1123SubdomainPrefix"),
    )
    .shown(&[(
        "format.dns1123SubdomainPrefix().validate('mysubdomain.prefix.-').hasValue()",
        "false",
    )])
    .literal(Literal::Folded),
    function(
        &["format.dns1035LabelPrefix() -> Format"],
        "What a `dns1035Label` may begin with: it may end with `-`.",
        |given, _| constant(given, "dns1035LabelPrefix"),
    )
    .shown(&[(
        "format.dns1035LabelPrefix().validate('my-label-prefix-').hasValue()",
        "false",
    )])
    .literal(Literal::Folded),
    function(
        &["format.labelValue() -> Format"],
        "Values of labels: nothing, or letters, digits, `-`, `_` and `.`, at most 63.",
        |given, _| constant(given, "labelValue"),
    )
    .shown(&[
        (
            "format.labelValue().validate('my-cool-label-Value').hasValue()",
            "false",
        ),
        ("format.labelValue().validate('').hasValue()", "false"),
    ])
    .literal(Literal::Folded),
    function(
        &["format.uri() -> Format"],
        "URIs with a scheme, or paths that begin with `/`.",
        |given, _| constant(given, "uri"),
    )
    .shown(&[
        (
            "format.uri().validate('http://example.com').hasValue()",
            "false",
        ),
        ("format.uri().validate('example.com').hasValue()", "true"),
    ])
    .literal(Literal::Folded),
    function(
        &["format.uuid() -> Format"],
        "UUIDs, with dashes or without.",
        |given, _| constant(given, "uuid"),
    )
    .shown(&[
        (
            "format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()",
            "false",
        ),
        (
            "format.uuid().validate('x').value()",
            "[\"does not match the UUID format\"]",
        ),
    ])
    .literal(Literal::Folded),
    function(
        &["format.byte() -> Format"],
        "Bytes in base64.",
        |given, _| constant(given, "byte"),
    )
    .shown(&[
        ("format.byte().validate('aGVsbG8=').hasValue()", "false"),
        (
            "format.byte().validate('hello').value()",
            "[\"invalid base64\"]",
        ),
    ])
    .literal(Literal::Folded),
    function(
        &["format.date() -> Format"],
        "Days, as in `2021-01-01`.",
        |given, _| constant(given, "date"),
    )
    .shown(&[
        ("format.date().validate('2021-01-01').hasValue()", "false"),
        (
            "format.date().validate('2021-13-01').value()",
            "[\"invalid date\"]",
        ),
    ])
    .literal(Literal::Folded),
    function(
        &["format.datetime() -> Format"],
        "Instants, as in `2021-01-01T00:00:00Z`.",
        |given, _| constant(given, "datetime"),
    )
    .shown(&[
        (
            "format.datetime().validate('2021-01-01T00:00:00Z').hasValue()",
            "false",
        ),
        (
            "format.datetime().validate('2021-01-01').value()",
            "[\"invalid datetime\"]",
        ),
    ])
    .literal(Literal::Folded),
];

/// What the longest sentence of a format takes, apart from the text that it quotes.
const SENTENCES: usize = 1_000;

/// How many letters a letter takes at most that is quoted.
const QUOTED: usize = 4;

fn constant<'a>(given: &[Value<'a>], name: &str) -> Answer<'a> {
    match (given, find(name)) {
        ([], Some(format)) => Ok(format),
        _ => Err(Failure::Unfit),
    }
}

fn named<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(name)] = given else {
        return Err(Failure::Unfit);
    };
    budget.charge(1)?;
    Ok(find(name).map_or(Value::Optional(None), Value::some))
}

fn find<'a>(name: &str) -> Option<Value<'a>> {
    let format = FORMATS.iter().find(|format| format.name == name)?;
    Some(Value::Opaque(Arc::new(Opaque::Format(format))))
}

fn validate<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::Opaque(format), Value::String(text)] = given else {
        return Err(Failure::Unfit);
    };
    let Opaque::Format(format) = &**format else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len().saturating_mul(QUOTED).saturating_add(SENTENCES))?;
    let wrong = (format.validate)(text);
    if wrong.is_empty() {
        return Ok(Value::Optional(None));
    }
    Ok(Value::list(wrong.into_iter().map(Value::text).collect()).some())
}

#[cfg(test)]
mod tests;
