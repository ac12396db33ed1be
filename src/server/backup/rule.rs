//! Whether BackupDefaults that somebody writes can be used, beside those that are there.

use std::sync::Arc;

use super::beside::Beside;
use crate::backup::{Defaults, KIND};
use crate::judge::{self, Verdict};
use crate::policy::PolicyError;
use crate::policy::spec::GROUP;
use crate::request::{Operation, Request};

/// The verdict on BackupDefaults; `None` where a request writes none. They are refused where they
/// cannot be used as they are written, or tie with others. What is beside them is asked for only then: this
/// stands before every verdict.
pub fn verdict(request: &Request, beside: impl FnOnce() -> Arc<Beside>) -> Option<Verdict> {
    let writes = match request.operation {
        Operation::Create | Operation::Update => request.subresource.is_empty(),
        Operation::Delete | Operation::Connect => false,
    };
    let written = request.object.as_ref().filter(|_| writes)?;
    if !written.is(GROUP, KIND) {
        return None;
    }
    if written
        .root()
        .get("metadata")
        .get("deletionTimestamp")
        .is_set()
    {
        return Some(Verdict::passed(request, "it is being deleted"));
    }
    let (own, beside) = (written.reference(), beside());
    let others = beside
        .written()
        .filter(|it| it.reference().name != own.name);
    let (_, problems) = Defaults::in_force(others.chain([written]));
    let own = problems.into_iter().filter(|it| it.object == *own);
    let errors = own.map(|it| PolicyError {
        object: it.object,
        problem: it.problem,
    });
    Some(judge::compiled(request, errors.collect()))
}
