//! What asks for positions in a text or gives them, and where a value is in a list.

use std::ops::Range;

use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::list::List;
use crate::cel::order::equal;
use crate::cel::value::{Text, Value};

pub(super) fn char_at<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text), Value::Int(at)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len())?;
    let start = place(text, *at)?;
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.chars().next().map_or(0, char::len_utf8);
    Ok(Value::String(text.part(start..start + length)))
}

pub(super) fn substring<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (text, start, end) = match args {
        [Value::String(text), Value::Int(start)] => (text, *start, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => (text, *start, Some(*end)),
        _ => return Err(Failure::Unfit),
    };
    budget.charge_text(text.len())?;
    if let Some(end) = end.filter(|end| *end < start) {
        return Err(wrong(format!(
            "the end \"{end}\" of a part is before its start \"{start}\""
        )));
    }
    let end = end.map_or(Ok(text.len()), |end| place(text, end))?;
    Ok(Value::String(text.part(place(text, start)?..end)))
}

pub(super) fn index_of<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let found = match args {
        [Value::String(text), Value::String(part)] => first(text, part, 0, budget)?,
        [Value::String(text), Value::String(part), Value::Int(from)] => {
            first(text, part, *from, budget)?
        }
        [Value::List(list), value] => among(list, value, 0..list.len(), budget)?,
        _ => return Err(Failure::Unfit),
    };
    Ok(Value::Int(found))
}

pub(super) fn last_index_of<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let found = match args {
        [Value::String(text), Value::String(part)] => {
            let end = count(text);
            // The last place where anything begins is the last character; where nothing begins, the end.
            let from = if part.is_empty() {
                end
            } else {
                (end - 1).max(0)
            };
            last(text, part, from, budget)?
        }
        [Value::String(text), Value::String(part), Value::Int(from)] => {
            last(text, part, *from, budget)?
        }
        [Value::List(list), value] => among(list, value, (0..list.len()).rev(), budget)?,
        _ => return Err(Failure::Unfit),
    };
    Ok(Value::Int(found))
}

/// Where a part begins first, from a position on. As in Kubernetes the empty part is found at the
/// position asked for, wherever that is.
fn first(text: &str, part: &str, from: i64, budget: &mut Budget) -> Result<i64, Failure> {
    if part.is_empty() {
        return Ok(from);
    }
    budget.charge_text(text.len().saturating_add(part.len()))?;
    let Some(start) = searched(text, from)? else {
        return Ok(-1);
    };
    let rest = text.get(start..).unwrap_or_default();
    Ok(rest.find(part).map_or(-1, |at| {
        from.saturating_add(count(rest.get(..at).unwrap_or_default()))
    }))
}

