//! What pods are counted in: a database, else a workload.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::PodId;
use super::words::Text;

/// A database or a workload.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Kind of the resource: `PerconaXtraDBCluster`, `StatefulSet`, `Pod` for a bare pod, ...
    pub kind: Text,
    /// API group of that kind, empty for the core group.
    pub api_group: Text,
    /// Namespace.
    pub namespace: Text,
    /// Name.
    pub name: Text,
    /// The part of the resource it is, such as a replica set, where the resource stands for
    /// several databases that fail each on its own; else empty.
    pub unit: Text,
    /// How many members it should have.
    pub size: u32,
    /// The pods that count, in order of name. Finished pods do not.
    pub members: Vec<PodId>,
    /// What else is known when it is a database.
    pub database: Option<Box<Database>>,
}

/// What is known of a database beside its pods.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// Engine, such as `mysql`.
    pub engine: String,
    /// Why it was taken for a database, a phrase.
    pub recognised_by: String,
    /// Why its operator may mean something else by its words than we know, a phrase.
    pub doubt: Option<String>,
    /// Who may be writing.
    pub writer: Writer,
    /// Members that could take over from the writer when healthy.
    pub standbys: Vec<PodId>,
    /// How many members must stay for it to serve.
    pub quorum: Quorum,
    /// Whether it is healthy by its own word; the reason when it is not.
    pub unhealthy: Option<String>,
    /// What keeps it busy (a backup, a restore, an upgrade), when something does.
    pub busy: Option<String>,
    /// Whether it is paused, hibernated or suspended.
    pub paused: bool,
    /// Replication lag, where something tells it.
    pub lag: Option<Duration>,
    /// The newest finished backup.
    pub backup: Backup,
    /// When its backups were last restored and that succeeded, where anything tells: in place, or into a new
    /// database, and then when that one was made. A backup that succeeded is no tested restore.
    pub restored: Option<Timestamp>,
    /// Whether it can be restored to a point in time.
    pub point_in_time: Option<bool>,
    /// The schedules of its own backups, five-field cron, with the zone where one is named. One
    /// that five fields cannot say stays as it is written.
    pub backup_schedules: Vec<(String, Option<String>)>,
}

/// Who may be writing to a database.
#[derive(Debug, Clone, PartialEq)]
pub enum Writer {
    /// These members (more than one during a switchover).
    Known(Vec<PodId>),
    /// Any member. Where a majority must stay, that decides in the writer's place.
    Any {
        /// Where the proxy most likely sends writes.
        probable: Option<PodId>,
    },
    /// One member, and nothing tells which. Every member is guarded as the primary.
    Untold {
        /// The most likely writer.
        probable: Option<PodId>,
    },
}

/// How many members must stay for a database to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// More than half of this many votes.
    Majority(u32),
    /// At least this many members, whichever they are: data is spread over them in copies, or not
    /// all of them hold it.
    AtLeast(u32),
    /// At least this many healthy members, with one more when the writer is lost.
    Standbys(u32),
    /// No such rule.
    None,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)?;
        if self.unit.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.unit)
    }
}

impl Group {
    /// What tells its resource from others: API group, kind, namespace and name.
    #[must_use]
    pub fn resource(&self) -> [&str; 4] {
        [&self.api_group, &self.kind, &self.namespace, &self.name]
    }
}

impl Quorum {
    /// The fewest healthy members with which the database still serves.
    #[must_use]
    pub fn needs(self) -> u32 {
        match self {
            Self::Majority(votes) => votes / 2 + 1,
            Self::AtLeast(members) => members,
            Self::Standbys(standbys) => standbys.saturating_add(1),
            Self::None => 0,
        }
    }
}

/// What is known of a database's newest backup.
#[derive(Debug, Clone, PartialEq)]
pub enum Backup {
    /// It finished at this instant.
    At(Timestamp),
    /// There is none.
    Never,
    /// It cannot be told; a phrase says why.
    Unknown(String),
}
