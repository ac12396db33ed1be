//! Commands of kubectl that a template runs.

use serde_json::Value;

use super::scope::UNTOLD;

/// Commands that apply a manifest.
const APPLYING: &[&str] = &["apply", "create", "replace"];

/// Commands that hurt pods or nodes without an object that could be judged.
const MEDDLING: &[&str] = &[
    "annotate", "cordon", "cp", "debug", "drain", "edit", "exec", "patch", "replace", "rollout",
    "run", "scale", "set", "taint",
];

/// Commands that may set chaos off that has been applied before.
const STIRRING: &[&str] = &["annotate", "edit", "patch", "replace", "set"];

/// The state of an engine that is stopped.
const STOP: &str = "stop";

/// Flags of kubectl whose value is the next word.
const VALUED: &[&str] = &[
    "-n",
    "--namespace",
    "--context",
    "--kubeconfig",
    "-s",
    "--server",
    "--as",
    "--user",
    "--cluster",
    "--token",
    "--request-timeout",
    "-v",
];

/// The words of a command that are no flags: its verb first.
fn plain<'w>(words: impl Iterator<Item = &'w str>) -> Vec<&'w str> {
    let mut found = Vec::new();
    let mut is_value = false;
    for word in words {
        if !is_value && !word.starts_with('-') {
            found.push(word);
        }
        is_value = !is_value && VALUED.contains(&word);
    }
    found
}

/// The words of each command of kubectl in a container, a script or a resource.
fn commands(template: &Value) -> Vec<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    if let Some(resource) = template.get("resource") {
        let action = resource.get("action").and_then(Value::as_str);
        let flags = joined(resource.get("flags"));
        lines.push(format!("kubectl {} {flags}", action.unwrap_or("create")));
    }
    let containers = containers(template).into_iter();
    lines.extend(containers.flat_map(|(_, container)| self::lines(container)));
    words(&lines)
}

/// What a container runs.
fn lines(container: &Value) -> Vec<String> {
    let words = ["command", "args"].map(|key| joined(container.get(key)));
    let source = container.get("source").and_then(Value::as_str);
    let source = source.map(str::to_owned);
    [words.join(" ")].into_iter().chain(source).collect()
}

fn joined(list: Option<&Value>) -> String {
    let words = list.and_then(Value::as_array).into_iter().flatten();
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    words.join(" ")
}

/// The words of each command of kubectl. Other languages write them as a list.
fn words(lines: &[String]) -> Vec<Vec<String>> {
    let commands = lines
        .iter()
        .flat_map(|line| line.split(['\n', ';', '&', '|', '(', '`']));
    let commands = commands.filter_map(|command| {
        let (_, words) = command.split_once("kubectl")?;
        let bare = |word: &str| word.trim_matches(['"', '\'', ',', '[', ']']).to_owned();
        let words = words.split_whitespace().map(bare);
        Some(words.filter(|word| !word.is_empty()).collect())
    });
    commands.collect()
}

/// The containers of a template, and where they stand in it.
pub(super) fn containers(template: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for key in ["container", "script"] {
        found.extend(template.get(key).map(|it| (key.to_owned(), it)));
    }
    for key in ["containerSet.containers", "initContainers", "sidecars"] {
        let list = template.pointer(&format!("/{}", key.replace('.', "/")));
        let list = list.and_then(Value::as_array).into_iter().flatten();
        let each = list
            .enumerate()
            .map(|(index, it)| (format!("{key}[{index}]"), it));
        found.extend(each);
    }
    found
}

/// The namespace in which a template applies what names none itself; `None` where only the run
/// knows.
pub(super) fn namespace(template: &Value, own: &str) -> Option<String> {
    let mut named: Vec<Option<String>> = applying(template).map(|words| flag(&words)).collect();
    named.sort();
    named.dedup();
    let chosen = match named.as_slice() {
        [] | [None] => own.to_owned(),
        [Some(one)] => one.clone(),
        _ => return None,
    };
    let told = !chosen.is_empty() && !chosen.contains(UNTOLD) && !chosen.contains(['$', '{']);
    told.then_some(chosen)
}

/// The value of `-n` or `--namespace`.
fn flag(words: &[String]) -> Option<String> {
    let unquoted = |text: &str| text.trim_matches(['\'', '"']).to_owned();
    words.iter().enumerate().find_map(|(at, word)| {
        if ["-n", "--namespace"].contains(&word.as_str()) {
            return words.get(at.saturating_add(1)).map(|value| unquoted(value));
        }
        let joined = ["--namespace=", "-n=", "-n"];
        let value = joined.iter().find_map(|prefix| word.strip_prefix(prefix))?;
        Some(unquoted(value))
    })
}

/// Whether a template applies manifests.
pub(super) fn applies(template: &Value) -> bool {
    let image = template.pointer("/container/image").and_then(Value::as_str);
    let checker = image.is_some_and(|image| image.contains("litmus-checker"));
    checker || applying(template).next().is_some()
}

/// The address from which a template applies manifests.
pub(super) fn url(template: &Value) -> Option<String> {
    let is_url = |word: &String| ["http://", "https://"].iter().any(|it| word.contains(it));
    applying(template).flatten().find(is_url)
}

