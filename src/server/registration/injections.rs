//! The configuration of the webhook that gives databases backups: which writes it is asked about.
//!
//! A database has to be able to be created whether we answer or not, so that it fails open unless somebody
//! chooses otherwise. What it adds is the same each time, so that it may be asked again after others, such
//! as an operator's own webhook, have changed the object.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conditions::Condition;
use super::resources::{ANY, Scope, of_kind};
use super::webhooks::{Conditions, call, rule, spared, written};
use super::{NAME, labels};
use crate::backup;

/// How long an answer is waited for: what is asked of the API server on the way may take two seconds.
const SECONDS: u32 = 5;

/// One webhook.
struct Entry {
    name: &'static str,
    operation: &'static str,
    conditions: &'static [Condition],
}

const ENTRIES: &[Entry] = &[
    Entry {
        name: "create.database",
        operation: "CREATE",
        conditions: &[Condition::NotAnOperator, Condition::NotOptedOut],
    },
    Entry {
        name: "update.database",
        operation: "UPDATE",
        conditions: &[
            Condition::NotAnOperator,
            Condition::NotLeaving,
            Condition::NotOptedOut,
            Condition::Changed,
        ],
    },
];

/// The configuration.
#[must_use]
pub fn injections(conditions: Conditions) -> Value {
    let entries = ENTRIES.iter().map(|entry| webhook(entry, conditions));
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": NAME, "labels": labels()},
        "webhooks": entries.collect::<Vec<_>>(),
    })
}

fn webhook(entry: &Entry, conditions: Conditions) -> Value {
    let rules = rules(entry.operation);
    let mut webhook = call((entry.name, "/mutate"), &rules, false, SECONDS);
    webhook["sideEffects"] = json!("None");
    webhook["reinvocationPolicy"] = json!("IfNeeded");
    webhook["namespaceSelector"] = spared();
    if conditions == Conditions::Known {
        webhook["matchConditions"] = written(entry.conditions);
    }
    webhook
}

/// One rule for each API group. Every version is asked about: one that is not known gets a warning.
fn rules(operation: &str) -> Value {
    let mut groups = BTreeMap::<&str, Vec<&str>>::new();
    for database in backup::kinds() {
        let rows = of_kind(database.group, database.kind);
        let plurals = rows.iter().map(|row| row.plural);
        groups.entry(database.group).or_default().extend(plurals);
    }
    let rule = |(group, plurals): (&str, Vec<&str>)| {
        rule((group, ANY), &[operation], &plurals, Scope::Namespaced)
    };
    groups.into_iter().map(rule).collect()
}
