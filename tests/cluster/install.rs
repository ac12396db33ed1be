//! Installing, upgrading and removing for real: one file, kustomize, Helm; what the account may do; and
//! that the cluster goes on while nobody answers.

use firebreak::cli::manifests::Reader;
use serde_json::Value;

use crate::bed::audit::ACCOUNT;
use crate::bed::{Bed, until};
use crate::installation::{INSTALL, everything, objects, ours, path, remove, run, settled};

const CONFIGURATION: &str = "validatingwebhookconfiguration";

/// A Job, with these labels.
fn job(name: &str, labels: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, namespace: install, labels: {labels}}}\n\
         spec: {{suspend: true, template: {{metadata: {{labels: {{app: x}}}}, spec: {{restartPolicy: Never, \
         containers: [{{name: x, image: x}}]}}}}}}\n"
    )
}

pub(crate) fn one_file_installs_everything_and_removes_it(bed: &Bed) {
    bed.nodes();
    let file = path(INSTALL);
    let before = ours(bed);
    bed.kubectl(&["apply", "-f", &file]).succeeds();
    let again = bed.kubectl(&["apply", "-f", &file]).succeeds();
    // kubectl replaces the selector of a budget as a whole, and calls it configured every time.
    let budget = "poddisruptionbudget.policy/firebreak configured";
    let changed: Vec<&str> = again
        .lines()
        .filter(|it| !it.ends_with(" unchanged") && *it != budget)
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
    until("the role is filled, and its pods are made", || {
        let role = bed.kubectl(&["get", "clusterrole", "firebreak"]).json();
        let pods = bed
            .kubectl(&["get", "pods", "--namespace=firebreak"])
            .json();
        let filled = role["rules"]
            .as_array()
            .is_some_and(|rules| rules.len() > 10);
        let made = pods["items"].as_array().is_some_and(|pods| pods.len() == 2);
        if filled && made {
            Ok(())
        } else {
            Err(format!("{role}\n{pods}"))
        }
    });
    remove(bed);
    let after = ours(bed);
    let left: Vec<&String> = after.difference(&before).collect();
    assert!(left.is_empty(), "{left:?}");
    let gone = bed.kubectl(&["get", "namespace", "firebreak"]).fails();
    assert!(gone.contains("NotFound"), "{gone}");
}

pub(crate) fn the_cluster_goes_on_and_starts_anew_while_nobody_answers(bed: &Bed) {
    bed.nodes();
    bed.namespace("install");
    bed.kubectl(&["apply", "-f", &path(INSTALL)]).succeeds();
    // The API server learns of a configuration a moment after it is stored.
    until("what says that it is chaos waits for an answer", || {
        let declared = job("declared", "{chaos-type: x}");
        let ended = bed
            .kubectl(&["create", "--dry-run=server", "-f", "-"])
            .input(declared)
            .run();
        let refused = ended
            .err
            .contains("failed calling webhook \"declare.program.firebreak.dev\"");
        if refused { Ok(()) } else { Err(ended.told()) }
    });
    let policy = "apiVersion: firebreak.dev/v1alpha1\nkind: BlastRadiusPolicy\nmetadata: {name: install}\nspec: {}\n";
    let refused = bed.kubectl(&["create", "-f", "-"]).input(policy).fails();
    assert!(refused.contains("write.policy.firebreak.dev"), "{refused}");
    bed.kubectl(&["create", "-f", "-"])
        .input(job("plain", "{app: x}"))
        .succeeds();
    let change = [
        "label",
        "job",
        "plain",
        "--namespace=install",
        "chaos-type=x",
    ];
    bed.kubectl(&change).succeeds();
    bed.stateful_set("install", "db", 3);
    let taint = ["taint", "node", "--all", "install=x:PreferNoSchedule"];
    bed.kubectl(&taint).succeeds();
    bed.kubectl(&["taint", "node", "--all", "install-"])
        .succeeds();
    starts_anew(bed);
    // And so it is taken out of the way.
    bed.kubectl(&["delete", CONFIGURATION, "firebreak"])
        .succeeds();
    until("nothing is judged any more", || {
        let ended = bed
            .kubectl(&["create", "--dry-run=server", "-f", "-"])
            .input(policy)
            .run();
        if ended.code == Some(0) {
            Ok(())
        } else {
            Err(ended.told())
        }
    });
    remove(bed);
    bed.forget("install");
}

