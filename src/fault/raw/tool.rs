//! Tools that disturb others on the node they run on: its network, its containers, its disks.

use super::container::{commands, image, is_privileged, mentions, words};
use super::load::{is_stressor, loads, seconds};
use super::program::{Findings, Program};
use super::shell::Command;
use super::{fault, placement};
use crate::fault::{Action, Aim, Effect, Fault, Lifetime, Unreadable};
use crate::object::Field;

/// What disturbs the traffic of a network, and what such a program may say without doing so.
const NETWORK: &[(&str, &[&str])] = &[
    (
        "ip6tables",
        &["-L", "-S", "--list", "--list-rules", "--version"],
    ),
    (
        "iptables",
        &["-L", "-S", "--list", "--list-rules", "--version"],
    ),
    ("nft", &["list"]),
    ("tc", &["show", "ls", "list"]),
];

/// What Pumba does, by its command. Another one may do anything.
const PUMBA: &[(&str, Action, Effect)] = &[
    ("kill", Action::ContainerKill, Effect::Down),
    ("netem", Action::NetworkLoss, Effect::Isolated),
    ("iptables", Action::NetworkPartition, Effect::Isolated),
    ("pause", Action::PodFailure, Effect::Down),
    ("restart", Action::ContainerKill, Effect::Down),
    ("rm", Action::ContainerKill, Effect::Down),
    ("stop", Action::ContainerKill, Effect::Down),
    ("stress", Action::NodeStress, Effect::Down),
];

const ANYTHING: (Action, Effect) = (Action::ArbitraryCode, Effect::Corrupting);
const CUT: (Action, Effect) = (Action::NetworkPartition, Effect::Isolated);
const FILL: (Action, Effect) = (Action::DiskFill, Effect::Down);
const OVERWRITE: (Action, Effect) = (Action::DiskCorruption, Effect::Corrupting);
const LOAD: (Action, Effect) = (Action::NodeStress, Effect::Degraded);

const PUMBA_NAME: &str = "pumba";
const ENTER: &str = "nsenter";

/// Where data without an end comes from.
const ENDLESS: &[&str] = &["/dev/zero", "/dev/urandom", "/dev/random", "/dev/full"];
/// Devices that hold nothing.
const SINKS: &[&str] = &["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/zero"];

/// What a container does to its node with one of these tools; `None` where it runs none of them.
pub(super) fn read(
    program: &Program<'_>,
    container: &Field<'_>,
) -> Result<Option<Findings>, Unreadable> {
    let commands = commands(container);
    let called = |name: &str| {
        let mut told = commands.iter().flatten();
        told.find(|command| command.program() == name)
    };
    let of_image = image(container) == PUMBA_NAME;
    if let Some(command) = called(PUMBA_NAME) {
        return pumba(program, container, &command.words).map(Some);
    }
    if of_image {
        return pumba(program, container, &words(container)).map(Some);
    }
    // A workload that goes on for ever keeps the network and the node as they are meant to be.
    if program.serves {
        return Ok(None);
    }
    let mut faults = Vec::new();
    let mut found = false;
    for command in commands.iter().flatten() {
        let own = Own { program, container };
        if let Some(own) = own.disturbs(command)? {
            faults.extend(own);
            found = true;
        }
    }
    let enters = commands.is_none() && mentions(container, &[ENTER]);
    if enters && program.sees_node() {
        let aim = Aim::Nodes(placement::nodes(program)?);
        faults.push(fault(container.path(), ANYTHING, aim, Lifetime::Forever));
        found = true;
    }
    Ok(found.then(|| Findings::of(faults)))
}

/// What Pumba does to the containers of its node: the first of its words that is a command says so.
fn pumba(
    program: &Program<'_>,
    container: &Field<'_>,
    words: &[String],
) -> Result<Findings, Unreadable> {
    let mut known = words
        .iter()
        .filter_map(|word| PUMBA.iter().find(|row| row.0 == word));
    let kind = known.next().map_or(ANYTHING, |row| (row.1, row.2));
    let aim = Aim::Nodes(placement::nodes(program)?);
    let lifetime = program.lifetime(None)?;
    Ok(Findings {
        declared: true,
        ..Findings::of(vec![fault(container.path(), kind, aim, lifetime)])
    })
}

