//! `cargo test --release --test cluster -- latency`: how long the API server takes to create a chaos object
//! with nobody in its admission chain, with a ValidatingAdmissionPolicy that says what can be said in one,
//! and with the guard. They take turns, so that what is claimed from it is a ratio of neighbours.

use std::time::{Duration, Instant};

use futures::future::join_all;
use kube::Error;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use crate::bed::authority::Authority;
use crate::bed::balancer::Balancer;
use crate::bed::nodes::stateful_set;
use crate::bed::replicas::Settings;
use crate::bed::webhook::registrations;
use crate::bed::{Bed, within};
use crate::guarded::LONG;

/// So many turns each arm has, and so many objects are created in one by one client, or by many.
const TURNS: usize = 3;
const BY_ONE: usize = 100;
const BY_EACH_OF_MANY: usize = 20;
const MANY: usize = 50;

/// The port at which guards are called, and the authority of their certificates.
type Way = (u16, String);

/// What is in the admission chain.
#[derive(Clone, Copy, PartialEq)]
enum Chain {
    Nobody,
    Policy,
    Guard,
}

/// What is compared: its name, what is in the chain, and whether what is created is stored.
const ARMS: [(&str, Chain, bool); 5] = [
    ("nobody, dry run", Chain::Nobody, false),
    ("ValidatingAdmissionPolicy, dry run", Chain::Policy, false),
    ("firebreak, dry run", Chain::Guard, false),
    ("nobody, stored", Chain::Nobody, true),
    ("firebreak, stored and reserved", Chain::Guard, true),
];

/// How long an experiment may last, and where: what both can say.
const OURS: &str = "
apiVersion: firebreak.dev/v1alpha1
kind: BlastRadiusPolicy
metadata: {name: latency}
spec:
  protects: {namespaces: {matchLabels: {latency: measured}}}
  limits: {maxDuration: 1h}
";
const THEIRS: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: latency}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - {apiGroups: [chaos-mesh.org], apiVersions: ["*"], operations: [CREATE], resources: ["*"]}
  validations:
    - expression: "has(object.spec.duration) && duration(object.spec.duration) <= duration('1h')"
      message: longer than an hour
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: latency}
spec:
  policyName: latency
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {latency: measured}}}
"#;

/// By what each of them is told from the other when it denies.
const OUR_WORD: &str = "DurationExceeded";
const OTHERS_WORD: &str = "longer than an hour";

/// Measures, and says what it found.
pub(crate) fn run(bed: &Bed) {
    bed.define_kinds();
    bed.nodes();
    bed.apply_all((0..MANY).map(|client| {
        json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": place(client), "labels": {"latency": "measured"}}})
    }));
    bed.apply_all((0..MANY).map(|client| stateful_set(&place(client), "ledger", 2)));
    for client in 0..MANY {
        bed.all_ready(&place(client), "ledger", 2);
    }
    bed.apply(OURS);
    // Who takes our authority out again and again is left in peace, so it is told with each registration.
    let servers = Authority::new("firebreak bed: guards");
    let settings = Settings {
        servers: Some(&servers),
        ..Settings::default()
    };
    let guards = bed.serve_behind(Balancer::new(Vec::new()), 2, &settings);
    let way = (guards.balancer.port(), servers.pem());
    println!("clients | what | median | p99 | a second | median against nobody | refused");
    for clients in [1, MANY] {
        compare(bed, &way, clients);
    }
    drop(guards);
}

/// The namespace of a client.
fn place(client: usize) -> String {
    format!("latency-{client}")
}

/// What was measured of an arm: how long each creation took, and all of them.
#[derive(Default)]
struct Measured {
    each: Vec<Duration>,
    /// Those that were refused because their reservation took too long.
    refused: usize,
    all: Duration,
}

impl Measured {
    /// So many in a hundred took no longer, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let at = (self.each.len() * percent / 100).min(self.each.len() - 1);
        self.each[at].as_secs_f64() * 1e3
    }

    fn a_second(&self) -> f64 {
        let count = u32::try_from(self.each.len()).expect("thousands");
        f64::from(count) / self.all.as_secs_f64()
    }
}

fn compare(bed: &Bed, way: &Way, clients: usize) {
    let mut measured = ARMS.map(|_| Measured::default());
    for turn in 0..TURNS {
        for ((_, chain, stored), measured) in ARMS.iter().zip(&mut measured) {
            let took = chain.during(bed, way, || creations(bed, clients, (*stored, turn)));
            measured.each.extend(took.each);
            measured.refused += took.refused;
            measured.all += took.all;
        }
    }
    let mut alone = 0.0;
    for ((name, chain, _), measured) in ARMS.iter().zip(&mut measured) {
        measured.each.sort_unstable();
        let median = measured.percentile(50);
        if *chain == Chain::Nobody {
            alone = median;
        }
        println!(
            "{clients} | {name} | {median:.2} ms | {:.2} ms | {:.0} | {:.2} | {}",
            measured.percentile(99),
            measured.a_second(),
            median / alone,
            measured.refused
        );
    }
}

