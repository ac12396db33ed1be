//! Quantities are read, added and compared as Kubernetes does it.

use std::cmp::Ordering;

use super::*;

/// Steps enough for any quantity of the tests.
const STEPS: u64 = 1_000_000;

fn read(text: &str) -> Option<Amount> {
    let notation = Notation::read(text)?;
    Some(Amount::read(&notation, &mut Budget::new(STEPS)).unwrap())
}

fn amount_of(text: &str) -> Amount {
    read(text).unwrap_or_else(|| panic!("'{text}' is read"))
}

fn sum(a: &Amount, b: &Amount) -> Amount {
    a.plus(b, &mut Budget::new(STEPS)).unwrap()
}

fn same(a: &Amount, b: &Amount) -> bool {
    a.compare(b) == Ordering::Equal
}

#[test]
fn every_suffix_counts_what_it_says() {
    for (text, plain) in [
        ("5", "5"),
        ("+5", "5"),
        ("5.", "5"),
        (".5", "0.5"),
        ("005.50", "5.5"),
        ("5000n", "5u"),
        ("5000u", "5m"),
        ("5000m", "5"),
        ("5k", "5000"),
        ("5M", "5000000"),
        ("5G", "5e9"),
        ("5T", "5e12"),
        ("5P", "5e15"),
        ("5E", "5e18"),
        ("5E3", "5k"),
        ("5e+3", "5k"),
        ("5e-3", "5m"),
        ("1Ki", "1024"),
        ("1Mi", "1048576"),
        ("1Gi", "1073741824"),
        ("1Ti", "1099511627776"),
        ("1Pi", "1125899906842624"),
        ("1Ei", "1152921504606846976"),
        ("-1.5Ki", "-1536"),
        ("0.5Ei", "576460752303423488"),
        ("Gi", "0"),
        ("+", "0"),
        (".", "0"),
        ("E", "0"),
        ("-0", "0"),
    ] {
        assert!(
            same(&amount_of(text), &amount_of(plain)),
            "{text} is {plain}"
        );
    }
}

#[test]
fn what_kubernetes_does_not_read_is_no_quantity() {
    for text in [
        "",
        " ",
        "1 Gi",
        "1Gi ",
        "1kk",
        "1K",
        "1e",
        "1e+",
        "1e1.5",
        "12e",
        "1,3G",
        "Three",
        "1i",
        "1gi",
        "--1",
        "1.2.3",
        "0x10",
        "1e99999999999999999999",
        "1_000",
        "٣",
        "Pi",
        "-.Ei",
        "e-10",
        "1é",
    ] {
        assert!(read(text).is_none(), "{text:?} is no quantity");
    }
}

#[test]
fn finer_than_nano_is_rounded_away_from_zero() {
    for (text, rounded) in [
        ("0.1n", "1n"),
        ("-0.1n", "-1n"),
        ("1.0000000001", "1.000000001"),
        ("-1.9999999991", "-2"),
        ("1e-200", "1n"),
        ("0.00000000000000000000000000000000000000001Ki", "1n"),
        ("0.0000000000000000000000000", "0"),
    ] {
        assert!(
            same(&amount_of(text), &amount_of(rounded)),
            "{text} is {rounded}"
        );
    }
}

#[test]
fn powers_of_two_end_at_the_greatest_integer() {
    for text in [
        "8Ei",
        "9999999999999999999999999999999999999999999999Ki",
        "100000Pi",
    ] {
        assert!(
            same(&amount_of(text), &amount_of("9223372036854775807")),
            "{text}"
        );
        let negative = amount_of(&format!("-{text}"));
        assert!(
            same(&negative, &amount_of("-9223372036854775807")),
            "-{text}"
        );
    }
    let decimal = amount_of("10E");
    assert!(!same(&decimal, &amount_of("9223372036854775807")));
}

#[test]
fn only_what_kubernetes_keeps_in_64_bits_is_an_integer() {
    for (text, integer) in [
        ("0", Some(0)),
        ("50k", Some(50_000)),
        ("50000000G", Some(50_000_000_000_000_000)),
        ("-7", Some(-7)),
        ("999999999999999999", Some(999_999_999_999_999_999)),
        ("1000000000000000000", None),
        ("9E", Some(9_000_000_000_000_000_000)),
        ("10E", None),
        ("99Ti", Some(108_851_651_149_824)),
        ("100Ti", None),
        ("1Pi", None),
        ("1Ei", None),
        ("1.0", None),
        ("1000m", None),
        ("1.5Ki", None),
        ("0e5", Some(0)),
        ("0e-5", None),
        ("1e4294967296", Some(1)),
    ] {
        assert_eq!(amount_of(text).integer(), integer, "{text}");
    }
}

#[test]
fn doubles_are_made_as_go_makes_them() {
    for (text, double) in [
        ("100n", 1.000_000_000_000_000_1e-7),
        ("100u", 9.999_999_999_999_999e-5),
        ("1e-9", 1e-9),
        ("500m", 0.5),
        ("1.3Gi", 1_395_864_371.2),
        ("1e300", 1e300),
        ("1e309", f64::INFINITY),
        ("-1e309", f64::NEG_INFINITY),
        ("9223372036854775807", 9_223_372_036_854_775_807.0),
    ] {
        assert_eq!(
            amount_of(text).double().to_bits(),
            f64::to_bits(double),
            "{text}"
        );
    }
    assert!(
        amount_of("0e400").double().is_nan(),
        "nothing times infinity"
    );
}

