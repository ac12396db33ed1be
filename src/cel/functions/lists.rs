//! Lists: what Kubernetes and version 3 of the lists of cel-go have.
//!
//! `indexOf` and `lastIndexOf` are functions of texts too and stand there; `includes` came with
//! Kubernetes 1.37 and is not here. `sum`, `min`, `max` and `isSorted` are declared for each type of
//! values that they take, so that a list of others does not compile.

use super::{Function, function, ordered};
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::list::List;
use crate::cel::order::equal;
use crate::cel::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &[
            "<list(int)>.isSorted() -> bool",
            "<list(uint)>.isSorted() -> bool",
            "<list(double)>.isSorted() -> bool",
            "<list(bool)>.isSorted() -> bool",
            "<list(duration)>.isSorted() -> bool",
            "<list(timestamp)>.isSorted() -> bool",
            "<list(string)>.isSorted() -> bool",
            "<list(bytes)>.isSorted() -> bool",
        ],
        "Whether no value of a list comes before the one to its left.",
        ordered::is_sorted,
    )
    .shown(&[
        ("[1, 2, 3].isSorted()", "true"),
        ("['a', 'b', 'b', 'c'].isSorted()", "true"),
        ("[2.0, 1.0].isSorted()", "false"),
        ("[1].isSorted()", "true"),
        ("[].isSorted()", "true"),
    ]),
    function(
        &[
            "<list(int)>.sum() -> int",
            "<list(uint)>.sum() -> uint",
            "<list(double)>.sum() -> double",
            "<list(duration)>.sum() -> duration",
        ],
        "The sum of the values of a list; 0 of their type, or whole where it is not known, when there is none.",
        ordered::sum,
    )
    .shown(&[
        ("[1, 3].sum()", "4"),
        ("[1.0, 3.0].sum()", "4.0"),
        ("[duration('1m'), duration('1s')].sum() == duration('1m1s')", "true"),
        ("[].sum()", "0"),
        (
            "[duration('1s')].slice(0, 0).sum() == duration('0s')",
            "true",
        ),
    ]),
    function(
        &[
            "<list(int)>.min() -> int",
            "<list(uint)>.min() -> uint",
            "<list(double)>.min() -> double",
            "<list(bool)>.min() -> bool",
            "<list(duration)>.min() -> duration",
            "<list(timestamp)>.min() -> timestamp",
            "<list(string)>.min() -> string",
            "<list(bytes)>.min() -> bytes",
        ],
        "The value of a list that comes before all others; an error when there is none.",
        ordered::min,
    )
    .shown(&[
        ("[1, 3].min()", "1"),
        ("[1].min()", "1"),
        ("([0] + []).min()", "0"),
    ]),
    function(
        &[
            "<list(int)>.max() -> int",
            "<list(uint)>.max() -> uint",
            "<list(double)>.max() -> double",
            "<list(bool)>.max() -> bool",
            "<list(duration)>.max() -> duration",
            "<list(timestamp)>.max() -> timestamp",
            "<list(string)>.max() -> string",
            "<list(bytes)>.max() -> bytes",
        ],
        "The value of a list that comes after all others; an error when there is none.",
        ordered::max,
    )
    .shown(&[("[1, 3].max()", "3"), ("['b', 'a'].max()", "\"b\"")]),
    function(
        &[
            "<list(int)>.sort() -> list(int)",
            "<list(uint)>.sort() -> list(uint)",
            "<list(double)>.sort() -> list(double)",
            "<list(bool)>.sort() -> list(bool)",
            "<list(duration)>.sort() -> list(duration)",
            "<list(timestamp)>.sort() -> list(timestamp)",
            "<list(string)>.sort() -> list(string)",
            "<list(bytes)>.sort() -> list(bytes)",
        ],
        "The values of a list in order.",
        ordered::sort,
    )
    .shown(&[
        ("[3, 2, 1].sort()", "[1, 2, 3]"),
        ("['b', 'c', 'a'].sort()", "[\"a\", \"b\", \"c\"]"),
    ]),
    function(
        &["<list(A)>.slice(int, int) -> list(A)"],
        "The values of a list from a position up to another, which is not among them.",
        slice,
    )
    .shown(&[
        ("[1, 2, 3, 4].slice(1, 3)", "[2, 3]"),
        ("[1, 2, 3, 4].slice(2, 4)", "[3, 4]"),
    ]),
    function(
        &[
            "<list(list(A))>.flatten() -> list(A)",
            "<list(dyn)>.flatten(int) -> list(dyn)",
        ],
        "A list with the values of the lists in it in their place, to one level of depth or to so many.",
        flatten,
    )
    .shown(&[
        ("[dyn(1), dyn([2, 3]), dyn([4])].flatten()", "[1, 2, 3, 4]"),
        (
            "[dyn(1), dyn([dyn(2), dyn([3, 4])])].flatten()",
            "[1, 2, [3, 4]]",
        ),
        (
            "[dyn(1), dyn(2), dyn([]), dyn([]), dyn([3, 4])].flatten()",
            "[1, 2, 3, 4]",
        ),
        (
            "[dyn(1), dyn([dyn(2), dyn([dyn(3), dyn([4])])])].flatten(2)",
            "[1, 2, 3, [4]]",
        ),
    ]),
    function(
        &["<list(A)>.distinct() -> list(A)"],
        "A list without the values that are equal to one before them.",
        distinct,
    )
    .shown(&[
        ("[1, 2, 2, 3, 3, 3].distinct()", "[1, 2, 3]"),
        (
            "['b', 'b', 'c', 'a', 'c'].distinct()",
            "[\"b\", \"c\", \"a\"]",
        ),
        (
            "[dyn(1), dyn('b'), dyn(2), dyn('b')].distinct()",
            "[1, \"b\", 2]",
        ),
    ]),
    function(
        &["<list(A)>.reverse() -> list(A)"],
        "The values of a list, the last first.",
        reverse,
    )
    .shown(&[("[5, 3, 1, 2].reverse()", "[2, 1, 3, 5]")]),
    function(
        &["lists.range(int) -> list(int)"],
        "The whole numbers from 0 on, so many.",
        range,
    )
    .shown(&[
        ("lists.range(5)", "[0, 1, 2, 3, 4]"),
        ("lists.range(-1)", "[]"),
    ]),
    function(
        &["<list(A)>.first() -> optional(A)"],
        "The first value of a list, if there is one.",
        first,
    )
    .shown(&[
        ("[1, 2, 3].first().value()", "1"),
        ("[].first().hasValue()", "false"),
    ]),
    function(
        &["<list(A)>.last() -> optional(A)"],
        "The last value of a list, if there is one.",
        last,
    )
    .shown(&[
        ("[1, 2, 3].last().value()", "3"),
        ("[].last().hasValue()", "false"),
    ]),
];

