//! A small case for unit tests: one StatefulSet of some pods, one fault, and what it does.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::compile::PolicySet;
use super::context::{Common, LimitContext, Reached};
use super::limits::LIMITS;
use super::{Case, Violation};
use crate::blast::{BlastRadius, FaultReach, Impact};
use crate::fault::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Mode, Overlap, Selection, Target,
    Tool,
};
use crate::inventory::{
    Backup, Database, Group, GroupId, Inventory, Origin, PodId, Quorum, Writer,
};
use crate::object::{Object, ObjectRef};
use crate::request::{Request, User};

/// A case, to be changed before it is judged.
pub(super) struct Fixture {
    pub(super) inventory: Inventory,
    pub(super) group: Group,
    pub(super) experiment: Experiment,
    pub(super) blast: BlastRadius,
    pub(super) request: Request,
    pub(super) now: Timestamp,
}

pub(super) fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

/// A policy with this `spec`.
pub(super) fn policy(spec: &Value) -> Object {
    object(json!({
        "apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "production"}, "spec": spec
    }))
}

/// The pods `shop/ledger-0` and on of one StatefulSet; the first is labelled as its primary.
fn world(pods: u32) -> Inventory {
    let pod = |index: u32| {
        let role = if index == 0 { "primary" } else { "replica" };
        object(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("ledger-{index}"), "namespace": "shop",
                "labels": {"app": "ledger", "cnpg.io/instanceRole": role, "role": role},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet",
                    "name": "ledger", "uid": "1", "controller": true}],
            },
            "spec": {"containers": [{"name": "db"}], "nodeName": "n1"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }))
    };
    let mut objects: Vec<Object> = (0..pods).map(pod).collect();
    objects.push(object(json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "ledger", "namespace": "shop"},
        "spec": {"replicas": pods, "selector": {"matchLabels": {"app": "ledger"}}},
    })));
    objects.push(object(json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"environment": "production"}},
    })));
    Inventory::from_objects(&objects, Origin::Recorded)
}

fn fault() -> Fault {
    Fault {
        action: Action::PodFailure,
        effect: Effect::Down,
        aim: Aim::Pods(Target {
            selection: Selection::default(),
            mode: Mode::Percent(60),
            mode_field: "spec.mode".to_owned(),
            value_field: "spec.value".to_owned(),
            selector_field: "spec.selector".to_owned(),
        }),
        lifetime: Lifetime::For(Duration::from_mins(5)),
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: "spec".to_owned(),
        duration_field: "spec.duration".to_owned(),
        later: false,
    }
}

pub(super) fn database(standbys: u32) -> Database {
    Database {
        engine: "postgresql".to_owned(),
        recognised_by: "its operator".to_owned(),
        doubt: None,
        writer: Writer::Known(vec![PodId(0)]),
        standbys: (1..=standbys).map(PodId).collect(),
        quorum: Quorum::None,
        unhealthy: None,
        busy: None,
        paused: false,
        lag: None,
        backup: Backup::Never,
        restored: None,
        point_in_time: None,
        backup_schedules: Vec::new(),
    }
}

impl Fixture {
    /// A fault that hits `hits` of `pods` healthy pods, drawn by `mode: fixed-percent`.
    pub(super) fn new(pods: u32, hits: u32) -> Self {
        let inventory = world(pods);
        let ids: Vec<PodId> = (0..pods).map(PodId).collect();
        let group = inventory.group(GroupId(0)).clone();
        let impact = Impact {
            group: GroupId(0),
            size: pods,
            healthy: pods,
            candidates: pods,
            hits,
            lost: hits,
            remaining: pods - hits,
            primary: false,
            standbys_left: None,
            quorum_kept: None,
            effect: Effect::Down,
            effects: vec![Effect::Down],
            faults: vec![0],
            witness: ids.iter().take(hits as usize).copied().collect(),
        };
        let reach = FaultReach {
            candidates: ids.clone(),
            hits,
            ..FaultReach::default()
        };
        let object = object(json!({
            "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
            "metadata": {"name": "kill-half", "namespace": "chaos-testing"}
        }));
        Self {
            inventory,
            group,
            experiment: Experiment {
                object: object.reference().clone(),
                tool: Tool::ChaosMesh,
                faults: vec![fault()],
                schedule: None,
                notes: Vec::new(),
                refusals: Vec::new(),
                dormant: false,
                declared: true,
            },
            blast: BlastRadius {
                impacts: vec![impact],
                faults: vec![reach],
                pods: hits,
                candidates: ids,
                namespaces: vec!["shop".to_owned()],
                ..BlastRadius::default()
            },
            request: Request::create(object, User::default()),
            now: "2026-11-21T10:00:00Z".parse().unwrap(),
        }
    }

    /// The same case on a database whose first pod is the primary.
    pub(super) fn database(pods: u32, hits: u32) -> Self {
        let mut fixture = Self::new(pods, hits);
        fixture.group.database = Some(Box::new(database(pods - 1)));
        fixture
    }

    pub(super) fn fault(&mut self) -> &mut Fault {
        &mut self.experiment.faults[0]
    }

    pub(super) fn target(&mut self) -> &mut Target {
        match &mut self.experiment.faults[0].aim {
            Aim::Pods(target) => target,
            Aim::Each { .. }
            | Aim::Cut { .. }
            | Aim::Nodes(_)
            | Aim::Isolation(_)
            | Aim::Unknown(_) => {
                panic!("no pods")
            }
        }
    }

    pub(super) fn impact(&mut self) -> &mut Impact {
        &mut self.blast.impacts[0]
    }

    pub(super) fn facts(&mut self) -> &mut Database {
        self.group.database.as_mut().unwrap()
    }

    pub(super) fn case(&self) -> Case<'_> {
        Case {
            request: &self.request,
            experiment: &self.experiment,
            blast: &self.blast,
            inventory: &self.inventory,
            now: self.now,
        }
    }

    /// What a policy with this `spec` says, whatever it protects.
    pub(super) fn under(&self, spec: &Value) -> Vec<Violation> {
        let set = PolicySet::compile(&[policy(spec)]).unwrap();
        let case = self.case();
        let common = Common::of(&case);
        let mut context = LimitContext::new(&set.policies()[0], &common);
        let group = &self.group;
        let impacts = self.blast.impacts.iter();
        context.reached = impacts.map(|impact| Reached { impact, group }).collect();
        LIMITS
            .iter()
            .flat_map(|limit| (limit.check)(&context))
            .collect()
    }

    /// The only violation of these limits.
    pub(super) fn only(&self, limits: &Value) -> Violation {
        let mut violations = self.under(&json!({"limits": limits}));
        assert_eq!(violations.len(), 1, "{violations:#?}");
        violations.remove(0)
    }

    /// Asserts that these limits are kept.
    pub(super) fn keeps(&self, limits: &Value) {
        assert_eq!(self.under(&json!({"limits": limits})), Vec::new());
    }

    /// Another experiment, live on the same group since `started`.
    pub(super) fn live(mut self, started: Option<Timestamp>) -> Self {
        let mut experiment = self.experiment.clone();
        experiment.object = ObjectRef {
            name: "other".to_owned(),
            ..experiment.object
        };
        let active = crate::inventory::Active {
            experiment,
            records: None,
            started,
        };
        self.inventory = self.inventory.with_active(vec![active]);
        self.blast.concurrent = vec![crate::blast::Concurrent {
            active: 0,
            group: GroupId(0),
        }];
        self
    }
}