/// The commands that apply manifests.
fn applying(template: &Value) -> impl Iterator<Item = Vec<String>> {
    commands(template).into_iter().filter(|words| {
        let verb = plain(words.iter().map(String::as_str)).first().copied();
        verb.is_some_and(|verb| APPLYING.contains(&verb))
    })
}

/// Whether a container changes more than objects that are judged themselves.
pub(super) fn meddles(container: &Value) -> bool {
    words(&lines(container)).iter().any(|words| {
        match plain(words.iter().map(String::as_str)).as_slice() {
            ["delete", kind, ..] => !is_chaos(kind),
            ["delete"] => true,
            [verb, ..] => MEDDLING.contains(verb),
            [] => false,
        }
    })
}

/// Whether a template changes chaos objects that stand elsewhere, other than to stop them.
pub(super) fn stirs(template: &Value) -> bool {
    let manifest = template
        .pointer("/resource/manifest")
        .and_then(Value::as_str);
    let manifest = manifest.unwrap_or_default();
    // One that says what it changes is read by itself.
    let told = manifest.contains("apiVersion");
    let stops =
        |words: &[String]| manifest.contains(STOP) || words.iter().any(|word| word.contains(STOP));
    let stirred = commands(template).into_iter().any(|words| {
        match plain(words.iter().map(String::as_str)).as_slice() {
            [verb, kind, ..] => STIRRING.contains(verb) && is_chaos(kind) && !stops(&words),
            [_] | [] => false,
        }
    });
    stirred && !told
}

/// Whether a word names pods.
pub(super) fn is_pods(kind: &str) -> bool {
    ["pod", "pods", "po"].contains(&kind.split('/').next().unwrap_or_default())
}

/// Whether a word names a kind of a chaos tool, the deletion of which only ends chaos.
pub(super) fn is_chaos(kind: &str) -> bool {
    let kind = kind.split('/').next().unwrap_or_default();
    kind.split(',').all(|kind| {
        let of_tool = ["litmuschaos.io", "chaos-mesh.org"]
            .iter()
            .any(|it| kind.ends_with(it));
        kind.starts_with("chaos") || kind.trim_end_matches('s').ends_with("chao") || of_tool
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(container: &Value) -> Option<String> {
        namespace(&json!({"container": container}), "own")
    }

    #[test]
    fn the_namespace_is_the_one_that_every_command_names() {
        let sh = |text: &str| named(&json!({"command": ["sh", "-c"], "args": [text]}));
        assert_eq!(
            sh("kubectl apply -f /tmp/ -n db && sleep 30").as_deref(),
            Some("db")
        );
        assert_eq!(
            sh("kubectl --namespace=db create -f x").as_deref(),
            Some("db")
        );
        assert_eq!(
            sh("kubectl get pods -n web; kubectl apply -f x").as_deref(),
            Some("own")
        );
        assert_eq!(sh("kubectl apply -f x -n $NS"), None);
        assert_eq!(sh("kubectl apply -f x -n db; kubectl apply -f y"), None);
        let args = json!({"command": ["kubectl", "apply"], "args": ["-n", "db", "-f", "x"]});
        assert_eq!(named(&args).as_deref(), Some("db"));
        assert_eq!(
            named(&json!({"args": ["-file=/tmp/x"]})).as_deref(),
            Some("own")
        );
    }

    #[test]
    fn chaos_is_set_off_from_afar_and_stopped() {
        let runs =
            |text: &str| stirs(&json!({"container": {"command": ["sh", "-c"], "args": [text]}}));
        assert!(runs(
            "kubectl patch chaosengine/x -p '{\"spec\":{\"engineState\":\"active\"}}'"
        ));
        assert!(runs(
            "kubectl annotate podchaos x experiment.chaos-mesh.org/pause-"
        ));
        assert!(!runs(
            "kubectl patch chaosengine x -p '{\"spec\":{\"engineState\":\"stop\"}}'"
        ));
        assert!(!runs("kubectl patch deployment x -p '{}'"));
        let patch = json!({"resource": {
            "action": "patch", "mergeStrategy": "json", "flags": ["chaosengine/x"],
            "manifest": "[{\"op\": \"replace\", \"path\": \"/spec/engineState\", \"value\": \"active\"}]"
        }});
        assert!(stirs(&patch));
    }

    #[test]
    fn deleting_chaos_is_no_meddling() {
        let meddles = |text: &str| meddles(&json!({"args": [text]}));
        assert!(!meddles("kubectl delete chaosengine -l run=1 -n db"));
        assert!(!meddles(
            "kubectl delete podchaos,networkchaos.chaos-mesh.org x"
        ));
        assert!(!meddles("kubectl get pods && kubectl -n db apply -f x"));
        assert!(meddles("kubectl -n db delete pods --all"));
        assert!(meddles("kubectl delete chaosengine x; kubectl drain n1"));
        assert!(meddles("kubectl --context a drain n1"));
        assert!(meddles("run([\"kubectl\", \"delete\", \"pod\", name])"));
    }
}
