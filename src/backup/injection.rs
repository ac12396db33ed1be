//! What is answered to a request for a database: a patch, warnings, and why nothing was added.

use serde_json::Value;

use super::merge::{Patch, applied};
use crate::object::Object;

/// The longest warning that every client shows whole.
pub const LONGEST_WARNING: usize = 255;

/// Why nothing is added to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is no database, or the request writes none.
    NotAsked,
    /// The version or shape of the object is not known.
    Unreadable,
    /// It is being deleted.
    Deleted,
    /// Its operator writes it.
    Operator,
    /// Another database made it.
    Owned,
    /// It or its namespace asks to be left alone.
    OptedOut,
    /// It is there already, and defaults are for new ones; or the operator would restart it.
    Update,
    /// No defaults apply to it.
    NoDefaults,
    /// Something that a decision needs is not known.
    Unknown,
    /// It is paused, hibernated or shut down.
    Resting,
    /// A restore is under way.
    Restoring,
    /// It begins from a backup at the same place.
    SamePlace,
    /// The secret of the storage is absent or lacks a key.
    Secret,
    /// The storage was not reached, or cannot be.
    Storage,
    /// No image is known that makes its backups.
    Image,
    /// Its operator cannot say what the defaults say.
    Impossible,
    /// It turns backups off.
    Off,
    /// What it says of backups would be refused by its operator.
    Incomplete,
    /// It has all that could be added.
    Complete,
    /// Its backups are objects of their own.
    Companions,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 20] = [
        Self::NotAsked,
        Self::Unreadable,
        Self::Deleted,
        Self::Operator,
        Self::Owned,
        Self::OptedOut,
        Self::Update,
        Self::NoDefaults,
        Self::Unknown,
        Self::Resting,
        Self::Restoring,
        Self::SamePlace,
        Self::Secret,
        Self::Storage,
        Self::Image,
        Self::Impossible,
        Self::Off,
        Self::Incomplete,
        Self::Complete,
        Self::Companions,
    ];

    /// The reason in PascalCase.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAsked => "NotAsked",
            Self::Unreadable => "Unreadable",
            Self::Deleted => "Deleted",
            Self::Operator => "Operator",
            Self::Owned => "Owned",
            Self::OptedOut => "OptedOut",
            Self::Update => "Update",
            Self::NoDefaults => "NoDefaults",
            Self::Unknown => "Unknown",
            Self::Resting => "Resting",
            Self::Restoring => "Restoring",
            Self::SamePlace => "SamePlace",
            Self::Secret => "Secret",
            Self::Storage => "Storage",
            Self::Image => "Image",
            Self::Impossible => "Impossible",
            Self::Off => "Off",
            Self::Incomplete => "Incomplete",
            Self::Complete => "Complete",
            Self::Companions => "Companions",
        }
    }

    /// Whether whoever wrote the object should hear of it.
    fn is_told(self) -> bool {
        match self {
            Self::NotAsked
            | Self::Deleted
            | Self::Operator
            | Self::Owned
            | Self::OptedOut
            | Self::Update
            | Self::NoDefaults
            | Self::Off
            | Self::Complete
            | Self::Companions => false,
            Self::Unreadable
            | Self::Unknown
            | Self::Resting
            | Self::Restoring
            | Self::SamePlace
            | Self::Secret
            | Self::Storage
            | Self::Image
            | Self::Impossible
            | Self::Incomplete => true,
        }
    }
}

/// Why nothing was added, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The reason.
    pub why: Why,
    /// A sentence that names the field, without a full stop.
    pub message: String,
}

impl Left {
    pub(super) fn new(why: Why, message: impl Into<String>) -> Self {
        Self {
            why,
            message: message.into(),
        }
    }
}

/// What is answered to a request for a database.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Injection {
    /// What is added; empty where nothing is.
    pub patch: Patch,
    /// What whoever wrote the object is told, each in one line below 256 characters.
    pub warnings: Vec<String>,
    /// Why nothing is added.
    pub left: Option<Left>,
    /// The defaults that were applied.
    pub defaults: Option<String>,
}

impl Injection {
    /// Nothing is added, and the user hears of it where that matters.
    pub(super) fn left(left: Left, warnings: Vec<String>) -> Self {
        let told = left.why.is_told().then(|| left.message.clone());
        Self {
            warnings: warnings.into_iter().chain(told).map(cut).collect(),
            left: Some(left),
            ..Self::default()
        }
    }

    /// This is added.
    pub(super) fn added(patch: Patch, warnings: Vec<String>, defaults: Option<String>) -> Self {
        Self {
            patch,
            warnings: warnings.into_iter().map(cut).collect(),
            left: None,
            defaults,
        }
    }

    /// The object with what is added.
    #[must_use]
    pub fn applied(&self, object: &Object) -> Option<Value> {
        applied(object.value(), &self.patch)
    }
}

/// A warning in one line that is shown whole.
#[must_use]
pub fn cut(text: String) -> String {
    let text = if text.contains(['\n', '\r']) {
        text.replace(['\n', '\r'], " ")
    } else {
        text
    };
    if text.len() <= LONGEST_WARNING {
        return text;
    }
    let most = LONGEST_WARNING - '…'.len_utf8();
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_one_line_below_256_bytes() {
        assert_eq!(cut("a\nb".to_owned()), "a b");
        let long = cut("ä".repeat(300));
        assert!(
            long.len() <= LONGEST_WARNING && long.ends_with('…'),
            "{long}"
        );
    }

    #[test]
    fn every_reason_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Why::ALL.iter().map(|why| why.name()).collect();
        assert_eq!(names.len(), Why::ALL.len());
    }
}
