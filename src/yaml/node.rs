//! The values of a document while they are being put together.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::SyntaxError;
use super::position::{Position, Positions};
use super::scalar;

/// How much there is of a value: what copying it costs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) nodes: usize,
    pub(super) bytes: usize,
}

impl Size {
    /// A single node with so much text in it.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            nodes: 1,
            bytes: text.len(),
        }
    }

    fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// What remains after `cost`, if it suffices.
    pub(super) fn less(self, cost: Self) -> Option<Self> {
        Some(Self {
            nodes: self.nodes.checked_sub(cost.nodes)?,
            bytes: self.bytes.checked_sub(cost.bytes)?,
        })
    }
}

/// A finished value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) positions: Positions,
    pub(super) size: Size,
    /// How many levels are nested in it.
    pub(super) height: usize,
}

impl Node {
    pub(super) fn scalar(value: Value, size: Size, here: Position) -> Self {
        let positions = Positions::of_scalar(here);
        Self {
            value,
            positions,
            size,
            height: 0,
        }
    }
}

/// A list or a map that has not been closed yet.
#[derive(Debug)]
pub(super) struct Open {
    here: Position,
    /// The anchor it is known by, 0 for none.
    pub(super) anchor: usize,
    size: Size,
    height: usize,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    List {
        items: Vec<Value>,
        positions: Vec<Positions>,
    },
    Map {
        entries: Map<String, Value>,
        positions: Vec<(Box<str>, Positions)>,
        /// Keys that came through `<<` and may be written again.
        merged: BTreeSet<String>,
        key: Option<Key>,
    },
}

/// A key that waits for its value.
#[derive(Debug)]
enum Key {
    Merge,
    Named(String, Position),
}

impl Open {
    pub(super) fn list(here: Position, anchor: usize) -> Self {
        let shape = Shape::List {
            items: Vec::new(),
            positions: Vec::new(),
        };
        Self::new(here, anchor, shape)
    }

    pub(super) fn map(here: Position, anchor: usize) -> Self {
        let shape = Shape::Map {
            entries: Map::new(),
            positions: Vec::new(),
            merged: BTreeSet::new(),
            key: None,
        };
        Self::new(here, anchor, shape)
    }

    fn new(here: Position, anchor: usize, shape: Shape) -> Self {
        Self {
            here,
            anchor,
            size: Size { nodes: 1, bytes: 0 },
            height: 0,
            shape,
        }
    }

    /// Takes `<<` where a key is expected; elsewhere it is text like any other.
    pub(super) fn take_merge_key(&mut self) -> bool {
        match &mut self.shape {
            Shape::Map { key, .. } if key.is_none() => {
                *key = Some(Key::Merge);
                true
            }
            Shape::Map { .. } | Shape::List { .. } => false,
        }
    }

    /// Takes the next item, key or value.
    pub(super) fn take(&mut self, node: Node) -> Result<(), SyntaxError> {
        self.size.add(node.size);
        self.height = self.height.max(node.height.saturating_add(1));
        match &mut self.shape {
            Shape::List { items, positions } => {
                items.push(node.value);
                positions.push(node.positions);
                Ok(())
            }
            Shape::Map { key, .. } => match key.take() {
                None => {
                    let here = node.positions.start();
                    let name = scalar::key(node.value).map_err(|error| here.error(error.0))?;
                    *key = Some(Key::Named(name, here));
                    Ok(())
                }
                Some(Key::Named(name, here)) => self.insert(name, here, node),
                Some(Key::Merge) => self.merge(node),
            },
        }
    }

    fn insert(&mut self, name: String, here: Position, node: Node) -> Result<(), SyntaxError> {
        let Shape::Map {
            entries,
            positions,
            merged,
            ..
        } = &mut self.shape
        else {
            return Ok(());
        };
        if entries.contains_key(&name) && !merged.remove(&name) {
            return Err(here.error(format!("key {name:?} is written twice in one map")));
        }
        positions.push((name.as_str().into(), node.positions.moved_to(here)));
        entries.insert(name, node.value);
        Ok(())
    }

    /// Merges a map, or a list of maps of which the first counts most.
    fn merge(&mut self, node: Node) -> Result<(), SyntaxError> {
        let here = node.positions.start();
        let refused = || here.error("the value of <<, expected a map or a list of maps");
        match node.value {
            Value::Object(entries) => self.merge_map(entries, &node.positions),
            Value::Array(items) => {
                for (item, positions) in items.into_iter().zip(node.positions.items()).rev() {
                    let Value::Object(entries) = item else {
                        return Err(refused());
                    };
                    self.merge_map(entries, positions);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(refused());
            }
        }
        Ok(())
    }

    /// kubectl lets a merge overrule what stands above it, and be overruled by what stands below.
    fn merge_map(&mut self, from: Map<String, Value>, at: &Positions) {
        if let Shape::Map {
            entries,
            positions,
            merged,
            ..
        } = &mut self.shape
        {
            merged.extend(from.keys().cloned());
            entries.extend(from);
            positions.extend(at.members().iter().cloned());
        }
    }

    /// The finished value.
    pub(super) fn close(self) -> Node {
        let (value, positions) = match self.shape {
            Shape::List { items, positions } => (
                Value::Array(items),
                Positions::of_list(self.here, positions),
            ),
            Shape::Map {
                entries, positions, ..
            } => (
                Value::Object(entries),
                Positions::of_map(self.here, positions),
            ),
        };
        Node {
            value,
            positions,
            size: self.size,
            height: self.height,
        }
    }
}
