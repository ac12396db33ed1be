//! Why an expression does not compile, and where.

use std::fmt;

/// A part of an expression, in bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    /// From the start of the first to the end of the last.
    pub(super) fn around(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// An expression that does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, a phrase.
    pub message: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// The text of that line.
    pub source: String,
}

impl Refusal {
    /// What is wrong at a place of an expression.
    pub(super) fn at(source: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = source.get(start..).unwrap_or_default();
        Self {
            message: message.into(),
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
            source: line.lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// What is wrong at a line and a column, both counted from 1.
    pub(super) fn at_line(source: &str, line: usize, column: usize, message: String) -> Self {
        let text = source.lines().nth(line.saturating_sub(1));
        Self {
            message,
            line: line.max(1),
            column: column.max(1),
            source: text.unwrap_or_default().to_owned(),
        }
    }
}

/// How much of a line is shown on each side of the place.
const SHOWN: usize = 60;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            message,
            line,
            column,
            source,
        } = self;
        let from = column.saturating_sub(1).saturating_sub(SHOWN);
        let shown: String = source.chars().skip(from).take(2 * SHOWN).collect();
        let shown = shown.replace('\t', " ");
        let caret = column.saturating_sub(from);
        writeln!(f, "line {line}, column {column}: {message}")?;
        writeln!(f, "    {shown}")?;
        write!(f, "    {:>caret$}", "^")
    }
}

/// `; did you mean …?` with the known name that is nearest, if one is near.
pub(super) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let near = |other: &&str| {
        let (distance, length) = (strsim::osa_distance(name, other), name.chars().count());
        (length > 3 && distance <= length.div_ceil(3)).then_some(distance)
    };
    let known = known.into_iter().filter(|other| *other != name);
    let found = known.filter_map(|other| Some((near(&other)?, other))).min();
    found.map_or_else(String::new, |(_, other)| {
        format!("; did you mean `{other}`?")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_points_at_its_place() {
        let refusal = Refusal::at("a &&\n  'ä' + $", 14, "what is `$`");
        assert_eq!(
            refusal.to_string(),
            "line 2, column 9: what is `$`\n      'ä' + $\n            ^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_its_place() {
        let source = format!("{}$", "a + ".repeat(100));
        let text = Refusal::at(&source, 400, "no").to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "line 1, column 401: no");
        assert_eq!(lines[1].chars().nth(lines[2].len() - 1), Some('$'));
    }

    #[test]
    fn the_nearest_name_is_offered_if_it_is_near() {
        let known = ["startsWith", "endsWith", "size"];
        assert_eq!(nearest("startWith", known), "; did you mean `startsWith`?");
        assert_eq!(nearest("frobnicate", known), "");
    }
}