fn slice<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = args else {
        return Err(Failure::Unfit);
    };
    let length = list.len();
    let (from, to) = bounds(*start, *end)
        .filter(|(_, to)| *to <= length)
        .ok_or_else(|| {
            wrong(format!(
                "a list of {length} values has no part from \"{start}\" up to \"{end}\""
            ))
        })?;
    budget.charge(to.saturating_sub(from))?;
    Ok(Value::list(
        (from..to).map_while(|place| list.get(place)).collect(),
    ))
}

/// Two positions of which the second is not before the first.
fn bounds(start: i64, end: i64) -> Option<(usize, usize)> {
    let bounds = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
    (bounds.0 <= bounds.1).then_some(bounds)
}

fn flatten<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::List(list)] => flat(list, 1, budget),
        [Value::List(list), Value::Int(depth)] => {
            let depth = usize::try_from(*depth)
                .map_err(|_| wrong(format!("a depth is not below 0, as \"{depth}\" is")))?;
            flat(list, depth, budget)
        }
        _ => Err(Failure::Unfit),
    }
}

fn flat<'a>(list: &List<'a>, depth: usize, budget: &mut Budget) -> Answer<'a> {
    let mut open = vec![(list.clone(), 0)];
    let mut values = Vec::new();
    while let Some((list, place)) = open.last_mut() {
        let item = list.get(*place);
        *place += 1;
        budget.charge(1)?;
        match item {
            None => drop(open.pop()),
            Some(Value::List(inner)) if open.len() <= depth => open.push((inner, 0)),
            Some(item) => values.push(item),
        }
    }
    Ok(Value::list(values))
}

