//! What ChaosEngines would hit, against the tool's own steps followed one by one: the candidates
//! listed, a window cut out of the list, pods taken in every round.
//!
//! Nothing here is shared with the reader but the words of the engine.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use firebreak::blast::measure;
use firebreak::fault::{self, Surroundings};
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use serde_json::{Value, json};

/// A pod of a small cluster.
#[derive(Debug, Clone)]
struct Pod {
    namespace: &'static str,
    name: String,
    owner: &'static str,
    labels: BTreeMap<&'static str, &'static str>,
    node: &'static str,
}

const NODES: [(&str, &str); 3] = [("n1", "a"), ("n2", "a"), ("n3", "b")];

/// Whom an engine means.
#[derive(Debug, Clone)]
enum Aim {
    /// `TARGET_PODS`, in this namespace.
    Named(&'static str, Vec<String>),
    /// Labels, each listed by itself.
    Labels(&'static str, Vec<(&'static str, &'static str)>),
    /// The pods of one StatefulSet.
    Workload(&'static str, &'static str),
    /// Every pod of a namespace.
    Everyone(&'static str),
}

/// An engine, as its author thinks of it.
#[derive(Debug, Clone)]
struct Engine {
    aim: Aim,
    percent: &'static str,
    /// The value of the label `zone` that the victims' nodes have.
    zone: Option<&'static str>,
    fault: Fault,
}

#[derive(Debug, Clone)]
enum Fault {
    /// Pods deleted, in rounds: the duration and the interval.
    Delete(u32, u32),
    /// Packets lost, by one sequence.
    Loss(&'static str),
}

fn one<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

fn cluster(rng: &mut Rng) -> Vec<Pod> {
    let sets = [("db", "pg"), ("db", "my"), ("web", "pg")];
    let pods = sets.into_iter().flat_map(|(namespace, owner)| {
        let size = rng.usize(0..=4);
        let pods = (0..size).map(|index| Pod {
            namespace,
            name: format!("{owner}-{index}"),
            owner,
            labels: BTreeMap::from([("app", owner), ("role", one(rng, &["primary", "standby"]))]),
            node: one(rng, &NODES).0,
        });
        pods.collect::<Vec<_>>()
    });
    pods.collect()
}

fn engine(rng: &mut Rng, pods: &[Pod]) -> Engine {
    let namespace = one(rng, &["db", "web"]);
    let label = |rng: &mut Rng| {
        one(
            rng,
            &[
                ("app", "pg"),
                ("app", "my"),
                ("role", "primary"),
                ("role", "standby"),
            ],
        )
    };
    let aim = match rng.u8(..4) {
        0 => {
            let here = pods.iter().filter(|pod| pod.namespace == namespace);
            let named = here.filter(|_| rng.bool()).map(|pod| pod.name.clone());
            Aim::Named(namespace, named.collect())
        }
        1 => {
            let count = rng.usize(1..=2);
            Aim::Labels(namespace, (0..count).map(|_| label(rng)).collect())
        }
        2 => Aim::Workload(namespace, one(rng, &["pg", "my"])),
        _ => Aim::Everyone(namespace),
    };
    Engine {
        aim,
        percent: one(rng, &["", "0", "1", "33", "34", "50", "67", "99", "100"]),
        zone: one(rng, &[None, None, Some("a"), Some("b")]),
        fault: match rng.u8(..3) {
            0 => Fault::Loss(one(rng, &["parallel", "serial", "random", "SERIAL"])),
            _ => Fault::Delete(rng.u32(1..=30), rng.u32(5..=20)),
        },
    }
}

/// The candidates, in the order in which the tool lists them.
fn candidates<'p>(engine: &Engine, pods: &'p [Pod]) -> Vec<&'p Pod> {
    let within = |namespace: &'static str| pods.iter().filter(move |it| it.namespace == namespace);
    let mut list: Vec<&Pod> = match &engine.aim {
        // The named ones are all there is to it: no node is asked about.
        Aim::Named(namespace, names) => {
            return within(namespace)
                .filter(|pod| names.contains(&pod.name))
                .collect();
        }
        Aim::Labels(namespace, labels) => {
            let each = labels.iter();
            each.flat_map(|(key, value)| {
                within(namespace).filter(move |pod| pod.labels.get(key) == Some(value))
            })
            .collect()
        }
        Aim::Workload(namespace, owner) => within(namespace)
            .filter(|pod| pod.owner == *owner)
            .collect(),
        Aim::Everyone(namespace) => within(namespace).collect(),
    };
    if let Some(zone) = engine.zone {
        list.retain(|pod| NODES.contains(&(pod.node, zone)));
    }
    let mut seen = BTreeSet::new();
    list.retain(|pod| seen.insert(&pod.name));
    list
}

/// The sets of pods that one round may take: windows of the list, from any start.
fn rounds<'p>(engine: &Engine, list: &[&'p Pod]) -> Vec<BTreeSet<&'p str>> {
    let percent: usize = engine.percent.parse().unwrap_or(0);
    let named = matches!(engine.aim, Aim::Named(..));
    let share = percent.min(100) * list.len() / 100;
    let taken = if named { list.len() } else { share.max(1) };
    let window = |start: usize| {
        let taken = (0..taken).map(|step| list[(start + step) % list.len()]);
        taken.map(|pod| pod.name.as_str()).collect()
    };
    (0..list.len()).map(window).collect()
}

