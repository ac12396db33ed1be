//! `blast.groups`: what the worst case leaves of each database and workload.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

use super::reach::{Victim, victims};
use super::record::{instant, int, items, maybe, record, span, text, texts, truth, view};
use crate::blast::Impact;
use crate::inventory::{Backup, Database, Group, Inventory, PodId, Quorum, Writer};
use crate::policy::limits::age_of;

/// What the worst case leaves of a database or workload.
#[derive(Debug)]
pub(super) struct Hurt<'c> {
    impact: &'c Impact,
    group: &'c Group,
    inventory: &'c Inventory,
    quorum: Option<Majority>,
    database: Option<Engine<'c>>,
    members: OnceLock<Vec<Victim<'c>>>,
}

/// How many members must stay.
#[derive(Debug)]
struct Majority {
    needs: u32,
    kept: bool,
}

/// What is known of a database.
#[derive(Debug)]
struct Engine<'c> {
    database: &'c Database,
    group: &'c Group,
    inventory: &'c Inventory,
    backup: Saved<'c>,
}

/// Its newest backup.
#[derive(Debug)]
struct Saved<'c> {
    backup: &'c Backup,
    restored: Option<Timestamp>,
    now: Timestamp,
}

impl<'c> Hurt<'c> {
    pub(super) fn new(impact: &'c Impact, inventory: &'c Inventory, now: Timestamp) -> Self {
        let group = inventory.group(impact.group);
        let database = group.database.as_ref();
        let ruled = database.filter(|database| database.quorum != Quorum::None);
        Self {
            impact,
            group,
            inventory,
            quorum: ruled.map(|database| Majority {
                needs: database.quorum.needs(),
                kept: impact.quorum_kept.unwrap_or(true),
            }),
            database: database.map(|database| Engine {
                database,
                group,
                inventory,
                backup: Saved {
                    backup: &database.backup,
                    restored: database.restored,
                    now,
                },
            }),
            members: OnceLock::new(),
        }
    }

    fn share(&self) -> i64 {
        let (hits, size) = (self.impact.hits, self.impact.size.max(1));
        (i64::from(hits) * 100 + i64::from(size) - 1) / i64::from(size)
    }
}

impl Saved<'_> {
    /// How long ago it finished; `None` where there is none or it cannot be told.
    fn age(&self) -> Option<Duration> {
        match self.backup {
            Backup::At(finished) => age_of(*finished, self.now),
            Backup::Never | Backup::Unknown(_) => None,
        }
    }

    fn known(&self) -> bool {
        *self.backup == Backup::Never || self.age().is_some()
    }

    fn finished(&self) -> Option<Timestamp> {
        match self.backup {
            Backup::At(finished) if self.known() => Some(*finished),
            Backup::At(_) | Backup::Never | Backup::Unknown(_) => None,
        }
    }
}

impl<'c> Engine<'c> {
    /// The members that may be writing.
    fn writers(&self) -> impl Iterator<Item = &'c str> {
        let (group, inventory) = (self.group, self.inventory);
        let ids: &'c [PodId] = match &self.database.writer {
            Writer::Known(ids) => ids,
            Writer::Any { .. } | Writer::Untold { .. } => &group.members,
        };
        ids.iter().map(|id| inventory.pod(*id).name.as_str())
    }
}

record! {
    /// How many members of a database must stay for it to serve.
    QUORUM = "Quorum" of Majority {
        "needs": "int", |it| int(it.needs),
            "The fewest healthy members with which it serves.",
            "blast.groups.all(group, group.quorum == null || group.healthy > group.quorum.needs)";
        "kept": "bool", |it| truth(it.kept),
            "Whether the worst case leaves them.",
            "blast.groups.all(group, group.quorum == null || group.quorum.kept)";
    }
}

record! {
    /// The newest backup of a database.
    BACKUP = "Backup" of Saved<'_> {
        "known": "bool", |it| truth(it.known()),
            "Whether it can be told; a backup that finished in the future cannot.",
            "blast.groups.all(group, group.database == null || group.database.backup.known)";
        "finished": "timestamp", |it| instant(it.finished()),
            "When it finished; `null` where there is none or it cannot be told.",
            "blast.groups.all(group, group.database == null || group.database.backup.finished != null)";
        "age": "duration", |it| span(it.age()),
            "How long ago that was; `null` where there is none or it cannot be told.",
            "blast.groups.all(group, group.database == null || group.database.backup.age <= duration('26h'))";
        "restored": "timestamp", |it| instant(it.restored),
            "When the database's backups were last restored, in place or into a new database (then when that one was made); `null` where nothing tells of a restore. A backup that succeeded is no tested one.",
            "blast.groups.all(group, group.database == null || group.database.backup.restored != null)";
    }
}