#[test]
fn sums_and_orders_are_those_of_exact_numbers() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        sum_and_order(&drawn(&mut random), &drawn(&mut random));
    }
}

fn sum_and_order(one: &str, other: &str) {
    let (a, b) = (amount_of(one), amount_of(other));
    let (x, y) = (nanos(one), nanos(other));
    assert_eq!(a.compare(&b), x.cmp(&y), "{one} and {other}");
    assert_eq!(i128::from(a.sign()), x.signum(), "{one}");
    assert!(
        same(&sum(&a, &b), &amount_of(&format!("{}n", x + y))),
        "{one} + {other}"
    );
    let difference = sum(&a, &b.negated());
    assert!(
        same(&difference, &amount_of(&format!("{}n", x - y))),
        "{one} - {other}"
    );
    assert!(same(&sum(&difference, &b), &a), "{one} - {other} + {other}");
}

/// A quantity of up to ten digits before the point and after it, in any unit that is written with a letter.
fn drawn(random: &mut fastrand::Rng) -> String {
    let mut digits = |most| {
        let count = random.usize(0..=most);
        (0..count).map(|_| random.digit(10)).collect::<String>()
    };
    let (whole, fraction) = (digits(10), digits(10));
    let sign = random.choice(["", "-", "+"]).unwrap();
    let (suffix, _) = random.choice(UNITS).unwrap();
    format!("{sign}0{whole}.{fraction}{suffix}")
}

const UNITS: &[(&str, i128)] = &[
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("", 1_000_000_000),
    ("k", 1_000_000_000_000),
    ("M", 1_000_000_000_000_000),
    ("Ki", 1_024_000_000_000),
    ("Mi", 1_048_576_000_000_000),
];

/// How many nanos a drawn quantity is, read the slow way.
fn nanos(text: &str) -> i128 {
    let number = text.trim_end_matches(|letter: char| letter.is_alphabetic());
    let suffix = &text[number.len()..];
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == suffix).unwrap();
    let (whole, fraction) = number
        .trim_start_matches(['-', '+'])
        .split_once('.')
        .unwrap();
    let places = u32::try_from(fraction.len()).unwrap();
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
    let one = 10_i128.pow(places);
    let size = (digits * unit + one - 1) / one;
    if number.starts_with('-') { -size } else { size }
}

#[test]
fn amounts_of_any_length_are_added_and_ordered() {
    let nines = "9".repeat(200);
    let one_more = sum(&amount_of(&nines), &amount_of("1"));
    assert!(same(&one_more, &amount_of("1e200")));
    assert_eq!(one_more.compare(&amount_of(&nines)), Ordering::Greater);
    assert_eq!(
        amount_of("1e200").compare(&amount_of("1e201")),
        Ordering::Less
    );
    assert_eq!(
        amount_of("-1e200").compare(&amount_of("-1e201")),
        Ordering::Greater
    );
    assert!(same(&sum(&one_more, &amount_of("-1e200")), &amount_of("0")));
}

#[test]
fn the_least_integer_can_be_taken_away() {
    let rest = sum(&Amount::whole(1), &Amount::whole(i64::MIN).negated());
    assert!(same(&rest, &amount_of("9223372036854775809")));
}

#[test]
fn enormous_exponents_cost_more_than_anyone_has() {
    let (a, b) = (amount_of("1e2000000000"), amount_of("1"));
    assert_eq!(a.compare(&b), Ordering::Greater);
    assert_eq!(
        a.plus(&b, &mut Budget::new(STEPS)).unwrap_err(),
        Failure::Exhausted
    );
    let notation = Notation::read("12345678901234567890e2000000000").unwrap();
    let answer = Amount::read(&notation, &mut Budget::new(STEPS));
    assert_eq!(answer.unwrap_err(), Failure::Exhausted);
}

#[test]
fn equality_is_by_amount_and_does_not_end_with_a_sum() {
    let mut budget = Budget::new(STEPS);
    let quantity =
        |text, budget: &mut Budget| super::quantity(&[Value::text(text)], budget).unwrap();
    let (kilo, thousand) = (quantity("1k", &mut budget), quantity("1000", &mut budget));
    let sum = add(&[quantity("999", &mut budget), Value::Int(1)], &mut budget).unwrap();
    let equal =
        |a: &Value<'_>, b: &Value<'_>| crate::cel::order::equal(a, b, &mut Budget::new(STEPS));
    assert_eq!(equal(&kilo, &thousand), Ok(true));
    assert_eq!(equal(&sum, &kilo), Ok(true));
    assert!(matches!(equal(&kilo, &sum), Err(Failure::Wrong(_))));
    assert!(matches!(
        equal(&kilo, &Value::Int(1000)),
        Err(Failure::Wrong(_))
    ));
    assert_eq!(equal(&Value::Int(1000), &kilo), Ok(false));
}

#[test]
fn a_failure_quotes_what_was_given() {
    let answer = super::quantity(&[Value::text("1 Gi")], &mut Budget::new(STEPS));
    assert_eq!(
        answer.unwrap_err().to_string(),
        "'1 Gi' is no quantity: digits and a suffix as in 500m, 2, 1.5Gi or 1e3 are"
    );
    let answer = super::quantity(&[Value::Int(1)], &mut Budget::new(STEPS));
    assert_eq!(answer.unwrap_err(), Failure::Unfit);
}
