//! The program itself in the admission chain.

use crate::bed::Bed;
use crate::bed::authority::Authority;
use crate::bed::replicas::Settings;
use crate::bed::webhook::{UNPROTECTED, registrations};

const OBJECT: &str = "
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: served, namespace: default}
spec: {action: pod-kill, mode: all, duration: 30s, selector: {namespaces: [default]}}
";

/// What `kubectl` tells when a guard that asks for callers' certificates is asked about an object.
fn told(bed: &Bed, authority: &str) -> String {
    bed.define_kinds();
    let servers = Authority::new("firebreak bed: guards");
    let settings = Settings {
        servers: Some(&servers),
        client_authority: Some(authority),
        ..Settings::default()
    };
    let guards = bed.serve(1, &settings);
    let port = guards.balancer.port();
    let _registered = bed.register(registrations("webhooks.yaml"), port, Some(&servers.pem()));
    let create = ["create", "--dry-run=server", "-f", "-"];
    bed.kubectl(&create).input(OBJECT).run().told()
}

pub(crate) fn the_api_server_shows_who_it_is(bed: &Bed) {
    let told = told(bed, &bed.control_plane().webhook_client_authority());
    assert!(told.contains(UNPROTECTED), "{told}");
}

pub(crate) fn somebody_else_is_not_answered(bed: &Bed) {
    let told = told(bed, &bed.control_plane().door().authority);
    assert!(told.contains("failed calling webhook"), "{told}");
}
