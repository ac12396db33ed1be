//! Which taints a pod puts up with for as long as they last.

use serde_json::Value;

use super::lenient::{is_set, list, text};
use crate::fault::{EXPELLING, Taint};

/// A toleration of taints that take pods away, without an end. What is absent stands for any.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Toleration {
    key: Option<String>,
    value: Option<String>,
}

impl Toleration {
    /// Those of a pod. One that ends, or compares numbers, is none that could be counted on.
    pub(super) fn all_of(pod: &Value) -> Vec<Self> {
        let all = list(pod, "/spec/tolerations").iter();
        all.filter_map(Self::read).collect()
    }

    fn read(toleration: &Value) -> Option<Self> {
        let (key, value) = (text(toleration, "/key"), text(toleration, "/value"));
        let expelling = matches!(text(toleration, "/effect"), "" | EXPELLING);
        let ends = is_set(toleration, "/tolerationSeconds");
        let value = match text(toleration, "/operator") {
            "Exists" => Some(None),
            // Without a key only `Exists` is a toleration.
            "" | "Equal" if !key.is_empty() => Some(Some(value.to_owned())),
            _ => None,
        };
        let value = value.filter(|_| expelling && !ends)?;
        Some(Self {
            key: (!key.is_empty()).then(|| key.to_owned()),
            value,
        })
    }

    /// Whether it covers this taint.
    pub(super) fn covers(&self, taint: &Taint) -> bool {
        let same = |own: &Option<String>, other: &str| own.as_ref().is_none_or(|it| it == other);
        same(&self.key, &taint.key) && same(&self.value, &taint.value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tolerates(toleration: &Value) -> bool {
        let taint = Taint {
            key: "dedicated".to_owned(),
            value: "db".to_owned(),
        };
        let pod = json!({"spec": {"tolerations": [toleration]}});
        let all = Toleration::all_of(&pod);
        all.iter().any(|it| it.covers(&taint))
    }

    #[test]
    fn a_toleration_covers_what_kubernetes_says() {
        assert!(tolerates(&json!({"operator": "Exists"})));
        assert!(tolerates(
            &json!({"key": "dedicated", "operator": "Exists"})
        ));
        assert!(tolerates(&json!({"key": "dedicated", "value": "db"})));
        assert!(tolerates(
            &json!({"key": "dedicated", "operator": "Equal", "value": "db", "effect": "NoExecute"})
        ));
        assert!(!tolerates(&json!({"key": "dedicated", "value": "web"})));
        assert!(!tolerates(&json!({"key": "other", "operator": "Exists"})));
        assert!(!tolerates(
            &json!({"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"})
        ));
        assert!(!tolerates(
            &json!({"key": "dedicated", "operator": "Exists", "tolerationSeconds": 300})
        ));
        assert!(!tolerates(
            &json!({"key": "dedicated", "operator": "Gt", "value": "1"})
        ));
        assert!(!tolerates(&json!({})));
    }
}
