//! What is looked ahead at the terminal: ticks to come, and lists of disaster-recovery scenarios.

use serde_json::{Value, json};

use crate::command::{Ended, Folder, program};

fn next(arguments: &[&str]) -> String {
    let all = [&["schedule", "next"], arguments].concat();
    let ended = Ended::from(program(&all).output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.told());
    ended.out
}

#[test]
fn a_tick_that_a_change_of_clocks_repeats_is_dropped_and_one_that_it_skips_is_shifted() {
    let zone = [
        "--schedule",
        "30 2 * * *",
        "--time-zone",
        "Europe/Prague",
        "--count",
        "3",
    ];
    let autumn = next(&[&zone[..], &["--from", "2026-10-24T00:00:00Z"]].concat());
    assert_eq!(
        autumn,
        "30 2 * * * in Europe/Prague\n\
         \x20 2026-10-24T00:30:00Z  Sat 2026-10-24 02:30:00 CEST\n\
         \x20 2026-10-25T00:30:00Z  Sun 2026-10-25 02:30:00 CEST\n\
         \x20 2026-10-25T01:30:00Z  Sun 2026-10-25 02:30:00 CET  dropped: its time comes a second time when the clock goes back\n\
         \x20 2026-10-26T01:30:00Z  Mon 2026-10-26 02:30:00 CET\n"
    );
    let spring = next(&[&zone[..], &["--from", "2027-03-27T12:00:00Z"]].concat());
    assert_eq!(
        spring,
        "30 2 * * * in Europe/Prague\n\
         \x20 2027-03-28T01:00:00Z  Sun 2027-03-28 03:00:00 CEST  shifted: its time is skipped when the clock goes forward\n\
         \x20 2027-03-29T00:30:00Z  Mon 2027-03-29 02:30:00 CEST\n\
         \x20 2027-03-30T00:30:00Z  Tue 2027-03-30 02:30:00 CEST\n"
    );
}

#[test]
fn the_ticks_of_an_experiment_are_those_of_its_schedules() {
    let folder = Folder::with(&[(
        "drill.yaml",
        "apiVersion: firebreak.dev/v1alpha1\n\
         kind: SanctionedExperiment\n\
         metadata: {name: drill, namespace: db}\n\
         spec:\n\
         \x20 hypothesis: it comes back\n\
         \x20 database: {kind: Cluster, name: pg}\n\
         \x20 native: {podDelete: {}}\n\
         \x20 schedules:\n\
         \x20   - {schedule: \"0 10 * * 2\", timeZone: Europe/Prague}\n\
         \x20   - {schedule: \"0 3 1 1,4,7,10 *\"}\n",
    )]);
    let from = ["--from", "2026-11-21T00:00:00Z"];
    let call = [
        "schedule",
        "next",
        "drill.yaml",
        "--count",
        "1",
        "--format",
        "json",
    ];
    let report = folder.run(&[&call[..], &from].concat()).json();
    let ticks = |at: usize| report["schedules"][at]["ticks"][0]["utc"].clone();
    assert_eq!(
        (ticks(0), ticks(1)),
        (json!("2026-11-24T09:00:00Z"), json!("2027-01-01T03:00:00Z"))
    );
    assert_eq!(report["schedules"][0]["experiment"], "db/drill");
}

#[test]
fn what_is_no_schedule_is_refused() {
    for (text, zone, why) in [
        ("0 10 31 2 *", "UTC", "no day fits it"),
        ("0 10 * *", "UTC", "4 fields"),
        ("0 10 * * *", "Europe/Prag", "Europe/Prag"),
    ] {
        let call = ["schedule", "next", "--schedule", text, "--time-zone", zone];
        let ended = Ended::from(program(&call).output().unwrap());
        assert_eq!(ended.code, Some(2), "{}", ended.told());
        assert!(ended.err.contains(why), "{}", ended.told());
    }
}

