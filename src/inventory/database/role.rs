//! Which members of a database without an operator say that they are written to.

use super::part;
use super::release::{Member, Release};
use crate::inventory::PodId;
use crate::inventory::world::World;

/// The annotation that names the label of the writer, `key=value`.
pub const ROLE_LABEL: &str = "firebreak.dev/role-label";
/// Values of role labels that mean the writer.
const WRITERS: &[&str] = &["primary", "master", "leader"];

/// What labels say of the writer.
#[derive(Debug, Clone, Default)]
pub(super) struct Role {
    /// The members that are the writer by a label.
    pub(super) writers: Vec<PodId>,
    /// Whether that label moves when another member becomes the writer.
    pub(super) moves: bool,
    /// Why what its user says cannot be understood.
    pub(super) doubt: Option<String>,
}

/// What labels say of the writer. Where something elects it, a label that never moves says nothing.
pub(super) fn role(release: &Release<'_>, world: &World<'_>, elected: bool) -> Role {
    if let Some(mark) = mark(release, world) {
        let Some((key, value)) = mark.split_once('=') else {
            return Role {
                doubt: Some(format!("its {ROLE_LABEL} is \"{mark}\", not key=value")),
                ..Role::default()
            };
        };
        return told(release, |it| {
            (it.pod.label(key) == value).then(|| !it.share.set.fixes(key))
        });
    }
    let role = told(release, |it| by_role(it).filter(|moves| *moves || !elected));
    if role.writers.is_empty() && !elected {
        return told(release, |it| by_chart(release, it).then_some(false));
    }
    role
}

/// What its user says.
fn mark(release: &Release<'_>, world: &World<'_>) -> Option<String> {
    let mark = |set: &super::set::Set<'_>| {
        let own = set.own_mark(ROLE_LABEL).map(str::to_owned);
        own.or_else(|| set.namespace_mark(world, ROLE_LABEL).map(str::to_owned))
    };
    release.shares.iter().find_map(|it| mark(&it.set))
}

/// The members of which `way` tells that they are the writer, and whether that moves.
fn told(release: &Release<'_>, way: impl Fn(&Member<'_>) -> Option<bool>) -> Role {
    let found = release.members().filter_map(|it| Some((it.id, way(&it)?)));
    let found: Vec<(PodId, bool)> = found.collect();
    Role {
        moves: !found.is_empty() && found.iter().all(|(_, moves)| *moves),
        writers: found.into_iter().map(|it| it.0).collect(),
        doubt: None,
    }
}

/// Whether a label of a member, or of its workload, says that it is the writer, and if so whether
/// that may move.
fn by_role(member: &Member<'_>) -> Option<bool> {
    let set = &member.share.set;
    let mut labels = member.pod.labels.iter();
    let found = labels.find(|(key, value)| says_writer(key, value));
    let of_pod = found.map(|(key, _)| !set.fixes(key));
    of_pod.or_else(|| says_writer("role", set.own_label("role")).then_some(false))
}

fn says_writer(key: &str, value: &str) -> bool {
    let says_role = key == "role" || key.ends_with("/role") || key.ends_with("-role");
    let writer = WRITERS.iter().any(|word| value.eq_ignore_ascii_case(word));
    (says_role && writer) || (key == "isMaster" && value == "true")
}

/// The component of a chart never moves.
fn by_chart(release: &Release<'_>, member: &Member<'_>) -> bool {
    part::is_primary(&release.engine, &member.share.set.words())
}
