//! Random experiments: faults as they may be read from any tool, and objects of Chaos Mesh.

use std::time::Duration;

use fastrand::Rng;
use firebreak::fault::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Listing, Mode, Namespaces,
    NodeQuery, NodeTarget, Overlap, Phases, PodQuery, Selection, Sets, Surroundings, Target, Tool,
    read,
};
use firebreak::object::Object;
use firebreak::selector::{LabelSelector, Requirement};
use serde_json::{Value, json};

use super::world::{NAMES, NODES, PLACES};

fn one_of<T: Clone>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())].clone()
}

/// An experiment of some faults, some of which share a draw.
pub(super) fn experiment(rng: &mut Rng, most: usize) -> Experiment {
    let mut faults: Vec<Fault> = Vec::new();
    for at in 0..rng.usize(1..=most) {
        let fault = match faults.last() {
            Some(last) if rng.u8(..4) == 0 => sharing(rng, last),
            Some(_) | None => fault(rng, at),
        };
        faults.push(fault);
    }
    Experiment {
        object: object("PodChaos", &json!({})).reference().clone(),
        tool: Tool::Litmus,
        faults,
        schedule: None,
        notes: Vec::new(),
        refusals: Vec::new(),
        dormant: false,
        declared: true,
    }
}

/// A fault of the same field and aim; now and then it differs in what forbids a shared draw.
fn sharing(rng: &mut Rng, other: &Fault) -> Fault {
    let fault = fault(rng, 0);
    let (lifetime, overlap) = if rng.u8(..4) == 0 {
        (fault.lifetime, fault.overlap)
    } else {
        (other.lifetime, other.overlap)
    };
    Fault {
        effect: fault.effect,
        lifetime,
        overlap,
        ..other.clone()
    }
}

fn fault(rng: &mut Rng, at: usize) -> Fault {
    let effects = [
        Effect::Degraded,
        Effect::Degraded,
        Effect::Isolated,
        Effect::Down,
        Effect::Down,
        Effect::Corrupting,
    ];
    let aim = aim(rng);
    let effect = match &aim {
        Aim::Cut { .. } if rng.u8(..4) != 0 => Effect::Isolated,
        Aim::Cut { .. }
        | Aim::Pods(_)
        | Aim::Each { .. }
        | Aim::Nodes(_)
        | Aim::Isolation(_)
        | Aim::Unknown(_) => one_of(rng, &effects),
    };
    let lifetimes = [
        Lifetime::For(Duration::from_mins(5)),
        Lifetime::Instant,
        Lifetime::Forever,
    ];
    let lifetime = match rng.u8(..12) {
        0 => Lifetime::Never,
        _ => one_of(rng, &lifetimes),
    };
    let overlap = match rng.u8(..8) {
        0 => Overlap::Unbounded,
        1 => Overlap::AtMost(2),
        2 => Overlap::AtMost(0),
        _ => Overlap::AtMost(1),
    };
    Fault {
        action: Action::PodKill,
        effect,
        aim,
        lifetime,
        overlap,
        intensity: Intensity::default(),
        field: format!("spec.faults[{at}]"),
        duration_field: "spec.duration".to_owned(),
        later: rng.u8(..6) == 0,
    }
}

fn aim(rng: &mut Rng) -> Aim {
    match rng.u8(..16) {
        0..=6 => Aim::Pods(target(rng)),
        7 => each(rng),
        8..=11 => Aim::Cut {
            from: target(rng),
            to: far_side(rng),
        },
        12..=14 => Aim::Nodes(nodes(rng)),
        _ => Aim::Unknown("it is elsewhere".to_owned()),
    }
}

/// Sets of pods, with a bound on all of them only where the other never binds.
fn each(rng: &mut Rng) -> Aim {
    let label = |name: &str| name.to_owned();
    let sets = match rng.u8(..3) {
        0 => Sets::Owners,
        1 => Sets::Labels(vec![label("app")]),
        _ => Sets::Labels(vec![label("app"), label("role")]),
    };
    let bounded = rng.u8(..4) == 0;
    let mut target = target(rng);
    if bounded {
        target.mode = Mode::All;
    }
    Aim::Each {
        target,
        sets,
        most: if bounded { rng.u32(..3) } else { u32::MAX },
    }
}

fn target(rng: &mut Rng) -> Target {
    Target {
        selection: selection(rng),
        mode: mode(rng),
        mode_field: "spec.mode".to_owned(),
        value_field: "spec.value".to_owned(),
        selector_field: "spec.selector".to_owned(),
    }
}

fn far_side(rng: &mut Rng) -> Target {
    if rng.u8(..4) != 0 {
        return target(rng);
    }
    let query = PodQuery {
        addresses: Some(vec![address(rng)]),
        ..PodQuery::default()
    };
    Target {
        selection: Selection {
            queries: vec![query],
            ..Selection::default()
        },
        mode: Mode::All,
        ..target(rng)
    }
}

fn address(rng: &mut Rng) -> String {
    let all = ["10.0.0.0", "10.0.0.0/30", "10.96.0.1", "x.a", "192.0.2.1"];
    one_of(rng, &all).to_owned()
}

pub(super) fn mode(rng: &mut Rng) -> Mode {
    match rng.u8(..9) {
        0 | 1 => Mode::One,
        2 => Mode::All,
        3 | 4 => Mode::Fixed(rng.u64(..4)),
        5 => Mode::Percent(one_of(rng, &[0, 1, 34, 50, 100])),
        6 => Mode::UpToPercent(one_of(rng, &[1, 50, 100])),
        7 => Mode::AtLeastOne(one_of(rng, &[0, 50, 100])),
        _ => Mode::Nearest {
            percent: one_of(rng, &[0, 10, 49, 50, 100]),
            most: rng.u64(..4),
        },
    }
}

