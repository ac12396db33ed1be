//! Numbers as Litmus reads them: Go's parser, whose errors nobody looks at.
//!
//! What is no number is read as 0, and what is too large as the largest there is. Some variables
//! understand ranges: `20-40` is a random number between the two, and so is what merely looks like
//! one, such as `-5`.

/// The numbers that a variable may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) least: u32,
    pub(super) most: u32,
}

impl Span {
    /// This number alone.
    pub(super) const fn only(number: u32) -> Self {
        Self {
            least: number,
            most: number,
        }
    }
}

/// What Litmus makes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) span: Span,
    /// Whether a person would have read the same.
    pub(super) plain: bool,
    /// Whether the fault crashes over it, perhaps only to be started again.
    pub(super) crashes: bool,
}

/// Reads a text that is not empty.
pub(super) fn read(text: &str, ranged: bool) -> Reading {
    let bare = text.strip_prefix('+').unwrap_or(text);
    if let Some(number) = digits(bare) {
        return Reading::plain(Span::only(number));
    }
    match range(text).filter(|_| ranged) {
        Some((least, most)) => Reading::plain(Span { least, most }),
        None if ranged => odd_range(text),
        None => Reading::odd(Span::only(whole(text))),
    }
}

impl Reading {
    const fn plain(span: Span) -> Self {
        Self {
            span,
            plain: true,
            crashes: false,
        }
    }

    const fn odd(span: Span) -> Self {
        Self {
            span,
            plain: false,
            crashes: false,
        }
    }

    /// A phrase for whoever wrote something else.
    pub(super) fn told(self) -> String {
        let Span { least, most } = self.span;
        if self.crashes {
            return "makes the fault crash, and be started again".to_owned();
        }
        let most = match most {
            u32::MAX => "the largest number there is".to_owned(),
            number => number.to_string(),
        };
        if least == self.span.most {
            format!("is read as {most}")
        } else {
            format!("is read as any number from {least} to {most}")
        }
    }
}

/// What a variable that understands ranges makes of a text that is none.
fn odd_range(text: &str) -> Reading {
    match text.split('-').collect::<Vec<_>>()[..] {
        [only] => Reading::odd(Span::only(whole(only))),
        [first, second] => {
            let (first, second) = (whole(first), whole(second));
            Reading {
                crashes: first > second,
                ..Reading::odd(Span {
                    least: first.min(second),
                    most: first.max(second),
                })
            }
        }
        _ => Reading::odd(Span::only(0)),
    }
}

/// A whole number as Go parses it when errors are ignored. What is below zero counts as zero: no
/// fault of Litmus tells the two apart.
fn whole(text: &str) -> u32 {
    let bare = text.strip_prefix('+').unwrap_or(text);
    if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    bare.parse().unwrap_or(u32::MAX)
}

/// A number of 1 to 9 digits, which no parser of Litmus misreads.
pub(super) fn digits(text: &str) -> Option<u32> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// `20-40`, both ends included.
pub(super) fn range(text: &str) -> Option<(u32, u32)> {
    let (least, most) = text.split_once('-')?;
    let (least, most) = (digits(least)?, digits(most)?);
    (least <= most).then_some((least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, what a plain variable makes of it, and one that understands ranges. Spec 2.1.
    type Row = (&'static str, (u32, u32), (u32, u32));

    const MISREAD: &[Row] = &[
        (" 60", (0, 0), (0, 0)),
        ("60 ", (0, 0), (0, 0)),
        (" 2 ", (0, 0), (0, 0)),
        ("60s", (0, 0), (0, 0)),
        ("1m", (0, 0), (0, 0)),
        ("1.5", (0, 0), (0, 0)),
        ("1_000", (0, 0), (0, 0)),
        ("50%", (0, 0), (0, 0)),
        ("-5", (0, 0), (0, 5)),
        ("40-20", (0, 0), (20, 40)),
        ("1-2-3", (0, 0), (0, 0)),
        ("x-7", (0, 0), (0, 7)),
        (
            "99999999999999999999",
            (u32::MAX, u32::MAX),
            (u32::MAX, u32::MAX),
        ),
        (
            "1234567890",
            (1_234_567_890, 1_234_567_890),
            (1_234_567_890, 1_234_567_890),
        ),
    ];

    fn span(text: &str, ranged: bool) -> (u32, u32) {
        let span = read(text, ranged).span;
        (span.least, span.most)
    }

    #[test]
    fn what_a_person_reads_otherwise_is_read_as_go_reads_it() {
        for (text, plain, ranged) in MISREAD {
            assert_eq!(span(text, false), *plain, "{text:?}");
            assert_eq!(span(text, true), *ranged, "{text:?} with ranges");
            assert!(!read(text, true).plain, "{text:?}");
            assert!(!read(text, false).plain, "{text:?}");
        }
        assert!(read("40-20", true).crashes);
        assert!(!read("-5", true).crashes);
    }

    #[test]
    fn plain_numbers_are_read_as_they_stand() {
        for (text, number) in [("60", 60), ("+60", 60), ("007", 7)] {
            assert_eq!(read(text, false), Reading::plain(Span::only(number)));
            assert_eq!(read(text, true), Reading::plain(Span::only(number)));
        }
        assert_eq!(span("20-40", true), (20, 40));
        assert!(read("20-40", true).plain);
        assert_eq!(span("20-40", false), (0, 0));
        assert!(!read("20-40", false).plain);
    }

    #[test]
    fn a_reading_says_what_it_is() {
        assert_eq!(read("50%", true).told(), "is read as 0");
        assert_eq!(read("-5", true).told(), "is read as any number from 0 to 5");
        let long = read("99999999999999999999", false).told();
        assert_eq!(long, "is read as the largest number there is");
    }
}