/// A container of a program.
struct Own<'o> {
    program: &'o Program<'o>,
    container: &'o Field<'o>,
}

impl Own<'_> {
    /// What a command does beyond its container; `None` where it is none of these tools.
    fn disturbs(&self, command: &Command) -> Result<Option<Vec<Fault>>, Unreadable> {
        match command.program() {
            ENTER => self.enters(command).map(Some),
            "dd" => self.copies(command),
            name => match NETWORK.iter().find(|row| row.0 == name) {
                Some(row) if self.program.is_on_node_network() => {
                    self.network(row.1, command).map(Some)
                }
                // In a network of its own it disturbs nobody else.
                Some(_) => Ok(Some(Vec::new())),
                None => Ok(None),
            },
        }
    }

    fn network(&self, looking: &[&str], command: &Command) -> Result<Vec<Fault>, Unreadable> {
        let looks = command
            .words
            .iter()
            .any(|it| looking.contains(&it.as_str()));
        // Rules stay when the program has ended.
        if looks {
            Ok(Vec::new())
        } else {
            self.on_node(CUT, Lifetime::Forever)
        }
    }

    /// A program run in the namespaces of another process, which may be one of the node.
    fn enters(&self, command: &Command) -> Result<Vec<Fault>, Unreadable> {
        if !self.program.sees_node() {
            return Ok(Vec::new());
        }
        let options = command.words.iter().skip(1);
        let inner: Vec<String> = options
            .skip_while(|it| it.starts_with('-') || it.chars().all(|c| c.is_ascii_digit()))
            .cloned()
            .collect();
        let inner = Command {
            words: inner,
            limit: command.limit.clone(),
            ..Command::default()
        };
        if is_stressor(inner.program()) {
            return loads(self.program, self.container, &inner);
        }
        match NETWORK.iter().find(|row| row.0 == inner.program()) {
            Some(row) => self.network(row.1, &inner),
            None => self.on_node(ANYTHING, Lifetime::Forever),
        }
    }

    /// Data without an end fills a disk; written to a device, it is the end of what lies there. A
    /// copy with a count is none of ours unless labels say that it is chaos.
    fn copies(&self, command: &Command) -> Result<Option<Vec<Fault>>, Unreadable> {
        let value = |key: &str| {
            let mut words = command.words.iter();
            words.find_map(|word| word.strip_prefix(key))
        };
        let to = value("of=").unwrap_or("/dev/stdout");
        let endless = value("if=").is_some_and(|from| ENDLESS.contains(&from));
        let counted = value("count=").is_some();
        if to.starts_with("/dev/") && !SINKS.contains(&to) && !to.starts_with("/dev/shm/") {
            return if is_privileged(self.container) {
                self.on_node(OVERWRITE, Lifetime::Forever).map(Some)
            } else {
                Ok(Some(Vec::new()))
            };
        }
        if !self.program.marked && (counted || !endless) {
            return Ok(None);
        }
        let limit = command.limit.as_deref().and_then(seconds);
        let lifetime = self.program.lifetime(limit)?;
        let (action, effect) = if SINKS.contains(&to) { LOAD } else { FILL };
        let bounded = self.program.is_bounded(self.container, "ephemeral-storage");
        let effect = if bounded { Effect::Degraded } else { effect };
        self.on_node((action, effect), lifetime).map(Some)
    }

    fn on_node(
        &self,
        kind: (Action, Effect),
        lifetime: Lifetime,
    ) -> Result<Vec<Fault>, Unreadable> {
        let aim = Aim::Nodes(placement::nodes(self.program)?);
        let mut fault = fault(self.container.path(), kind, aim, lifetime);
        self.program
            .deadline()
            .path()
            .clone_into(&mut fault.duration_field);
        fault.later = self.program.job.is_some();
        Ok(vec![fault])
    }
}
