//! What the program sees of the cluster: what happens when it sees nothing, and kinds that come and go.

use serde_json::{Value, json};

use crate::bed::authority::Authority;
use crate::bed::balancer::{Backend, Balancer, Mode};
use crate::bed::replicas::Settings;
use crate::bed::{Bed, until, within};
use crate::guarded::{Guarded, LONG, chaos};

pub(crate) fn what_is_out_of_sight_for_too_long_is_not_judged_by(bed: &Bed) {
    let servers = Authority::new("firebreak bed: guards");
    let api = Balancer::new(vec![Backend {
        address: bed.control_plane().address(),
        probe: None,
    }]);
    let settings = Settings {
        servers: Some(&servers),
        through: Some(api.port()),
        flags: &["--staleness=10s"],
        ..Settings::default()
    };
    let mut guarded = Guarded::start(bed, 1, &settings);
    guarded.judges();
    let begun = |guarded: &Guarded| {
        guarded.guards.each[0]
            .process
            .log()
            .matches("\"listening\"")
            .count()
    };
    let before = begun(&guarded);
    // The watches stay open, and say nothing any more.
    api.set_mode(Mode::Mute);
    within(LONG, "everything is denied", || {
        let told = guarded.tried(&chaos("dry", 1)).told();
        let why = [
            "InventoryUnavailable",
            "was last seen",
            "and the bound is 10s",
        ];
        if why.iter().all(|part| told.contains(part)) {
            Ok(())
        } else {
            Err(told)
        }
    });
    // It goes on answering: to be started again would not help.
    for path in ["/healthz", "/readyz"] {
        guarded.guards.each[0].answers(path);
    }
    api.set_mode(Mode::Pass);
    guarded.judges();
    guarded.guards.each[0].process.must_run();
    assert_eq!(begun(&guarded), before, "it was started again");
}

const KIND: &str = "podchaos.chaos-mesh.org";

/// A schedule of experiments of a kind that need not be there.
fn schedule(pods: usize) -> Value {
    let mut object = chaos("scheduled", pods);
    let experiment = object["spec"].take();
    object["kind"] = json!("Schedule");
    object["spec"] = json!({"schedule": "0 3 * * *", "type": "PodChaos", "historyLimit": 1,
        "concurrencyPolicy": "Forbid", "podChaos": experiment});
    object
}

/// A definition as it can be applied again.
fn definition(bed: &Bed) -> Value {
    let mut definition = bed.kubectl(&["get", "crd", KIND]).json();
    definition["metadata"] = json!({"name": KIND});
    definition.as_object_mut().unwrap().remove("status");
    definition
}

pub(crate) fn kinds_that_come_and_go_are_seen_as_they_do(bed: &Bed) {
    let servers = Authority::new("firebreak bed: guards");
    let settings = Settings {
        servers: Some(&servers),
        ..Settings::default()
    };
    let guarded = Guarded::start(bed, 1, &settings);
    guarded.judges();
    let definition = definition(bed);
    bed.kubectl(&["delete", "crd", KIND, "--timeout=5m"])
        .succeeds();
    let log = || guarded.guards.each[0].process.log();
    until("the kind is not watched any more", || {
        let log = log();
        let told = log
            .lines()
            .any(|line| line.contains("not served any more") && line.contains(KIND));
        if told { Ok(()) } else { Err("it is") }
    });
    // What is left is judged as before.
    let told = guarded.tried(&schedule(2)).told();
    assert!(told.contains("MinHealthyBreached"), "{told}");

    bed.apply(definition.to_string());
    guarded.judges();
    guarded.create("first", 1).unwrap();
    guarded.is_seen();
    // It counts because it is seen, not because of what was reserved for it.
    bed.kubectl(&["delete", "blastledgers", "--all", "--namespace=firebreak"])
        .succeeds();
    let denied = guarded.create("second", 1).unwrap_err();
    assert!(denied.contains("MinHealthyBreached"), "{denied}");
    guarded.forget();
    guarded.judges();
}
