//! The library of experiments: there is a file for each scenario, none starts by itself, each can be run or is no
//! run, and the guard says of each what its file expects. `docs/experiments.md` is generated from them (`UPDATE=1`
//! rewrites it).

mod library;
mod page;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use firebreak::blast;
use firebreak::cli::manifests::Reader;
use firebreak::cli::{examples, inputs};
use firebreak::inventory::{Database, Inventory, PodId, Writer};
use firebreak::judge::judge;
use firebreak::object::Object;
use firebreak::policy::{Case, Enforcement, PolicySet, evaluate};
use firebreak::request::{Request, User};
use firebreak::schedule::native;
use firebreak::schedule::pin::{self, For, Victim};
use firebreak::schedule::sanctioned::Sanctioned;
use firebreak::schedule::spec::sanctioned::{BackupWord, SubjectSpec, TargetsWord};

use crate::registration::is_as_generated;
use crate::source::root;
use library::{COMPONENTS, Entry, entries, objects};

/// How many scenarios there are, by the first letter of their ids.
const SCENARIOS: [(char, usize); 4] = [('P', 22), ('C', 30), ('M', 12), ('X', 5)];

/// Where the cluster is.
const RECORDED: &str = "tests/data/experiments";

/// The reasons for which something is denied; none when it is not.
type Reasons = BTreeSet<String>;

/// The cluster in which a scenario is judged: the world of all of them, and what is there beside it for this one.
fn world(id: &str) -> Arc<Inventory> {
    static WORLD: LazyLock<Arc<Inventory>> = LazyLock::new(|| recorded(&["world"]));
    let beside = format!("beside/{}.yaml", id.to_lowercase());
    if root().join(RECORDED).join(&beside).exists() {
        recorded(&["world", &beside])
    } else {
        Arc::clone(&WORLD)
    }
}

fn recorded(parts: &[&str]) -> Arc<Inventory> {
    let path = |part: &&str| root().join(RECORDED).join(part).display().to_string();
    let paths: Vec<String> = parts.iter().map(path).collect();
    Arc::new(inputs::world(&Reader::default(), &paths).unwrap())
}

/// The policies, and of the exemptions those that are `wanted`.
fn policies(wanted: impl Fn(&str) -> bool) -> PolicySet {
    let mut all = objects("manifests/experiments/policy.yaml");
    let exemptions = objects("manifests/experiments/exemptions.yaml").into_iter();
    all.extend(exemptions.filter(|it| wanted(&it.reference().name)));
    PolicySet::compile(&all).unwrap()
}

/// Why the creation of an object is denied.
fn denied(object: Object, policies: &PolicySet, inventory: &Inventory) -> Reasons {
    let request = Request::create(object, User::named("engineer"));
    let verdict = judge(inventory, policies, &request, examples::now());
    let counting = verdict.counting(Enforcement::Deny);
    counting.map(|it| it.word().to_owned()).collect()
}

/// Why what firebreak does itself is denied, when it hits these.
fn denied_natively(
    sanctioned: &Sanctioned,
    victims: &[Victim<'_>],
    (policies, inventory): (&PolicySet, &Inventory),
    object: &Object,
) -> Reasons {
    let native = sanctioned.spec.native.as_ref().unwrap();
    let experiment = native::experiment(native, object.reference(), victims);
    let request = Request::create(object.clone(), User::named("engineer"));
    let blast = blast::measure(&experiment, inventory);
    let case = Case {
        request: &request,
        experiment: &experiment,
        blast: &blast,
        inventory,
        now: examples::now(),
    };
    let violations = evaluate(policies, &case).into_iter();
    let counting =
        violations.filter(|it| it.enforcement == Enforcement::Deny && it.exempted_by.is_none());
    counting.map(|it| it.word().to_owned()).collect()
}

/// The members that may be hit, those that come last first.
fn candidates(sanctioned: &Sanctioned, inventory: &Inventory) -> Vec<PodId> {
    let spec = &sanctioned.spec;
    let subject = spec.database.as_ref().or(spec.workload.as_ref()).unwrap();
    let group = inventory.groups().map(|(_, group)| group).find(|group| {
        let [_, kind, namespace, name] = group.resource();
        (kind, namespace, name) == named(subject, &sanctioned.namespace)
    });
    let group =
        group.unwrap_or_else(|| panic!("{}: there is no {subject:?}", sanctioned.name.as_str()));
    let database = group.database.as_deref();
    let writers = database.map_or_else(Vec::new, writers);
    let fits = |pod: &PodId| match spec.targets {
        TargetsWord::Replicas => !writers.contains(pod),
        TargetsWord::Primary => writers.contains(pod),
        TargetsWord::Any => true,
    };
    let mut found: Vec<PodId> = group.members.iter().copied().filter(fits).collect();
    found.reverse();
    found
}

/// Kind, namespace and name of a subject.
fn named<'s>(subject: &'s SubjectSpec, own: &'s str) -> (&'s str, &'s str, &'s str) {
    let kind = subject.kind.split('.').next().unwrap_or_default();
    (
        kind,
        subject.namespace.as_deref().unwrap_or(own),
        subject.name.as_str(),
    )
}