/// Where a part begins last, up to a position.
fn last(text: &str, part: &str, from: i64, budget: &mut Budget) -> Result<i64, Failure> {
    if part.is_empty() {
        return Ok(from);
    }
    budget.charge_text(text.len().saturating_add(part.len()))?;
    let Some(start) = searched(text, from)? else {
        return Ok(-1);
    };
    // What begins at the position may reach as far as the part is long.
    let mut end = start.saturating_add(part.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let found = text.get(..end).unwrap_or_default().rfind(part);
    Ok(found.map_or(-1, |at| count(text.get(..at).unwrap_or_default())))
}

/// The byte a search begins at, when there is a character; before the first there is nothing to search.
fn searched(text: &str, from: i64) -> Result<Option<usize>, Failure> {
    let from = usize::try_from(from)
        .map_err(|_| wrong(format!("a search cannot begin at position \"{from}\"")))?;
    Ok(text.char_indices().nth(from).map(|(byte, _)| byte))
}

/// The byte a position is at, from the first character to right after the last.
fn place(text: &str, at: i64) -> Result<usize, Failure> {
    let ends = text.char_indices().map(|(byte, _)| byte);
    usize::try_from(at)
        .ok()
        .and_then(|at| ends.chain([text.len()]).nth(at))
        .ok_or_else(|| {
            let length = count(text);
            wrong(format!(
                "position \"{at}\" is not in a text of {length} characters"
            ))
        })
}

/// How many characters a text has.
fn count(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// The first of these places of a list that holds the value.
fn among(
    list: &List<'_>,
    value: &Value<'_>,
    mut places: impl Iterator<Item = usize>,
    budget: &mut Budget,
) -> Result<i64, Failure> {
    let found = loop {
        let Some(place) = places.next() else {
            return Ok(-1);
        };
        match list.get(place) {
            Some(own) if equal(&own, value, budget)? => break place,
            _ => budget.charge(1)?,
        }
    };
    Ok(i64::try_from(found).unwrap_or(i64::MAX))
}

impl Text<'_> {
    /// The text between two bytes. What is borrowed stays so.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::Borrowed(text) => Self::Borrowed(text.get(range).unwrap_or_default()),
            Self::Shared(text) => text.get(range).unwrap_or_default().to_owned().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(
        run: crate::cel::functions::Run,
        text: &'static str,
        args: &[Value<'static>],
    ) -> Result<String, Failure> {
        let mut all = vec![Value::text(text)];
        all.extend_from_slice(args);
        run(&all, &mut Budget::new(100)).map(|value| format!("{value:?}"))
    }

    fn at(
        run: crate::cel::functions::Run,
        text: &'static str,
        part: &'static str,
        from: i64,
    ) -> i64 {
        let args = [Value::text(text), Value::text(part), Value::Int(from)];
        match run(&args, &mut Budget::new(100)) {
            Ok(Value::Int(place)) => place,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(at(index_of, "ta©o©αT", "©", 3), 4);
        assert_eq!(at(index_of, "ta©o©αT", "©α", 5), -1);
        assert_eq!(at(last_index_of, "ta©o©αT", "©", 3), 2);
        assert_eq!(at(last_index_of, "ta©o©αT", "©α", 4), 4);
        assert_eq!(at(last_index_of, "bananananana", "nana", 7), 6);
        let part = found(substring, "ta©o©αT", &[Value::Int(2), Value::Int(6)]);
        assert_eq!(part.unwrap(), r#"String("©o©α")"#);
    }

    #[test]
    fn a_search_from_beyond_the_end_finds_nothing() {
        for from in [3, 4, i64::MAX] {
            assert_eq!(at(index_of, "abc", "b", from), -1);
            assert_eq!(at(last_index_of, "abc", "b", from), -1);
        }
        assert_eq!(at(last_index_of, "abc", "b", 2), 1);
        assert_eq!(at(last_index_of, "abc", "abcd", 2), -1);
    }

    #[test]
    fn the_empty_text_is_wherever_it_is_looked_for() {
        for from in [-7, -1, 0, 20] {
            assert_eq!(at(index_of, "abc", "", from), from);
            assert_eq!(at(last_index_of, "abc", "", from), from);
        }
    }

    #[test]
    fn the_empty_text_holds_nothing_but_itself() {
        let ask = |part| found(last_index_of, "", &[Value::text(part)]).unwrap();
        assert_eq!(ask("@@"), "Int(-1)");
        assert_eq!(ask(""), "Int(0)");
        assert_eq!(at(last_index_of, "", "l", 2), -1);
        assert_eq!(at(index_of, "", "l", 3), -1);
    }

    #[test]
    fn a_position_outside_the_text_is_an_error() {
        let outside: [(crate::cel::functions::Run, &[i64]); 7] = [
            (char_at, &[6]),
            (char_at, &[-1]),
            (substring, &[6]),
            (substring, &[-1]),
            (substring, &[0, 6]),
            (substring, &[-2, -1]),
            (substring, &[3, 2]),
        ];
        for (run, places) in outside {
            let args: Vec<_> = places.iter().copied().map(Value::Int).collect();
            assert!(
                matches!(found(run, "hello", &args), Err(Failure::Wrong(_))),
                "{places:?}"
            );
        }
        let before = [Value::text("l"), Value::Int(-1)];
        assert!(matches!(
            found(index_of, "hello", &before),
            Err(Failure::Wrong(_))
        ));
        assert!(matches!(
            found(last_index_of, "hello", &before),
            Err(Failure::Wrong(_))
        ));
    }

    #[test]
    fn a_list_has_no_positions_to_search_from() {
        let list = Value::list(vec![Value::text("a")]);
        let args = [list, Value::text("a"), Value::Int(0)];
        assert!(matches!(
            index_of(&args, &mut Budget::new(100)),
            Err(Failure::Unfit)
        ));
    }

    #[test]
    fn a_part_of_a_text_of_an_object_is_not_copied() {
        let object = String::from("chaos-mesh");
        let args = [Value::text(object.as_str()), Value::Int(6)];
        let part = substring(&args, &mut Budget::new(100)).unwrap();
        assert!(matches!(part, Value::String(Text::Borrowed("mesh"))));
    }
}
