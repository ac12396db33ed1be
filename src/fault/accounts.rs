//! Accounts that are never refused: those of the cluster itself, of chaos tools whose objects have
//! been judged, and of the operators of databases.

use crate::request::User;

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

/// Whether a chaos tool's controller asks.
#[must_use]
pub fn is_tool_account(user: &User) -> bool {
    TOOLS.contains(&user.name.as_str())
}

/// Whether the operator of a database asks.
#[must_use]
pub fn is_operator_account(user: &User) -> bool {
    let account = user.name.strip_prefix("system:serviceaccount:");
    let name = account.and_then(|account| account.split_once(':'));
    name.is_some_and(|(_, name)| OPERATORS.contains(&name))
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
        let known = |name| is_operator_account(&user(name));
        assert!(known(
            "system:serviceaccount:pxc:percona-xtradb-cluster-operator"
        ));
        assert!(known("system:serviceaccount:cnpg-system:cnpg-manager"));
        assert!(!known("cnpg-manager"));
        assert!(!known("system:serviceaccount:cnpg-manager:default"));
    }
}
