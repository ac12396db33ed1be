//! Whether a request could inject anything at all.
//!
//! The tools keep their bookkeeping in the same objects that people write, so most requests are
//! their controllers' own: finalizers, records, phases. Refusing one of those makes a tool inject
//! again, or never recover. They pass before anything is looked up, and deletions always do.

use crate::fault::{self, Accounts, Unreadable};
use crate::object::Object;
use crate::policy::spec::GROUP;
use crate::request::{Operation, Request};

/// What a request amounts to.
#[derive(Debug, Clone, PartialEq)]
pub enum Occasion<'a> {
    /// It injects nothing; the phrase says why.
    Pass(&'static str),
    /// It may inject what this object describes.
    Injection(&'a Object),
    /// It writes this policy or exemption, by which others will be judged.
    Rule(&'a Object),
    /// It takes this object away, which is a fault of its own.
    Removal(&'a Object),
    /// It changes an object that is no chaos, and the change may be.
    Change {
        /// The object before.
        old: &'a Object,
        /// The object after.
        new: &'a Object,
    },
    /// It sets what only the tool may set, so that the selector would not be asked.
    Forged(Unreadable),
}

/// What `request` amounts to, where these accounts are known.
#[must_use]
pub fn occasion<'r>(request: &'r Request, accounts: &Accounts) -> Occasion<'r> {
    match request.operation {
        Operation::Create => creation(request, accounts),
        Operation::Update => update(request, accounts),
        Operation::Delete => removal(request, accounts),
        Operation::Connect => Occasion::Pass("a connection"),
    }
}

fn creation<'r>(request: &'r Request, accounts: &Accounts) -> Occasion<'r> {
    let Some(object) = &request.object else {
        return Occasion::Pass("no object");
    };
    if request.subresource == "eviction" {
        // Budgets are asked about it too, but know of no primary.
        return taken_away(request, object, accounts);
    }
    if !request.subresource.is_empty() {
        return Occasion::Pass("a subresource");
    }
    if is_rule(object) {
        return Occasion::Rule(object);
    }
    if fault::is_internal(object) && accounts.is_tool(&request.user) {
        return Occasion::Pass("the tool's own bookkeeping");
    }
    if is_own_work(request, object, accounts) {
        return Occasion::Pass(OWN_WORK);
    }
    match fault::forged_status(object) {
        Some(problem) => Occasion::Forged(problem),
        None => Occasion::Injection(object),
    }
}

fn update<'r>(request: &'r Request, accounts: &Accounts) -> Occasion<'r> {
    let (Some(new), Some(old)) = (&request.object, &request.old_object) else {
        return Occasion::Pass("no object");
    };
    if !request.subresource.is_empty() {
        return Occasion::Pass("a subresource");
    }
    if accounts.is_tool(&request.user) {
        return Occasion::Pass("the tool's own bookkeeping");
    }
    if new.root().get("metadata").get("deletionTimestamp").is_set() {
        return Occasion::Pass("it is being deleted");
    }
    if is_rule(new) {
        return Occasion::Rule(new);
    }
    if let Some(problem) = fault::forged_change(old, new) {
        return Occasion::Forged(problem);
    }
    if fault::stops(old, new) {
        return Occasion::Pass(if fault::acts_through_others(new) {
            "it ends the workflow, not the chaos that it has applied"
        } else {
            "it stops an experiment"
        });
    }
    if is_own_work(request, new, accounts) {
        return Occasion::Pass(OWN_WORK);
    }
    if fault::is_system_account(&request.user) && fault::is_workload(new) {
        // A controller carries out what was judged, and must be able to undo it.
        return Occasion::Pass("the cluster's own housekeeping");
    }
    if fault::acts_by_change(new) {
        return change(request, old, new);
    }
    if differs(old, new, "spec") || fault::arms(old, new) {
        return Occasion::Injection(new);
    }
    Occasion::Pass("nothing in it injects")
}

fn change<'a>(request: &Request, old: &'a Object, new: &'a Object) -> Occasion<'a> {
    if fault::is_system_account(&request.user) {
        return Occasion::Pass("the cluster's own housekeeping");
    }
    Occasion::Change { old, new }
}

/// Whether the object is one of our own, by which others are judged.
fn is_rule(object: &Object) -> bool {
    object.is(GROUP, "BlastRadiusPolicy") || object.is(GROUP, "Exemption")
}

fn removal<'r>(request: &'r Request, accounts: &Accounts) -> Occasion<'r> {
    let Some(object) = &request.old_object else {
        return Occasion::Pass("a deletion");
    };
    let judged = request.subresource.is_empty() && object.is("", "Pod");
    if fault::acts_through_others(object) {
        return Occasion::Pass("a deletion, which does not end the chaos that it has applied");
    }
    if !judged {
        return Occasion::Pass("a deletion");
    }
    if object
        .root()
        .get("metadata")
        .get("deletionTimestamp")
        .is_set()
    {
        return Occasion::Pass("it is being deleted");
    }
    taken_away(request, object, accounts)
}

/// A pod deleted, or evicted: whoever keeps the cluster or a database in order may do it.
fn taken_away<'a>(request: &Request, object: &'a Object, accounts: &Accounts) -> Occasion<'a> {
    let user = &request.user;
    if fault::is_system_account(user) || accounts.is_tool(user) {
        return Occasion::Pass("the cluster's own housekeeping");
    }
    if accounts.is_operator(user) {
        return Occasion::Pass(OWN_WORK);
    }
    Occasion::Removal(object)
}

const OWN_WORK: &str = "a database operator's own work";

/// Whether the operator of a database writes what it runs its database with.
fn is_own_work(request: &Request, object: &Object, accounts: &Accounts) -> bool {
    accounts.is_operator(&request.user) && fault::is_workload(object)
}

fn differs(old: &Object, new: &Object, key: &str) -> bool {
    let [old, new] = [old, new].map(|it| it.at(&[key]).filter(|value| !value.is_null()));
    old != new
}
