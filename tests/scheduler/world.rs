//! A cluster in memory, in which time passes when it is told to: one database, a chaos tool that behaves in
//! one of several ways, a store that compares and swaps, and a guard that lets nothing be injected twice.

use std::time::Duration;

use firebreak::fault::{self, Experiment, Surroundings};
use firebreak::object::Object;
use firebreak::policy::spec::values::{Moment, Span};
use firebreak::schedule::effect::Effect;
use firebreak::schedule::observed::{
    Answers, Backup, Check, Chosen, Closed, Member, Observed, Promise, Sight, Sighting, Subject,
    ToolState, Verdict,
};
use firebreak::schedule::plan::{Evidence, Plan};
use firebreak::schedule::run::Run;
use firebreak::schedule::spec::native::NativeSpec;
use firebreak::schedule::spec::run::ExperimentRunSpec;
use firebreak::schedule::spec::sanctioned::{
    BackupSpec, BackupWord, RecoverySpec, SanctionedExperimentSpec,
};
use firebreak::schedule::spec::status::{ChaosObject, ExperimentRunStatus, PhaseWord, ResultWord};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A pod is killed, by a chaos object.
    Kill,
    /// A pod fails for a minute, by a chaos object.
    Failure,
    /// Packets are delayed for a minute, by a chaos object.
    Delay,
    /// A pod is deleted by firebreak itself.
    Native,
    /// A pod is cut off for a minute by a NetworkPolicy of ours, which nobody else ends.
    Partition,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] = [
        Self::Kill,
        Self::Failure,
        Self::Delay,
        Self::Native,
        Self::Partition,
    ];

    fn experiment(self) -> Experiment {
        let spec = match self {
            Self::Kill | Self::Native => json!({"action": "pod-kill"}),
            Self::Failure => json!({"action": "pod-failure", "duration": "60s"}),
            Self::Delay | Self::Partition => {
                json!({"action": "delay", "duration": "60s", "delay": {"latency": "100ms"}})
            }
        };
        let kind = match self {
            Self::Delay | Self::Partition => "NetworkChaos",
            Self::Kill | Self::Failure | Self::Native => "PodChaos",
        };
        let mut chaos = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind,
            "metadata": {"name": "it", "namespace": "db"},
            "spec": {"mode": "all", "selector": {"pods": {"db": ["pg-1"]}}}});
        for (key, value) in spec.as_object().unwrap() {
            chaos["spec"][key] = value.clone();
        }
        let object = Object::new(chaos).unwrap();
        let read = fault::read(&object, Surroundings::NONE);
        read.unwrap().unwrap()
    }

    fn has_object(self) -> bool {
        self != Self::Native
    }
}

/// How the tool behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// It does as it is told.
    Good,
    /// It is not there.
    Away,
    /// It says that it is in effect, and nothing is.
    Lies,
    /// It begins, and does not end when it is told to.
    Deaf,
    /// It cannot carry it out.
    Fails,
}

impl Tool {
    pub(crate) const ALL: [Self; 5] = [Self::Good, Self::Away, Self::Lies, Self::Deaf, Self::Fails];
}

/// A chaos object.
#[derive(Debug, Clone)]
struct Made {
    uid: u32,
    fence: String,
    begun: Option<Timestamp>,
    acted: bool,
    stopped: bool,
    deleting: bool,
}

