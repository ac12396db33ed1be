//! The pages of the ledger: who holds how much of one database or workload.
//!
//! A reservation keeps the chaos object itself, and what it may do is read from it as from any other
//! live object, so that there is no second way to compute a worst case.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::spec::{BlastLedgerSpec, HolderSpec, ReservationSpec};
use crate::inventory::{Active, Group, Inventory, Live, live};
use crate::judge::Verdict;
use crate::object::{Object, ObjectRef};
use crate::policy::PolicySet;
use crate::request::Request;

/// Longest name of an object in Kubernetes.
const LONGEST_NAME: usize = 253;

/// How many pods a reservation names.
const PODS_NAMED: usize = 20;

pub use super::spec::StateWord as State;

/// What one experiment is promised.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservation {
    /// The chaos object as it was admitted, without its status.
    pub object: Object,
    /// Its uid, empty where it is not known.
    pub uid: String,
    /// Where it is in its life.
    pub state: State,
    /// When it was admitted, by the clock of whoever admitted it.
    pub since: String,
    /// Pods that it may hit at worst.
    pub pods: Vec<String>,
}

/// What is promised of one database or workload.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// Which, as people call it.
    pub of: String,
    /// The reservations, oldest first.
    pub reservations: Vec<Reservation>,
}

/// The name of the ledger of a database or workload. Two whose names are cut to the same share one,
/// which is harmless: what is in it is judged against whatever it reaches.
#[must_use]
pub fn ledger_name(group: &Group) -> String {
    let name = format!("{}.{}.{}", group.kind, group.namespace, group.name).to_ascii_lowercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let name: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(LONGEST_NAME)
        .collect();
    name.trim_end_matches(['.', '-']).to_owned()
}

/// The ledgers in which a verdict has to be entered, by name and in order, and what each is of: those of
/// every protected database or workload that it may hit.
#[must_use]
pub fn ledgers_of(
    verdict: &Verdict,
    inventory: &Inventory,
    policies: &PolicySet,
) -> Vec<(String, String)> {
    let Some(assessment) = &verdict.assessment else {
        return Vec::new();
    };
    let groups = assessment.blast.impacts.iter().map(|impact| impact.group);
    let protected = groups.filter(|id| {
        let mut policies = policies.policies().iter();
        policies.any(|policy| policy.protects.covers(inventory.group(*id), &[], inventory))
    });
    let mut names: Vec<(String, String)> = protected
        .map(|id| (ledger_name(inventory.group(id)), inventory.group_name(id)))
        .collect();
    names.sort();
    names.dedup_by(|b, a| a.0 == b.0);
    names
}

/// What the object of an admitted request has to be promised; `None` where it would not be live in the
/// cluster by itself, such as a schedule, whose runs are objects of their own.
#[must_use]
pub fn reservation(
    request: &Request,
    verdict: &Verdict,
    inventory: &Inventory,
    now: Timestamp,
) -> Option<Reservation> {
    let object = as_written(request.object.as_ref()?, &request.target.name)?;
    let found = live(std::slice::from_ref(&object), inventory);
    if found.experiments.is_empty() && found.unread.is_empty() {
        return None;
    }
    let blast = verdict.assessment.as_ref().map(|it| &it.blast);
    let witness = blast.into_iter().flat_map(|blast| &blast.witness);
    let pods = witness.take(PODS_NAMED).map(|id| inventory.pod(*id));
    Some(Reservation {
        uid: uid(&object),
        pods: pods
            .map(|pod| format!("{}/{}", pod.namespace, pod.name))
            .collect(),
        object,
        state: State::Tentative,
        since: now.to_string(),
    })
}

impl Ledger {
    /// The ledger as it is kept.
    ///
    /// # Errors
    /// When an object in it is none; a phrase says so. What it was promised is not known then.
    pub fn read(spec: BlastLedgerSpec) -> Result<Self, String> {
        let reservation = |it: ReservationSpec| {
            let object = Object::new(it.object).map_err(|problem| {
                format!(
                    "the reservation of {} {}: {problem}",
                    it.holder.kind, it.holder.name
                )
            })?;
            Ok(Reservation {
                object,
                uid: it.holder.uid,
                state: it.state,
                since: it.since,
                pods: it.pods,
            })
        };
        let reservations = spec.reservations.into_iter().map(reservation);
        Ok(Self {
            of: spec.of,
            reservations: reservations.collect::<Result<_, String>>()?,
        })
    }

