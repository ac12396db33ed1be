//! The words that stay: what the program compares with, and what everybody calls so.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Every word in the texts that readers and inventories compare with, gathered from the source by a
/// test; sorted.
const COMPARED: &str = include_str!("vocabulary.txt");

/// What every cluster has and nobody can be told by.
const COMMON: &[&str] = &[
    "admission",
    "admissionreview",
    "deleteoptions",
    "meta",
    "amd64",
    "amazonaws",
    "app",
    "apps",
    "arm64",
    "bin",
    "bitnami",
    "by",
    "cloud",
    "cluster",
    "com",
    "component",
    "controller",
    "coredns",
    "csi",
    "data",
    "default",
    "dev",
    "dns",
    "docker",
    "eks",
    "env",
    "etc",
    "events",
    "failure",
    "firebreak",
    "gcr",
    "ghcr",
    "grafana",
    "http",
    "https",
    "instance",
    "internal",
    "io",
    "ip",
    "istio",
    "k3s",
    "k8s",
    "kernel",
    "kube",
    "kubernetes",
    "latest",
    "lease",
    "library",
    "local",
    "managed",
    "manager",
    "masters",
    "metadata",
    "metrics",
    "monitoring",
    "net",
    "nginx",
    "node",
    "operator",
    "operators",
    "org",
    "part",
    "prod",
    "production",
    "prometheus",
    "proxy",
    "public",
    "quay",
    "region",
    "registry",
    "rook",
    "ceph",
    "server",
    "sh",
    "sha256",
    "staging",
    "storage",
    "svc",
    "system",
    "tier",
    "topology",
    "v1beta1",
    "v1beta2",
    "v1beta3",
    "v1alpha2",
    "var",
    "web",
    "www",
    "zone",
];

/// The language that rules are written in, and what shells know without a file: none of these may
/// come to stand where a name was.
const LANGUAGE: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "do",
    "done",
    "elif",
    "else",
    "esac",
    "false",
    "fi",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "no",
    "null",
    "off",
    "on",
    "package",
    "return",
    "set",
    "then",
    "true",
    "until",
    "var",
    "void",
    "while",
    "yes",
];

/// What is looked for within longer words.
const WITHIN: &[&str] = &[
    "chaos",
    "exporter",
    "kubernetes",
    "litmus",
    "redis",
    "sentinel",
    "valkey",
];

static KNOWN: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let lists = [COMMON, LANGUAGE, WITHIN];
    let lists = lists.into_iter().flatten().copied();
    COMPARED.lines().chain(lists).collect()
});

/// Whether a word stays, in whatever case.
pub(super) fn is_known(word: &str) -> bool {
    KNOWN.contains(word.to_ascii_lowercase().as_str())
}

/// A word around one that is looked for within words: what is before it, itself, and what is after.
pub(super) fn known_within(word: &str) -> Option<(&str, &str, &str)> {
    let lower = word.to_ascii_lowercase();
    let found = WITHIN.iter().filter_map(|it| Some((lower.find(it)?, *it)));
    let (at, known) = found.min_by_key(|(at, _)| *at)?;
    let (before, rest) = word.split_at_checked(at)?;
    let (known, after) = rest.split_at_checked(known.len())?;
    Some((before, known, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_case_and_within_others() {
        assert!(is_known("StatefulSet") && is_known("mysql") && is_known("kube"));
        assert!(!is_known("billing"));
        assert_eq!(known_within("MyRedisX"), Some(("My", "Redis", "X")));
        assert_eq!(known_within("billing"), None);
    }
}
