//! What a denial proposes is true: a suggestion would be allowed, a remedy that states a number
//! names the largest one, and where some number would do there is a suggestion.

use std::collections::BTreeSet;

use firebreak::cli::examples;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::inventory::{Inventory, Origin};
use firebreak::judge::{Change, Decision, Suggestion, Verdict, apply, judge};
use firebreak::object::Object;
use firebreak::policy::{PolicySet, Reason, Violation};
use firebreak::request::{Request, User};
use serde_json::{Value, json};

/// Denials that fewer victims or a shorter time may cure.
const NUMERIC: [Reason; 8] = [
    Reason::StandbysTooFew,
    Reason::QuorumLost,
    Reason::MinHealthyBreached,
    Reason::BudgetExceeded,
    Reason::MaxShareExceeded,
    Reason::MaxPodsExceeded,
    Reason::DurationExceeded,
    Reason::DurationMissing,
];

/// A policy that leaves primaries aside, so that numbers decide.
const NUMBERS: &str = "apiVersion: firebreak.dev/v1alpha1
kind: BlastRadiusPolicy
metadata: {name: numbers}
spec:
  limits:
    minHealthy: 1
    maxSharePercent: 50
    maxPods: 2
    respectBudgets: true
    maxDuration: 10m
    maxDurations: {NetworkPartition: 3m}
    database: {quorum: Keep}
";

/// A cluster and the policies in it.
struct Place {
    inventory: Inventory,
    policies: PolicySet,
}

impl Place {
    fn with(policies: &str) -> Self {
        let manifests = Reader::default().read_text("policies", policies).manifests;
        let policies: Vec<Object> = manifests.into_iter().map(|it| it.object).collect();
        let world = examples::world().unwrap().into_iter();
        let mut world: Vec<Object> = world.map(|it| it.object).collect();
        world.extend(crowd());
        Self {
            inventory: Inventory::from_objects(&world, Origin::Recorded),
            policies: PolicySet::compile(&policies).unwrap(),
        }
    }

    fn judge(&self, object: &Object) -> Verdict {
        let request = Request::create(object.clone(), User::default());
        judge(&self.inventory, &self.policies, &request, examples::now())
    }

    fn allows(&self, object: &Object) -> bool {
        self.judge(object).decision != Decision::Deny
    }
}

/// Nine pods of one StatefulSet, a workload that is large enough for percentages to differ.
fn crowd() -> Vec<Object> {
    let pod = |number: usize| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("crowd-{number}"), "namespace": "pake-api",
                "uid": format!("crowd-{number}"), "labels": {"app": "crowd"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet",
                    "name": "crowd", "uid": "crowd", "controller": true}]},
            "spec": {"containers": [{"name": "c", "image": "c"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "crowd", "namespace": "pake-api", "uid": "crowd"},
        "spec": {"replicas": 9, "selector": {"matchLabels": {"app": "crowd"}},
            "template": {"metadata": {"labels": {"app": "crowd"}}}}});
    let all = std::iter::once(set).chain((0..9).map(pod));
    all.map(|value| Object::new(value).unwrap()).collect()
}

fn selector(random: &mut fastrand::Rng) -> Value {
    let choices = [
        json!({"namespaces": ["pake-api"], "labelSelectors": {"app": "crowd"}}),
        json!({"namespaces": ["pake-api"]}),
        json!({"namespaces": ["pake-ai"]}),
        json!({"namespaces": ["percona"], "labelSelectors": {"app.kubernetes.io/component": "pxc"}}),
        json!({"namespaces": ["cnpg-test"]}),
        json!({"namespaces": ["cnpg-test"], "labelSelectors": {"cnpg.io/instanceRole": "replica"}}),
        json!({"namespaces": ["default", "pake-api"]}),
    ];
    choices[random.usize(..choices.len())].clone()
}

fn draw(random: &mut fastrand::Rng, into: &mut Value) {
    let number = random.u32(1..=12).to_string();
    let percent = random.u32(1..=100).to_string();
    let (mode, value) = match random.u8(..5) {
        0 => ("one", None),
        1 => ("all", None),
        2 => ("fixed", Some(number)),
        3 => ("fixed-percent", Some(percent)),
        _ => ("random-max-percent", Some(percent)),
    };
    into["mode"] = json!(mode);
    if let Some(value) = value {
        into["value"] = json!(value);
    }
    into["selector"] = selector(random);
}

