//! The whole of it: two replicas of the program watch the cluster, judge what people apply and reserve
//! what they admit; and get over what happens to a cluster.

use std::thread;

use serde_json::{Value, json};

use crate::bed::authority::Authority;
use crate::bed::balancer::Mode;
use crate::bed::replicas::Settings;
use crate::bed::{Bed, until};
use crate::guarded::{Guarded, PLACE};

fn start(bed: &Bed) -> Guarded<'_> {
    let servers = Authority::new("firebreak bed: guards");
    let settings = Settings {
        servers: Some(&servers),
        ..Settings::default()
    };
    Guarded::start(bed, 2, &settings)
}

pub(crate) fn what_is_admitted_is_reserved_seen_and_released(bed: &Bed) {
    let guarded = start(bed);
    guarded.judges();
    guarded.create("first", 1).unwrap();
    let denied = guarded.create("second", 1).unwrap_err();
    assert!(denied.contains("MinHealthyBreached"), "{denied}");
    guarded.is_seen();
    until("the policy says what it protects", || {
        let policy = bed.kubectl(&["get", "blastradiuspolicy", "guarded"]).json();
        let status = &policy["status"];
        let ready = status.pointer("/conditions/0/status") == Some(&Value::from("True"));
        if ready && status["workloads"] == json!(1) {
            Ok(())
        } else {
            Err(status.to_string())
        }
    });
    guarded.forget();
    guarded.judges();
}

pub(crate) fn it_gets_over_outages_of_etcd_and_of_the_api_server(bed: &Bed) {
    let mut guarded = start(bed);
    guarded.judges();
    for program in ["etcd", "kube-apiserver"] {
        bed.control_plane().kill(program);
        bed.control_plane().launch(program);
        bed.ready();
        guarded.guards.ready();
        guarded.judges();
    }
    bed.compact();
    bed.stateful_set(PLACE, "later", 1);
    bed.all_ready(PLACE, "later", 1);
    guarded.judges();
    let delete = ["delete", "statefulset", "later", "--namespace", PLACE];
    bed.kubectl(&delete).succeeds();
}

/// Who has reserved something.
fn holders(guarded: &Guarded) -> Vec<String> {
    let ledgers = guarded.ledgers();
    let reservations = ledgers
        .pointer("/0/spec/reservations")
        .and_then(Value::as_array);
    let names = reservations.into_iter().flatten();
    names
        .map(|it| it["holder"]["name"].as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn a_guard_killed_before_its_answer_arrives_leaves_nothing_in_the_way(bed: &Bed) {
    let guarded = start(bed);
    let [first, second] = [0, 1].map(|at: usize| guarded.guards.each[at].backend());
    let balancer = &guarded.guards.balancer;
    balancer.set(vec![first]);
    balancer.set_mode(Mode::Pass);
    // From here on the API server has a connection to the first.
    guarded.judges();
    balancer.set_mode(Mode::Mute);
    let lost = thread::scope(|scope| {
        let lost = scope.spawn(|| guarded.create("lost", 1));
        until("it is reserved", || match holders(&guarded).as_slice() {
            [name] if name == "lost" => Ok(()),
            others => Err(format!("{others:?}")),
        });
        guarded.guards.each[0].process.signal("KILL");
        balancer.set_mode(Mode::Refuse);
        lost.join().unwrap()
    });
    let lost = lost.unwrap_err();
    assert!(lost.contains("failed calling webhook"), "{lost}");
    balancer.set(vec![second]);
    balancer.set_mode(Mode::Pass);
    assert_eq!(holders(&guarded), ["lost"]);
    // Its own ghost is not in its way, and in the way of everybody else.
    let denied = guarded.create("another", 1).unwrap_err();
    assert!(denied.contains("MinHealthyBreached"), "{denied}");
    guarded.create("lost", 1).unwrap();
    assert_eq!(holders(&guarded), ["lost"]);
    let denied = guarded.create("another", 1).unwrap_err();
    assert!(denied.contains("MinHealthyBreached"), "{denied}");
}
