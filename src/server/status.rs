//! What people see of policies and exemptions: whether each can be used, and what it protects now.
//!
//! Written by the leader, and only where something is new. Two who write at once write the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, ResourceExt as _};
use serde_json::json;
use tokio::time::Instant;

use super::view::Outlook;
use crate::inventory::Inventory;
use crate::object::Object;
use crate::policy::spec::exemption::{Exemption, ExemptionState};
use crate::policy::spec::{BlastRadiusPolicy, BlastRadiusPolicyStatus};
use crate::policy::{PolicyError, PolicySet};

/// How often policies and exemptions are looked at.
const EVERY: Duration = Duration::from_secs(15);

/// How long counts may be out of date: pods come and go, and each write is one for every watcher.
const COUNTS: Duration = Duration::from_mins(5);

/// Keeps the status of policies and exemptions until it is cancelled.
pub async fn keep(client: Client, outlook: Arc<dyn Outlook>) {
    let mut keeper = Keeper {
        policies: Api::all(client.clone()),
        exemptions: Api::all(client),
        counted: HashMap::new(),
    };
    loop {
        if let Err(error) = keeper.pass(outlook.as_ref()).await {
            tracing::warn!(%error, "the status of policies could not be kept");
        }
        tokio::time::sleep(EVERY).await;
    }
}

struct Keeper {
    policies: Api<BlastRadiusPolicy>,
    exemptions: Api<Exemption>,
    /// When the counts of a policy were last written, by its name.
    counted: HashMap<String, Instant>,
}

impl Keeper {
    async fn pass(&mut self, outlook: &dyn Outlook) -> Result<(), kube::Error> {
        let (now, all) = (Timestamp::now(), ListParams::default());
        let inventory = outlook.view(now).inventory;
        let policies = self.policies.list(&all).await?.items;
        self.counted
            .retain(|name, _| policies.iter().any(|it| it.name_any() == *name));
        for policy in &policies {
            self.write_policy(policy, &inventory, now).await?;
        }
        for exemption in self.exemptions.list(&all).await? {
            self.write_exemption(&exemption, now).await?;
        }
        Ok(())
    }

    async fn write_policy(
        &mut self,
        policy: &BlastRadiusPolicy,
        inventory: &Inventory,
        now: Timestamp,
    ) -> Result<(), kube::Error> {
        let name = policy.name_any();
        let before = policy.status.clone().unwrap_or_default();
        let after = policy_status(policy, inventory, now);
        let recently = self.counted.get(&name);
        let counted = before.workloads.is_some();
        let recently = counted && recently.is_some_and(|at| at.elapsed() < COUNTS);
        let same = BlastRadiusPolicyStatus {
            workloads: before.workloads,
            databases: before.databases,
            ..after.clone()
        };
        if before == after || before == same && recently {
            return Ok(());
        }
        let patch = Patch::Merge(json!({ "status": after }));
        let how = PatchParams::default();
        self.policies.patch_status(&name, &how, &patch).await?;
        self.counted.insert(name, Instant::now());
        Ok(())
    }

    async fn write_exemption(
        &self,
        exemption: &Exemption,
        now: Timestamp,
    ) -> Result<(), kube::Error> {
        let before = exemption.status.as_ref().and_then(|it| it.state);
        let state = exemption_state(exemption, now);
        if before == Some(state) {
            return Ok(());
        }
        let (name, how) = (exemption.name_any(), PatchParams::default());
        // What is counted beside it stays as it is.
        let patch = Patch::Merge(json!({"status": {"state": state}}));
        self.exemptions.patch_status(&name, &how, &patch).await?;
        Ok(())
    }
}

/// What is to be seen of a policy. Counts stay as they were while the cluster is not known.
fn policy_status(
    policy: &BlastRadiusPolicy,
    inventory: &Inventory,
    now: Timestamp,
) -> BlastRadiusPolicyStatus {
    let before = policy.status.clone().unwrap_or_default();
    let compiled = compiled(policy);
    let counts = compiled.as_ref().ok();
    let counts = counts.filter(|_| inventory.unavailable().is_none());
    let (workloads, databases) = match counts {
        Some(set) => protected(set, inventory),
        None => (before.workloads, before.databases),
    };
    let mut ready = ready(&compiled, policy.metadata.generation, now);
    let unchanged = |it: &&Condition| it.type_ == ready.type_ && it.status == ready.status;
    if let Some(condition) = before.conditions.iter().find(unchanged) {
        ready.last_transition_time = condition.last_transition_time.clone();
    }
    BlastRadiusPolicyStatus {
        observed_generation: policy.metadata.generation,
        workloads,
        databases,
        conditions: vec![ready],
    }
}

