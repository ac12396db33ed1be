//! What the command line judges, with which policies, and what it says of the rest.

use crate::shop::{LEDGER, POLICY, assert_ends, half, one, shop};
use crate::source::source;

const SHIPPED: &str = "policies: default, default-databases, default-system \
                       (shipped with firebreak, since none was given)\n";

#[test]
fn every_way_to_hand_over_an_object_is_read() {
    let shop = shop();
    let list = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \
                \"chaos-mesh.org/v1alpha1\", \"kind\": \"PodChaos\", \"metadata\": {\"name\": \"a\", \
                \"namespace\": \"payments\"}, \"spec\": {\"action\": \"pod-kill\", \"mode\": \"all\", \
                \"selector\": {\"namespaces\": [\"payments\"]}}}]}";
    shop.add("list.json", list);
    let typed = list.replace("\"List\"", "\"PodChaosList\"");
    shop.add(
        "typed.json",
        &typed.replace("\"v1\"", "\"chaos-mesh.org/v1alpha1\""),
    );
    shop.add(
        "many.yaml",
        &format!("{}---\n{}---\n# empty\n", one(), half()),
    );
    shop.add("folder/deep/half.yml", &half());
    shop.add("review.yaml", &review());
    let cases = [
        ("list.json", "list.json:1: PodChaos payments/a is denied"),
        ("typed.json", "typed.json:1: PodChaos payments/a is denied"),
        (
            "many.yaml",
            "many.yaml:10: PodChaos payments/kill-half is denied",
        ),
        (
            "folder",
            "folder/deep/half.yml:1: PodChaos payments/kill-half is denied",
        ),
        (
            "./folder/",
            "folder/deep/half.yml:1: PodChaos payments/kill-half is denied",
        ),
        (
            "review.yaml",
            "review.yaml:1: PodChaos payments/kill-half is denied",
        ),
    ];
    for (path, expected) in cases {
        assert_ends(&shop.run(&["check", path, "world"]), 1, &[expected]);
    }
    let ended = shop.feed(&["check", "-", "world"], &half());
    assert_ends(&ended, 1, &["-:1: PodChaos payments/kill-half is denied"]);
}

/// The review of an update that makes `kill-half` of `kill-one`.
fn review() -> String {
    let indented = |text: &str| text.replace('\n', "\n    ");
    format!(
        "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest:\n  uid: a\n  \
         kind: {{group: chaos-mesh.org, version: v1alpha1, kind: PodChaos}}\n  \
         name: kill-half\n  namespace: payments\n  operation: UPDATE\n  \
         userInfo: {{username: engineer}}\n  oldObject:\n    {}\n  object:\n    {}\n",
        indented(&one().replace("kill-one", "kill-half")),
        indented(&half())
    )
}

#[test]
fn a_review_that_injects_nothing_is_not_judged() {
    let shop = shop();
    shop.add("delete.yaml", &review().replace("UPDATE", "DELETE"));
    let ended = shop.run(&["check", "delete.yaml", "world"]);
    assert_ends(
        &ended,
        0,
        &[
            "not judged, a deletion: PodChaos 1",
            "not judged, no chaos object: PodDisruptionBudget 1, StatefulSet 1",
            "3 read: 0 denied, 0 with warnings, 0 allowed, 3 not judged",
        ],
    );
    shop.add(
        "odd.yaml",
        &review().replace("operation: UPDATE", "operation: JUDGE"),
    );
    assert_ends(
        &shop.run(&["check", "odd.yaml", "world"]),
        2,
        &["odd.yaml:1: ", "JUDGE"],
    );
}

#[test]
fn nothing_is_left_aside_in_silence() {
    let shop = shop();
    shop.add("chart/values.yaml", "replicas: 3\n");
    shop.add(
        "chart/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
    );
    let expected = [
        "chart/values.yaml:1: no Kubernetes object, left aside",
        "1 no object",
        "no chaos object: PodDisruptionBudget 1, Secret 1, StatefulSet 1",
    ];
    for verb in ["check", "plan"] {
        let ended = shop.run(&[verb, "chart", "one.yaml", "world"]);
        assert_ends(&ended, 0, &expected);
    }
    let report = shop.run(&["check", "chart", "--format", "json"]).json();
    assert_eq!(report["skipped"][0]["file"], "chart/values.yaml");
    assert_eq!(report["summary"]["skipped"], 1);
    assert_eq!(
        report["summary"]["notJudged"]["no chaos object"]["Secret"],
        1
    );
}

#[test]
fn a_chaos_kind_that_nobody_knows_is_denied() {
    let shop = shop();
    shop.add("new.yaml", &one().replace("PodChaos", "PlanetChaos"));
    assert_ends(
        &shop.run(&["check", "new.yaml"]),
        1,
        &["Unreadable", "PlanetChaos"],
    );
    assert_ends(
        &shop.run(&["plan", "new.yaml"]),
        2,
        &["PlanetChaos", "1 unreadable"],
    );
}

