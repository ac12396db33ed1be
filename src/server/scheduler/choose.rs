//! Who is hit: which members, what is made for that, and what the guard says to it.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use super::acts;
use super::native;
use super::reach::Reach;
use super::read::Open;
use crate::blast;
use crate::fault::Experiment;
use crate::inventory::{Group, GroupId, Inventory};
use crate::object::{Object, ObjectRef};
use crate::policy::{self, Case, Enforcement};
use crate::request::{Request, User};
use crate::schedule::native as core;
use crate::schedule::observed::{Chosen, Member, Refused, Subject, Verdict};
use crate::schedule::pin::{self, For, Victim};
use crate::schedule::sanctioned::Sanctioned;
use crate::schedule::spec::native::NativeSpec;
use crate::schedule::spec::sanctioned::TargetsWord;
use crate::schedule::spec::status::ChaosObject;
use crate::server::view::View;

/// Where it is chosen.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) view: &'a View,
    pub(super) group: GroupId,
    pub(super) now: jiff::Timestamp,
    pub(super) account: &'a str,
}

/// Chooses for a run, and has everybody say whether that may be made.
pub(super) async fn choose(
    reach: &Reach,
    open: &Open,
    (subject, place): (&Subject, Place<'_>),
) -> Result<Chosen, Refused> {
    let sanctioned = open.sanctioned.as_ref().ok_or_else(|| Refused {
        reason: "Invalid",
        message: open.wrong.clone().unwrap_or_default(),
    })?;
    let fence = format!("{:032x}", fastrand::u128(..));
    let group = place.view.inventory.group(place.group);
    let inventory = &place.view.inventory;
    let aim = Aim::of(sanctioned, inventory);
    let members = victims(open, sanctioned, (subject, group, &aim))?;
    let of = For {
        namespace: &open.run.namespace,
        name: &open.run.name,
        uid: &open.run.uid,
        fence: &fence,
    };
    let (undo, mut object) = match &sanctioned.spec.native {
        Some(spec) => (
            native::undo(spec, &members, group)?,
            native::object(spec, &members, (of, &place.view.inventory))?,
        ),
        None => (Vec::new(), Some(pinned(sanctioned, &members, (of, place))?)),
    };
    let verdict = match &sanctioned.spec.native {
        Some(spec) => match judged(spec, &members, (open, place)) {
            Verdict::Allowed => acts::tried(reach, spec, &members).await,
            other @ (Verdict::Denied(_) | Verdict::Unavailable(_)) => other,
        },
        None => match &object {
            None => Verdict::Unavailable("there is nothing to ask about".to_owned()),
            Some(wanted) => {
                let (verdict, filled) = asked(reach, wanted).await;
                object = Some(filled);
                verdict
            }
        },
    };
    Ok(Chosen {
        undo,
        object: object.as_ref().map(chaos_object),
        members: members.into_iter().cloned().collect(),
        fence,
        verdict,
    })
}

/// The members that are hit.
fn victims<'s>(
    open: &Open,
    sanctioned: &Sanctioned,
    (subject, group, aim): (&'s Subject, &Group, &Aim<'_>),
) -> Result<Vec<&'s Member>, Refused> {
    let fits = |member: &&Member| match sanctioned.spec.targets {
        TargetsWord::Replicas => !member.primary,
        TargetsWord::Primary => member.primary,
        TargetsWord::Any => true,
    };
    let ready = subject
        .members
        .iter()
        .filter(|it| it.ready && aim.is_at(it));
    let mut candidates: Vec<&Member> = ready.filter(fits).collect();
    let scales = sanctioned
        .spec
        .native
        .as_ref()
        .filter(|it| it.scale.is_some());
    if scales.is_some() && group.kind == "StatefulSet" {
        // It is the last that go; were one of them nobody that may be hit, it must not be scaled.
        candidates = subject.members.iter().collect();
        candidates.sort_by_key(|it| std::cmp::Reverse(ordinal(&it.name)));
    } else if !candidates.is_empty() {
        let turn = start(&open.run.uid, candidates.len());
        candidates.rotate_left(turn);
    }
    let wanted = aim.wanted(candidates.len());
    let refused = |reason, message: String| Err(Refused { reason, message });
    if wanted == 0 || candidates.len() < wanted {
        let message = format!(
            "{wanted} members are to be hit, and {} may be",
            candidates.len()
        );
        return refused("NoTarget", message);
    }
    candidates.truncate(wanted);
    if let Some(other) = candidates.iter().find(|it| !it.ready || !fits(it)) {
        return refused("NoTarget", format!("{} may not be hit", other.name));
    }
    let left = subject.members.iter().filter(|it| it.ready);
    let left = left.filter(|it| candidates.iter().all(|hit| hit.uid != it.uid));
    let left = left.count();
    if u32::try_from(left).unwrap_or(u32::MAX) < subject.minimum {
        let message = format!("{left} members would be ready, {} must be", subject.minimum);
        return refused("WouldBreachMinimum", message);
    }
    Ok(candidates)
}

/// Where the choice begins: for each run elsewhere, and for the same always the same.
fn start(uid: &str, candidates: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    uid.hash(&mut hasher);
    let count = u64::try_from(candidates).unwrap_or(1).max(1);
    usize::try_from(hasher.finish() % count).unwrap_or_default()
}

/// The number at the end of a name.
fn ordinal(name: &str) -> u64 {
    let last = name.rsplit('-').next().unwrap_or_default();
    last.parse().unwrap_or_default()
}