/// A scenario as a team would write it, with changes.
fn scenario(name: &str, changes: &[(&str, Value)]) -> Value {
    let mut scenario = json!({
        "scenario": name, "primary_recovery_method": "the operator", "alternate_fallback": "restore",
        "detection_signals": "alerts", "rto_target": "5m", "rpo_target": "60s", "mttr_expected": "2m",
        "expected_data_loss": "none", "likelihood": "High", "business_impact": "Medium",
        "affected_components": ["pxc"], "notes_assumptions": "", "test_enabled": true,
        "test_file": "test_dr_single_mysql_pod_failure.py", "test_description": "kills a pod",
        "chaos_type": "pod-delete", "target_label": "app.kubernetes.io/component=pxc", "app_kind": "statefulset",
        "expected_recovery": "cluster_ready", "mttr_seconds": 120, "poll_interval": 15,
        "total_chaos_duration": 60, "chaos_interval": 10,
    });
    scenario["notes_assumptions"] = json!("three members");
    for (key, value) in changes {
        scenario[*key] = value.clone();
    }
    scenario
}

fn dr(list: &Value, arguments: &[&str]) -> Ended {
    let text = serde_json::to_string_pretty(list).unwrap();
    let folder = Folder::with(&[
        ("list.json", &text),
        ("tests/test_dr_single_mysql_pod_failure.py", ""),
        ("tests/test_dr_forgotten.py", ""),
        ("tests/conftest.py", ""),
    ]);
    let all = [&["dr"], arguments].concat();
    folder.run(&all)
}

#[test]
fn a_list_that_keeps_its_rules_has_no_findings() {
    let ended = dr(
        &json!([scenario("Single MySQL pod failure", &[])]),
        &["validate", "list.json"],
    );
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "1 scenarios, 0 errors, 0 warnings\n")
    );
}

fn off(file: Value) -> Value {
    let changes = [("test_enabled", json!(false)), ("test_file", file)];
    scenario("Region loss", &changes)
}

fn one(changes: &[(&str, Value)]) -> Value {
    scenario("Single MySQL pod failure", changes)
}

/// Lists of one scenario that break a rule about test files or words, and what is said to that.
fn broken_words() -> Vec<(Value, &'static str)> {
    vec![
        (
            off(json!("test_dr_region_loss.py")),
            "error: [0].test_file: a file, though its test is not enabled; expected null",
        ),
        (
            one(&[("test_file", Value::Null)]),
            "error: [0].test_file: absent, though its test is enabled",
        ),
        (
            one(&[("test_file", json!("mysql.py"))]),
            "expected test_dr_<scenario>.py, here test_dr_single_mysql_pod_failure.py",
        ),
        (
            one(&[("test_file", json!("test_dr_other.py"))]),
            "warning: [0].test_file: \"test_dr_other.py\", though",
        ),
        (
            one(&[("likelihood", json!("Often"))]),
            "error: [0].likelihood: \"Often\", expected one of Low, Medium, High",
        ),
        (
            one(&[("expected_recovery", json!("ready"))]),
            "expected one of cluster_ready, statefulset_ready, service_endpoints, pods_running",
        ),
    ]
}

/// The same of numbers and times, and of what is not known.
fn broken_numbers() -> Vec<(Value, &'static str)> {
    vec![
        (
            one(&[("mttr_seconds", json!("120"))]),
            "error: [0].mttr_seconds: \"120\", expected a whole number above zero",
        ),
        (
            one(&[("poll_interval", json!(120))]),
            "error: [0].poll_interval: 120, expected less than mttr_seconds, 120",
        ),
        (
            one(&[("chaos_interval", json!(61))]),
            "error: [0].chaos_interval: 61, expected at most total_chaos_duration, 60",
        ),
        (
            one(&[("mttr_expected", json!("10 minutes"))]),
            "warning: [0].mttr_seconds: 120s, and mttr_expected is 600s",
        ),
        (
            one(&[("rto_target", json!("soon"))]),
            "warning: [0].rto_target: \"soon\" is no duration",
        ),
        (
            one(&[("test_descripton", json!("x"))]),
            "warning: [0].test_descripton: no field that is known",
        ),
        (
            one(&[("test_description", json!(" "))]),
            "error: [0].test_description: \" \", expected a text",
        ),
    ]
}

