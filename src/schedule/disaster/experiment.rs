//! From a scenario to the sanctioned experiment that exercises it.

use serde_json::{Value, json};

use super::{SCENARIO, Scenario};

/// What teams call the faults of Litmus, and what its hub calls them.
const ALIASES: [(&str, &str); 8] = [
    ("network-partition", "pod-network-partition"),
    ("network-latency", "pod-network-latency"),
    ("network-loss", "pod-network-loss"),
    ("network-duplication", "pod-network-duplication"),
    ("node-reboot", "node-restart"),
    ("dns-chaos", "pod-dns-error"),
    ("pod-cpu-stress", "pod-cpu-hog"),
    ("pod-memory-stress", "pod-memory-hog"),
];

impl Scenario {
    /// The sanctioned experiment that exercises it: an engine of Litmus, aimed at a database or workload of a
    /// namespace. `subject` is `("database" or "workload", kind, name)`.
    #[must_use]
    pub fn experiment(&self, namespace: &str, (key, kind, name): (&str, &str, &str)) -> Value {
        let text = |name: &str| self.text(name).unwrap_or_default();
        let seconds = |name: &str| self.number(name).unwrap_or(1);
        let chaos = text("chaos_type");
        let alias = ALIASES.iter().find(|(from, _)| *from == chaos);
        let env = [
            ("TOTAL_CHAOS_DURATION", seconds("total_chaos_duration")),
            ("CHAOS_INTERVAL", seconds("chaos_interval")),
        ];
        let env: Vec<Value> = env
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value.to_string()}))
            .collect();
        let approval = match text("business_impact") {
            "Critical" => "Required",
            _ => "Never",
        };
        let mttr = seconds("mttr_seconds");
        json!({
            "apiVersion": "firebreak.dev/v1alpha1",
            "kind": "SanctionedExperiment",
            "metadata": {"name": self.object_name(), "namespace": namespace, "annotations": {
                SCENARIO: self.slug,
                "firebreak.dev/expected-recovery": text("expected_recovery"),
                "firebreak.dev/recovery-method": text("primary_recovery_method"),
                "firebreak.dev/fallback": text("alternate_fallback"),
                "firebreak.dev/expected-data-loss": text("expected_data_loss"),
                "firebreak.dev/objectives": format!("RTO {}, RPO {}", text("rto_target"), text("rpo_target")),
            }},
            "spec": {
                "hypothesis": format!("{}: {} within {mttr}s", self.name, text("expected_recovery")),
                key: {"kind": kind, "name": name},
                "template": {
                    "apiVersion": "litmuschaos.io/v1alpha1",
                    "kind": "ChaosEngine",
                    "spec": {
                        "engineState": "active",
                        "chaosServiceAccount": "litmus-admin",
                        "appinfo": {"appns": namespace, "applabel": text("target_label"), "appkind": text("app_kind")},
                        "experiments": [{"name": alias.map_or(chaos, |(_, to)| to), "spec": {"components": {"env": env}}}],
                    },
                },
                "targets": "Replicas",
                "approval": approval,
                "recovery": {"deadline": format!("{mttr}s"), "poll": format!("{}s", seconds("poll_interval"))},
            },
        })
    }

    /// Its name as that of an object.
    fn object_name(&self) -> String {
        let plain = |it: &char| it.is_ascii_lowercase() || it.is_ascii_digit() || *it == '-';
        let name = self.slug.replace('_', "-");
        let name: String = name.chars().filter(plain).take(44).collect();
        name.trim_matches('-').to_owned()
    }
}