/// At whom an experiment is aimed by itself, and how many of those it means to hit.
enum Aim<'a> {
    /// At every member, as firebreak injects by itself.
    Native(&'a NativeSpec),
    /// At these pods, by namespace and name, as a template does.
    Template(Box<Experiment>, BTreeSet<(&'a str, &'a str)>),
    /// At nobody, because its template cannot be read.
    Unreadable,
}

impl<'a> Aim<'a> {
    fn of(sanctioned: &'a Sanctioned, inventory: &'a Inventory) -> Self {
        if let Some(spec) = &sanctioned.spec.native {
            return Self::Native(spec);
        }
        let template = sanctioned.template.as_ref();
        let read = template.and_then(|it| pin::experiment(it, inventory.surroundings()).ok());
        let Some(experiment) = read else {
            return Self::Unreadable;
        };
        let meant = pin::meant(&experiment, inventory);
        let pods = meant.iter().map(|id| inventory.pod(*id));
        let names = pods.map(|pod| (&*pod.namespace, &*pod.name)).collect();
        Self::Template(Box::new(experiment), names)
    }

    fn is_at(&self, member: &Member) -> bool {
        match self {
            Self::Native(_) => true,
            Self::Template(_, names) => names.contains(&(&*member.namespace, &*member.name)),
            Self::Unreadable => false,
        }
    }

    fn wanted(&self, candidates: usize) -> usize {
        match self {
            Self::Native(spec) => core::wanted(spec, candidates),
            Self::Template(experiment, _) => pin::wanted(experiment, candidates),
            Self::Unreadable => 0,
        }
    }
}

fn pinned(
    sanctioned: &Sanctioned,
    members: &[&Member],
    (of, place): (For<'_>, Place<'_>),
) -> Result<Object, Refused> {
    let refused = |message: String| Refused {
        reason: "NotPinned",
        message,
    };
    let template = sanctioned.template.as_ref();
    let template = template.ok_or_else(|| refused("it has no template".to_owned()))?;
    let inventory = &place.view.inventory;
    let victims = named(members);
    let made = pin::pinned(
        template,
        &victims,
        of,
        (inventory, inventory.surroundings()),
    );
    made.map_err(|error| refused(error.to_string()))
}

fn named<'m>(members: &[&'m Member]) -> Vec<Victim<'m>> {
    let victim = |it: &&'m Member| Victim {
        namespace: &it.namespace,
        name: &it.name,
        node: &it.node,
    };
    members.iter().map(victim).collect()
}

fn chaos_object(object: &Object) -> ChaosObject {
    let ObjectRef {
        kind,
        namespace,
        name,
        ..
    } = object.reference().clone();
    ChaosObject {
        api_version: object.reference().api_version(),
        kind,
        namespace,
        name,
        uid: None,
        object: object.value().clone(),
    }
}

/// What every webhook says, ours among them, and the object with what is filled in when it is made: what is
/// promised to a run and what is admitted are to be the same.
async fn asked(reach: &Reach, wanted: &Object) -> (Verdict, Object) {
    let failure = match reach.create(wanted, true).await {
        Ok(filled) => return (Verdict::Allowed, with_spec(wanted, &filled)),
        Err(failure) => failure,
    };
    // Who denies says so with a status of the client; who is not there, with one of the server.
    let verdict = if failure.has(409) {
        Verdict::Denied("an object of that name is there already".to_owned())
    } else if [400, 403, 404, 422].iter().any(|code| failure.has(*code)) {
        Verdict::Denied(failure.to_string())
    } else {
        Verdict::Unavailable(failure.to_string())
    };
    (verdict, wanted.clone())
}

/// An object with the spec of another.
fn with_spec(object: &Object, filled: &Object) -> Object {
    let mut value = object.value().clone();
    if let Some(spec) = filled.value().get("spec") {
        value["spec"] = spec.clone();
    }
    Object::new(value).unwrap_or_else(|_| object.clone())
}

/// What the policies say to what is done without a tool: the same judge, asked by ourselves.
fn judged(spec: &NativeSpec, members: &[&Member], (open, place): (&Open, Place<'_>)) -> Verdict {
    let (inventory, policies) = (&place.view.inventory, &place.view.policies);
    if let Some(why) = inventory.unavailable() {
        return Verdict::Unavailable(why.to_owned());
    }
    if let Some(broken) = policies.broken().first() {
        return Verdict::Unavailable(format!("a policy cannot be used: {}", broken.problem));
    }
    let object = open.stored.object.reference();
    let experiment = core::experiment(spec, object, &named(members));
    let request = Request::create(open.stored.object.clone(), User::named(place.account));
    let blast = blast::measure(&experiment, inventory);
    let case = Case {
        request: &request,
        experiment: &experiment,
        blast: &blast,
        inventory,
        now: place.now,
    };
    let violations = policy::evaluate(policies, &case);
    let denying = violations
        .iter()
        .filter(|it| it.enforcement == Enforcement::Deny && it.exempted_by.is_none());
    let denying: Vec<String> = denying
        .map(|it| format!("{}: {}", it.word(), it.message))
        .collect();
    if denying.is_empty() {
        Verdict::Allowed
    } else {
        Verdict::Denied(denying.join("; "))
    }
}

/// Whether two objects say the same, as far as their author wrote them.
pub(in crate::server) fn same_spec(one: &Value, other: &Value) -> bool {
    one.get("spec") == other.get("spec")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_member_is_at_the_end_of_its_name() {
        assert_eq!(ordinal("ledger-10"), 10);
        assert_eq!(ordinal("ledger"), 0);
    }

    #[test]
    fn the_choice_begins_at_a_member_and_for_a_run_always_at_the_same() {
        for count in 1..10 {
            assert!(start("run", count) < count);
            assert_eq!(start("run", count), start("run", count));
        }
    }
}
