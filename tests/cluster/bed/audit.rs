//! What the API server noted of who asked for what.

use serde_json::Value;

use super::Bed;

/// The account of the guard.
pub(crate) const ACCOUNT: &str = "system:serviceaccount:firebreak:firebreak";

/// An account that may look and nothing else.
pub(crate) const VIEWER: &str = "system:serviceaccount:firebreak:viewer";

/// One request.
pub(crate) struct Asked {
    pub(crate) by: String,
    pub(crate) verb: String,
    pub(crate) group: String,
    /// With its subresource, such as `pods/eviction`.
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) code: u64,
    /// Whether whoever asked has no right to.
    pub(crate) forbidden: bool,
}

impl Asked {
    pub(crate) fn writes(&self) -> bool {
        !["get", "list", "watch"].contains(&self.verb.as_str())
    }
}

impl Bed {
    /// Every write, and every request of these accounts, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let log = std::fs::read_to_string(self.folder().join("audit.log")).expect("the audit log");
        // The last line may be under way.
        let events = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        events.map(|event| asked(&event)).collect()
    }
}

fn asked(event: &Value) -> Asked {
    let text = |pointer: &str| {
        let text = event.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let mut resource = text("/objectRef/resource");
    let part = text("/objectRef/subresource");
    if !part.is_empty() {
        resource = format!("{resource}/{part}");
    }
    Asked {
        by: text("/user/username"),
        verb: text("/verb"),
        group: text("/objectRef/apiGroup"),
        resource,
        name: text("/objectRef/name"),
        code: event["responseStatus"]["code"].as_u64().unwrap_or_default(),
        forbidden: event["annotations"]["authorization.k8s.io/decision"] == "forbid",
    }
}
