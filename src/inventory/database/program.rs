//! What a container runs, as far as it gives a database away.

use serde_json::{Map, Value};

use super::sentinel;
use crate::inventory::ContainerPort;
use crate::inventory::lenient::{list, text};
use crate::inventory::words::{Text, Words};

/// What a container runs. Of its arguments and its environment, which may be long or secret, only
/// what they tell is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(in crate::inventory) struct Program {
    /// The container's name.
    pub(super) name: Text,
    /// Its image.
    pub(super) image: Text,
    /// Every port that it says it listens at.
    pub(super) ports: Vec<ContainerPort>,
    /// Whether its environment says that it decides for others and holds no data.
    pub(super) dedicated: bool,
    /// Whether it is a Sentinel.
    pub(super) sentinel: bool,
}

impl Program {
    pub(in crate::inventory) fn read(container: &Value, words: &mut Words) -> Self {
        let ports = list(container, "/ports").iter();
        let ports = ports.filter_map(|port| ContainerPort::read(port, words));
        let mut program = Self {
            ports: ports.collect(),
            name: words.text(text(container, "/name")),
            image: words.text(text(container, "/image")),
            dedicated: is_dedicated(container),
            sentinel: false,
        };
        program.sentinel = sentinel::is_one(&program, container);
        program
    }

    /// What is read of a container, as a container.
    pub(in crate::inventory) fn excerpt(container: &Value) -> Value {
        let mut kept = Map::new();
        for key in ["name", "image", "ports"] {
            kept.extend(container.get(key).map(|it| (key.to_owned(), it.clone())));
        }
        let settings = list(container, "/env").iter();
        let settings: Value = settings.filter(|it| says_dedicated(it)).cloned().collect();
        let starting: Value = sentinel::starting(container).collect();
        for (key, values) in [("env", settings), ("command", starting)] {
            if values.get(0).is_some() {
                kept.insert(key.to_owned(), values);
            }
        }
        Value::Object(kept)
    }

    pub(super) fn listens(&self, port: u32) -> bool {
        self.ports.iter().any(|it| it.number == port)
    }
}

fn is_dedicated(container: &Value) -> bool {
    list(container, "/env").iter().any(says_dedicated)
}

fn says_dedicated(setting: &Value) -> bool {
    text(setting, "/name").ends_with("_IS_DEDICATED_NODE") && text(setting, "/value") == "yes"
}