/// Some PodChaos, NetworkChaos or StressChaos.
fn some(random: &mut fastrand::Rng) -> Object {
    let (kind, mut spec) = match random.u8(..6) {
        0 => ("PodChaos", json!({"action": "pod-kill"})),
        1 | 2 => ("PodChaos", json!({"action": "pod-failure"})),
        3 => (
            "StressChaos",
            json!({"stressors": {"memory": {"workers": 1, "size": "100%"},
            "cpu": {"workers": 1, "load": 50}}}),
        ),
        4 => ("NetworkChaos", json!({"action": "partition"})),
        _ => (
            "NetworkChaos",
            json!({"action": "partition", "direction": "both"}),
        ),
    };
    draw(random, &mut spec);
    if spec["direction"] == "both" {
        spec["target"] = json!({});
        draw(random, &mut spec["target"]);
    }
    let durations = ["2m", "9m", "15m", "2h"];
    if let Some(duration) = durations.get(random.usize(..5)) {
        spec["duration"] = json!(duration);
    }
    let object = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind,
        "metadata": {"name": "some", "namespace": "chaos-testing"}, "spec": spec});
    Object::new(object).unwrap()
}

/// A few hundred objects with their denials, under the shipped policies and under numbers alone.
fn denials() -> Vec<(usize, Object, Verdict)> {
    let mut random = fastrand::Rng::with_seed(11);
    let mut found = Vec::new();
    for _ in 0..400 {
        let object = some(&mut random);
        for (index, place) in places().iter().enumerate() {
            let verdict = place.judge(&object);
            if verdict.decision == Decision::Deny {
                found.push((index, object.clone(), verdict));
            }
        }
    }
    found
}

fn places() -> &'static [Place; 2] {
    static PLACES: std::sync::OnceLock<[Place; 2]> = std::sync::OnceLock::new();
    PLACES.get_or_init(|| [Place::with(DEFAULT_POLICIES), Place::with(NUMBERS)])
}

#[test]
fn every_suggestion_would_be_allowed() {
    let mut told = 0;
    let mut check = |place: &Place, object: &Object, verdict: &Verdict| {
        let Some(suggestion) = &verdict.suggestion else {
            return;
        };
        told += 1;
        let changed = apply(object, &suggestion.changes).unwrap();
        assert!(
            place.allows(&changed),
            "{}\n{:?}",
            verdict.explain(),
            object.value()
        );
        assert_ne!(changed.value(), object.value());
    };
    for (index, object, verdict) in denials() {
        check(&places()[index], &object, &verdict);
    }
    for example in examples::examples().unwrap() {
        if let Ok(object) = Object::new(example.review["request"]["object"].clone()) {
            let verdict = places()[0].judge(&object);
            check(&places()[0], &object, &verdict);
        }
    }
    assert!(told > 100, "only {told} suggestions");
}

#[test]
fn where_some_smaller_number_would_be_allowed_there_is_a_suggestion() {
    let (mut told, mut none) = (0, 0);
    for (index, object, verdict) in denials() {
        let reasons: BTreeSet<Reason> = verdict.violations.iter().map(|it| it.reason).collect();
        let numeric = reasons.iter().all(|reason| NUMERIC.contains(reason));
        if !numeric || verdict.suggestion.is_some() {
            told += usize::from(numeric);
            continue;
        }
        none += 1;
        let allowed = smaller(&object)
            .into_iter()
            .find(|it| places()[index].allows(it));
        let shown = allowed.map(|it| it.value().to_string());
        assert_eq!(
            shown,
            None,
            "would be allowed, instead of\n{}",
            verdict.explain()
        );
    }
    assert!(
        told > 100 && none > 10,
        "{told} with a suggestion, {none} without"
    );
}

/// The object with every smaller number of victims, on each side alone and on both, and with every
/// shorter duration.
fn smaller(object: &Object) -> Vec<Object> {
    let sides: &[&[&str]] = if object.value().pointer("/spec/target").is_some() {
        &[&["/spec"], &["/spec/target"], &["/spec", "/spec/target"]]
    } else {
        &[&["/spec"]]
    };
    let mut all = Vec::new();
    for duration in [None, Some("1m"), Some("3m"), Some("10m")] {
        for (side, count) in sides
            .iter()
            .flat_map(|side| (1..12).map(move |count| (side, count)))
        {
            let mut value = object.value().clone();
            if let Some(duration) = duration {
                value["spec"]["duration"] = json!(duration);
            }
            all.push(value.clone());
            for place in *side {
                let place = value.pointer_mut(place).unwrap();
                place["mode"] = json!("fixed");
                place["value"] = json!(count.to_string());
            }
            all.push(value);
        }
    }
    all.into_iter()
        .map(|value| Object::new(value).unwrap())
        .collect()
}

