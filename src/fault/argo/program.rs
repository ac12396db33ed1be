//! The programs that the templates of a workflow run, read as the pods in which they run.

use serde_json::{Map, Value, json};

use super::carrier::{Cargo, rename};
use super::commands::{containers, is_pods, meddles};
use super::piece::Piece;
use super::scope::UNTOLD;
use super::walk::texts;
use crate::fault::{self, Experiment, Surroundings, Unreadable};
use crate::object::Object;
use crate::yaml;

/// What a template, or else the workflow, says of its pods.
const OF_POD: &[&str] = &[
    "activeDeadlineSeconds",
    "affinity",
    "automountServiceAccountToken",
    "nodeSelector",
    "securityContext",
    "serviceAccountName",
    "tolerations",
    "volumes",
];

/// The lists of containers of a pod.
const LISTS: [&str; 2] = ["containers", "initContainers"];

/// The label that marks what runs programs as chaos.
const MARK: &str = "chaos-experiment";

/// A workflow whose programs are read.
pub(super) struct Programs<'a> {
    pub(super) surroundings: &'a Surroundings,
    pub(super) namespace: &'a str,
    /// What the workflow says for all its templates.
    pub(super) specs: Vec<&'a Value>,
    /// Whether something says that the workflow is about chaos.
    pub(super) suspicious: bool,
}

/// A container and where it stands.
struct Program {
    path: String,
    container: Value,
    /// Whether it does harm, so that it is chaos where nobody can tell what it does.
    marked: bool,
}

impl Programs<'_> {
    /// What the containers of a piece do.
    pub(super) fn read(&self, piece: &Piece, cargo: &mut Cargo) -> Result<(), Unreadable> {
        let pod = self.pod(&piece.content);
        for program in self.programs(piece) {
            let there = |field: &str| moved(field, &piece.path, &program.path);
            let found = self.run(&pod, &program).map_err(|error| Unreadable {
                field: there(&error.field),
                ..error
            })?;
            let harms = found.as_ref().is_some_and(|it| !it.faults.is_empty());
            if (harms || program.marked) && is_untold(&pod, &program.container) {
                cargo.run_untold(&program.path, piece.runs);
            } else if let Some(mut experiment) = found {
                for fault in &mut experiment.faults {
                    rename(fault, |field| *field = there(field));
                }
                cargo.run(experiment, piece.runs);
            }
        }
        Ok(())
    }

    /// The containers of a piece, those that a patch of its pod brings along, and what the
    /// executor of Argo runs for it.
    fn programs(&self, piece: &Piece) -> Vec<Program> {
        let template = &piece.content;
        let own = containers(template).into_iter();
        let mut found: Vec<Program> = own
            .map(|(at, container)| {
                self.program(format!("{}.{at}", piece.path), runnable(container))
            })
            .collect();
        if !found.is_empty() {
            for patch in self.patches(template) {
                let lists = LISTS.iter().filter_map(|key| patch.get(*key)?.as_array());
                let path = format!("{}.podSpecPatch", piece.path);
                let patched = lists.flatten().cloned();
                found.extend(patched.map(|container| self.program(path.clone(), container)));
            }
        }
        found.extend(deletion(template).map(|words| Program {
            path: format!("{}.resource.flags", piece.path),
            marked: self.suspicious || words.get(2).is_some_and(|word| is_pods(word)),
            container: json!({"name": "main", "command": words}),
        }));
        found
    }

    fn program(&self, path: String, container: Value) -> Program {
        Program {
            path,
            marked: self.suspicious && meddles(&container),
            container,
        }
    }

    /// The spec of the pods of a template, without containers.
    fn pod(&self, template: &Value) -> Map<String, Value> {
        let mut pod = Map::new();
        pod.insert("restartPolicy".to_owned(), json!("Never"));
        let sources = || [template].into_iter().chain(self.specs.iter().copied());
        for key in OF_POD {
            if let Some(value) = sources().find_map(|it| it.get(*key)) {
                pod.insert((*key).to_owned(), value.clone());
            }
        }
        pod.extend(self.patches(template).into_iter().flatten());
        pod.retain(|key, _| !LISTS.contains(&key.as_str()));
        pod
    }

    /// The patches of the pods of a template, the one that counts most last.
    fn patches(&self, template: &Value) -> Vec<Map<String, Value>> {
        let holders = self.specs.iter().rev().copied().chain([template]);
        let texts = holders.filter_map(|it| it.get("podSpecPatch")?.as_str());
        let values = texts.flat_map(|text| yaml::read(text, yaml::LARGEST));
        let maps = values.filter_map(|document| document.ok()?.value.as_object().cloned());
        maps.collect()
    }

    fn run(
        &self,
        pod: &Map<String, Value>,
        program: &Program,
    ) -> Result<Option<Experiment>, Unreadable> {
        let mut spec = pod.clone();
        spec.insert("containers".to_owned(), json!([program.container]));
        let labels = if program.marked {
            json!({MARK: "argo"})
        } else {
            json!({})
        };
        let metadata = json!({"name": "argo", "namespace": self.namespace, "labels": labels});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        Object::new(pod).map_or(Ok(None), |pod| fault::read(&pod, self.surroundings))
    }
}

/// Whether what a container runs, or where, is only known when the workflow runs.
fn is_untold(pod: &Map<String, Value>, container: &Value) -> bool {
    let own = ["command", "args", "image"].map(|key| container.get(key));
    let mut texts = own
        .into_iter()
        .flatten()
        .chain(pod.values())
        .flat_map(|it| texts(it, ""));
    texts.any(|(_, text)| text.contains(UNTOLD))
}

/// A script as the container that runs it.
fn runnable(container: &Value) -> Value {
    let Some(source) = container.get("source") else {
        return container.clone();
    };
    let mut container = container.clone();
    let words = container.get("command").and_then(Value::as_array);
    let shell = words.and_then(|words| words.first()).cloned();
    if let (Some(shell), Some(map)) = (shell, container.as_object_mut()) {
        map.insert("command".to_owned(), json!([shell, "-c"]));
        map.insert("args".to_owned(), json!([source]));
    }
    container
}

/// The command with which a resource template deletes what its flags choose.
fn deletion(template: &Value) -> Option<Vec<String>> {
    let resource = template.get("resource")?;
    let deletes = resource.get("action")?.as_str()? == "delete";
    let flags = resource.get("flags")?.as_array()?;
    let flags: Vec<&str> = flags.iter().filter_map(Value::as_str).collect();
    let named = flags.first().is_some_and(|word| !word.starts_with('-'));
    let ends_chaos = flags
        .first()
        .is_some_and(|word| super::commands::is_chaos(word));
    let words = ["kubectl", "delete"].into_iter().chain(flags);
    (deletes && named && !ends_chaos).then(|| words.map(str::to_owned).collect())
}

/// The path of a field of a pod in the template that the pod is made from.
fn moved(field: &str, piece: &str, program: &str) -> String {
    if let Some(rest) = field.strip_prefix("spec.containers[0]") {
        return format!("{program}{rest}");
    }
    match field.strip_prefix("spec") {
        Some(rest) => format!("{piece}{rest}"),
        None => format!("{program}: {field}"),
    }
}
