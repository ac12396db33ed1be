//! One drill, written in the words of every tool: whoever says it, the verdict is the same.

use std::collections::BTreeSet;

use firebreak::cli::examples::{self, Example};
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::inventory::{Inventory, Origin};
use firebreak::judge::{Decision, Verdict, judge};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::server::review;
use serde_json::Value;

const FOLDER: &str = "one-drill/";

/// The pod that the drill takes away, and another of the same database that may go.
const PRIMARY: &str = "pake-postgresql-primary";
const REPLICA: &str = "pake-postgresql-replica-eu";

/// What makes more of the drill than the death of one pod, and why.
const MORE: &[(&str, &str)] = &[
    ("krkn", "its scenario lies in its own image"),
    ("kubectl-taint.review", "every pod of the node goes"),
    ("network-policy", "nothing ends it"),
];

/// What may be done to the primary only by its own object, so that another name is another drill.
const OF_ITS_OWN: &[&str] = &["kube-monkey"];

fn drill() -> Vec<Example> {
    let all = examples::examples().unwrap().into_iter();
    let drill: Vec<Example> = all.filter(|it| it.file.starts_with(FOLDER)).collect();
    assert!(drill.len() > 20, "only {} ways", drill.len());
    drill
}

fn name(example: &Example) -> &str {
    let file = example.file.strip_prefix(FOLDER).unwrap();
    file.trim_end_matches(".yaml")
}

fn verdict(review: &Value) -> Verdict {
    let world = examples::world().unwrap().into_iter();
    let world: Vec<Object> = world.map(|manifest| manifest.object).collect();
    let inventory = Inventory::from_objects(&world, Origin::Recorded);
    let policies = Reader::default().read_text("default", DEFAULT_POLICIES);
    let policies: Vec<Object> = policies.manifests.into_iter().map(|it| it.object).collect();
    let policies = PolicySet::compile(&policies).unwrap();
    let (_, request) = review::read(review.to_string().as_bytes()).unwrap();
    judge(&inventory, &policies, &request, examples::now())
}

#[test]
fn one_drill_has_one_verdict_in_the_words_of_every_tool() {
    for example in drill() {
        let verdict = verdict(&example.review);
        let told = format!("{}: {}", example.file, verdict.explain());
        assert_eq!(verdict.decision, Decision::Deny, "{told}");
        let reasons: BTreeSet<&str> = verdict
            .violations
            .iter()
            .map(|it| it.reason.name())
            .collect();
        if MORE.iter().all(|(more, _)| name(&example) != *more) {
            assert_eq!(reasons, BTreeSet::from(["PrimaryAtRisk"]), "{told}");
            let sentence = "1 of 3 pods of StatefulSet database/pake-postgresql";
            let hits = |it: &&firebreak::judge::Prospect| it.sentence.contains(sentence);
            assert_eq!(verdict.headline.iter().filter(hits).count(), 1, "{told}");
        }
    }
}

#[test]
fn the_same_drill_on_a_replica_is_allowed_in_the_words_of_every_tool() {
    for example in drill() {
        let more = MORE.iter().any(|(more, _)| name(&example) == *more);
        if more || OF_ITS_OWN.contains(&name(&example)) {
            continue;
        }
        let review = example.review.to_string().replace(PRIMARY, REPLICA);
        let verdict = verdict(&serde_json::from_str(&review).unwrap());
        let told = format!("{}: {}", example.file, verdict.explain());
        assert_eq!(verdict.decision, Decision::Allow, "{told}");
        assert!(verdict.passed.is_none(), "{told}: {:?}", verdict.passed);
    }
}
