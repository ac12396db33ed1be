//! A small shop to experiment on: a ledger, its policy, and two experiments.

use crate::command::{Ended, Folder};

/// A workload of ten pods with a budget, as a chart renders it.
pub(crate) const LEDGER: &str = "---
# Source: shop/templates/ledger.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger, namespace: payments}
spec:
  replicas: 10
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec: {containers: [{name: ledger, image: ledger}]}
---
# Source: shop/templates/budget.yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: ledger, namespace: payments}
spec: {maxUnavailable: 2, selector: {matchLabels: {app: ledger}}}
";

/// Its policy.
pub(crate) const POLICY: &str = "apiVersion: firebreak.dev/v1alpha1
kind: BlastRadiusPolicy
metadata: {name: production}
spec: {limits: {maxSharePercent: 25, respectBudgets: true}}
";

/// A PodChaos in YAML.
pub(crate) fn failure(name: &str, mode: &str) -> String {
    format!(
        "apiVersion: chaos-mesh.org/v1alpha1\nkind: PodChaos\n\
         metadata: {{name: {name}, namespace: payments}}\nspec:\n  action: pod-failure\n  {mode}\n  \
         duration: 5m\n  selector: {{namespaces: [payments], labelSelectors: {{app: ledger}}}}\n"
    )
}

pub(crate) fn half() -> String {
    failure("kill-half", "mode: fixed-percent\n  value: \"60\"")
}

pub(crate) fn one() -> String {
    failure("kill-one", "mode: one")
}

/// The ledger with its policy in `world`, an experiment that is denied and one that is not.
pub(crate) fn shop() -> Folder {
    let (half, one) = (half(), one());
    Folder::with(&[
        ("world/ledger.yaml", LEDGER),
        ("world/policy.yaml", POLICY),
        ("half.yaml", &half),
        ("one.yaml", &one),
    ])
}

pub(crate) fn assert_ends(ended: &Ended, code: i32, expected: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}", ended.told());
    for text in expected {
        assert!(
            ended.told().contains(text),
            "{text:?} is not in\n{}",
            ended.told()
        );
    }
}