fn selection(rng: &mut Rng) -> Selection {
    let queries = one_of(rng, &[0, 1, 1, 1, 1, 1, 1, 2]);
    Selection {
        queries: (0..queries).map(|_| query(rng)).collect(),
        list: if rng.u8(..6) == 0 {
            Listing::ByName
        } else {
            Listing::WithRepeats
        },
    }
}

fn query(rng: &mut Rng) -> PodQuery {
    let mut query = PodQuery::default();
    if rng.bool() {
        let places = (0..rng.usize(1..=2)).map(|_| one_of(rng, &PLACES).to_owned());
        query.namespaces = Namespaces::Named(places.collect());
    }
    let requirement = match rng.u8(..8) {
        0..=2 => Some(("app", one_of(rng, &NAMES))),
        3 => Some(("tier", "one")),
        4 => Some(("cnpg.io/instanceRole", one_of(rng, &["primary", "replica"]))),
        _ => None,
    };
    let requirements = requirement.map(|(key, value)| Requirement::equals(key, value));
    query.labels = LabelSelector {
        requirements: requirements.into_iter().collect(),
    };
    match rng.u8(..10) {
        0 => query.phases.include = vec!["Running".to_owned()],
        1 => query.phases = Phases::default(),
        2 => query.nodes = Some(node_query(rng)),
        3 => {
            let name = |rng: &mut Rng| format!("{}-{}", one_of(rng, &NAMES), rng.u8(..3));
            query.names = Some((0..3).map(|_| name(rng)).collect());
        }
        _ => {}
    }
    query
}

fn node_query(rng: &mut Rng) -> NodeQuery {
    if rng.bool() {
        let names = (0..rng.usize(1..=2)).map(|_| one_of(rng, &NODES).to_owned());
        return NodeQuery {
            names: names.collect(),
            labels: None,
            ..NodeQuery::default()
        };
    }
    let zone = Requirement::equals("topology.kubernetes.io/zone", "z0");
    let requirements = vec![zone];
    NodeQuery {
        names: Vec::new(),
        labels: Some(LabelSelector { requirements }),
        ..NodeQuery::default()
    }
}

fn nodes(rng: &mut Rng) -> NodeTarget {
    NodeTarget {
        nodes: rng.bool().then(|| node_query(rng)),
        hosting: (rng.u8(..3) == 0).then(|| selection(rng)),
        mode: mode(rng),
        field: "spec.nodes".to_owned(),
    }
}

// ── as Chaos Mesh writes them ────────────────────────────────────────────────────────────────

fn object(kind: &str, spec: &Value) -> Object {
    let metadata = json!({"name": "chaos", "namespace": "a"});
    let value = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind,
                       "metadata": metadata, "spec": spec});
    Object::new(value).unwrap()
}

/// An experiment as the reader of Chaos Mesh understands it.
pub(super) fn chaos_mesh(rng: &mut Rng) -> Experiment {
    loop {
        let (kind, spec) = chaos(rng);
        let object = if rng.u8(..4) == 0 {
            scheduled(rng, kind, spec)
        } else {
            object(kind, &spec)
        };
        // The reader refuses some of the combinations.
        if let Ok(Some(experiment)) = read(&object, Surroundings::NONE) {
            return experiment;
        }
    }
}

fn chaos(rng: &mut Rng) -> (&'static str, Value) {
    let mut spec = picked(rng);
    if rng.u8(..4) != 0 {
        spec["duration"] = json!(one_of(rng, &["30s", "2m", "0s"]));
    }
    let kind = match rng.u8(..8) {
        0..=2 => {
            spec["action"] = json!(one_of(rng, &["pod-kill", "pod-failure"]));
            "PodChaos"
        }
        3 => {
            spec["stressors"] = json!({"cpu": {"workers": 1}, "memory": {"size": "1GB"}});
            "StressChaos"
        }
        4 => {
            spec["action"] = json!("delay");
            spec["delay"] = json!({"latency": "10ms"});
            "NetworkChaos"
        }
        _ => {
            spec["action"] = json!("partition");
            spec["direction"] = json!("both");
            "NetworkChaos"
        }
    };
    if kind == "NetworkChaos" {
        if rng.u8(..4) != 0 {
            spec["target"] = picked(rng);
        }
        if rng.u8(..4) == 0 {
            spec["externalTargets"] = json!([address(rng)]);
        }
    }
    (kind, spec)
}

/// A selector and a mode.
fn picked(rng: &mut Rng) -> Value {
    let mut selector = json!({"namespaces": [one_of(rng, &PLACES)]});
    if rng.u8(..4) == 0 {
        selector["namespaces"] = json!(PLACES);
    }
    if rng.bool() {
        selector["labelSelectors"] = json!({"app": one_of(rng, &NAMES)});
    }
    if rng.u8(..4) == 0 {
        selector["podPhaseSelectors"] = json!(["Running"]);
    }
    let modes = [
        ("one", ""),
        ("all", ""),
        ("fixed", "2"),
        ("fixed-percent", "50"),
        ("random-max-percent", "60"),
    ];
    let (mode, value) = one_of(rng, &modes);
    json!({"selector": selector, "mode": mode, "value": value})
}

/// The same every minute, so that runs may overlap.
fn scheduled(rng: &mut Rng, kind: &str, spec: Value) -> Object {
    let embed = match kind {
        "PodChaos" => "podChaos",
        "StressChaos" => "stressChaos",
        _ => "networkChaos",
    };
    let concurrency = one_of(rng, &["Allow", "Forbid"]);
    let mut schedule = json!({"schedule": "* * * * *", "type": kind, "historyLimit": 2,
                              "concurrencyPolicy": concurrency});
    schedule[embed] = spec;
    object("Schedule", &schedule)
}
