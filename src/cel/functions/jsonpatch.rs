//! Keys of JSON patches.

use super::{Function, function};
use crate::cel::budget::{Answer, Budget, Failure};
use crate::cel::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[function(
    &["jsonpatch.escapeKey(string) -> string"],
    "A key as the path of a JSON patch has it, with `~1` for `/` and `~0` for `~`.",
    escape_key,
)
.shown(&[
    (
        "jsonpatch.escapeKey('k8s.io/my~label')",
        "\"k8s.io~1my~0label\"",
    ),
    (
        "'/metadata/labels/' + jsonpatch.escapeKey('k8s.io/my~label')",
        "\"/metadata/labels/k8s.io~1my~0label\"",
    ),
])];

fn escape_key<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(key)] = args else {
        return Err(Failure::Unfit);
    };
    let escapes = key.bytes().filter(|c| matches!(c, b'~' | b'/')).count();
    budget.charge_text(key.len().saturating_add(escapes))?;
    Ok(Value::text(key.replace('~', "~0").replace('/', "~1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_that_stands_for_a_slash_is_not_escaped_again() {
        for (key, escaped) in [("", ""), ("a/b~c", "a~1b~0c"), ("~1/", "~01~1"), ("é", "é")] {
            let answer = escape_key(&[Value::text(key)], &mut Budget::new(10));
            assert!(matches!(answer, Ok(Value::String(text)) if *text == *escaped));
        }
    }

    #[test]
    fn what_is_made_is_paid_for() {
        let key = "/".repeat(100);
        let answer = escape_key(&[Value::text(key.as_str())], &mut Budget::new(19));
        assert_eq!(answer.err(), Some(Failure::Exhausted));
        assert!(escape_key(&[Value::Int(1)], &mut Budget::new(19)).is_err());
    }
}
