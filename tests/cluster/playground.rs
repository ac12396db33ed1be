//! A cluster to try things in: the example cluster on a real control plane, guarded as an installation
//! guards it, until Ctrl-C.

use firebreak::cli::examples;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use serde_json::Value;

use crate::bed::Bed;
use crate::bed::balancer::Balancer;
use crate::bed::replicas::Settings;
use crate::bed::webhook::registrations;

/// Starts it, says how to use it, and waits.
pub(crate) fn run(bed: &Bed) {
    bed.define_kinds();
    bed.nodes();
    bed.load(&example_world());
    bed.apply(DEFAULT_POLICIES);
    let balancer = Balancer::new(Vec::new());
    let registered = bed.register(registrations("webhooks.yaml"), balancer.port(), None);
    let guards = bed.serve_behind(balancer, 2, &Settings::default());
    let kubectl = bed.control_plane().program("kubectl").display();
    println!(
        "\nthe example cluster is up until Ctrl-C, with two replicas of firebreak. Try:\n\n  \
         export KUBECONFIG={}\n  \
         {kubectl} get blastradiuspolicies\n  \
         {kubectl} apply -f examples/allowed/api-pod-kill.yaml\n  \
         {kubectl} apply -f examples/k3s-mysql/kill-any-mysql.yaml",
        bed.kubeconfig().display()
    );
    bed.wait(Bed::interrupted());
    drop((guards, registered));
}

/// The objects of the example cluster.
pub(crate) fn example_world() -> Vec<Value> {
    let manifests = examples::world()
        .expect("the examples are whole")
        .into_iter();
    manifests
        .map(|manifest| manifest.object.value().clone())
        .collect()
}