impl Chain {
    /// Has this in the chain while something is done.
    fn during<T>(self, bed: &Bed, (port, authority): &Way, done: impl FnOnce() -> T) -> T {
        let files = || registrations("webhooks.yaml");
        let registered =
            (self == Self::Guard).then(|| bed.register(files(), *port, Some(authority)));
        if self == Self::Policy {
            bed.apply(THEIRS);
        }
        within(LONG, "what is in the chain is what is to be", || {
            let create = ["create", "--dry-run=server", "-f", "-"];
            let ended = bed
                .kubectl(&create)
                .input(chaos("long", 0, "2h").to_string())
                .run();
            // What was in the chain before may still answer for a moment.
            let denied = [OTHERS_WORD, OUR_WORD].map(|word| ended.err.contains(word));
            let expected = [self == Self::Policy, self == Self::Guard];
            if denied == expected && (ended.code == Some(0)) == (self == Self::Nobody) {
                Ok(())
            } else {
                Err(ended.told())
            }
        });
        let done = done();
        drop(registered);
        if self == Self::Policy {
            bed.kubectl(&["delete", "-f", "-"]).input(THEIRS).succeeds();
        }
        done
    }
}

/// A pod-kill in the namespace of a client.
fn chaos(name: &str, client: usize, duration: &str) -> Value {
    let place = place(client);
    json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": name, "namespace": place},
        "spec": {"action": "pod-failure", "mode": "one", "duration": duration,
            "selector": {"namespaces": [place], "labelSelectors": {"app": "ledger"}}}})
}

/// Every client creates its objects one after the other, all clients at once; then they are deleted.
fn creations(bed: &Bed, clients: usize, (stored, turn): (bool, usize)) -> Measured {
    let apis = apis(bed, clients);
    let count = if clients == 1 {
        BY_ONE
    } else {
        BY_EACH_OF_MANY
    };
    let begun = Instant::now();
    let by_one = |(client, api)| one_client(api, client, (count, stored, turn));
    let each = bed.wait(join_all(apis.iter().enumerate().map(by_one)));
    let all = begun.elapsed();
    if stored {
        forget(bed, &apis);
    }
    let refused = each.iter().map(|it| it.1).sum();
    let each: Vec<Vec<Duration>> = each.into_iter().map(|it| it.0).collect();
    Measured {
        each: each.concat(),
        refused,
        all,
    }
}

async fn one_client(
    api: &Api<DynamicObject>,
    client: usize,
    (count, stored, turn): (usize, bool, usize),
) -> (Vec<Duration>, usize) {
    let how = PostParams {
        dry_run: !stored,
        ..PostParams::default()
    };
    let mut each = Vec::with_capacity(count);
    let mut refused = 0;
    for number in 0..count {
        let object = chaos(&format!("turn-{turn}-{number}"), client, "5m");
        let object = serde_json::from_value(object).expect("an object");
        let begun = Instant::now();
        match api.create(&how, &object).await {
            Ok(_) => each.push(begun.elapsed()),
            // Fifty at once on a machine that is busy otherwise: what waits too long is refused, and said.
            Err(Error::Api(status)) if status.message.contains("ReservationFailed") => refused += 1,
            Err(error) => panic!("it is not admitted: {error}"),
        }
    }
    (each, refused)
}

/// Where each client creates.
fn apis(bed: &Bed, clients: usize) -> Vec<Api<DynamicObject>> {
    let kind = GroupVersionKind::gvk("chaos-mesh.org", "v1alpha1", "PodChaos");
    let resource = ApiResource::from_gvk_with_plural(&kind, "podchaos");
    let api = |client| Api::namespaced_with(bed.admin_client(), &place(client), &resource);
    (0..clients).map(api).collect()
}

/// Deletes what was created once it was seen (what comes and goes between two looks stays reserved until it
/// cannot come any more), and waits until nothing is reserved. A collection at a time: kubectl would delete
/// a thousand objects one by one, and five a second.
fn forget(bed: &Bed, apis: &[Api<DynamicObject>]) {
    let ledgers = || {
        let get = ["get", "blastledgers", "--namespace=firebreak"];
        let list = bed.kubectl(&get).json();
        list["items"].as_array().cloned().unwrap_or_default()
    };
    let waits = |ledger: &Value| {
        let all = ledger["spec"]["reservations"].as_array();
        all.is_some_and(|all| all.iter().any(|it| it["state"] != "Confirmed"))
    };
    within(LONG, "what was created is seen", || {
        match ledgers().iter().filter(|it| waits(it)).count() {
            0 => Ok(()),
            waiting => Err(waiting),
        }
    });
    bed.wait(join_all(apis.iter().map(|api| async {
        let (all, every) = (DeleteParams::default(), ListParams::default());
        let deleted = api.delete_collection(&all, &every).await;
        deleted.expect("they are deleted");
    })));
    within(LONG, "nothing is reserved", || match ledgers().len() {
        0 => Ok(()),
        left => Err(left),
    });
}
