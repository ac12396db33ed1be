//! Patterns of names: accounts and chaos objects.

pub(super) use crate::request::fits;

use crate::request::User;

/// Whether one of the patterns names the user or a group of theirs.
pub(super) fn listed(patterns: &[String], user: &User) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_prefix("group:") {
            Some(group) => user.groups.iter().any(|name| fits(group, name)),
            None => fits(pattern, &user.name),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let runner = "system:serviceaccount:chaos-testing:runner";
        for pattern in [
            "*",
            runner,
            "system:serviceaccount:chaos-*:*",
            "*runner",
            "s*:*:*r",
        ] {
            assert!(fits(pattern, runner), "{pattern}");
        }
        for pattern in [
            "",
            "runner",
            "system:serviceaccount:chaos-*:walker",
            "*runner:",
        ] {
            assert!(!fits(pattern, runner), "{pattern}");
        }
        assert!(!fits("ab*ba", "aba"), "the parts may not overlap");
    }

    #[test]
    fn a_group_is_no_user() {
        let user = User {
            name: "sre".to_owned(),
            groups: vec!["dba".to_owned()],
            ..User::default()
        };
        assert!(listed(&["group:dba".to_owned()], &user));
        assert!(!listed(&["group:sre".to_owned()], &user));
        assert!(!listed(&["dba".to_owned()], &user));
        assert!(!listed(&[], &user));
    }
}