fn distinct<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list)] = args else {
        return Err(Failure::Unfit);
    };
    let mut kept: Vec<Value<'a>> = Vec::new();
    for item in list.iter() {
        budget.charge(1)?;
        let mut seen = false;
        for other in &kept {
            seen = equal(&item, other, budget)?;
            if seen {
                break;
            }
        }
        if !seen {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn reverse<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge(list.len())?;
    let mut values: Vec<_> = list.iter().collect();
    values.reverse();
    Ok(Value::list(values))
}

fn range<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::Int(count)] = args else {
        return Err(Failure::Unfit);
    };
    // Paid for before anything is made: the count may be any number.
    budget.charge(usize::try_from((*count).max(0)).unwrap_or(usize::MAX))?;
    Ok(Value::list((0..*count).map(Value::Int).collect()))
}

fn first<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    end_of(args, |_| 0, budget)
}

fn last<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    end_of(args, |length| length.saturating_sub(1), budget)
}

fn end_of<'a>(args: &[Value<'a>], place: fn(usize) -> usize, budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge(1)?;
    let end = list.get(place(list.len()));
    Ok(end.map_or(Value::Optional(None), Value::some))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[i64]) -> Value<'static> {
        Value::list(items.iter().copied().map(Value::Int).collect())
    }

    fn run(
        run: crate::cel::functions::Run,
        args: &[Value<'static>],
        steps: u64,
    ) -> Result<String, Failure> {
        run(args, &mut Budget::new(steps)).map(|value| format!("{value:?}"))
    }

    #[test]
    fn a_slice_ends_where_the_list_does() {
        let ask = |start, end| {
            let args = [list(&[1, 2, 3, 4]), Value::Int(start), Value::Int(end)];
            run(slice, &args, 100)
        };
        assert_eq!(ask(1, 3).unwrap(), "List([Int(2), Int(3)])");
        assert_eq!(ask(4, 4).unwrap(), "List([])");
        for (start, end) in [(2, 5), (5, 5), (-1, 2), (0, -1), (3, 1), (0, i64::MAX)] {
            assert!(
                matches!(ask(start, end), Err(Failure::Wrong(_))),
                "{start} {end}"
            );
        }
    }

    #[test]
    fn flattening_goes_as_deep_as_it_is_asked_to() {
        let deep = Value::list(vec![Value::Int(1), Value::list(vec![list(&[2])])]);
        let ask = |depth| run(flatten, &[deep.clone(), Value::Int(depth)], 100);
        assert_eq!(ask(0).unwrap(), "List([Int(1), List([List([Int(2)])])])");
        assert_eq!(ask(1).unwrap(), "List([Int(1), List([Int(2)])])");
        assert_eq!(ask(2).unwrap(), "List([Int(1), Int(2)])");
        assert_eq!(ask(i64::MAX).unwrap(), "List([Int(1), Int(2)])");
        assert!(matches!(ask(-1), Err(Failure::Wrong(_))));
    }

    #[test]
    fn a_range_is_paid_for_before_it_is_made() {
        let ask = |count| run(range, &[Value::Int(count)], 3);
        assert_eq!(ask(3).unwrap(), "List([Int(0), Int(1), Int(2)])");
        assert_eq!(ask(-5).unwrap(), "List([])");
        assert_eq!(ask(4), Err(Failure::Exhausted));
        assert_eq!(ask(i64::MAX), Err(Failure::Exhausted));
    }

    #[test]
    fn numbers_that_count_the_same_are_not_distinct() {
        let numbers = vec![Value::Int(1), Value::Double(1.0), Value::Uint(1)];
        let answer = run(distinct, &[Value::list(numbers)], 100);
        assert_eq!(answer.unwrap(), "List([Int(1)])");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for odd in [Value::text("abc"), Value::Int(1), Value::Null] {
            let members = FUNCTIONS
                .iter()
                .filter(|own| own.signatures[0].starts_with('<'));
            for function in members {
                assert_eq!(
                    run(function.run, std::slice::from_ref(&odd), 10),
                    Err(Failure::Unfit)
                );
            }
        }
    }
}
