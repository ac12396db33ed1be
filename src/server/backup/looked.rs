//! What is found when the leader looks at a database: what is to be done beside it, and whether it has
//! backups.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::asked::{Asking, Question, Told};
use super::beside::Beside;
use super::steps::{Step, steps};
use crate::backup::spec::{OnUpdate, UnprotectedSpec};
use crate::backup::{
    ANNOTATION, Around as _, COMPANIONS, Known, Left, One, Why, companions, unprotected,
};
use crate::object::Object;

/// What is found of a database.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) steps: Vec<Step>,
    /// The defaults that apply to it.
    pub(super) defaults: Option<String>,
    /// Whether it was given something by them.
    pub(super) injected: bool,
    pub(super) unprotected: Option<UnprotectedSpec>,
}

/// Looks at a database, by what was told so far; and what it would have been good to know.
pub(super) fn looked(
    (database, operators): (&Object, &[String]),
    beside: &Beside,
    told: &Told,
) -> (Looked, BTreeSet<Question>) {
    let around = Asking::new(beside, told);
    let namespace = around.namespace(&database.reference().namespace);
    let one = namespace.and_then(|it| beside.defaults().for_database(database, &it));
    let known = Known {
        schema: None,
        around: &around,
        operators,
    };
    let wanted = match one {
        Some(one) if !is_meant((one, beside), database) => Err(Left {
            why: Why::Update,
            message: "it was there before its defaults".to_owned(),
        }),
        Some(_) | None => companions(database, beside.defaults(), &known),
    };
    let wanted = wanted.map(|it| it.objects);
    let looked = Looked {
        steps: steps(wanted.as_deref(), &made(database, beside)),
        defaults: one.map(|one| one.name.clone()),
        injected: database.annotation(ANNOTATION).is_some(),
        unprotected: one.and_then(|_| lacking(database, &around)),
    };
    (looked, around.missed())
}

/// Whether defaults are for a database: those that were there before are reported, and left as they are.
fn is_meant((one, beside): (&One, &Beside), database: &Object) -> bool {
    let defaults = beside.written().find(|it| it.reference().name == one.name);
    let later = defaults.and_then(created).zip(created(database));
    let later = later.is_some_and(|(defaults, database)| database >= defaults);
    later || one.spec.on_update == OnUpdate::Inject || database.annotation(ANNOTATION).is_some()
}

fn created(object: &Object) -> Option<Timestamp> {
    let created = object.root().get("metadata").get("creationTimestamp");
    created.text().ok().flatten()?.parse().ok()
}

/// The objects that we made beside a database.
fn made(database: &Object, beside: &Beside) -> Vec<Object> {
    let it = database.reference();
    let kinds = COMPANIONS.iter().filter(|(group, _)| *group == it.group);
    let all = kinds.flat_map(|kind| beside.objects(*kind, &it.namespace).unwrap_or_default());
    all.filter(|object| is_ours(object, database)).collect()
}

/// Whether an object is one that we made beside this database, as long as that lives.
fn is_ours(object: &Object, database: &Object) -> bool {
    let name = object
        .reference()
        .name
        .strip_prefix(&database.reference().name);
    let named = name.is_some_and(|rest| rest.starts_with("-fb-"));
    let uid = |it: &Object| it.value().pointer("/metadata/uid").cloned();
    let owner = object
        .value()
        .pointer("/metadata/ownerReferences/0/uid")
        .cloned();
    named
        && object.label("app.kubernetes.io/managed-by") == Some("firebreak")
        && owner.is_some()
        && owner == uid(database)
}

fn lacking(database: &Object, around: &Asking<'_>) -> Option<UnprotectedSpec> {
    let reason = unprotected(database, around)?;
    let it = database.reference();
    Some(UnprotectedSpec {
        kind: it.kind.clone(),
        namespace: it.namespace.clone(),
        name: it.name.clone(),
        reason,
    })
}
