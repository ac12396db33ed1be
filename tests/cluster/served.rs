//! The program itself in the admission chain.

use crate::bed::Bed;
use crate::bed::replicas::Settings;
use crate::bed::webhook::registrations;

const OBJECT: &str = "
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: served, namespace: default}
spec: {action: pod-kill, mode: all, duration: 30s, selector: {namespaces: [default]}}
";

/// What `kubectl` complains of when a guard that asks for callers' certificates is asked about an object.
fn refusal(bed: &Bed, authority: &str) -> String {
    bed.define_kinds();
    let settings = Settings {
        client_authority: Some(authority),
        ..Settings::default()
    };
    let guards = bed.serve(1, &settings);
    let port = guards.balancer.port();
    let _registered = bed.register(
        registrations("webhooks.yaml"),
        port,
        Some(&guards.authority),
    );
    let create = ["create", "--dry-run=server", "-f", "-"];
    bed.kubectl(&create).input(OBJECT).fails()
}

pub(crate) fn the_api_server_shows_who_it_is(bed: &Bed) {
    let told = refusal(bed, &bed.control_plane().webhook_client_authority());
    assert!(told.contains("PodChaos default/served is denied"), "{told}");
}

pub(crate) fn somebody_else_is_not_answered(bed: &Bed) {
    let told = refusal(bed, &bed.control_plane().door().authority);
    assert!(told.contains("failed calling webhook"), "{told}");
}