/// All there is.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that somebody switches on or off by itself"
)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) run: Run,
    pub(crate) version: u64,
    pub(crate) fault: Fault,
    pub(crate) tool: Tool,
    pub(crate) members: Vec<Member>,
    back: Vec<Option<Timestamp>>,
    uids: u32,
    object: Option<Made>,
    /// How often the guard let a chaos object of this run be made, and pods were removed.
    pub(crate) injected: u32,
    /// How often a pod was taken down by the fault.
    pub(crate) struck: u32,
    pub(crate) promised: bool,
    pub(crate) refuses: bool,
    pub(crate) guard: Verdict,
    backup: Option<Timestamp>,
    pub(crate) breaks_backup: bool,
    pub(crate) stopped: bool,
    pub(crate) closed: Option<Closed>,
    pub(crate) blind: bool,
    pub(crate) busy: bool,
    pub(crate) probe: ResultWord,
    pub(crate) lost: bool,
    /// How long a member takes to come back.
    pub(crate) returns: Duration,
    pub(crate) told: Vec<String>,
    pub(crate) phases: Vec<PhaseWord>,
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A run that was just made.
fn run(fault: Fault, backup: BackupWord, now: Timestamp) -> Run {
    let spec = SanctionedExperimentSpec {
        hypothesis: "it comes back".to_owned(),
        native: matches!(fault, Fault::Native | Fault::Partition).then(NativeSpec::default),
        backup: BackupSpec {
            before: backup,
            ..BackupSpec::default()
        },
        recovery: RecoverySpec {
            deadline: Some(Span(seconds(120))),
            ..RecoverySpec::default()
        },
        ..SanctionedExperimentSpec::default()
    };
    Run {
        namespace: "db".to_owned(),
        name: "drill-1".to_owned(),
        uid: "run".to_owned(),
        created: now,
        deleting: false,
        held: false,
        plan: Plan::of(&spec, &fault.experiment()),
        spec: ExperimentRunSpec {
            experiment: "drill".to_owned(),
            tick: Some(Moment(now)),
            ..ExperimentRunSpec::default()
        },
        unapproved: false,
        status: ExperimentRunStatus::default(),
    }
}

impl World {
    pub(crate) fn new(fault: Fault, backup: BackupWord) -> Self {
        let now: Timestamp = "2026-10-01T10:00:00Z".parse().unwrap();
        let run = run(fault, backup, now);
        let member = |index: u32| Member {
            namespace: "db".to_owned(),
            name: format!("pg-{index}"),
            uid: format!("uid-{index}"),
            node: format!("node-{index}"),
            ready: true,
            restarts: 0,
            primary: index == 0,
        };
        Self {
            now,
            run,
            version: 0,
            fault,
            tool: Tool::Good,
            members: (0..3).map(member).collect(),
            back: vec![None; 3],
            uids: 3,
            object: None,
            injected: 0,
            struck: 0,
            promised: false,
            refuses: false,
            guard: Verdict::Allowed,
            backup: None,
            breaks_backup: false,
            stopped: false,
            closed: None,
            blind: false,
            busy: false,
            probe: ResultWord::Good,
            lost: false,
            returns: seconds(20),
            told: Vec::new(),
            phases: Vec::new(),
        }
    }