/// Who writes, as far as anybody can tell.
fn writers(database: &Database) -> Vec<PodId> {
    match &database.writer {
        Writer::Known(members) => members.clone(),
        Writer::Any { probable } | Writer::Untold { probable } => {
            probable.iter().copied().collect()
        }
    }
}

fn victims<'i>(candidates: &[PodId], count: usize, inventory: &'i Inventory) -> Vec<Victim<'i>> {
    let pods = candidates.iter().take(count).map(|id| inventory.pod(*id));
    pods.map(|pod| Victim {
        namespace: &pod.namespace,
        name: &pod.name,
        node: &pod.node_name,
    })
    .collect()
}

/// Why what a run of it would do is denied.
fn denied_as_run(entry: &Entry, policies: &PolicySet, inventory: &Inventory) -> Reasons {
    let sanctioned = entry.sanctioned.as_ref().unwrap();
    let mut candidates = candidates(sanctioned, inventory);
    let Some(template) = &sanctioned.template else {
        let native = sanctioned.spec.native.as_ref().unwrap();
        let count = native::wanted(native, candidates.len());
        let victims = victims(&candidates, count, inventory);
        assert!(!victims.is_empty(), "{}: nobody to hit", entry.file);
        return denied_natively(sanctioned, &victims, (policies, inventory), &entry.object);
    };
    let around = inventory.surroundings();
    let experiment = pin::experiment(template, around).unwrap();
    let meant = pin::meant(&experiment, inventory);
    candidates.retain(|id| meant.contains(id));
    let count = pin::wanted(&experiment, candidates.len());
    let victims = victims(&candidates, count, inventory);
    assert!(!victims.is_empty(), "{}: nobody to hit", entry.file);
    let name = format!("{}-29384640", sanctioned.name);
    let of = For {
        namespace: &sanctioned.namespace,
        name: &name,
        uid: "0b5f8c62",
        fence: "1",
    };
    let pinned = pin::pinned(template, &victims, of, (inventory, around));
    let pinned = pinned.unwrap_or_else(|error| panic!("{}: {error}", entry.file));
    denied(pinned, policies, inventory)
}

/// Why what stands in a file is denied, when it is applied as it stands.
fn denied_as_written(entry: &Entry, policies: &PolicySet, inventory: &Inventory) -> Reasons {
    match &entry.sanctioned {
        None => denied(entry.object.clone(), policies, inventory),
        Some(sanctioned) => match &sanctioned.template {
            Some(template) => denied(template.clone(), policies, inventory),
            None => denied_as_run(entry, policies, inventory),
        },
    }
}

#[test]
fn there_is_a_file_for_each_scenario() {
    let expected: Vec<String> = SCENARIOS
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |at| format!("{letter}{at:02}")))
        .collect();
    let entries = entries();
    let found: Vec<&str> = entries.iter().map(Entry::id).collect();
    assert_eq!(found, expected);
    for entry in &entries {
        let name = &entry.object.reference().name;
        let begin = format!("{}-", entry.id().to_lowercase());
        assert!(name.starts_with(&begin), "{}: {name}", entry.file);
        assert_eq!(entry.file, format!("{name}.yaml"));
        let unknown = entry.components().find(|it| !COMPONENTS.contains(it));
        assert_eq!(unknown, None, "{}", entry.file);
    }
}

