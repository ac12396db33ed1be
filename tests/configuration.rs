//! The settings of `serve`: which goes before which, what is refused, and that the page is current.

use std::collections::BTreeMap;
use std::fs;

use firebreak::server::config::{
    Accepts, Certificates, Config, Format, SETTINGS, Setting, Sources, effective,
};

use crate::command::Folder;
use crate::source::{root, source};

/// A configuration of a file, of variables and of flags.
fn read(
    file: &str,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Result<Config, Vec<String>> {
    let flags: BTreeMap<&'static str, String> = flags
        .iter()
        .map(|&(key, text)| (key, text.to_owned()))
        .collect();
    let variable = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, text)| (*text).to_owned())
    };
    let sources = Sources {
        file: Some(("config.yaml", file)),
        variable: &variable,
        flags: &flags,
    };
    Config::read(&sources).map_err(|unusable| unusable.0)
}

fn refused(file: &str) -> String {
    read(file, &[], &[]).unwrap_err().join("\n")
}

#[test]
fn a_flag_goes_before_a_variable_and_that_before_the_file() {
    let variables = [
        ("FIREBREAK_DRAIN_DELAY", "2s"),
        ("FIREBREAK_STALENESS", "20s"),
    ];
    let flags = [("staleness", "30s")];
    let file = "drain: {delay: 1s, timeout: 10s}\nstaleness: 10s\n";
    let config = read(file, &variables, &flags).unwrap();
    assert_eq!(config.drain.timeout.as_secs(), 10);
    assert_eq!(config.drain.delay.as_secs(), 2);
    assert_eq!(config.staleness.as_secs(), 30);
}

#[test]
fn without_settings_it_makes_its_own_certificate_in_its_namespace() {
    let config = read("", &[], &[]).unwrap();
    assert_eq!(config.listen.port(), 9443);
    assert_eq!(config.namespace, "firebreak");
    assert_eq!(config.log.format, Format::Json);
    let Certificates::SelfSigned { webhooks, .. } = config.certificates else {
        panic!("{:?}", config.certificates);
    };
    assert_eq!(webhooks, ["firebreak"]);
}

#[test]
fn a_list_is_a_list_or_has_commas() {
    let names = |config: Config| config.accounts.tools;
    let file = read("accounts: {tools: [a, b]}", &[], &[]).unwrap();
    let variable = read("", &[("FIREBREAK_ACCOUNTS_TOOLS", "a, b")], &[]).unwrap();
    assert_eq!(names(file), ["a", "b"]);
    assert_eq!(names(variable), ["a", "b"]);
}

#[test]
fn what_is_not_known_is_refused_with_its_place_and_the_nearest() {
    assert_eq!(
        refused("listen: 0.0.0.0:1\ncertificates:\n  mod: Files\n"),
        "config.yaml:3:3: \"certificates.mod\" is not a setting; did you mean \"certificates.mode\"?"
    );
    assert_eq!(
        refused("metrics: on\n"),
        "config.yaml:1:1: \"metrics\" is not a setting"
    );
}

