//! Inventories of growing clusters: made, and made again after one event.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark stops at the first surprise"
)]

mod cluster;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use firebreak::inventory::Cluster;
use firebreak::object::Object;

fn benchmark(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inventory");
    group.sample_size(10);
    for pods in [1_000, 10_000, 100_000] {
        let mut cluster = Cluster::default();
        for value in cluster::objects(pods) {
            cluster.put(Object::new(value).unwrap());
        }
        group.bench_function(BenchmarkId::new("built", pods), |bencher| {
            bencher.iter(|| cluster.inventory());
        });
        let mut objects = cluster::objects(pods);
        let pod = objects.find(|it| it["kind"] == "Pod").unwrap();
        let event = Object::new(pod).unwrap();
        group.bench_function(BenchmarkId::new("one event, and built", pods), |bencher| {
            bencher.iter(|| {
                cluster.put(event.clone());
                cluster.inventory()
            });
        });
        let inventory = cluster.inventory();
        group.bench_function(BenchmarkId::new("reserved", pods), |bencher| {
            bencher.iter(|| inventory.with_reserved(Vec::new(), Vec::new()));
        });
    }
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