record! {
    /// What is known of a database beside its pods.
    DATABASE = "Database" of Engine<'_> {
        "engine": "string", |it| text(&it.database.engine),
            "Its engine, such as `mysql`.",
            "blast.groups.all(group, group.database == null || group.database.engine != 'mysql')";
        "recognisedBy": "string", |it| text(&it.database.recognised_by),
            "Why it was taken for a database, a phrase.",
            "blast.groups.all(group, group.database == null || group.database.recognisedBy != '')";
        "writers": "list(string)", |it| texts(it.writers()),
            "The members that may be writing, by name: all of them where nothing tells which.",
            "blast.groups.all(group, group.database == null || group.database.writers.size() == 1)";
        "writerKnown": "bool", |it| truth(matches!(it.database.writer, Writer::Known(_))),
            "Whether something tells which members are writing.",
            "blast.groups.all(group, group.database == null || group.database.writerKnown)";
        "healthy": "bool", |it| truth(it.database.unhealthy.is_none()),
            "Whether it is healthy by its own word.",
            "blast.groups.all(group, group.database == null || group.database.healthy)";
        "unhealthy": "string", |it| text(it.database.unhealthy.as_deref().unwrap_or_default()),
            "Why it is not healthy; empty where it is.",
            "blast.groups.all(group, group.database == null || group.database.unhealthy == '')";
        "busy": "string", |it| text(it.database.busy.as_deref().unwrap_or_default()),
            "What keeps it busy, such as a backup; empty where nothing does.",
            "blast.groups.all(group, group.database == null || group.database.busy == '')";
        "paused": "bool", |it| truth(it.database.paused),
            "Whether it is paused, hibernated or suspended.",
            "!blast.groups.exists(group, group.database != null && group.database.paused)";
        "lag": "duration", |it| span(it.database.lag),
            "How far its replicas lag behind; `null` where nothing tells it.",
            "blast.groups.all(group, group.database == null || group.database.lag <= duration('30s'))";
        "backup": "Backup", |it| view(&it.backup),
            "Its newest backup.",
            "blast.groups.all(group, group.database == null || group.database.backup.known)";
        "pointInTime": "bool", |it| truth(it.database.point_in_time == Some(true)),
            "Whether it is known that it can be restored to a point in time.",
            "blast.groups.all(group, group.database == null || group.database.pointInTime)";
    }
}

record! {
    /// What the worst case leaves of a database or workload.
    GROUP = "Group" of Hurt<'_> {
        "kind": "string", |it| text(&it.group.kind),
            "Its kind: `PerconaXtraDBCluster`, `StatefulSet`, `Pod` for a bare pod.",
            "blast.groups.all(group, group.kind != 'Pod')";
        "apiGroup": "string", |it| text(&it.group.api_group),
            "The API group of that kind, empty for the core group.",
            "blast.groups.all(group, group.apiGroup == 'apps')";
        "namespace": "string", |it| text(&it.group.namespace),
            "Its namespace.", "blast.groups.all(group, group.namespace != 'payments')";
        "namespaceLabels": "map(string, string)", |it| {
                let namespace = it.inventory.namespace(&it.group.namespace)?;
                namespace.known.then(|| view(&namespace.labels)).flatten()
            },
            "The labels of its namespace; absent where the namespace itself is not known.",
            "blast.groups.all(group, group.namespaceLabels[?'team'].orValue('') == 'dba')";
        "name": "string", |it| text(&it.group.name),
            "Its name.", "blast.groups.all(group, group.name != 'ledger')";
        "unit": "string", |it| text(&it.group.unit),
            "The part of the resource it is, such as a replica set; else empty.",
            "blast.groups.all(group, group.unit != 'config')";
        "size": "int", |it| int(it.impact.size),
            "How many pods it should have.", "blast.groups.all(group, group.size >= 3)";
        "healthy": "int", |it| int(it.impact.healthy),
            "How many are healthy now.", "blast.groups.all(group, group.healthy == group.size)";
        "candidates": "int", |it| int(it.impact.candidates),
            "How many of its pods some draw can hit.",
            "blast.groups.all(group, group.candidates < group.size)";
        "hits": "int", |it| int(it.impact.hits),
            "The most of its pods that are hit at once, whatever the effect.",
            "blast.groups.all(group, group.hits <= 1)";
        "share": "int", |it| int(it.share()),
            "The same in percent of its size, rounded up.",
            "blast.groups.all(group, group.share <= 34)";
        "lost": "int", |it| int(it.impact.lost),
            "The most healthy pods that are lost at once, live experiments included.",
            "blast.groups.all(group, group.lost <= 1)";
        "remaining": "int", |it| int(it.impact.remaining),
            "The healthy pods left then.", "blast.groups.all(group, group.remaining >= 2)";
        "primary": "bool", |it| truth(it.impact.primary),
            "Whether a member that may be writing can be hit.",
            "!blast.groups.exists(group, group.primary)";
        "standbysLeft": "int", |it| it.impact.standbys_left.and_then(int),
            "The fewest healthy standbys left by a draw that takes a writer; absent where no draw does.",
            "blast.groups.all(group, group.?standbysLeft.orValue(1) >= 1)";
        "quorum": "Quorum", |it| maybe(it.quorum.as_ref()),
            "How many members must stay; `null` where there is no such number.",
            "blast.groups.all(group, group.quorum == null || group.quorum.kept)";
        "effect": "string", |it| text(it.impact.effect.name()),
            "The worst effect on a pod of it: `Degraded`, `Isolated`, `Down` or `Corrupting`.",
            "blast.groups.all(group, group.effect != 'Corrupting')";
        "effects": "list(string)", |it| texts(it.impact.effects.iter().map(|it| it.name())),
            "Every effect on a pod of it.",
            "blast.groups.all(group, !('Isolated' in group.effects))";
        "witness": "list(string)", |it| {
                let names = it.impact.witness.iter();
                texts(names.map(|id| it.inventory.pod(*id).name.as_str()))
            },
            "The pods of one worst draw, by name.",
            "blast.groups.all(group, group.witness.size() <= 1)";
        "pods": "list(Pod)", |it| {
                items(it.members.get_or_init(|| victims(&it.group.members, it.inventory)))
            },
            "Its pods, hit or not.",
            "blast.groups.all(group, group.pods.all(pod, pod.healthy))";
        "database": "Database", |it| maybe(it.database.as_ref()),
            "What else is known when it is a database; `null` when it is not.",
            "blast.groups.all(group, group.database == null)";
    }
}
