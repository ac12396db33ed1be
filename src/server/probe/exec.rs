//! A command in a pod, which ends with 0. What it prints is not read: it may be anything.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{join, pending};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::Client;
use kube::api::{Api, AttachParams};
use tokio::io::{AsyncRead, copy, sink};

use super::secrets::why;
use super::window::{Told, Wrong};
use crate::schedule::observed::Member;
use crate::schedule::spec::probe::ExecSpec;
use crate::schedule::spec::sanctioned::TargetsWord;

/// The members of a database or workload, as they were last seen.
#[derive(Clone, Default)]
pub(super) struct Members(Arc<Mutex<Vec<Member>>>);

impl Members {
    pub(super) fn set(&self, members: &[Member]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        members.clone_into(&mut all);
    }

    /// Namespace and name of the first by name that is ready.
    fn first(&self, word: TargetsWord) -> Option<(String, String)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |it: &&Member| match word {
            TargetsWord::Replicas => !it.primary,
            TargetsWord::Primary => it.primary,
            TargetsWord::Any => true,
        };
        let ready = all.iter().filter(|it| it.ready).filter(fits);
        let first = ready.min_by(|a, b| (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace)));
        first.map(|it| (it.namespace.clone(), it.name.clone()))
    }
}

/// A command.
pub(super) struct Exec {
    pub(super) spec: ExecSpec,
    pub(super) client: Client,
    pub(super) members: Members,
}

impl Exec {
    pub(super) async fn ask(&self) -> Told {
        let Some((namespace, pod)) = self.members.first(self.spec.member) else {
            let wanted = match self.spec.member {
                TargetsWord::Replicas => "no replica is ready",
                TargetsWord::Primary => "no primary is ready",
                TargetsWord::Any => "no member is ready",
            };
            return Err(Wrong::Failed(wanted.to_owned()));
        };
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &namespace);
        let params = AttachParams {
            container: self.spec.container.clone(),
            ..AttachParams::default()
        };
        let process = pods.exec(&pod, &self.spec.command, &params).await;
        let mut process = process.map_err(|error| {
            Wrong::Failed(format!("nothing can be run in {pod}: {}", why(&error)))
        })?;
        let status = process.take_status();
        let (out, err) = (process.stdout(), process.stderr());
        let status = async {
            match status {
                Some(status) => status.await,
                None => None,
            }
        };
        // What is not taken away stops the command; its end is told by its status alone.
        let output = async {
            join(drained(out), drained(err)).await;
            pending::<Infallible>().await
        };
        tokio::select! {
            status = status => ended(&pod, status),
            never = output => match never {},
        }
    }
}

async fn drained(output: Option<impl AsyncRead + Unpin>) {
    if let Some(mut output) = output {
        copy(&mut output, &mut sink()).await.ok();
    }
}

/// How it ended. An end that is not told is none.
fn ended(pod: &str, status: Option<Status>) -> Told {
    let Some(status) = status else {
        return Err(Wrong::Failed(format!(
            "the connection to {pod} was cut off"
        )));
    };
    if status.status.as_deref() == Some("Success") {
        return Ok(format!("0 in {pod}"));
    }
    let causes = status.details.and_then(|it| it.causes).unwrap_or_default();
    let mut causes = causes.into_iter();
    let code = causes.find(|it| it.reason.as_deref() == Some("ExitCode"));
    let code = code.and_then(|it| it.message).or(status.reason);
    let code = code.unwrap_or_else(|| "an end of no known kind".to_owned());
    Err(Wrong::Failed(format!("{code} in {pod}")))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{StatusCause, StatusDetails};

    use super::*;

    fn member(name: &str, ready: bool, primary: bool) -> Member {
        Member {
            namespace: "db".to_owned(),
            name: name.to_owned(),
            ready,
            primary,
            ..Member::default()
        }
    }

    #[test]
    fn the_first_member_that_fits_and_is_ready_is_asked() {
        let members = Members::default();
        assert_eq!(members.first(TargetsWord::Any), None);
        members.set(&[
            member("pg-2", true, false),
            member("pg-0", true, true),
            member("pg-1", false, false),
        ]);
        let first = |word| members.first(word).unwrap().1;
        assert_eq!(first(TargetsWord::Any), "pg-0");
        assert_eq!(first(TargetsWord::Primary), "pg-0");
        assert_eq!(first(TargetsWord::Replicas), "pg-2");
    }

    #[test]
    fn a_command_ends_well_only_where_that_is_told() {
        let status = |word: &str| Status {
            status: Some(word.to_owned()),
            ..Status::default()
        };
        assert!(ended("pg-0", Some(status("Success"))).is_ok());
        assert!(ended("pg-0", None).is_err());
        let cause = StatusCause {
            reason: Some("ExitCode".to_owned()),
            message: Some("2".to_owned()),
            ..StatusCause::default()
        };
        let failed = Status {
            details: Some(StatusDetails {
                causes: Some(vec![cause]),
                ..StatusDetails::default()
            }),
            ..status("Failure")
        };
        assert_eq!(
            ended("pg-0", Some(failed)),
            Err(Wrong::Failed("2 in pg-0".to_owned()))
        );
    }
}