    /// Time passes, and what happens by itself happens.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        for index in 0..self.members.len() {
            if self.back[index].is_some_and(|at| self.now >= at) {
                self.back[index] = None;
                self.members[index].ready = true;
            }
        }
        self.tool_acts();
    }

    fn tool_acts(&mut self) {
        let (tool, fault, now) = (self.tool, self.fault, self.now);
        let lasts = self.run.plan.lasts;
        let Some(object) = &mut self.object else {
            return;
        };
        if tool == Tool::Away {
            return;
        }
        let ending = object.stopped || object.deleting;
        if !ending && !object.acted && tool != Tool::Fails {
            object.acted = true;
            object.begun = Some(now);
            if tool != Tool::Lies {
                match fault {
                    Fault::Kill => self.take_down(1, false),
                    Fault::Failure => self.take_down(1, true),
                    Fault::Delay | Fault::Native | Fault::Partition => {}
                }
            }
            return;
        }
        let past = object
            .begun
            .zip(lasts)
            .is_some_and(|(begun, lasts)| now >= begun + lasts);
        if tool == Tool::Deaf && fault != Fault::Kill && !object.deleting {
            return;
        }
        if (past && fault != Fault::Partition) || ending {
            object.stopped = true;
        }
        let (over, gone) = (object.stopped, object.deleting);
        if over && fault == Fault::Failure && self.members[1].restarts % 2 == 1 {
            self.members[1].restarts += 1;
            self.back[1] = Some(now + self.returns);
        }
        if over && gone {
            self.object = None;
        }
    }

    /// A member is taken down: as the same instance, or for another one.
    fn take_down(&mut self, index: usize, stays: bool) {
        self.struck += 1;
        self.members[index].ready = false;
        if stays {
            self.members[index].restarts += 1;
        } else {
            self.replace(index);
        }
    }

    /// Another instance of a member comes.
    pub(crate) fn replace(&mut self, index: usize) {
        self.uids += 1;
        self.members[index].uid = format!("uid-{}", self.uids);
        self.members[index].ready = false;
        self.members[index].restarts = 0;
        self.back[index] = Some(self.now + self.returns);
    }

    /// Whether anything of the fault is in effect.
    pub(crate) fn is_live(&self) -> bool {
        let by_object = self.object.as_ref().is_some_and(|object| {
            !object.stopped && !matches!(self.tool, Tool::Fails) && self.tool != Tool::Away
        });
        by_object && self.fault.has_object()
    }

    /// Whether its chaos object is there.
    pub(crate) fn has_object(&self) -> bool {
        self.object.is_some()
    }

    /// Somebody deletes the chaos object.
    pub(crate) fn lose_object(&mut self) {
        if let Some(object) = &mut self.object {
            object.deleting = true;
        }
    }

    /// What the shell would see.
    pub(crate) fn seen(&self) -> Observed {
        let blind = |what: &str| Err::<(), _>(format!("{what} cannot be read"));
        let sight = |ok: bool, what: &str| if ok { Ok(()) } else { blind(what) };
        let open = sight(!self.blind, "the API server");
        let subject = match &open {
            Ok(()) => Sight::Seen(self.subject()),
            Err(why) => Sight::Blind(why.clone()),
        };
        let object = match &open {
            Ok(()) => Sight::Seen(self.object.as_ref().map(|it| self.sighting(it))),
            Err(why) => Sight::Blind(why.clone()),
        };
        let promise = match (&open, self.promised, self.refuses) {
            (Err(why), ..) => Promise::Unknown(why.clone()),
            (Ok(()), true, _) => Promise::Held,
            (Ok(()), false, true) => Promise::Refused("another holds it".to_owned()),
            (Ok(()), false, false) => Promise::None,
        };
        let choosing = self.run.status.phase == PhaseWord::Reserving && !self.blind;
        Observed {
            stopped: self.stopped.then(|| "an incident".to_owned()),
            closed: self.closed.clone(),
            subject,
            checks: vec![Check {
                name: "Engine".to_owned(),
                result: ResultWord::Good,
                seen: "there".to_owned(),
            }],
            probes: vec![Answers {
                name: "writes".to_owned(),
                result: self.probe,
                seen: "as asked".to_owned(),
                data: self.lost.then(|| "3 rows are lost".to_owned()),
            }],
            backup: match (self.backup, self.breaks_backup) {
                (None, _) => Backup::Never,
                (Some(_), true) => Backup::Failed("no room".to_owned()),
                (Some(at), false) if self.now < at => Backup::Running,
                (Some(finished), false) => Backup::At {
                    finished,
                    own: true,
                },
            },
            promise,
            object,
            put_back: Vec::new(),
            leftovers: match open {
                Ok(()) => Sight::Seen(Vec::new()),
                Err(why) => Sight::Blind(why),
            },
            chosen: choosing.then(|| Ok(self.chosen())),
        }
    }

    fn subject(&self) -> Subject {
        Subject {
            name: "Cluster db/pg".to_owned(),
            size: 3,
            minimum: 2,
            members: self.members.clone(),
            has_primary: true,
            unhealthy: None,
            busy: self.busy.then(|| "a backup runs".to_owned()),
            lag: None,
        }
    }

    fn sighting(&self, object: &Made) -> Sighting {
        let over = object.stopped || (self.fault == Fault::Kill && object.acted);
        let state = if over {
            ToolState::Over
        } else if self.tool == Tool::Fails {
            ToolState::Failed("no such container".to_owned())
        } else if object.acted {
            ToolState::InEffect
        } else {
            ToolState::Beginning
        };
        Sighting {
            uid: format!("object-{}", object.uid),
            own: Some(&object.fence) == self.run.status.fence.as_ref(),
            deleting: object.deleting,
            state,
        }
    }

    fn chosen(&self) -> Chosen {
        let object = self.fault.has_object().then(|| ChaosObject {
            api_version: "chaos-mesh.org/v1alpha1".to_owned(),
            kind: "PodChaos".to_owned(),
            namespace: "db".to_owned(),
            name: "drill-1".to_owned(),
            uid: None,
            object: Value::Null,
        });
        Chosen {
            members: vec![self.members[1].clone()],
            undo: Vec::new(),
            object,
            fence: format!("fence-{}", self.now),
            verdict: self.guard.clone(),
        }
    }

    /// The status is stored, unless somebody else has stored one since `version`.
    pub(crate) fn store(&mut self, status: &ExperimentRunStatus, version: u64) -> bool {
        if version != self.version {
            return false;
        }
        if *status != self.run.status {
            self.phases.push(status.phase);
            self.run.status = status.clone();
            self.version += 1;
        }
        true
    }

    /// Something is done, as the API server and our webhook let it be done.
    pub(crate) fn carry_out(&mut self, effect: &Effect) {
        match effect {
            Effect::Hold => self.run.held = true,
            Effect::LetGo => self.run.held = false,
            Effect::BackUp(_) => {
                if self.backup.is_none() {
                    self.backup = Some(self.now + seconds(60));
                }
            }
            Effect::Reserve => self.promised = !self.refuses,
            Effect::Release => self.promised = false,
            Effect::Create(_) => self.create(),
            Effect::Remove(pods) => {
                for pod in pods {
                    let there = self.members.iter().position(|it| it.uid == pod.uid);
                    if let Some(index) = there {
                        self.injected += 1;
                        self.take_down(index, false);
                    }
                }
            }
            Effect::Stop(object) => {
                if let Some(it) = self.of_uid(object)
                    && !matches!(self.tool, Tool::Away | Tool::Deaf)
                    && let Some(object) = &mut self.object
                {
                    object.stopped = it;
                }
            }
            Effect::Delete(object) => {
                if self.of_uid(object).is_some()
                    && let Some(object) = &mut self.object
                {
                    object.deleting = true;
                }
            }
            Effect::Force(object) => {
                if self.of_uid(object).is_some() {
                    self.object = None;
                }
            }
            Effect::Tell { reason, .. } => self.told.push(reason.clone()),
            Effect::Apply | Effect::PutBack(_) | Effect::Sweep => {}
        }
    }

    fn of_uid(&self, object: &ChaosObject) -> Option<bool> {
        let uid = self.object.as_ref().map(|it| format!("object-{}", it.uid));
        (uid.is_some() && uid == object.uid).then_some(true)
    }

    /// The fence: nothing is made but in the phase of injection, and nothing once something was.
    fn create(&mut self) {
        let status = &self.run.status;
        let recorded = status.chaos_object.as_ref().and_then(|it| it.uid.clone());
        if status.phase != PhaseWord::Injecting || recorded.is_some() || self.object.is_some() {
            return;
        }
        self.injected += 1;
        self.object = Some(Made {
            uid: self.injected,
            fence: status.fence.clone().unwrap(),
            begun: None,
            acted: false,
            stopped: false,
            deleting: false,
        });
        if self.run.plan.evidence == Evidence::ToolAlone {
            self.struck += 1;
        }
    }
}
