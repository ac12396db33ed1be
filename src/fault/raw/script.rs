//! Programs that ask the API server for harm: commands of kubectl as far as their text tells, and
//! else whatever their account may do.

use super::container::{commands, image, is_privileged, mentions, words};
use super::program::{Findings, Program};
use super::shell::Command;
use super::{kubectl, rights, volume};
use crate::fault::{Fault, Note, Unreadable};
use crate::object::Field;

/// Programs that hurt nothing, whatever their words.
const HARMLESS: &[&str] = &[
    "", ":", "[", "cd", "date", "echo", "exit", "false", "printf", "set", "sleep", "test", "true",
];

/// Clients of the API server.
const CLIENTS: &[&str] = &["kubectl", "oc"];
/// Programs that carry chaos out as a file says.
const RUNNERS: &[&str] = &["chaostoolkit", "chaos-toolkit"];
/// How a script speaks to the API server without a client.
const BY_HAND: &[&str] = &[
    "KUBERNETES_SERVICE_HOST",
    "kubernetes.default",
    "kubernetes.io/serviceaccount",
];
/// Words of a client that take something away.
const DESTRUCTIVE: &[&str] = &[
    "-XDELETE", "DELETE", "cordon", "delete", "drain", "evict", "eviction", "scale", "taint",
];

/// What a container asks of the API server. One that is marked as chaos may do whatever cannot be
/// told; any other is judged where its text says that it takes something away.
pub(super) fn read(program: &Program<'_>, container: &Field<'_>) -> Result<Findings, Unreadable> {
    let runs_chaos = RUNNERS.contains(&image(container));
    let asks = runs_chaos || asks(container);
    // A label on what goes on for ever marks a victim, unless that asks for harm itself.
    let marked = program.marked && (!program.serves || asks);
    if !(marked || asks) {
        return Ok(Findings::default());
    }
    let told = if runs_chaos {
        None
    } else {
        told(program, container)
    };
    if let Some(faults) = told {
        return Ok(Findings::of(faults));
    }
    let takes_away = runs_chaos || mentions(container, DESTRUCTIVE);
    if !(marked || takes_away) {
        return Ok(Findings::default());
    }
    Ok(Findings {
        declared: runs_chaos,
        ..bounded(program, container)?
    })
}

/// Whether its text or its image speaks of the API server.
fn asks(container: &Field<'_>) -> bool {
    CLIENTS.contains(&image(container))
        || mentions(container, CLIENTS)
        || words(container)
            .iter()
            .any(|word| BY_HAND.iter().any(|it| word.contains(it)))
}

/// What the commands do; `None` where one of them may do something else.
fn told(program: &Program<'_>, container: &Field<'_>) -> Option<Vec<Fault>> {
    let by_image = || {
        // The image runs its client with these words.
        let mut all = vec![CLIENTS[0].to_owned()];
        all.extend(words(container));
        let client = CLIENTS.contains(&image(container)) && !container.get("command").is_set();
        client.then(|| {
            vec![Command {
                words: all,
                ..Command::default()
            }]
        })
    };
    let commands = commands(container).or_else(by_image)?;
    let mut faults = Vec::new();
    for command in &commands {
        if HARMLESS.contains(&command.program()) {
            continue;
        }
        if !CLIENTS.contains(&command.program()) {
            return None;
        }
        faults.extend(kubectl::read(program, command, container.path())?);
    }
    Some(faults)
}

/// What a program may do of which nothing can be told: what its account may. One that has its node
/// in hand has the accounts of others as well.
fn bounded(program: &Program<'_>, container: &Field<'_>) -> Result<Findings, Unreadable> {
    const WHAT: &str = "what this program does cannot be told from the object, so it may do \
                        anything the service account may";
    let field = container.path();
    let untold = || Findings::of(vec![Fault::untold(field, WHAT)]);
    let has_node = is_privileged(container) || program.sees_node() || volume::has_node(program);
    if has_node {
        return Ok(untold());
    }
    let lifetime = program.lifetime(None)?;
    Ok(rights::of(program).map_or_else(untold, |rights| Findings {
        faults: rights.faults(field, lifetime),
        notes: vec![Note {
            field: field.to_owned(),
            message: rights.sentence(),
        }],
        declared: false,
    }))
}
