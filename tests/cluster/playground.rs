//! A cluster to try things in: the example cluster on a real control plane, until Ctrl-C.

use std::process::ExitCode;

use firebreak::cli::examples;
use serde_json::Value;

use crate::bed::{Bed, Programs};

/// Starts it, says how to use it, and waits.
pub(crate) fn run() -> ExitCode {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(missing) => {
            println!("{missing}");
            return ExitCode::FAILURE;
        }
    };
    let bed = Bed::start(programs);
    bed.define_kinds();
    bed.nodes();
    bed.load(&example_world());
    let kubectl = bed.control_plane().program("kubectl").display();
    println!(
        "\nthe example cluster is up until Ctrl-C. Try:\n\n  \
         export KUBECONFIG={}\n  \
         {kubectl} get pods --all-namespaces\n  \
         {kubectl} apply -f examples/allowed/api-pod-kill.yaml\n  \
         {kubectl} apply -f examples/k3s-mysql/kill-any-mysql.yaml",
        bed.kubeconfig().display()
    );
    bed.wait(Bed::interrupted());
    bed.end(false);
    ExitCode::SUCCESS
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
