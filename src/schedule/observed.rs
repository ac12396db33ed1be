//! What the shell has seen of the world, for one run, at one instant.

use std::time::Duration;

use jiff::Timestamp;

use super::spec::status::ResultWord;

/// All that a run depends on beside itself. What could not be seen says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Why it must not run, by an EmergencyStop in whose scope it is; a phrase.
    pub stopped: Option<String>,
    /// The window of a policy that is closed, or closes before the run is over.
    pub closed: Option<Closed>,
    /// The database or workload.
    pub subject: Sight<Subject>,
    /// What else was looked at.
    pub checks: Vec<Check>,
    /// What the probes have answered since they were last asked.
    pub probes: Vec<Answers>,
    /// The newest backup, and the one that the run asked for.
    pub backup: Backup,
    /// What is promised to the run.
    pub promise: Promise,
    /// Its chaos object.
    pub object: Sight<Option<Sighting>>,
    /// Which of what it has to put back is as before, in the order of its status.
    pub put_back: Vec<Sight<bool>>,
    /// What it left behind elsewhere: objects that bear its label, each as kind, namespace and name.
    pub leftovers: Sight<Vec<String>>,
    /// What was chosen for it, and what its chaos object is to be. Asked for in the phase `Reserving` alone.
    pub chosen: Option<Result<Chosen, Refused>>,
}

/// A window in which it must not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Why, a phrase.
    pub why: String,
    /// Whether what runs is ended by it.
    pub halts: bool,
}

/// Something that was looked at, or why it could not be.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight<T> {
    /// It was seen.
    Seen(T),
    /// It was not; a phrase says why.
    Blind(String),
}

impl<T> Sight<T> {
    /// What was seen.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(it) => Some(it),
            Self::Blind(_) => None,
        }
    }
}

/// The database or workload that a run is aimed at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subject {
    /// What it is, such as `PerconaXtraDBCluster percona/cluster1`.
    pub name: String,
    /// How many members it should have.
    pub size: u32,
    /// How many must be healthy.
    pub minimum: u32,
    /// Its members, by name.
    pub members: Vec<Member>,
    /// Whether one of them has to be writable, and it is told which.
    pub has_primary: bool,
    /// Why it is not healthy by its own word, a phrase.
    pub unhealthy: Option<String>,
    /// What keeps it busy, a phrase.
    pub busy: Option<String>,
    /// How far a replica lags behind, where anything tells.
    pub lag: Option<Duration>,
}

impl Subject {
    /// How many members are ready.
    #[must_use]
    pub fn ready(&self) -> u32 {
        let ready = self.members.iter().filter(|it| it.ready).count();
        u32::try_from(ready).unwrap_or(u32::MAX)
    }

    /// The member of this name, whichever instance it is.
    #[must_use]
    pub fn member(&self, namespace: &str, name: &str) -> Option<&Member> {
        let mut all = self.members.iter();
        all.find(|it| it.namespace == namespace && it.name == name)
    }
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Member {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The node it runs on, empty where it has none.
    pub node: String,
    /// Whether it is ready and stays.
    pub ready: bool,
    /// How often its containers were restarted, all together.
    pub restarts: u32,
    /// Whether it is the primary, or may be.
    pub primary: bool,
}

/// Something that was looked at before a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What.
    pub name: String,
    /// What was found.
    pub result: ResultWord,
    /// What was seen, for people.
    pub seen: String,
}

/// What a probe has answered since it was last asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The probe or circuit breaker.
    pub name: String,
    /// Whether what it says now is good, a breach, or nothing.
    pub result: ResultWord,
    /// What was seen, for people.
    pub seen: String,
    /// What it found to be wrong with data, if it looks at that.
    pub data: Option<String>,
}

/// What is known of backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backup {
    /// The newest that is known finished then.
    At {
        /// When.
        finished: Timestamp,
        /// Whether it is the one that the run asked for.
        own: bool,
    },
    /// The one that the run asked for is being made.
    Running,
    /// The one that the run asked for failed; a phrase.
    Failed(String),
    /// There is none.
    Never,
    /// It cannot be told; a phrase says why.
    Unknown(String),
}

/// What is promised to a run in the ledgers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// Nothing.
    None,
    /// All that it is pinned to.
    Held,
    /// It was asked for and refused; a sentence.
    Refused(String),
    /// It cannot be told; a phrase says why.
    Unknown(String),
}

/// The chaos object of a run, as it is in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Its uid.
    pub uid: String,
    /// Whether it is what the run has made: its label, its fence and its spec.
    pub own: bool,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// What its tool says.
    pub state: ToolState,
}

/// What a tool says of a chaos object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolState {
    /// It has not begun, or not everywhere.
    Beginning,
    /// It is in effect everywhere.
    InEffect,
    /// It is over, and nothing of it is left by the tool's own word.
    Over,
    /// It cannot be carried out; a phrase.
    Failed(String),
}

/// What was chosen for a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The members that it may hit.
    pub members: Vec<Member>,
    /// What has to be put back, in the words of the status.
    pub undo: Vec<super::spec::status::UndoStatus>,
    /// The chaos object, where there is one.
    pub object: Option<super::spec::status::ChaosObject>,
    /// What its chaos object must carry, made up once.
    pub fence: String,
    /// What the guard says to it.
    pub verdict: Verdict,
}

/// What the guard says to a chaos object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be made.
    Allowed,
    /// It is denied; what it says.
    Denied(String),
    /// Nobody answered; a phrase says why.
    Unavailable(String),
}

/// Why nothing could be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// For machines.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}
