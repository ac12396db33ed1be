//! Versions, as semver.org has them. What compares them compares quantities too and stands there.

use std::cmp::Ordering;
use std::sync::Arc;

use super::opaque::Opaque;
use super::{Function, Literal, function};
use crate::cel::budget::wrong;
use crate::cel::{Answer, Budget, Failure, Value};

/// A version. What follows its `+` tells no two apart.
#[derive(Debug, Clone)]
pub struct Version(semver::Version);

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.rank(other).is_eq()
    }
}

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &["semver(string) -> Semver", "semver(string, bool) -> Semver"],
        "The version that a text writes. With `true` the text may begin with `v`, have zeros before its numbers \
         and lack the last or the last two of them.",
        semver,
    )
    .shown(&[
        ("semver('1.0.0') == semver('1.0.0+build.5')", "true"),
        ("semver('0.1.0-alpha.1').minor()", "1"),
        ("semver('v1.0.0', true) == semver('1.0.0')", "true"),
        ("semver('1.0', true) == semver('1.0.0')", "true"),
        ("semver('01.01.01', true) == semver('1.1.1')", "true"),
    ])
    .literal(Literal::Folded),
    function(
        &["isSemver(string) -> bool", "isSemver(string, bool) -> bool"],
        "Whether `semver` reads a text.",
        is_semver,
    )
    .shown(&[
        ("isSemver('1.0.0')", "true"),
        ("isSemver('hello')", "false"),
        ("isSemver('200K')", "false"),
        ("isSemver('v1.0')", "false"),
        ("isSemver('v1.0', true)", "true"),
        ("isSemver('1.0', true)", "true"),
        ("isSemver('01.01.01', true)", "true"),
    ])
    .literal(Literal::Folded),
    function(&["<Semver>.major() -> int"], "The first number of a version.", major)
        .shown(&[("semver('1.2.3').major()", "1")]),
    function(&["<Semver>.minor() -> int"], "The second number of a version.", minor)
        .shown(&[("semver('1.2.3').minor()", "2")]),
    function(&["<Semver>.patch() -> int"], "The third number of a version.", patch)
        .shown(&[("semver('1.2.3').patch()", "3")]),
];

impl Version {
    fn read(text: &str) -> Option<Self> {
        let version = semver::Version::parse(text).ok()?;
        // The crate takes numbers of any length here, Kubernetes those of 64 bits.
        let numeric = |part: &str| part.bytes().all(|letter| letter.is_ascii_digit());
        let mut parts = version.pre.split('.').filter(|part| !part.is_empty());
        let fits = parts.all(|part| !numeric(part) || part.parse::<u64>().is_ok());
        fits.then_some(Self(version))
    }

    /// Which of the two comes first.
    fn rank(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }

    /// Which of the two comes first, paid for.
    pub(super) fn order(&self, other: &Self, budget: &mut Budget) -> Result<Ordering, Failure> {
        budget.charge_text(self.0.pre.len().min(other.0.pre.len()))?;
        Ok(self.rank(other))
    }
}

/// A text made a version: without its `v`, without zeros that lead a number, with all three numbers.
fn normal(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(without_zeros).collect();
    let short = parts.len() < 3;
    if short && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return None;
    }
    parts.resize(3, "0".to_owned());
    Some(parts.join("."))
}

fn without_zeros(part: &str) -> String {
    let rest = part.trim_start_matches('0');
    let counts = rest.starts_with(|letter: char| letter.is_ascii_digit());
    let zero = if part.is_empty() || counts { "" } else { "0" };
    format!("{zero}{rest}")
}

fn semver<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (text, version) = read(given, budget)?;
    let why = || {
        wrong(format!(
            "'{text}' is no semantic version: three numbers as in 1.2.3 or 1.2.3-rc.1 are"
        ))
    };
    let version = version.ok_or_else(why)?;
    Ok(Value::Opaque(Arc::new(Opaque::Version(version))))
}

fn is_semver<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (_, version) = read(given, budget)?;
    Ok(Value::Bool(version.is_some()))
}

fn major<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    number(given, budget, |version| version.major)
}

fn minor<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    number(given, budget, |version| version.minor)
}

fn patch<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    number(given, budget, |version| version.patch)
}

