//! What is known of a database that no operator runs.

use super::cron_job::CronJobs;
use super::plain::{COMPONENT, INSTANCE, Set};
use super::{engine, ordinal, replicas};
use crate::inventory::world::World;
use crate::inventory::{Database, Group, Pod, PodId, Quorum, Writer, narrow};

/// The annotation that names the label of the writer, `key=value`.
const ROLE_LABEL: &str = "firebreak.dev/role-label";
/// Components that are the writer for good.
const PRIMARIES: &[&str] = &["primary", "master"];
/// Values of role labels that mean the writer.
const WRITERS: &[&str] = &["primary", "master", "leader", "PRIMARY"];

/// The workloads of one database, and why they were taken for it.
pub(super) struct Release<'s> {
    engine: String,
    reason: String,
    pub(super) sets: Vec<Set<'s>>,
}

impl Release<'_> {
    pub(super) fn new(engine: String, reason: String) -> Self {
        Self {
            engine,
            reason,
            sets: Vec::new(),
        }
    }

    /// The database; `None` without a workload.
    pub(super) fn group(self, world: &World<'_>, pods: &[Pod]) -> Option<Group> {
        let first = self.sets.first()?;
        let name = match self.sets.len() {
            1 => first.owner.name.as_str(),
            _ => first.label(INSTANCE),
        };
        let mut members: Vec<PodId> = self.members().map(|it| it.id).collect();
        members.sort_unstable();
        let size = replicas(world, pods, &members);
        Some(Group {
            kind: first.owner.kind.clone(),
            api_group: first.owner.api_group.clone(),
            namespace: first.namespace.to_owned(),
            name: name.to_owned(),
            unit: String::new(),
            size,
            database: Some(self.database(world, name, size)),
            members,
        })
    }

    fn database(&self, world: &World<'_>, name: &str, size: u32) -> Database {
        let (writer, moves) = self.writer(world);
        let present = narrow(self.members().count());
        let fixed = matches!(writer, Writer::Known(_)) && !moves && present > 1;
        let note = if fixed {
            "; nothing promotes another member"
        } else {
            ""
        };
        let cron_jobs = CronJobs::of(world, name, &self.sets);
        Database {
            engine: self.engine.clone(),
            recognised_by: format!("{}{note}", self.reason),
            doubt: None,
            standbys: self.standbys(&writer, moves),
            quorum: match &writer {
                Writer::Known(_) if !self.may_vote(moves) => Quorum::None,
                Writer::Known(_) | Writer::Any { .. } | Writer::Untold { .. } => {
                    Quorum::Majority(size.max(present))
                }
            },
            writer,
            unhealthy: None,
            busy: cron_jobs.running(),
            paused: false,
            lag: None,
            backup: cron_jobs.newest_backup(world, &self.sets),
            point_in_time: None,
            backup_schedules: cron_jobs.schedules(),
        }
    }

    /// Whether its members may elect the writer among them. A writer that moves within MySQL may
    /// be that of a replication group.
    fn may_vote(&self, moves: bool) -> bool {
        let groups = ["mariadb", "mysql"].contains(&self.engine.as_str());
        !engine::is_replicated(&self.engine) || (moves && groups)
    }

    fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let of_set = |set| Set::members(set).map(move |(id, pod)| Member { set, id, pod });
        self.sets.iter().flat_map(of_set)
    }

    /// Who writes, and whether that moves when the writer is lost.
    fn writer(&self, world: &World<'_>) -> (Writer, bool) {
        let mark = |set: &Set<'_>| {
            let own = set.own_mark(ROLE_LABEL).map(str::to_owned);
            own.or_else(|| set.namespace_mark(world, ROLE_LABEL).map(str::to_owned))
        };
        let mark = self.sets.iter().find_map(mark);
        let mark = mark.as_deref().and_then(|mark| mark.split_once('='));
        for way in [by_mark, by_role, by_chart] {
            let found = self
                .members()
                .filter_map(|it| Some((it.id, way(self, &it, mark)?)));
            let found: Vec<(PodId, bool)> = found.collect();
            if !found.is_empty() {
                let moves = found.iter().all(|(_, moves)| *moves);
                return (Writer::Known(found.iter().map(|it| it.0).collect()), moves);
            }
        }
        (self.unlabelled(), false)
    }

    /// A single member is the writer; of several, any may be.
    fn unlabelled(&self) -> Writer {
        let first = self.members().min_by_key(|it| ordinal(it.pod));
        let probable = first.map(|it| it.id);
        match (self.members().count(), probable) {
            (1, Some(only)) => Writer::Known(vec![only]),
            _ => Writer::Any { probable },
        }
    }

    /// Members that may take over from the writer and hold the data to do so. Engines that vote
    /// replace it themselves; of the others, only those whose writer is known to move.
    fn standbys(&self, writer: &Writer, moves: bool) -> Vec<PodId> {
        let votes = !engine::is_replicated(&self.engine);
        let passive = |pod: &Pod| ["arbiter", "hidden"].contains(&pod.label(COMPONENT));
        let leads = |id: PodId| matches!(writer, Writer::Known(known) if known.contains(&id));
        let able = self
            .members()
            .filter(|it| !passive(it.pod) && !leads(it.id));
        let mut standbys: Vec<PodId> = able.filter(|_| votes || moves).map(|it| it.id).collect();
        standbys.sort_unstable();
        standbys
    }
}

/// A member and the workload it is of.
struct Member<'m> {
    set: &'m Set<'m>,
    id: PodId,
    pod: &'m Pod,
}

/// A label with its value, as the user names it.
type Mark<'m> = Option<(&'m str, &'m str)>;

/// A way to tell whether a member is the writer, and if it is, whether that may move.
fn by_mark(_: &Release<'_>, member: &Member<'_>, mark: Mark<'_>) -> Option<bool> {
    let (key, value) = mark?;
    (member.pod.label(key) == value).then(|| !member.set.fixes(key))
}

fn by_role(_: &Release<'_>, member: &Member<'_>, _: Mark<'_>) -> Option<bool> {
    let says_role = |key: &str| key == "role" || key.ends_with("/role") || key.ends_with("-role");
    let mut labels = member.pod.labels.iter();
    let found = labels.find(|(key, value)| says_role(key) && WRITERS.contains(&value.as_str()));
    found.map(|(key, _)| !member.set.fixes(key))
}

/// The component of a chart never moves.
fn by_chart(release: &Release<'_>, member: &Member<'_>, _: Mark<'_>) -> Option<bool> {
    let primary = PRIMARIES.contains(&member.pod.label(COMPONENT));
    (primary && engine::is_replicated(&release.engine)).then_some(false)
}