#[test]
fn the_policies_are_those_given_else_those_of_the_world_else_the_shipped_ones() {
    let shop = shop();
    shop.add(
        "mild.yaml",
        &POLICY.replace("production", "mild").replace("25", "100"),
    );
    shop.add("bare/ledger.yaml", LEDGER);
    let given = shop.run(&["check", "one.yaml", "world", "--policy", "mild.yaml"]);
    assert_ends(&given, 0, &["policies: mild (given)\n"]);
    let found = shop.run(&["check", "one.yaml", "world"]);
    assert_ends(&found, 0, &["policies: production (found in the world)\n"]);
    let shipped = shop.run(&["check", "one.yaml", "bare"]);
    assert_ends(&shipped, 0, &[SHIPPED]);
    let json = shop
        .run(&["check", "one.yaml", "bare", "--format", "json"])
        .json();
    assert_eq!(json["policies"].as_array().unwrap().len(), 3);
    assert_eq!(json["policiesFrom"], "shipped");
}

#[test]
fn an_exemption_alone_does_not_take_the_shipped_policies_away() {
    let shop = shop();
    shop.add("bare/ledger.yaml", LEDGER);
    shop.add("bare/exemption.yaml", EXEMPTION);
    let ended = shop.run(&[
        "check",
        "half.yaml",
        "bare",
        "--now",
        "2026-11-21T10:00:00Z",
    ]);
    let expected = [
        SHIPPED,
        "MaxShareExceeded is lifted by Exemption game-day",
        "BudgetExceeded",
    ];
    assert_ends(&ended, 1, &expected);
}

const EXEMPTION: &str = "apiVersion: firebreak.dev/v1alpha1
kind: Exemption
metadata: {name: game-day}
spec:
  reason: the game day
  approvedBy: the owner of the ledger
  policies: [default, production]
  permits: [MaxShareExceeded]
  objects: {namespaces: [payments]}
  from: 2026-11-21T08:00:00Z
  until: 2026-11-21T12:00:00Z
";

#[test]
fn now_decides_whether_an_exemption_holds() {
    let shop = shop();
    shop.add(
        "world/exemption.yaml",
        &EXEMPTION.replace("[Max", "[BudgetExceeded, Max"),
    );
    let check = |now| shop.run(&["check", "half.yaml", "world", "--now", now]);
    assert_ends(
        &check("2026-11-21T10:00:00Z"),
        0,
        &["lifted by Exemption game-day"],
    );
    assert_ends(&check("2026-11-21T13:00:00Z"), 1, &["MaxShareExceeded"]);
}

#[test]
fn who_asks_is_who_the_arguments_say() {
    let shop = shop();
    let spec = "spec: {limits: {accounts: {allow: [alice, 'group:sre']}}}";
    let policy = format!("{}{spec}\n", &POLICY[..POLICY.find("spec").unwrap()]);
    shop.add("policy.yaml", &policy);
    let check = |who: &[&str]| {
        let arguments = ["check", "one.yaml", "world", "--policy", "policy.yaml"];
        shop.run(&[&arguments, who].concat())
    };
    assert_ends(&check(&[]), 1, &["AccountDenied"]);
    assert_ends(&check(&["--as", "bob"]), 1, &["AccountDenied"]);
    assert_ends(&check(&["--as", "alice"]), 0, &["1 allowed"]);
    assert_ends(
        &check(&["--as", "bob", "--as-group", "dev", "--as-group", "sre"]),
        0,
        &[],
    );
}

#[test]
fn the_shipped_policies_are_the_file_of_the_project() {
    let shop = shop();
    let shipped = source("policies/default.yaml").text;
    shop.add("default.yaml", &shipped);
    shop.add("bare/ledger.yaml", LEDGER);
    let by_name = shop.run(&["check", "half.yaml", "bare", "--policy", "default.yaml"]);
    let by_default = shop.run(&["check", "half.yaml", "bare"]);
    assert_eq!(
        by_name.out.replace("(given)", ""),
        by_default
            .out
            .replace("(shipped with firebreak, since none was given)", "")
    );
}

#[test]
fn a_policy_beside_a_world_is_judged_but_not_measured() {
    let shop = shop();
    shop.add("new.yaml", &POLICY.replace("production", "new"));
    let check = |arguments: &[&str]| shop.run(&[arguments, &["--world", "world"]].concat());
    assert_ends(&check(&["check", "new.yaml"]), 0, &["1 allowed"]);
    assert_ends(
        &check(&["plan", "new.yaml"]),
        0,
        &["1 read: 0 measured, 1 not measured"],
    );
    shop.add("new.yaml", &POLICY.replace("25", "250"));
    assert_ends(&check(&["check", "new.yaml"]), 1, &["PolicyInvalid"]);
}