/// The most pods that are down or cut off at the same moment, by every run there is.
fn most(engine: &Engine, list: &[&Pod]) -> usize {
    let once = rounds(engine, list);
    let single = once.iter().map(BTreeSet::len).max().unwrap_or(0);
    match engine.fault {
        // One is over before the next begins.
        Fault::Loss(sequence) if sequence.eq_ignore_ascii_case("serial") => single.min(1),
        Fault::Loss(_) => single,
        // Nothing waits for a victim to be back.
        Fault::Delete(duration, interval) => {
            let mut runs: BTreeSet<BTreeSet<&str>> = BTreeSet::from([BTreeSet::new()]);
            for _ in 0..duration.div_ceil(interval) {
                let more = |run: &BTreeSet<_>| once.iter().map(|round| run | round).collect();
                runs = runs
                    .iter()
                    .flat_map(|run| -> Vec<_> { more(run) })
                    .collect();
            }
            runs.iter().map(BTreeSet::len).max().unwrap_or(0)
        }
    }
}

impl Engine {
    fn object(&self) -> Object {
        let (mut env, mut spec) = (json!({}), json!({}));
        let name = match self.fault {
            Fault::Delete(duration, interval) => {
                env["TOTAL_CHAOS_DURATION"] = json!(duration.to_string());
                env["CHAOS_INTERVAL"] = json!(interval.to_string());
                "pod-delete"
            }
            Fault::Loss(sequence) => {
                env["SEQUENCE"] = json!(sequence);
                "pod-network-loss"
            }
        };
        env["PODS_AFFECTED_PERC"] = json!(self.percent);
        if let Some(zone) = self.zone {
            env["NODE_LABEL"] = json!(format!("zone={zone}"));
        }
        match &self.aim {
            Aim::Named(namespace, names) => {
                env["TARGET_PODS"] = json!(names.join(","));
                spec["appinfo"] = json!({"appns": namespace, "applabel": "app=x",
                                         "appkind": "statefulset"});
            }
            Aim::Labels(namespace, labels) => {
                let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
                spec["appinfo"] = json!({"appns": namespace, "applabel": labels.join(","),
                                         "appkind": "statefulset"});
            }
            Aim::Workload(namespace, owner) => {
                let workload =
                    json!({"kind": "statefulset", "namespace": namespace, "names": owner});
                spec["selectors"] = json!({"workloads": [workload]});
            }
            Aim::Everyone(namespace) => spec["appinfo"] = json!({"appns": namespace}),
        }
        let env = env.as_object().into_iter().flatten();
        let env: Vec<Value> = env
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let components = json!({"components": {"env": env}});
        spec["experiments"] = json!([{"name": name, "spec": components}]);
        let metadata = json!({"name": "x", "namespace": "db"});
        Object::new(
            json!({"apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine",
                           "metadata": metadata, "spec": spec}),
        )
        .unwrap()
    }
}

fn inventory(pods: &[Pod]) -> Inventory {
    let nodes = NODES.map(|(name, zone)| {
        json!({"apiVersion": "v1", "kind": "Node",
               "metadata": {"name": name, "labels": {"zone": zone}}})
    });
    let pods = pods.iter().map(|pod| {
        let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": pod.owner,
                           "uid": "1", "controller": true});
        let metadata = json!({"name": pod.name, "namespace": pod.namespace, "labels": pod.labels,
                              "ownerReferences": [owner]});
        let ready = json!({"type": "Ready", "status": "True"});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
               "spec": {"nodeName": pod.node},
               "status": {"phase": "Running", "conditions": [ready]}})
    });
    let objects: Vec<Object> = nodes
        .into_iter()
        .chain(pods)
        .map(|value| Object::new(value).unwrap())
        .collect();
    Inventory::from_objects(&objects, Origin::Recorded)
}

/// Whether anybody is hit; an error where the tool and the measurement differ.
fn compare(rng: &mut Rng) -> Result<bool, String> {
    let pods = cluster(rng);
    let engine = engine(rng, &pods);
    let told = |what: String| format!("{what}\n{engine:#?}\n{pods:#?}");
    let list = candidates(&engine, &pods);
    let inventory = inventory(&pods);
    let experiment = match fault::read(&engine.object(), Surroundings::NONE) {
        Ok(experiment) => experiment.ok_or_else(|| told("no chaos object".to_owned()))?,
        // No name at all is as good as none given, and then nothing is aimed at.
        Err(_) if list.is_empty() => return Ok(false),
        Err(error) => return Err(told(error.to_string())),
    };
    let named_nobody = matches!(&engine.aim, Aim::Named(_, names) if names.is_empty());
    if named_nobody {
        return Ok(false);
    }
    let blast = measure(&experiment, &inventory);
    let reached: BTreeSet<&str> = blast
        .candidates
        .iter()
        .map(|id| inventory.pod(*id).name.as_str())
        .collect();
    let expected: BTreeSet<&str> = list.iter().map(|pod| pod.name.as_str()).collect();
    // Rounds come later, and by then a pod may be on another node.
    let moved = engine.zone.is_some() && experiment.faults.iter().any(|fault| fault.later);
    if !(reached == expected || moved && reached.is_superset(&expected)) {
        return Err(told(format!("reached {reached:?}, the tool {expected:?}")));
    }
    let (found, most) = (blast.pods as usize, most(&engine, &list));
    if !(found == most || moved && found >= most) {
        return Err(told(format!("hits {found}, the tool {most}")));
    }
    Ok(most > 0)
}

#[test]
fn engines_hit_what_the_tools_own_steps_would() {
    let cases = super::cases() / 10;
    let mut hitting = 0;
    for seed in super::seeds(cases) {
        match compare(&mut Rng::with_seed(seed)) {
            Ok(hits) => hitting += u64::from(hits),
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
    }
    assert!(
        hitting >= cases / 2,
        "only {hitting} of {cases} hit anybody"
    );
}
