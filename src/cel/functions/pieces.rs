//! What puts texts together, takes them apart, and puts one in the place of another.

use std::iter;

use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::list::List;
use crate::cel::value::{Text, Value};

pub(super) fn replace<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text), Value::String(old), Value::String(new)] => {
            replaced(text, (old, new), usize::MAX, budget)
        }
        [
            Value::String(text),
            Value::String(old),
            Value::String(new),
            Value::Int(most),
        ] => replaced(text, (old, new), limit(*most), budget),
        _ => Err(Failure::Unfit),
    }
}

/// So many places at most; below zero there is no limit.
fn limit(most: i64) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}

fn replaced<'a>(
    text: &Text<'a>,
    (old, new): (&str, &str),
    most: usize,
    budget: &mut Budget,
) -> Answer<'a> {
    budget.charge_text(text.len().saturating_add(old.len()))?;
    let places = text.matches(old).take(most).count();
    if places == 0 {
        return Ok(Value::String(text.clone()));
    }
    let length = text
        .len()
        .saturating_sub(places.saturating_mul(old.len()))
        .saturating_add(places.saturating_mul(new.len()));
    budget.charge_text(length)?;
    Ok(Value::text(text.replacen(old, new, places)))
}

pub(super) fn split<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (text, separator, most) = match args {
        [Value::String(text), Value::String(separator)] => (text, separator, usize::MAX),
        [
            Value::String(text),
            Value::String(separator),
            Value::Int(most),
        ] => (text, separator, limit(*most)),
        _ => return Err(Failure::Unfit),
    };
    budget.charge_text(text.len().saturating_add(separator.len()))?;
    let parts: Result<Vec<_>, Failure> = match text {
        Text::Borrowed(text) => parts(text, separator, most)
            .map(|part| budget.charge(1).map(|()| Value::text(part)))
            .collect(),
        Text::Shared(text) => parts(text, separator, most)
            .map(|part| budget.charge(1).map(|()| Value::text(part.to_owned())))
            .collect(),
    };
    parts.map(Value::list)
}

/// The parts of a text between separators, so many at most, the last with what is left.
fn parts<'s, 't: 's>(
    text: &'t str,
    separator: &'s str,
    most: usize,
) -> Box<dyn Iterator<Item = &'t str> + 's> {
    if separator.is_empty() {
        Box::new(characters(text, most))
    } else {
        Box::new(text.splitn(most, separator))
    }
}

/// The characters of a text, so many at most, the last with what is left.
fn characters(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    (0..most).map_while(move |made| {
        let length = match rest.chars().next()? {
            _ if made + 1 == most => rest.len(),
            character => character.len_utf8(),
        };
        let (part, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(part)
    })
}

pub(super) fn join<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::List(list)] => joined(list, "", budget),
        [Value::List(list), Value::String(between)] => joined(list, between, budget),
        _ => Err(Failure::Unfit),
    }
}

fn joined<'a>(list: &List<'a>, between: &str, budget: &mut Budget) -> Answer<'a> {
    let mut text = String::new();
    for (item, before) in list.iter().zip(iter::once("").chain(iter::repeat(between))) {
        let Value::String(part) = item else {
            let kind = item.type_name();
            return Err(wrong(format!(
                "a list with a value of type \"{kind}\" cannot be joined: it takes texts"
            )));
        };
        budget.charge(1)?;
        budget.charge_text(before.len().saturating_add(part.len()))?;
        text.push_str(before);
        text.push_str(&part);
    }
    Ok(Value::text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(run: crate::cel::functions::Run, texts: &[&'static str], most: Option<i64>) -> String {
        let mut args: Vec<_> = texts.iter().map(|text| Value::text(*text)).collect();
        args.extend(most.map(Value::Int));
        shown(run(&args, &mut Budget::new(100)).unwrap())
    }

    fn shown(value: Value<'_>) -> String {
        match value {
            Value::String(text) => text.to_string(),
            Value::List(list) => list.iter().map(|part| shown(part) + "|").collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_empty_text_is_replaced_between_all_characters() {
        let ask = |most| texts(replace, &["aé", "", "-"], most);
        assert_eq!(ask(None), "-a-é-");
        assert_eq!(ask(Some(10)), "-a-é-");
        assert_eq!(ask(Some(2)), "-a-é");
        assert_eq!(ask(Some(0)), "aé");
        assert_eq!(ask(Some(-5)), "-a-é-");
        assert_eq!(texts(replace, &["aaa", "aa", "b"], None), "ba");
    }

    #[test]
    fn the_empty_separator_parts_all_characters() {
        let ask = |most| texts(split, &["aé€", ""], Some(most));
        assert_eq!(ask(0), "");
        assert_eq!(ask(1), "aé€|");
        assert_eq!(ask(2), "a|é€|");
        assert_eq!(ask(3), "a|é|€|");
        assert_eq!(ask(4), "a|é|€|");
        assert_eq!(ask(-1), "a|é|€|");
        assert_eq!(texts(split, &["", ""], Some(1)), "");
        assert_eq!(texts(split, &["", ""], None), "");
    }

    #[test]
    fn empty_parts_are_parts() {
        assert_eq!(texts(split, &["a,b,,c", ","], None), "a|b||c|");
        assert_eq!(texts(split, &["", ","], None), "|");
        assert_eq!(texts(split, &["", ","], Some(1)), "|");
        assert_eq!(texts(split, &["a,b", ","], Some(9)), "a|b|");
    }

    #[test]
    fn only_texts_are_joined() {
        let list = Value::list(vec![Value::text("a"), Value::Int(1)]);
        let failure = join(&[list], &mut Budget::new(100)).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "a list with a value of type \"int\" cannot be joined: it takes texts"
        );
    }

    #[test]
    fn a_long_replacement_is_paid_for_before_it_is_made() {
        let long = "x".repeat(1_000_000);
        let args = [Value::text("aaaa"), Value::text("a"), Value::text(long)];
        let answer = replace(&args, &mut Budget::new(1_000));
        assert!(matches!(answer, Err(Failure::Exhausted)));
    }

    #[test]
    fn parts_are_paid_for_one_by_one() {
        let args = [Value::text(",".repeat(50)), Value::text(",")];
        assert!(matches!(
            split(&args, &mut Budget::new(50)),
            Err(Failure::Exhausted)
        ));
        assert!(split(&args, &mut Budget::new(60)).is_ok());
    }
}