#[test]
fn what_a_setting_does_not_accept_is_refused_with_what_it_does() {
    let cases = [
        (
            "listen: everywhere",
            "config.yaml:1:1: listen: \"everywhere\", expected an address and a port, such as 0.0.0.0:9443",
        ),
        (
            "log: {level: loud}",
            "config.yaml:1:7: log.level: \"loud\", expected error or warn or info or debug or trace",
        ),
        (
            "staleness: 120",
            "config.yaml:1:1: staleness: 120, expected a duration, such as 20s or 2m; 10s or more",
        ),
        (
            "staleness: 9.9s",
            "config.yaml:1:1: staleness: \"9.9s\", expected a duration, such as 20s or 2m; 10s or more",
        ),
        (
            "drain: {delay: soon}",
            "config.yaml:1:9: drain.delay: \"soon\", expected a duration, such as 20s or 2m",
        ),
        (
            "accounts: {tools: a}",
            "config.yaml:1:12: accounts.tools: \"a\", expected a list of texts",
        ),
        (
            "drain: 5s",
            "config.yaml:1:1: \"5s\", expected keys and their values",
        ),
        (
            "certificates: {mode: Files, certificate: tls.crt}",
            "default: certificates.key: \"\", expected the path of a file",
        ),
        (
            "certificates: {key: tls.key}",
            "config.yaml:1:16: certificates.key: \"tls.key\", but certificates.mode is \"SelfSigned\", expected Files",
        ),
        (
            "clientNames: [kube-apiserver]",
            "config.yaml:1:1: clientNames: \"kube-apiserver\", but clientAuthority is \"\", expected a value",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "config.yaml: more than one document, expected one",
        ),
    ];
    for (file, why) in cases {
        assert_eq!(refused(file), why, "{file}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let problems = read("listen: x\nstaleness: x\n", &[("FIREBREAK_OPS", "x")], &[]);
    let problems = problems.unwrap_err();
    assert_eq!(problems.len(), 3);
    assert!(
        problems[1].starts_with("FIREBREAK_OPS: ops: \"x\""),
        "{problems:?}"
    );
}

#[test]
fn what_is_printed_is_a_file_that_says_the_same() {
    let folder = Folder::with(&[("config.yaml", "accounts: {operators: [ours]}\n")]);
    let arguments = [
        "serve",
        "--config",
        "config.yaml",
        "--log-format",
        "Text",
        "--print-config",
    ];
    let ended = folder.run(&arguments);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(
        ended.out.contains("  format: \"Text\" # --log-format\n"),
        "{}",
        ended.out
    );
    assert!(
        ended
            .out
            .contains("  operators: [\"ours\"] # config.yaml:1:12\n"),
        "{}",
        ended.out
    );
    let again = read(&ended.out, &[], &[]).unwrap();
    let meant = read(
        "accounts: {operators: [ours]}\nlog: {format: Text}",
        &[],
        &[],
    )
    .unwrap();
    assert_eq!(again, meant);
    let sources = Sources {
        file: None,
        variable: &|_| None,
        flags: &BTreeMap::new(),
    };
    assert_eq!(
        effective(&sources).matches("# default\n").count(),
        SETTINGS.len()
    );
}

#[test]
fn settings_that_cannot_be_used_end_the_program_before_it_starts() {
    let folder = Folder::with(&[("config.yaml", "lisen: 0.0.0.0:1\n")]);
    let ended = folder.run(&["serve", "--config", "config.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.err,
        "firebreak: config.yaml:1:1: \"lisen\" is not a setting; did you mean \"listen\"?\n"
    );
}

#[test]
fn the_page_of_settings_is_current() {
    let page = source("docs/configuration.md").text;
    let (before, _) = page.split_once("\n| key | ").expect("a table");
    let rows: Vec<String> = SETTINGS.iter().map(row).collect();
    let table = format!(
        "| key | flag | variable | accepts | default | meaning |\n|---|---|---|---|---|---|\n{}\n",
        rows.join("\n")
    );
    let current = format!("{before}\n{table}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root().join("docs/configuration.md"), &current).unwrap();
        return;
    }
    assert_eq!(page, current, "UPDATE=1 writes it again");
}

fn row(setting: &Setting) -> String {
    let (key, flag, variable) = (setting.key, setting.flag(), setting.variable());
    let default = match setting.default {
        "" => String::new(),
        default => format!("`{default}`"),
    };
    let accepts = if let Accepts::Word(words) = setting.accepts {
        let words = words.iter().map(|word| format!("`{word}`"));
        words.collect::<Vec<_>>().join(", ")
    } else {
        setting.accepts.words()
    };
    format!(
        "| `{key}` | `--{flag}` | `{variable}` | {accepts} | {default} | {} |",
        setting.says
    )
}
