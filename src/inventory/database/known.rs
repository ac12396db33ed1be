//! Which releases of an operator were read. What a newer one writes may mean something else.

use serde_json::Value;

use super::evidence::Evidence;

/// What was read of an operator.
pub(super) struct Known {
    /// The versions of the API that the resource is served under.
    pub(super) api: &'static [&'static str],
    /// Where the operator tells its own version, or the one whose ways it follows.
    pub(super) told: &'static [Told],
    /// The newest release, major and minor.
    pub(super) newest: (u32, u32),
}

/// Where a version is told.
pub(super) enum Told {
    /// In the resource, a JSON pointer.
    Field(&'static str),
    /// By a label of the members.
    Label(&'static str),
    /// By an annotation of the members.
    Annotation(&'static str),
}

impl Known {
    /// Why what the operator writes may mean something else than we know, a phrase. No word about
    /// its version is no doubt.
    pub(super) fn doubt(&self, evidence: &Evidence<'_>) -> Option<String> {
        let served = evidence.resource.map(|it| it.reference().version.as_str());
        let strange = served.filter(|version| !self.api.contains(version));
        if let Some(version) = strange {
            return Some(format!(
                "its API version is \"{version}\", which is not known"
            ));
        }
        let told = self.told.iter().flat_map(|place| place.versions(evidence));
        let mut doubts = told.filter_map(|(place, version)| self.too_new(&place, version));
        doubts.next()
    }

    fn too_new(&self, place: &str, told: &str) -> Option<String> {
        let (major, minor) = self.newest;
        match release(told) {
            _ if told.is_empty() => None,
            Some(release) if release <= self.newest => None,
            Some(_) => Some(format!(
                "its {place} is \"{told}\", newer than the {major}.{minor} we know"
            )),
            None => Some(format!("its {place} is \"{told}\", which is no version")),
        }
    }
}

impl Told {
    /// What stands there, and how the place is called.
    fn versions<'e>(&self, evidence: &Evidence<'e>) -> Vec<(String, &'e str)> {
        let members = evidence.members();
        match *self {
            Self::Field(pointer) => {
                let place = pointer
                    .trim_start_matches('/')
                    .replace('/', ".")
                    .replace("~1", "/");
                vec![(place, evidence.value().pointer(pointer).map_or("", word))]
            }
            Self::Label(key) => members
                .map(|(_, pod)| (format!("label {key}"), pod.label(key)))
                .collect(),
            Self::Annotation(key) => members
                .map(|(_, pod)| (format!("annotation {key}"), pod.annotation(key)))
                .collect(),
        }
    }
}

/// A version that is no text is no version.
fn word(value: &Value) -> &str {
    let untold = if value.is_null() { "" } else { "not a text" };
    value.as_str().unwrap_or(untold)
}

/// Major and minor of a version such as `1.19.0` or `v26.6.0-rc.1`.
pub(super) fn release(told: &str) -> Option<(u32, u32)> {
    let told = told.strip_prefix('v').unwrap_or(told);
    let mut parts = told.splitn(3, ['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_a_major_and_a_minor_number() {
        assert_eq!(release("1.19.0"), Some((1, 19)));
        assert_eq!(release("v26.6.0-rc.1"), Some((26, 6)));
        assert_eq!(release("9.1.0-2.2.2"), Some((9, 1)));
        for told in ["", "main", "1", "1.x", "-1.2", "99999999999.0"] {
            assert_eq!(release(told), None, "{told}");
        }
    }
}