/// All nodes and all of us are gone, the configuration is in etcd, and the cluster comes up.
fn starts_anew(bed: &Bed) {
    let own = "--namespace=firebreak";
    let ours = || {
        let pods = bed.kubectl(&["get", "pods", own]).json();
        let uids = pods["items"].as_array().unwrap().iter();
        uids.map(|it| it["metadata"]["uid"].clone()).collect()
    };
    let before: Vec<Value> = ours();
    assert!(!before.is_empty());
    bed.control_plane().end();
    bed.control_plane().launch("etcd");
    bed.control_plane().launch("kube-apiserver");
    bed.ready();
    bed.kubectl(&["delete", "nodes", "--all"]).succeeds();
    bed.kubectl(&["delete", "pods", "--all", own, "--force"])
        .succeeds();
    bed.control_plane().start_workers();
    bed.nodes();
    until("our pods are made anew", || {
        let now = ours();
        let made = now.len() >= 2 && !now.iter().any(|it| before.contains(it));
        if made {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    });
    bed.stateful_set("install", "later", 2);
}

pub(crate) fn webhooks_go_with_the_namespace_that_owns_them(bed: &Bed) {
    bed.kubectl(&["apply", "-f", &path(INSTALL)]).succeeds();
    let namespace = bed.kubectl(&["get", "namespace", "firebreak"]).json();
    let owner = serde_json::json!({"metadata": {"ownerReferences": [{
        "apiVersion": "v1",
        "kind": "Namespace",
        "name": "firebreak",
        "uid": namespace["metadata"]["uid"],
    }]}});
    let patch = [
        "patch",
        CONFIGURATION,
        "firebreak",
        "--type=merge",
        "--patch",
        &owner.to_string(),
    ];
    bed.kubectl(&patch).succeeds();
    bed.kubectl(&["apply", "-f", &path(INSTALL)]).succeeds();
    bed.forget("firebreak");
    until("the garbage collector removes them", || {
        let ended = bed.kubectl(&["get", CONFIGURATION, "firebreak"]).run();
        if ended.err.contains("NotFound") {
            Ok(())
        } else {
            Err(ended.told())
        }
    });
    remove(bed);
}

pub(crate) fn overlays_are_accepted(bed: &Bed) {
    bed.kubectl(&["apply", "-f", &path(INSTALL)]).succeeds();
    for overlay in ["overlays/kubernetes-1.28", "overlays/guard-deletions"] {
        bed.kubectl(&["apply", "--dry-run=server", "-k", &path(overlay)])
            .succeeds();
    }
    let text = bed
        .kubectl(&["kustomize", &path("overlays/cert-manager")])
        .succeeds();
    let foreign = ["Certificate", "Issuer"];
    let known = Reader::default().read_text("overlay", &text).manifests;
    let known = known.iter().map(|it| it.object.value());
    let known = known.filter(|it| !foreign.contains(&it["kind"].as_str().unwrap()));
    let documents: Vec<String> = known.map(Value::to_string).collect();
    let apply = ["apply", "--dry-run=server", "-f", "-"];
    bed.kubectl(&apply)
        .input(format!("---\n{}", documents.join("\n---\n")))
        .succeeds();
    let own = objects(&std::fs::read_to_string(path(INSTALL)).unwrap());
    assert_eq!(
        objects(&bed.kubectl(&["kustomize", &path("manifests")]).succeeds()),
        own
    );
    remove(bed);
}

pub(crate) fn the_account_may_do_what_it_needs_and_no_more(bed: &Bed) {
    bed.kubectl(&["apply", "-f", &path(INSTALL)]).succeeds();
    let own = "--namespace=firebreak";
    let other = "--namespace=default";
    let everywhere = "--all-namespaces";
    let may: [&[&str]; 13] = [
        &["watch", "pods", everywhere],
        &["list", "podchaos.chaos-mesh.org", everywhere],
        &["watch", "blastradiuspolicies.firebreak.dev"],
        &["create", "leases.coordination.k8s.io", own],
        &["update", "leases.coordination.k8s.io/firebreak", own],
        &["get", "secrets/firebreak-tls", own],
        &["create", "blastledgers.firebreak.dev", own],
        &["delete", "blastledgers.firebreak.dev", own],
        &["patch", "validatingwebhookconfigurations/firebreak"],
        &["patch", "mutatingwebhookconfigurations/firebreak"],
        &["get", "secrets/percona-backup-minio-credentials", other],
        &["create", "scheduledbackups.postgresql.cnpg.io", other],
        &["list", "nodes"],
    ];
    let may_not: [&[&str]; 17] = [
        &["get", "secrets", own],
        &["get", "secrets/firebreak-tls", other],
        &["list", "secrets", everywhere],
        &["update", "leases.coordination.k8s.io/other", own],
        &["update", "leases.coordination.k8s.io/firebreak", other],
        &["create", "blastledgers.firebreak.dev", other],
        &["list", "secrets/percona-backup-minio-credentials", other],
        &["get", "secrets/other", other],
        &["patch", "validatingwebhookconfigurations/other"],
        &["patch", "mutatingwebhookconfigurations/other"],
        &["delete", "validatingwebhookconfigurations/firebreak"],
        &["update", "blastradiuspolicies.firebreak.dev"],
        &["patch", "clusters.postgresql.cnpg.io", everywhere],
        &["delete", "backups.postgresql.cnpg.io", everywhere],
        &["delete", "pods", everywhere],
        &["create", "podchaos.chaos-mesh.org", everywhere],
        &["get", "configmaps", everywhere],
    ];
    bed.define_kinds();
    until("the role is filled", || allowed(bed, may[0]));
    for right in may {
        until("a right", || allowed(bed, right));
    }
    for right in may_not {
        assert!(allowed(bed, right).is_err(), "it may {}", right.join(" "));
    }
    remove(bed);
    bed.define_kinds();
}

fn allowed(bed: &Bed, right: &[&str]) -> Result<(), String> {
    let ended = bed
        .kubectl(&[&["auth", "can-i"], right].concat())
        .by(ACCOUNT)
        .run();
    if ended.out.trim() == "yes" {
        Ok(())
    } else {
        Err(ended.told())
    }
}

pub(crate) fn the_chart_installs_the_same_and_leaves_nothing(bed: &Bed) {
    let chart = path("manifests/chart");
    run(bed, &["lint", "--strict", &chart]);
    let version = bed.kubectl(&["version"]).json()["serverVersion"]["gitVersion"].clone();
    let version = format!("--kube-version={}", version.as_str().unwrap());
    let place = "--namespace=firebreak";
    let rendered = run(bed, &["template", "firebreak", &chart, place, &version]);
    let mut own = objects(&std::fs::read_to_string(path(INSTALL)).unwrap());
    own.retain(|(kind, _), _| kind != "Namespace");
    assert_eq!(objects(&rendered), own);

    remove(bed);
    let before = everything(bed);
    let guarded = "--set=webhooks.guardDeletions=true";
    run(
        bed,
        &[
            "install",
            "firebreak",
            &chart,
            place,
            "--create-namespace",
            guarded,
        ],
    );
    let old = "--set=webhooks.matchConditions=false";
    run(bed, &["upgrade", "firebreak", &chart, place, guarded, old]);
    run(
        bed,
        &[
            "upgrade",
            "firebreak",
            &chart,
            place,
            "--set=accounts.tools={system:serviceaccount:a:b}",
        ],
    );
    let configuration = bed.kubectl(&["get", CONFIGURATION, "firebreak"]).json();
    assert_eq!(
        configuration["metadata"]["ownerReferences"][0]["name"],
        "firebreak"
    );
    assert!(
        configuration
            .to_string()
            .contains("not-a-chaos-tool-of-yours")
    );
    let gone = bed
        .kubectl(&["get", CONFIGURATION, "firebreak-deletions"])
        .fails();
    assert!(gone.contains("NotFound"), "{gone}");
    settled(bed);
    run(bed, &["uninstall", "firebreak", place, "--wait"]);
    bed.forget("firebreak");
    assert_eq!(everything(bed), before);
}