    /// How it is kept.
    #[must_use]
    pub fn write(&self) -> BlastLedgerSpec {
        let reservation = |it: &Reservation| ReservationSpec {
            holder: holder(&it.object, &it.uid),
            state: it.state,
            since: it.since.clone(),
            pods: it.pods.clone(),
            object: it.object.value().clone(),
        };
        BlastLedgerSpec {
            of: self.of.clone(),
            reservations: self.reservations.iter().map(reservation).collect(),
        }
    }

    /// Enters a reservation. The same one, entered for a request that was never answered or never
    /// carried out, makes way for it: nobody is denied by his own ghost.
    pub fn enter(&mut self, new: Reservation) {
        self.reservations.retain(|it| !it.is_ghost_of(&new));
        self.reservations.push(new);
    }

    /// Takes back what was entered for a request that is denied after all, and nothing else: another
    /// request for the same object may have been carried out.
    pub fn withdraw(&mut self, new: &Reservation) {
        self.reservations.retain(|it| it != new);
    }

    /// What the ledger holds against `new`: everything but its own ghosts, and what the inventory knows
    /// to be live anyway.
    pub fn others<'l>(
        &'l self,
        new: &'l Reservation,
        inventory: &'l Inventory,
    ) -> impl Iterator<Item = &'l Reservation> {
        let others = self.reservations.iter().filter(|it| !it.is_ghost_of(new));
        others.filter(|it| !it.is_live_in(inventory))
    }
}

impl Reservation {
    /// The chaos object.
    #[must_use]
    pub fn holder(&self) -> &ObjectRef {
        self.object.reference()
    }

    /// Whether this was entered for the same request as `other`, or for an earlier try of it: the same
    /// object with the same content, that nobody has seen in the cluster. Another content under the same
    /// name is another experiment, of which either may be the one that exists.
    fn is_ghost_of(&self, other: &Self) -> bool {
        let known = !self.uid.is_empty() && self.uid == other.uid;
        let content = |it: &Self| it.object.value().get("spec").cloned();
        self.holder() == other.holder()
            && (known || self.state == State::Tentative && content(self) == content(other))
    }

    /// Whether the inventory counts it as live already.
    pub(super) fn is_live_in(&self, inventory: &Inventory) -> bool {
        let mut active = inventory.active().iter();
        active.any(|active| active.experiment.object == *self.holder())
    }

    /// Whether the two are of one object, entered in two ledgers.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.uid == other.uid && self.object == other.object
    }

    /// What it does, as far as that can be read.
    #[must_use]
    pub fn live(&self, inventory: &Inventory) -> Live {
        live(std::slice::from_ref(&self.object), inventory)
    }
}

impl fmt::Display for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Tentative => "was admitted",
            State::Confirmed => "is in the cluster",
            State::Releasing => "is over, and its victims are not all back,",
        };
        write!(
            f,
            "{} {state} since {} and counts as live",
            self.holder(),
            self.since
        )
    }
}

/// The inventory with what `reservations` hold live in it.
#[must_use]
pub fn promised<'r>(
    inventory: &Inventory,
    reservations: impl IntoIterator<Item = &'r Reservation>,
) -> Inventory {
    let mut more: Vec<Active> = Vec::new();
    let mut unread = Vec::new();
    for reservation in reservations {
        let live = reservation.live(inventory);
        more.extend(live.experiments);
        unread.extend(live.unread);
    }
    inventory.with_reserved(more, unread)
}

fn holder(object: &Object, uid: &str) -> HolderSpec {
    let reference = object.reference();
    HolderSpec {
        api_version: reference.api_version(),
        kind: reference.kind.clone(),
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
        uid: uid.to_owned(),
    }
}

fn uid(object: &Object) -> String {
    let uid = object.value().pointer("/metadata/uid");
    uid.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What of an object's metadata a reader may look at.
const METADATA: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "labels",
    "annotations",
    "creationTimestamp",
    "ownerReferences",
];

/// The object as its author wrote it, under the name that it was given: a status would say what became
/// of an earlier one.
fn as_written(object: &Object, name: &str) -> Option<Object> {
    let mut value = object.value().clone();
    let fields = value.as_object_mut()?;
    fields.remove("status");
    let metadata = fields.get_mut("metadata")?.as_object_mut()?;
    metadata.retain(|key, _| METADATA.contains(&key.as_str()));
    metadata.insert("name".to_owned(), Value::from(name));
    let written = Object::new(value).ok()?;
    Some(written.in_namespace(&object.reference().namespace))
}
