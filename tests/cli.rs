//! The command line keeps its promises: what it prints, and how it ends.

use std::fmt::Write as _;
use std::process::Stdio;

use crate::command::{Ended, Folder, program};
use crate::shop::{LEDGER, POLICY, assert_ends, failure, half, shop};

#[test]
fn a_denial_reads_like_this() {
    let chart = format!(
        "{LEDGER}---\n{POLICY}---\n# Source: shop/templates/chaos.yaml\n{}",
        half()
    );
    let ended = Folder::with(&[("chart.yaml", &chart)]).run(&["check", "chart.yaml"]);
    let expected = "\
chart.yaml:25: PodChaos payments/kill-half is denied
  it may hit 6 of 10 pods of StatefulSet payments/ledger for 5m (mode fixed-percent, value \"60\")
    for example ledger-0, ledger-1, ledger-2, ledger-3, ledger-4 and 1 more

  BudgetExceeded    policy production, limit respectBudgets: 6 is over the 2 that \
PodDisruptionBudget ledger permits in namespace payments
                    at spec.value; 20 or less would be allowed
  MaxShareExceeded  policy production, limit maxSharePercent: 60 is over 25: 6 of 10 pods of \
StatefulSet payments/ledger
                    at spec.value; 20 or less would be allowed

  it would be allowed with spec.value: \"20\"

  warning: pods were assumed from manifests, all of them healthy

policies: production (found in the world)
not judged, no chaos object: PodDisruptionBudget 1, StatefulSet 1
3 read: 1 denied, 0 with warnings, 0 allowed, 2 not judged
";
    assert_eq!(ended.out, expected);
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
}

#[test]
fn every_kind_that_is_read_is_told() {
    let shop = shop();
    let ended = shop.run(&["kinds"]);
    for (group, kind) in firebreak::fault::kinds() {
        let (kind, group) = match (kind, group) {
            ("*", group) => ("every other kind", format!("{group}: refused")),
            (kind, "") => (kind, "(core)".to_owned()),
            (kind, group) => (kind, group.to_owned()),
        };
        assert_ends(&ended, 0, &[&format!("  {kind:<26}{group}\n")]);
    }
    for family in firebreak::inventory::families() {
        assert_ends(
            &ended,
            0,
            &[&format!("  {:<26}{} ", family.kind, family.group)],
        );
    }
    let report = shop.run(&["kinds", "--format", "json"]).json();
    let rows = report["chaos"].as_array().map(Vec::len);
    assert_eq!(rows, Some(firebreak::fault::kinds().count()));
    assert_eq!(report["databases"][0]["kind"], "PerconaXtraDBCluster");
    assert_eq!(report["engines"][0], "cassandra");
}

#[test]
fn a_plan_reads_like_this() {
    let ended = shop().run(&["plan", "half.yaml", "--world", "world"]);
    let expected = "\
half.yaml:1: PodChaos payments/kill-half
  PodFailure (Down), 5m
  it matches no pod now, and stays armed until it ends

1 read: 1 measured
";
    assert_eq!(ended.out, expected);
}

#[test]
fn the_exit_code_is_0_when_all_is_allowed_and_1_when_something_is_denied() {
    let shop = shop();
    let check = |file| {
        if file == "." {
            shop.run(&["check", "."])
        } else {
            shop.run(&["check", file, "world"])
        }
    };
    assert_ends(
        &check("one.yaml"),
        0,
        &["0 denied, 0 with warnings, 1 allowed"],
    );
    assert_ends(
        &check("half.yaml"),
        1,
        &["1 denied, 0 with warnings, 0 allowed"],
    );
    assert_ends(&check("."), 1, &["1 denied, 0 with warnings, 1 allowed"]);
    assert_ends(
        &shop.run(&["plan", "half.yaml", "world"]),
        0,
        &["hits 6 of 10"],
    );
    assert_ends(&shop.run(&["--version"]), 0, &["firebreak 0."]);
    assert_ends(&shop.run(&["crds"]), 0, &["kind: CustomResourceDefinition"]);
}

#[test]
fn wrong_usage_ends_with_2() {
    let shop = shop();
    let cases: [(&[&str], &str); 9] = [
        (&[], "Usage: firebreak <COMMAND>"),
        (&["judge"], "unrecognized subcommand 'judge'"),
        (&["check"], "<PATHS>..."),
        (&["plan"], "<PATHS>..."),
        (
            &["check", "--bogus", "one.yaml"],
            "unexpected argument '--bogus'",
        ),
        (
            &["check", "one.yaml", "--format", "xml"],
            "possible values: text, json",
        ),
        (
            &["check", "one.yaml", "--now", "noon"],
            "invalid value 'noon' for '--now",
        ),
        (&["plan", "one.yaml", "--policy", "world"], "--backup"),
        (&["demo", "--listen", "nowhere"], "cannot listen on nowhere"),
    ];
    for (arguments, expected) in cases {
        assert_ends(&shop.run(arguments), 2, &[expected]);
    }
}

#[test]
fn what_cannot_be_read_ends_with_2_and_says_where() {
    let shop = shop();
    shop.add(
        "bad.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\ndata: 1\n",
    );
    shop.add("bad.json", "{\"kind\": \"ConfigMap\",\n \"metadata\": [}");
    shop.add("none.yaml", "# nothing\n");
    shop.add("wrong.yaml", &POLICY.replace("25", "many"));
    shop.add(
        "rule.yaml",
        &POLICY.replace("limits:", "rules: [{name: a, expression: x}], limits:"),
    );
    let cases: [(&[&str], &str); 12] = [
        (&["check", "missing.yaml"], "missing.yaml: No such file"),
        (&["check", "bad.yaml"], "bad.yaml:4:5: "),
        (&["check", "bad.json"], "bad.json:2:15: "),
        (&["plan", "bad.json"], "bad.json:2:15: "),
        (
            &["check", "none.yaml"],
            "none.yaml: no objects, expected at least one",
        ),
        (
            &["check", "one.yaml", "--world", "bad.yaml"],
            "the world cannot be read: bad.yaml:4:5: ",
        ),
        (
            &["plan", "one.yaml", "--world", "away"],
            "the world cannot be read: away: No such file",
        ),
        (
            &["check", "one.yaml", "--policy", "bad.yaml"],
            "a policy cannot be read: bad.yaml:4:5: ",
        ),
        (
            &["check", "one.yaml", "--policy", "away"],
            "a policy cannot be read: away: No such file",
        ),
        (
            &["check", "one.yaml", "--policy", "wrong.yaml"],
            "spec.limits.maxSharePercent: ",
        ),
        (
            &["check", "one.yaml", "--policy", "rule.yaml"],
            "spec.rules[0].expression: rule \"a\", line 1, column 1: there is no variable `x`",
        ),
        (
            &["check", "one.yaml", "--policy", "half.yaml"],
            "no BlastRadiusPolicy in half.yaml",
        ),
    ];
    for (arguments, expected) in cases {
        assert_ends(&shop.run(arguments), 2, &[expected]);
    }
}

#[test]
fn a_syntax_error_says_what_was_expected() {
    let shop = shop();
    for text in [
        "a: [1, 2",
        "a: 'b",
        "a: b: c\n",
        "\tx: 1",
        "{\"a\": 1,, }",
        "a: *b",
    ] {
        let ended = shop.feed(&["check", "-"], text);
        assert_ends(&ended, 2, &["-:1:", "expected"]);
    }
}

#[test]
fn what_can_be_read_is_judged_beside_what_cannot() {
    let shop = shop();
    shop.add("bad.yaml", "a: [\n");
    let ended = shop.run(&[
        "check",
        "bad.yaml",
        "missing.yaml",
        "half.yaml",
        "one.yaml",
        "world",
    ]);
    let expected = [
        "half.yaml:1: PodChaos payments/kill-half is denied",
        "one.yaml:1: PodChaos payments/kill-one is allowed",
        "4 read: 1 denied, 0 with warnings, 1 allowed, 2 not judged, 2 unreadable",
    ];
    assert_ends(&ended, 2, &expected);
}

#[test]
fn output_is_colourful_on_a_terminal_only() {
    let shop = shop();
    let arguments = ["check", "half.yaml", "world"];
    assert!(!shop.run(&arguments).out.contains('\u{1b}'), "a pipe");
    let forced = |variables: &[(&str, &str)]| {
        let mut command = program(&["check", "examples/pake/cpu-100.yaml"]);
        command
            .current_dir(crate::source::root())
            .envs(variables.iter().copied());
        Ended::from(command.output().unwrap())
            .out
            .contains('\u{1b}')
    };
    assert!(forced(&[("CLICOLOR_FORCE", "1")]));
    assert!(!forced(&[("NO_COLOR", "1")]));
    let command = format!("{} check half.yaml world", env!("CARGO_BIN_EXE_firebreak"));
    let script = |variables: &[(&str, &str)]| {
        let mut script = shop.other("script");
        script
            .args(["-qec", &command, "/dev/null"])
            .env("TERM", "xterm");
        script
            .env_remove("NO_COLOR")
            .envs(variables.iter().copied());
        script.stdin(Stdio::null()).output().ok()
    };
    let (Some(plain), Some(coloured)) = (script(&[("NO_COLOR", "1")]), script(&[])) else {
        println!("skipped: no `script` to make a terminal with");
        return;
    };
    let red = |output| Ended::from(output).out.contains("\u{1b}[31m");
    assert!(red(coloured), "a terminal");
    assert!(!red(plain), "NO_COLOR on a terminal");
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    for arguments in [
        &["check", "examples", "--world", "examples/world"][..],
        &[
            "check",
            "examples",
            "--world",
            "examples/world",
            "--format",
            "json",
        ],
        &["plan", "examples", "--world", "examples/world"],
        &["crds"],
    ] {
        let mut child = program(arguments)
            .current_dir(crate::source::root())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended: Ended = child.wait_with_output().unwrap().into();
        assert_eq!(
            (ended.code, ended.err.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn ten_thousand_manifests_are_judged_in_one_call() {
    let mut text = LEDGER.to_owned();
    for number in 0..5_000 {
        let _ = write!(
            text,
            "---\n{}",
            failure(&format!("one-{number}"), "mode: one")
        );
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{number}}}\n"
        );
    }
    let folder = Folder::with(&[("policy.yaml", POLICY), ("all.yaml", &text)]);
    let ended = folder.run(&[
        "check",
        "all.yaml",
        "--policy",
        "policy.yaml",
        "--format",
        "json",
    ]);
    let report = ended.json();
    assert_eq!(report["summary"]["allowed"], 5_000);
    assert_eq!(
        report["summary"]["notJudged"]["no chaos object"]["ConfigMap"],
        5_000
    );
    assert_eq!(ended.code, Some(0));
}

#[test]
fn an_expression_is_tried_by_hand() {
    let shop = shop();
    shop.add("one.yaml", &crate::shop::failure("one", "mode: one"));
    let world =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: payments, labels: {team: ledger}}\n";
    shop.add("world.yaml", world);
    let eval = |expression: &str, more: &[&str]| {
        let mut arguments = vec!["rules", "eval", expression, "--object", "one.yaml"];
        arguments.extend(more);
        shop.run(&arguments)
    };
    let now = ["--now", "2026-11-21T10:00:00Z"];
    let known = [
        ("object.spec.mode", "\"one\"\n"),
        ("experiment.duration", "\"300s\"\n"),
        ("now", "\"2026-11-21T10:00:00Z\"\n"),
        ("oldObject", "null\n"),
    ];
    for (expression, expected) in known {
        assert_ends(&eval(expression, &now), 0, &[expected]);
    }
    let world = ["--world", "world.yaml", "--user", "sre", "--group", "dba"];
    assert_ends(
        &eval("namespaceObject.metadata.labels.team", &world),
        0,
        &["\"ledger\""],
    );
    assert_ends(
        &eval("request.userInfo", &world),
        0,
        &["\"sre\"", "\"dba\""],
    );
    assert_ends(&eval("blast.hits", &world), 0, &["0"]);
    let old = ["--old", "one.yaml"];
    assert_ends(
        &eval("oldObject == object && request.operation == 'UPDATE'", &old),
        0,
        &["true"],
    );
    let unknown = [
        ("blast.hits", "blast is not known: no world is given"),
        (
            "namespaceObject",
            "namespaceObject is not known: no world is given",
        ),
        ("object.spec.none", "there is no `none`"),
        ("blst", "there is no variable `blst`; did you mean `blast`?"),
    ];
    for (expression, expected) in unknown {
        assert_ends(&eval(expression, &[]), 2, &[expected]);
    }
}
