//! A random case, and simpler ones when it fails.

use fastrand::Rng;
use firebreak::fault::Experiment;
use firebreak::inventory::{Active, Inventory};

use super::faults;
use super::world::World;

/// A live experiment; its records name pods, and may name one twice.
#[derive(Debug, Clone)]
pub(super) struct Live {
    experiment: Experiment,
    records: Option<Vec<(String, String)>>,
}

/// A cluster with what is live in it.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) live: Vec<Live>,
}

impl Scene {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let world = World::random(rng);
        let inventory = world.inventory();
        let live = [0, 0, 1, 1, 2][rng.usize(..5)];
        let live = (0..live).map(|_| Live::random(rng, &inventory)).collect();
        Self { world, live }
    }

    pub(super) fn inventory(&self) -> Inventory {
        let inventory = self.world.inventory();
        let live = self
            .live
            .iter()
            .map(|live| live.active(&inventory))
            .collect();
        inventory.with_active(live)
    }

    fn simpler(&self) -> Vec<Self> {
        let objects = (0..self.world.objects.len()).map(|at| {
            let mut less = self.clone();
            less.world.objects.remove(at);
            less
        });
        let live = (0..self.live.len()).map(|at| {
            let mut less = self.clone();
            less.live.remove(at);
            less
        });
        objects.chain(live).collect()
    }
}

impl Live {
    fn random(rng: &mut Rng, inventory: &Inventory) -> Self {
        let experiment = faults::experiment(rng, 2);
        let name = |rng: &mut Rng| {
            let pod = inventory.pods().nth(rng.usize(..inventory.pods().len()));
            pod.map(|(_, pod)| (pod.namespace.to_string(), pod.name.to_string()))
        };
        let records = rng
            .bool()
            .then(|| (0..rng.usize(..4)).filter_map(|_| name(rng)).collect());
        Self {
            experiment,
            records,
        }
    }

    fn active(&self, inventory: &Inventory) -> Active {
        let find = |(place, name): &(String, String)| inventory.find_pod(place, name);
        let records = self.records.as_ref();
        Active {
            experiment: self.experiment.clone(),
            records: records.map(|names| names.iter().filter_map(find).collect()),
            started: None,
        }
    }
}

/// A scene and the experiment that is measured in it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) scene: Scene,
    pub(super) experiment: Experiment,
}

impl Case {
    /// The simplest failing case that can be reached by leaving things out one at a time.
    pub(super) fn shrink(mut self, fails: impl Fn(&Self) -> bool) -> Self {
        while let Some(less) = self.simpler().into_iter().find(|less| fails(less)) {
            self = less;
        }
        self
    }

    fn simpler(&self) -> Vec<Self> {
        let faults = (0..self.experiment.faults.len()).map(|at| {
            let mut less = self.clone();
            less.experiment.faults.remove(at);
            less
        });
        let scenes = self.scene.simpler().into_iter().map(|scene| Self {
            scene,
            experiment: self.experiment.clone(),
        });
        faults.chain(scenes).collect()
    }

    /// What a reader needs to see the failure again.
    pub(super) fn told(&self) -> String {
        let objects = self.scene.world.objects.iter();
        let objects: Vec<String> = objects.map(|it| it.value().to_string()).collect();
        format!(
            "{}\n{:?}\nlive: {:?}\n{:?}",
            objects.join("\n"),
            self.scene.world.origin,
            self.scene.live,
            self.experiment.faults
        )
    }
}