/// The policy alone, or a sentence for each thing that is wrong with it.
fn compiled(policy: &BlastRadiusPolicy) -> Result<PolicySet, String> {
    let value = serde_json::to_value(policy).map_err(|error| error.to_string())?;
    let object = Object::new(value).map_err(|error| error.to_string())?;
    let told = |problems: Vec<PolicyError>| {
        let problems = problems.iter().map(|it| it.problem.to_string());
        problems.collect::<Vec<_>>().join("; ")
    };
    PolicySet::compile([&object]).map_err(told)
}

/// How many workloads and databases these policies protect.
fn protected(set: &PolicySet, inventory: &Inventory) -> (Option<u32>, Option<u32>) {
    let covered = inventory.groups().filter(|(_, group)| {
        let mut policies = set.policies().iter();
        policies.any(|policy| policy.protects.covers(group, &[], inventory))
    });
    let (databases, workloads): (Vec<_>, Vec<_>) =
        covered.partition(|(_, group)| group.database.is_some());
    let count = |found: Vec<_>| u32::try_from(found.len()).ok();
    (count(workloads), count(databases))
}

fn ready(
    compiled: &Result<PolicySet, String>,
    generation: Option<i64>,
    now: Timestamp,
) -> Condition {
    let (status, reason, message) = match compiled {
        Ok(_) => ("True", "Compiled", "chaos objects are held against it"),
        Err(problems) => ("False", "PolicyInvalid", problems.as_str()),
    };
    Condition {
        type_: "Ready".to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation: generation,
        last_transition_time: Time(now),
    }
}

fn exemption_state(exemption: &Exemption, now: Timestamp) -> ExemptionState {
    let (from, until) = (exemption.spec.from.0, exemption.spec.until.0);
    match () {
        () if now < from => ExemptionState::Pending,
        () if now < until => ExemptionState::Active,
        () => ExemptionState::Expired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Origin;

    fn now() -> Timestamp {
        "2026-10-01T10:00:00Z".parse().unwrap()
    }

    fn policy(spec: &serde_json::Value) -> BlastRadiusPolicy {
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
            "metadata": {"name": "p", "generation": 3}, "spec": spec});
        serde_json::from_value(value).unwrap()
    }

    fn cluster() -> Inventory {
        let labels = json!({"app": "web"});
        let web = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}});
        let database = json!({"apiVersion": "pxc.percona.com/v1", "kind": "PerconaXtraDBCluster",
            "metadata": {"name": "cluster1", "namespace": "shop"}, "spec": {"pxc": {"size": 3}}});
        let objects = [web, database].map(|value| Object::new(value).unwrap());
        Inventory::from_objects(&objects, Origin::Manifests)
    }

    #[test]
    fn a_policy_says_what_it_protects_and_a_broken_one_why_it_does_not() {
        let sound = policy(&json!({"limits": {"minHealthy": 1}}));
        let status = policy_status(&sound, &cluster(), now());
        assert_eq!((status.workloads, status.databases), (Some(1), Some(1)));
        assert_eq!(status.observed_generation, Some(3));
        assert_eq!(status.conditions[0].status, "True");
        let broken = policy(&json!({"rules": [{"name": "r", "expression": "blast.nosuch > 1"}]}));
        let status = policy_status(&broken, &cluster(), now());
        assert_eq!(status.conditions[0].status, "False");
        assert!(
            status.conditions[0].message.contains("nosuch"),
            "{status:?}"
        );
    }

    #[test]
    fn a_condition_that_stays_keeps_its_time_and_counts_stay_while_nothing_is_known() {
        let mut policy = policy(&json!({"limits": {"minHealthy": 1}}));
        let first = policy_status(&policy, &cluster(), now());
        policy.status = Some(first.clone());
        let later = now() + jiff::SignedDuration::from_hours(1);
        assert_eq!(policy_status(&policy, &cluster(), later), first);
        let unlisted = Inventory::unlisted("not listed yet");
        assert_eq!(policy_status(&policy, &unlisted, later), first);
    }

    #[test]
    fn an_exemption_is_pending_active_and_expired() {
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "Exemption",
            "metadata": {"name": "e"}, "spec": {"reason": "drill", "approvedBy": "dba", "policies": ["p"],
                "permits": ["NoTarget"], "objects": {"kinds": ["PodChaos"]},
                "from": "2026-10-01T09:00:00Z", "until": "2026-10-01T11:00:00Z"}});
        let exemption: Exemption = serde_json::from_value(value).unwrap();
        let at = |text: &str| exemption_state(&exemption, text.parse().unwrap());
        assert_eq!(at("2026-10-01T08:59:59Z"), ExemptionState::Pending);
        assert_eq!(at("2026-10-01T09:00:00Z"), ExemptionState::Active);
        assert_eq!(at("2026-10-01T11:00:00Z"), ExemptionState::Expired);
    }
}
