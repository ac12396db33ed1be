//! A kind that the API server serves.

use crate::object;

/// A kind that the API server serves, in the version in which it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Served {
    /// API group, empty for the core group.
    pub group: String,
    /// API version without the group.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// The word of the path.
    pub plural: String,
    /// Whether it can be listed and watched.
    pub watchable: bool,
    /// Whether its objects' names are enough.
    pub names_only: bool,
}

impl Served {
    /// A kind that can be listed and watched.
    #[must_use]
    pub fn named(group: &str, version: &str, kind: &str, plural: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            watchable: true,
            names_only: false,
        }
    }

    /// Why nothing can be known of one that cannot be listed and watched.
    pub(super) fn out_of_reach(&self) -> String {
        let resource = self.resource();
        format!("{resource} is served, but cannot be listed and watched")
    }

    /// What every object of it says of itself.
    #[must_use]
    pub fn api_version(&self) -> String {
        object::api_version(&self.group, &self.version)
    }

    /// Where all its objects are.
    pub(super) fn path(&self) -> String {
        let Self {
            group,
            version,
            plural,
            ..
        } = self;
        if group.is_empty() {
            format!("/api/{version}/{plural}")
        } else {
            format!("/apis/{group}/{version}/{plural}")
        }
    }

    /// What people call it, such as `poddisruptionbudgets.policy`.
    #[must_use]
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
}
