//! Accounts that are never refused: those of the cluster itself, of chaos tools whose objects have
//! been judged, and of the operators of databases.

use crate::request::{User, fits};

/// The accounts under which the tools' controllers run where they are installed as documented.
pub const TOOLS: &[&str] = &[
    "system:serviceaccount:chaos-mesh:chaos-controller-manager",
    "system:serviceaccount:chaosblade:chaosblade",
    "system:serviceaccount:kube-system:chaosblade",
    "system:serviceaccount:litmus:litmus",
    "system:serviceaccount:litmus:litmus-admin",
    "system:serviceaccount:argo:argo",
];

/// The service accounts of database operators, as their manifests and charts name them. They are
/// installed in any namespace. What they do to their databases is their business: one that may not
/// replace a pod never finishes a change, and leaves a database half way.
pub const OPERATORS: &[&str] = &[
    // Percona
    "percona-postgresql-operator",
    "percona-server-mongodb-operator",
    "percona-server-mysql-operator",
    "percona-xtradb-cluster-operator",
    // CloudNativePG, by its manifest, and by its chart under the names it documents
    "cloudnative-pg",
    "cnpg-cloudnative-pg",
    "cnpg-manager",
    // Crunchy
    "pgo",
    "postgres-operator-crunchydata",
    // Zalando
    "postgres-operator",
    "zalando-postgres-operator",
    // Oracle
    "mysql-operator-sa",
    // MariaDB
    "mariadb-operator",
    "mariadb-operator-controller-manager",
];

/// The accounts that are known: those of the lists above, and those that somebody added. In these a
/// `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accounts {
    /// Accounts of chaos tools' controllers, by their full names.
    pub tools: Vec<String>,
    /// Service accounts of database operators: by their own name, in any namespace, or by the full one.
    pub operators: Vec<String>,
}

impl Accounts {
    /// Those of the lists above.
    pub const BUILT_IN: &'static Self = &Self {
        tools: Vec::new(),
        operators: Vec::new(),
    };

    /// Whether a chaos tool's controller asks.
    #[must_use]
    pub fn is_tool(&self, user: &User) -> bool {
        let mut added = self.tools.iter();
        TOOLS.contains(&user.name.as_str()) || added.any(|pattern| fits(pattern, &user.name))
    }

    /// Whether the operator of a database asks.
    #[must_use]
    pub fn is_operator(&self, user: &User) -> bool {
        let account = user.name.strip_prefix("system:serviceaccount:");
        let Some((_, name)) = account.and_then(|account| account.split_once(':')) else {
            return false;
        };
        let mut added = self.operators.iter();
        OPERATORS.contains(&name)
            || added.any(|pattern| fits(pattern, name) || fits(pattern, &user.name))
    }
}

/// Whether the cluster itself asks: its controllers, its schedulers, its nodes. Autoscalers and
/// node controllers of clouds run in the same namespace.
#[must_use]
pub fn is_system_account(user: &User) -> bool {
    let name = user.name.as_str();
    let controller = name.starts_with("system:serviceaccount:kube-system:");
    controller || name.starts_with("system:kube-") || name.starts_with("system:node:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        User::named(name)
    }

    #[test]
    fn an_operator_is_known_by_the_name_of_its_account_in_any_namespace() {
        let known = |name| Accounts::BUILT_IN.is_operator(&user(name));
        assert!(known(
            "system:serviceaccount:pxc:percona-xtradb-cluster-operator"
        ));
        assert!(known("system:serviceaccount:cnpg-system:cnpg-manager"));
        assert!(!known("cnpg-manager"));
        assert!(!known("system:serviceaccount:cnpg-manager:default"));
    }

    #[test]
    fn accounts_can_be_added_by_patterns() {
        let tool = user("system:serviceaccount:litmus-staging:runner");
        let operator = user("system:serviceaccount:db:our-operator");
        let known = |accounts: &Accounts| {
            let built_in = user("system:serviceaccount:litmus:litmus");
            assert!(accounts.is_tool(&built_in) && !accounts.is_operator(&built_in));
            [accounts.is_tool(&tool), accounts.is_operator(&operator)]
        };
        assert_eq!(known(Accounts::BUILT_IN), [false, false]);
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let added = Accounts {
            tools: texts(&["system:serviceaccount:litmus*:*"]),
            operators: texts(&["our-*"]),
        };
        assert_eq!(known(&added), [true, true]);
        assert!(!added.is_operator(&user("our-operator")));
        assert!(!added.is_tool(&operator));
    }
}
