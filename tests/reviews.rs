//! Recorded traffic of the tools' own controllers: every write of theirs passes without being
//! judged, every injection by a person is judged.

use std::fs;
use std::path::PathBuf;

use firebreak::fault::Accounts;
use firebreak::judge::{Occasion, occasion};
use firebreak::request::{Operation, Request};
use firebreak::server::review;

/// Every recorded request, with its file.
pub(crate) fn recorded() -> Vec<(String, Request)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/reviews");
    let mut requests = Vec::new();
    for scenario in fs::read_dir(root).unwrap() {
        let scenario = scenario.unwrap().path();
        if !scenario.is_dir() {
            continue;
        }
        for file in fs::read_dir(scenario).unwrap() {
            let path = file.unwrap().path();
            let (_, request) = review::read(&fs::read(&path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            requests.push((path.display().to_string(), request));
        }
    }
    requests.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(requests.len(), 516, "the whole recording is here");
    requests
}

fn is_controller(request: &Request) -> bool {
    request.user.name.starts_with("system:serviceaccount:")
}

#[test]
fn every_update_of_a_controller_passes() {
    for (file, request) in recorded() {
        if is_controller(&request) && request.operation != Operation::Create {
            let occasion = occasion(&request, Accounts::BUILT_IN);
            assert!(
                matches!(occasion, Occasion::Pass(_)),
                "{file}: {occasion:?}"
            );
        }
    }
}

#[test]
fn internal_objects_of_the_tool_pass_and_the_same_by_hand_do_not() {
    let mut seen = 0;
    for (file, mut request) in recorded() {
        let internal = ["PodNetworkChaos", "WorkflowNode"].contains(&request.target.kind.as_str());
        if request.operation == Operation::Create && internal {
            assert!(
                matches!(occasion(&request, Accounts::BUILT_IN), Occasion::Pass(_)),
                "{file}"
            );
            request.user.name = "engineer".to_owned();
            assert!(
                matches!(
                    occasion(&request, Accounts::BUILT_IN),
                    Occasion::Injection(_)
                ),
                "{file} by hand"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 9);
}

#[test]
fn every_experiment_a_controller_creates_is_judged_again() {
    let mut seen = 0;
    for (file, request) in recorded() {
        if request.operation == Operation::Create && request.target.kind == "PodChaos" {
            let judged = matches!(
                occasion(&request, Accounts::BUILT_IN),
                Occasion::Injection(_) | Occasion::Forged(_)
            );
            assert!(judged, "{file}");
            seen += 1;
        }
    }
    assert_eq!(seen, 13);
}

#[test]
fn no_deletion_of_a_chaos_object_is_judged() {
    for (file, request) in recorded() {
        if request.operation == Operation::Delete && request.target.group == "chaos-mesh.org" {
            assert!(
                matches!(occasion(&request, Accounts::BUILT_IN), Occasion::Pass(_)),
                "{file}"
            );
        }
    }
}

#[test]
fn what_injected_by_update_is_judged() {
    let injections = [
        "04-pause-unpause",
        "06-replace-without-status",
        "11-schedule-pause",
        "23-litmus-reactivate",
    ];
    for scenario in injections {
        let people = recorded().into_iter().filter(|(file, request)| {
            file.contains(scenario)
                && request.operation == Operation::Update
                && request.user.name == "engineer"
        });
        let judged = people
            .filter(|(_, request)| {
                !matches!(occasion(request, Accounts::BUILT_IN), Occasion::Pass(_))
            })
            .count();
        assert!(judged > 0, "no update of {scenario} was judged");
    }
}

#[test]
fn records_written_by_hand_are_forged() {
    let forged = recorded().into_iter().find(|(file, request)| {
        file.contains("08-forged-records") && request.operation == Operation::Create
    });
    let (_, request) = forged.unwrap();
    assert!(matches!(
        occasion(&request, Accounts::BUILT_IN),
        Occasion::Forged(_)
    ));
}

#[test]
fn stopping_an_engine_is_never_judged() {
    let mut seen = 0;
    for (file, request) in recorded() {
        if file.contains("22-litmus-stop") && request.user.name == "engineer" {
            assert!(
                matches!(occasion(&request, Accounts::BUILT_IN), Occasion::Pass(_)),
                "{file}"
            );
            seen += 1;
        }
    }
    assert!(seen > 0);
}
