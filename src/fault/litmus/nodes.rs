//! Which nodes a Litmus fault hits: named, labelled, hosting a target, or machines of a cloud.

use super::env::Knob;
use super::hub::Machines;
use super::target::{Aimer, Choice, few, namespaces};
use crate::fault::{Aim, Listing, Mode, NodeQuery, NodeTarget, PodQuery, Selection, Unreadable};
use crate::selector_text;

const NODES_PERCENT: Knob = Knob::share("NODES_AFFECTED_PERC", 0).ranged();

impl Aimer<'_> {
    /// The nodes to which victims are restricted.
    pub(super) fn node_label(&self) -> Result<Option<NodeQuery>, Unreadable> {
        const NAME: &str = "NODE_LABEL";
        let text = self.env.text(NAME)?;
        if text.is_empty() {
            return Ok(None);
        }
        let labels = selector_text::parse(text).map_err(|error| {
            self.env
                .unreadable(NAME, format!("a label selector ({error})"))
        })?;
        Ok(Some(NodeQuery {
            names: Vec::new(),
            labels: Some(labels),
            ..NodeQuery::default()
        }))
    }

    /// Machines of a cloud, each a target of its own: one that is no node here is not known.
    pub(super) fn machines(&self, by: &Machines) -> Result<Vec<Aim>, Unreadable> {
        let named = self.env.list(by.list)?;
        if named.is_empty() {
            let what = format!("{} names no machine of the cloud", by.list);
            return Ok(vec![Aim::Unknown(what)]);
        }
        let target = |name: &String| {
            let nodes = NodeQuery {
                machines: vec![format!("{}{}", by.prefix, name.to_lowercase())],
                ..NodeQuery::default()
            };
            Aim::Nodes(self.nodes(Some(nodes), Mode::All, by.list))
        };
        Ok(named.iter().map(target).collect())
    }

    /// A percentage of the nodes.
    pub(super) fn many_nodes(&self) -> Result<Choice<NodeTarget>, Unreadable> {
        let names = self.env.list("TARGET_NODES")?;
        if !names.is_empty() {
            let count = u32::try_from(names.len()).ok();
            let target = self.nodes(Some(by_name(names)), Mode::All, "TARGET_NODES");
            return Ok(Choice { target, count });
        }
        let percent = self.env.number(NODES_PERCENT)?.most;
        if percent > 100 {
            let accepted = "at most 100: above that, nodes are hit several times";
            self.env.refuse(NODES_PERCENT.name, accepted);
        }
        let label = self.node_label()?;
        let target = self.nodes(label, Mode::AtLeastOne(percent), NODES_PERCENT.name);
        let count = few(percent);
        Ok(Choice { target, count })
    }

    /// One node.
    pub(super) fn one_node(&self) -> Result<NodeTarget, Unreadable> {
        let name = self.env.text("TARGET_NODE")?;
        if !name.is_empty() {
            let node = by_name(vec![name.to_owned()]);
            return Ok(self.nodes(Some(node), Mode::One, "TARGET_NODE"));
        }
        if let Some(label) = self.node_label()? {
            return Ok(self.nodes(Some(label), Mode::One, "NODE_LABEL"));
        }
        let query = if self.entries.is_empty() {
            PodQuery::default()
        } else {
            let (entry, element) = self.first_label()?;
            PodQuery {
                namespaces: namespaces(&entry.namespace),
                labels: self.labels(element)?,
                ..PodQuery::default()
            }
        };
        let hosting = Selection {
            queries: vec![query],
            list: Listing::ByName,
        };
        Ok(NodeTarget {
            hosting: Some(hosting),
            ..self.nodes(None, Mode::One, "TARGET_NODE")
        })
    }

    fn nodes(&self, nodes: Option<NodeQuery>, mode: Mode, field: &str) -> NodeTarget {
        NodeTarget {
            nodes,
            hosting: None,
            mode,
            field: self.env.path(field),
        }
    }
}

fn by_name(names: Vec<String>) -> NodeQuery {
    NodeQuery {
        names,
        labels: None,
        ..NodeQuery::default()
    }
}