#[test]
fn each_rule_that_is_broken_is_told_with_its_place() {
    for (row, expected) in broken_words().into_iter().chain(broken_numbers()) {
        let ended = dr(&json!([row]), &["validate", "list.json"]);
        assert!(
            ended.out.contains(expected),
            "{expected:?} is not in {}",
            ended.told()
        );
        let failed = expected.contains("warning");
        assert_eq!(ended.code, Some(i32::from(!failed)), "{}", ended.told());
    }
    let twice = json!([one(&[]), one(&[])]);
    let ended = dr(&twice, &["validate", "list.json"]);
    assert!(ended.out.contains("the same as at [0]"), "{}", ended.told());
    assert!(ended.out.contains("list.json:"), "{}", ended.told());
}

#[test]
fn tests_and_scenarios_belong_together() {
    let list = json!({"scenarios": [
        scenario("Single MySQL pod failure", &[]),
        scenario("Ingress/VIP failure", &[("test_file", json!("test_dr_ingressvip_failure.py"))]),
    ]});
    let ended = dr(&list, &["validate", "list.json", "--tests", "tests"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .out
            .contains("\"test_dr_ingressvip_failure.py\" is not there"),
        "{}",
        ended.told()
    );
    assert!(
        ended
            .out
            .contains("\"test_dr_forgotten.py\" belongs to no scenario"),
        "{}",
        ended.told()
    );
    assert!(!ended.out.contains("conftest"), "{}", ended.told());
}

#[test]
fn what_is_automated_is_imported_as_an_experiment_that_is_accepted() {
    let list = json!([
        scenario("Single MySQL pod failure", &[]),
        scenario(
            "Ingress/VIP failure",
            &[
                ("app_kind", json!("deployment")),
                ("business_impact", json!("Critical"))
            ]
        ),
        scenario(
            "Region loss",
            &[("test_enabled", json!(false)), ("test_file", Value::Null)]
        ),
        scenario("Odd fault", &[("chaos_type", json!("disk-loss"))]),
    ]);
    let call = [
        "import",
        "list.json",
        "--namespace",
        "percona",
        "--database",
        "PerconaXtraDBCluster/pxc-cluster",
        "--target",
        "ingressvip_failure=Deployment/haproxy",
    ];
    let ended = dr(&list, &call);
    assert_eq!(ended.code, Some(2), "{}", ended.told());
    assert!(
        ended.out.contains("# Odd fault: not imported: "),
        "{}",
        ended.told()
    );
    let documents = firebreak::yaml::read(&ended.out, firebreak::yaml::LARGEST);
    let values: Vec<Value> = documents.into_iter().map(|it| it.unwrap().value).collect();
    assert_eq!(values.len(), 2, "{}", ended.out);
    assert_eq!(values[0]["metadata"]["name"], "single-mysql-pod-failure");
    assert_eq!(
        values[0]["spec"]["database"],
        json!({"kind": "PerconaXtraDBCluster", "name": "pxc-cluster"})
    );
    assert_eq!(
        values[0]["spec"]["recovery"],
        json!({"deadline": "120s", "poll": "15s"})
    );
    assert_eq!(
        values[1]["spec"]["workload"],
        json!({"kind": "Deployment", "name": "haproxy"})
    );
    assert_eq!(values[1]["spec"]["approval"], "Required");
}

#[test]
fn coverage_tells_the_gravest_first_and_why_others_are_not_automated() {
    let list = json!([
        scenario(
            "Region loss",
            &[
                ("test_enabled", json!(false)),
                ("test_file", Value::Null),
                ("business_impact", json!("Critical")),
                ("test_description", json!("needs two regions"))
            ]
        ),
        scenario("Single MySQL pod failure", &[]),
    ]);
    let ended = dr(&list, &["coverage", "list.json"]);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(
        lines[0].contains("Region loss") && lines[0].contains("needs two regions"),
        "{}",
        ended.out
    );
    assert!(
        lines[1].contains("exercised by nothing here"),
        "{}",
        ended.out
    );
    assert_eq!(
        lines[2],
        "0 of 2 scenarios are exercised (0 %), 1 are automated by their list"
    );
}
