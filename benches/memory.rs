//! How much memory the process takes with clusters of growing size, as the system tells it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a measurement stops at the first surprise, reads the clock and says what it found"
)]

mod cluster;

use std::fs;
use std::time::Instant;

use firebreak::inventory::Cluster;
use firebreak::object::Object;

/// What the process has in memory, in MB.
fn resident() -> f64 {
    const PAGE: f64 = 4096.0;
    let told = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = told.split(' ').nth(1).unwrap().parse().unwrap();
    pages * PAGE / 1e6
}

/// One size a process: what is freed stays with it.
fn main() {
    let sizes = std::env::args().filter_map(|it| it.parse().ok());
    let sizes: Vec<usize> = sizes.collect();
    if sizes.is_empty() {
        for size in ["1000", "10000", "100000"] {
            let own = std::env::current_exe().unwrap();
            std::process::Command::new(own).arg(size).status().unwrap();
        }
        return;
    }
    for pods in sizes {
        measure(pods);
    }
}

fn measure(pods: usize) {
    let before = resident();
    let (mut cluster, mut bytes, mut objects) = (Cluster::default(), 0, 0);
    for value in cluster::objects(pods) {
        let text = value.to_string();
        drop(value);
        (bytes, objects) = (bytes + text.len(), objects + 1);
        cluster.put(Object::new(serde_json::from_str(&text).unwrap()).unwrap());
    }
    let kept = resident();
    let start = Instant::now();
    let inventory = cluster.inventory();
    let (took, one) = (start.elapsed(), resident());
    let again = cluster.inventory();
    let two = resident();
    let size = bytes / 1_000_000;
    println!(
        "{pods} pods, {objects} objects, {size} MB of JSON: {before:.0} MB before, {kept:.0} MB kept, \
         {one:.0} MB with an inventory ({took:.0?}), {two:.0} MB while there are two; {} groups",
        inventory.groups().len().max(again.groups().len())
    );
}
