//! Volumes that are not a program's own: the claim of a database, a directory of the node.

use super::container::is_privileged;
use super::program::Program;
use super::{fault, own_namespace, placement};
use crate::fault::{Action, Aim, Effect, Fault, PodQuery, Target, Unreadable};
use crate::object::Field;

/// Directories of a node that hold nobody's data.
const HARMLESS: &[&str] = &[
    "/etc/localtime",
    "/etc/ssl",
    "/etc/timezone",
    "/lib/modules",
    "/proc",
    "/sys/fs/cgroup",
    "/usr/lib/modules",
    "/usr/share/zoneinfo",
];

const SOCKET: &str = ".sock";

const DAMAGE: (Action, Effect) = (Action::DiskCorruption, Effect::Corrupting);

/// What a program may damage through its volumes. Claims always count, because only a member of the
/// database is meant to have its claim; directories of the node where something else says that it is
/// chaos.
pub(super) fn read(program: &Program<'_>, is_chaos: bool) -> Result<Vec<Fault>, Unreadable> {
    let mut faults = Vec::new();
    for volume in program.pod.get("volumes").items().unwrap_or_default() {
        let name = name(&volume);
        if let Some(own) = &program.own
            && let Some(claim) = claim(&volume)
            && is_written(program, &name)
        {
            let query = PodQuery {
                namespaces: own_namespace(program.namespace),
                claims: Some(vec![claim.to_owned()]),
                except: (!own.is_empty()).then(|| own.clone()).into_iter().collect(),
                ..PodQuery::default()
            };
            let lifetime = program.lifetime(None)?;
            let aim = Aim::Pods(Target::all_of(query, volume.path()));
            faults.push(fault(volume.path(), DAMAGE, aim, lifetime));
        }
        // A socket holds no data; what is done through it is told by the program.
        let directory = of_node(&volume).filter(|path| !path.ends_with(SOCKET));
        let is_chaos = program.marked || is_chaos;
        if is_chaos && directory.is_some() && is_written(program, &name) {
            let aim = Aim::Nodes(placement::nodes(program)?);
            let lifetime = program.lifetime(None)?;
            faults.push(fault(volume.path(), DAMAGE, aim, lifetime));
        }
    }
    Ok(faults)
}

/// Whether it has its node in hand: by a directory it writes to, or by a socket, which obeys also
/// where it cannot be written.
pub(super) fn has_node(program: &Program<'_>) -> bool {
    let volumes = program.pod.get("volumes").items().unwrap_or_default();
    volumes.iter().any(|volume| {
        let path = of_node(volume);
        path.is_some_and(|path| path.ends_with(SOCKET) || is_written(program, &name(volume)))
    })
}

fn name(volume: &Field<'_>) -> String {
    let name = volume.get("name").text().ok().flatten();
    name.unwrap_or_default().to_owned()
}

fn claim<'a>(volume: &Field<'a>) -> Option<&'a str> {
    let claim = volume.get("persistentVolumeClaim");
    let read_only = claim.get("readOnly").boolean().ok().flatten() == Some(true);
    let name = claim.get("claimName").text().ok().flatten();
    name.filter(|_| !read_only)
}

/// The directory of the node that it is, where that may hold data.
fn of_node<'a>(volume: &Field<'a>) -> Option<&'a str> {
    let path = volume.get("hostPath").get("path").text().ok().flatten();
    let below = |path: &str, of: &&str| path.strip_prefix(*of).is_some_and(is_below);
    path.filter(|path| !HARMLESS.iter().any(|of| below(path, of)))
}

fn is_below(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// Whether a container may write to a volume. One that no container mounts is not.
fn is_written(program: &Program<'_>, name: &str) -> bool {
    let lists = ["initContainers", "containers"];
    let containers = lists
        .iter()
        .flat_map(|list| program.pod.get(list).items().unwrap_or_default());
    containers.into_iter().any(|container| {
        let uses = |list: &str| {
            let mounts = container.get(list).items().unwrap_or_default();
            mounts.into_iter().any(|mount| {
                let read_only = mount.get("readOnly").boolean().ok().flatten() == Some(true);
                mount.get("name").text().ok().flatten() == Some(name)
                    && (!read_only || is_privileged(&container))
            })
        };
        uses("volumeMounts") || uses("volumeDevices")
    })
}