/// The text that is given, and the version it writes, if it writes one.
fn read<'v>(
    given: &'v [Value<'_>],
    budget: &mut Budget,
) -> Result<(&'v str, Option<Version>), Failure> {
    let (text, lenient) = match given {
        [Value::String(text)] => (text, false),
        [Value::String(text), Value::Bool(lenient)] => (text, *lenient),
        _ => return Err(Failure::Unfit),
    };
    budget.charge_text(text.len())?;
    let version = if lenient {
        normal(text).as_deref().and_then(Version::read)
    } else {
        Version::read(text)
    };
    Ok((text, version))
}

/// A number of the version that is given. As in Kubernetes, one of more than 63 bits comes out negative.
fn number<'a>(
    given: &[Value<'a>],
    budget: &mut Budget,
    of: fn(&semver::Version) -> u64,
) -> Answer<'a> {
    let [value] = given else {
        return Err(Failure::Unfit);
    };
    let Version(version) = version(value, budget)?;
    Ok(Value::Int(of(version).cast_signed()))
}

/// A version, paid for.
fn version<'v>(value: &'v Value<'_>, budget: &mut Budget) -> Result<&'v Version, Failure> {
    let Value::Opaque(opaque) = value else {
        return Err(Failure::Unfit);
    };
    let Opaque::Version(version) = &**opaque else {
        return Err(Failure::Unfit);
    };
    budget.charge(1)?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: u64 = 10_000;

    fn given(text: &str, lenient: bool) -> Option<Version> {
        let given = [Value::text(text), Value::Bool(lenient)];
        let (_, version) = read(&given, &mut Budget::new(STEPS)).unwrap();
        version
    }

    #[test]
    fn versions_are_read_strictly() {
        for text in [
            "0.0.1",
            "1.2.3-alpha.1",
            "1.2.3+b",
            "1.2.3-rc.1+b.007",
            "1.2.3--",
            "1.2.3-0a",
            "18446744073709551615.0.0",
        ] {
            assert!(given(text, false).is_some(), "{text:?} is a version");
        }
        for text in [
            "",
            "1",
            "1.2",
            "v1.2.3",
            "01.2.3",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-a..b",
            "1.2.3-01",
            "1.2.3 ",
            "1.2.3.4",
            "99999999999999999999.0.0",
            "1.2.3-99999999999999999999",
            "1.2.-1",
            "1..3",
            "1.2.3-é",
        ] {
            assert!(given(text, false).is_none(), "{text:?} is no version");
        }
    }

    #[test]
    fn versions_are_made_normal_on_demand() {
        for (text, normal) in [
            ("v1.2.3", "1.2.3"),
            ("1", "1.0.0"),
            ("v1.2", "1.2.0"),
            ("001.000.03", "1.0.3"),
            ("1.2.003-rc.1+b", "1.2.3-rc.1"),
            ("1.2.00-rc", "1.2.0-rc"),
        ] {
            assert_eq!(
                given(text, true),
                given(normal, false),
                "{text} is {normal}"
            );
            assert!(given(text, true).is_some(), "{text} is a version");
        }
        for text in [
            "", "v", "vv1.2.3", "1.2-rc", "1+b", " 1.2.3", "1.2.3.4", "V1.2.3", ".1", "1.2.3-01",
        ] {
            assert!(given(text, true).is_none(), "{text:?} is no version");
        }
    }

    #[test]
    fn each_version_comes_before_the_next() {
        let ordered = [
            "0.0.1",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        let versions = ordered.map(|text| given(text, false).unwrap());
        for (a, x) in versions.iter().enumerate() {
            for (b, y) in versions.iter().enumerate() {
                assert_eq!(x.rank(y), a.cmp(&b), "{} and {}", ordered[a], ordered[b]);
            }
        }
        assert_eq!(given("1.0.0+a", false), given("1.0.0+b", false));
    }

    #[test]
    fn a_number_of_64_bits_comes_out_negative() {
        let mut budget = Budget::new(STEPS);
        let version = semver(&[Value::text("18446744073709551615.2.3")], &mut budget).unwrap();
        assert!(matches!(major(&[version], &mut budget), Ok(Value::Int(-1))));
    }
}
