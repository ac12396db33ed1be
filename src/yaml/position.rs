//! Where the fields of a document stand in its file.

use std::fmt;
use std::sync::Arc;

/// A place in a file; both numbers count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where a value and everything in it stands. Cheap to clone.
///
/// A member of a map stands at its key, an item of a list at its first character.
#[derive(Debug, Clone)]
pub struct Positions {
    here: Position,
    below: Below,
}

/// What stands inside a value, in the order it was written.
#[derive(Debug, Clone)]
enum Below {
    Nothing,
    Items(Arc<Vec<Positions>>),
    Members(Arc<Vec<(Box<str>, Positions)>>),
}

impl Positions {
    pub(super) fn of_scalar(here: Position) -> Self {
        let below = Below::Nothing;
        Self { here, below }
    }

    pub(super) fn of_list(here: Position, items: Vec<Positions>) -> Self {
        let below = Below::Items(Arc::new(items));
        Self { here, below }
    }

    pub(super) fn of_map(here: Position, members: Vec<(Box<str>, Positions)>) -> Self {
        let below = Below::Members(Arc::new(members));
        Self { here, below }
    }

    /// The same value, found at another place: behind its key, or through an alias.
    pub(super) fn moved_to(mut self, here: Position) -> Self {
        self.here = here;
        self
    }

    /// The members of a map, in the order they were written; none of another value.
    pub(super) fn members(&self) -> &[(Box<str>, Positions)] {
        match &self.below {
            Below::Members(members) => members,
            Below::Nothing | Below::Items(_) => &[],
        }
    }

    /// The items of a list; none of another value.
    #[must_use]
    pub fn items(&self) -> &[Positions] {
        match &self.below {
            Below::Items(items) => items,
            Below::Nothing | Below::Members(_) => &[],
        }
    }

    /// Where the value itself begins.
    #[must_use]
    pub fn start(&self) -> Position {
        self.here
    }

    /// Where the field at `path` stands, as [`Field::path`](crate::object::Field::path) writes it.
    ///
    /// A field that is missing stands where the nearest field around it does, so that every
    /// message about an absent field has a line to point at.
    #[must_use]
    pub fn locate(&self, path: &str) -> Position {
        self.walk(path).0.here
    }

    /// Everything below the field at `path`, where there is such a field.
    #[must_use]
    pub fn below(&self, path: &str) -> Option<&Positions> {
        let (found, rest) = self.walk(path);
        rest.is_empty().then_some(found)
    }

    fn walk<'p>(&self, path: &'p str) -> (&Positions, &'p str) {
        let (mut found, mut rest) = (self, path);
        while let Some((next, after)) = found.step(rest) {
            (found, rest) = (next, after);
        }
        (found, rest)
    }

    /// One step along the path. Paths do not escape their keys, so each key is tried as it would
    /// be written. The last one counts: it is the one that was kept where keys were merged.
    fn step<'p>(&self, path: &'p str) -> Option<(&Positions, &'p str)> {
        if let Some((index, after)) = index(path) {
            return Some((self.items().get(index)?, after));
        }
        let mut members = self.members().iter().rev();
        members.find_map(|(key, below)| Some((below, after_key(path, key)?)))
    }
}

/// The index in `[3].name`, and what follows it.
fn index(path: &str) -> Option<(usize, &str)> {
    let (digits, after) = path.strip_prefix('[')?.split_once(']')?;
    Some((digits.parse().ok()?, after))
}

/// What follows `key` when `path` begins with it.
fn after_key<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let bracketed = |path: &'p str| {
        path.strip_prefix("[\"")?
            .strip_prefix(key)?
            .strip_prefix("\"]")
    };
    let after = if key.contains(['.', '/', '[']) {
        bracketed(path)?
    } else {
        path.strip_prefix('.').unwrap_or(path).strip_prefix(key)?
    };
    // Behind a colon the path goes on inside the text that stands here.
    (after.is_empty() || after.starts_with(['.', '[', ':'])).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize) -> Position {
        Position { line, column: 1 }
    }

    fn sample() -> Positions {
        let scalar = |line| Positions::of_scalar(at(line));
        let labels = vec![("a.b/c".into(), scalar(4)), ("app".into(), scalar(5))];
        let item = Positions::of_map(at(7), vec![("mode".into(), scalar(8))]);
        let root = vec![
            ("labels".into(), Positions::of_map(at(3), labels)),
            (
                "list".into(),
                Positions::of_list(at(6), vec![scalar(6), item]),
            ),
        ];
        Positions::of_map(at(2), root)
    }

    #[test]
    fn a_path_leads_to_its_field() {
        let lines = [
            ("", 2),
            ("labels", 3),
            ("labels[\"a.b/c\"]", 4),
            ("labels.app", 5),
            ("list[0]", 6),
            ("list[1].mode", 8),
        ];
        for (path, line) in lines {
            assert_eq!(sample().locate(path), at(line), "{path}");
            assert!(sample().below(path).is_some(), "{path}");
        }
    }

    #[test]
    fn a_missing_field_stands_where_its_nearest_ancestor_does() {
        let lines = [
            ("spec.mode", 2),
            ("labels.application", 3),
            ("list[9].mode", 6),
            ("list[1].mode: spec.mode", 8),
            ("list[1].mode.deeper[0]", 8),
            ("list[", 6),
        ];
        for (path, line) in lines {
            assert_eq!(sample().locate(path), at(line), "{path}");
            assert!(sample().below(path).is_none(), "{path}");
        }
    }
}
