//! What follows where kinds cannot be listed. An unknown is a worst case, of each kind in its own way.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::kinds::{self, Kind, Unlisted};
use super::{Backup, Database};

/// The kinds that are served and cannot be listed, and why.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Untold {
    kinds: BTreeMap<(String, String), String>,
}

impl Untold {
    pub(super) fn mark(&mut self, (group, kind): (&str, &str), why: Option<String>) {
        let kind = (group.to_owned(), kind.to_owned());
        match why {
            Some(why) => drop(self.kinds.insert(kind, why)),
            None => drop(self.kinds.remove(&kind)),
        }
    }

    /// Why the objects of a kind cannot be known.
    pub(super) fn why(&self, (group, kind): (&str, &str)) -> Option<&str> {
        let why = self.kinds.get(&(group.to_owned(), kind.to_owned()));
        why.map(String::as_str)
    }

    /// Why nothing can be bounded, where something is missing without which that is so.
    pub(super) fn unbounded(&self) -> Option<String> {
        self.phrase(Unlisted::Unbounded)
    }

    /// Why no budget is known.
    pub(super) fn budgets(&self) -> Option<String> {
        self.phrase(Unlisted::Budgets)
    }

    /// Why no account's rights are known.
    pub(super) fn rights(&self) -> Option<String> {
        self.phrase(Unlisted::Rights)
    }

    fn phrase(&self, consequence: Unlisted) -> Option<String> {
        let kinds = self.kinds.iter();
        let mut concerned = kinds
            .filter(|((group, kind), _)| kinds::unlisted((group, kind)) == consequence)
            .map(|((group, kind), why)| sentence((group, kind), why));
        let first = concerned.next()?;
        Some(concerned.fold(first, |all, it| format!("{all}; {it}")))
    }
}

/// What is missing, why, and the right that it takes.
fn sentence((group, kind): (&str, &str), why: &str) -> String {
    let of = if group.is_empty() { "" } else { " of " };
    format!(
        "the objects of kind {kind}{of}{group} cannot be listed ({why}); it takes the rights to \
         list and to watch them"
    )
}

/// Looks at what is asked for, so that nothing is concluded from the absence of what is not known.
#[derive(Debug, Default)]
pub(super) struct Missed<'u> {
    untold: Option<&'u Untold>,
    last: Cell<Option<Kind>>,
}

impl<'u> Missed<'u> {
    pub(super) fn new(untold: &'u Untold) -> Self {
        Self {
            untold: Some(untold),
            last: Cell::new(None),
        }
    }

    /// Objects of this kind are asked for.
    pub(super) fn asked(&self, kind: Kind) {
        if self.why(kind).is_some() {
            self.last.set(Some(kind));
        }
    }

    /// What was asked for since the last time and is not known.
    pub(super) fn take(&self) -> Option<String> {
        let kind = self.last.take()?;
        Some(sentence(kind.pair(), self.why(kind)?))
    }

    fn why(&self, kind: Kind) -> Option<&'u str> {
        let mut kinds = self.untold.into_iter().flat_map(|it| &it.kinds);
        let named = |it: &(&(String, String), &String)| (&*it.0.0, &*it.0.1) == kind;
        kinds.find(named).map(|(_, why)| why.as_str())
    }
}

/// What is left of what is known of a database whose records are not: no backup, no idle hour.
pub(super) fn forget_records(database: &mut Database, why: &str) {
    database.backup = Backup::Unknown(why.to_owned());
    database.point_in_time = None;
    database.restored = None;
    database.busy.get_or_insert_with(|| why.to_owned());
    // A schedule that cannot be read closes every window that is made of it.
    database.backup_schedules.push((why.to_owned(), None));
}