#[test]
fn none_starts_by_itself_and_each_says_what_it_expects_and_by_when() {
    for entry in entries() {
        let file = &entry.file;
        assert_eq!(entry.object.value()["spec"]["suspend"], true, "{file}");
        assert!(!entry.hypothesis().is_empty(), "{file}");
        assert!(entry.deadline().ends_with('s'), "{file}");
        let Some(sanctioned) = &entry.sanctioned else {
            assert_eq!(entry.object.reference().kind, "Job", "{file}");
            let limit = &entry.object.value()["spec"]["activeDeadlineSeconds"];
            assert!(limit.is_u64(), "{file}: nothing ends it");
            continue;
        };
        assert!(sanctioned.spec.schedules.is_empty(), "{file}");
        assert!(sanctioned.spec.safety.min_healthy.is_some(), "{file}");
        let saved = sanctioned.spec.backup.before != BackupWord::Never;
        match entry.expects.word.as_str() {
            "Allow" => assert!(!saved, "{file}: a backup that nobody expects"),
            "AllowWithBackup" | "Exempt" => assert!(saved, "{file}: no backup before"),
            other => assert_eq!(other, "Deny", "{file}"),
        }
    }
}

#[test]
fn the_guard_says_of_each_what_it_expects() {
    let (bare, all) = (policies(|_| false), policies(|_| true));
    let mut wrong = Vec::new();
    for entry in entries() {
        let inventory = world(entry.id());
        let found = denied_as_written(&entry, &bare, &inventory);
        if found != entry.expects.reasons {
            wrong.push(format!(
                "{}: {found:?}, expected {:?}",
                entry.file, entry.expects.reasons
            ));
        }
        let (with, admitted) = match entry.exemption() {
            Some(named) => (policies(|name| name == named), true),
            None => (all.clone(), entry.expects.word != "Deny"),
        };
        let left = denied_as_written(&entry, &with, &inventory);
        if left.is_empty() != admitted {
            wrong.push(format!("{}: {left:?} with what is exempted", entry.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_permitted_is_permitted_to_its_run_too() {
    let (bare, all) = (policies(|_| false), policies(|_| true));
    for entry in entries() {
        let with = match entry.expects.word.as_str() {
            "Allow" | "AllowWithBackup" => &bare,
            "Exempt" => &all,
            _ => continue,
        };
        if entry.sanctioned.is_some() {
            let found = denied_as_run(&entry, with, &world(entry.id()));
            assert_eq!(found, Reasons::new(), "{}", entry.file);
        }
    }
}

#[test]
fn every_exemption_is_that_of_an_experiment_that_needs_one() {
    let entries = entries();
    let named: BTreeSet<&str> = entries.iter().filter_map(Entry::exemption).collect();
    let written = objects("manifests/experiments/exemptions.yaml");
    let written: BTreeSet<&str> = written
        .iter()
        .map(|it| it.reference().name.as_str())
        .collect();
    assert_eq!(named, written);
    for entry in &entries {
        let exempt = entry.expects.word == "Exempt";
        assert_eq!(exempt, entry.exemption().is_some(), "{}", entry.file);
        let needed = exempt || entry.expects.word == "Deny";
        assert_eq!(needed, !entry.expects.reasons.is_empty(), "{}", entry.file);
    }
}

#[test]
fn whoever_needs_an_exemption_is_asked_for_each_run() {
    for entry in entries() {
        let asked = &entry.object.value()["spec"]["approval"];
        let needed = ["Exempt", "Deny"].contains(&entry.expects.word.as_str());
        if entry.sanctioned.is_some() {
            assert_eq!(*asked == "Required", needed, "{}", entry.file);
        }
    }
}

#[test]
fn the_index_is_as_generated() {
    is_as_generated("docs/experiments.md", &page::text(&entries()));
}