#[test]
fn a_number_in_a_remedy_is_the_largest_that_cures() {
    let mut checked = BTreeSet::new();
    let mut count = 0;
    for (index, object, verdict) in denials() {
        for violation in &verdict.violations {
            let Some((within, beyond)) = bounds(&object, violation) else {
                continue;
            };
            count += 1;
            checked.insert(violation.reason);
            let broken = |changes: &[Change]| {
                let changed = apply(&object, changes).unwrap();
                let again = places()[index].judge(&changed).violations;
                again.iter().any(|it| same(it, violation))
            };
            assert!(!broken(&within), "{within:?}\n{}", verdict.explain());
            if let Some(beyond) = beyond {
                assert!(broken(&beyond), "{beyond:?}\n{}", verdict.explain());
            }
        }
    }
    assert!(count > 200, "only {count} remedies with a number");
    assert!(checked.len() >= 6, "{checked:?}");
}

/// Whether both are about one limit: what lacked a duration may now have too long a one, and of
/// two budgets one may still be broken.
fn same(one: &Violation, other: &Violation) -> bool {
    let budget = |it: &Violation| {
        it.message
            .split_once(" that ")
            .map(|(_, name)| name.to_owned())
    };
    let key = |it: &Violation| (it.policy.clone(), it.limit.clone(), it.group, budget(it));
    key(one) == key(other)
}

/// The changes that a remedy names, and the same with the next number.
fn bounds(object: &Object, violation: &Violation) -> Option<(Vec<Change>, Option<Vec<Change>>)> {
    let remedy = violation.remedy.strip_suffix(" or less would be allowed")?;
    let change = |field: &str, value: String| Change {
        field: field.to_owned(),
        value: value.into(),
    };
    if let Some(number) = remedy.strip_prefix("mode fixed with value ") {
        let number: u32 = number.trim_matches('"').parse().unwrap();
        let value_field = violation.field.replace("mode", "value");
        let fixed = |number: u32| {
            let mode = change(&violation.field, "fixed".to_owned());
            vec![mode, change(&value_field, number.to_string())]
        };
        return Some((fixed(number), Some(fixed(number + 1))));
    }
    if let Ok(number) = remedy.parse::<u32>() {
        if violation.reason == Reason::IntensityExceeded {
            return None;
        }
        let next = number + 1;
        let exists = !(is_percent(object, &violation.field) && next > 100);
        let value = |number: u32| vec![change(&violation.field, number.to_string())];
        return Some((value(number), exists.then(|| value(next))));
    }
    let next = format!("{remedy}1s");
    let value = |text: &str| vec![change(&violation.field, text.to_owned())];
    Some((value(remedy), Some(value(&next))))
}

fn is_percent(object: &Object, field: &str) -> bool {
    let path = format!("/{}", field.replace('.', "/").replace("/value", "/mode"));
    let mode = object.value().pointer(&path).and_then(Value::as_str);
    mode.is_some_and(|mode| mode.ends_with("percent"))
}

#[test]
fn a_workflow_is_cured_where_its_deadlines_and_draws_stand() {
    let place = &places()[1];
    let step = |mode: &str| {
        json!({"action": "pod-failure", "mode": mode,
        "selector": {"namespaces": ["pake-api"], "labelSelectors": {"app": "crowd"}}})
    };
    let workflow = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "Workflow",
        "metadata": {"name": "two", "namespace": "chaos-testing"},
        "spec": {"entry": "both", "templates": [
            {"name": "both", "templateType": "Serial", "deadline": "2h", "children": ["a", "b"]},
            {"name": "a", "templateType": "PodChaos", "deadline": "30m", "podChaos": step("all")},
            {"name": "b", "templateType": "PodChaos", "deadline": "1m", "podChaos": step("one")}]}});
    let verdict = place.judge(&Object::new(workflow).unwrap());
    let suggestion = verdict.suggestion.as_ref().map(Suggestion::sentence);
    let expected = "it would be allowed with spec.templates[1].deadline: \"10m\", \
                    spec.templates[1].podChaos.mode: \"fixed\", \
                    spec.templates[1].podChaos.value: \"1\"";
    assert_eq!(
        suggestion.as_deref(),
        Some(expected),
        "{}",
        verdict.explain()
    );
}
